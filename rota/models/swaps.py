"""Shifts on offer to colleagues, and shifts that nobody has yet."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.domain.swaps import SwapState
from rota.models.columns import one_of, span_of
from rota.models.counsellors import CounsellorRow
from rota.models.shifts import ShiftRow


class OpenShiftState(StrEnum):
    """What has become of a shift that nobody had."""

    OPEN = "open"
    """Whoever may work it can take it."""
    TAKEN = "taken"
    """Somebody has it now: it is one of their shifts."""
    CLOSED = "closed"
    """It is not needed any more."""


class SwapRow(Row):
    """A shift, or a part of one, on offer to colleagues."""

    __tablename__ = "swap"
    __table_args__ = (
        ExcludeConstraint(
            ("shift_id", "="),
            (text("coalesce(part, tstzrange(null, null))"), "&&"),
            where=text("state in ('offered', 'taken')"),
            using="gist",
            name="a_part_of_a_shift_is_offered_once",
        ),
        CheckConstraint(one_of("state", SwapState), name="a_swap_has_a_known_state"),
        CheckConstraint("taker_id <> owner_id", name="nobody_takes_their_own_offer"),
        CheckConstraint(
            "state not in ('taken', 'approved') or taker_id is not null", name="a_taken_swap_says_who_took_it"
        ),
        Index("swap_by_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    taker_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    part: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    """What of the shift; None: all of it, wherever it moves."""
    state: Mapped[str]
    offered_at: Mapped[datetime]
    state_at: Mapped[datetime]
    before: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    """The shift's own times before the swap was approved, for putting it back."""
    made: Mapped[list[int]] = mapped_column(JSONB, default=list)
    """The shifts that approval made out of the one, for putting it back."""

    shift: Mapped[ShiftRow] = relationship()
    owner: Mapped[CounsellorRow] = relationship(foreign_keys=[owner_id])
    taker: Mapped[CounsellorRow | None] = relationship(foreign_keys=[taker_id])


class OpenShiftRow(Row):
    """A shift that nobody has yet and eligible people can take."""

    __tablename__ = "open_shift"
    __table_args__ = (
        CheckConstraint(one_of("state", OpenShiftState), name="an_open_shift_has_a_known_state"),
        CheckConstraint(one_of("skill", Skill), name="an_open_shift_asks_for_a_known_skill_or_none"),
        CheckConstraint("(state = 'taken') = (shift_id is not null)", name="a_taken_open_shift_is_a_shift"),
        CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during) "
            "and not lower_inf(during) and not upper_inf(during)",
            name="an_open_shift_starts_before_it_ends",
        ),
        Index("open_shift_by_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    skill: Mapped[str | None]
    state: Mapped[str]
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    def span(self) -> Span:
        """The half-open span of instants."""
        return span_of(self.during)

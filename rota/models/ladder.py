"""Asking for cover by text, one colleague after another."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row
from rota.domain.shifts import Span
from rota.models.columns import one_of, span_of
from rota.models.counsellors import CounsellorRow


class LadderState(StrEnum):
    """How far asking for cover has come."""

    ASKING = "asking"
    """The next person is asked when nobody has said YES by then."""
    FILLED = "filled"
    """Somebody said YES first and has the shift."""
    EXHAUSTED = "exhausted"
    """Everybody who may work was asked, and nobody could."""
    CALLED_OFF = "called_off"
    """It is not needed any more, or has begun."""


class CoverRequestRow(Row):
    """Somebody fell ill: eligible colleagues are asked by text, one after another, until one says YES."""

    __tablename__ = "cover_request"
    __table_args__ = (
        CheckConstraint(one_of("state", LadderState), name="a_cover_request_has_a_known_state"),
        CheckConstraint("(state = 'asking') = (next_at is not null)", name="a_cover_request_that_asks_has_a_deadline"),
        CheckConstraint("(state = 'filled') = (shift_id is not null)", name="a_filled_cover_request_is_a_shift"),
        Index("cover_request_by_next_at", "next_at", postgresql_where=text("state = 'asking'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    absent_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    state: Mapped[str]
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    next_at: Mapped[datetime | None]
    """When the next person is asked."""
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))

    asks: Mapped[list[CoverAskRow]] = relationship(order_by="CoverAskRow.id", back_populates="request")

    def span(self) -> Span:
        """What is to be covered."""
        return span_of(self.during)


class CoverAskRow(Row):
    """One rung: one colleague who was asked."""

    __tablename__ = "cover_ask"
    __table_args__ = (UniqueConstraint("request_id", "counsellor_id", name="nobody_is_asked_twice_for_the_same_cover"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("cover_request.id"))
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    asked_at: Mapped[datetime]
    answer: Mapped[str | None]
    """What came back: yes, too_late, or why it could not be given to them (`ladder.REFUSALS`)."""
    answered_at: Mapped[datetime | None]

    request: Mapped[CoverRequestRow] = relationship(back_populates="asks")
    counsellor: Mapped[CounsellorRow] = relationship()

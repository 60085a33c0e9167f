"""Shifts, the breaks in them, and what calendars keep of those that somebody has no more."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Connection, ForeignKey, Index, Table, event, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row
from rota.domain.shifts import Shift, Span
from rota.models.columns import one_of, span_of
from rota.models.counsellors import CounsellorRow


class ShiftState(StrEnum):
    """How far a shift has come."""

    DRAFT = "draft"
    """Being planned; nobody is told and nobody is rung because of it."""
    PUBLISHED = "published"
    """In force."""
    REMOVED = "removed"
    """Was published and is no longer in force; kept, because people were told about it."""


class ShiftRow(Row):
    """One person's shift: a half-open range of instants and the zone that it was planned in."""

    __tablename__ = "shift"
    __table_args__ = (
        ExcludeConstraint(
            ("counsellor_id", "="),
            ("during", "&&"),
            where=text("state = 'published'"),
            using="gist",
            name="nobody_works_two_shifts_at_once",
        ),
        CheckConstraint(one_of("state", ShiftState), name="a_shift_has_a_known_state"),
        CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during) "
            "and not lower_inf(during) and not upper_inf(during)",
            name="a_shift_starts_before_it_ends",
        ),
        CheckConstraint(
            "upper(during) - lower(during) <= interval '25 hours'",  # the day on which the clocks go back
            name="a_shift_is_at_most_a_day",
        ),
        CheckConstraint(
            "mod(extract(epoch from lower(during)), 60) = 0 and mod(extract(epoch from upper(during)), 60) = 0",
            name="a_shift_begins_and_ends_on_a_whole_minute",
        ),
        CheckConstraint("(state = 'draft') = (published_at is null)", name="a_published_shift_says_since_when"),
        Index("shift_by_during", "during", postgresql_using="gist"),
        Index("shift_by_counsellor", "counsellor_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    zone: Mapped[str]
    state: Mapped[str]
    published_at: Mapped[datetime | None]
    changed_after_publish: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime | None]
    """The last change after it was published."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    version: Mapped[int] = mapped_column()
    """Grows with each change: two supervisors who change one shift at once are found out by it."""

    counsellor: Mapped[CounsellorRow] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it once, when the class is made

    def span(self) -> Span:
        """The half-open span of instants."""
        return span_of(self.during)

    def note_change(self, now: datetime) -> None:
        """Something about it is different from what people were told."""
        self.changed_after_publish, self.changed_at = True, now

    def as_shift(self) -> Shift:
        """The value that the resolver works with."""
        return Shift(self.counsellor_id, self.span())


class HandedOverRow(Row):
    """A shift that somebody had and has no more: their calendar keeps it, as cancelled."""

    __tablename__ = "handed_over"

    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"), primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"), primary_key=True)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    version: Mapped[int]
    """Of the shift, once it was somebody else's."""
    at: Mapped[datetime]


class ShiftBreakRow(Row):
    """A break inside a shift: its person is not on duty meanwhile."""

    __tablename__ = "shift_break"
    __table_args__ = (
        ExcludeConstraint(("shift_id", "="), ("during", "&&"), using="gist", name="breaks_of_a_shift_do_not_overlap"),
        CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during) "
            "and not lower_inf(during) and not upper_inf(during)",
            name="a_break_starts_before_it_ends",
        ),
        Index("breaks_by_who_carried_them", "carried_by", postgresql_where=text("carried_by is not null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())
    carried_by: Mapped[int | None] = mapped_column(ForeignKey("draft.id"))
    """The publication that moved the shift and its break with it: undoing it takes this one away."""

    shift: Mapped[ShiftRow] = relationship()


class OvertimeRow(Row):
    """How long somebody worked on after their cover was over, because a call was not cut: it is time worked."""

    __tablename__ = "overtime"
    __table_args__ = (
        CheckConstraint(
            "not isempty(during) and lower_inc(during) and not upper_inc(during) "
            "and not lower_inf(during) and not upper_inf(during)",
            name="overtime_starts_before_it_ends",
        ),
        Index("overtime_by_during", "during", postgresql_using="gist"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())


class OffersEndRow(Row):
    """How many minutes before the end of their cover nobody is offered a call any more; one row, once it was set."""

    __tablename__ = "offers_end"
    __table_args__ = (
        CheckConstraint("id = 1", name="there_is_one_end_of_offers"),
        CheckConstraint("minutes between 0 and 60", name="offers_end_within_the_last_hour"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes: Mapped[int]


@event.listens_for(ShiftRow.__table__, "before_create")
def _equality_beside_ranges(_table: Table, connection: Connection, **_: object) -> None:
    """The exclusion constraint compares a number and a range in one index; the migration does the same."""
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")

"""Tables: counsellors, their shifts, how many people each hour of the week needs, and who is ready now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Connection, ForeignKey, Index, LargeBinary, Table, event, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import StaffRow
from foundation.database import Row
from foundation.phone import Phone
from foundation.sealed import Sealed
from rota.domain.counsellor import Counsellor, Gender, Skill
from rota.domain.coverage import DAY_MINUTES, Requirement
from rota.domain.presence import Presence, PresenceState
from rota.domain.shifts import Shift, Span


class ShiftState(StrEnum):
    """How far a shift has come."""

    DRAFT = "draft"
    """Being planned; nobody is told and nobody is rung because of it."""
    PUBLISHED = "published"
    """In force."""
    REMOVED = "removed"
    """Was published and is no longer in force; kept, because people were told about it."""


def _one_of(column: str, values: Iterable[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(value.value) for value in values)})"


class CounsellorRow(Row):
    """Somebody who rings visitors back; their sign-in is a row of `staff`."""

    __tablename__ = "counsellor"
    __table_args__ = (
        CheckConstraint(_one_of("gender", Gender), name="a_counsellor_has_a_known_gender_or_none"),
        CheckConstraint("left_on >= joined_on", name="a_counsellor_leaves_after_joining"),
        CheckConstraint("misses >= 0", name="misses_are_counted_from_zero"),
        Index("one_counsellor_for_each_phone", "phone_digest", unique=True, postgresql_where=text("left_on is null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), unique=True)
    phone: Mapped[str] = mapped_column(Sealed)
    """E.164."""
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    phone_verified_at: Mapped[datetime | None]
    gender: Mapped[str | None]
    """Said by the counsellor, never inferred; used only for visitors who asked."""
    skills: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["en"])
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    misses: Mapped[int] = mapped_column(default=0)
    """Offers missed in a row."""

    staff: Mapped[StaffRow] = relationship(lazy="joined", innerjoin=True)
    presence: Mapped[PresenceRow] = relationship(back_populates="counsellor", lazy="joined", innerjoin=True)

    def as_counsellor(self) -> Counsellor:
        """The value that the rest of the service works with."""
        return Counsellor(
            id=self.id,
            name=self.staff.name,
            phone=Phone(self.phone),
            gender=Gender(self.gender) if self.gender else None,
            skills=frozenset(Skill(skill) for skill in self.skills),
            languages=frozenset(self.languages),
            phone_verified=self.phone_verified_at is not None,
            left_on=self.left_on,
        )


class PresenceRow(Row):
    """What a counsellor is doing now; one row each, from the day they are added."""

    __tablename__ = "presence"
    __table_args__ = (
        CheckConstraint(_one_of("state", PresenceState), name="a_presence_has_a_known_state"),
        Index("presence_by_state", "state"),
    )

    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(default=PresenceState.AWAY.value)
    since: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")

    counsellor: Mapped[CounsellorRow] = relationship(back_populates="presence")

    def as_presence(self) -> Presence:
        """The value."""
        return Presence(PresenceState(self.state), self.since, self.reason)


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
        CheckConstraint(_one_of("state", ShiftState), name="a_shift_has_a_known_state"),
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
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    version: Mapped[int] = mapped_column()
    """Grows with each change: two supervisors who change one shift at once are found out by it."""

    counsellor: Mapped[CounsellorRow] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it once, when the class is made

    def span(self) -> Span:
        """The half-open span of instants."""
        return span_of(self.during)

    def as_shift(self) -> Shift:
        """The value that the resolver works with."""
        return Shift(self.counsellor_id, self.span())


class RequirementRow(Row):
    """How many people a band of the local week needs, and how many of them with a skill."""

    __tablename__ = "requirement"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="a_requirement_is_on_a_weekday_from_monday_0"),
        CheckConstraint(
            f"starts >= 0 and starts < ends and ends <= {DAY_MINUTES}", name="a_requirement_lies_inside_one_day"
        ),
        CheckConstraint("at_least >= 0", name="a_requirement_asks_for_people"),
        CheckConstraint(
            "(skill is null and with_skill = 0) or (with_skill between 1 and at_least)",
            name="a_requirement_asks_for_no_more_skilled_people_than_people",
        ),
        CheckConstraint(_one_of("skill", Skill), name="a_requirement_has_a_known_skill_or_none"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[int]
    starts: Mapped[int]
    """Wall minutes from midnight."""
    ends: Mapped[int]
    at_least: Mapped[int]
    skill: Mapped[str | None]
    with_skill: Mapped[int] = mapped_column(default=0)

    def as_requirement(self) -> Requirement:
        """The value that coverage works with."""
        skill = Skill(self.skill) if self.skill else None
        return Requirement(self.weekday, self.starts, self.ends, self.at_least, skill, self.with_skill)


def span_of(during: Range[datetime]) -> Span:
    """A bounded range as a span."""
    if during.lower is None or during.upper is None:
        raise ValueError("a shift without a start or an end")  # the database refuses these
    return Span(during.lower, during.upper)


def range_of(span: Span) -> Range[datetime]:
    """A span as the database's range."""
    return Range(span.starts_at, span.ends_at, bounds="[)")


@event.listens_for(ShiftRow.__table__, "before_create")
def _equality_beside_ranges(_table: Table, connection: Connection, **_: object) -> None:
    """The exclusion constraint compares a number and a range in one index; the migration does the same."""
    connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS btree_gist")

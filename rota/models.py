"""Tables: counsellors, their shifts, how many people each hour of the week needs, and who is ready now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import StaffRow
from foundation.database import Row
from foundation.phone import Phone
from foundation.sealed import Sealed
from rota.domain.changes import Leave
from rota.domain.counsellor import Counsellor, Gender, Skill
from rota.domain.coverage import DAY_MINUTES, CoverState, Requirement
from rota.domain.patterns import Grid, Pattern, Rotation, Slot, Turn
from rota.domain.phone_check import Checked
from rota.domain.presence import Presence, PresenceState
from rota.domain.shifts import Shift, Span
from rota.domain.swaps import SwapState
from rota.domain.working_time import Limits, Site, Terms

SHORTEST_NOTICE, LONGEST_NOTICE = 7, 92  # days: a week unless more was agreed, and three months at most, by law


class ShiftState(StrEnum):
    """How far a shift has come."""

    DRAFT = "draft"
    """Being planned; nobody is told and nobody is rung because of it."""
    PUBLISHED = "published"
    """In force."""
    REMOVED = "removed"
    """Was published and is no longer in force; kept, because people were told about it."""


class LeaveState(StrEnum):
    """How far an application for leave has come."""

    ASKED = "asked"
    """A supervisor decides."""
    APPROVED = "approved"
    """The days are free: the shifts in them were vacated, and none can be added."""
    REFUSED = "refused"
    """A supervisor said no."""
    WITHDRAWN = "withdrawn"
    """The person does not want it any more."""


class PatternKind(StrEnum):
    """How a pattern says who works when."""

    GRID = "grid"
    """Each person's weekdays and hours in a cycle of so many weeks."""
    ROTATION = "rotation"
    """People who take turns in one band of the day."""


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


class OpenShiftState(StrEnum):
    """What has become of a shift that nobody had."""

    OPEN = "open"
    """Whoever may work it can take it."""
    TAKEN = "taken"
    """Somebody has it now: it is one of their shifts."""
    CLOSED = "closed"
    """It is not needed any more."""


def _minutes(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def _one_of(column: str, values: Iterable[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(value.value) for value in values)})"


class CounsellorRow(Row):
    """Somebody who rings visitors back; their sign-in is a row of `staff`."""

    __tablename__ = "counsellor"
    __table_args__ = (
        CheckConstraint(_one_of("gender", Gender), name="a_counsellor_has_a_known_gender_or_none"),
        CheckConstraint("left_on >= joined_on", name="a_counsellor_leaves_after_joining"),
        CheckConstraint(_one_of("site", Site), name="a_counsellor_works_at_a_known_site"),
        CheckConstraint("misses >= 0", name="misses_are_counted_from_zero"),
        CheckConstraint("contract_minutes between 0 and 10080", name="a_contract_is_of_minutes_in_a_week"),
        CheckConstraint("cap_minutes between 0 and 10080", name="a_cap_is_of_minutes_in_a_week"),
        CheckConstraint("opted_out_until >= opted_out_from", name="an_opt_out_ends_after_it_begins"),
        CheckConstraint(
            f"opt_out_notice_days between {SHORTEST_NOTICE} and {LONGEST_NOTICE}",
            name="an_opt_out_has_a_week_to_three_months_of_notice",
        ),
        CheckConstraint(
            "opt_out_withdrawn_on is null or (opted_out_from is not null and opted_out_until is not null)",
            name="only_an_opt_out_that_was_signed_is_withdrawn",
        ),
        Index("one_counsellor_for_each_phone", "phone_digest", unique=True, postgresql_where=text("left_on is null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), unique=True)
    phone: Mapped[str] = mapped_column(Sealed)
    """E.164."""
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    phone_verified_at: Mapped[datetime | None]
    phone_fails_since: Mapped[datetime | None]
    """The last call could not be connected to it."""
    gender: Mapped[str | None]
    """Said by the counsellor, never inferred; used only for visitors who asked."""
    skills: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["en"])
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    misses: Mapped[int] = mapped_column(default=0)
    """Offers missed in a row."""
    site: Mapped[str] = mapped_column(default=Site.ENGLAND_AND_WALES.value, server_default=Site.ENGLAND_AND_WALES.value)
    """Whose working-time law and bank holidays hold."""
    is_volunteer: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    contract_minutes: Mapped[int | None]
    """A week; None: no fixed hours."""
    cap_minutes: Mapped[int | None]
    """The most that a volunteer offered for a week."""
    opted_out_from: Mapped[date | None]
    """The first day on which a signed opt-out from 48 hours a week holds."""
    opted_out_until: Mapped[date | None]
    """The first day on which it holds no more."""
    opt_out_notice_days: Mapped[int] = mapped_column(default=SHORTEST_NOTICE, server_default=text("7"))
    """What was agreed: how many days after it was withdrawn an opt-out holds no more."""
    opt_out_withdrawn_on: Mapped[date | None]
    health_checked_until: Mapped[date | None]
    """Whoever works nights is offered a health assessment before and at intervals: when the next one is due."""
    feed_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the token in the address of this person's calendar feed; None: there is no feed."""

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
            phone_fails=self.phone_fails_since is not None,
            left_on=self.left_on,
        )

    def as_terms(self) -> Terms:
        """What holds for this person's working time."""
        return Terms(
            is_volunteer=self.is_volunteer,
            joined_on=self.joined_on,
            opted_out_from=self.opted_out_from,
            opted_out_until=self.opted_out_until,
            contract=_minutes(self.contract_minutes),
            cap=_minutes(self.cap_minutes),
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


class LeaveRow(Row):
    """Days on which somebody asked not to work, the last one included."""

    __tablename__ = "leave"
    __table_args__ = (
        ExcludeConstraint(
            ("counsellor_id", "="),
            (text("daterange(first_day, last_day, '[]')"), "&&"),
            where=text("state in ('asked', 'approved')"),
            using="gist",
            name="leave_is_asked_for_once",
        ),
        CheckConstraint(_one_of("state", LeaveState), name="leave_has_a_known_state"),
        CheckConstraint("first_day <= last_day", name="leave_begins_before_it_ends"),
        CheckConstraint("last_day - first_day < 366", name="leave_is_at_most_a_year"),
        CheckConstraint(
            "(state in ('approved', 'refused')) = (decided_at is not null)", name="decided_leave_says_since_when"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    counsellor: Mapped[CounsellorRow] = relationship()

    def as_leave(self) -> Leave:
        """The value."""
        return Leave(self.counsellor_id, self.first_day, self.last_day)


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
        CheckConstraint(_one_of("state", SwapState), name="a_swap_has_a_known_state"),
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
        CheckConstraint(_one_of("state", OpenShiftState), name="an_open_shift_has_a_known_state"),
        CheckConstraint(_one_of("skill", Skill), name="an_open_shift_asks_for_a_known_skill_or_none"),
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


class DraftRow(Row):
    """Changes that a supervisor prepares: until they are published, nobody is told and nothing is in force."""

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("undone_at is null or published_at is not null", name="only_what_was_published_is_undone"),
        CheckConstraint(
            "published_at is null or discarded_at is null", name="a_draft_is_published_or_discarded_and_never_both"
        ),
        Index(
            "one_open_draft_for_each_planner",
            text("coalesce(made_by, 0)"),
            unique=True,
            postgresql_where=text("published_at is null and discarded_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    undone_at: Mapped[datetime | None]
    discarded_at: Mapped[datetime | None]

    lines: Mapped[list[DraftLineRow]] = relationship(order_by="DraftLineRow.id", back_populates="draft")

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed and published."""
        return self.published_at is None and self.discarded_at is None


class DraftLineRow(Row):
    """One change of a draft: a new shift (no `shift_id` yet), other times or another person, or a removal."""

    __tablename__ = "draft_line"
    __table_args__ = (
        CheckConstraint(
            "(counsellor_id is null) = (during is null)", name="a_draft_line_has_a_person_and_times_or_neither"
        ),
        CheckConstraint("shift_id is not null or during is not null", name="a_draft_line_changes_something"),
        UniqueConstraint("draft_id", "shift_id", name="a_draft_changes_each_shift_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    """None: the shift is removed."""
    during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    zone: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    """Why a rule was overridden."""
    before_counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    """Whose the shift was when it was drafted; None for a new one."""
    before: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    version: Mapped[int] = mapped_column(default=0)
    """Of the shift: as the planner saw it, and after publishing as publishing left it."""

    draft: Mapped[DraftRow] = relationship(back_populates="lines")


class PatternRow(Row):
    """A pattern of work that a draft can be filled from: a grid of weeks, or people who take turns.

    It says who works when and nothing else: a reason that overrode a rule is a shift's, never a pattern's.
    """

    __tablename__ = "pattern"
    __table_args__ = (
        CheckConstraint(_one_of("kind", PatternKind), name="a_pattern_is_of_a_known_kind"),
        CheckConstraint("weeks between 1 and 53", name="a_grid_is_at_most_a_year_of_weeks"),
        CheckConstraint("kind <> 'grid' or extract(isodow from first_day) = 1", name="a_grid_begins_on_a_monday"),
        CheckConstraint(
            "(kind = 'rotation') = (starts is not null and ends is not null and turn is not null)",
            name="a_rotation_has_hours_and_turns",
        ),
        CheckConstraint(_one_of("turn", Turn), name="a_turn_is_of_a_known_length"),
        CheckConstraint('"interval" between 1 and 366', name="turns_follow_at_a_positive_interval"),
        CheckConstraint("month_day between 1 and 31", name="a_monthly_turn_begins_on_a_day_of_the_month"),
        CheckConstraint("until > first_day", name="a_pattern_ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    first_day: Mapped[date]
    weeks: Mapped[int] = mapped_column(default=1)
    """Of a grid's cycle."""
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    """Not after `starts`: on the day after."""
    turn: Mapped[str | None]
    interval: Mapped[int] = mapped_column(default=1)
    weekdays: Mapped[list[int]] = mapped_column(JSONB, default=lambda: list(range(7)))
    """From Monday 0."""
    month_day: Mapped[int | None]
    """The day of the month on which a monthly turn begins; None: that of the first day."""
    until: Mapped[date | None]
    """The first day that is not filled any more."""
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    slots: Mapped[list[PatternSlotRow]] = relationship(
        order_by="(PatternSlotRow.week, PatternSlotRow.weekday, PatternSlotRow.starts, PatternSlotRow.id)",
        back_populates="pattern",
    )
    turns: Mapped[list[PatternTurnRow]] = relationship(
        order_by="(PatternTurnRow.position, PatternTurnRow.id)", back_populates="pattern"
    )

    def as_pattern(self) -> Pattern:
        """The value that is filled. Raises NobodyTakesTurns while nobody is in it."""
        if self.starts is None or self.ends is None or self.turn is None:
            slots = (Slot(row.counsellor_id, row.weekday, row.starts, row.ends, row.week) for row in self.slots)
            return Grid(self.first_day, tuple(slots), self.weeks)
        groups: dict[int, list[int]] = {}
        for row in self.turns:
            groups.setdefault(row.position, []).append(row.counsellor_id)
        return Rotation(
            groups=tuple(tuple(group) for _, group in sorted(groups.items())),
            first_day=self.first_day,
            starts=self.starts,
            ends=self.ends,
            turn=Turn(self.turn),
            interval=self.interval,
            weekdays=frozenset(self.weekdays),
            until=self.until,
            month_day=self.month_day,
        )


class PatternSlotRow(Row):
    """One line of a grid: somebody, in a week of the cycle, on a weekday, from and to in wall time."""

    __tablename__ = "pattern_slot"
    __table_args__ = (
        CheckConstraint("weekday between 0 and 6", name="a_slot_is_on_a_weekday_from_monday_0"),
        CheckConstraint("week between 0 and 52", name="a_slot_is_in_a_week_of_the_cycle"),
        UniqueConstraint(
            "pattern_id", "counsellor_id", "week", "weekday", "starts", name="nobody_has_the_same_slot_twice"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pattern_id: Mapped[int] = mapped_column(ForeignKey("pattern.id"))
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    week: Mapped[int]
    weekday: Mapped[int]
    starts: Mapped[time]
    ends: Mapped[time]
    """Not after `starts`: on the day after."""

    pattern: Mapped[PatternRow] = relationship(back_populates="slots")


class PatternTurnRow(Row):
    """Somebody's place in a rotation; people with the same position work together."""

    __tablename__ = "pattern_turn"
    __table_args__ = (
        CheckConstraint("position >= 0", name="turns_are_counted_from_zero"),
        UniqueConstraint("pattern_id", "position", "counsellor_id", name="nobody_is_twice_in_one_turn"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pattern_id: Mapped[int] = mapped_column(ForeignKey("pattern.id"))
    position: Mapped[int]
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))

    pattern: Mapped[PatternRow] = relationship(back_populates="turns")


class CoverRequestRow(Row):
    """Somebody fell ill: eligible colleagues are asked by text, one after another, until one says YES."""

    __tablename__ = "cover_request"
    __table_args__ = (
        CheckConstraint(_one_of("state", LadderState), name="a_cover_request_has_a_known_state"),
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


class RotaTextRow(Row):
    """Which text to a counsellor is about the rota: the gate asks, before it goes, whether they still work here."""

    __tablename__ = "rota_text"

    text_id: Mapped[UUID] = mapped_column(ForeignKey("text_message.id"), primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))


class AlertTextRow(Row):
    """Which text about cover went to which supervisor: the gate asks, before it goes, whether they still want it."""

    __tablename__ = "alert_text"

    text_id: Mapped[UUID] = mapped_column(ForeignKey("text_message.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))


class RotaRoundRow(Row):
    """When the rota is looked over again: cover, reminders, dead offers. One row."""

    __tablename__ = "rota_round"
    __table_args__ = (CheckConstraint("id = 1", name="there_is_one_round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    ahead_at: Mapped[datetime]
    """When the weeks ahead are looked over again."""


class PhoneCheckRow(Row):
    """One call to a counsellor's telephone that asks for a key press, and what came of it."""

    __tablename__ = "phone_check"
    __table_args__ = (
        CheckConstraint("(ended_at is null) = (result is null)", name="a_phone_check_that_ended_has_a_result"),
        CheckConstraint(_one_of("result", Checked), name="a_phone_check_has_a_known_result_or_none"),
        Index(
            "a_counsellor_has_one_open_phone_check",
            "counsellor_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("phone_check_by_counsellor", "counsellor_id", "asked_at"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the number that is checked: another one is not confirmed by it."""
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None]


class CoverAlertRow(Row):
    """What supervisors were last told of cover, now or on a day: only another state is told."""

    __tablename__ = "cover_alert"
    __table_args__ = (CheckConstraint(_one_of("state", CoverState), name="a_cover_alert_has_a_known_state"),)

    scope: Mapped[str] = mapped_column(primary_key=True)
    """"now", or a local day like 2026-11-24."""
    state: Mapped[str]
    minutes: Mapped[int]
    """For how long a day falls short."""
    since: Mapped[datetime]


class OffersEndRow(Row):
    """How many minutes before the end of their cover nobody is offered a call any more; one row, once it was set."""

    __tablename__ = "offers_end"
    __table_args__ = (
        CheckConstraint("id = 1", name="there_is_one_end_of_offers"),
        CheckConstraint("minutes between 0 and 60", name="offers_end_within_the_last_hour"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes: Mapped[int]


class LocalHolidayRow(Row):
    """A bank holiday of one site that the calendar does not know, added by a supervisor."""

    __tablename__ = "local_holiday"
    __table_args__ = (CheckConstraint(_one_of("site", Site), name="a_local_holiday_is_at_a_known_site"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class SiteLimitsRow(Row):
    """The working-time numbers of a site where a supervisor made them stricter than the law; lengths in minutes."""

    __tablename__ = "site_limits"
    __table_args__ = (
        CheckConstraint(_one_of("site", Site), name="limits_are_of_a_known_site"),
        CheckConstraint("daily_rest between 660 and 1440", name="a_daily_rest_is_no_shorter_than_the_law_has_it"),
        CheckConstraint("weekly_rest between 2100 and 10080", name="a_weekly_rest_is_no_shorter_than_the_law_has_it"),
        CheckConstraint("fortnight_rest between 3540 and 20160", name="a_fortnight_rest_is_no_shorter_than_the_law"),
        CheckConstraint("average_hours between 0 and 2880", name="an_average_week_is_no_longer_than_the_law_has_it"),
        CheckConstraint("reference_weeks between 1 and 26", name="a_reference_period_is_at_most_26_weeks"),
        CheckConstraint("night_work between 1 and 180", name="night_work_counts_from_three_hours_at_the_latest"),
        CheckConstraint("night_hours between 0 and 480", name="night_hours_are_no_more_than_the_law_has_them"),
        CheckConstraint("consecutive_days between 1 and 12", name="days_in_a_row_leave_two_rests_in_a_fortnight"),
        CheckConstraint("break_after between 1 and 360", name="a_break_is_due_after_six_hours_at_the_latest"),
        CheckConstraint("break_length between 20 and 120", name="a_break_is_no_shorter_than_the_law_has_it"),
        CheckConstraint("night_starts >= '20:00' and night_ends between '05:00' and '10:00'",
                        name="night_time_holds_the_hours_from_midnight_to_five"),
        CheckConstraint("night_ends >= night_starts - interval '17 hours'", name="night_time_is_at_least_seven_hours"),
    )  # fmt: skip

    site: Mapped[str] = mapped_column(primary_key=True)
    daily_rest: Mapped[int]
    weekly_rest: Mapped[int]
    fortnight_rest: Mapped[int]
    average_hours: Mapped[int]
    reference_weeks: Mapped[int]
    night_starts: Mapped[time]
    night_ends: Mapped[time]
    night_work: Mapped[int]
    night_hours: Mapped[int]
    is_hazardous: Mapped[bool]
    consecutive_days: Mapped[int]
    break_after: Mapped[int]
    break_length: Mapped[int]

    def as_limits(self) -> Limits:
        """The value that the rules work with."""
        return Limits(
            site=Site(self.site),
            daily_rest=timedelta(minutes=self.daily_rest),
            weekly_rest=timedelta(minutes=self.weekly_rest),
            fortnight_rest=timedelta(minutes=self.fortnight_rest),
            average_hours=timedelta(minutes=self.average_hours),
            reference_weeks=self.reference_weeks,
            night_starts=self.night_starts,
            night_ends=self.night_ends,
            night_work=timedelta(minutes=self.night_work),
            night_hours=timedelta(minutes=self.night_hours),
            is_hazardous=self.is_hazardous,
            consecutive_days=self.consecutive_days,
            break_after=timedelta(minutes=self.break_after),
            break_length=timedelta(minutes=self.break_length),
        )


class MinimumRow(Row):
    """How many are on duty at least, whatever the bands say, from a day on."""

    __tablename__ = "minimum_on_duty"
    __table_args__ = (CheckConstraint("people between 1 and 50", name="a_minimum_is_of_people"),)

    first_day: Mapped[date] = mapped_column(primary_key=True)
    people: Mapped[int]


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
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("shift.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE())

    shift: Mapped[ShiftRow] = relationship()


class RequirementRow(Row):
    """How many people a band of the local week needs, how many of them with a skill or a language, and since when."""

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
        CheckConstraint(
            "(language is null) = (with_language = 0) and with_language between 0 and at_least",
            name="a_requirement_asks_for_no_more_speakers_than_people",
        ),
        CheckConstraint("until_day >= first_day", name="a_requirement_ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    weekday: Mapped[int]
    starts: Mapped[int]
    """Wall minutes from midnight."""
    ends: Mapped[int]
    at_least: Mapped[int]
    skill: Mapped[str | None]
    with_skill: Mapped[int] = mapped_column(default=0)
    language: Mapped[str | None]
    """An ISO 639-1 code."""
    with_language: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    first_day: Mapped[date | None]
    """The first day on which it holds; None: since ever."""
    until_day: Mapped[date | None]
    """The first day on which it holds no more; None: for good."""

    def as_requirement(self) -> Requirement:
        """The value that coverage works with."""
        return Requirement(
            self.weekday,
            self.starts,
            self.ends,
            self.at_least,
            Skill(self.skill) if self.skill else None,
            self.with_skill,
            self.language,
            self.with_language,
            self.first_day,
            self.until_day,
        )


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

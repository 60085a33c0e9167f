"""Patterns of work that a draft can be filled from."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row
from rota.domain.patterns import Grid, Pattern, Rotation, Slot, Turn
from rota.models.columns import one_of


class PatternKind(StrEnum):
    """How a pattern says who works when."""

    GRID = "grid"
    """Each person's weekdays and hours in a cycle of so many weeks."""
    ROTATION = "rotation"
    """People who take turns in one band of the day."""


class PatternRow(Row):
    """A pattern of work that a draft can be filled from: a grid of weeks, or people who take turns.

    It says who works when and nothing else: a reason that overrode a rule is a shift's, never a pattern's.
    """

    __tablename__ = "pattern"
    __table_args__ = (
        CheckConstraint(one_of("kind", PatternKind), name="a_pattern_is_of_a_known_kind"),
        CheckConstraint("weeks between 1 and 53", name="a_grid_is_at_most_a_year_of_weeks"),
        CheckConstraint("kind <> 'grid' or extract(isodow from first_day) = 1", name="a_grid_begins_on_a_monday"),
        CheckConstraint(
            "(kind = 'rotation') = (starts is not null and ends is not null and turn is not null)",
            name="a_rotation_has_hours_and_turns",
        ),
        CheckConstraint(one_of("turn", Turn), name="a_turn_is_of_a_known_length"),
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

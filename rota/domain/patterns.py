"""Patterns of work: wall times that repeat and people who take turns; each becomes shifts as instants.

A grid says who works on which weekday of an n-week cycle. A rotation lets groups of people take turns by the hour, day,
week or month. Both are planned in wall time and skip nobody: a turn is counted by the days on which somebody works.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from rota.domain.shifts import Shift, ShiftRefused, Span, instant_of

LONGEST_FILL = timedelta(days=366)  # a year; what is planned further ahead is planned twice
MOST_SHIFTS = 20_000  # two hundred people for twelve weeks are 9,600
EVERY_DAY = frozenset(range(7))
DAY = timedelta(days=1)
_instant = lru_cache(maxsize=65_536)(instant_of)  # two hundred people who start at six start at one instant
Piece = tuple[int, date, time, time]
"""Somebody, the day it starts, from and to in wall time; an end not after the start is on the day after."""


class PatternRefused(ShiftRefused):
    """A pattern cannot be filled like this; `field` names the answer to change, the message says how."""

    field = "until"


class FillsTooMuch(PatternRefused):
    """The pattern would fill more than a year, or more shifts than anybody reads; ask for an earlier last day."""


class NobodyTakesTurns(PatternRefused):
    """A pattern without people, days or a positive interval; ask for what is missing."""

    field = "people"


class Turn(StrEnum):
    """How long one turn of a rotation lasts."""

    HOUR = "hour"
    """So many hours of the wall clock."""
    DAY = "day"
    """So many days on which somebody works."""
    WEEK = "week"
    """So many weeks, handed over on the weekday of the first day."""
    MONTH = "month"
    """So many months, handed over on the day of the month of the first day, or the last day of a shorter month."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of a grid: in this week of the cycle, on this weekday, from `starts` to `ends` (wall time)."""

    counsellor_id: int
    weekday: int
    """Monday is 0."""
    starts: time
    ends: time
    """Not after `starts`: on the day after."""
    week: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A cycle of so many weeks from a Monday on, each with its slots."""

    monday: date
    slots: tuple[Slot, ...]
    weeks: int = 1

    def __post_init__(self) -> None:
        if self.weeks < 1 or not self.slots:
            raise NobodyTakesTurns("Enter at least one person and one week")

    def on(self, day: date) -> Iterator[Piece]:
        """Everything that starts on this day."""
        week = (day - self.monday).days // 7 % self.weeks
        for slot in self.slots if day >= self.monday else ():
            if (slot.week, slot.weekday) == (week, day.weekday()):
                yield slot.counsellor_id, day, slot.starts, slot.ends


@dataclass(frozen=True, slots=True)
class Rotation:
    """Groups of people who take turns in one band of the day; `ends` not after `starts` is on the day after.

    The same wall time for both is a whole day, so a weekly turn from Monday 09:00 is unbroken cover until the next.
    """

    groups: tuple[tuple[int, ...], ...]
    first_day: date
    starts: time
    ends: time
    turn: Turn = Turn.DAY
    interval: int = 1
    weekdays: frozenset[int] = EVERY_DAY
    until: date | None = None
    """The first day that is not filled any more."""
    month_day: int | None = None
    """The day of the month on which a monthly turn begins; None: that of the first day."""

    def __post_init__(self) -> None:
        if not self.groups or not self.weekdays or self.interval < 1:
            raise NobodyTakesTurns("Enter at least one person, one weekday and a turn of at least one")

    def on(self, day: date) -> Iterator[Piece]:
        """Everything in the band that starts on this day."""
        if not self._is_filled(day):
            return
        if self.turn is not Turn.HOUR:
            for person in self.groups[self.turn_number(day) % len(self.groups)]:
                yield person, day, self.starts, self.ends
            return
        edges = self._hours()
        first = _days_between(self.first_day, day, self.weekdays) * (len(edges) - 1)
        for number, (starts, ends) in enumerate(pairwise(edges)):
            for person in self.groups[(first + number) % len(self.groups)]:
                yield person, day if starts >= self.starts else day + DAY, starts, ends

    def turn_number(self, day: date) -> int:
        """How many turns were over when this day's began; hours are counted inside the day."""
        match self.turn:
            case Turn.WEEK:
                passed = (day - self.first_day).days // 7
            case Turn.MONTH:
                passed = _months_between(self.first_day, day, self.month_day or self.first_day.day)
            case _:
                passed = _days_between(self.first_day, day, self.weekdays)
        return passed // self.interval

    def changed(self, groups: tuple[tuple[int, ...], ...], *, today: date) -> tuple[Rotation, Rotation]:
        """This rotation until the turn at hand is over, and from then on with other people.

        Whoever would have come next still comes next, when they are still in.
        """
        now = max(today, self.first_day)
        handover = next(
            day
            for day in (now + n * DAY for n in range(1, 32 * self.interval * 7))
            if self._is_filled(day) and self.turn_number(day) != self.turn_number(now)
        )
        number = self.turn_number(handover)
        order = [self.groups[(number + n) % len(self.groups)] for n in range(len(self.groups))]
        following = next((groups.index(group) for group in order if group in groups), 0)
        later = replace(
            self,
            groups=groups[following:] + groups[:following],
            first_day=handover,
            month_day=self.month_day or self.first_day.day,
        )
        return replace(self, until=handover), later

    def _is_filled(self, day: date) -> bool:
        in_time = day >= self.first_day and (self.until is None or day < self.until)
        return in_time and day.weekday() in self.weekdays

    def _hours(self) -> list[time]:
        """The wall times at which an hourly turn changes, from the start of the band to its end."""
        first = self.starts.hour * 60 + self.starts.minute
        last = self.ends.hour * 60 + self.ends.minute
        last += 24 * 60 if last <= first else 0
        edges = [*range(first, last, self.interval * 60), last]
        return [time(edge // 60 % 24, edge % 60) for edge in edges]


Pattern = Grid | Rotation


@dataclass(frozen=True, slots=True)
class Dropped:
    """A shift that the clocks skip altogether on this day: nobody works it, and the planner is told."""

    counsellor_id: int
    day: date


@dataclass(frozen=True, slots=True)
class Filled:
    """What a pattern comes to."""

    shifts: tuple[Shift, ...]
    dropped: tuple[Dropped, ...] = ()


def fill(pattern: Pattern, *, first_day: date, until: date, zone: ZoneInfo) -> Filled:
    """Every shift of a pattern that starts on a day in [first_day, until), by start. Raises FillsTooMuch."""
    if until - first_day > LONGEST_FILL:
        raise FillsTooMuch("A pattern is filled for at most a year at a time. Enter an earlier last day")
    shifts: list[Shift] = []
    dropped: list[Dropped] = []
    for number in range((until - first_day).days):
        day = first_day + number * DAY
        for person, on, starts, ends in pattern.on(day):
            span = _planned(on, starts, ends, zone)
            if span is None:
                dropped.append(Dropped(person, day))
            else:
                shifts.append(Shift(person, span))
        if len(shifts) > MOST_SHIFTS:
            raise FillsTooMuch(f"This would be more than {MOST_SHIFTS:,} shifts at once. Enter an earlier last day")
    return Filled(tuple(sorted(shifts, key=lambda shift: (shift.span, shift.counsellor_id))), tuple(dropped))


def handovers(rotation: Rotation, *, number: int, zone: ZoneInfo) -> list[datetime]:
    """The first so many instants at which a turn begins."""
    found: list[datetime] = []
    day, last = rotation.first_day, None
    while len(found) < number:
        if rotation.turn is Turn.HOUR:
            found += sorted({_instant(on, starts, zone) for _, on, starts, _ in rotation.on(day)})
        elif day.weekday() in rotation.weekdays and rotation.turn_number(day) != last:
            last = rotation.turn_number(day)
            found.append(_instant(day, rotation.starts, zone))
        day += DAY
    return found[:number]


def _planned(day: date, starts: time, ends: time, zone: ZoneInfo) -> Span | None:
    last_day = day if ends > starts else day + DAY
    starts_at, ends_at = _instant(day, starts, zone), _instant(last_day, ends, zone)
    return Span(starts_at, ends_at) if starts_at < ends_at else None


def _days_between(first: date, day: date, weekdays: frozenset[int]) -> int:
    """How many days of these weekdays lie in [first, day)."""
    weeks, rest = divmod((day - first).days, 7)
    return weeks * len(weekdays) + sum((first.weekday() + n) % 7 in weekdays for n in range(rest))


def _months_between(first: date, day: date, month_day: int) -> int:
    """How many monthly handovers lie in (first, day]; a shorter month hands over on its last day."""
    months = (day.year - first.year) * 12 + day.month - first.month
    handover = min(month_day, monthrange(day.year, day.month)[1])
    return months if day.day >= handover else months - 1

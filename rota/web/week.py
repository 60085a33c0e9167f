"""A local week as the pages show it: its days, its neighbours, and the heat map of hours down and days across."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from foundation.web.times import date_in_words
from rota.domain.coverage import SEVERITY, Coverage, CoverState, Segment
from rota.domain.shifts import Span, instant_of
from rota.domain.wording import COVER, COVER_SIGNS, gap_words, length_words, shortfall_words

FIRST_YEAR, LAST_YEAR = 2020, 2099  # no rota of ours is older, and nobody plans further
HOUR = timedelta(hours=1)
LONGEST_OFFER = timedelta(hours=8)  # a gap is offered as a shift of at most a working day


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday in the service's zone, as ISO 8601 numbers weeks."""

    monday: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """Like 2026-W48, as in addresses."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    @property
    def title(self) -> str:
        """Like 23 to 29 November 2026."""
        sunday = self.days[-1]
        first = f"{self.monday.day}" if self.monday.month == sunday.month else f"{self.monday.day} {self.monday:%B}"
        year = "" if self.monday.year == sunday.year else f" {self.monday.year}"
        return f"{first}{year} to {sunday.day} {sunday:%B} {sunday.year}"

    @property
    def days(self) -> list[date]:
        """Its seven days."""
        return [self.monday + timedelta(days=number) for number in range(7)]

    @property
    def starts_at(self) -> datetime:
        """Monday's midnight."""
        return instant_of(self.monday, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """The next Monday's midnight; 167 to 169 hours later."""
        return instant_of(self.monday + timedelta(days=7), time(), self.zone)

    def moved(self, weeks: int) -> Week:
        """A week so many weeks later."""
        return Week(self.monday + timedelta(weeks=weeks), self.zone)

    def bounds(self, day: date) -> Span:
        """A day from midnight to midnight: 23 to 25 hours."""
        return Span(instant_of(day, time(), self.zone), instant_of(day + timedelta(days=1), time(), self.zone))


def week_of(day: date, zone: ZoneInfo) -> Week:
    """The week that a day lies in."""
    return Week(day - timedelta(days=day.weekday()), zone)


def week_named(name: str, zone: ZoneInfo) -> Week | None:
    """The week 2026-W48, or None when there is no such week."""
    found = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", name)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    try:
        return Week(date.fromisocalendar(int(found[1]), int(found[2]), 1), zone)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one day."""

    on: int
    needed: int
    state: CoverState
    sign: str
    words: str
    fill: Mapping[str, str] | None
    """What the form for a new shift starts with, when this hour falls short and is not over."""

    @property
    def heat(self) -> int:
        """How many are on, as one of five shades."""
        return min(self.on, 4)


@dataclass(frozen=True, slots=True)
class HourLine:
    """One hour of the clock; a cell for each day, None where the clocks skip it or do not repeat it."""

    label: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap in words, and what the form for a shift that closes it starts with."""

    words: str
    state: str
    fill: Mapping[str, str] | None
    skill: str = ""
    """The training that is missing, when one is."""


def heat_map(coverage: Coverage, week: Week, *, now: datetime) -> list[HourLine]:
    """Hours down, days across. On the day the clocks go back, one hour has a second line."""
    lines: dict[tuple[str, int], list[Cell | None]] = {}
    for number, day in enumerate(week.days):
        for hour in _hours(week.bounds(day)):
            local = hour.starts_at.astimezone(week.zone)
            line = lines.setdefault((f"{local:%H:%M}", local.fold), [None] * 7)
            line[number] = _cell(_worst(coverage.segments, hour), hour, week.zone, now=now)
    return [
        HourLine(f"{label} again" if fold else label, tuple(cells)) for (label, fold), cells in sorted(lines.items())
    ]


def gaps(coverage: Coverage, zone: ZoneInfo, *, now: datetime) -> list[Gap]:
    """Every gap in words, in order."""
    return [gap_of(segment, zone, now=now) for segment in coverage.gaps]


def gap_of(segment: Segment, zone: ZoneInfo, *, now: datetime) -> Gap:
    """One gap in words, with what closes it."""
    skill = segment.missing[0][0] if segment.missing else ""
    return Gap(gap_words(segment, zone), COVER[segment.state], _fill(segment.span, zone, now=now), skill)


def gap_hours(coverage: Coverage) -> str:
    """How long cover falls short altogether: 4 h."""
    return length_words(timedelta(minutes=coverage.gap_minutes))


def day_title(day: date) -> str:
    """Like Tuesday 24 November."""
    return date_in_words(day)


def _hours(day: Span) -> list[Span]:
    starts = day.starts_at.astimezone(UTC)
    number = -(-(day.ends_at - starts) // HOUR)  # rounded up: some zones change by half an hour
    return [Span(starts + n * HOUR, min(starts + (n + 1) * HOUR, day.ends_at)) for n in range(number)]


def _worst(segments: Sequence[Segment], hour: Span) -> Segment:
    """The segment of an hour that falls shortest."""
    inside = [segment for segment in segments if segment.span.clipped(hour.starts_at, hour.ends_at)]
    return max(inside, key=lambda segment: (SEVERITY[segment.state], segment.need.people - segment.on))


def _cell(segment: Segment, hour: Span, zone: ZoneInfo, *, now: datetime) -> Cell:
    is_covered = segment.state is CoverState.COVERED
    words = COVER[segment.state] if is_covered else f"{COVER[segment.state]}: {shortfall_words(segment)}"
    fill = None if is_covered or hour.ends_at <= now else _fill(segment.span, zone, now=now)
    return Cell(segment.on, segment.need.people, segment.state, COVER_SIGNS[segment.state], words, fill)


def _fill(span: Span, zone: ZoneInfo, *, now: datetime) -> dict[str, str] | None:
    """A shift that closes a gap, from now on, in whole minutes; None when the gap is over."""
    next_minute = now.replace(second=0, microsecond=0)
    open_part = span.clipped(next_minute, span.ends_at)
    if open_part is None or span.ends_at <= now:
        return None
    starts = open_part.starts_at.astimezone(zone)
    ends = min(open_part.ends_at, open_part.starts_at + LONGEST_OFFER).astimezone(zone)
    return {"day": starts.date().isoformat(), "starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}"}

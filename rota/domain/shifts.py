"""Shifts as half-open spans of instants, and how a wall time in a zone becomes an instant.

People plan in wall time; the service works in instants. A wall time that the clock skips means the first instant after
the gap; a wall time that happens twice means the first one, for starts and ends alike, so that each handover is one
instant. Lengths are elapsed time: 22:00 to 06:00 is seven hours in the spring night and nine in the autumn night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

GRACE = timedelta(minutes=5)  # somebody writing down the shift that has just begun is not rewriting the past
FURTHEST = timedelta(days=731)  # nobody plans further ahead: it is another year that was meant
_MINUTE = timedelta(minutes=1)


class ShiftRefused(ValueError):
    """A shift cannot be planned like this; `field` names the answer to change, the message says how."""

    field = "ends"


class EndsBeforeStart(ShiftRefused):
    """The end comes before the start; ask for a later end."""


class ZeroLength(ShiftRefused):
    """The shift starts and ends at the same instant; ask for a later end."""


class TooLong(ShiftRefused):
    """The shift is longer than a day; ask for two shifts."""


class InThePast(ShiftRefused):
    """The shift begins in the past, which is never rewritten; ask for a later start."""

    field = "starts"


class TooFarAhead(ShiftRefused):
    """The shift begins so far ahead that it is a slip of the pen; ask for the year again."""

    field = "day"


class ShiftIsOver(ShiftRefused):
    """The shift has ended: what was worked is never changed."""

    field = "counsellor"


class ShiftHasBegun(ShiftRefused):
    """The shift is running: only its end can change, and only to a time from now on."""

    field = "starts"


class WallTimeSkipped(ShiftRefused):
    """The clocks go forward over the whole shift, so nothing is left of it; drop it."""

    field = "starts"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The instants from `starts_at` up to, not including, `ends_at`. Raises ZeroLength or EndsBeforeStart."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at == self.ends_at:
            raise ZeroLength("The shift ends when it starts. Enter a later end")
        if self.starts_at > self.ends_at:
            raise EndsBeforeStart("The shift ends before it starts. Enter a later end")

    @property
    def length(self) -> timedelta:
        """Elapsed time, whatever the clocks do meanwhile."""
        return self.ends_at.astimezone(UTC) - self.starts_at.astimezone(UTC)

    def covers(self, moment: datetime) -> bool:
        """Whether the instant lies inside."""
        return self.starts_at <= moment < self.ends_at

    def clipped(self, start: datetime, end: datetime) -> Span | None:
        """The part inside [start, end), or None when there is none."""
        starts_at, ends_at = max(self.starts_at, start), min(self.ends_at, end)
        return Span(starts_at, ends_at) if starts_at < ends_at else None


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's published shift."""

    counsellor_id: int
    span: Span


class ClockChange(StrEnum):
    """What the clocks can do to a wall time."""

    TWICE = "twice"
    """It is there twice; the first one is meant."""
    SKIPPED = "skipped"
    """It is not there; the first instant after the gap is meant."""


def instant_of(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in the zone show this wall time on this day."""
    local = datetime.combine(day, wall.replace(fold=0), tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _first_after_gap(local, zone)


def _first_after_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the clock change that skipped this wall time, found by halving."""
    after = local.astimezone(UTC)
    before = local.replace(fold=1).astimezone(UTC)
    offset_after = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset_after:
            after = middle
        else:
            before = middle
    return after


def clock_change(day: date, wall: time, zone: ZoneInfo) -> ClockChange | None:
    """What the clocks do to a wall time on a day; None when it is there exactly once."""
    first, second = (datetime.combine(day, wall.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return None
    is_there = first.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, wall)
    return ClockChange.TWICE if is_there else ClockChange.SKIPPED


def planned(day: date, starts: time, ends: time, zone: ZoneInfo) -> Span | None:
    """The span that a person means by "this day from `starts` to `ends`"; an end not after the start is the next day's.

    None when the clocks skip the whole of it: such a shift is dropped and flagged, never an error in a pattern.
    """
    last_day = day if ends > starts else day + timedelta(days=1)
    starts_at, ends_at = instant_of(day, starts, zone), instant_of(last_day, ends, zone)
    return Span(starts_at, ends_at) if starts_at < ends_at else None


def entered(day: date, starts: time, ends: time, zone: ZoneInfo, *, last_day: date | None = None) -> Span:
    """The span that somebody typed; without a last day, an end before the start is the next day's, and midnight to
    midnight is the whole day. Raises ZeroLength, EndsBeforeStart, TooLong or WallTimeSkipped.
    """
    if last_day is not None:
        span = Span(instant_of(day, starts, zone), instant_of(last_day, ends, zone))
        _check_length(span, zone)
        return span
    if starts == ends and starts != time():
        raise ZeroLength("The shift ends when it starts. Enter a later end, or the day on which it ends")
    found = planned(day, starts, ends, zone)
    if found is None:
        raise WallTimeSkipped("The clocks go forward over the whole of this shift. Enter other times")
    return found


def check_new(span: Span, *, zone: ZoneInfo, now: datetime) -> None:
    """Raises TooLong, InThePast or TooFarAhead when a shift cannot be added like this."""
    _check_length(span, zone)
    if span.starts_at > now + FURTHEST:
        raise TooFarAhead("The shift starts more than two years ahead. Check the year")
    if span.starts_at < now - GRACE:
        raise InThePast("The shift starts in the past, which is never rewritten. Enter a start from now on")


def check_move(old: Span, new: Span, *, zone: ZoneInfo, same_person: bool, now: datetime) -> None:
    """Raises ShiftIsOver, ShiftHasBegun, TooLong or InThePast when a shift cannot become another like this."""
    if old.ends_at <= now:
        raise ShiftIsOver("This shift is over. What was worked is never changed")
    if old.starts_at > now:
        check_new(new, zone=zone, now=now)
        return
    if new.starts_at != old.starts_at or not same_person or new.ends_at < now - GRACE:
        raise ShiftHasBegun(
            "This shift has begun, so only its end can change, to a time from now on. "
            "To hand the rest to somebody else, end it now and add a shift for them"
        )
    _check_length(new, zone)


def _check_length(span: Span, zone: ZoneInfo) -> None:
    local = span.starts_at.astimezone(zone)
    day_later = instant_of(local.date() + timedelta(days=1), local.time(), zone)
    if span.ends_at > max(day_later, span.starts_at + timedelta(hours=24)):
        raise TooLong("The shift is longer than a day. Enter an earlier end, or two shifts")


def whole_minute(moment: datetime) -> datetime:
    """The minute that an instant lies in; shifts begin and end on whole minutes."""
    return moment.replace(second=0, microsecond=0)


def minutes(length: timedelta) -> int:
    """A length in whole minutes."""
    return length // _MINUTE

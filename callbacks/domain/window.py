"""When we may ring: the visitor's safe times, quiet hours, and the next moment inside them.

All spans are half-open `[starts_at, ends_at)` instants. Quiet hours are local wall time in the service's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

QUIET_FROM = time(21, 0)
QUIET_UNTIL = time(8, 0)
"""Nobody is rung between these times unless they asked for it: a phone that rings at night is heard by others."""

ASAP_LASTS = timedelta(hours=24)
"""A call wanted "as soon as possible" is tried for a day (routine target of the service's urgency list)."""

ASKED_NOW_LASTS = timedelta(hours=2)
"""Somebody who asks for a call now, at night, is awake and alone for about this long; later rings wait for the day."""


LEAST = timedelta(minutes=5)
"""With less than this left nobody can be rung: two counsellors' telephones ring first, then the visitor's."""


class WindowClosed(Exception):
    """No moment is left at which we may ring; the person must be offered new times."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open span of instants."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError("a span must end after it starts")

    def covers(self, moment: datetime) -> bool:
        """Whether the moment lies inside."""
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class Asap:
    """As soon as possible."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """When the visitor wants and allows a call."""

    asked_at: datetime
    """When this time was asked for: "as soon as possible" counts from here."""
    when: Asap | Span
    safe_times: tuple[Span, ...] = ()
    not_after: datetime | None = None
    """Do not contact after this instant, whatever else was said."""


def _daytimes(span: Span, zone: ZoneInfo) -> list[Span]:
    """The parts of a span outside quiet hours, one for each local day."""
    parts: list[Span] = []
    day = span.starts_at.astimezone(zone).date()
    while True:
        opens = datetime.combine(day, QUIET_UNTIL, zone).astimezone(span.starts_at.tzinfo)
        closes = datetime.combine(day, QUIET_FROM, zone).astimezone(span.starts_at.tzinfo)
        if opens >= span.ends_at:
            return parts
        starts, ends = max(opens, span.starts_at), min(closes, span.ends_at)
        if starts < ends:
            parts.append(Span(starts, ends))
        day += timedelta(days=1)


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.starts_at <= merged[-1].ends_at:
            merged[-1] = Span(merged[-1].starts_at, max(merged[-1].ends_at, span.ends_at))
        else:
            merged.append(span)
    return merged


def allowed(wanted: Wanted, *, zone: ZoneInfo) -> list[Span]:
    """Every span in which we may ring, sorted and merged; may be empty.

    Times that the visitor named are taken at their word, at night too. Without any, "as soon as possible" means the
    next two hours whatever the time, then the daytime hours of the first day.
    """
    if isinstance(wanted.when, Span):
        spans = [wanted.when, *wanted.safe_times]
    elif wanted.safe_times:
        spans = [s for s in wanted.safe_times if s.ends_at > wanted.asked_at]
    else:
        now_ish = Span(wanted.asked_at, wanted.asked_at + ASKED_NOW_LASTS)
        spans = [now_ish, *_daytimes(Span(wanted.asked_at, wanted.asked_at + ASAP_LASTS), zone)]
    if wanted.not_after is not None:
        spans = [Span(s.starts_at, min(s.ends_at, wanted.not_after)) for s in spans if s.starts_at < wanted.not_after]
    return _merged(spans)


def may_ring(wanted: Wanted, *, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the visitor's telephone may ring at this moment."""
    return any(span.covers(now) for span in allowed(wanted, zone=zone))


def next_allowed(wanted: Wanted, *, after: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at or after `after` at which we may ring. Raises WindowClosed when there is none."""
    for span in allowed(wanted, zone=zone):
        if after < span.ends_at:
            return max(after, span.starts_at)
    raise WindowClosed("the safe times are over")


def next_window(wanted: Wanted, *, after: datetime, zone: ZoneInfo) -> datetime:
    """The start of the next safe span that is not the one at hand. Raises WindowClosed when there is none."""
    for span in allowed(wanted, zone=zone):
        if span.starts_at > after:
            return span.starts_at
    raise WindowClosed("no further safe time was given")


def last_moment(wanted: Wanted, *, zone: ZoneInfo) -> datetime:
    """The end of the last safe span: never ring after it. Raises WindowClosed when there never was one."""
    spans = allowed(wanted, zone=zone)
    if not spans:
        raise WindowClosed("no safe time was given")
    return spans[-1].ends_at


def opening(wanted: Wanted, *, after: datetime, zone: ZoneInfo) -> Span:
    """From the first moment at which we may ring up to the last. Raises WindowClosed when too little is left."""
    left = sum((max(timedelta(), s.ends_at - max(s.starts_at, after)) for s in allowed(wanted, zone=zone)), timedelta())
    if left < LEAST:
        raise WindowClosed("too little time is left")
    return Span(next_allowed(wanted, after=after, zone=zone), last_moment(wanted, zone=zone))

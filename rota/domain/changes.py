"""Changes to a rota without touching its pattern: somebody added, taken off, replaced, away, or a stretch planned anew.

They are applied in the order in which they were made, so that A → B → C is a chain, and what comes out is shifts again:
the one resolver never knows that there was a change. A temporary plan has the last word inside its stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from rota.domain.resolution import PersonSpan, merged
from rota.domain.shifts import Shift, Span, instant_of


@dataclass(frozen=True, slots=True)
class Add:
    """Somebody is on as well."""

    counsellor_id: int
    span: Span


@dataclass(frozen=True, slots=True)
class Remove:
    """Somebody is not on, whoever else is."""

    counsellor_id: int
    span: Span


@dataclass(frozen=True, slots=True)
class Replace:
    """`by` is on for exactly the minutes for which this person would have been; for nobody, if they were not on."""

    counsellor_id: int
    by: int
    span: Span


Change = Add | Remove | Replace


@dataclass(frozen=True, slots=True)
class Leave:
    """Days off, the last one included, in local days."""

    counsellor_id: int
    first_day: date
    last_day: date

    def span(self, zone: ZoneInfo) -> Span:
        """From midnight to midnight."""
        return Span(
            instant_of(self.first_day, time(), zone), instant_of(self.last_day + timedelta(days=1), time(), zone)
        )

    def away(self, zone: ZoneInfo) -> Remove:
        """The change that it makes to a rota."""
        return Remove(self.counsellor_id, self.span(zone))


@dataclass(frozen=True, slots=True)
class Temporary:
    """A stretch that is planned anew: nothing else counts inside it."""

    span: Span
    shifts: tuple[Shift, ...]

    def cleared(self, gone: Span) -> list[Temporary]:
        """What is left when a part of the stretch goes back to the ordinary rota: none, one or two stretches."""
        return [Temporary(rest, tuple(_inside(self.shifts, rest))) for rest in without(self.span, [gone])]


def without(span: Span, holes: Iterable[Span]) -> list[Span]:
    """What is left of a span when the holes are cut out, in order."""
    left = [span]
    for hole in holes:
        left = [part for piece in left for part in _around(piece, hole)]
    return left


def applied(shifts: Iterable[Shift], changes: Sequence[Change], temporary: Sequence[Temporary] = ()) -> list[Shift]:
    """The shifts that the changes leave. Half-open throughout: a change ends where the next minute begins."""
    now = list(shifts)
    for change in changes:
        now = _changed(now, change)
    for plan in temporary:
        now = [part for shift in now for part in _cut(shift, plan.span)] + list(_inside(plan.shifts, plan.span))
    return now


def has_effect(shifts: Iterable[Shift], change: Change, temporary: Sequence[Temporary] = ()) -> bool:
    """Whether anybody's minutes differ because of a change; a planner is told when none do."""
    before = list(shifts)
    return _minutes(applied(before, [change], temporary)) != _minutes(applied(before, [], temporary))


def conflicts(shifts: Iterable[Shift], leave: Leave, zone: ZoneInfo) -> list[Span]:
    """The stretches of this person's shifts that lie inside their leave."""
    days = leave.span(zone)
    own = (shift.span.clipped(days.starts_at, days.ends_at) for shift in shifts if _is_of(shift, leave.counsellor_id))
    return sorted(span for span in own if span)


def _changed(shifts: list[Shift], change: Change) -> list[Shift]:
    if isinstance(change, Add):
        return [*shifts, Shift(change.counsellor_id, change.span)]
    left = [
        part
        for shift in shifts
        for part in (_cut(shift, change.span) if _is_of(shift, change.counsellor_id) else [shift])
    ]
    if isinstance(change, Remove):
        return left
    own = [shift for shift in shifts if _is_of(shift, change.counsellor_id)]
    return left + [Shift(change.by, part.span) for part in _inside(own, change.span)]


def _is_of(shift: Shift, counsellor_id: int) -> bool:
    return shift.counsellor_id == counsellor_id


def _cut(shift: Shift, hole: Span) -> list[Shift]:
    return [Shift(shift.counsellor_id, part) for part in _around(shift.span, hole)]


def _around(span: Span, hole: Span) -> list[Span]:
    """The parts of a span before and after a hole."""
    if hole.ends_at <= span.starts_at or hole.starts_at >= span.ends_at:
        return [span]
    before = [Span(span.starts_at, hole.starts_at)] if span.starts_at < hole.starts_at else []
    return before + ([Span(hole.ends_at, span.ends_at)] if hole.ends_at < span.ends_at else [])


def _inside(shifts: Iterable[Shift], span: Span) -> list[Shift]:
    clipped = ((shift.counsellor_id, shift.span.clipped(span.starts_at, span.ends_at)) for shift in shifts)
    return [Shift(person, part) for person, part in clipped if part]


def _minutes(shifts: Iterable[Shift]) -> list[PersonSpan]:
    """Each person's unbroken stretches."""
    return merged(PersonSpan(shift.counsellor_id, shift.span.starts_at, shift.span.ends_at) for shift in shifts)

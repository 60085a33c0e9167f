"""Who is on when: the one resolver that every page, report and match asks, so that no two of them can disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rota.domain.shifts import Shift, Span, whole_minute

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PersonSpan:
    """One person's unbroken cover."""

    counsellor_id: int
    starts_at: datetime
    ends_at: datetime


def resolve(shifts: Iterable[Shift], *, start: datetime, end: datetime) -> list[PersonSpan]:
    """Everybody's unbroken cover inside [start, end), by start and person.

    Shifts that touch or overlap become one. Slicing changes nothing:
    resolve(a, c) == merged(resolve(a, b) + resolve(b, c)).
    """
    inside = (
        PersonSpan(shift.counsellor_id, clipped.starts_at, clipped.ends_at)
        for shift in shifts
        if (clipped := shift.span.clipped(start, end))
    )
    return merged(inside)


def merged(spans: Iterable[PersonSpan]) -> list[PersonSpan]:
    """Touching and overlapping spans of the same person made one, by start and person."""
    whole: list[PersonSpan] = []
    for span in sorted(spans, key=lambda each: (each.counsellor_id, each.starts_at)):
        last = whole[-1] if whole else None
        if last and last.counsellor_id == span.counsellor_id and span.starts_at <= last.ends_at:
            whole[-1] = PersonSpan(last.counsellor_id, last.starts_at, max(last.ends_at, span.ends_at))
        else:
            whole.append(span)
    return sorted(whole, key=lambda each: (each.starts_at, each.counsellor_id))


def who_is_on(shifts: Iterable[Shift], *, moment: datetime) -> list[int]:
    """The ids of everybody who is on, in order: what `resolve` says about the minute that the moment lies in."""
    minute = whole_minute(moment)
    return sorted({span.counsellor_id for span in resolve(shifts, start=minute, end=minute + A_MINUTE)})


def anybody(spans: Iterable[PersonSpan]) -> list[Span]:
    """The unbroken stretches in which somebody, whoever it is, is on."""
    as_one = merged(PersonSpan(0, span.starts_at, span.ends_at) for span in spans)
    return [Span(span.starts_at, span.ends_at) for span in as_one]

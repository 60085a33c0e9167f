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
    pieces = [
        (shift.counsellor_id, max(shift.span.starts_at, start), min(shift.span.ends_at, end))
        for shift in shifts
        if shift.span.starts_at < end and shift.span.ends_at > start
    ]
    return _joined(pieces)


def merged(spans: Iterable[PersonSpan]) -> list[PersonSpan]:
    """Touching and overlapping spans of the same person made one, by start and person."""
    return _joined([(span.counsellor_id, span.starts_at, span.ends_at) for span in spans])


def _joined(pieces: list[tuple[int, datetime, datetime]]) -> list[PersonSpan]:
    """Plain tuples, because a year of a large team is a hundred thousand of them."""
    pieces.sort()
    whole: list[tuple[datetime, int, datetime]] = []
    person, starts_at, ends_at = 0, None, None
    for who, first, last in pieces:
        if starts_at is not None and ends_at is not None and who == person and first <= ends_at:
            ends_at = max(last, ends_at)
            continue
        if starts_at is not None and ends_at is not None:
            whole.append((starts_at, person, ends_at))
        person, starts_at, ends_at = who, first, last
    if starts_at is not None and ends_at is not None:
        whole.append((starts_at, person, ends_at))
    whole.sort()
    return [PersonSpan(person, starts_at, ends_at) for starts_at, person, ends_at in whole]


def who_is_on(shifts: Iterable[Shift], *, moment: datetime) -> list[int]:
    """The ids of everybody who is on, in order: what `resolve` says about the minute that the moment lies in."""
    minute = whole_minute(moment)
    return sorted({span.counsellor_id for span in resolve(shifts, start=minute, end=minute + A_MINUTE)})


def anybody(spans: Iterable[PersonSpan]) -> list[Span]:
    """The unbroken stretches in which somebody, whoever it is, is on."""
    as_one = merged(PersonSpan(0, span.starts_at, span.ends_at) for span in spans)
    return [Span(span.starts_at, span.ends_at) for span in as_one]

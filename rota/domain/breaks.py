"""Breaks inside shifts: whoever is on one is not on duty, so breaks are put where most others are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from rota.domain.resolution import PersonSpan
from rota.domain.shifts import Span

STEP = timedelta(minutes=10)  # breaks begin on times that people remember


def place_break(shift: Span, length: timedelta, *, spare: Callable[[Span], int]) -> Span:
    """Where a break does the least harm: in the middle half of the shift, where most are on beyond the need.

    `spare` says how many may be missed in a stretch. Of equal places the one nearest the middle is taken.
    """
    middle = shift.starts_at + (shift.length - length) / 2
    latest = shift.ends_at - shift.length / 4 - length
    starts_at = shift.starts_at + (shift.length / 4) // STEP * STEP
    found = []
    while starts_at <= latest:
        found.append(Span(starts_at, starts_at + length))
        starts_at += STEP
    return max(found, key=lambda one: (spare(one), -abs(one.starts_at - middle)))


def without_breaks(spans: Iterable[PersonSpan], breaks: Iterable[PersonSpan]) -> list[PersonSpan]:
    """Resolved cover less each person's own breaks, in the order of the spans; a break outside them takes nothing."""
    own: dict[int, list[PersonSpan]] = {}
    for one in sorted(breaks, key=lambda each: each.starts_at):
        own.setdefault(one.counsellor_id, []).append(one)
    return [part for span in spans for part in _parts(span, own.get(span.counsellor_id, ()))]


def _parts(span: PersonSpan, breaks: Iterable[PersonSpan]) -> list[PersonSpan]:
    """What is left of one span, given its person's breaks in order."""
    left, at = [], span.starts_at
    for one in breaks:
        if one.ends_at <= at or one.starts_at >= span.ends_at:
            continue
        if one.starts_at > at:
            left.append(PersonSpan(span.counsellor_id, at, one.starts_at))
        at = one.ends_at
    return [*left, PersonSpan(span.counsellor_id, at, span.ends_at)] if at < span.ends_at else left

"""Breaks inside shifts: whoever is on one is not on duty."""

from __future__ import annotations

from collections.abc import Iterable

from rota.domain.resolution import PersonSpan


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

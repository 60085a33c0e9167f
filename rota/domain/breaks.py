"""Breaks inside shifts: whoever is on one is not on duty, so breaks are put where most others are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from itertools import takewhile

from rota.domain.coverage import Coverage, Segment
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


def carried(breaks: Iterable[Span], old: Span, new: Span) -> list[Span]:
    """The breaks of a shift that moves away from them: as far into it as they were; none that does not fit inside."""
    moved = (Span(each.starts_at + (by := new.starts_at - old.starts_at), each.ends_at + by) for each in breaks)
    return [each for each in moved if new.starts_at < each.starts_at and each.ends_at < new.ends_at]


class Spare:
    """How many can be missed, less the breaks that were planned since: people, and whoever has what is needed."""

    def __init__(
        self, coverage: Coverage, people: Iterable[PersonSpan], abilities: Mapping[int, Collection[str]]
    ) -> None:
        self.segments = coverage.segments
        self.starts = [segment.span.starts_at for segment in coverage.segments]
        self.abilities = abilities
        self.able: dict[str, list[PersonSpan]] = {}
        for one in people:
            for ability in abilities.get(one.counsellor_id, ()):
                self.able.setdefault(ability, []).append(one)
        self.taken: list[tuple[int, Span]] = []

    def take(self, counsellor_id: int, span: Span) -> None:
        """Somebody has a break then."""
        self.taken.append((counsellor_id, span))

    def without(self, counsellor_id: int, shift: Span) -> Callable[[Span], int]:
        """How many can be missed in a stretch of somebody's shift while they are away, themselves included."""
        own = self.abilities.get(counsellor_id, ())
        others = {
            ability: [
                one
                for one in self.able.get(ability, ())
                if one.counsellor_id != counsellor_id and _meets(Span(one.starts_at, one.ends_at), shift)
            ]
            for ability in own
        }

        def spare(span: Span) -> int:
            away = [person for person, at in self.taken if _meets(at, span)]
            inside = self._inside(span)
            found = [segment.on - segment.need.people - len(away) for segment in inside]
            needed: dict[str, int] = {}
            for segment in inside:
                for ability, number in (*segment.need.skills, *segment.need.languages):
                    needed[str(ability)] = max(number, needed.get(str(ability), 0))
            for ability in needed.keys() & others.keys():
                there = [
                    one for one in others[ability] if one.starts_at <= span.starts_at and span.ends_at <= one.ends_at
                ]
                found.append(sum(one.counsellor_id not in away for one in there) + 1 - needed[ability])
            return min(found, default=0)

        return spare

    def _inside(self, span: Span) -> list[Segment]:
        first = max(0, bisect_right(self.starts, span.starts_at) - 1)
        return list(takewhile(lambda segment: segment.span.starts_at < span.ends_at, self.segments[first:]))


def _holds(one: PersonSpan, span: Span) -> bool:
    return one.starts_at <= span.starts_at and span.ends_at <= one.ends_at


def _meets(one: Span, other: Span) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


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

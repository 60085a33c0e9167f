"""The rests between one person's shifts: each day's, each week's, and the longer one that makes up for a short one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from rota.domain.rules import DAY, NOTHING, WEEK, Finding, Limits, Rule
from rota.domain.shifts import Span
from rota.domain.weeks import Weeks

_AN_AGE = timedelta(weeks=52)  # longer than any rest that can be owed
MADE_UP_WITHIN = timedelta(days=14)  # our own number: the law asks for it, and names no day


def daily_rest(shifts: Sequence[Span], limits: Limits) -> Iterator[Finding]:
    """Rest between one stretch of work and the next; shifts that touch are one stretch."""
    for earlier, later in pairwise(shifts):
        if earlier.ends_at < later.starts_at < earlier.ends_at + limits.daily_rest:
            yield Finding(Rule.DAILY_REST, later.starts_at - earlier.ends_at, limits.daily_rest, (earlier, later))
    for stretch in _stretches(shifts):
        length = stretch[-1].ends_at - stretch[0].starts_at
        if length > DAY - limits.daily_rest:  # no 11 hours of rest are left in its 24
            yield Finding(Rule.DAILY_REST, max(NOTHING, DAY - length), limits.daily_rest, tuple(stretch))


def made_up(short: Iterable[Finding], shifts: Sequence[Span]) -> dict[Finding, Span | None]:
    """For each rest that was too short, the one that makes up for it: longer than it should have been by what was
    missing, within a fortnight. None when there is none. No hour makes up for two of them.
    """
    stretches = _stretches(sorted(shifts))
    spent = [NOTHING] * len(stretches)
    found: dict[Finding, Span | None] = {}
    for finding in sorted(short, key=_since):
        found[finding] = None
        for number, rest in _rests_owed(finding, stretches):
            if rest.length - spent[number] >= _owed(finding):
                has_no_end = rest.length >= _AN_AGE
                found[finding] = Span(rest.starts_at, rest.starts_at + _owed(finding)) if has_no_end else rest
                spent[number] += finding.limit - finding.found
                break
    return found


def _since(finding: Finding) -> datetime:
    return max(span.ends_at for span in finding.shifts)


def _owed(finding: Finding) -> timedelta:
    return 2 * finding.limit - finding.found


def _rests_owed(finding: Finding, stretches: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Span]]:
    """The rests that begin within a fortnight of one that was too short; after the last shift there is no end of it."""
    since = _since(finding)
    for number, stretch in enumerate(stretches):
        ends_at = max(span.ends_at for span in stretch)
        if ends_at >= since + MADE_UP_WITHIN:
            return
        if since <= ends_at:
            is_last = number + 1 == len(stretches)
            until = ends_at + _AN_AGE if is_last else stretches[number + 1][0].starts_at
            yield number, Span(ends_at, until)


def rest_owed(short: Sequence[Finding], shifts: Sequence[Span]) -> Iterator[Finding]:
    """A rest that was too short, and that nothing makes up for; with the shifts that stand in the way of it."""
    for finding, rest in made_up(short, shifts).items() if short else ():
        if rest is None:
            stretches = _stretches(shifts)
            longest = max((rest.length for _, rest in _rests_owed(finding, stretches)), default=NOTHING)
            in_the_way = _in_the_way(finding, stretches)
            yield Finding(Rule.OWED_REST, longest, _owed(finding), in_the_way, owed_for=finding.shifts)


def _in_the_way(finding: Finding, stretches: Sequence[Sequence[Span]]) -> tuple[Span, ...]:
    """The shifts of which each alone keeps somebody from a rest that is owed; all of the fortnight, if none does."""
    within = [number for number, _ in _rests_owed(finding, stretches)]
    alone = [
        number + 1
        for number in within
        if number + 1 < len(stretches)
        and (number + 2 == len(stretches) or _between(stretches, number, number + 2) >= _owed(finding))
    ]
    numbers = alone or [number + 1 for number in within if number + 1 < len(stretches)]
    return tuple(span for number in numbers for span in stretches[number])


def _between(stretches: Sequence[Sequence[Span]], first: int, second: int) -> timedelta:
    return stretches[second][0].starts_at - max(span.ends_at for span in stretches[first])


def _stretches(shifts: Sequence[Span]) -> list[list[Span]]:
    joined: list[list[Span]] = []
    for span in shifts:
        if joined and joined[-1][-1].ends_at >= span.starts_at:
            joined[-1].append(span)
        else:
            joined.append([span])
    return joined


def weekly_rest(shifts: Sequence[Span], weeks: Weeks, limits: Limits) -> Iterator[Finding]:
    """A long rest in each week; or two, or a longer one, in the fortnight that it makes with a neighbour."""
    edges = [weeks.edges[0] - WEEK, *weeks.edges, weeks.edges[-1] + WEEK]  # nothing is planned just outside
    for number, own in enumerate(weeks.shifts):
        longest = next(iter(_rests(shifts, edges[number + 1], edges[number + 2])), NOTHING)
        if longest >= limits.weekly_rest:
            continue
        before = _rests(shifts, edges[number], edges[number + 2]) if number else []
        after = _rests(shifts, edges[number + 1], edges[number + 3])
        if not any(_is_fortnight_rest(rests, limits) for rests in (before, after)):
            yield Finding(Rule.WEEKLY_REST, longest, limits.weekly_rest, tuple(own))


def _is_fortnight_rest(rests: Sequence[timedelta], limits: Limits) -> bool:
    once = bool(rests) and rests[0] >= limits.fortnight_rest
    return once or (len(rests) > 1 and rests[1] >= limits.weekly_rest)


def _rests(shifts: Sequence[Span], start: datetime, end: datetime) -> list[timedelta]:
    """The rests inside a stretch of time, the longest first; one that runs on beyond an edge counts to the edge."""
    first = bisect_left(shifts, start, key=lambda span: span.ends_at)
    at, found = start, []
    for span in shifts[first:]:
        if span.starts_at >= end:
            break
        if span.starts_at > at:
            found.append(span.starts_at - at)
        at = max(at, span.ends_at)
    if at < end:
        found.append(end - at)
    return sorted(found, reverse=True)

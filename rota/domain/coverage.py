"""How many people are on against how many are needed, minute by minute, and where that falls short.

Demand is a week of bands in wall time: from Monday 08:00 to 22:00 at least three people, one of them trained for
crisis, one who speaks Welsh. Each band holds from a day on, up to another, so that days that are over keep the demand
they had. Whatever the bands say, never fewer than the service's minimum are on duty. Supply is what the resolver says,
less the breaks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from rota.domain.counsellor import Skill
from rota.domain.resolution import PersonSpan
from rota.domain.shifts import Span, instant_of, minutes

MINIMUM_ON_DUTY = 2  # nobody answers a crisis line alone: a second person can ring 999 while the first one listens
DAY_MINUTES = 24 * 60
NOBODY: Mapping[int, frozenset[str]] = {}
NEVER_CHANGED: Mapping[date, int] = {}


class CoverState(StrEnum):
    """How cover compares with need, from good to bad."""

    COVERED = "covered"
    """Everybody who is needed is on."""
    UNDERSTAFFED = "understaffed"
    """Fewer than needed, or a needed skill is missing, and still nobody is alone."""
    CRITICAL = "critical"
    """Somebody is on, and fewer than the minimum for anybody's safety."""
    UNCOVERED = "uncovered"
    """Nobody is on."""


SEVERITY = {state: rank for rank, state in enumerate(CoverState)}
"""From good to bad, for choosing the worst of several."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A band of the local week: on this weekday, from `starts` to `ends` (wall minutes), at least so many people."""

    weekday: int
    """Monday is 0."""
    starts: int
    ends: int
    """Up to 1440, midnight at the end of the day."""
    at_least: int
    skill: Skill | None = None
    with_skill: int = 0
    """How many of them have the skill."""
    language: str | None = None
    """An ISO 639-1 code."""
    with_language: int = 0
    """How many of them speak the language."""
    first_day: date | None = None
    """The first day on which it holds; None: since ever."""
    until_day: date | None = None
    """The first day on which it holds no more; None: for good."""

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day, whatever weekday that is."""
        return (self.first_day is None or self.first_day <= day) and (self.until_day is None or day < self.until_day)


@dataclass(frozen=True, slots=True)
class Need:
    """What one stretch of time asks for."""

    people: int = MINIMUM_ON_DUTY
    skills: tuple[tuple[Skill, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()
    minimum: int = MINIMUM_ON_DUTY
    """With fewer on duty nobody is safe."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which need and supply do not change."""

    span: Span
    need: Need
    on: int
    missing: tuple[tuple[Skill, int], ...]
    """Skills that are needed and lacking, with the number lacking."""
    state: CoverState
    missing_languages: tuple[tuple[str, int], ...] = ()
    """The same of languages."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A period's segments, without holes, in order."""

    segments: tuple[Segment, ...]

    @property
    def gaps(self) -> list[Segment]:
        """Every stretch that falls short, as long as it stays the same kind of short."""
        return [segment for segment in self.segments if segment.state is not CoverState.COVERED]

    @property
    def percent(self) -> int:
        """People-minutes on duty against people-minutes needed; nobody counts beyond the need. Rounded down:
        100 means all of it.
        """
        needed = sum(segment.need.people * minutes(segment.span.length) for segment in self.segments)
        there = sum(min(segment.on, segment.need.people) * minutes(segment.span.length) for segment in self.segments)
        return 100 if needed == 0 else 100 * there // needed

    @property
    def gap_minutes(self) -> int:
        """Minutes in which cover falls short in any way."""
        return sum(minutes(gap.span.length) for gap in self.gaps)


def cover(
    spans: Sequence[PersonSpan],
    requirements: Iterable[Requirement],
    *,
    skills: Mapping[int, frozenset[Skill]],
    languages: Mapping[int, frozenset[str]] = NOBODY,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    minimum: int = MINIMUM_ON_DUTY,
    minimums: Mapping[date, int] = NEVER_CHANGED,
) -> Coverage:
    """Compare resolved cover with need over [start, end). `skills` and `languages` hold each person's, by id.

    `minimums`: what the minimum became on which days; `minimum` holds before the first of them.
    """
    if start >= end:
        return Coverage(())
    changes = _needs(list(requirements), start, end, zone, _Minimum(minimum, minimums))
    edges = {start, end, *changes}
    for span in spans:
        edges.update((max(span.starts_at, start), min(span.ends_at, end)))
    ordered = sorted(edge for edge in edges if start <= edge <= end)
    able = _able(changes.values(), skills, languages)
    return Coverage(tuple(_joined(_sweep(ordered, changes, spans, able))))


class _Minimum:
    """How many are on duty at least, from day to day."""

    def __init__(self, at_first: int, changes: Mapping[date, int]) -> None:
        self.at_first, self.changes = at_first, sorted(changes.items())

    def on(self, day: date) -> int:
        number = bisect_right(self.changes, day, key=lambda change: change[0])
        return self.changes[number - 1][1] if number else self.at_first


def _able(
    needs: Iterable[Need], skills: Mapping[int, frozenset[Skill]], languages: Mapping[int, frozenset[str]]
) -> dict[int, frozenset[str]]:
    """What each person can do of that which is needed at all: skills and languages have no word in common."""
    wanted = frozenset(str(ability) for need in needs for ability, _ in (*need.skills, *need.languages))
    if not wanted:
        return {}
    nothing: frozenset[str] = frozenset()
    people = skills.keys() | languages.keys()
    return {person: wanted & (languages.get(person, nothing) | skills.get(person, frozenset())) for person in people}


def _needs(
    requirements: list[Requirement], start: datetime, end: datetime, zone: ZoneInfo, minimum: _Minimum
) -> dict[datetime, Need]:
    """The need at `start`, and from each later instant on at which it may change."""
    changes: dict[datetime, Need] = {}
    day = start.astimezone(zone).date()
    while (midnight := instant_of(day, time(), zone)) < end:
        bands = [band for band in requirements if band.weekday == day.weekday() and band.holds_on(day)]
        edges = sorted({0, *(band.starts for band in bands), *(band.ends for band in bands)} - {DAY_MINUTES})
        for edge in edges:
            # A wall time that the clocks skip is the same instant as a later edge, which then has the last word.
            changes[_at(day, edge, zone) if edge else midnight] = _need(bands, edge, minimum.on(day))
        day += timedelta(days=1)
    at_start = max(edge for edge in changes if edge <= start)
    return {start: changes[at_start]} | {edge: need for edge, need in changes.items() if start < edge < end}


def _at(day: date, wall_minute: int, zone: ZoneInfo) -> datetime:
    return instant_of(day, time(wall_minute // 60, wall_minute % 60), zone)


def _need(bands: list[Requirement], wall_minute: int, minimum: int) -> Need:
    here = [band for band in bands if band.starts <= wall_minute < band.ends]
    skilled: dict[Skill, int] = {}
    spoken: dict[str, int] = {}
    for band in here:
        if band.skill:
            skilled[band.skill] = max(skilled.get(band.skill, 0), band.with_skill)
        if band.language:
            spoken[band.language] = max(spoken.get(band.language, 0), band.with_language)
    people = max([minimum, *(band.at_least for band in here)])
    return Need(
        people,
        tuple(sorted((skill, number) for skill, number in skilled.items() if number)),
        tuple(sorted((language, number) for language, number in spoken.items() if number)),
        minimum,
    )


def _sweep(
    edges: list[datetime],
    changes: Mapping[datetime, Need],
    spans: Sequence[PersonSpan],
    able: Mapping[int, frozenset[str]],
) -> Iterator[Segment]:
    """One segment between each two neighbouring edges."""
    arriving: dict[datetime, list[int]] = {}
    leaving: dict[datetime, list[int]] = {}
    for span in spans:
        if span.starts_at < edges[-1] and span.ends_at > edges[0]:
            arriving.setdefault(max(span.starts_at, edges[0]), []).append(span.counsellor_id)
            leaving.setdefault(span.ends_at, []).append(span.counsellor_id)
    here: set[int] = set()
    trained: Counter[str] = Counter()
    need = Need()
    for edge, following in pairwise(edges):
        for person in leaving.get(edge, ()):
            here.discard(person)
            trained.subtract(able.get(person, ()))
        for person in arriving.get(edge, ()):
            here.add(person)
            trained.update(able.get(person, ()))
        need = changes.get(edge, need)
        missing = tuple((skill, number - trained[skill]) for skill, number in need.skills if trained[skill] < number)
        unspoken = tuple((code, number - trained[code]) for code, number in need.languages if trained[code] < number)
        state = cover_state(on=len(here), need=need, missing=bool(missing or unspoken))
        yield Segment(Span(edge, following), need, len(here), missing, state, unspoken)


def cover_state(*, on: int, need: Need, missing: bool) -> CoverState:
    """The state of a stretch: nobody, too few for safety, too few or unskilled, or all that is needed."""
    if on == 0 and need.people > 0:
        return CoverState.UNCOVERED
    if on < min(need.minimum, need.people):
        return CoverState.CRITICAL
    if on < need.people or missing:
        return CoverState.UNDERSTAFFED
    return CoverState.COVERED


def _joined(segments: Iterable[Segment]) -> list[Segment]:
    """Neighbours that say the same made one."""
    joined: list[Segment] = []
    for segment in segments:
        last = joined[-1] if joined else None
        if last and replace(last, span=segment.span) == segment:
            joined[-1] = replace(last, span=Span(last.span.starts_at, segment.span.ends_at))
        else:
            joined.append(segment)
    return joined

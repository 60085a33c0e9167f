"""How many people are on against how many are needed, minute by minute, and where that falls short.

Demand is a week of bands in wall time: from Monday 08:00 to 22:00 at least three people, one of them trained for
crisis. Whatever the bands say, never fewer than two are on duty. Supply is what the resolver says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from rota.domain.counsellor import Skill
from rota.domain.resolution import PersonSpan
from rota.domain.shifts import Span, instant_of, minutes

MINIMUM_ON_DUTY = 2  # nobody answers a crisis line alone: a second person can ring 999 while the first one listens
DAY_MINUTES = 24 * 60


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


@dataclass(frozen=True, slots=True)
class Need:
    """What one stretch of time asks for."""

    people: int = MINIMUM_ON_DUTY
    skills: tuple[tuple[Skill, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which need and supply do not change."""

    span: Span
    need: Need
    on: int
    missing: tuple[tuple[Skill, int], ...]
    """Skills that are needed and lacking, with the number lacking."""
    state: CoverState


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
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    minimum: int = MINIMUM_ON_DUTY,
) -> Coverage:
    """Compare resolved cover with need over [start, end). `skills` holds each person's skills by id."""
    if start >= end:
        return Coverage(())
    changes = _needs(list(requirements), start, end, zone, minimum)
    edges = {start, end, *changes}
    for span in spans:
        edges.update((max(span.starts_at, start), min(span.ends_at, end)))
    ordered = sorted(edge for edge in edges if start <= edge <= end)
    return Coverage(tuple(_joined(_sweep(ordered, changes, spans, skills, minimum))))


def _needs(
    requirements: list[Requirement], start: datetime, end: datetime, zone: ZoneInfo, minimum: int
) -> dict[datetime, Need]:
    """The need at `start`, and from each later instant on at which it may change."""
    changes: dict[datetime, Need] = {}
    day = start.astimezone(zone).date()
    while (midnight := instant_of(day, time(), zone)) < end:
        bands = [band for band in requirements if band.weekday == day.weekday()]
        edges = sorted({0, *(band.starts for band in bands), *(band.ends for band in bands)} - {DAY_MINUTES})
        for edge in edges:
            # A wall time that the clocks skip is the same instant as a later edge, which then has the last word.
            changes[_at(day, edge, zone) if edge else midnight] = _need(bands, edge, minimum)
        day += timedelta(days=1)
    at_start = max(edge for edge in changes if edge <= start)
    return {start: changes[at_start]} | {edge: need for edge, need in changes.items() if start < edge < end}


def _at(day: date, wall_minute: int, zone: ZoneInfo) -> datetime:
    return instant_of(day, time(wall_minute // 60, wall_minute % 60), zone)


def _need(bands: list[Requirement], wall_minute: int, minimum: int) -> Need:
    here = [band for band in bands if band.starts <= wall_minute < band.ends]
    skilled: dict[Skill, int] = {}
    for band in here:
        if band.skill:
            skilled[band.skill] = max(skilled.get(band.skill, 0), band.with_skill)
    people = max([minimum, *(band.at_least for band in here)])
    return Need(people, tuple(sorted((skill, number) for skill, number in skilled.items() if number)))


def _sweep(
    edges: list[datetime],
    changes: Mapping[datetime, Need],
    spans: Sequence[PersonSpan],
    skills: Mapping[int, frozenset[Skill]],
    minimum: int,
) -> Iterator[Segment]:
    """One segment between each two neighbouring edges."""
    arriving: dict[datetime, list[int]] = {}
    leaving: dict[datetime, list[int]] = {}
    for span in spans:
        if span.starts_at < edges[-1] and span.ends_at > edges[0]:
            arriving.setdefault(max(span.starts_at, edges[0]), []).append(span.counsellor_id)
            leaving.setdefault(span.ends_at, []).append(span.counsellor_id)
    here: set[int] = set()
    trained: Counter[Skill] = Counter()
    need = Need(minimum)
    for edge, following in pairwise(edges):
        for person in leaving.get(edge, ()):
            here.discard(person)
            trained.subtract(skills.get(person, frozenset()))
        for person in arriving.get(edge, ()):
            here.add(person)
            trained.update(skills.get(person, frozenset()))
        need = changes.get(edge, need)
        missing = tuple((skill, number - trained[skill]) for skill, number in need.skills if trained[skill] < number)
        state = cover_state(on=len(here), need=need, missing=bool(missing), minimum=minimum)
        yield Segment(Span(edge, following), need, len(here), missing, state)


def cover_state(*, on: int, need: Need, missing: bool, minimum: int = MINIMUM_ON_DUTY) -> CoverState:
    """The state of a stretch: nobody, too few for safety, too few or unskilled, or all that is needed."""
    if on == 0 and need.people > 0:
        return CoverState.UNCOVERED
    if on < min(minimum, need.people):
        return CoverState.CRITICAL
    if on < need.people or missing:
        return CoverState.UNDERSTAFFED
    return CoverState.COVERED


def _joined(segments: Iterable[Segment]) -> list[Segment]:
    """Neighbours that say the same made one."""
    joined: list[Segment] = []
    for segment in segments:
        last = joined[-1] if joined else None
        if last and (last.need, last.on, last.missing, last.state) == (
            segment.need,
            segment.on,
            segment.missing,
            segment.state,
        ):
            joined[-1] = Segment(
                Span(last.span.starts_at, segment.span.ends_at), last.need, last.on, last.missing, last.state
            )
        else:
            joined.append(segment)
    return joined

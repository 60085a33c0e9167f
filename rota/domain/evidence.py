"""Minute-level evidence of cover: what proves, or disproves, "24 hours a day" for a period.

Only what is over proves anything, and only what people really did: who was on by the rota, and who of them was ready.
What is still to come is a plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rota.domain.coverage import Coverage, CoverState, Segment
from rota.domain.presence import PresenceState
from rota.domain.resolution import PersonSpan
from rota.domain.shifts import Span

NOTHING = timedelta()
READY = frozenset({PresenceState.AVAILABLE, PresenceState.WRAPPING_UP})
"""Ready for the next call, in one, or writing down what came of one."""

Changes = Mapping[int, Sequence[tuple[datetime, PresenceState]]]
"""What each person became and when, in order, by id."""


class Claim(StrEnum):
    """What a period says about "24 hours a day"."""

    PROVEN = "proven"
    """In every minute somebody was on and ready."""
    ROTA_ONLY = "rota_only"
    """In every minute somebody was on by the rota, and in some nobody of them was ready."""
    DISPROVEN = "disproven"
    """In some minutes nobody was on."""
    PLANNED = "planned"
    """Nothing of the period is over."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How long cover was in each state, and every stretch in which it fell short."""

    in_state: dict[CoverState, timedelta]
    short: tuple[Segment, ...]

    @property
    def length(self) -> timedelta:
        """The whole period."""
        return sum(self.in_state.values(), NOTHING)

    @property
    def is_round_the_clock(self) -> bool:
        """Whether somebody was on in every minute."""
        return self.in_state[CoverState.UNCOVERED] == NOTHING

    @property
    def is_never_alone(self) -> bool:
        """Whether nobody was on alone either."""
        return self.is_round_the_clock and self.in_state[CoverState.CRITICAL] == NOTHING


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the period in which nothing changes; `ready` and its state are None for what is still to come."""

    span: Span
    on: int
    needed: int
    state: CoverState
    ready: int | None = None
    ready_state: CoverState | None = None


def evidence(coverage: Coverage) -> Evidence:
    """What a period's coverage comes to."""
    in_state = dict.fromkeys(CoverState, NOTHING)
    for segment in coverage.segments:
        in_state[segment.state] += segment.span.length
    return Evidence(in_state, tuple(coverage.gaps))


def claim(rota: Evidence, ready: Evidence) -> Claim:
    """What the part of a period that is over says, by the rota and by who was ready."""
    if rota.length == NOTHING:
        return Claim.PLANNED
    if not rota.is_round_the_clock:
        return Claim.DISPROVEN
    return Claim.PROVEN if ready.is_round_the_clock else Claim.ROTA_ONLY


def ready_spans(spans: Iterable[PersonSpan], changes: Changes) -> list[PersonSpan]:
    """The parts of cover in which its person was ready. Whoever never said anything was away."""
    return [part for span in spans for part in _ready_parts(span, changes.get(span.counsellor_id, ()))]


def _ready_parts(span: PersonSpan, changes: Sequence[tuple[datetime, PresenceState]]) -> Iterator[PersonSpan]:
    since: datetime | None = None
    for at, state in changes:
        if state in READY:
            since = at if since is None else since
        elif since is not None:
            yield from _clipped(span, since, at)
            since = None
    if since is not None:
        yield from _clipped(span, since, span.ends_at)


def _clipped(span: PersonSpan, start: datetime, end: datetime) -> Iterator[PersonSpan]:
    starts_at, ends_at = max(span.starts_at, start), min(span.ends_at, end)
    if starts_at < ends_at:
        yield PersonSpan(span.counsellor_id, starts_at, ends_at)


def stretches(rota: Coverage, ready: Coverage | None = None) -> list[Stretch]:
    """Every stretch of a period, without holes: by the rota, and beside it by who was ready, of the same period."""
    if ready is None:
        return [Stretch(each.span, each.on, each.need.people, each.state) for each in rota.segments]
    found, others = [], iter(ready.segments)
    other = next(others, None)
    for segment in rota.segments:
        while other is not None and (part := segment.span.clipped(other.span.starts_at, other.span.ends_at)):
            found.append(Stretch(part, segment.on, segment.need.people, segment.state, other.on, other.state))
            if other.span.ends_at > segment.span.ends_at:
                break
            other = next(others, None)
    return found

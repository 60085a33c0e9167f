"""Minute-level evidence of cover: what proves, or disproves, "24 hours a day" for a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from rota.domain.coverage import Coverage, CoverState, Segment

NOTHING = timedelta()


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
        """Whether somebody was on in every minute: the claim "24 hours a day" is true of the period."""
        return self.in_state[CoverState.UNCOVERED] == NOTHING

    @property
    def is_never_alone(self) -> bool:
        """Whether nobody was on alone either."""
        return self.is_round_the_clock and self.in_state[CoverState.CRITICAL] == NOTHING


def evidence(coverage: Coverage) -> Evidence:
    """What a period's coverage comes to."""
    in_state = dict.fromkeys(CoverState, NOTHING)
    for segment in coverage.segments:
        in_state[segment.state] += segment.span.length
    return Evidence(in_state, tuple(coverage.gaps))

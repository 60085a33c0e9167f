"""How well promises were kept: of those that have come to their end, how many, and how far from the middle we rang."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from callbacks.domain.promise import PromiseState, standing
from callbacks.domain.window import Span

GOOD_FROM, GOOD_UNTIL = 0.85, 0.98
"""Fewer kept, and we promise too much; more, and ranges are wider than they need be."""


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise and what became of it."""

    quoted: Span
    rung_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Score:
    """A period's promises."""

    kept: int
    broken: int
    """Rung too late, or never."""
    void: int
    """Closed by the visitor or a supervisor before the end of the range."""
    pending: int
    off_by: timedelta | None
    """The median of how long after the middle of the range we rang; negative is before. None when we never rang."""

    @property
    def share_kept(self) -> float | None:
        """Of those that were kept or broken; None when there are none."""
        judged = self.kept + self.broken
        return self.kept / judged if judged else None


def score(promises: Iterable[Promised], *, now: datetime) -> Score:
    """Score promises; one whose range is over without a ring is broken already."""
    found = list(promises)
    states = [standing(one.quoted, rung_at=one.rung_at, closed_at=one.closed_at, cover=(), now=now) for one in found]
    off_s = [(one.rung_at - _middle(one.quoted)).total_seconds() for one in found if one.rung_at is not None]
    return Score(
        kept=states.count(PromiseState.KEPT),
        broken=states.count(PromiseState.BROKEN) + states.count(PromiseState.LATE),
        void=states.count(PromiseState.VOID),
        pending=states.count(PromiseState.OPEN) + states.count(PromiseState.ENDANGERED),
        off_by=timedelta(seconds=median(off_s)) if off_s else None,
    )


def _middle(span: Span) -> datetime:
    return span.starts_at + (span.ends_at - span.starts_at) / 2

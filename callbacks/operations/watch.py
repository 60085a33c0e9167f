"""Look at everything a supervisor watches: who is on, who waits, who talks, and what needs a person. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import promise
from callbacks.domain.lifecycle import Status
from callbacks.domain.promise import PromiseState
from callbacks.domain.window import Span
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.explain import Standing, standing
from callbacks.queries import OpenCall
from rota import queries as rota
from rota.domain.coverage import CoverState, Segment

LATELY = timedelta(hours=8)
"""Closed requests are shown for as long as a shift lasts."""
MOST_CLOSED = 20
"""And no more than can be read at a glance."""
GAPS_AHEAD = timedelta(hours=24)
"""A gap further away than this is a matter for the coverage page."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What changes from one second to the next."""

    standing: Standing
    rows: dict[int, CallbackRow]
    """The requests that wait to be rung, by id."""
    promises: dict[int, PromiseState]
    """How what was promised stands, for those that wait and those in review."""
    counts: dict[Status, int]
    late: int
    calls: tuple[OpenCall, ...]
    owing: tuple[AttemptRow, ...]
    review: tuple[CallbackRow, ...]
    closed: tuple[CallbackRow, ...]
    names: dict[int, str]
    """Counsellors by id."""

    @property
    def now(self) -> datetime:
        """The moment at which all of it was true."""
        return self.standing.now


@dataclass(frozen=True, slots=True)
class Cover:
    """What changes from one minute to the next."""

    at_hand: Segment
    """How many are on now, and how many are needed."""
    gaps: tuple[Segment, ...]
    """The gaps that begin later, within a day."""
    next_on: Span | None
    """When somebody is on again; None when somebody is on now, or nobody for eight days."""
    unaccounted_for: int
    """Requests that are neither open with a deadline nor closed with a reason: always 0, or something is broken."""


def watch(session: Session, *, zone: ZoneInfo, now: datetime) -> Watched:
    """Everything but the cover, at one moment."""
    seen = standing(session, zone=zone, now=now)
    rows = {row.id: row for row in queries.to_be_rung(session)}
    review = queries.in_review(session)
    return Watched(
        standing=seen,
        rows=rows,
        promises=_promises(session, [*rows.values(), *review], now=now),
        counts=queries.open_by_status(session),
        late=queries.count_late(session, now=now),
        calls=tuple(queries.open_calls(session)),
        owing=tuple(queries.outcomes_missing(session)),
        review=tuple(review),
        closed=tuple(queries.closed_since(session, now - LATELY, limit=MOST_CLOSED)),
        names=queries.counsellor_names(session),
    )


def watch_cover(session: Session, *, zone: ZoneInfo, now: datetime) -> Cover:
    """Whether enough people are on, now and for a day, and whether every request is accounted for."""
    at_hand, *later = rota.coverage(session, start=now, end=now + GAPS_AHEAD, zone=zone).segments
    ahead = rota.next_cover(session, moment=now) if at_hand.on == 0 else None
    return Cover(
        at_hand=at_hand,
        gaps=tuple(segment for segment in later if segment.state is not CoverState.COVERED),
        next_on=Span(ahead.starts_at, ahead.ends_at) if ahead else None,
        unaccounted_for=queries.unaccounted_for(session),
    )


def _promises(session: Session, rows: Sequence[CallbackRow], *, now: datetime) -> dict[int, PromiseState]:
    """How each promise stands, from one look at the rota for all of them."""
    rung = queries.first_rings(session, [row.id for row in rows])
    ends = [row.promised_until for row in rows if row.promised_until is not None]
    until = min(max(ends, default=now), now + rota.COVER_AHEAD)
    found = rota.covered(session, start=now, end=until) if until > now else []
    cover = [Span(span.starts_at, span.ends_at) for span in found]
    return {
        row.id: promise.standing(row.promise, rung_at=rung.get(row.id), closed_at=None, cover=cover, now=now)
        for row in rows
    }

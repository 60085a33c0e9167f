"""How long it will take, as a range that is likely to be true: never a single moment, never better than the rota.

Walk forward: counsellors become free one after the other, the requests ahead are served in order, and the moment at
which it is this one's turn is quoted with a margin that grows with the wait.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from callbacks.domain.window import Span

CALL_TAKES = timedelta(minutes=35)
"""A conversation with its notes and a breath, until our own figures say otherwise."""
REACHING = timedelta(minutes=1)
"""Ringing a counsellor and then the visitor."""
FLOOR = timedelta(minutes=10)
"""No narrower range is ever quoted."""
ENDANGERED = timedelta(minutes=10)
"""With less than this left, somebody must ring very soon for a promise to be kept."""
ROUND_TO = timedelta(minutes=5)
"""Times are rounded up to this, so that nobody waits with an eye on the clock for a false precision."""


def _rounded_up(moment: datetime) -> datetime:
    since = timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    return moment + (-since % ROUND_TO)


def promise(
    *, free_now: int, cover: Sequence[Span], ahead: int, not_before: datetime, not_after: datetime, now: datetime
) -> Span | None:
    """The range in which the call is likely to come; None when nobody is on before `not_after`.

    `cover` is one span for each counsellor on shift now or later; `free_now` of those on shift now have no call;
    `ahead` requests come first. Busy counsellors are taken to be half-way through their call.
    """
    turns: list[datetime] = []
    free = free_now
    for span in sorted(cover):
        if not span.covers(now):
            turns.append(span.starts_at)
        elif free > 0:
            turns.append(now)
            free -= 1
        else:
            turns.append(now + CALL_TAKES / 2)
    heapq.heapify(turns)
    for _ in range(ahead):
        if turns:
            heapq.heapreplace(turns, turns[0] + CALL_TAKES)
    if not turns:
        return None
    earliest = max(turns[0] + REACHING, not_before)
    if earliest >= not_after:
        return None
    width = max(FLOOR, (earliest - now) / 2)
    at_once = earliest <= now + REACHING
    from_ = now.replace(second=0, microsecond=0) if at_once else _rounded_up(earliest)
    until = min(_rounded_up(earliest + width), not_after)
    return Span(min(from_, until - timedelta(minutes=1)), until)


class PromiseState(StrEnum):
    """How a promise stands."""

    NONE = "none"
    """Nothing was promised."""
    OPEN = "open"
    """Still to be kept, and nothing stands against it."""
    ENDANGERED = "endangered"
    """Little time is left, or nobody is on the rota at the time that was promised."""
    LATE = "late"
    """The time has passed and nobody has rung yet."""
    KEPT = "kept"
    """The visitor's telephone rang in time."""
    BROKEN = "broken"
    """It rang too late, or never."""
    VOID = "void"
    """The request was closed before the time that was promised."""


def standing(
    quoted: Span | None, *, rung_at: datetime | None, closed_at: datetime | None, cover: Sequence[Span], now: datetime
) -> PromiseState:
    """How a promise stands. `rung_at` is the first ring of the visitor's telephone; `cover` is when anybody is on."""
    if quoted is None:
        return PromiseState.NONE
    if rung_at is not None:
        return PromiseState.KEPT if rung_at <= quoted.ends_at else PromiseState.BROKEN
    if closed_at is not None:
        return PromiseState.VOID if closed_at <= quoted.ends_at else PromiseState.BROKEN
    if now >= quoted.ends_at:
        return PromiseState.LATE
    starts = max(now, quoted.starts_at)
    is_covered = any(span.starts_at < quoted.ends_at and span.ends_at > starts for span in cover)
    return PromiseState.OPEN if is_covered and now < quoted.ends_at - ENDANGERED else PromiseState.ENDANGERED

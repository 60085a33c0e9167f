"""How long it will take, as a range that is likely to be true: never a single moment, never better than the rota.

Walk forward a few dozen times, with lengths of calls as they may turn out: counsellors become free one after the other,
booked calls take theirs, the requests ahead are served in order. The range goes from the quarter of the walks that were
quickest to the tenth that were slowest. The dice are always the same, so the same question has the same answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from random import Random

from callbacks.domain.call_lengths import PRIOR
from callbacks.domain.window import Span

REACHING = timedelta(minutes=1)
"""Ringing a counsellor and then the visitor."""
FLOOR = timedelta(minutes=10)
"""No narrower range is ever quoted."""
ENDANGERED = timedelta(minutes=10)
"""With less than this left, somebody must ring very soon for a promise to be kept."""
ROUND_TO = timedelta(minutes=5)
"""Times are rounded up to this, so that nobody waits with an eye on the clock for a false precision."""

WALKS = 40
"""Enough for the slowest tenth to be four walks; an answer is due in milliseconds."""
FROM_SHARE, UNTIL_SHARE = 0.25, 0.90
"""Of the walks, so many are over before the range, and before its end."""


def _rounded_up(moment: datetime) -> datetime:
    since = timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    return moment + (-since % ROUND_TO)


@cache
def _shares(walk: int, count: int) -> tuple[float, ...]:
    """The dice of one walk: numbers from 0 up to 1; a longer row begins with the shorter one."""
    dice = Random(walk)  # noqa: S311 - nothing is secret about a forecast
    return tuple(dice.random() for _ in range(count))


Person = tuple[datetime, datetime]
"""When somebody is free, and until when they are on."""


def _turn(
    walk: int,
    *,
    cover: Sequence[Span],
    free_now: int,
    booked: Sequence[datetime],
    ahead: int,
    lengths: Sequence[timedelta],
    not_after: datetime,
    now: datetime,
) -> datetime | None:
    """When it is this request's turn, in one walk; None when that is too late, or everybody's shift is over before."""
    shares = iter(_shares(walk, _round_number(len(cover) * 2 + len(booked) + ahead)))

    def length() -> timedelta:
        return lengths[int(next(shares) * len(lengths))]

    people: list[Person] = []
    free = free_now
    for span in cover:
        takes, done = length(), next(shares)  # drawn for everybody, so that one who is free changes no other's luck
        if not span.covers(now):
            people.append((span.starts_at, span.ends_at))
        elif free > 0:
            people.append((now, span.ends_at))
            free -= 1
        else:
            people.append((now + takes * done, span.ends_at))
    heapq.heapify(people)
    to_come = list(reversed(booked))
    for _ in range(ahead):
        _serve_booked(people, to_come, length)
        _serve(people, length)
        if not _is_anybody_left(people) or people[0][0] >= not_after:
            return None  # it only gets later
    _serve_booked(people, to_come, length)
    return people[0][0] if _is_anybody_left(people) else None


def _is_anybody_left(people: list[Person]) -> bool:
    """Let everybody go home whose shift is over when they are free."""
    while people and people[0][0] >= people[0][1]:
        heapq.heappop(people)
    return bool(people)


def _serve(people: list[Person], length: Callable[[], timedelta]) -> None:
    """Whoever is free first takes a call, if anybody is left."""
    takes = length()
    if _is_anybody_left(people):
        free_at, until = people[0]
        heapq.heapreplace(people, (free_at + takes, until))


def _serve_booked(people: list[Person], to_come: list[datetime], length: Callable[[], timedelta]) -> None:
    """Whoever becomes free after a booked time keeps it before anybody else is served."""
    while to_come and _is_anybody_left(people) and to_come[-1] <= people[0][0]:
        _serve(people, length)
        to_come.pop()


def _round_number(count: int) -> int:
    """Few different lengths of the row of dice, so that they are thrown once and kept."""
    return 1 << max(5, count.bit_length())


def is_somebody_spare(*, free_now: int, ahead: int, booked: Sequence[datetime], now: datetime) -> bool:
    """Whether somebody is free for this request at once, in whatever way calls turn out: then no walk is needed.

    Whoever is counted in `free_now` is on shift.
    """
    return free_now > ahead + sum(place <= now for place in booked)


def at_once(*, not_before: datetime, not_after: datetime, now: datetime) -> Span | None:
    """The range in which the call is likely to come when somebody is spare; None when that is too late."""
    return _range(now, now, not_before=not_before, not_after=not_after, now=now)


def promise(
    *,
    free_now: int,
    cover: Sequence[Span],
    ahead: int,
    booked: Sequence[datetime] = (),
    lengths: Sequence[timedelta] = PRIOR,
    not_before: datetime,
    not_after: datetime,
    now: datetime,
) -> Span | None:
    """The range in which the call is likely to come; None when nobody is on before `not_after`.

    `cover` is one span for each counsellor on shift now or later; `free_now` of those on shift now have no call;
    `ahead` requests come first; `booked` are the times at which somebody has a place; `lengths` are equally likely.
    Busy counsellors may be anywhere in their call.
    """
    spans, places = sorted(cover), sorted(booked)
    walks = [
        _turn(
            walk,
            cover=spans,
            free_now=free_now,
            booked=places,
            ahead=ahead,
            lengths=lengths,
            not_after=not_after,
            now=now,
        )
        for walk in range(WALKS)
    ]
    turns = sorted(turn or not_after for turn in walks)
    return _range(
        turns[int(WALKS * FROM_SHARE)],
        turns[int(WALKS * UNTIL_SHARE)],
        not_before=not_before,
        not_after=not_after,
        now=now,
    )


def _range(quick: datetime, slow: datetime, *, not_before: datetime, not_after: datetime, now: datetime) -> Span | None:
    earliest = max(quick + REACHING, not_before)
    if earliest >= not_after:
        return None
    latest = max(slow + REACHING, earliest + FLOOR)
    starts_now = earliest <= now + REACHING
    from_ = now.replace(second=0, microsecond=0) if starts_now else _rounded_up(earliest)
    until = min(_rounded_up(latest), not_after)
    return Span(min(from_, until - timedelta(minutes=1)), until)


class PromiseState(StrEnum):
    """How a promise stands."""

    NONE = "none"
    """Nothing was promised."""
    OPEN = "open"
    """Still to be kept, and nothing stands against it."""
    ENDANGERED = "endangered"
    """Little time is left, or nobody who may ring is left for it on the rota at the time that was promised."""
    LATE = "late"
    """The time has passed and nobody has rung yet."""
    KEPT = "kept"
    """The visitor's telephone rang in time."""
    BROKEN = "broken"
    """It rang too late, or never."""
    VOID = "void"
    """The request was closed before the time that was promised."""


def standing(
    quoted: Span | None,
    *,
    rung_at: datetime | None,
    closed_at: datetime | None,
    cover: Sequence[Span],
    has_place: bool = True,
    now: datetime,
) -> PromiseState:
    """How a promise stands.

    `rung_at` is the first ring of the visitor's telephone; `cover` is when anybody who may ring is on; `has_place` says
    that the rota still holds somebody for a booked time (`without_place`).
    """
    if quoted is None:
        return PromiseState.NONE
    if rung_at is not None:
        return PromiseState.KEPT if rung_at <= quoted.ends_at else PromiseState.BROKEN
    if closed_at is not None:
        return PromiseState.VOID if closed_at <= quoted.ends_at else PromiseState.BROKEN
    if now >= quoted.ends_at:
        return PromiseState.LATE
    starts = max(now, quoted.starts_at)
    is_covered = has_place and any(span.starts_at < quoted.ends_at and span.ends_at > starts for span in cover)
    return PromiseState.OPEN if is_covered and now < quoted.ends_at - ENDANGERED else PromiseState.ENDANGERED


def without_place(wanting: Mapping[int, AbstractSet[int]]) -> frozenset[int]:
    """Of the requests booked for one hour, those for whom nobody is left.

    `wanting`: for each request, who may ring for it and is on for the hour; each of them rings for one. As many as can
    be are served, and the earlier in the mapping go first.
    """
    serves: dict[int, int] = {}

    def serve(request: int, tried: set[int]) -> bool:
        """Find somebody, moving others to somebody else where that helps."""
        for person in sorted(wanting[request] - tried):
            tried.add(person)
            if person not in serves or serve(serves[person], tried):
                serves[person] = request
                return True
        return False

    return frozenset(request for request in wanting if not serve(request, set()))

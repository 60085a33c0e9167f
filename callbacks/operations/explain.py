"""Why did nobody ring? Who waits, who could ring, and the first rule between each two of them, at one moment.

It asks the same questions as `match` does and writes nothing, so what a page says is what the next match will do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import matching
from callbacks.domain.absence import Absence, absence
from callbacks.domain.lifecycle import WAITING
from callbacks.domain.matching import Block, Free, Plan, Waiting, blocked_by, order
from callbacks.models import CallbackRow
from callbacks.operations.match import as_free, as_seen, engaged, lines_not_to_ring, named_now, passed_on_lately
from rota import queries as rota
from rota.domain.counsellor import Counsellor, FreeCounsellor
from rota.queries import PresenceLine

STARVED_AFTER = timedelta(seconds=60)
"""Somebody waits and somebody is free for longer than this: a person should know why."""


@dataclass(frozen=True, slots=True)
class Starving:
    """A request that waits although somebody is free."""

    callback_id: int
    since: datetime
    free: tuple[tuple[str, Block | None], ...]
    """Each free counsellor's name and the first rule that keeps them from it; None when nothing does."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that matching would see."""

    waiting: tuple[Waiting, ...]
    """Requests that are to be rung, due or not, in the order in which they are served."""
    people: tuple[PresenceLine, ...]
    """Everybody on the team, by name."""
    free: tuple[Free, ...]
    """Those who are on shift and ready, with a call or without."""
    rows: dict[int, CallbackRow]
    """The requests by id."""
    plan: Plan
    last_minutes: timedelta
    """Of somebody's cover, in which they are offered nothing any more."""
    now: datetime

    def not_ready(self, request: Waiting) -> Block | None:
        """Why nobody may ring for this request at this moment."""
        return self.plan.not_ready.get(request.callback_id)

    def obstacle(self, request: Waiting, line: PresenceLine) -> Absence | Block | None:
        """The first rule that keeps a member of the team from a request; None when none does."""
        if why := self.absence_of(line):
            return why
        for free in self.free:
            if free.counsellor_id == line.counsellor.id:
                return self.plan.blocked.get((request.callback_id, free.counsellor_id)) or blocked_by(request, free)
        return Absence.NOT_ON_SHIFT  # the shift ended between two questions

    def absence_of(self, line: PresenceLine) -> Absence | None:
        """Why somebody is offered nothing at all."""
        return absence(
            on_shift_until=line.on_shift_until,
            presence=line.presence.state,
            phone_verified=line.counsellor.phone_verified,
            last_minutes=self.last_minutes,
            now=self.now,
        )

    def starving(self) -> list[Starving]:
        """Requests that wait for longer than a minute while somebody has been free for as long, first ones first."""
        since = self.now - STARVED_AFTER
        names = {line.counsellor.id: line.counsellor.name for line in self.people}
        idle = [free for free in self.free if not free.has_call and free.free_since <= since]
        if not idle:
            return []
        return [
            Starving(
                request.callback_id,
                request.due_at,
                tuple(
                    (names[free.counsellor_id], self.plan.blocked.get((request.callback_id, free.counsellor_id)))
                    for free in idle
                    if free.counsellor_id in names
                ),
            )
            for request in self.waiting
            if request.due_at <= since and self.not_ready(request) is None
        ]


_PASSES = frozenset({Absence.WRAPPING_UP, Block.TAKEN, Block.OUTRANKED, Block.EXCLUDED, Block.NAMED})
"""What is over by itself in a while: whoever is kept by one of these can ring a little later."""


@dataclass(frozen=True, slots=True)
class Unserved:
    """A request that may be rung now and that nobody can ring, now or when they are free again."""

    callback_id: int
    because: Absence | Block
    """The rule that keeps most of those on shift from it; `NOT_ON_SHIFT` when there is nobody."""


def unserved(seen: Standing) -> list[Unserved]:
    """Requests that have been due for more than a minute and that nobody who is on shift can ring, first ones first."""
    on = [line for line in seen.people if line.on_shift_until is not None]
    found = []
    for request in seen.waiting:
        if request.due_at > seen.now - STARVED_AFTER or seen.not_ready(request) is not None:
            continue
        rules = [_lasting(seen, request, line) for line in on]
        kept = [rule for rule in rules if rule is not None]
        if len(kept) == len(rules):
            most = Counter(kept).most_common(1)
            found.append(Unserved(request.callback_id, most[0][0] if most else Absence.NOT_ON_SHIFT))
    return found


def _lasting(seen: Standing, request: Waiting, line: PresenceLine) -> Absence | Block | None:
    """The first rule between two that does not pass by itself."""
    rule = seen.obstacle(request, line)
    if rule in _PASSES:
        rule = blocked_by(request, as_if_free(line.counsellor, now=seen.now))
    return None if rule in _PASSES else rule


def standing(session: Session, *, about: CallbackRow | None = None, zone: ZoneInfo, now: datetime) -> Standing:
    """Look at who waits and who could ring. A request that the look is `about` is never left out of a long queue."""
    people = rota.presence_board(session, moment=now)
    free = _free(session, now=now)
    rows = queries.to_be_rung(session, now=now)
    if about is not None and about.status in WAITING and about not in rows:
        rows.append(about)
    requests = _requests(session, rows, free, zone=zone, now=now)
    plan = matching.match(requests, free, rung=lines_not_to_ring(session, now=now), now=now)
    ordered = sorted(requests, key=lambda request: (request.due_at > now, order(request, now)))
    by_id, last = {row.id: row for row in rows}, rota.last_minutes(session)
    return Standing(tuple(ordered), tuple(people), tuple(free), by_id, plan, last, now)


def as_seen_by_matching(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> Waiting:
    """One request as matching would see it, whatever its state."""
    return _requests(session, [callback], _free(session, now=now), zone=zone, now=now)[0]


def as_if_free(person: Counsellor, *, now: datetime) -> Free:
    """Somebody as matching would see them if they were on shift, ready and without a call."""
    return as_free(FreeCounsellor(person, now, now), busy=set(), last_ends={})


def _free(session: Session, *, now: datetime) -> list[Free]:
    found = rota.counsellors_free(session, moment=now)
    busy, last_ends = (
        engaged(session, now=now),
        queries.last_attempt_ends(session, [one.counsellor.id for one in found]),
    )
    return [as_free(one, busy=busy, last_ends=last_ends) for one in found]


def _requests(
    session: Session, rows: list[CallbackRow], free: list[Free], *, zone: ZoneInfo, now: datetime
) -> list[Waiting]:
    excluded = passed_on_lately(session, rows, free, now)
    return as_seen(
        rows,
        excluded=excluded,
        named=named_now(session, rows, free, excluded, now),
        cut_off={},  # it decides who is asked first, and stands in nobody's way
        zone=zone,
        now=now,
    )

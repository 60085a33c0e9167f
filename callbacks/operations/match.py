"""Give due requests to free counsellors and order the calls, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import matching, wording
from callbacks.domain.agreed import NAMED_FIRST
from callbacks.domain.lifecycle import Event
from callbacks.domain.matching import Free, Match, Plan, Waiting
from callbacks.domain.triage import Urgency
from callbacks.domain.window import WindowClosed, allowed, next_allowed
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations import history
from notifications import queries as notifications
from notifications.domain.call import CallState
from notifications.domain.wording import whisper
from notifications.operations import order
from rota import queries as rota
from rota.domain.counsellor import FreeCounsellor

PASSED_ON_LATELY = timedelta(minutes=10)
"""A counsellor who did not take a request is not offered the same one again so soon, if there is anybody else."""

CALL_HAS = timedelta(minutes=5)
"""An assigned request is looked at again by then: the call itself has shorter deadlines of its own."""

_LOOKS_AT_WITHOUT_ANYBODY = 50
"""While nobody is free, so many are looked at for a safe time that is over: a flood must not keep the worker busy."""

RINGS_BACK_WITHIN = timedelta(seconds=30)
"""So long after a line went that had just been answered, whoever was on it is asked first."""

_NEXT_ONE_PLEASE = frozenset(
    {CallState.NOT_TAKEN, CallState.UNREACHED, CallState.REFUSED, CallState.NOT_CARRIED, CallState.ABANDONED}
)
"""After one of these, somebody else is asked: the counsellor did not take the call, or their line did not hold."""

_PRIORITY = {urgency: rank for rank, urgency in enumerate(Urgency)}


def as_waiting(
    callback: CallbackRow,
    *,
    excluded: frozenset[int],
    named: int | None,
    cut_off_from: int | None,
    zone: ZoneInfo,
    now: datetime,
) -> Waiting:
    """A request as matching sees it."""
    here = next((span for span in allowed(callback.as_wanted(), zone=zone) if span.covers(now)), None)
    return Waiting(
        callback_id=callback.id,
        urgency=callback.as_urgency,
        asked_at=callback.asked_at,
        due_at=callback.next_try_at,
        safe_until=here.ends_at if here else None,
        promised_until=callback.promised_until,
        language=callback.language,
        gender=callback.as_wish(),
        needs=frozenset(callback.needs_skills),
        excluded=excluded,
        named=named,
        goes_first=callback.goes_first,
        cut_off_from=cut_off_from,
        line=callback.phone_digest,
    )


def as_seen(
    rows: list[CallbackRow],
    *,
    excluded: dict[int, frozenset[int]],
    named: dict[int, int],
    cut_off: dict[int, int],
    zone: ZoneInfo,
    now: datetime,
) -> list[Waiting]:
    """Requests as matching sees them."""
    return [
        as_waiting(
            row,
            excluded=excluded.get(row.id, frozenset()),
            named=named.get(row.id),
            cut_off_from=cut_off.get(row.id),
            zone=zone,
            now=now,
        )
        for row in rows
    ]


def cut_off_lately(session: Session, rows: list[CallbackRow], *, now: datetime) -> dict[int, int]:
    """For each of these requests whose visitor was cut off a moment ago: who had them on the line.

    Whose line has gone twice is not asked a third time.
    """
    failed = [row.id for row in rows if row.goes_first]
    found = queries.cut_off(session, failed, since=now - RINGS_BACK_WITHIN) if failed else {}
    if not found:
        return {}
    went = Counter(
        (attempt.callback_id, attempt.counsellor_id)
        for attempt in queries.recent_attempts(session, list(found), since=now - PASSED_ON_LATELY)
        if attempt.result == CallState.ABANDONED
    )
    return {callback_id: who for callback_id, who in found.items() if went[callback_id, who] == 1}


def as_free(free: FreeCounsellor, *, busy: set[int], last_ends: dict[int, datetime]) -> Free:
    """A counsellor as matching sees them."""
    person = free.counsellor
    since = max(free.available_since, last_ends.get(person.id, free.available_since))
    return Free(
        counsellor_id=person.id,
        skills=frozenset(str(skill) for skill in person.skills),
        languages=frozenset(person.languages),
        gender=person.gender,
        free_since=since,
        has_call=person.id in busy,
    )


def passed_on_lately(
    session: Session, rows: list[CallbackRow], free: list[Free], now: datetime
) -> dict[int, frozenset[int]]:
    """Who passed which request on lately; ignored when that would leave nobody at all."""
    missed: dict[int, set[int]] = {}
    cut_off = cut_off_lately(session, rows, now=now)
    for attempt in queries.recent_attempts(session, [row.id for row in rows], since=now - PASSED_ON_LATELY):
        is_asked_first = cut_off.get(attempt.callback_id) == attempt.counsellor_id
        if attempt.result in _NEXT_ONE_PLEASE and not is_asked_first:
            missed.setdefault(attempt.callback_id, set()).add(attempt.counsellor_id)
    here = {person.counsellor_id for person in free if not person.has_call}
    return {callback_id: frozenset(who) for callback_id, who in missed.items() if here - who}


def named_now(
    session: Session, rows: list[CallbackRow], free: list[Free], excluded: dict[int, frozenset[int]], now: datetime
) -> dict[int, int]:
    """Who alone rings for which request for now, as was agreed: they are on shift, and have not just passed it on.

    An emergency waits for nobody, and after a while anybody rings.
    """
    agreed = queries.named_counsellors(session, [row.phone_digest for row in rows])
    here = {person.counsellor_id for person in free}
    found = {}
    for row in rows:
        who = agreed.get(row.phone_digest)
        waits = row.as_urgency is not Urgency.EMERGENCY and now - row.next_try_at < NAMED_FIRST
        if who in here and waits and who not in excluded.get(row.id, frozenset()):
            found[row.id] = who
    return found


def lines_not_to_ring(session: Session, *, now: datetime) -> set[bytes]:
    """Lines that are being rung by us, or from which somebody is ringing us."""
    return queries.numbers_being_rung(session) | notifications.lines_in_use(session, now=now)


HANGS_UP_WITHIN = timedelta(seconds=30)
"""After its last words a call ends by itself: a counsellor whose line we still hold is not rung on it."""


def engaged(session: Session, *, now: datetime) -> set[int]:
    """Counsellors with an open attempt, and those whose line is not free yet."""
    return queries.busy_counsellors(session) | queries.still_hanging_up(session, since=now - HANGS_UP_WITHIN)


def match_waiting(session: Session, *, zone: ZoneInfo, now: datetime) -> Plan:
    """Match, assign and order the calls, for as long as somebody is free. Harmless when nothing is due."""
    queries.lock_matching(session)
    if not queries.is_anybody_waiting(session, now=now):
        return Plan()
    found = rota.counsellors_free(session, moment=now)
    people = {free.counsellor.id: free for free in found}
    idle = len(people.keys() - engaged(session, now=now))
    made: list[Match] = []
    seen: set[int] = set()
    at_once = 500 if idle else _LOOKS_AT_WITHOUT_ANYBODY
    while rows := queries.waiting(session, other_than=seen, limit=at_once, now=now):
        seen |= {row.id for row in rows}
        due = [row for row in rows if not _wait_for_a_safe_time(row, zone=zone, now=now)]
        plan = _match(session, due, found, zone=zone, now=now)
        _assign(session, plan.matches, {row.id: row for row in due}, people, now=now)
        made += plan.matches
        session.flush()  # whoever was given a call counts as busy for the requests that come next
        if len(made) >= idle:
            break
    return Plan(tuple(made))


def _match(
    session: Session, rows: list[CallbackRow], found: list[FreeCounsellor], *, zone: ZoneInfo, now: datetime
) -> Plan:
    busy, last_ends = (
        engaged(session, now=now),
        queries.last_attempt_ends(session, [one.counsellor.id for one in found]),
    )
    free = [as_free(one, busy=busy, last_ends=last_ends) for one in found]
    excluded, rung = passed_on_lately(session, rows, free, now), lines_not_to_ring(session, now=now)
    requests = as_seen(
        rows,
        excluded=excluded,
        named=named_now(session, rows, free, excluded, now),
        cut_off=cut_off_lately(session, rows, now=now),
        zone=zone,
        now=now,
    )
    return matching.match(requests, free, rung=rung, now=now)


def _wait_for_a_safe_time(callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> bool:
    """Whether the safe time at hand is over: then it is due again when the next one begins, and in nobody's way."""
    try:
        again = next_allowed(callback.as_wanted(), after=now, zone=zone)
    except WindowClosed:
        again = callback.never_after  # its deadline, which has come: whoever keeps deadlines acts on it
    if again <= now:
        return False
    callback.next_try_at = again
    return True


def _assign(
    session: Session,
    matches: Sequence[Match],
    requests: Mapping[int, CallbackRow],
    people: Mapping[int, FreeCounsellor],
    *,
    now: datetime,
) -> None:
    """Order the calls, and then note each attempt: in two steps, so that each table is written to once for all."""
    before = queries.count_attempts(session, [one.callback_id for one in matches])
    calls = {
        one.callback_id: _order(session, requests[one.callback_id], people[one.counsellor_id], now=now)
        for one in matches
    }
    session.flush()
    for one in matches:
        callback, free = requests[one.callback_id], people[one.counsellor_id]
        session.add(
            AttemptRow(
                callback_id=callback.id,
                counsellor_id=one.counsellor_id,
                call_id=calls[callback.id],
                number=before.get(callback.id, 0) + 1,
                because=one.reason,
                shift_id=free.shift_id,
                shift_version=free.shift_version,
                started_at=now,
                talked_s=0,
                owes_outcome=False,
            )
        )
        callback.counsellor_id = one.counsellor_id
        callback.move(Event.MATCH, due_by=now + CALL_HAS, now=now)
        words = wording.ASSIGNED.format(
            counsellor=free.counsellor.name, because=one.reason, shift=free.shift_id, version=free.shift_version
        )
        history.note(session, callback, words, now=now)


def _order(session: Session, callback: CallbackRow, free: FreeCounsellor, *, now: datetime) -> UUID:
    return order.order_call(
        session,
        counsellor=free.counsellor.phone,
        visitor=callback.dialled,
        whisper=whisper(name=callback.name, urgency=callback.urgency, language=callback.language),
        shows_number=True,
        purpose="callback",
        priority=_PRIORITY[callback.as_urgency],
        now=now,
    )

"""Find out what became of a call whose deadline has passed, from the provider's own records; never dial to find out.

`question` says, inside a transaction, what to ask; `jobs` asks it with no transaction open; `answered` turns the
answer into evidence, as if a webhook had brought it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from foundation.phone import Phone
from notifications import queries
from notifications.domain.call import GREETING_S, CallState
from notifications.domain.call_deadlines import DEADLINES, LONGEST_WAIT, QUEUES_AT_MOST_S, ask_again_after
from notifications.domain.leg import NO_REASON, LegStatus
from notifications.domain.text import TextState
from notifications.domain.trouble import IN_DOUBT_AFTER, Trouble
from notifications.models import CallRow
from notifications.operations import follow, gate, place, trouble
from notifications.telephony.port import ProviderCall

LOOKED_FOR_AFTER = (timedelta(seconds=15), timedelta(seconds=45), timedelta(seconds=60))
"""A call of unknown fate is looked for at 15, 60 and 120 s: lists lag behind, so one empty look proves nothing."""

TEXTS_ASKED_AGAIN_AFTER = timedelta(minutes=1)
"""Nobody waits for the word of a text."""

_CLOCK_SLACK = timedelta(seconds=5)  # the provider's clock and ours


class Ask(StrEnum):
    """What to ask the provider."""

    FIND = "find"
    """Whether it ever took the call on."""
    FETCH = "fetch"
    """How its legs stand."""
    END = "end"
    """To stop the counsellor's leg, and then how the legs stand."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask about one call."""

    call_id: UUID
    ask: Ask
    provider_id: str | None
    to: Phone
    since: datetime


@dataclass(frozen=True, slots=True)
class Records:
    """What the provider's records say; None for a leg that it does not know."""

    counsellor: ProviderCall | None = None
    visitor: ProviderCall | None = None
    found: tuple[ProviderCall, ...] = ()


def question(session: Session, *, call_id: UUID, now: datetime) -> Question | None:
    """What to ask about a call that is overdue or must stop; None when that could be settled here and now.

    The deadline moves on with the question, not with the answer: a call about which nothing can be learnt keeps no
    other waiting, and two workers do not ask the same at once.
    """
    call = queries.lock_call(session, call_id)
    if call is None or call.ended_at is not None:
        return None
    overdue = call.deadline_at is not None and call.deadline_at <= now
    if not overdue and call.cancelled_at is None:
        return None
    state = CallState(call.state)
    if state is CallState.WAITING:
        call.withheld = "too_late"
        follow.move(session, call, now=now)
        return None
    if state is CallState.PLACING and overdue:
        call.no_word_at = call.no_word_at or now  # the worker that held it died before it could say
        follow.move(session, call, now=now)
    provider_id = call.counsellor_leg_id
    if provider_id is None and not overdue:
        return None  # it is being handed over at this moment: its id, or its deadline, comes within seconds
    if provider_id is None:
        ask = Ask.FIND
    elif call.cancelled_at is not None:
        ask = Ask.END
    else:
        ask = Ask.FETCH
    call.deadline_at = now + ask_again_after(call.unanswered, is_stopping=call.cancelled_at is not None)
    return Question(
        call_id=call.id,
        ask=ask,
        provider_id=provider_id,
        to=call.rings_counsellor,
        since=(call.handed_over_at or now) - _CLOCK_SLACK,
    )


def answered(session: Session, *, asked: Question, records: Records, now: datetime) -> list[str]:
    """Turn the answer into evidence. Returns the ids of legs that nobody owns and that must be ended."""
    call = queries.lock_call(session, asked.call_id)
    if call is None or call.ended_at is not None:
        return []
    orphans: list[str] = []
    if asked.ask is Ask.FIND and call.counsellor_leg_id is None:
        _is_answered(session, call, now=now)
        orphans = _adopt(session, call, asked, records.found, now=now)
    else:
        _hear(call, "counsellor", records.counsellor, now=now)
        _hear(call, "visitor", records.visitor, now=now)
        if records.counsellor is None and asked.provider_id is not None:
            # the provider has forgotten it: nobody can say why, and nobody is blamed
            call.leg("counsellor").hear(LegStatus.FAILED, at=now, sip_code=NO_REASON, now=now)
        if asked.ask is Ask.END:
            call.asked_provider += 1
        _is_answered(session, call, now=now)
    _see_talking(call, now=now)
    state = follow.move(session, call, now=now)
    if state is CallState.CLOSING and records.visitor is None and call.leg("counsellor").as_leg().ended:
        call.leg("visitor").hear(LegStatus.CANCELED, at=now, sip_code=NO_REASON, now=now)  # it was never dialled
        state = follow.move(session, call, now=now)
    if state is CallState.PLACED and records.counsellor is not None and call.cancelled_at is None:
        _leave_the_queue(session, call, records.counsellor, now=now)
    return orphans


def _leave_the_queue(session: Session, call: CallRow, record: ProviderCall, *, now: datetime) -> None:
    """Take back a call that waits its turn at the provider for too long, or for which it is no longer safe to ring."""
    if record.status is not LegStatus.QUEUED:
        return  # a word that we do not know
    is_late = record.has_waited_s(now=now) >= QUEUES_AT_MOST_S
    try:
        gate.permit_waiting(session, call, now=now)
    except gate.Closed as closed:
        call.withheld = closed.because
    if is_late or call.withheld is not None:
        call.cancelled_at = call.deadline_at = now
    if is_late:
        trouble.dialling_failed(session, now=now)  # all workers wait: whatever is placed now joins the same queue


def no_answer(session: Session, *, call_id: UUID, now: datetime) -> None:
    """The provider did not answer about a call: its state is kept, and it is asked again later."""
    call = queries.lock_call(session, call_id)
    if call is None or call.ended_at is not None:
        return  # a webhook has told us meanwhile
    call.unanswered += 1
    call.deadline_at = now + ask_again_after(call.unanswered, is_stopping=call.cancelled_at is not None)
    if call.unanswered >= IN_DOUBT_AFTER:
        trouble.begin(session, Trouble.SETTLING_FAILS, now=now)


def _is_answered(session: Session, call: CallRow, *, now: datetime) -> None:
    """The provider answered; `follow.move` sets another deadline if this leads to another state."""
    was_in_doubt = call.unanswered >= IN_DOUBT_AFTER
    call.unanswered = 0
    if call.cancelled_at is None:
        call.deadline_at = now + DEADLINES[CallState(call.state)]
    else:
        call.deadline_at = now + ask_again_after(call.asked_provider, is_stopping=True)
    session.flush()
    if was_in_doubt:
        trouble.settled(session)


def _hear(call: CallRow, role: str, record: ProviderCall | None, *, now: datetime) -> None:
    if record is None:
        return
    leg = call.leg(role)
    leg.provider_id = leg.provider_id or record.provider_id
    if record.status is None:
        return  # a word that we do not know: it will have moved on by the next look
    reason = NO_REASON if record.status is LegStatus.FAILED else None  # records tell no reason, and never will
    leg.hear(record.status, duration_s=record.duration_s, at=record.ended_at, sip_code=reason, now=now)


def _see_talking(call: CallRow, *, now: datetime) -> None:
    """Both legs are open, and the greeting is over: the two are talking."""
    ours, theirs = call.leg("counsellor"), call.leg("visitor")
    both_open = all(leg.status == LegStatus.IN_PROGRESS for leg in (ours, theirs))
    if both_open and theirs.answered_at is not None and now - theirs.answered_at > timedelta(seconds=GREETING_S):
        call.bridged_at = call.bridged_at or now


def _adopt(
    session: Session, call: CallRow, asked: Question, found: tuple[ProviderCall, ...], *, now: datetime
) -> list[str]:
    """Take the oldest leg that fits and that no other call owns; none after three looks means it was never sent."""
    known = queries.known_legs(session, [record.provider_id for record in found])
    fitting = [
        record
        for record in reversed(found)
        if record.provider_id not in known and (record.created_at is None or record.created_at >= asked.since)
    ]
    if fitting:
        _hear(call, "counsellor", fitting[0], now=now)
        call.taken_on_at = call.taken_on_at or now
        if fitting[1:]:
            trouble.begin(session, Trouble.ORPHANS, now=now)
        return [record.provider_id for record in fitting[1:]]
    call.asked_provider += 1
    if call.asked_provider >= len(LOOKED_FOR_AFTER):
        call.never_sent_at = now
    else:
        call.deadline_at = now + LOOKED_FOR_AFTER[call.asked_provider]
    return []


def leg_question(session: Session, *, leg_id: int, now: datetime) -> str | None:
    """The provider's id of a leg that has outlived its call, to ask about; None when word of it has come meanwhile."""
    found = queries.lock_leg(session, leg_id)
    if found is None:
        return None
    _, leg = found
    if leg.deadline_at is None or leg.deadline_at > now:
        return None
    leg.deadline_at = now + LONGEST_WAIT  # nobody waits for this; if it lives on, the sweep ends it
    return leg.provider_id


def leg_answered(session: Session, *, leg_id: int, record: ProviderCall | None, now: datetime) -> None:
    """What the provider's records say of a leg that has outlived its call; None when it has forgotten it."""
    found = queries.lock_leg(session, leg_id)
    if found is None:
        return
    call, leg = found
    if record is None:
        over = LegStatus.COMPLETED if leg.answered_at is not None else LegStatus.FAILED
        leg.hear(over, at=now, sip_code=NO_REASON, now=now)
    else:
        _hear(call, leg.role, record, now=now)


def text_question(session: Session, *, text_id: UUID, now: datetime) -> str | None:
    """The provider's id of an overdue text to ask about; None when it could be settled here and now."""
    text = queries.lock_text(session, text_id)
    if text is None or text.deadline_at is None or text.deadline_at > now:
        return None
    if text.provider_id is None:
        place.text_is(text, TextState.LOST, now=now)
        return None
    return text.provider_id


def text_answered(session: Session, *, text_id: UUID, news: TextState | None, now: datetime) -> None:
    """What the provider's records say of an overdue text; without a receipt by now, none will come.

    Many networks send none, so nobody is told that it did not arrive.
    """
    text = queries.lock_text(session, text_id)
    if text is None:
        return
    settled = TextState.UNCONFIRMED if news is None or news is TextState.SENT else news
    place.text_is(text, settled, now=now)


def text_not_answered(session: Session, *, text_id: UUID, now: datetime) -> None:
    """The provider did not answer about a text: it is asked again later."""
    text = queries.lock_text(session, text_id)
    if text is not None and text.deadline_at is not None:
        text.deadline_at = max(text.deadline_at, now + TEXTS_ASKED_AGAIN_AFTER)


def needs_attention(session: Session, *, now: datetime) -> bool:
    """Whether anything is overdue or must be stopped."""
    return queries.is_anything_overdue(session, now=now)

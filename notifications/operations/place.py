"""Place calls and send texts: claim and commit first, then talk to the provider, then record what it said.

Each function is one short transaction's worth of work; `jobs` puts them around the network in the right order. A crash
between any two leaves a row that says how far it got, and `settle` finds out the rest without dialling again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from foundation.phone import Phone
from notifications import queries
from notifications.domain.call import CallState
from notifications.domain.leg import LegStatus
from notifications.domain.text import DEADLINES as TEXT_DEADLINES
from notifications.domain.text import FINAL as FINAL_TEXTS
from notifications.domain.text import OPTED_OUT, TextState, advance
from notifications.domain.trouble import LONGEST_PAUSE, PAUSES_AFTER
from notifications.models import CallRow, TextRow
from notifications.operations import follow, gate, opt_out
from notifications.telephony.port import CallOrder, TextOrder

A_LITTLE_LATE = timedelta(seconds=0.1)
"""A call that is no later than this does not delay those behind it; the line never runs ahead by more."""


def reserve_pace(session: Session, *, per_second: float, now: datetime) -> float:
    """Take the next place in the line of outgoing calls, shared by all workers: 0.0, or seconds to wait for one."""
    pace = queries.lock_pace(session, now=now)
    if pace.next_at > now:
        return (pace.next_at - now).total_seconds()
    every = timedelta(seconds=1 / per_second)
    has_rested = pace.next_at < now - min(every, A_LITTLE_LATE)  # else the next one need not be late as well
    pace.next_at = (now if has_rested else pace.next_at) + every
    if pace.failures >= PAUSES_AFTER:
        pace.next_at = now + LONGEST_PAUSE  # one call tries whether it works again; the rest wait for it
    return 0.0


def claim_call(session: Session, *, now: datetime) -> CallOrder | UUID | None:
    """Take the most urgent waiting call and mark it as handed over.

    Returns the order to place once this is committed; the id of a call that the gate withheld; None when none waits.
    """
    call = queries.next_waiting_call(session, now=now)
    if call is None:
        return None
    try:
        permit = gate.permit_call(session, call, now=now)
    except gate.Closed as closed:
        call.withheld = closed.because
        follow.move(session, call, now=now)
        return call.id
    call.handed_over_at = now
    call.rings += 1
    follow.move(session, call, now=now)
    return CallOrder(call_id=call.id, to=call.rings_counsellor, permit=permit)


def _locked(session: Session, call_id: UUID) -> CallRow:
    call = queries.lock_call(session, call_id)
    if call is None:
        raise LookupError(f"call {call_id} is not in the database")
    return call


def call_accepted(session: Session, *, call_id: UUID, provider_id: str, now: datetime) -> None:
    """The provider took it on. A webhook may have told us so before."""
    call = _locked(session, call_id)
    leg = call.leg("counsellor")
    leg.provider_id = leg.provider_id or provider_id
    leg.hear(LegStatus.QUEUED, at=now, now=now)
    call.taken_on_at = call.taken_on_at or now
    follow.move(session, call, now=now)


def call_not_placed(session: Session, *, call_id: UUID, now: datetime) -> None:
    """Nothing was dialled: put it back in the line. The only step back there is, and only before any evidence.

    It keeps its place: all workers wait (`trouble.dialling_failed`), and after that the most urgent goes first.
    """
    call = _locked(session, call_id)
    if call.taken_on_at is not None or call.state != CallState.PLACING:
        return  # a webhook proves that it was placed after all
    call.handed_over_at = None
    call.rings = 0
    call.state = CallState.WAITING
    call.state_at = now
    call.deadline_at = call.give_up_at


def call_refused(session: Session, *, call_id: UUID, code: str, now: datetime) -> None:
    """The provider will never connect this number."""
    call = _locked(session, call_id)
    call.refused = code
    follow.move(session, call, now=now)


def call_turned_away(session: Session, *, call_id: UUID, code: str, now: datetime) -> None:
    """The provider would not place this call, and the number is not known to be the reason."""
    call = _locked(session, call_id)
    call.turned_away = code
    follow.move(session, call, now=now)


def call_outcome_unknown(session: Session, *, call_id: UUID, now: datetime) -> None:
    """It may or may not have been placed; the reconciler finds out."""
    call = _locked(session, call_id)
    call.no_word_at = call.no_word_at or now
    follow.move(session, call, now=now)


def claim_text(session: Session, *, now: datetime) -> TextOrder | UUID | None:
    """Take the oldest waiting text and mark it as being sent; as `claim_call`. None while texts rest."""
    if queries.texts_rest(session, now=now):
        return None
    text = queries.next_waiting_text(session, now=now)
    if text is None:
        return None
    try:
        permit = gate.permit_text(session, text, now=now)
    except gate.Closed as closed:
        text.withheld = closed.because
        text_is(text, TextState.WITHHELD, now=now)
        return text.id
    text_is(text, TextState.SENDING, now=now)
    return TextOrder(text_id=text.id, to=Phone(text.phone), body=text.body, permit=permit)


def text_is(text: TextRow, news: TextState, *, now: datetime) -> None:
    """Move a text forward; old news changes nothing."""
    state = advance(TextState(text.state), news)
    if state == text.state:
        return
    text.state = state
    text.state_at = now
    text.deadline_at = None if state in FINAL_TEXTS else now + TEXT_DEADLINES[state]


def text_told(
    session: Session,
    *,
    text_id: UUID,
    news: TextState,
    provider_id: str | None = None,
    refused: str | None = None,
    now: datetime,
) -> None:
    """What the provider said of a text."""
    text = queries.lock_text(session, text_id)
    if text is None:
        raise LookupError(f"text {text_id} is not in the database")
    text.provider_id = text.provider_id or provider_id
    text.refused = text.refused or refused
    if refused == OPTED_OUT and text.phone:
        opt_out.opt_out(session, phone_digest=text.phone_digest, now=now)
    text_is(text, news, now=now)


def text_not_sent(session: Session, *, text_id: UUID, retry_after_s: float, now: datetime) -> None:
    """Nothing was sent: put it back in the line."""
    text = queries.lock_text(session, text_id)
    if text is None or text.state != TextState.SENDING:
        return  # a webhook proves that it was sent after all
    text.state = TextState.WAITING
    text.state_at = now
    text.due_at = now + timedelta(seconds=retry_after_s)
    text.deadline_at = text.give_up_at

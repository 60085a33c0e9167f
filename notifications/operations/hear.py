"""What the telephone company tells us becomes evidence; what it asks us, an answer.

Each function runs in the transaction that also stores the report, so a report that was answered was also kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation import sealed
from notifications import queries
from notifications.domain.call import FINAL, CallState, Press
from notifications.domain.leg import LegStatus
from notifications.domain.text import from_provider
from notifications.models import CallRow, IssuedRow, OnTheLineRow, ReportRow
from notifications.operations import arrow, follow, gate, opt_out, place
from notifications.operations.order import CHECK

INBOUND_LASTS = timedelta(seconds=60)
"""Our greeting, in two languages, takes half of this; the rest is for putting the telephone down."""

TAKE_KEY, NOT_ME_KEY = "1", "9"
"""What whoever answers the visitor's telephone can press."""


class VisitorsKey(StrEnum):
    """What follows a key that was pressed on the visitor's telephone."""

    CONNECT = "connect"
    """The two are connected."""
    GOODBYE = "goodbye"
    """They said that the call is not for them."""
    HANG_UP = "hang_up"
    """Not a word more."""


_KEPT = frozenset(
    {
        "CallStatus",
        "SequenceNumber",
        "CallDuration",
        "SipResponseCode",
        "DialCallStatus",
        "DialCallDuration",
        "DialBridged",
        "Digits",
        "MessageStatus",
        "ErrorCode",
        "AnsweredBy",
        "OptOutType",
        "Timestamp",
    }
)
"""The fields that are kept of a report: none of them can hold a number, a name or a sentence."""


def is_news(
    session: Session,
    *,
    kind: str,
    subject_id: UUID | None,
    provider_id: str | None,
    fields: Iterable[tuple[str, str]],
    now: datetime,
) -> bool:
    """Store a report; False when the very same one was stored before."""
    listed = sorted(fields)
    digest = hashlib.sha256(repr((kind, str(subject_id), listed)).encode()).digest()
    stored = session.execute(
        insert(ReportRow)
        .values(
            digest=digest,
            kind=kind,
            subject_id=subject_id,
            provider_id=provider_id,
            received_at=now,
            facts={name: value for name, value in listed if name in _KEPT},
        )
        .on_conflict_do_nothing()
        .returning(ReportRow.kind)
    )
    return stored.first() is not None


def leg_status(
    session: Session,
    *,
    call_id: UUID,
    role: str,
    provider_id: str,
    status: LegStatus,
    duration_s: int,
    sip_code: str | None,
    at: datetime | None,
    now: datetime,
) -> None:
    """News of one leg. A leg that belongs to another placing of the same call changes nothing."""
    call = queries.lock_call(session, call_id)
    if call is None:
        return  # a call that was erased: nobody is left to tell
    leg = call.leg(role)
    if leg.provider_id not in (None, provider_id):
        return  # a second placing that the reconciler ends; it is not this call
    leg.provider_id = provider_id
    leg.hear(status, duration_s=duration_s, at=at, sip_code=sip_code, now=now)
    call.taken_on_at = call.taken_on_at or now
    follow.move(session, call, now=now)


def counsellor_answered(session: Session, *, call_id: UUID, provider_id: str, now: datetime) -> CallRow | None:
    """The counsellor's telephone was answered: the call for which to ask for a key press (None: too late, hang up)."""
    call = queries.lock_call(session, call_id)
    if call is None or call.cancelled_at is not None or CallState(call.state) in FINAL:
        return None
    leg = call.leg("counsellor")
    if leg.provider_id not in (None, provider_id):
        return None
    leg.provider_id = provider_id
    leg.hear(LegStatus.IN_PROGRESS, at=now, now=now)
    call.taken_on_at = call.taken_on_at or now
    call.prompted_at = call.prompted_at or now
    follow.move(session, call, now=now)
    return call


def counsellor_pressed(
    session: Session, *, call_id: UUID, provider_id: str, digits: str, now: datetime
) -> CallRow | None:
    """A key, or none. The call whose visitor is to be rung now, or the check that was confirmed; None when it was
    passed on, is too late, or was pressed on another leg than the counsellor's.

    The gate is asked once more: the visitor may have withdrawn, or their safe time ended, while the telephone rang.
    """
    call = queries.lock_call(session, call_id)
    if call is None or call.ended_at is not None or call.press is not None:
        return None
    leg = call.leg("counsellor")
    if leg.provider_id not in (None, provider_id):
        return None  # a second placing, or the visitor's own telephone
    leg.provider_id = provider_id
    if digits != "1":
        call.press = Press.PASSED
        call.pressed_at = now
        follow.move(session, call, now=now)
        return None
    try:
        gate.permit_call_on(session, call, now=now)
    except gate.Closed as closed:
        call.withheld = closed.because
        call.cancelled_at = call.cancelled_at or now
        follow.move(session, call, now=now)
        return None
    call.press = Press.CONFIRMED if call.purpose == CHECK else Press.TOOK
    call.pressed_at = now
    follow.move(session, call, now=now)
    return call


def visitor_answered(session: Session, *, call_id: UUID, provider_id: str, now: datetime) -> bool:
    """The visitor's telephone was answered: whether to greet and connect (False: hang up)."""
    call = queries.lock_call(session, call_id)
    if call is None or call.cancelled_at is not None or call.press != Press.TOOK:
        return False
    leg = call.leg("visitor")
    if leg.provider_id not in (None, provider_id):
        return False
    leg.provider_id = provider_id
    leg.hear(LegStatus.IN_PROGRESS, at=now, now=now)
    call.greeted_at = call.greeted_at or now
    follow.move(session, call, now=now)
    return True


def visitor_pressed(session: Session, *, call_id: UUID, provider_id: str, digits: str, now: datetime) -> VisitorsKey:
    """A key that whoever answered the visitor's telephone pressed: what follows."""
    call = queries.lock_call(session, call_id)
    if call is None or call.ended_at is not None or call.leg("visitor").provider_id not in (None, provider_id):
        return VisitorsKey.HANG_UP
    if digits == NOT_ME_KEY:
        call.denied_at = call.denied_at or now
        digest = sealed.digest(call.visitor_phone)
        arrow.follower().said_not_me(session, phone_digest=digest, call_id=call_id, now=now)
        return VisitorsKey.GOODBYE
    takes_it = digits == TAKE_KEY or not arrow.follower().screens_call(session, call_id=call_id)
    return VisitorsKey.CONNECT if takes_it and call.cancelled_at is None else VisitorsKey.HANG_UP


def not_me(session: Session, *, phone: str, now: datetime) -> None:
    """The owner of this number texts that they did not ask for a call."""
    arrow.follower().said_not_me(session, phone_digest=sealed.digest(phone), call_id=None, now=now)


def dial_over(
    session: Session,
    *,
    call_id: UUID,
    visitor_leg_id: str | None,
    status: LegStatus,
    duration_s: int,
    bridged: bool,
    is_back: bool = True,
    now: datetime,
) -> CallState | None:
    """The visitor's leg is over: the state that this shows.

    `is_back`: the counsellor is still there. When their line went first, how the visitor's ended is a consequence and
    says nothing of the visitor; the visitor's own news will tell.
    """
    call = queries.lock_call(session, call_id)
    if call is None:
        return None
    leg = call.leg("visitor")
    leg.provider_id = leg.provider_id or visitor_leg_id
    if is_back:
        leg.hear(status, duration_s=duration_s, at=now, now=now)
        call.dial_over_at = call.dial_over_at or now
    call.dial_bridged = call.dial_bridged or bridged
    return follow.move(session, call, now=now)


def answer_once(session: Session, *, provider_id: str, step: str, xml: str, now: datetime) -> str:
    """Keep the instructions for a step, so that a repeated question gets the very same ones."""
    session.add(IssuedRow(provider_id=provider_id, step=step, xml=xml, issued_at=now))
    return xml


def text_status(
    session: Session, *, text_id: UUID, provider_id: str, status: str, code: str | None, now: datetime
) -> None:
    """News of a text; words that we do not know change nothing."""
    news = from_provider(status)
    if news is None or queries.lock_text(session, text_id) is None:
        return  # an unknown word is kept in the report; an erased text has nobody to tell
    place.text_told(session, text_id=text_id, news=news, provider_id=provider_id, refused=code, now=now)


def stop_texts(session: Session, *, phone: str, now: datetime) -> None:
    """The owner of this number replied STOP: mirrored here, so that we never try again."""
    opt_out.opt_out(session, phone_digest=sealed.digest(phone), now=now)


def somebody_rings(session: Session, *, phone: str, now: datetime) -> None:
    """Whoever rings us is not rung by us meanwhile."""
    until = now + INBOUND_LASTS
    session.execute(
        insert(OnTheLineRow)
        .values(phone_digest=sealed.digest(phone), until=until)
        .on_conflict_do_update(index_elements=[OnTheLineRow.phone_digest], set_={"until": until})
    )
    session.execute(delete(OnTheLineRow).where(OnTheLineRow.until < now))


def start_texts(session: Session, *, phone: str) -> None:
    """The owner of this number replied START."""
    opt_out.opt_in(session, phone_digest=sealed.digest(phone))

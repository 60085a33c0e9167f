"""The safe-contact gate: the last thing before a number is dialled or a text is sent.

Only this module makes a `Permit`, and the telephone port takes no order without one. The gate looks at the state of
things at this very moment, inside the transaction that hands the order over: whether the visitor still wants the call,
whether it is a safe time, whether texts are allowed, whether the number opted out.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from foundation import sealed
from foundation.phone import Phone
from notifications import queries
from notifications.models import CallRow, TextRow
from notifications.operations.arrow import follower
from notifications.operations.order import ALARM, CHECK
from notifications.telephony.port import Permit


class Closed(Exception):
    """The gate is closed for this order; `because` is a stable word, never personal."""

    def __init__(self, because: str) -> None:
        super().__init__(because)
        self.because = because


def permit_call(session: Session, call: CallRow, *, now: datetime) -> Permit:
    """A permit to ring for this call, now. Raises Closed."""
    if now >= call.give_up_at:
        raise Closed("too_late")
    return permit_waiting(session, call, now=now)


def permit_waiting(session: Session, call: CallRow, *, now: datetime) -> Permit:
    """A permit to go on waiting for a turn to ring, here or at the telephone company. Raises Closed."""
    if because := follower().permits_offer(session, call_id=call.id, purpose=call.purpose, now=now):
        raise Closed(because)
    return permit_call_on(session, call, now=now)


def permit_call_on(session: Session, call: CallRow, *, now: datetime) -> Permit:
    """A permit to ring the visitor of a call that a counsellor has just taken. Raises Closed.

    In a check of a telephone nobody else is rung: then it is about that telephone.
    """
    if call.cancelled_at is not None:
        raise Closed("cancelled")
    rung = call.counsellor_phone if call.purpose == CHECK else call.visitor_phone
    if queries.is_on_the_line(session, phone_digest=sealed.digest(rung), now=now):
        raise Closed("on_the_line")
    if because := follower().permits_call(session, call_id=call.id, purpose=call.purpose, now=now):
        raise Closed(because)
    return Permit(subject_id=call.id, at=now)


def permit_text(session: Session, text: TextRow, *, now: datetime) -> Permit:
    """A permit to send this text, now. Raises Closed."""
    if now >= text.give_up_at:
        raise Closed("too_late")
    if queries.has_opted_out(session, phone_digest=text.phone_digest):
        raise Closed("opted_out")
    if not Phone(text.phone).is_mobile:
        raise Closed("landline")  # whoever it is for: a machine would read it aloud
    if text.purpose == ALARM:
        return Permit(subject_id=text.id, at=now)  # to our own lead on call, about the service: no visitor's consent
    if because := follower().permits_text(session, text_id=text.id, now=now):
        raise Closed(because)
    return Permit(subject_id=text.id, at=now)

"""Decide that a call is to be made or a text sent: the row is the outbox, the bell rings after the commit."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import doorbell, sealed
from foundation.doorbell import Bell
from foundation.phone import Phone
from notifications import queries
from notifications.domain.call import CallState
from notifications.domain.text import TextState
from notifications.models import CallRow, TextRow
from notifications.operations import follow

ALARM = "alarm"
"""The purpose of a text to the lead on call."""

CHECK = "phone_check"
"""The purpose of a call that rings one telephone only and asks for a key press."""

_NOBODY = Phone("")
_AFTER_ALL_VISITORS = 100  # no request for a call ever waits for a check

CALL_GOES_STALE_AFTER = timedelta(minutes=2)
"""A call that was not placed by then goes back to matching: the counsellor may have gone."""


def order_call(
    session: Session,
    *,
    counsellor: Phone,
    visitor: Phone,
    whisper: str,
    shows_number: bool,
    purpose: str,
    priority: int,
    now: datetime,
) -> UUID:
    """Have a counsellor rung and, after a press of 1, the visitor. Lower priorities go first.

    Flush before a row that points at the call is added.
    """
    call = CallRow(
        id=uuid4(),
        purpose=purpose,
        counsellor_phone=counsellor.e164,
        visitor_phone=visitor.e164,
        whisper=whisper,
        shows_number=shows_number,
        state=CallState.WAITING,
        state_at=now,
        priority=priority,
        created_at=now,
        due_at=now,
        give_up_at=now + CALL_GOES_STALE_AFTER,
        deadline_at=now + CALL_GOES_STALE_AFTER,
        rings=0,
        asked_provider=0,
    )
    session.add(call)
    doorbell.ring_after_commit(session, Bell.DIAL)
    return call.id


def order_check(session: Session, *, to: Phone, now: datetime) -> UUID:
    """Have a telephone rung and whoever answers it asked for a key press; nobody else is rung."""
    call_id = order_call(
        session,
        counsellor=to,
        visitor=_NOBODY,
        whisper="",
        shows_number=True,
        purpose=CHECK,
        priority=_AFTER_ALL_VISITORS,
        now=now,
    )
    session.flush()
    return call_id


class StillTalking(Exception):
    """The two are talking: whoever asked for the call to be stopped may not be one of them. Nothing was changed."""


def cancel_call(session: Session, *, call_id: UUID, now: datetime) -> None:
    """Stop a call wherever it stands; one that is over stays as it is. Raises StillTalking."""
    call = queries.lock_call(session, call_id)
    if call is None or call.ended_at is not None or call.cancelled_at is not None:
        return  # nothing is left to stop
    if call.is_talking(now=now):
        raise StillTalking
    call.cancelled_at = now
    follow.move(session, call, now=now)
    if call.ended_at is None:
        if call.counsellor_leg_id is not None:
            call.deadline_at = now
        doorbell.ring_after_commit(session, Bell.SETTLE)


def order_text(
    session: Session,
    *,
    to: Phone,
    body: str,
    purpose: str,
    reason_key: str,
    give_up_at: datetime,
    not_before: datetime | None = None,
    now: datetime,
) -> UUID | None:
    """Have a text sent, once for each `reason_key`, now or when `not_before` has come; None when it was ordered
    before.
    """
    if session.scalar(select(TextRow.id).where(TextRow.reason_key == reason_key)):
        return None
    row = TextRow(
        id=uuid4(),
        purpose=purpose,
        reason_key=reason_key,
        phone=to.e164,
        phone_digest=sealed.digest(to.e164),
        body=body,
        state=TextState.WAITING,
        state_at=now,
        created_at=now,
        due_at=max(now, not_before or now),
        give_up_at=give_up_at,
        deadline_at=give_up_at,
    )
    session.add(row)
    session.flush()
    doorbell.ring_after_commit(session, Bell.TEXT)
    return row.id

"""Tell the visitor something by text, if and only if they allowed it; the gate asks again before it goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, Refused, may_text
from callbacks.domain.window import Span
from callbacks.models import AttemptRow, CallbackRow, SentRow
from callbacks.operations import history
from foundation.language import said, speaking
from notifications.domain import wording as texts
from notifications.models import TextRow
from notifications.operations import order

STALE_AFTER = timedelta(minutes=10)
"""A text about something that just happened is not sent later than this: it would be untrue, or unsafe."""


CUT_OFF = "cut-off"
"""The purpose of a text to whoever answered, and was cut off by us."""

RUNG_AGAIN_WITHIN = timedelta(seconds=30)
"""Whoever was cut off is rung again so soon, or told by text that we are sorry."""


def refused(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> Refused | None:
    """Why the visitor may not be texted at this moment, by what is in force now; None when they may."""
    gave_up = callback.status == Status.CLOSED_NO_CONTACT  # its last text says so
    return may_text(
        closed=not callback.is_open and not gave_up,
        barred=queries.barred(session, callback, now=now),
        contact=queries.contact_in_force(session, callback),
        is_mobile=callback.dialled.is_mobile,
        wanted=callback.as_wanted(),
        now=now,
        zone=zone,
    )


def _send(
    session: Session,
    callback: CallbackRow,
    *,
    body: str,
    purpose: str,
    key: str,
    not_before: datetime | None = None,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    if callback.sms == MessageRule.NO:
        return  # they allowed none, and what is in force can only be stricter: most requests need no more questions
    if refused(session, callback, zone=zone, now=now) is not None:
        return  # the visitor did not allow it: not a failure, and nothing to note
    text_id = order.order_text(
        session,
        to=callback.dialled,
        body=body,
        purpose=purpose,
        reason_key=f"{purpose}:{callback.id}:{key}",
        give_up_at=now + STALE_AFTER,
        not_before=not_before,
        now=now,
    )
    if text_id is not None:
        session.add(SentRow(text_id=text_id, callback_id=callback.id))
        history.note(session, callback, wording.TEXT_ORDERED.format(purpose=purpose), now=now)


def confirm(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> None:
    """Confirm the request and its promise."""
    promise = callback.promise
    if promise is not None:
        with speaking(callback.locale):
            body = texts.text_confirmation(from_=promise.starts_at, until=promise.ends_at, zone=zone, now=now)
        _send(session, callback, body=body, purpose="confirmation", key="1", zone=zone, now=now)


def may_be_later(
    session: Session, callback: CallbackRow, *, likely: Span | None, zone: ZoneInfo, now: datetime
) -> None:
    """Say that it may be later than we promised, and when it is likely; or that they can choose another time."""
    with speaking(callback.locale):
        body = texts.text_later(likely=(likely.starts_at, likely.ends_at) if likely else None, zone=zone, now=now)
    key = f"{callback.promised_until:%Y%m%d%H%M}"
    _send(session, callback, body=body, purpose="apology", key=key, zone=zone, now=now)


def tried(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> None:
    """Say that we rang and were not answered, and what follows. Nothing is said while a supervisor decides that."""
    if callback.needs_new_time:
        body = texts.TEXT_TRIED_NEW_TIME
    elif callback.status == Status.RETRY_DUE:
        body = texts.TEXT_TRIED
    elif callback.status == Status.CLOSED_NO_CONTACT:
        body = texts.TEXT_TRIED_LAST
    else:
        return
    with speaking(callback.locale):
        body = said(body)
    _send(session, callback, body=body, purpose="tried", key=str(callback.rings_made), zone=zone, now=now)


def cut_off(session: Session, callback: CallbackRow, attempt: AttemptRow, *, zone: ZoneInfo, now: datetime) -> None:
    """Say that we are sorry, unless they are rung again within half a minute; then the telephone says it."""
    if callback.status != Status.RETRY_DUE:
        return  # a supervisor decides first
    with speaking(callback.locale):
        body = said(texts.TEXT_CUT_OFF)
    again = now + RUNG_AGAIN_WITHIN
    key = str(attempt.number)
    _send(session, callback, body=body, purpose=CUT_OFF, key=key, not_before=again, zone=zone, now=now)


def is_overtaken(session: Session, callback: CallbackRow, *, text_id: UUID) -> bool:
    """Whether a text says that we will ring again, and we have."""
    text = session.get_one(TextRow, text_id)
    return text.purpose == CUT_OFF and queries.has_rung_since(session, callback.id, since=text.created_at)

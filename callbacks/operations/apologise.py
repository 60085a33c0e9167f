"""Tell the visitor before a promise is missed, not after: once, on their page and, where it is allowed, by text."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.promise import PromiseState
from callbacks.domain.window import Asap, Span
from callbacks.models import ApologyRow, CallbackRow
from callbacks.operations import history, offers, promises, tell

SAID_BEFORE = timedelta(minutes=5)
"""With less than this left nobody can be sure that the promise is kept: then it is said, while it is still true."""


def apologise(session: Session, *, zone: ZoneInfo, now: datetime) -> int:
    """Tell whoever waits for a promise that we may break; how many were told."""
    waiting = queries.promised_and_not_told(session, until=now + offers.OFFERED_FOR)
    stands = promises.stand(session, waiting, now=now)
    told = 0
    for callback in waiting:
        if _is_at_risk(callback, stands[callback.id], now):
            _say_sorry(session, callback, zone=zone, now=now)
            told += 1
    return told


def _is_at_risk(callback: CallbackRow, stands: promises.Stands, now: datetime) -> bool:
    quoted = callback.promise
    if quoted is None or stands.state not in (PromiseState.ENDANGERED, PromiseState.LATE):
        return False
    return not stands.is_covered or now >= quoted.ends_at - SAID_BEFORE


def _say_sorry(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> None:
    likely = _likely(session, callback, zone=zone, now=now)
    session.add(
        ApologyRow(
            callback_id=callback.id,
            promised_until=callback.promised_until,
            told_at=now,
            likely_from=likely.starts_at if likely else None,
            likely_until=likely.ends_at if likely else None,
        )
    )
    history.note(session, callback, wording.SAID_SORRY, now=now)
    tell.may_be_later(session, callback, likely=likely, zone=zone, now=now)


def _likely(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> Span | None:
    """When it is likely instead; None for whoever chose an hour that is gone: only they can choose another."""
    if not isinstance(callback.as_when(), Asap):
        return None
    not_before = max(now, callback.next_try_at)
    soon = offers.soon_for(session, callback, not_before=not_before, not_after=callback.never_after, zone=zone, now=now)
    return offers.asap_promise(session, soon, now=now)

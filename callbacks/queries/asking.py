"""What was asked before: under one key, from one network, for one number, and how much was spent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callbacks.models import CallbackRow, IdempotencyRow
from notifications.models import CallRow, TextRow

_REQUESTERS = 7_283  # the first half of locks of two halves, which never meet those of one


def spent(session: Session, *, since: datetime) -> int:
    """How many calls and texts were ordered since then: each costs money."""
    calls = select(func.count()).where(CallRow.created_at > since)
    texts = select(func.count()).where(TextRow.created_at > since)
    return int(session.scalar(calls) or 0) + int(session.scalar(texts) or 0)


def lock_requester(session: Session, requester: bytes) -> None:
    """Let those who ask from one network ask one after the other, until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(_REQUESTERS, int.from_bytes(requester[:4], signed=True))))


def asked_nth_last(
    session: Session, n: int, *, requester: bytes | None = None, channel: str | None = None, since: datetime
) -> datetime | None:
    """When the nth newest request since then was made; None when there are fewer.

    From one network, or from strangers of all networks through one channel.
    """
    question = select(CallbackRow.asked_at).where(CallbackRow.asked_at > since).order_by(CallbackRow.asked_at.desc())
    if requester is not None:
        question = question.where(CallbackRow.requester == requester)
    else:
        question = question.where(CallbackRow.channel == channel, CallbackRow.requester.is_not(None))
    return session.scalar(question.offset(n - 1).limit(1))


def count_asked_for(session: Session, *, phone_digest: bytes, since: datetime) -> int:
    """How many requests for a number were made since then."""
    question = select(func.count()).where(CallbackRow.phone_digest == phone_digest, CallbackRow.asked_at > since)
    return int(session.scalar(question) or 0)


def idempotent(session: Session, key_digest: bytes) -> IdempotencyRow:
    """What was answered under a caller's key."""
    return session.scalars(
        select(IdempotencyRow).where(IdempotencyRow.key_digest == key_digest).execution_options(populate_existing=True)
    ).one()

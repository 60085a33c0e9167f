"""What happens when the deadline of a request passes: every state that is not final has one, and an owner."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.lifecycle import Event, Status
from callbacks.models import CallbackRow, IdempotencyRow
from callbacks.operations import history
from callbacks.operations.follow_call import OUTCOME_WITHIN, REVIEW_WITHIN

KEYS_ARE_KEPT = timedelta(hours=24)
"""A repeated request is recognised for this long."""


def keep_deadlines(session: Session, *, now: datetime) -> int:
    """Move every request whose deadline has passed; how many there were."""
    rows = queries.overdue(session, now=now)
    for callback in rows:
        _pass_deadline(session, callback, now=now)
    return len(rows)


def _pass_deadline(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    status = Status(callback.status)
    if status is Status.QUEUED and callback.rings_made == 0:
        callback.move(Event.RUN_OUT, due_by=None, now=now)
        history.note(session, callback, wording.RAN_OUT, now=now)
    elif status in (Status.QUEUED, Status.RETRY_DUE):
        _hold(session, callback, ReviewReason.SAFE_TIMES_OVER, "the safe times are over", now=now)
    elif status is Status.IN_CALL and queries.open_attempt(session, callback.id) is None:
        _hold(session, callback, ReviewReason.OUTCOME_MISSING, wording.OUTCOME_MISSING.lower().rstrip("."), now=now)
    elif status is Status.NEEDS_REVIEW:
        callback.due_by = now + REVIEW_WITHIN  # it stays on the supervisor's list, marked as late
    else:
        callback.due_by = now + OUTCOME_WITHIN  # its call has deadlines of its own and will end first


def _hold(session: Session, callback: CallbackRow, reason: ReviewReason, words: str, *, now: datetime) -> None:
    callback.move(Event.HOLD, due_by=now + REVIEW_WITHIN, now=now)
    callback.review_reason = reason
    history.note(session, callback, wording.HELD.format(reason=words), now=now)


def forget_keys(session: Session, *, now: datetime) -> None:
    """Forget the callers' keys that are old enough."""
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now - KEYS_ARE_KEPT))

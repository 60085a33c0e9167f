"""What happens when the deadline of a request passes: every state that is not final has one, and an owner."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import EMERGENCY_LOOKED_AT_WITHIN, ReviewReason
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Event, Status
from callbacks.models import CallbackRow, IdempotencyRow
from callbacks.operations import history
from callbacks.operations.follow_call import OUTCOME_WITHIN, REVIEW_WITHIN
from notifications.domain.wording import TEXT_OUTCOME_OWED
from rota import queries as rota
from rota.operations.tell import tell

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
        callback.case_outcome = CaseOutcome.NOT_REACHED
        callback.move(Event.RUN_OUT, due_by=None, now=now)
        history.note(session, callback, wording.RAN_OUT, now=now)
    elif status in (Status.QUEUED, Status.RETRY_DUE):
        _hold(session, callback, ReviewReason.SAFE_TIMES_OVER, "the safe times are over", now=now)
    elif status is Status.IN_CALL and queries.open_attempt(session, callback.id) is None:
        if _remind(session, callback, now=now):
            return
        _hold(session, callback, ReviewReason.OUTCOME_MISSING, wording.OUTCOME_MISSING.lower().rstrip("."), now=now)
    elif status is Status.NEEDS_REVIEW:
        within = EMERGENCY_LOOKED_AT_WITHIN if callback.is_held_emergency else REVIEW_WITHIN
        callback.due_by = now + within  # it stays on the supervisor's list, marked as late
    else:
        callback.due_by = now + OUTCOME_WITHIN  # its call has deadlines of its own and will end first


def _remind(session: Session, callback: CallbackRow, *, now: datetime) -> bool:
    """Remind the counsellor once that the outcome is owed; whether there is time for that before a supervisor looks."""
    attempt = queries.owing_attempt(session, callback.id)
    if attempt is None or attempt.ended_at is None or attempt.reminded_at is not None:
        return False
    last = attempt.ended_at + OUTCOME_WITHIN
    if now >= last:
        return False
    attempt.reminded_at, callback.due_by = now, last
    person = rota.find_counsellor(session, counsellor_id=attempt.counsellor_id)
    if person is not None:
        key = f"outcome:{attempt.id}"
        tell(session, person=person, body=TEXT_OUTCOME_OWED, reason_key=key, give_up_at=last, now=now)
    history.note(session, callback, wording.REMINDED, now=now)
    return True


def _hold(session: Session, callback: CallbackRow, reason: ReviewReason, words: str, *, now: datetime) -> None:
    callback.move(Event.HOLD, due_by=now + REVIEW_WITHIN, now=now)
    callback.review_reason = reason
    history.note(session, callback, wording.HELD.format(reason=words), now=now)


def forget_keys(session: Session, *, now: datetime) -> None:
    """Forget the callers' keys that are old enough."""
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now - KEYS_ARE_KEPT))

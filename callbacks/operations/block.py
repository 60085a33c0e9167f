"""A supervisor decides that a number is not rung or texted any more, whoever asks; and lifts it again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import BlockedFor, BlockReason
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import Refused
from callbacks.models import BlockedNumberRow, CallbackRow
from callbacks.operations import history, not_them
from callbacks.operations.note_that import note_that
from notifications.operations import order

_LASTS = {BlockedFor.A_DAY: timedelta(hours=24), BlockedFor.A_MONTH: timedelta(days=30)}

_HELD_AT_ONCE = frozenset({Status.QUEUED, Status.RETRY_DUE, Status.ASSIGNED})
"""Whatever might ring by itself; a conversation under way is not cut, and what is in review stays there."""


def block(
    session: Session, callback: CallbackRow, *, because: BlockReason, lasts: BlockedFor, staff_id: int, now: datetime
) -> None:
    """Block the number of a request. Every open request for it waits for a supervisor; a ringing call is stopped."""
    given = {
        "because": because,
        "blocked_at": now,
        "until": now + _LASTS[lasts] if lasts in _LASTS else None,
        "blocked_by": staff_id,
    }
    row = insert(BlockedNumberRow).values(phone_digest=callback.phone_digest, **given)
    session.execute(row.on_conflict_do_update(index_elements=[BlockedNumberRow.phone_digest], set_=given))
    session.expire_all()
    for other in queries.open_with_number(session, phone_digest=callback.phone_digest):
        attempt = queries.open_attempt(session, other.id)
        if attempt is not None and other.status == Status.ASSIGNED:
            order.cancel_call(session, call_id=attempt.call_id, now=now)
        queries.lock(session, other.id)
        if other.status in _HELD_AT_ONCE:
            other.counsellor_id = None
            not_them.hold(session, other, Refused.BLOCKED, now=now)
    words = wording.BLOCKED_BY.format(because=because.label[0].lower() + because.label[1:])
    history.note(session, callback, words, actor_id=staff_id, now=now)
    note_that(session, "number_blocked", callback, after={"because": because, "lasts": lasts}, by=staff_id, now=now)


def unblock(session: Session, callback: CallbackRow, *, staff_id: int, now: datetime) -> None:
    """Lift it. What was held stays with the supervisors, who put it back in the queue one by one."""
    row = session.get(BlockedNumberRow, callback.phone_digest)
    if row is None:
        return  # somebody else has just lifted it
    session.delete(row)
    history.note(session, callback, wording.UNBLOCKED, actor_id=staff_id, now=now)
    note_that(session, "number_unblocked", callback, after={}, by=staff_id, now=now)

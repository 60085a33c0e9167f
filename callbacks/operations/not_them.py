"""Whoever has this number did not ask for a call: it is never rung again for whoever asks from the same network.

They say so to a counsellor, by a key while we greet them, or by text. Whoever asked is told nothing of it, neither then
nor when they ask again: else they would learn that the number's owner has spoken to us.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import CLOSED, Event, Status
from callbacks.domain.safe_contact import Refused
from callbacks.domain.triage import Urgency
from callbacks.models import CallbackRow, NotThemRow
from callbacks.operations import history, release_place
from notifications.operations import order


def remember(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """Never ring this number for whoever asked. Nothing is kept when it is not known who that was."""
    if callback.requester is None:
        return
    said = insert(NotThemRow).values(phone_digest=callback.phone_digest, requester=callback.requester, said_at=now)
    session.execute(said.on_conflict_do_nothing())


def denied(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """The owner of the number said so: remember it, and close the request; an emergency goes to a supervisor instead.

    Whoever calls this holds the request's lock, and its call's before that.
    """
    remember(session, callback, now=now)
    if callback.status in CLOSED:
        return  # what was over stays as it was; it is remembered for what comes
    callback.counsellor_id = None
    history.note(session, callback, wording.SAID_NOT_THEM, now=now)
    if callback.as_urgency is not Urgency.EMERGENCY:
        callback.case_outcome = CaseOutcome.WRONG_NUMBER
        callback.move(Event.DENY, due_by=None, now=now)
        release_place.release(session, callback_id=callback.id)
    elif callback.status == Status.NEEDS_REVIEW:
        callback.review_reason = ReviewReason.NOT_THEM
    else:
        hold(session, callback, Refused.NOT_THEM, now=now)


def denied_by_text(session: Session, *, phone_digest: bytes, now: datetime) -> None:
    """The same, for every open request for this number; a conversation under way is not cut."""
    for callback in queries.open_with_number(session, phone_digest=phone_digest):
        attempt = queries.open_attempt(session, callback.id)
        if attempt is not None and callback.status == Status.ASSIGNED:
            order.cancel_call(session, call_id=attempt.call_id, now=now)
        queries.lock(session, callback.id)
        if callback.status == Status.IN_CALL:
            remember(session, callback, now=now)
        else:
            denied(session, callback, now=now)


_HELD = {
    Refused.NOT_THEM: (ReviewReason.NOT_THEM, wording.NOT_THEM),
    Refused.BLOCKED: (ReviewReason.BLOCKED, wording.NUMBER_BLOCKED),
}


def hold(session: Session, callback: CallbackRow, barred: Refused, *, now: datetime) -> None:
    """A supervisor looks at it, and meanwhile the gate does not ring the number for it."""
    callback.review_reason, words = _HELD[barred]
    callback.move(Event.HOLD, due_by=callback.never_after, now=now)
    history.note(session, callback, words, now=now)

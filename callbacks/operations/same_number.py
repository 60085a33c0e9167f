"""Two open requests for one number: a person decides, and until then the strictest permissions hold for both.

The visitor is told nothing of it: the same words as ever, and their own answers as they gave them, because whoever asks
may not be whoever asked before. So permissions are compared whenever they are used, and never written over.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.lifecycle import Event, Status
from callbacks.models import CallbackRow
from callbacks.operations import history


def notice(session: Session, callback: CallbackRow) -> bool:
    """Whether another open request has this number; the request remembers which."""
    others = [
        other
        for other in queries.open_with_number(session, phone_digest=callback.phone_digest, other_than=callback.id)
        if other.status != Status.IN_CALL
    ]
    if others:
        callback.possible_duplicate_of = others[0].id
    return bool(others)


def hold(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """Have a supervisor look at it before anybody is rung for it."""
    callback.review_reason = ReviewReason.POSSIBLE_DUPLICATE
    callback.move(Event.HOLD, due_by=callback.never_after, now=now)
    history.note(session, callback, wording.HELD.format(reason="another open request has this number"), now=now)

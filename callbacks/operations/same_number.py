"""Two open requests for one number: the strictest permissions win for both, and a person decides.

The visitor is told nothing of it: the same words as ever, because whoever asks may not be whoever asked before.
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


def heed(session: Session, callback: CallbackRow) -> bool:
    """Let the strictest permissions hold for every open request for this number; whether there is another.

    A last day ends only the request that named it: else whoever knows a number could stop somebody else's call.
    """
    others = [
        other
        for other in queries.open_with_number(session, phone_digest=callback.phone_digest, other_than=callback.id)
        if other.status != Status.IN_CALL
    ]
    if not others:
        return False
    callback.possible_duplicate_of = others[0].id
    for other in others:
        strictest = other.as_contact().strictest_with(callback.as_contact())
        for row in (other, callback):
            row.voicemail, row.sms = strictest.voicemail, strictest.sms
            row.third_party, row.caller_id = strictest.third_party, strictest.caller_id
    return True


def hold(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """Have a supervisor look at it before anybody is rung for it."""
    callback.review_reason = ReviewReason.POSSIBLE_DUPLICATE
    callback.move(Event.HOLD, due_by=callback.never_after, now=now)
    history.note(session, callback, wording.HELD.format(reason="another open request has this number"), now=now)

"""A request that nobody on the team may ring for: a supervisor is asked at once, in time to find somebody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks.domain import wording
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.lifecycle import Event
from callbacks.models import CallbackRow
from callbacks.operations import history


def hold(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """Have a supervisor look at it: teach the rota the language, lend the skill, or ring by other means."""
    callback.review_reason = ReviewReason.NOBODY_ABLE
    callback.move(Event.HOLD, due_by=callback.never_after, now=now)
    history.note(session, callback, wording.NOBODY_ABLE, now=now)

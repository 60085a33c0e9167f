"""Whoever has this number did not ask for a call: it is never rung again for whoever asks from the same network."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Event
from callbacks.domain.triage import Urgency
from callbacks.models import CallbackRow, NotThemRow
from callbacks.operations import history


class NumberDenied(Exception):
    """The owner of this number has said that they did not ask: another number can be given."""


def remember(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """A counsellor heard it from whoever answered. Nothing is kept when it is not known where it was asked from."""
    if callback.requester is None:
        return
    said = insert(NotThemRow).values(phone_digest=callback.phone_digest, requester=callback.requester, said_at=now)
    session.execute(said.on_conflict_do_nothing())


def refuse(session: Session, callback: CallbackRow, *, now: datetime) -> bool:
    """Refuse a new request that the owner of its number does not want; whether it was refused.

    An emergency is never refused by a rule: a supervisor looks at it. The gate rings the number for neither.
    """
    if not queries.is_denied(session, callback):
        return False
    if callback.as_urgency is Urgency.EMERGENCY:
        callback.review_reason = ReviewReason.NOT_THEM
        callback.move(Event.HOLD, due_by=callback.never_after, now=now)
    else:
        callback.case_outcome = CaseOutcome.WRONG_NUMBER
        callback.move(Event.REFUSE, due_by=None, now=now)
    history.note(session, callback, wording.NOT_THEM, now=now)
    return True

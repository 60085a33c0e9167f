"""The visitor cancels the request. Once this has returned and is committed, no telephone of theirs will ring."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import CLOSED, Event, Status
from callbacks.models import CallbackRow
from callbacks.operations import history, release_place
from callbacks.operations.visit import UnknownToken
from notifications.operations import order


def withdraw(session: Session, *, token: str, now: datetime) -> CallbackRow:
    """Cancel; a request that is over already stays as it is. Raises UnknownToken.

    The call is locked before the request, as everywhere: the gate, which asks inside the same locks, sees either the
    request before or after this, never half of it.
    """
    found = queries.by_token(session, token)
    if found is None:
        raise UnknownToken
    attempt = queries.open_attempt(session, found.id)
    if attempt is not None:
        order.cancel_call(session, call_id=attempt.call_id, now=now)
    callback = queries.lock(session, found.id)
    if callback.status in CLOSED:
        return callback
    callback.case_outcome = CaseOutcome.DECLINED_SERVICE
    callback.move(Event.WITHDRAW, due_by=None, now=now)
    release_place.release(session, callback_id=callback.id)
    history.note(session, callback, wording.WITHDRAWN, now=now)
    return callback


def is_withdrawn(callback: CallbackRow) -> bool:
    """Whether the visitor cancelled it."""
    return callback.status == Status.WITHDRAWN

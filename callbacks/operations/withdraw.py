"""The visitor cancels the request. Once this is committed and the call has stopped, their telephone does not ring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import CLOSED, Event
from callbacks.models import CallbackRow
from callbacks.operations import history, release_place
from callbacks.operations.visit import UnknownToken
from notifications.operations import order


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The request, and the call that must stop ringing at once, if there is one."""

    callback: CallbackRow
    call_id: UUID | None
    is_talking: bool
    """The two are talking: that goes on until one of them hangs up; whoever holds the link cannot cut them off."""


def withdraw(session: Session, *, token: str, now: datetime) -> Withdrawn:
    """Cancel; a request that is over already stays as it is. Raises UnknownToken.

    The call is locked before the request, as everywhere: the gate, which asks inside the same locks, sees either the
    request before or after this, never half of it. Whoever called this stops the telephone after the commit.
    """
    found = queries.by_token(session, token)
    if found is None:
        raise UnknownToken
    attempt = queries.open_attempt(session, found.id)
    call_id, is_talking = attempt.call_id if attempt is not None else None, False
    if call_id is not None:
        try:
            order.cancel_call(session, call_id=call_id, now=now)
        except order.StillTalking:
            call_id, is_talking = None, True
    callback = queries.lock(session, found.id)
    if callback.status not in CLOSED:
        callback.case_outcome = CaseOutcome.DECLINED_SERVICE
        callback.move(Event.WITHDRAW, due_by=None, now=now)
        release_place.release(session, callback_id=callback.id)
        history.note(session, callback, wording.WITHDRAWN, now=now)
    return Withdrawn(callback, call_id, is_talking)

"""A person changes the urgency that the rules gave. Raising it needs no reason; lowering it does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import UrgencyReason
from callbacks.domain.lifecycle import IllegalMove
from callbacks.domain.triage import Urgency
from callbacks.models import CallbackRow
from callbacks.operations import history
from callbacks.operations.note_that import note_that
from foundation import doorbell
from foundation.doorbell import Bell

_LEVELS = list(Urgency)


class ReasonNeeded(Exception):
    """The urgency is lowered: choose why."""


def change_urgency(
    session: Session,
    *,
    callback_id: int,
    urgency: Urgency,
    reason: UrgencyReason | None,
    staff_id: int,
    now: datetime,
) -> CallbackRow:
    """Give an open request another urgency; the same one changes nothing. Raises ReasonNeeded, IllegalMove."""
    callback = queries.lock(session, callback_id)
    before = callback.as_urgency
    if not callback.is_open:
        raise IllegalMove(f"cannot change the urgency of a {callback.status} callback")
    if urgency is before:
        return callback
    is_raised = _LEVELS.index(urgency) < _LEVELS.index(before)
    if not is_raised and reason is None:
        raise ReasonNeeded
    callback.urgency = urgency
    words = wording.URGENCY_RAISED if is_raised else wording.URGENCY_LOWERED
    because = f": {reason.label.lower()}" if reason else ""
    history.note(
        session,
        callback,
        words.format(before=_plain(before), after=_plain(urgency), because=because),
        actor_id=staff_id,
        now=now,
    )
    note_that(
        session,
        "urgency_changed",
        callback,
        before={"urgency": before},
        after={"urgency": urgency, "reason": reason},
        by=staff_id,
        now=now,
    )
    doorbell.ring_after_commit(session, Bell.MATCH)
    return callback


def _plain(urgency: Urgency) -> str:
    return urgency.replace("_", " ")

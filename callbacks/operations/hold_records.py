"""A supervisor has a request kept, whatever its age and whoever asks for its erasure: the law asks for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks.domain import wording
from callbacks.domain.codes import HoldReason
from callbacks.models import CallbackRow
from callbacks.operations import history
from callbacks.operations.note_that import note_that


def hold(session: Session, callback: CallbackRow, *, because: HoldReason, staff_id: int, now: datetime) -> None:
    """Keep it until somebody lifts the hold."""
    callback.held_at, callback.held_because = callback.held_at or now, because
    history.note(session, callback, wording.HELD_BY_LAW, actor_id=staff_id, now=now)
    note_that(session, "callback_kept", callback, after={"because": because}, by=staff_id, now=now)


def lift(session: Session, callback: CallbackRow, *, staff_id: int, now: datetime) -> None:
    """It is kept no longer than any other. An erasure that the hold stood against has to be asked for again."""
    if callback.held_at is None:
        return  # somebody else has just lifted it
    because = HoldReason(callback.held_because or HoldReason.OTHER)
    callback.held_at = callback.held_because = None
    if callback.restricted_because == "legal_hold":
        callback.restricted_at = callback.restricted_because = None
    history.note(session, callback, wording.HOLD_LIFTED, actor_id=staff_id, now=now)
    note_that(session, "callback_kept_no_longer", callback, after={"because": because}, by=staff_id, now=now)

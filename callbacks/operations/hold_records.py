"""A supervisor has a request kept, whatever its age and whoever asks for its erasure: the law asks for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from accounts.operations import journal
from callbacks.domain import wording
from callbacks.domain.codes import HoldReason
from callbacks.models import CallbackRow
from callbacks.operations import history


def hold(session: Session, callback: CallbackRow, *, because: HoldReason, staff_id: int, now: datetime) -> None:
    """Keep it until somebody lifts the hold."""
    callback.held_at, callback.held_because = callback.held_at or now, because
    history.note(session, callback, wording.HELD_BY_LAW, actor_id=staff_id, now=now)
    _journal(session, callback, "callback_kept", because, staff_id, now)


def lift(session: Session, callback: CallbackRow, *, staff_id: int, now: datetime) -> None:
    """It is kept no longer than any other. An erasure that the hold stood against has to be asked for again."""
    if callback.held_at is None:
        return  # somebody else has just lifted it
    because = HoldReason(callback.held_because or HoldReason.OTHER)
    callback.held_at = callback.held_because = None
    if callback.restricted_because == "legal_hold":
        callback.restricted_at = callback.restricted_because = None
    history.note(session, callback, wording.HOLD_LIFTED, actor_id=staff_id, now=now)
    _journal(session, callback, "callback_kept_no_longer", because, staff_id, now)


def _journal(
    session: Session, callback: CallbackRow, action: str, because: HoldReason, staff_id: int, now: datetime
) -> None:
    journal.note(
        session,
        actor_id=staff_id,
        action=action,
        subject_kind="callback",
        subject_id=callback.reference,
        after={"because": because},
        now=now,
    )

"""Close offers that nobody can take any more: the shift has begun, is gone, or is somebody else's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.swaps import SwapEvent, SwapState, move
from rota.models import OpenShiftState


def lapse_dead_offers(session: Session, *, now: datetime) -> int:
    """Lapse dead swaps and close open shifts that have begun; how many there were."""
    swaps, open_shifts = queries.dead_swaps(session, now=now), queries.begun_open_shifts(session, now=now)
    for swap in swaps:
        before = swap.state
        swap.state, swap.state_at = move(SwapState(before), SwapEvent.LAPSE).value, now
        _note(session, "swap_lapsed", "swap", swap.id, before, swap.state, now=now)
    for row in open_shifts:
        row.state = OpenShiftState.CLOSED.value
        _note(session, "open_shift_lapsed", "open_shift", row.id, OpenShiftState.OPEN.value, row.state, now=now)
    session.flush()
    return len(swaps) + len(open_shifts)


def _note(session: Session, action: str, kind: str, row_id: int, before: str, after: str, *, now: datetime) -> None:
    note(
        session,
        actor_id=None,
        action=action,
        subject_kind=kind,
        subject_id=row_id,
        before={"state": before},
        after={"state": after},
        now=now,
    )

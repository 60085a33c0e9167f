"""Read the state from the evidence, and tell whoever ordered the call when it has moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifications.domain.call import DEADLINES, FINAL, CallState, advance
from notifications.models import CallRow
from notifications.operations.arrow import follower


def move(session: Session, call: CallRow, *, now: datetime) -> CallState:
    """Bring the stored state up to the evidence. Harmless when nothing is new."""
    before = CallState(call.state)
    after = advance(before, call.evidence())
    if after is before:
        return before
    call.state = after
    call.state_at = now
    call.asked_provider = 0
    if after in FINAL:
        call.ended_at = now
        call.deadline_at = None
    else:
        call.deadline_at = now + DEADLINES[after]
    if call.bridged_at is None and after in (CallState.BRIDGED, CallState.FINISHED):
        call.bridged_at = now
    session.flush()
    follower().call_moved(session, call_id=call.id, state=after, talked_s=call.talked_s, now=now)
    return after

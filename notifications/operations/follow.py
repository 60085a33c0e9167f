"""Read the state from the evidence, and tell whoever ordered the call when it has moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifications.domain.call import DEADLINES, FINAL, CallState, advance
from notifications.models import CallRow
from notifications.operations import trouble
from notifications.operations.arrow import follower

_GOT_THROUGH = frozenset({CallState.UNREACHED, CallState.CONNECTING})
"""After one of these, the telephone company has rung somebody for us and could reach us."""


def _learn(session: Session, call: CallRow, state: CallState, *, now: datetime) -> None:
    """Whether calls get through at all: dialling pauses when none does, and goes on with the first that does."""
    if state is CallState.ABANDONED and call.press is None:
        trouble.dialling_failed(session, now=now)
    elif call.prompted_at is not None or state in _GOT_THROUGH:
        trouble.dialling_works(session, now=now)


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
    _learn(session, call, after, now=now)
    follower().call_moved(session, call_id=call.id, state=after, talked_s=call.talked_s, now=now)
    return after

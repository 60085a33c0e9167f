"""Read the state from the evidence, and tell whoever ordered the call when it has moved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifications.domain.call import FINAL, CallState, advance
from notifications.domain.call_deadlines import DEADLINES
from notifications.domain.trouble import IN_DOUBT_AFTER
from notifications.models import CallRow
from notifications.operations import trouble
from notifications.operations.arrow import follower

_GOT_THROUGH = frozenset(
    {
        CallState.UNREACHED,
        CallState.NOT_TAKEN,
        CallState.VISITOR_RINGING,
        CallState.VISITOR_ANSWERED,
        CallState.BRIDGED,
        CallState.BUSY,
        CallState.NO_ANSWER,
        CallState.VISITOR_FAILED,
        CallState.HUNG_UP,
        CallState.FINISHED,
    }
)
"""In one of these, the telephone company has carried every leg that we asked for and could reach us.

A counsellor who picked up is not enough: an account that may hold two calls at once rings them, and not the visitor.
"""


def _learn(session: Session, call: CallRow, state: CallState, *, now: datetime) -> None:
    """Whether calls get through at all: dialling pauses when none does, and goes on with the first that does."""
    if state is CallState.NOT_CARRIED or (state is CallState.ABANDONED and call.press is None):
        trouble.dialling_failed(session, now=now)
    elif state in _GOT_THROUGH:
        trouble.dialling_works(session, now=now)


def move(session: Session, call: CallRow, *, now: datetime) -> CallState:
    """Bring the stored state up to the evidence. Harmless when nothing is new."""
    before = CallState(call.state)
    after = advance(before, call.evidence())
    if after in FINAL:
        for leg in call.legs:
            leg.outlives_its_call(now=now)
    if after is before:
        return before
    call.state = after
    call.state_at = now
    call.asked_provider = 0
    if after in FINAL:
        call.ended_at = now
        call.deadline_at = None
    elif call.cancelled_at is not None and call.counsellor_leg_id is not None:
        call.deadline_at = now  # it must stop, and now that it has moved it can be asked to
    else:
        call.deadline_at = now + DEADLINES[after]
    if call.bridged_at is None and after in (CallState.BRIDGED, CallState.FINISHED):
        call.bridged_at = now
    session.flush()
    if after in FINAL and call.unanswered >= IN_DOUBT_AFTER:
        trouble.settled(session)
    _learn(session, call, after, now=now)
    follower().call_moved(session, call_id=call.id, purpose=call.purpose, state=after, talked_s=call.talked_s, now=now)
    return after

"""A supervisor decides what comes next for a request in review."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import MOST_RINGS, ReviewReason
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import WAITING, Event, IllegalMove, Status
from callbacks.domain.window import next_allowed
from callbacks.models import CallbackRow
from callbacks.operations import history, release_place
from callbacks.operations.note_that import note_that
from foundation import doorbell
from foundation.doorbell import Bell

_REFUSALS = frozenset({CaseOutcome.DUPLICATE, CaseOutcome.SPAM, CaseOutcome.OUT_OF_SCOPE})
_UNREACHED = frozenset({CaseOutcome.NOT_REACHED, CaseOutcome.UNSAFE_CLOSED})


class NoRingsLeft(Exception):
    """Every allowed ring was made: the request can be closed, not put back."""


class NumberBarred(Exception):
    """The number is blocked, or its owner did not ask: the request can be closed, not put back."""


class OutcomeOwed(Exception):
    """The counsellor still owes the outcome of the last call: record it first."""


def release(session: Session, *, callback_id: int, staff_id: int, zone: ZoneInfo, now: datetime) -> CallbackRow:
    """Put a request back in the queue. Raises IllegalMove, NoRingsLeft, OutcomeOwed, NumberBarred, WindowClosed."""
    callback = queries.lock(session, callback_id)
    if callback.rings_made >= MOST_RINGS:
        raise NoRingsLeft
    if queries.owing_attempt(session, callback.id) is not None:
        raise OutcomeOwed
    if queries.barred(session, callback, now=now) is not None:
        raise NumberBarred
    next_try_at = next_allowed(callback.as_wanted(), after=now, zone=zone)
    callback.move(Event.RELEASE, due_by=callback.never_after, now=now)
    callback.next_try_at = next_try_at
    callback.possible_duplicate_of = None
    history.note(session, callback, wording.RELEASED, actor_id=staff_id, now=now)
    note_that(session, "callback_released", callback, after={"status": callback.status}, by=staff_id, now=now)
    doorbell.ring_after_commit(session, Bell.MATCH)
    return callback


def close(session: Session, *, callback_id: int, case: CaseOutcome, staff_id: int, now: datetime) -> CallbackRow:
    """Close a request in review with an outcome. Raises IllegalMove, OutcomeOwed."""
    callback = queries.lock(session, callback_id)
    if callback.status != Status.NEEDS_REVIEW:
        raise IllegalMove(f"cannot close a {callback.status} callback by hand")
    return _close(session, callback, case, staff_id=staff_id, now=now)


def close_waiting(
    session: Session, *, callback_id: int, case: CaseOutcome, staff_id: int, now: datetime
) -> CallbackRow:
    """Close a request that waits to be rung: they were helped in another way. Raises IllegalMove, OutcomeOwed."""
    callback = queries.lock(session, callback_id)
    if callback.status not in WAITING:
        raise IllegalMove(f"cannot close a {callback.status} callback as if it waited")
    callback.review_reason = ReviewReason.OTHER
    callback.move(Event.HOLD, due_by=now, now=now)
    return _close(session, callback, case, staff_id=staff_id, now=now)


def _close(session: Session, callback: CallbackRow, case: CaseOutcome, *, staff_id: int, now: datetime) -> CallbackRow:
    if queries.owing_attempt(session, callback.id) is not None:
        raise OutcomeOwed
    event = Event.REFUSE if case in _REFUSALS else Event.GIVE_UP if case in _UNREACHED else Event.CONCLUDE
    callback.case_outcome = case
    callback.move(event, due_by=None, now=now)
    release_place.release(session, callback_id=callback.id)
    history.note(
        session, callback, wording.CLOSED_BY_SUPERVISOR.format(case=case.label.lower()), actor_id=staff_id, now=now
    )
    note_that(session, "callback_closed", callback, after={"status": callback.status}, by=staff_id, now=now)
    return callback

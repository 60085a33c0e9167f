"""The counsellor says what came of a call. Nobody else can, and nothing is assumed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import REVIEWED, CaseOutcome, ContactOutcome
from callbacks.domain.lifecycle import Event, Status
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations import history, not_them
from callbacks.operations.follow_call import REVIEW_WITHIN, decide_next
from callbacks.operations.note_that import note_that
from foundation import doorbell
from foundation.doorbell import Bell
from rota.operations import presence

CONVERSATION = frozenset({ContactOutcome.ANSWERED_RIGHT_PERSON, ContactOutcome.EMERGENCY_TRANSFERRED})
"""After one of these, the counsellor also says what came of the request as a whole."""


class NothingOwed(Exception):
    """No outcome is owed for this request, or it is another counsellor's."""


class CaseOutcomeNeeded(Exception):
    """They spoke to the person: say what came of it, too."""


def record_outcome(
    session: Session,
    *,
    attempt_id: int,
    counsellor_id: int | None,
    staff_id: int,
    staff_name: str,
    contact: ContactOutcome,
    case: CaseOutcome | None,
    note: str,
    zone: ZoneInfo,
    now: datetime,
) -> CallbackRow:
    """Record the contact outcome of an attempt and, after a conversation, the outcome of the request.

    `counsellor_id` is whose attempt it must be; None for a supervisor, who may complete anybody's. Raises
    NothingOwed, CaseOutcomeNeeded.
    """
    attempt = session.get(AttemptRow, attempt_id)
    if attempt is None or (counsellor_id is not None and attempt.counsellor_id != counsellor_id):
        raise NothingOwed
    callback = queries.lock(session, attempt.callback_id)
    session.refresh(attempt)
    if not attempt.owes_outcome or attempt.contact_outcome is not None:
        raise NothingOwed
    if contact in CONVERSATION and case is None:
        raise CaseOutcomeNeeded
    attempt.conclude(contact, by=staff_id, at=now)
    attempt.note = note or None
    if contact is ContactOutcome.NUMBER_WRONG:
        not_them.remember(session, callback, now=now)
    history.note(
        session,
        callback,
        wording.OUTCOME.format(who=staff_name, contact=contact.label.lower()),
        actor_id=staff_id,
        now=now,
    )
    note_that(session, "outcome_recorded", callback, after={"contact": contact, "case": case}, by=staff_id, now=now)
    _conclude(session, callback, contact, case, staff_id=staff_id, zone=zone, now=now)
    presence.finish_wrapping_up(session, counsellor_id=attempt.counsellor_id, by=staff_id, now=now)
    doorbell.ring_after_commit(session, Bell.MATCH)
    return callback


def _conclude(
    session: Session,
    callback: CallbackRow,
    contact: ContactOutcome,
    case: CaseOutcome | None,
    *,
    staff_id: int,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    if callback.status not in (Status.IN_CALL, Status.NEEDS_REVIEW):
        return  # withdrawn in the meantime: what was recorded stands, the request stays closed
    if case is None:
        decide_next(session, callback, contact, zone=zone, now=now)
        return
    callback.case_outcome = case
    if contact in REVIEWED:
        if callback.status != Status.NEEDS_REVIEW:
            callback.move(Event.HOLD, due_by=now + REVIEW_WITHIN, now=now)
        callback.review_reason = ReviewReason.FLAGGED
        history.note(session, callback, wording.HELD.format(reason="the outcome asks for a supervisor"), now=now)
        return
    callback.move(Event.CONCLUDE, due_by=None, now=now)
    history.note(session, callback, wording.CONCLUDED.format(case=case.label.lower()), actor_id=staff_id, now=now)

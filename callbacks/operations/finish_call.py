"""The counsellor finishes a call: its outcome, a referral if one was made, and whether they take the next call at once.

All of it or nothing: an outcome is never kept without the referral that was recorded with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.codes import CaseOutcome, ContactOutcome, ReferralType
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.record_outcome import record_outcome
from callbacks.operations.refer import refer
from rota.operations import presence


class NotTheirCall(Exception):
    """It was another counsellor's call: only they, or a supervisor, can say what came of it."""


class CallNotOver(Exception):
    """The two may still be talking: say what came of it when the call is over."""


class AlreadyRecorded(Exception):
    """Somebody has said what came of this call; what they said stands."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a counsellor says of a call."""

    contact: ContactOutcome
    case: CaseOutcome | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral made in it."""

    kind: ReferralType
    provider: str
    consent_given: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it."""

    staff_id: int
    name: str
    counsellor_id: int | None
    may_complete_any: bool = False
    """A supervisor says it for a counsellor who cannot."""


def finish_call(
    session: Session,
    *,
    attempt_id: int,
    author: Author,
    outcome: Outcome,
    referral: Referral | None,
    stays_away: bool,
    zone: ZoneInfo,
    now: datetime,
) -> CallbackRow:
    """Record everything in the caller's transaction.

    `stays_away`: the author needs a break, so no call is offered to them until they say so.
    Raises NotTheirCall, CallNotOver, AlreadyRecorded, CaseOutcomeNeeded, ConsentNeeded.
    """
    attempt = session.get(AttemptRow, attempt_id)
    if attempt is None:
        raise NotTheirCall
    is_own = attempt.counsellor_id == author.counsellor_id
    if not is_own and not author.may_complete_any:
        raise NotTheirCall
    queries.lock(session, attempt.callback_id)
    session.refresh(attempt)
    if attempt.ended_at is None:
        raise CallNotOver
    if attempt.contact_outcome is not None:
        raise AlreadyRecorded
    if stays_away and is_own:
        presence.set_away(session, counsellor_id=attempt.counsellor_id, by=author.staff_id, now=now)
    callback = record_outcome(
        session,
        attempt_id=attempt_id,
        counsellor_id=attempt.counsellor_id,
        staff_id=author.staff_id,
        staff_name=author.name,
        contact=outcome.contact,
        case=outcome.case,
        note=outcome.note,
        zone=zone,
        now=now,
    )
    if referral is not None:
        refer(
            session,
            callback_id=callback.id,
            kind=referral.kind,
            provider=referral.provider,
            consent_given=referral.consent_given,
            note=referral.note,
            staff_id=author.staff_id,
            now=now,
        )
    return callback

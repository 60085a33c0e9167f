"""Ring a counsellor's telephone and ask for a key press: a number that nobody confirmed gets no calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from foundation import doorbell
from foundation.doorbell import Bell
from foundation.phone import Phone
from notifications.domain.call import CallState
from notifications.operations.order import order_check
from rota import queries
from rota.domain.phone_check import Checked, came_of
from rota.domain.presence import PresenceState
from rota.domain.shifts import ShiftRefused
from rota.models import PhoneCheckRow
from rota.operations.team import CounsellorNotFound, VerifiedHow, verify_phone

MOST_IN_AN_HOUR = 3  # whoever answers a wrong number is not to be rung again and again


class CheckRefused(ShiftRefused):
    """A telephone is not rung for a check now; the message says why, and what to do."""

    field = "phone"


@dataclass(frozen=True, slots=True)
class _Refusals:
    """Why a telephone is not rung now, to whoever asked for it."""

    is_available: str
    is_often: str
    is_ringing: str


OWN = _Refusals(
    "A callback could come at the same moment. Set yourself away first",
    "We have rung this number three times within an hour. Check it with a supervisor",
    "Your telephone is being rung already",
)
ANOTHER = _Refusals(
    "A callback could come at the same moment. Ask them to set themselves away first",
    "We have rung this number three times within an hour. Ask them whether it is right",
    "Their telephone is being rung already",
)


def begin_check(session: Session, *, counsellor_id: int, by: int | None, now: datetime) -> PhoneCheckRow:
    """Order the call, for the counsellor or for a supervisor. Raises CounsellorNotFound or CheckRefused."""
    person = queries.find_counsellor(session, counsellor_id=counsellor_id)
    if person is None:
        raise CounsellorNotFound("There is no such counsellor")
    words = OWN if by in (None, person.staff_id) else ANOTHER
    if not person.staff.active or person.as_counsellor().has_left(today=now.date()):
        raise CheckRefused("Nobody is rung who does not work here any more")
    if person.phone_verified_at is not None and person.presence.state == PresenceState.AVAILABLE:
        raise CheckRefused(words.is_available)
    since = now - timedelta(hours=1)
    if queries.count_phone_checks(session, counsellor_id=counsellor_id, since=since) >= MOST_IN_AN_HOUR:
        raise CheckRefused(words.is_often)
    row = PhoneCheckRow(
        call_id=order_check(session, to=Phone(person.phone), now=now),
        counsellor_id=counsellor_id,
        phone_digest=person.phone_digest,
        asked_at=now,
        asked_by=by,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise CheckRefused(words.is_ringing) from None
        raise
    note(
        session,
        actor_id=by,
        action="phone_check_asked",
        subject_kind="counsellor",
        subject_id=counsellor_id,
        now=now,
    )
    return row


def permits(session: Session, check: PhoneCheckRow) -> str | None:
    """None when the telephone may be rung for this check at this moment, else why not, in one word."""
    person = queries.find_counsellor(session, counsellor_id=check.counsellor_id)
    if person is None or not person.staff.active:
        return "has_left"
    return None if person.phone_digest == check.phone_digest else "another_number"


def heard(session: Session, *, call_id: UUID, state: CallState, now: datetime) -> None:
    """Write down what came of a check of a telephone."""
    check = session.get_one(PhoneCheckRow, call_id, with_for_update=True)
    result = came_of(state)
    if result is None or check.ended_at is not None:
        return
    check.ended_at, check.result = now, result.value
    session.flush()
    if result is Checked.CONFIRMED and permits(session, check) is None:
        verify_phone(
            session, counsellor_id=check.counsellor_id, how=VerifiedHow.KEY_PRESSED, by=check.asked_by, now=now
        )
        doorbell.ring_after_commit(session, Bell.MATCH)

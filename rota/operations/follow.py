"""What texts about the rota may go, and what a counsellor's YES means: the rota's part of the one upward arrow.

It stands before whoever follows calls and texts to visitors, and passes on everything that is not the rota's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.models import StaffRow
from foundation.sealed import digest
from notifications.domain.call import CallState
from notifications.models import TextRow
from notifications.operations.arrow import Follower
from notifications.operations.order import CHECK
from rota.models import AlertTextRow, CounsellorRow, PhoneCheckRow, RotaTextRow
from rota.operations import ladder, phone_check


@dataclass(frozen=True, slots=True)
class RotaFollower:
    """Knows why a text or a check of a telephone was ordered; see `notifications.operations.arrow.Follower`."""

    zone: ZoneInfo
    then: Follower
    """Whoever follows everything else."""

    def permits_call(self, session: Session, *, call_id: UUID, purpose: str, now: datetime) -> str | None:
        """A check of a telephone rings whoever still works here, on the number they have."""
        if purpose != CHECK:
            return self.then.permits_call(session, call_id=call_id, purpose=purpose, now=now)
        return phone_check.permits(session, session.get_one(PhoneCheckRow, call_id))

    def permits_offer(self, session: Session, *, call_id: UUID, purpose: str, now: datetime) -> str | None:
        """Whoever has their telephone checked need not take calls."""
        if purpose == CHECK:
            return None
        return self.then.permits_offer(session, call_id=call_id, purpose=purpose, now=now)

    def permits_text(self, session: Session, *, text_id: UUID, now: datetime) -> str | None:
        """A text about the rota goes to whoever still works here, on the number they have."""
        if to := session.get(AlertTextRow, text_id):
            staff = session.get_one(StaffRow, to.staff_id)
            is_theirs = staff.phone is not None and _is_to(session, text_id, digest(staff.phone))
            return None if staff.active and is_theirs else "not_wanted_any_more"
        ordered = session.get(RotaTextRow, text_id)
        if ordered is None:
            return self.then.permits_text(session, text_id=text_id, now=now)
        person = session.get_one(CounsellorRow, ordered.counsellor_id)
        if not _works_here(person, now.astimezone(self.zone)):
            return "has_left"
        return None if _is_to(session, text_id, person.phone_digest) else "another_number"

    def call_moved(
        self, session: Session, *, call_id: UUID, purpose: str, state: CallState, talked_s: int, now: datetime
    ) -> None:
        """What came of a check of a telephone; all other calls are not the rota's."""
        if purpose == CHECK:
            phone_check.heard(session, call_id=call_id, state=state, now=now)
        else:
            self.then.call_moved(session, call_id=call_id, purpose=purpose, state=state, talked_s=talked_s, now=now)

    def screens_call(self, session: Session, *, call_id: UUID) -> bool:
        """Visitors are not the rota's."""
        return self.then.screens_call(session, call_id=call_id)

    def was_cut_off(self, session: Session, *, call_id: UUID, now: datetime) -> bool:
        """Visitors are not the rota's."""
        return self.then.was_cut_off(session, call_id=call_id, now=now)

    def language_of_call(self, session: Session, *, call_id: UUID) -> str:
        """Visitors are not the rota's."""
        return self.then.language_of_call(session, call_id=call_id)

    def said_not_me(self, session: Session, *, phone_digest: bytes, call_id: UUID | None, now: datetime) -> None:
        """Visitors are not the rota's."""
        self.then.said_not_me(session, phone_digest=phone_digest, call_id=call_id, now=now)

    def opted_out(self, session: Session, *, phone_digest: bytes, now: datetime) -> None:
        """A counsellor who wants no texts gets none: the gate sees to it. A visitor with the number is told of."""
        self.then.opted_out(session, phone_digest=phone_digest, now=now)

    def said_yes(self, session: Session, *, phone_digest: bytes, now: datetime) -> bool:
        """Whether a YES from this number was an answer to a question about cover."""
        return ladder.said_yes(session, phone_digest=phone_digest, zone=self.zone, now=now)


def _is_to(session: Session, text_id: UUID, phone_digest: bytes) -> bool:
    return session.get_one(TextRow, text_id).phone_digest == phone_digest


def _works_here(person: CounsellorRow, local: datetime) -> bool:
    return person.staff.active and not person.as_counsellor().has_left(today=local.date())

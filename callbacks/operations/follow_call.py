"""What a call's progress means for the request it was made for: the far end of the one upward arrow.

Called inside the transaction that heard the news, with the call already locked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import attempts, wording
from callbacks.domain.attempts import GiveUp, Review, TryAgain
from callbacks.domain.codes import CaseOutcome, ContactOutcome
from callbacks.domain.lifecycle import Event, Status
from callbacks.domain.safe_contact import ThirdParty, may_call
from callbacks.domain.window import WindowClosed, next_allowed
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations import history, not_them, tell
from foundation import doorbell
from foundation.doorbell import Bell
from foundation.language import ENGLISH
from notifications import queries as notifications
from notifications.domain.call import FINAL, CallState
from rota import queries as rota
from rota.domain.presence import PresenceState
from rota.domain.shifts import Span
from rota.operations import presence
from rota.operations.overtime import note_overtime

REMIND_AFTER = timedelta(minutes=15)
"""So long after a call, a counsellor who has not said what came of it is reminded by text."""

OUTCOME_WITHIN = timedelta(minutes=30)
"""A counsellor has this long to say what came of a call; then a supervisor is asked to find out."""

REVIEW_WITHIN = timedelta(hours=4)
"""A supervisor looks at a request in review within this time; it is shown as late afterwards."""

REMEMBERS_FOR = timedelta(minutes=10)
"""So long after we were cut off, whoever is rung again hears that we are sorry; later they would wonder."""

MISSED = frozenset({CallState.UNREACHED, CallState.NOT_TAKEN, CallState.REFUSED})
"""The counsellor's own telephone was the reason; counts as a missed offer."""

_AUTOMATIC: dict[CallState, ContactOutcome] = {
    CallState.NO_ANSWER: ContactOutcome.NO_ANSWER,
    CallState.BUSY: ContactOutcome.ENGAGED,
    CallState.VISITOR_FAILED: ContactOutcome.NUMBER_INVALID,
    CallState.ABANDONED: ContactOutcome.TECHNICAL_FAILURE,
    CallState.NOT_CARRIED: ContactOutcome.TECHNICAL_FAILURE,
}
"""What the telephone network can say by itself. Anything a person answered, only the counsellor can judge."""

_CONCERNS_THE_REQUEST = wording.CALL_WORDS.keys() | FINAL
"""What happens between us and the telephone company before anything rings is the call's own affair."""

_ANSWERED = frozenset({CallState.FINISHED, CallState.HUNG_UP})


def _talked(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@dataclass(frozen=True, slots=True)
class CallFollower:
    """Knows why each call and text was ordered; see `notifications.operations.arrow.Follower`."""

    zone: ZoneInfo
    screens_everybody: bool = False
    """Every visitor is connected only after a key: the service has decided so."""

    def permits_call(
        self,
        session: Session,
        *,
        call_id: UUID,
        purpose: str,  # noqa: ARG002 - all that come here are callbacks
        now: datetime,
    ) -> str | None:
        """Whether the visitor of this call may be rung at this moment."""
        found = queries.lock_open_attempt(session, call_id)
        if found is None:
            return "no_attempt"
        _, callback = found
        refused = may_call(
            status=Status(callback.status),
            barred=queries.barred(session, callback, now=now),
            wanted=callback.as_wanted(),
            now=now,
            zone=self.zone,
        )
        return str(refused) if refused else None

    def permits_offer(
        self,
        session: Session,
        *,
        call_id: UUID,
        purpose: str,  # noqa: ARG002 - all that come here are callbacks
        now: datetime,
    ) -> str | None:
        """Whoever has gone away since they were chosen, or is no longer on shift, is not rung."""
        attempt = queries.attempt_of_call(session, call_id)
        person = None if attempt is None else rota.find_counsellor(session, counsellor_id=attempt.counsellor_id)
        if person is None or person.presence.state == PresenceState.AWAY:
            return "counsellor_away"
        is_on = rota.cover_ends(session, counsellor_id=person.id, moment=now) is not None
        return None if is_on else "counsellor_off_shift"

    def permits_text(self, session: Session, *, text_id: UUID, now: datetime) -> str | None:
        """Whether this text may be sent at this moment."""
        callback = queries.callback_of_text(session, text_id)
        if callback is None:
            return "no_request"
        if not queries.is_text_to(session, text_id=text_id, phone_digest=callback.phone_digest):
            return "another_number"  # theirs has changed since: whoever has the old one learns nothing
        if tell.is_overtaken(session, callback, text_id=text_id):
            return "rung_again"
        refused = tell.refused(session, callback, zone=self.zone, now=now)
        return str(refused) if refused else None

    def call_moved(
        self,
        session: Session,
        *,
        call_id: UUID,
        purpose: str,  # noqa: ARG002 - all that come here are callbacks
        state: CallState,
        talked_s: int,
        now: datetime,
    ) -> None:
        """Carry the news to the attempt and the request."""
        if state not in _CONCERNS_THE_REQUEST:
            return
        found = queries.lock_open_attempt(session, call_id)
        if found is None:
            return  # an ended attempt has heard all it needs
        attempt, callback = found
        self._note(session, callback, attempt, state, talked_s, now=now)
        if state is CallState.CONNECTING:
            self._connect(session, callback, attempt, now=now)
        elif state is CallState.BRIDGED:
            attempt.bridged_at = now
        elif state in FINAL:
            self._end(session, callback, attempt, state, talked_s, now=now)

    def screens_call(self, session: Session, *, call_id: UUID) -> bool:
        """Whoever said "hang up if somebody else answers" is connected only after a key that they were told of."""
        attempt = queries.attempt_of_call(session, call_id)
        if attempt is None:
            return False
        if self.screens_everybody:
            return True
        callback = session.get_one(CallbackRow, attempt.callback_id)
        return queries.contact_in_force(session, callback).third_party is ThirdParty.HANG_UP

    def was_cut_off(self, session: Session, *, call_id: UUID, now: datetime) -> bool:
        """Whether the last ring before this one ended with our line, just after they had answered."""
        attempt = queries.attempt_of_call(session, call_id)
        if attempt is None:
            return False
        earlier = [one for one in queries.attempts(session, attempt.callback_id) if one.number < attempt.number]
        rung = next((one for one in reversed(earlier) if one.rang_visitor_at is not None), None)
        if rung is None or rung.ended_at is None or now - rung.ended_at > REMEMBERS_FOR:
            return False
        return queries.is_cut_off(session, rung)

    def language_of_call(self, session: Session, *, call_id: UUID) -> str:
        """What the visitor hears before a counsellor speaks is in the language in which they asked."""
        attempt = queries.attempt_of_call(session, call_id)
        return ENGLISH if attempt is None else session.get_one(CallbackRow, attempt.callback_id).locale

    def said_not_me(self, session: Session, *, phone_digest: bytes, call_id: UUID | None, now: datetime) -> None:
        """By a key, it is about the request at hand; by text, about every open one for this number."""
        if call_id is None:
            not_them.denied_by_text(session, phone_digest=phone_digest, now=now)
            return
        attempt = queries.attempt_of_call(session, call_id)
        if attempt is None or attempt.contact_outcome is not None:
            return  # a key pressed twice says nothing more
        callback = queries.lock(session, attempt.callback_id)
        attempt.conclude(ContactOutcome.NUMBER_WRONG, at=now)
        not_them.denied(session, callback, now=now)

    def opted_out(self, session: Session, *, phone_digest: bytes, now: datetime) -> None:
        """No texts from now on, for every open request of this number; calls follow their own consent."""
        for callback in queries.open_with_number(session, phone_digest=phone_digest):
            history.note(session, callback, wording.OPTED_OUT, now=now)

    def _note(
        self,
        session: Session,
        callback: CallbackRow,
        attempt: AttemptRow,
        state: CallState,
        talked_s: int,
        *,
        now: datetime,
    ) -> None:
        words = wording.CALL_WORDS.get(state)
        if words is None:
            return
        name = rota.name_of(session, counsellor_id=attempt.counsellor_id)
        history.note(session, callback, words.format(counsellor=name, talked=_talked(talked_s)), now=now)

    def _connect(self, session: Session, callback: CallbackRow, attempt: AttemptRow, *, now: datetime) -> None:
        """The counsellor pressed 1; from here on the visitor's telephone may ring."""
        callback.rings_made += 1
        attempt.rang_visitor_at = now
        callback.goes_first = False
        callback.move(Event.CONNECT, due_by=now + OUTCOME_WITHIN, now=now)
        presence.note_taken_offer(session, counsellor_id=attempt.counsellor_id)

    def _end(
        self,
        session: Session,
        callback: CallbackRow,
        attempt: AttemptRow,
        state: CallState,
        talked_s: int,
        *,
        now: datetime,
    ) -> None:
        attempt.ended_at, attempt.result, attempt.talked_s = now, state, talked_s
        self._note_overtime(session, attempt, now=now)
        session.flush()
        if state in MISSED:
            presence.note_missed_offer(session, counsellor_id=attempt.counsellor_id, now=now)
            fails = queries.could_not_be_connected(session, attempt.call_id)
            presence.note_phone(session, counsellor_id=attempt.counsellor_id, fails=fails, now=now)
        if state in _ANSWERED and attempt.contact_outcome is None:
            attempt.owes_outcome = True
            presence.start_wrapping_up(session, counsellor_id=attempt.counsellor_id, now=now)
            if callback.status == Status.IN_CALL:
                callback.due_by = now + REMIND_AFTER
        elif callback.status == Status.ASSIGNED:
            self._back_to_the_queue(callback, now=now)
        elif callback.status == Status.IN_CALL:
            self._not_reached(session, callback, attempt, state, now=now)
        doorbell.ring_after_commit(session, Bell.MATCH)

    def _note_overtime(self, session: Session, attempt: AttemptRow, *, now: datetime) -> None:
        """A call that goes on after the counsellor's shift is not cut: what they worked on is noted."""
        over_at = rota.cover_ends(session, counsellor_id=attempt.counsellor_id, moment=attempt.started_at)
        if over_at is not None and over_at < now:
            attempt.overtime_s = round((now - over_at).total_seconds())
            note_overtime(session, counsellor_id=attempt.counsellor_id, span=Span(over_at, now))

    def _back_to_the_queue(self, callback: CallbackRow, *, now: datetime) -> None:
        """The visitor was not rung: nothing of theirs is used up."""
        callback.counsellor_id = None
        callback.move(Event.COUNSELLOR_MISSED, due_by=callback.never_after, now=now)
        try:
            callback.next_try_at = next_allowed(callback.as_wanted(), after=now, zone=self.zone)
        except WindowClosed:
            callback.next_try_at = callback.never_after  # the deadline job closes it as our failure

    def _not_reached(
        self, session: Session, callback: CallbackRow, attempt: AttemptRow, state: CallState, *, now: datetime
    ) -> None:
        outcome = _AUTOMATIC.get(state, ContactOutcome.TECHNICAL_FAILURE)
        attempt.conclude(outcome, at=now)
        if state is CallState.NOT_CARRIED and not notifications.has_rung_visitor(session, call_id=attempt.call_id):
            callback.rings_made -= 1
            attempt.rang_visitor_at = None
        decide_next(session, callback, outcome, zone=self.zone, now=now)
        if state in (CallState.NO_ANSWER, CallState.BUSY):
            tell.tried(session, callback, zone=self.zone, now=now)
        elif queries.is_cut_off(session, attempt):
            tell.cut_off(session, callback, attempt, zone=self.zone, now=now)


def _unsure(session: Session, callback_id: int) -> int:
    unsure = {ContactOutcome.ANSWERED_OTHER_PERSON, ContactOutcome.VERIFICATION_FAILED}
    return sum(1 for attempt in queries.attempts(session, callback_id) if attempt.contact_outcome in unsure)


def _not_carried(session: Session, callback_id: int) -> int:
    """How many attempts in a row, up to the last one, the telephone company could not carry."""
    latest_first = reversed(queries.attempts(session, callback_id))
    return len(list(takewhile(lambda attempt: attempt.result == CallState.NOT_CARRIED, latest_first)))


def decide_next(
    session: Session, callback: CallbackRow, outcome: ContactOutcome, *, zone: ZoneInfo, now: datetime
) -> None:
    """Move a request on after a contact outcome that does not end with a conversation."""
    step = attempts.after(
        outcome,
        rings_made=callback.rings_made,
        unsure=_unsure(session, callback.id),
        not_carried=_not_carried(session, callback.id),
        wanted=callback.as_wanted(),
        now=now,
        zone=zone,
    )
    callback.counsellor_id = None
    match step:
        case TryAgain():
            _try_again(session, callback, step, zone=zone, now=now)
        case GiveUp():
            callback.case_outcome = CaseOutcome.NOT_REACHED
            callback.move(Event.GIVE_UP, due_by=None, now=now)
            history.note(session, callback, wording.GAVE_UP, now=now)
        case Review():
            _review(session, callback, step, now=now)


def _try_again(session: Session, callback: CallbackRow, step: TryAgain, *, zone: ZoneInfo, now: datetime) -> None:
    callback.next_try_at = step.at
    callback.goes_first = step.goes_first
    event = Event.NOT_REACHED if callback.status == Status.IN_CALL else Event.RELEASE
    callback.move(event, due_by=callback.never_after, now=now)
    local = step.at.astimezone(zone)
    history.note(session, callback, wording.TRY_AGAIN.format(at=f"{local:%A} {local.day} {local:%B, %H:%M}"), now=now)


def _review(session: Session, callback: CallbackRow, step: Review, *, now: datetime) -> None:
    callback.review_reason = step.reason
    if callback.status != Status.NEEDS_REVIEW:
        callback.move(Event.HOLD, due_by=now + REVIEW_WITHIN, now=now)
    history.note(session, callback, wording.HELD.format(reason=step.reason.replace("_", " ")), now=now)

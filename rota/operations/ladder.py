"""Somebody falls ill: ask eligible colleagues by text, in fair order, one by one; the first YES has the shift."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain import wording
from rota.domain.shifts import GRACE, ShiftRefused, Span, whole_minute
from rota.models import CoverAskRow, CoverRequestRow, LadderState, range_of
from rota.operations.judge import RuleStandsAgainst, who_could_cover
from rota.operations.shifts import add_shift, remove_shift
from rota.operations.tell import cover_words, short, tell

EACH_HAS = timedelta(minutes=10)  # to see a text and answer it; then the next one is asked as well
SHORTEST = timedelta(minutes=30)  # what is left of a shift; nobody travels for less


class TooLittleLeft(ShiftRefused):
    """The shift is nearly over, so nobody is asked; end it."""

    field = "shift"


def call_sick(
    session: Session, *, shift_id: int, version: int, by: int | None, now: datetime, zone: ZoneInfo
) -> CoverRequestRow:
    """Take somebody who is ill off a shift, from now on if it runs already, and begin to ask for cover.

    Raises ShiftNotFound, ShiftChangedMeanwhile or a ShiftRefused.
    """
    planned = queries.planned_shift(session, shift_id=shift_id)
    row = remove_shift(session, shift_id=shift_id, version=version, by=by, now=now)
    ends_at = planned.ends_at if planned else row.span().ends_at
    starts_at = max(planned.starts_at if planned else row.span().starts_at, whole_minute(now))
    if ends_at - starts_at < SHORTEST:
        raise TooLittleLeft("Less than half an hour of this shift is left. End it instead of asking for cover")
    request = CoverRequestRow(
        absent_id=row.counsellor_id,
        during=range_of(Span(starts_at, ends_at)),
        state=LadderState.ASKING.value,
        opened_at=now,
        opened_by=by,
        next_at=now,
    )
    session.add(request)
    session.flush()
    _note(session, "cover_wanted", request, by=by, now=now)
    climb(session, request_id=request.id, zone=zone, now=now)
    return request


def climb(session: Session, *, request_id: int, zone: ZoneInfo, now: datetime) -> CoverRequestRow | None:
    """Ask the next eligible colleague, if it is time. Harmless when run twice: the deadline is read under a lock."""
    request = queries.lock_cover_request(session, request_id=request_id)
    if request is None or request.next_at is None or request.next_at > now:
        return request
    span = request.span()
    if span.ends_at - now < SHORTEST:
        return _close(session, request, LadderState.CALLED_OFF, now=now)
    left = Span(max(span.starts_at, whole_minute(now)), span.ends_at)
    asked = {ask.counsellor_id for ask in request.asks} | {request.absent_id}
    able = (one for one in who_could_cover(session, span=left, zone=zone, now=now) if one.can)
    following = next((one for one in able if one.counsellor_id not in asked), None)
    if following is None:
        return _close(session, request, LadderState.EXHAUSTED, now=now)
    person = queries.find_counsellor(session, counsellor_id=following.counsellor_id)
    if person is not None:
        tell(
            session,
            person=person,
            body=cover_words(left, zone),
            reason_key=f"rota_cover:{request.id}:{person.id}",
            give_up_at=now + EACH_HAS,
            now=now,
        )
    request.asks.append(CoverAskRow(counsellor_id=following.counsellor_id, asked_at=now))
    request.next_at = now + EACH_HAS
    session.flush()
    _note(session, "cover_asked", request, by=None, now=now)
    return request


def climb_all(session: Session, *, zone: ZoneInfo, now: datetime) -> int:
    """Climb every ladder whose time has come; how many there were."""
    due = queries.due_cover_requests(session, now=now)
    for request_id in due:
        climb(session, request_id=request_id, zone=zone, now=now)
    return len(due)


def said_yes(session: Session, *, phone_digest: bytes, zone: ZoneInfo, now: datetime) -> bool:
    """Whether this YES was an answer to a question of ours. The first one has the shift; the rules are asked again."""
    ask = queries.open_ask(session, phone_digest=phone_digest)
    if ask is None:
        return False
    request = queries.lock_cover_request(session, request_id=ask.request_id)
    if request is None or ask.answer is not None:
        return False
    span = request.span()
    left = Span(max(span.starts_at, whole_minute(now)), span.ends_at) if now + GRACE < span.ends_at else None
    if left is None or request.state in (LadderState.FILLED.value, LadderState.CALLED_OFF.value):
        return _answer(session, request, ask, "too_late", wording.TEXT_COVER_GONE, zone=zone, now=now)
    try:
        shift = add_shift(session, counsellor_id=ask.counsellor_id, span=left, zone=zone, by=None, now=now)
    except (RuleStandsAgainst, ShiftRefused):
        return _answer(session, request, ask, "not_allowed", wording.TEXT_COVER_NOT_ALLOWED, zone=zone, now=now)
    request.state, request.next_at, request.shift_id = LadderState.FILLED.value, None, shift.id
    return _answer(session, request, ask, "yes", wording.TEXT_COVER_YOURS, zone=zone, now=now)


def call_off(session: Session, *, request_id: int, by: int | None, now: datetime) -> None:
    """Ask nobody else; a YES that comes later is answered with thanks."""
    request = queries.lock_cover_request(session, request_id=request_id)
    if request is not None and request.state == LadderState.ASKING.value:
        _close(session, request, LadderState.CALLED_OFF, by=by, now=now)


def _answer(
    session: Session,
    request: CoverRequestRow,
    ask: CoverAskRow,
    answer: str,
    words: str,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> bool:
    ask.answer, ask.answered_at = answer, now
    session.flush()
    tell(
        session,
        person=ask.counsellor,
        body=words.format(shift=short(request.span(), zone)),
        reason_key=f"rota_cover_{answer}:{request.id}:{ask.counsellor_id}",
        give_up_at=now + timedelta(hours=1),
        now=now,
    )
    _note(session, f"cover_{answer}", request, by=None, now=now)
    return True


def _close(
    session: Session, request: CoverRequestRow, state: LadderState, *, by: int | None = None, now: datetime
) -> CoverRequestRow:
    request.state, request.next_at = state.value, None
    session.flush()
    _note(session, f"cover_{state.value}", request, by=by, now=now)
    return request


def _note(session: Session, action: str, request: CoverRequestRow, *, by: int | None, now: datetime) -> None:
    span = request.span()
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="cover_request",
        subject_id=request.id,
        after={
            "starts_at": span.starts_at.isoformat(),
            "ends_at": span.ends_at.isoformat(),
            "state": request.state,
            "asked": [ask.counsellor_id for ask in request.asks],
        },
        now=now,
    )

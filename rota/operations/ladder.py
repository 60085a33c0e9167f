"""Somebody falls ill: ask eligible colleagues by text, in fair order, one by one; the first YES has the shift."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from foundation.phone import Phone
from foundation.web.times import clock_time
from notifications.queries import has_opted_out
from rota import queries
from rota.domain import wording
from rota.domain.notices import DAY, asked_at
from rota.domain.rules import Rule
from rota.domain.shifts import GRACE, ShiftRefused, Span, whole_minute
from rota.models import CounsellorRow, CoverAskRow, CoverRequestRow, LadderState, range_of
from rota.operations.alert import alert
from rota.operations.judge import RuleStandsAgainst, who_could_cover
from rota.operations.shifts import AlreadyOnShift, ShiftNotFound, add_shift, remove_shift
from rota.operations.tell import cover_words, short, tell

EACH_HAS = timedelta(minutes=10)  # to see a text and answer it; then the next one is asked as well
SHORTEST = timedelta(minutes=30)  # what is left of a shift; nobody travels for less
TRIES_AGAIN_AFTER = timedelta(minutes=1)  # a ladder that failed
_RUNG_IS_NEWS_FOR = timedelta(minutes=30)

REFUSALS: dict[str, str] = {
    "clash": wording.TEXT_COVER_CLASH,
    "on_leave": wording.TEXT_COVER_ON_LEAVE,
    "no_rest": wording.TEXT_COVER_NO_REST,
    "too_much": wording.TEXT_COVER_TOO_MUCH,
    "not_allowed": wording.TEXT_COVER_NOT_ALLOWED,
}
"""Why a YES could not be followed, and the answer to it."""

_BECAUSE_OF: dict[Rule, str] = {
    Rule.ONE_AT_A_TIME: "clash",
    Rule.LEAVE: "on_leave",
    Rule.DAILY_REST: "no_rest",
    Rule.WEEKLY_REST: "no_rest",
    Rule.OWED_REST: "no_rest",
    Rule.CONSECUTIVE_DAYS: "no_rest",
    Rule.WEEKLY_HOURS: "too_much",
    Rule.NIGHT_HOURS: "too_much",
    Rule.HAZARDOUS_NIGHT: "too_much",
    Rule.OWN_CAP: "too_much",
}

_TOLD: dict[LadderState, str] = {
    LadderState.FILLED: wording.TEXT_RUNG_FILLED,
    LadderState.EXHAUSTED: wording.TEXT_RUNG_EXHAUSTED,
    LadderState.CALLED_OFF: wording.TEXT_RUNG_CALLED_OFF,
}
"""What supervisors are told when a ladder ends."""


class TooLittleLeft(ShiftRefused):
    """The shift is nearly over, so nobody is asked; end it."""

    field = "shift"


def call_sick(
    session: Session,
    *,
    shift_id: int,
    version: int,
    owner_id: int | None = None,
    by: int | None,
    now: datetime,
    zone: ZoneInfo,
) -> CoverRequestRow:
    """Take somebody who is ill off a shift, from now on if it runs already, and begin to ask for cover.

    `owner_id`: the counsellor who says it of themselves; None when a supervisor says it of anybody.
    Raises ShiftNotFound, ShiftChangedMeanwhile or a ShiftRefused.
    """
    planned = queries.planned_shift(session, shift_id=shift_id)
    if planned is None or owner_id not in (None, planned.counsellor_id):
        raise ShiftNotFound("This shift is not in the rota any more")
    row = remove_shift(session, shift_id=shift_id, version=version, tells=False, by=by, now=now)
    starts_at = max(planned.starts_at, whole_minute(now))
    if planned.ends_at - starts_at < SHORTEST:
        raise TooLittleLeft("Less than half an hour of this shift is left. End it instead of asking for cover")
    request = CoverRequestRow(
        absent_id=row.counsellor_id,
        during=range_of(Span(starts_at, planned.ends_at)),
        state=LadderState.ASKING.value,
        opened_at=now,
        opened_by=by,
        next_at=now,
    )
    session.add(request)
    session.flush()
    _note(session, "cover_wanted", request, before=None, by=by, now=now)
    climb(session, request_id=request.id, zone=zone, now=now)
    return request


def climb(session: Session, *, request_id: int, zone: ZoneInfo, now: datetime) -> CoverRequestRow | None:
    """Ask the next eligible colleague, if it is time. Harmless when run twice: the deadline is read under a lock.

    Nobody is asked in the night for a shift that begins well after it.
    """
    request = queries.lock_cover_request(session, request_id=request_id)
    if request is None or request.next_at is None or request.next_at > now:
        return request
    span, before = request.span(), _told(request)
    if span.ends_at - now < SHORTEST:
        return _close(session, request, LadderState.CALLED_OFF, zone=zone, now=now)
    left = Span(max(span.starts_at, whole_minute(now)), span.ends_at)
    request.next_at = asked_at(now, starts_at=left.starts_at, zone=zone)
    if request.next_at > now:
        morning = clock_time(request.next_at, zone=zone)
        _tell_supervisors(session, request, wording.TEXT_RUNG_MORNING, zone=zone, now=now, morning=morning)
        return request
    person = _following(session, request, left, zone=zone, now=now)
    if person is None:
        return _close(session, request, LadderState.EXHAUSTED, zone=zone, now=now)
    tell(
        session,
        person=person,
        body=cover_words(left, zone),
        reason_key=f"rota_cover:{request.id}:{person.id}",
        give_up_at=now + EACH_HAS,
        now=now,
    )
    request.asks.append(CoverAskRow(counsellor_id=person.id, asked_at=now))
    request.next_at = now + EACH_HAS
    session.flush()
    _note(session, "cover_asked", request, before=before, by=None, now=now)
    _tell_supervisors(session, request, wording.TEXT_RUNG, zone=zone, now=now)
    return request


def postpone(session: Session, *, request_id: int, now: datetime) -> None:
    """Try a ladder that failed again a little later, so that it does not stand in the way of the others."""
    request = queries.lock_cover_request(session, request_id=request_id)
    if request is not None and request.state == LadderState.ASKING.value:
        request.next_at = now + TRIES_AGAIN_AFTER


def said_yes(session: Session, *, phone_digest: bytes, zone: ZoneInfo, now: datetime) -> bool:
    """Whether this YES was an answer to a question of ours. The first one has the shift; the rules are asked again."""
    ask = queries.open_ask(session, phone_digest=phone_digest, now=now)
    if ask is None:
        return False
    request = queries.lock_cover_request(session, request_id=ask.request_id)
    session.refresh(ask)  # read under the lock: another YES of theirs may have come at the same moment
    if request is None or ask.answer is not None:
        return False
    span = request.span()
    left = Span(max(span.starts_at, whole_minute(now)), span.ends_at) if now + GRACE < span.ends_at else None
    if left is None or request.state in (LadderState.FILLED.value, LadderState.CALLED_OFF.value):
        return _answer(session, request, ask, "too_late", wording.TEXT_COVER_GONE, zone=zone, now=now)
    try:
        shift = add_shift(session, counsellor_id=ask.counsellor_id, span=left, tells=False, zone=zone, by=None, now=now)
    except ShiftRefused as refused:
        if request.state == LadderState.ASKING.value:
            request.next_at = now  # nobody waits for an answer that has come
        why = _why_not(refused)
        return _answer(session, request, ask, why, REFUSALS[why], zone=zone, now=now)
    _answer(session, request, ask, "yes", wording.TEXT_COVER_YOURS, zone=zone, now=now)
    _close(session, request, LadderState.FILLED, shift_id=shift.id, zone=zone, now=now)
    return True


def call_off(session: Session, *, request_id: int, by: int | None, zone: ZoneInfo, now: datetime) -> None:
    """Ask nobody else; a YES that comes later is answered with thanks."""
    request = queries.lock_cover_request(session, request_id=request_id)
    if request is not None and request.state == LadderState.ASKING.value:
        _close(session, request, LadderState.CALLED_OFF, by=by, zone=zone, now=now)


def _following(
    session: Session, request: CoverRequestRow, left: Span, *, zone: ZoneInfo, now: datetime
) -> CounsellorRow | None:
    """Who is asked next: those with the training or language that the time lacks first, then those who can what the
    absent person can, and among equals whoever worked least lately. Nobody who is ill or whom no text reaches.
    """
    passed = {ask.counsellor_id for ask in request.asks}
    passed |= queries.called_in_sick(session, around=Span(left.starts_at - DAY, left.ends_at + DAY))
    able = [
        one.counsellor_id
        for one in who_could_cover(session, span=left, zone=zone, now=now)
        if one.can and one.counsellor_id not in passed
    ]
    people = queries.counsellors_by_id(session, counsellor_ids=able)
    needed = _lacking(session, left, zone)
    absent = queries.find_counsellor(session, counsellor_id=request.absent_id)
    trained = _abilities(absent) if absent else set()
    return min(
        (people[person] for person in able if _can_be_asked(session, people[person])),
        key=lambda row: (len(needed - _abilities(row)), len(trained - _abilities(row))),  # the first of equals wins
        default=None,
    )


def _lacking(session: Session, span: Span, zone: ZoneInfo) -> set[str]:
    """The skills and languages that a time asks for and that too few of those on have."""
    segments = queries.coverage(session, start=span.starts_at, end=span.ends_at, zone=zone).segments
    skills = {str(skill) for segment in segments for skill, _ in segment.missing}
    return skills | {code for segment in segments for code, _ in segment.missing_languages}


def _abilities(row: CounsellorRow) -> set[str]:
    return {*row.skills, *row.languages}


def _can_be_asked(session: Session, row: CounsellorRow) -> bool:
    """Whether a text reaches them for certain, and a call of ours would: a number that nobody checked is no cover."""
    if row.phone_verified_at is None or not Phone(row.phone).is_mobile:
        return False
    return not has_opted_out(session, phone_digest=row.phone_digest)


def _why_not(refused: ShiftRefused) -> str:
    """The word of `REFUSALS` for what stood against a YES."""
    if isinstance(refused, AlreadyOnShift):
        return "clash"
    rules: Iterable[Rule] = ()
    if isinstance(refused, RuleStandsAgainst):
        rules = (finding.rule for finding in refused.verdict.against)
    return next((_BECAUSE_OF[rule] for rule in rules if rule in _BECAUSE_OF), "not_allowed")


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
    before = _told(request)
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
    _note(session, f"cover_said_{answer}", request, before=before, by=None, now=now)
    return True


def _close(
    session: Session,
    request: CoverRequestRow,
    state: LadderState,
    *,
    shift_id: int | None = None,
    by: int | None = None,
    zone: ZoneInfo,
    now: datetime,
) -> CoverRequestRow:
    before = _told(request)
    request.state, request.next_at, request.shift_id = state.value, None, shift_id
    session.flush()
    _note(session, f"cover_{state.value}", request, before=before, by=by, now=now)
    _tell_supervisors(session, request, _TOLD[state], zone=zone, now=now)
    return request


def _tell_supervisors(
    session: Session, request: CoverRequestRow, words: str, *, zone: ZoneInfo, now: datetime, morning: str = ""
) -> None:
    asked = len(request.asks)
    alert(
        session,
        body=words.format(shift=short(request.span(), zone), asked=asked, morning=morning),
        reason_key=f"rota_rung:{request.id}:{request.state}:{asked}",
        give_up_at=now + _RUNG_IS_NEWS_FOR,
        now=now,
    )


def _told(request: CoverRequestRow) -> dict[str, Any]:
    span = request.span()
    return {
        "starts_at": span.starts_at.isoformat(),
        "ends_at": span.ends_at.isoformat(),
        "state": request.state,
        "asked": [ask.counsellor_id for ask in request.asks],
        "answers": {str(ask.counsellor_id): ask.answer for ask in request.asks if ask.answer},
    }


def _note(
    session: Session,
    action: str,
    request: CoverRequestRow,
    *,
    before: dict[str, Any] | None,
    by: int | None,
    now: datetime,
) -> None:
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="cover_request",
        subject_id=request.id,
        before=before,
        after=_told(request),
        now=now,
    )

"""Named questions about requests, locking included in the question."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import SQLColumnExpression, case, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from accounts.models import StaffRow
from callbacks.domain.answers import Answered
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.keeping import Kept
from callbacks.domain.lifecycle import CLOSED, WAITING, Status
from callbacks.domain.matching import AGEING
from callbacks.domain.safe_contact import MessageRule, Refused, SafeContact
from callbacks.domain.score import Promised
from callbacks.domain.triage import Urgency
from callbacks.domain.window import Span
from callbacks.models import (
    AgreedPlanRow,
    ApologyRow,
    AttemptRow,
    BlockedNumberRow,
    BookingRow,
    CallbackRow,
    HistoryRow,
    IdempotencyRow,
    NotThemRow,
    ObstacleRow,
    ReceiptRow,
    ReferralRow,
    SentRow,
    TidyingRow,
)
from notifications.domain.call import CallState, LegStatus
from notifications.domain.text import NEVER_ARRIVED
from notifications.models import CallRow, LegRow, ProviderRecordRow, TextRow
from notifications.queries import has_opted_out
from rota import queries as rota
from rota.models import CounsellorRow

_MATCHING = 7_283_001  # any number that no other advisory lock of this database uses
_REQUESTERS = 7_283  # the first half of locks of two halves, which never meet those of one

_SAY_ENOUGH = [str(Status.WITHDRAWN), str(Status.ERASED)]
"""Closed states that are a reason by themselves: it is what the visitor wished."""

_WAITING = [str(status) for status in WAITING]

_RANKS = {str(urgency): rank for rank, urgency in enumerate(Urgency)}


@dataclass(frozen=True, slots=True)
class OpenCall:
    """An attempt under way, and where its call stands."""

    attempt: AttemptRow
    state: CallState
    state_at: datetime


def token_digest(token: str) -> bytes:
    """How a token is looked up; the token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def by_token(session: Session, token: str) -> CallbackRow | None:
    """The request that a visitor's token opens."""
    return session.scalars(select(CallbackRow).where(CallbackRow.token_digest == token_digest(token))).one_or_none()


def by_reference(session: Session, reference: str) -> CallbackRow | None:
    """The request with this reference, for staff."""
    return session.scalars(select(CallbackRow).where(CallbackRow.reference == reference)).one_or_none()


def lock(session: Session, callback_id: int) -> CallbackRow:
    """One request, locked and read afresh. Lock a call before its request, never after: that order has no deadlock."""
    question = (
        select(CallbackRow)
        .where(CallbackRow.id == callback_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.scalars(question).one()


def lock_matching(session: Session) -> None:
    """Match one at a time, across all workers, until the transaction ends: two must not pick the same counsellor."""
    session.execute(select(func.pg_advisory_xact_lock(_MATCHING)))


def _level(now: datetime) -> SQLColumnExpression[Any]:
    """The urgency as a rank that waiting lifts, as `matching.level` has it."""
    base = case(_RANKS, value=CallbackRow.urgency)
    waited_s = func.extract("epoch", literal(now) - CallbackRow.asked_at)
    return case((base == 0, 0), else_=func.greatest(1, base - func.floor(waited_s / AGEING.total_seconds())))


def _order_of_service(now: datetime) -> tuple[SQLColumnExpression[Any], ...]:
    """The order of `matching.order` as the database can tell it: who is looked at first must be who is served first."""
    return (
        _level(now),
        CallbackRow.goes_first.desc(),
        CallbackRow.promised_until.asc().nulls_last(),
        CallbackRow.asked_at,
        CallbackRow.id,
    )


def waiting(
    session: Session, *, now: datetime, limit: int = 500, other_than: Collection[int] = ()
) -> list[CallbackRow]:
    """Requests that are due, those that go first first, locked; those that another worker holds are left to it."""
    question = (
        select(CallbackRow)
        .where(
            CallbackRow.status.in_(_WAITING), CallbackRow.next_try_at <= now, CallbackRow.id.not_in(list(other_than))
        )
        .order_by(*_order_of_service(now))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(question))


def is_anybody_waiting(session: Session, *, now: datetime) -> bool:
    """Whether a request is due."""
    return bool(
        session.scalar(select(exists().where(CallbackRow.status.in_(_WAITING), CallbackRow.next_try_at <= now)))
    )


def count_ahead(session: Session, *, urgency: Urgency | None = None, now: datetime) -> int:
    """How many requests are due and not yet with a counsellor: all, or those that go before a new one as urgent."""
    question = select(func.count()).where(CallbackRow.status.in_(_WAITING), CallbackRow.next_try_at <= now)
    if urgency is not None:
        question = question.where(_level(now) <= _RANKS[urgency])
    return int(session.scalar(question) or 0)


def booked_times(session: Session, *, from_: datetime, until: datetime) -> list[datetime]:
    """The hours of a period at which somebody who was not rung yet has a place, one for each of them."""
    question = (
        select(BookingRow.hour_at)
        .join(CallbackRow, CallbackRow.id == BookingRow.callback_id)
        .where(BookingRow.hour_at > from_, BookingRow.hour_at < until, CallbackRow.status.in_(_WAITING))
    )
    return list(session.scalars(question))


def promised_since(session: Session, since: datetime) -> list[Promised]:
    """Every promise made to whoever asked since then, with the first ring of the visitor's telephone."""
    rung = (
        select(AttemptRow.callback_id, func.min(AttemptRow.rang_visitor_at).label("at"))
        .group_by(AttemptRow.callback_id)
        .subquery()
    )
    question = (
        select(CallbackRow.promised_from, CallbackRow.promised_until, rung.c.at, CallbackRow.closed_at)
        .outerjoin(rung, rung.c.callback_id == CallbackRow.id)
        .where(CallbackRow.asked_at >= since, CallbackRow.promised_until.is_not(None))
    )
    return [
        Promised(Span(from_, until), rung_at, closed_at)
        for from_, until, rung_at, closed_at in session.execute(question)
    ]


def booked_hours(session: Session, callback_ids: Collection[int]) -> dict[int, datetime]:
    """The hour in which each of these requests has a place."""
    question = select(BookingRow.callback_id, BookingRow.hour_at).where(BookingRow.callback_id.in_(callback_ids))
    return {row.callback_id: row.hour_at for row in session.execute(question)}


def waiting_with_a_place(session: Session, hours: Collection[datetime]) -> list[tuple[datetime, CallbackRow]]:
    """Everybody who has a place in one of these hours and was not rung yet, whoever asked first first."""
    question = (
        select(BookingRow.hour_at, CallbackRow)
        .join(CallbackRow, CallbackRow.id == BookingRow.callback_id)
        .where(BookingRow.hour_at.in_(hours), CallbackRow.status.in_(_WAITING))
        .order_by(BookingRow.hour_at, CallbackRow.asked_at, CallbackRow.id)
    )
    return [(hour_at, row) for hour_at, row in session.execute(question)]


def promised_and_not_told(session: Session, *, until: datetime) -> list[CallbackRow]:
    """Requests that wait for a promise which ends by then, and whose visitor was not told that it may be missed."""
    told = exists().where(
        ApologyRow.callback_id == CallbackRow.id, ApologyRow.promised_until == CallbackRow.promised_until
    )
    question = (
        select(CallbackRow)
        .where(CallbackRow.status.in_(_WAITING), CallbackRow.promised_until <= until, ~told)
        .order_by(CallbackRow.promised_until)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(question))


def apology(session: Session, callback: CallbackRow) -> ApologyRow | None:
    """What the visitor was told of the promise at hand, if it may be missed."""
    if callback.promised_until is None:
        return None
    return session.get(ApologyRow, (callback.id, callback.promised_until))


_LATELY = 400
"""So many calls are a helpline's last days or weeks: enough to be sure, few enough to be recent."""


def talked_lately(session: Session) -> list[timedelta]:
    """How long people talked in the last few hundred calls that connected two."""
    question = (
        select(AttemptRow.talked_s)
        .where(AttemptRow.bridged_at.is_not(None), AttemptRow.ended_at.is_not(None))
        .order_by(AttemptRow.id.desc())
        .limit(_LATELY)
    )
    return [timedelta(seconds=seconds) for seconds in session.scalars(question)]


def longest_due_s(session: Session, *, now: datetime) -> float:
    """Seconds since the longest-waiting due request became due; 0.0 when none waits."""
    question = select(func.min(CallbackRow.next_try_at)).where(
        CallbackRow.status.in_(_WAITING), CallbackRow.next_try_at <= now
    )
    since = session.scalar(question)
    return 0.0 if since is None else (now - since).total_seconds()


def overdue(session: Session, *, now: datetime, limit: int = 200) -> list[CallbackRow]:
    """Open requests whose deadline has passed, locked."""
    question = (
        select(CallbackRow)
        .where(CallbackRow.closed_at.is_(None), CallbackRow.due_by <= now)
        .order_by(CallbackRow.due_by)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(question))


def is_anything_overdue(session: Session, *, now: datetime) -> bool:
    """Whether a request's deadline has passed."""
    return bool(session.scalar(select(exists().where(CallbackRow.closed_at.is_(None), CallbackRow.due_by <= now))))


def open_with_number(session: Session, *, phone_digest: bytes, other_than: int | None = None) -> list[CallbackRow]:
    """Open requests for a number, oldest first."""
    question = (
        select(CallbackRow)
        .where(CallbackRow.closed_at.is_(None), CallbackRow.phone_digest == phone_digest)
        .order_by(CallbackRow.id)
    )
    return [row for row in session.scalars(question) if row.id != other_than]


def contact_in_force(session: Session, callback: CallbackRow) -> SafeContact:
    """What we may do and say for a request now: what its visitor allows, or less.

    Less, when another request for the same number (open, or closed as the same person's) allows less, or when the
    number's owner has replied STOP. Whoever asked is shown what they said, never this: it would tell of the others.
    """
    same_number = select(CallbackRow).where(
        CallbackRow.phone_digest == callback.phone_digest,
        CallbackRow.id != callback.id,
        or_(CallbackRow.closed_at.is_(None), CallbackRow.case_outcome == CaseOutcome.DUPLICATE),
    )
    allowed = callback.as_contact()
    for other in session.scalars(same_number):
        allowed = allowed.strictest_with(other.as_contact())
    if has_opted_out(session, phone_digest=callback.phone_digest):
        allowed = replace(allowed, sms=MessageRule.NO)
    return allowed


def busy_counsellors(session: Session) -> set[int]:
    """Counsellors with an open attempt."""
    return set(session.scalars(select(AttemptRow.counsellor_id).where(AttemptRow.ended_at.is_(None))))


def still_hanging_up(session: Session, *, since: datetime) -> set[int]:
    """Counsellors whose attempt has just ended and whose own leg has not: they hear our last words."""
    question = (
        select(AttemptRow.counsellor_id)
        .join(LegRow, LegRow.call_id == AttemptRow.call_id)
        .where(AttemptRow.ended_at >= since, LegRow.role == "counsellor", LegRow.ended_at.is_(None))
    )
    return set(session.scalars(question))


def numbers_being_rung(session: Session) -> set[bytes]:
    """Digests of the numbers with an open attempt."""
    question = (
        select(CallbackRow.phone_digest)
        .join(AttemptRow, AttemptRow.callback_id == CallbackRow.id)
        .where(AttemptRow.ended_at.is_(None))
    )
    return set(session.scalars(question))


def attempts(session: Session, callback_id: int) -> list[AttemptRow]:
    """Every attempt for a request, first one first."""
    question = select(AttemptRow).where(AttemptRow.callback_id == callback_id).order_by(AttemptRow.number)
    return list(session.scalars(question))


def count_attempts(session: Session, callback_ids: Collection[int]) -> dict[int, int]:
    """How many attempts were made for each of these requests that has any."""
    question = (
        select(AttemptRow.callback_id, func.count())
        .where(AttemptRow.callback_id.in_(callback_ids))
        .group_by(AttemptRow.callback_id)
    )
    return dict(session.execute(question).all())


def recent_attempts(session: Session, callback_ids: list[int], *, since: datetime) -> list[AttemptRow]:
    """Attempts for these requests that ended lately."""
    if not callback_ids:
        return []
    question = select(AttemptRow).where(AttemptRow.callback_id.in_(callback_ids), AttemptRow.ended_at >= since)
    return list(session.scalars(question))


def has_held(session: Session, *, callback_id: int, counsellor_id: int) -> bool:
    """Whether a counsellor has this request now, or took a call for it before. A missed offer is not enough."""
    question = exists().where(
        AttemptRow.callback_id == callback_id,
        AttemptRow.counsellor_id == counsellor_id,
        AttemptRow.ended_at.is_(None) | AttemptRow.rang_visitor_at.is_not(None),
    )
    return bool(session.scalar(select(question)))


def first_rings(session: Session, callback_ids: list[int]) -> dict[int, datetime]:
    """When each visitor's telephone first rang."""
    question = (
        select(AttemptRow.callback_id, func.min(AttemptRow.rang_visitor_at))
        .where(AttemptRow.callback_id.in_(callback_ids), AttemptRow.rang_visitor_at.is_not(None))
        .group_by(AttemptRow.callback_id)
    )
    return {callback_id: at for callback_id, at in session.execute(question) if at is not None}


def open_calls(session: Session, *, counsellor_id: int | None = None, callback_id: int | None = None) -> list[OpenCall]:
    """Attempts under way, of everybody or of one counsellor or request, with where each call stands; longest first."""
    question = (
        select(AttemptRow, CallRow.state, CallRow.state_at)
        .join(CallRow, CallRow.id == AttemptRow.call_id)
        .where(AttemptRow.ended_at.is_(None))
        .options(joinedload(AttemptRow.callback))
        .order_by(AttemptRow.started_at)
    )
    if counsellor_id is not None:
        question = question.where(AttemptRow.counsellor_id == counsellor_id)
    if callback_id is not None:
        question = question.where(AttemptRow.callback_id == callback_id)
    return [OpenCall(attempt, CallState(state), at) for attempt, state, at in session.execute(question)]


def lock_open_attempt(session: Session, call_id: UUID) -> tuple[AttemptRow, CallbackRow] | None:
    """The attempt that a call was made for, unless it has ended, with its request, locked and read afresh.

    Whoever asks holds the call, so the attempt stays as it is.
    """
    question = (
        select(AttemptRow, CallbackRow)
        .join(CallbackRow, CallbackRow.id == AttemptRow.callback_id)
        .where(AttemptRow.call_id == call_id, AttemptRow.ended_at.is_(None))
        .with_for_update(of=CallbackRow)
        .execution_options(populate_existing=True)
    )
    found = session.execute(question).one_or_none()
    return None if found is None else (found[0], found[1])


def attempt_of_call(session: Session, call_id: UUID) -> AttemptRow | None:
    """The attempt that a call belongs to."""
    return session.scalars(select(AttemptRow).where(AttemptRow.call_id == call_id)).one_or_none()


def open_attempt(session: Session, callback_id: int) -> AttemptRow | None:
    """The attempt under way for a request."""
    question = select(AttemptRow).where(AttemptRow.callback_id == callback_id, AttemptRow.ended_at.is_(None))
    return session.scalars(question).one_or_none()


def owing_attempt(session: Session, callback_id: int) -> AttemptRow | None:
    """The latest attempt whose outcome a counsellor still owes."""
    question = (
        select(AttemptRow)
        .where(
            AttemptRow.callback_id == callback_id,
            AttemptRow.owes_outcome,
            AttemptRow.contact_outcome.is_(None),
        )
        .order_by(AttemptRow.number.desc())
        .limit(1)
    )
    return session.scalars(question).one_or_none()


def open_attempt_of(session: Session, *, counsellor_id: int) -> AttemptRow | None:
    """The attempt that a counsellor is on."""
    question = select(AttemptRow).where(AttemptRow.counsellor_id == counsellor_id, AttemptRow.ended_at.is_(None))
    return session.scalars(question).one_or_none()


def outcomes_owed_by(session: Session, *, counsellor_id: int) -> list[AttemptRow]:
    """Attempts whose outcome a counsellor still owes, oldest first."""
    question = (
        select(AttemptRow)
        .where(
            AttemptRow.counsellor_id == counsellor_id,
            AttemptRow.owes_outcome,
            AttemptRow.contact_outcome.is_(None),
            AttemptRow.ended_at.is_not(None),
        )
        .order_by(AttemptRow.ended_at)
    )
    return list(session.scalars(question))


def outcomes_missing(session: Session) -> list[AttemptRow]:
    """Every attempt whose outcome is owed, oldest first."""
    question = (
        select(AttemptRow)
        .where(AttemptRow.owes_outcome, AttemptRow.contact_outcome.is_(None), AttemptRow.ended_at.is_not(None))
        .options(joinedload(AttemptRow.callback))
        .order_by(AttemptRow.ended_at)
    )
    return list(session.scalars(question))


def count_free(session: Session, *, among: frozenset[int] | None = None, now: datetime) -> int:
    """How many counsellors, or how many `among` some, are ready and have no call."""
    free = rota.free_ids(session, moment=now) - busy_counsellors(session)
    return len(free if among is None else free & among)


def last_attempt_ends(session: Session, counsellor_ids: Collection[int]) -> dict[int, datetime]:
    """When the last attempt of each of these counsellors ended: one look into an index for each of them."""
    last = select(func.max(AttemptRow.ended_at)).where(AttemptRow.counsellor_id == CounsellorRow.id).scalar_subquery()
    question = select(CounsellorRow.id, last).where(CounsellorRow.id.in_(counsellor_ids))
    return {who: ended_at for who, ended_at in session.execute(question) if ended_at is not None}


def latest_obstacles(session: Session, callback_ids: list[int]) -> dict[tuple[int, int | None], str | None]:
    """The rule that was last kept for each pair of these requests and a counsellor, or for the request alone."""
    question = (
        select(ObstacleRow.callback_id, ObstacleRow.counsellor_id, ObstacleRow.rule)
        .where(ObstacleRow.callback_id.in_(callback_ids))
        .ext(distinct_on(ObstacleRow.callback_id, ObstacleRow.counsellor_id))
        .order_by(ObstacleRow.callback_id, ObstacleRow.counsellor_id, ObstacleRow.id.desc())
    )
    return {(callback_id, who): rule for callback_id, who, rule in session.execute(question)}


def obstacles(session: Session, callback_id: int) -> list[ObstacleRow]:
    """What stood in the way of a request, in order."""
    return list(
        session.scalars(select(ObstacleRow).where(ObstacleRow.callback_id == callback_id).order_by(ObstacleRow.id))
    )


def answered(session: Session, *, since: datetime, until: datetime) -> Answered:
    """How many visitors were rung in a period, and how many of them answered."""
    answers = func.count().filter(AttemptRow.result.in_([str(CallState.FINISHED), str(CallState.HUNG_UP)]))
    question = select(func.count(), answers).where(
        AttemptRow.rang_visitor_at >= since, AttemptRow.rang_visitor_at < until, AttemptRow.ended_at.is_not(None)
    )
    rings, answered_rings = session.execute(question).one()
    return Answered(rings, answered_rings)


def could_not_be_connected(session: Session, call_id: UUID) -> bool:
    """Whether it was the counsellor's number itself that failed: refused, or no telephone could be reached there."""
    failed = exists().where(
        LegRow.call_id == CallRow.id, LegRow.role == "counsellor", LegRow.status == str(LegStatus.FAILED)
    )
    question = exists().where(CallRow.id == call_id, or_(CallRow.refused.is_not(None), failed))
    return bool(session.scalar(select(question)))


def withheld(session: Session, call_ids: Collection[UUID]) -> dict[UUID, str]:
    """Why the gate stopped these calls, for those that it stopped."""
    question = select(CallRow.id, CallRow.withheld).where(CallRow.id.in_(call_ids), CallRow.withheld.is_not(None))
    return {call_id: because for call_id, because in session.execute(question) if because is not None}


def history(session: Session, callback_id: int) -> list[HistoryRow]:
    """What happened to a request, in order."""
    return list(
        session.scalars(select(HistoryRow).where(HistoryRow.callback_id == callback_id).order_by(HistoryRow.id))
    )


def referrals(session: Session, callback_id: int) -> list[ReferralRow]:
    """Referrals made for a request."""
    return list(
        session.scalars(select(ReferralRow).where(ReferralRow.callback_id == callback_id).order_by(ReferralRow.id))
    )


def open_requests(session: Session) -> list[CallbackRow]:
    """Every open request, longest waiting first."""
    return list(
        session.scalars(
            select(CallbackRow).where(CallbackRow.closed_at.is_(None)).order_by(CallbackRow.asked_at, CallbackRow.id)
        )
    )


def to_be_rung(session: Session, *, now: datetime, limit: int = 500) -> list[CallbackRow]:
    """Requests that wait to be rung: the due ones in their order, then the soonest; for looking only, not locked."""
    is_later = CallbackRow.next_try_at > now
    soonest = case((is_later, CallbackRow.next_try_at))
    question = (
        select(CallbackRow)
        .where(CallbackRow.status.in_(_WAITING))
        .order_by(is_later, soonest, *_order_of_service(now))
        .limit(limit)
    )
    return list(session.scalars(question))


def plan_for(session: Session, *, phone_digest: bytes) -> AgreedPlanRow | None:
    """What was agreed with whoever has this number."""
    return session.get(AgreedPlanRow, phone_digest, populate_existing=True)


def named_counsellors(session: Session, phone_digests: Collection[bytes]) -> dict[bytes, int]:
    """The counsellor who was agreed on for each of these numbers, where one was."""
    question = select(AgreedPlanRow.phone_digest, AgreedPlanRow.counsellor_id).where(
        AgreedPlanRow.phone_digest.in_(phone_digests), AgreedPlanRow.counsellor_id.is_not(None)
    )
    return {digest: who for digest, who in session.execute(question) if who is not None}


def is_tidying_due(session: Session, *, now: datetime) -> bool:
    """Whether it is time to look for what is old."""
    next_at = session.scalar(select(TidyingRow.next_at))
    return next_at is None or next_at <= now


def kept_long_enough(session: Session, *, kept: Kept, limit: int, now: datetime) -> list[CallbackRow]:
    """Closed requests that still name somebody and need not any more, locked; held and restricted ones are left."""
    has_referral = exists().where(ReferralRow.callback_id == CallbackRow.id)
    is_concern = CallbackRow.case_outcome == str(CaseOutcome.SAFEGUARDING_RAISED)
    has_talked = exists().where(AttemptRow.callback_id == CallbackRow.id, AttemptRow.bridged_at.is_not(None))
    is_owed = exists().where(
        AttemptRow.callback_id == CallbackRow.id, AttemptRow.owes_outcome, AttemptRow.contact_outcome.is_(None)
    )
    period = case(
        (or_(has_referral, func.coalesce(is_concern, False)), literal(kept.referred)),
        (has_talked, literal(kept.talked)),
        else_=literal(kept.unreached),
    )
    question = (
        select(CallbackRow)
        .where(
            CallbackRow.status != str(Status.ERASED),
            CallbackRow.closed_at < now - period,
            CallbackRow.held_at.is_(None),
            CallbackRow.restricted_at.is_(None),
            ~is_owed,
        )
        .order_by(CallbackRow.closed_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(question))


_KEPT_BY_NOBODY = (CallbackRow.held_at.is_(None), CallbackRow.restricted_at.is_(None))
_AT_MOST = 500


def calls_of_closed(session: Session, *, before: datetime) -> list[UUID]:
    """Calls of requests that were closed before then, of which the telephone company still has records."""
    question = (
        select(AttemptRow.call_id)
        .join(CallbackRow, CallbackRow.id == AttemptRow.callback_id)
        .join(LegRow, LegRow.call_id == AttemptRow.call_id)
        .where(CallbackRow.closed_at < before, *_KEPT_BY_NOBODY, LegRow.provider_id.is_not(None))
        .where(~exists().where(ProviderRecordRow.provider_id == LegRow.provider_id))
        .limit(_AT_MOST)
    )
    return list(session.scalars(question))


def texts_of_closed(session: Session, *, before: datetime) -> list[UUID]:
    """Texts about requests that were closed before then, of which the telephone company still has records."""
    question = (
        select(TextRow.id)
        .join(SentRow, SentRow.text_id == TextRow.id)
        .join(CallbackRow, CallbackRow.id == SentRow.callback_id)
        .where(CallbackRow.closed_at < before, *_KEPT_BY_NOBODY, TextRow.provider_id.is_not(None))
        .where(~exists().where(ProviderRecordRow.provider_id == TextRow.provider_id))
        .limit(_AT_MOST)
    )
    return list(session.scalars(question))


def closed_since(session: Session, since: datetime, *, limit: int = 50) -> list[CallbackRow]:
    """Requests closed lately, newest first."""
    question = (
        select(CallbackRow).where(CallbackRow.closed_at >= since).order_by(CallbackRow.closed_at.desc()).limit(limit)
    )
    return list(session.scalars(question))


def seats_taken(session: Session, *, from_: datetime, until: datetime) -> dict[datetime, set[int]]:
    """Places taken in each offered hour of a period."""
    question = select(BookingRow.hour_at, BookingRow.seat).where(
        BookingRow.hour_at >= from_, BookingRow.hour_at < until
    )
    taken: dict[datetime, set[int]] = {}
    for hour_at, seat in session.execute(question):
        taken.setdefault(hour_at, set()).add(seat)
    return taken


def block_on(session: Session, *, phone_digest: bytes, now: datetime) -> BlockedNumberRow | None:
    """The block on a number, while it lasts."""
    block = session.get(BlockedNumberRow, phone_digest)
    return block if block is not None and (block.until is None or now < block.until) else None


def barred(session: Session, callback: CallbackRow, *, now: datetime) -> Refused | None:
    """Why the number of a request is not rung or texted for it, at any time; None when it may be.

    Its owner may have said "not me" to whoever asks from this network, or through this website.
    """
    is_blocked = exists().where(
        BlockedNumberRow.phone_digest == callback.phone_digest,
        or_(BlockedNumberRow.until.is_(None), BlockedNumberRow.until > now),
    )
    is_denied = exists().where(
        NotThemRow.phone_digest == callback.phone_digest, NotThemRow.requester == callback.requester
    )
    blocked, denied = session.execute(select(is_blocked, is_denied)).one()
    if blocked:
        return Refused.BLOCKED
    return Refused.NOT_THEM if denied else None


def spent(session: Session, *, since: datetime) -> int:
    """How many calls and texts were ordered since then: each costs money."""
    calls = select(func.count()).where(CallRow.created_at > since)
    texts = select(func.count()).where(TextRow.created_at > since)
    return int(session.scalar(calls) or 0) + int(session.scalar(texts) or 0)


def lock_requester(session: Session, requester: bytes) -> None:
    """Let those who ask from one network ask one after the other, until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(_REQUESTERS, int.from_bytes(requester[:4], signed=True))))


def asked_nth_last(
    session: Session, n: int, *, requester: bytes | None = None, channel: str | None = None, since: datetime
) -> datetime | None:
    """When the nth newest request since then was made; None when there are fewer.

    From one network, or from strangers of all networks through one channel.
    """
    question = select(CallbackRow.asked_at).where(CallbackRow.asked_at > since).order_by(CallbackRow.asked_at.desc())
    if requester is not None:
        question = question.where(CallbackRow.requester == requester)
    else:
        question = question.where(CallbackRow.channel == channel, CallbackRow.requester.is_not(None))
    return session.scalar(question.offset(n - 1).limit(1))


def count_asked_for(session: Session, *, phone_digest: bytes, since: datetime) -> int:
    """How many requests for a number were made since then."""
    question = select(func.count()).where(CallbackRow.phone_digest == phone_digest, CallbackRow.asked_at > since)
    return int(session.scalar(question) or 0)


def idempotent(session: Session, key_digest: bytes) -> IdempotencyRow:
    """What was answered under a caller's key."""
    return session.scalars(
        select(IdempotencyRow).where(IdempotencyRow.key_digest == key_digest).execution_options(populate_existing=True)
    ).one()


def callback_of_text(session: Session, text_id: UUID) -> CallbackRow | None:
    """The request that a text is about."""
    question = (
        select(CallbackRow).join(SentRow, SentRow.callback_id == CallbackRow.id).where(SentRow.text_id == text_id)
    )
    return session.scalars(question).one_or_none()


def texts(session: Session, callback_id: int) -> list[TextRow]:
    """The texts about a request, oldest first."""
    question = (
        select(TextRow)
        .join(SentRow, SentRow.text_id == TextRow.id)
        .where(SentRow.callback_id == callback_id)
        .order_by(TextRow.created_at, TextRow.id)
    )
    return list(session.scalars(question))


def could_not_be_texted(session: Session, callback_ids: Collection[int]) -> set[int]:
    """Of these requests, those whose last text did not arrive."""
    question = (
        select(SentRow.callback_id, TextRow.state)
        .join(TextRow, TextRow.id == SentRow.text_id)
        .where(SentRow.callback_id.in_(callback_ids))
        .ext(distinct_on(SentRow.callback_id))
        .order_by(SentRow.callback_id, TextRow.created_at.desc(), TextRow.id)
    )
    return {callback_id for callback_id, state in session.execute(question) if state in NEVER_ARRIVED}


def counsellor_names(session: Session) -> dict[int, str]:
    """Everybody who ever was on the team, by counsellor id."""
    question = select(CounsellorRow.id, StaffRow.name).join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
    return {row.id: row.name for row in session.execute(question)}


def staff_names(session: Session, staff_ids: set[int]) -> dict[int, str]:
    """Names of members of staff by id."""
    question = select(StaffRow.id, StaffRow.name).where(StaffRow.id.in_(staff_ids))
    return {row.id: row.name for row in session.execute(question)}


def counts_by_status(session: Session, *, since: datetime | None = None) -> dict[Status, int]:
    """How many requests stand in each state; of all, or of those asked for since then."""
    question = select(CallbackRow.status, func.count()).group_by(CallbackRow.status)
    if since is not None:
        question = question.where(CallbackRow.asked_at >= since)
    return {Status(status): count for status, count in session.execute(question)}


def unaccounted_for(session: Session) -> int:
    """Conservation: requests that are nowhere, and received ones that are gone or were never noted. Must be 0, always.

    Every request ever received is open with a deadline or closed with a reason, and has its receipt.
    """
    return _nowhere(session) + _gone(session)


def _gone(session: Session) -> int:
    """Receipts without their request, and requests without their receipt."""
    no_request = ~exists().where(CallbackRow.id == ReceiptRow.callback_id)
    no_receipt = ~exists().where(ReceiptRow.callback_id == CallbackRow.id)
    gone = select(func.count()).select_from(ReceiptRow).where(no_request)
    unnoted = select(func.count()).select_from(CallbackRow).where(no_receipt)
    return int(session.scalar(gone) or 0) + int(session.scalar(unnoted) or 0)


def _nowhere(session: Session) -> int:
    """Requests that are neither open with a deadline nor closed with a reason."""
    question = (
        select(func.count())
        .select_from(CallbackRow)
        .where(
            ~(
                (CallbackRow.closed_at.is_(None) & CallbackRow.due_by.is_not(None))
                | (
                    CallbackRow.closed_at.is_not(None)
                    & (CallbackRow.status.in_(_SAY_ENOUGH) | CallbackRow.case_outcome.is_not(None))
                    & CallbackRow.status.in_([str(status) for status in CLOSED])
                )
            )
        )
    )
    return int(session.scalar(question) or 0)

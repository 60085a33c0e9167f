"""Attempts and their calls: under way, lately, and what their counsellors still owe."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from callbacks.domain.answers import Answered
from callbacks.models import AttemptRow, CallbackRow
from notifications.domain.call import CallState
from notifications.domain.leg import LegStatus
from notifications.models import CallRow, LegRow
from rota import queries as rota
from rota.models import CounsellorRow


@dataclass(frozen=True, slots=True)
class OpenCall:
    """An attempt under way, and where its call stands."""

    attempt: AttemptRow
    state: CallState
    state_at: datetime


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


def cut_off(session: Session, callback_ids: Collection[int], *, since: datetime) -> dict[int, int]:
    """Of these requests, those whose visitor had just answered when our line went, and who was on it: since then
    nobody else was asked.
    """
    question = (
        select(AttemptRow.callback_id, AttemptRow.counsellor_id, AttemptRow.result, CallRow.greeted_at)
        .join(CallRow, CallRow.id == AttemptRow.call_id)
        .where(AttemptRow.callback_id.in_(callback_ids), AttemptRow.ended_at >= since)
        .ext(distinct_on(AttemptRow.callback_id))
        .order_by(AttemptRow.callback_id, AttemptRow.number.desc())
    )
    return {
        callback_id: counsellor_id
        for callback_id, counsellor_id, result, greeted_at in session.execute(question)
        if result == CallState.ABANDONED and greeted_at is not None
    }


def is_cut_off(session: Session, attempt: AttemptRow) -> bool:
    """Whether our line went just after the visitor had answered."""
    if attempt.result != CallState.ABANDONED:
        return False
    return session.scalar(select(CallRow.greeted_at).where(CallRow.id == attempt.call_id)) is not None


def has_rung_since(session: Session, callback_id: int, *, since: datetime) -> bool:
    """Whether the visitor's telephone was rung for this request after that moment."""
    question = exists().where(AttemptRow.callback_id == callback_id, AttemptRow.rang_visitor_at > since)
    return bool(session.scalar(select(question)))


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

"""Who waits to be rung, in the order of service."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, case, exists, func, literal, select
from sqlalchemy.orm import Session

from callbacks.domain.lifecycle import WAITING, Status
from callbacks.domain.matching import AGEING
from callbacks.domain.triage import Urgency
from callbacks.models import CallbackRow
from foundation.database import written_out

_MATCHING = 7_283_001  # any number that no other advisory lock of this database uses

TO_BE_RUNG = [written_out(status) for status in sorted(WAITING)]

_NOT_IN_A_CALL = [*TO_BE_RUNG, written_out(Status.ASSIGNED), written_out(Status.NEEDS_REVIEW)]

_RANKS = {str(urgency): rank for rank, urgency in enumerate(Urgency)}


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
            CallbackRow.status.in_(TO_BE_RUNG),
            CallbackRow.next_try_at <= now,
            CallbackRow.id.not_in(list(other_than)),
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
        session.scalar(select(exists().where(CallbackRow.status.in_(TO_BE_RUNG), CallbackRow.next_try_at <= now)))
    )


def open_emergencies(session: Session) -> list[CallbackRow]:
    """Emergencies that nobody is on the telephone with, first ones first, locked; those held by others are left."""
    question = (
        select(CallbackRow)
        .where(CallbackRow.urgency == str(Urgency.EMERGENCY), CallbackRow.status.in_(_NOT_IN_A_CALL))
        .order_by(CallbackRow.asked_at)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(question))


def count_ahead(session: Session, *, urgency: Urgency | None = None, now: datetime) -> int:
    """How many requests are due and not yet with a counsellor: all, or those that go before a new one as urgent."""
    question = select(func.count()).where(CallbackRow.status.in_(TO_BE_RUNG), CallbackRow.next_try_at <= now)
    if urgency is not None:
        question = question.where(_level(now) <= _RANKS[urgency])
    return int(session.scalar(question) or 0)


def longest_due_s(session: Session, *, now: datetime) -> float:
    """Seconds since the longest-waiting due request became due; 0.0 when none waits."""
    question = select(func.min(CallbackRow.next_try_at)).where(
        CallbackRow.status.in_(TO_BE_RUNG), CallbackRow.next_try_at <= now
    )
    since = session.scalar(question)
    return 0.0 if since is None else (now - since).total_seconds()


def to_be_rung(session: Session, *, now: datetime, limit: int = 500) -> list[CallbackRow]:
    """Requests that wait to be rung: the due ones in their order, then the soonest; for looking only, not locked."""
    is_later = CallbackRow.next_try_at > now
    soonest = case((is_later, CallbackRow.next_try_at))
    question = (
        select(CallbackRow)
        .where(CallbackRow.status.in_(TO_BE_RUNG))
        .order_by(is_later, soonest, *_order_of_service(now))
        .limit(limit)
    )
    return list(session.scalars(question))

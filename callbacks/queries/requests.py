"""Which request: by token, reference or number; every one that is open, and what happened to each."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import StaffRow
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.models import CallbackRow, HistoryRow, ReferralRow
from foundation.database import written_out
from notifications.queries import has_opted_out
from rota.models import CounsellorRow


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


def closed_since(session: Session, since: datetime, *, limit: int = 50) -> list[CallbackRow]:
    """Requests closed lately and not erased since, newest first."""
    question = (
        select(CallbackRow)
        .where(CallbackRow.closed_at >= since, CallbackRow.status != written_out(Status.ERASED))
        .order_by(CallbackRow.closed_at.desc())
        .limit(limit)
    )
    return list(session.scalars(question))


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

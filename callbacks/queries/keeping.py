"""What has been kept for as long as it was needed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from callbacks.domain.codes import CaseOutcome
from callbacks.domain.keeping import Kept
from callbacks.domain.lifecycle import Status
from callbacks.models import AttemptRow, CallbackRow, ReferralRow, SentRow, TidyingRow
from notifications.models import LegRow, ProviderRecordRow, TextRow


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


def drafts_of_closed(session: Session, *, before: datetime) -> list[AttemptRow]:
    """Attempts of requests that were closed before then, whose outcome was drafted and never recorded; locked."""
    question = (
        select(AttemptRow)
        .join(CallbackRow, CallbackRow.id == AttemptRow.callback_id)
        .where(CallbackRow.closed_at < before, *_KEPT_BY_NOBODY, AttemptRow.draft.is_not(None))
        .limit(_AT_MOST)
        .with_for_update(of=AttemptRow, skip_locked=True)
        .execution_options(populate_existing=True)
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

"""Conservation: every request that was received is open, or closed with a reason."""

from __future__ import annotations

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from callbacks.domain.lifecycle import CLOSED, Status
from callbacks.models import CallbackRow, ReceiptRow

_SAY_ENOUGH = [str(Status.WITHDRAWN), str(Status.ERASED)]
"""Closed states that are a reason by themselves: it is what the visitor wished."""


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

"""Conservation: every request that was received is open, or closed with a reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, func, select, text, true
from sqlalchemy.orm import Session

from callbacks.models import CallbackRow, ReceiptRow
from callbacks.models.requests import NOWHERE


def unaccounted_for(session: Session, *, received_since: datetime | None = None) -> int:
    """Conservation: requests that are nowhere, and received ones that are gone or were never noted. Must be 0, always.

    Every request ever received is open with a deadline or closed with a reason, and has its receipt. With
    `received_since`, only receipts from then on are held against requests: all of them are many, and are looked at now
    and then.
    """
    return _nowhere(session) + _gone(session, received_since)


def _gone(session: Session, since: datetime | None) -> int:
    """Receipts without their request, and requests without their receipt."""
    no_request = ~exists().where(CallbackRow.id == ReceiptRow.callback_id)
    no_receipt = ~exists().where(ReceiptRow.callback_id == CallbackRow.id)
    is_receipt_recent = true() if since is None else ReceiptRow.received_at >= since
    is_request_recent = true() if since is None else CallbackRow.asked_at >= since
    gone = select(func.count()).select_from(ReceiptRow).where(no_request, is_receipt_recent)
    unnoted = select(func.count()).select_from(CallbackRow).where(no_receipt, is_request_recent)
    return int(session.scalar(gone) or 0) + int(session.scalar(unnoted) or 0)


def _nowhere(session: Session) -> int:
    """Requests that are neither open with a deadline nor closed with a reason; found by an index of just these."""
    return int(session.scalar(select(func.count()).select_from(CallbackRow).where(text(NOWHERE))) or 0)

"""Give the place in an offered hour back."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from callbacks.models import BookingRow


def release(session: Session, *, callback_id: int) -> None:
    """Somebody else may have the place that this request held, if it held one."""
    session.execute(delete(BookingRow).where(BookingRow.callback_id == callback_id))

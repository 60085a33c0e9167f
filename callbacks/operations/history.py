"""Write down what happened to a request, in words, where a supervisor can read it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks.models import CallbackRow, HistoryRow


def note(session: Session, callback: CallbackRow, words: str, *, now: datetime, actor_id: int | None = None) -> None:
    """Add one line; nothing personal belongs in it. `actor_id` is the member of staff, None for the service itself."""
    session.add(HistoryRow(callback=callback, at=now, status=callback.status, words=words, actor_id=actor_id))

"""Note in the journal what a member of staff did about a request, by its reference."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.operations import journal
from callbacks.models import CallbackRow


def note_that(
    session: Session,
    action: str,
    callback: CallbackRow,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    by: int | None,
    now: datetime,
) -> None:
    """Nothing that the visitor told us belongs in it."""
    journal.note(
        session,
        actor_id=by,
        action=action,
        subject_kind="callback",
        subject_id=callback.reference,
        before=before,
        after=after,
        now=now,
    )

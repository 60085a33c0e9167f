"""Write down who did what: the one door to the journal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.models import JournalRow


def note(
    session: Session,
    *,
    actor_id: int | None,
    action: str,
    subject_kind: str,
    subject_id: int | str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    now: datetime,
) -> None:
    """Add one line to the journal, in the caller's transaction: what is noted happened, and what happened is noted.

    `action` is a past participle such as "shift_moved"; `before` and `after` hold plain JSON without anything about
    a visitor and without whole telephone numbers. `actor_id` is None when the service itself acted.
    """
    session.add(
        JournalRow(
            at=now,
            actor_id=actor_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            before=before,
            after=after,
        )
    )

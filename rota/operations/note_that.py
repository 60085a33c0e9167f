"""Note in the journal what became of something in the rota: as it was, and as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.operations.journal import note


def note_that(
    session: Session,
    action: str,
    of: tuple[str, int],
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    by: int | None,
    now: datetime,
) -> None:
    """`of` is a kind of thing and the id of one; `before` is None for what is new, `after` for what is gone."""
    kind, subject_id = of
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        before=before,
        after=after,
        now=now,
    )

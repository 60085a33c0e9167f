"""Forget what has been kept for as long as it was needed: our own rows, and what the telephone company has of them.

What is open, held for the law or kept for safeguarding is left alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.keeping import Kept
from callbacks.domain.lifecycle import Event
from callbacks.models import TidyingRow
from callbacks.operations import history
from callbacks.operations.blank import blank
from notifications.operations import forget

EVERY = timedelta(minutes=10)
"""How often what is old is looked for; a day more or less does not matter, and a long list is worked off."""

AT_ONCE = 50
"""Requests blanked in one transaction."""


def begin(session: Session, *, now: datetime) -> None:
    """Say when it is looked for again."""
    given = {"next_at": now + EVERY}
    row = insert(TidyingRow).values(id=1, **given)
    session.execute(row.on_conflict_do_update(index_elements=[TidyingRow.id], set_=given))


def tidy(session: Session, *, kept: Kept, now: datetime) -> int:
    """Blank the requests that have been closed for long enough; how many. Run until it says 0."""
    rows = queries.kept_long_enough(session, kept=kept, limit=AT_ONCE, now=now)
    for callback in rows:
        blank(session, callback, now=now)
        callback.move(Event.ERASE, due_by=None, now=now)
        history.note(session, callback, wording.FORGOTTEN, now=now)
    return len(rows)


def tidy_records(session: Session, *, kept: Kept, now: datetime) -> None:
    """Have the telephone company forget the calls and texts of what was closed long ago, and forget its messages."""
    closed_before = now - kept.call_records
    forget.forget_records(
        session,
        call_ids=queries.calls_of_closed(session, before=closed_before),
        text_ids=queries.texts_of_closed(session, before=closed_before),
        now=now,
    )
    forget.forget_alarms(session, before=closed_before, now=now)
    forget.forget_messages(session, before=closed_before)


def tidy_drafts(session: Session, *, kept: Kept, now: datetime) -> None:
    """Forget what was drafted of an outcome that nobody recorded. The outcome is still owed, and can be recorded."""
    for attempt in queries.drafts_of_closed(session, before=now - kept.call_records):
        attempt.draft = None

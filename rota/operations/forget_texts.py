"""Forget the words and numbers of old texts to staff, and the records of old checks of telephones."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from notifications.operations import forget
from rota import queries

AT_ONCE = 100  # the rest waits for the next round: nothing hangs on an hour


def forget_old_texts(session: Session, *, before: datetime, now: datetime) -> int:
    """Blank what was texted to staff before then, here and at the telephone company; how many there were."""
    texts = queries.staff_texts_to_forget(session, before=before, limit=AT_ONCE)
    for text_id in texts:
        forget.forget_text(session, text_id=text_id, now=now)
    calls = queries.phone_checks_to_forget(session, before=before, limit=AT_ONCE)
    for check in calls:
        forget.forget_call(session, call_id=check.call_id, now=now)
        check.phone_digest = forget.NOBODY
    session.flush()
    return len(texts) + len(calls)

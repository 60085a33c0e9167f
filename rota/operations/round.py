"""The rota's round: once a minute somebody has to look over it, and once an hour over the weeks ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from rota import queries
from rota.models import RotaRoundRow

EVERY = timedelta(minutes=1)
AHEAD_EVERY = timedelta(hours=1)  # the weeks ahead change by planning, and whoever plans sees them


def begin_round(session: Session, *, now: datetime) -> tuple[bool, bool]:
    """(Whether it is time to look over the rota, and over the weeks ahead); of several workers, one is told so."""
    session.execute(insert(RotaRoundRow).values(id=1, next_at=now, ahead_at=now).on_conflict_do_nothing())
    row = queries.lock_round(session)
    is_due, is_ahead_due = row.next_at <= now, row.ahead_at <= now
    if is_due:
        row.next_at = now + EVERY
    if is_due and is_ahead_due:
        row.ahead_at = now + AHEAD_EVERY
    return is_due, is_due and is_ahead_due

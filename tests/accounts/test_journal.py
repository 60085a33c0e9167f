"""What is noted stays as it was noted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import queries
from accounts.operations.journal import note

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("statement", ["update journal set action = 'x'", "delete from journal"])
def test_the_database_itself_refuses_to_change_the_journal(statement: str, session: Session) -> None:
    note(session, actor_id=None, action="shift_moved", subject_kind="shift", subject_id=7, now=NOON)
    session.commit()

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(statement))
    session.rollback()

    assert [line.action for line in queries.journal_of(session, subject_kind="shift", subject_id=7)] == ["shift_moved"]


def test_a_note_goes_with_what_it_tells_of(session: Session) -> None:
    note(session, actor_id=None, action="shift_moved", subject_kind="shift", subject_id=7, now=NOON)

    session.rollback()

    assert queries.journal_of(session, subject_kind="shift", subject_id=7) == []

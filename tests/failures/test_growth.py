"""What is asked again and again reads no more rows when more was done before: counted by PostgreSQL, and not timed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.soak.copies import multiply
from callbacks import queries
from callbacks.domain.codes import CaseOutcome, ContactOutcome
from callbacks.operations import watch
from callbacks.operations.finish_call import Outcome
from callbacks.operations.match import match_waiting
from callbacks.web.staff import board_view
from commands import PERIODIC
from foundation.database import db
from tests.conftest import Town
from tests.journeys.conftest import People
from tests.rota.planning import LONDON, Team

TIMES = 12
"""After ten, psycopg and PostgreSQL keep one plan for whatever comes: it must be as good as a plan of its own."""

DONE = 3_000
A_DAYS = DONE / 3
"""What was done is spread over a week, and what was done in a day may be counted: far less than this."""


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))


def rows_read(session: Session, look: Callable[[Session], object]) -> float:
    """How many rows one look goes through."""
    so_far = text("select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables")
    for _ in range(TIMES):
        look(session)
        session.flush()
        session.expire_all()
    before = session.scalar(so_far)
    look(session)
    session.flush()
    return float(session.scalar(so_far) - before)


def test_what_the_timekeeper_asks_reads_no_more_when_more_was_done(town: Town, people: People) -> None:
    asked = people.call_back()
    asked.record(Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.INFO_GIVEN))
    now = town.clock() + timedelta(minutes=1)
    looks: dict[str, Callable[[Session], object]] = {
        **{bell.name: partial(waits, now=now) for bell, waits in PERIODIC},
        "watch": lambda session: watch.watch(session, budget=1000, zone=LONDON, is_thorough=False, now=now),
        "match": lambda session: match_waiting(session, zone=LONDON, now=now),
        "owed": queries.outcomes_missing,
        "closed": lambda session: queries.closed_since(session, now - timedelta(hours=12)),
        "cover": lambda session: board_view.cover(session, zone=LONDON, now=now),
    }

    with town.app.app_context():
        session = db.session()
        multiply(session, wanted=20)
        after_few = {what: rows_read(session, look) for what, look in looks.items()}
        multiply(session, wanted=DONE)
        after_many = {what: rows_read(session, look) for what, look in looks.items()}
        session.rollback()

    grown = {what: (after_few[what], read) for what, read in after_many.items() if read > after_few[what] + A_DAYS}
    assert grown == {}

"""The judge of every test can be broken: each lie, each forgotten leg and each indiscretion is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from sqlalchemy import text, update

from callbacks.models import AttemptRow
from foundation.database import db, transaction
from notifications.models import CallRow, LegRow
from tests.conftest import ACCOUNT, AUTH_TOKEN, HELPLINE, NOON, Town, _empty
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team


@pytest.fixture
def people(town: Town) -> Iterator[People]:
    """A town that was lied about on purpose, and is forgotten before it is judged in earnest."""
    yield People(town, Team(town.app))
    town.phones.reset()
    _empty(town.app)
    town.expects()


def a_talk(town: Town, people: People) -> None:
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    asked = people.ask(name="Sam")
    town.until(lambda: asked.results() == ["finished"])
    town.passes(10)  # the counsellor hears our last words


def place(town: Town, to: str, twiml: str) -> None:
    """A call that the service knows nothing of."""
    order = {"To": to, "From": HELPLINE, "Twiml": f"<Response>{twiml}</Response>"}
    url = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    requests.post(url, data=order, auth=(ACCOUNT, AUTH_TOKEN), timeout=10).raise_for_status()


def test_a_call_that_was_carried_as_the_tables_say_breaks_nothing(town: Town, people: People) -> None:
    a_talk(town, people)

    assert town.verdict() == {}


@pytest.mark.parametrize("lie", ["no_answer", "hung_up", "unreached", "cancelled", "lost"])
def test_a_call_that_ended_otherwise_than_the_tables_say_breaks_i7(town: Town, people: People, lie: str) -> None:
    a_talk(town, people)
    with town.app.app_context(), transaction() as session:
        session.execute(update(CallRow).values(state=lie))
        session.execute(update(AttemptRow).values(result=lie))

    assert set(town.verdict()) == {"I7"}


def test_a_leg_that_ended_otherwise_than_the_tables_say_breaks_i7(town: Town, people: People) -> None:
    a_talk(town, people)
    with town.app.app_context(), transaction() as session:
        session.execute(update(LegRow).where(LegRow.role == "visitor").values(status="busy"))

    assert set(town.verdict()) == {"I7"}


def test_an_attempt_that_does_not_know_how_its_call_ended_breaks_i7(town: Town, people: People) -> None:
    a_talk(town, people)
    with town.app.app_context(), transaction() as session:
        session.execute(update(AttemptRow).values(ended_at=None, result=None))

    assert set(town.verdict()) == {"I7"}


def test_a_request_that_waits_for_a_call_that_is_over_breaks_i6(town: Town, people: People) -> None:
    a_talk(town, people)
    with town.app.app_context(), transaction() as session:
        session.execute(update(AttemptRow).values(owes_outcome=False))

    assert set(town.verdict()) == {"I6"}


def test_a_call_that_nothing_settles_breaks_i6(town: Town, people: People) -> None:
    a_talk(town, people)
    with town.app.app_context(), transaction() as session:
        session.execute(update(CallRow).values(state="bridged", ended_at=None, deadline_at=NOON + timedelta(days=9)))
        session.execute(update(LegRow).values(status="in-progress"))

    assert set(town.verdict()) == {"I6"}


def test_a_leg_that_no_table_knows_breaks_i6(town: Town, people: People) -> None:
    a_talk(town, people)
    with town.app.app_context(), transaction() as session:
        session.execute(text("truncate call cascade"))

    assert set(town.verdict()) == {"I6"}


def test_a_visitor_who_is_dialled_straight_away_breaks_i1(town: Town, people: People) -> None:
    people.ask()
    place(town, VISITOR, "<Say>Hello.</Say>")

    assert set(town.verdict()) == {"I1", "I6"}  # and no table knows of it


@pytest.mark.parametrize("words", ["Sam waits.", "Call +447700900982.", "It is about drugs."])
def test_who_it_is_about_said_before_a_key_1_breaks_i8(town: Town, people: People, words: str) -> None:
    town.phones.habit(ANA, picks_up="person")
    people.ask(name="Sam")
    place(town, ANA, f"<Say>{words}</Say>")
    town.passes(10)

    assert set(town.verdict()) == {"I8", "I6"}


def test_a_request_that_is_nowhere_breaks_conservation(town: Town, people: People) -> None:
    people.ask()
    with town.app.app_context():
        db.session.execute(text("alter table callback drop constraint an_open_callback_has_a_deadline"))
        db.session.execute(text("update callback set due_by = null"))
        db.session.commit()
    try:
        assert set(town.verdict()) == {"conservation"}
    finally:
        with town.app.app_context():
            db.session.execute(text("update callback set due_by = next_try_at"))
            db.session.execute(
                text(
                    "alter table callback add constraint an_open_callback_has_a_deadline"
                    " check (closed_at is not null or due_by is not null)"
                )
            )
            db.session.commit()

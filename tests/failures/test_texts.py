"""Texts that cannot go, or go nowhere: never twice, never to who wants none, and never silently."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from callbacks import queries as callbacks
from callbacks.domain.safe_contact import MessageRule
from foundation import sealed
from foundation.database import transaction
from notifications import queries as notifications
from notifications.models import TextRow
from tests.conftest import Town
from tests.journeys.conftest import ANA, TAKES, VISITOR, People
from tests.rota.planning import Team

ALLOWED = {"sms": "neutral_message"}


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example", is_available=False)
    town.phones.habit(ANA, **TAKES)
    return here


def texts(town: Town) -> list[TextRow]:
    with town.app.app_context(), transaction() as session:
        return list(session.scalars(select(TextRow).order_by(TextRow.created_at)))


def states(town: Town) -> list[str]:
    return [text.state for text in texts(town)]


def orders(town: Town) -> list[dict[str, Any]]:
    """Every text that the telephone company was asked to send."""
    return [
        entry
        for entry in town.phones.log()
        if entry["kind"] == "rest" and entry["method"] == "POST" and entry["path"].endswith("/Messages.json")
    ]


def test_f24_word_of_a_stop_is_lost_and_the_refusal_of_the_next_text_tells(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    town.phones.habit(VISITOR, picks_up="nobody", replies="STOP")
    town.phones.faults(webhooks={"kinds": ["inbound"], "drop": 1})
    asked = people.ask(safe_contact=ALLOWED)
    town.until(lambda: states(town) == ["delivered"])
    people.team.ready(1)

    town.until(lambda: states(town) == ["delivered", "refused"])
    again = people.ask(safe_contact=ALLOWED)
    town.passes(5)

    with town.app.app_context(), transaction() as session:
        assert notifications.has_opted_out(session, phone_digest=sealed.digest(VISITOR))
        assert callbacks.contact_in_force(session, again.row()).sms is MessageRule.NO
    assert asked.status == "retry_due"  # calls follow their own consent
    assert "The visitor replied STOP: no more texts. Calls go on as agreed." in asked.history()
    assert [entry["status"] for entry in orders(town)] == [201, 400]  # refused once, and never asked again

"""What a visitor changes while they wait, and what no change may undo."""

from __future__ import annotations

from typing import Any

from callbacks import queries
from callbacks.domain.safe_contact import MessageRule
from foundation.database import transaction
from tests.conftest import Town
from tests.journeys.conftest import ANA, LANDLINE, TAKES, TALKS, VISITOR, Asked, People

OTHER = "+447700900983"


def change(town: Town, asked: Asked, **fields: Any) -> int:
    return town.app.test_client().patch(f"/api/v1/callbacks/{asked.token}", json=fields).status_code


def test_a_changed_number_is_the_one_that_rings(town: Town, people: People) -> None:
    town.expects(ANA, OTHER)
    people.on("Ana Example", is_available=False)
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(OTHER, **TALKS)

    asked = people.ask()
    answered = change(town, asked, phone=OTHER)
    people.team.ready(1)
    town.until(lambda: asked.results() == ["finished"])

    assert (answered, town.contacted()["rung"]) == (200, [ANA, OTHER])


def test_f25_whoever_allowed_texts_and_changes_to_a_landline_gets_none_there(town: Town, people: People) -> None:
    town.expects(ANA, LANDLINE, texts=[VISITOR])
    people.on("Ana Example", is_available=False)
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(LANDLINE, picks_up="nobody")

    asked = people.ask(safe_contact={"sms": "neutral_message"})
    town.passes(3)
    answered = change(town, asked, phone=LANDLINE)
    people.team.ready(1)
    town.until(lambda: asked.results() == ["no_answer"])
    town.passes(5)

    assert (answered, asked.status) == (200, "retry_due")


def test_f19_a_number_that_another_request_has_is_for_a_supervisor_and_the_strictest_wishes_win(
    town: Town, people: People
) -> None:
    town.expects()
    people.on("Ana Example", is_available=False)

    first = people.ask(OTHER)
    second = people.ask(VISITOR)
    change(town, second, safe_contact={"sms": "neutral_message"}, phone=OTHER)
    town.passes(3)

    assert (first.status, second.status) == ("queued", "needs_review")
    assert second.row().review_reason == "possible_duplicate"
    with town.app.app_context(), transaction() as session:
        in_force = [queries.contact_in_force(session, asked.row()) for asked in (first, second)]
    assert [contact.sms for contact in in_force] == [MessageRule.NO, MessageRule.NO]


def test_whoever_said_that_home_is_not_safe_stays_protected_whatever_is_changed(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example", is_available=False)

    asked = people.ask(flags={"unsafe_at_home": "yes"})
    answered = change(town, asked, safe_contact={"sms": "message_with_name", "voicemail": "message_with_name"})
    town.passes(3)

    assert answered == 200
    assert (asked.row().sms, asked.row().voicemail) == ("no", "no")


def test_a_request_that_a_counsellor_is_ringing_for_cannot_be_changed_under_their_hands(
    town: Town, people: People
) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")

    asked = people.ask()
    town.until(lambda: asked.status == "assigned")
    answered = change(town, asked, phone=OTHER)

    assert answered == 409
    assert asked.row().phone == VISITOR

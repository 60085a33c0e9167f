"""Who answers the visitor's telephone, and what they hear: the visitor, somebody else, a stranger or a machine."""

from __future__ import annotations

import re

import pytest
import requests

from tests.conftest import Town
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, People
from tests.journeys.test_main_journey import heard

HANG_UP = {"third_party": "hang_up"}
TEXTS = {"sms": "neutral_message"}

TELLS = re.compile(r"asked|call ?back|request|help|counsel|drug|alcohol|drink|Sam|Example", re.IGNORECASE)
"""What would tell whoever hears it that somebody asked for something, or who, or of whom."""


@pytest.mark.parametrize("picks_up", ["person", "voicemail"])
@pytest.mark.parametrize("wishes", [{}, HANG_UP, {"third_party": "say_wrong_number"}, {"voicemail": "no"}])
def test_f08_whoever_or_whatever_answers_hears_nothing_that_tells_of_a_request(
    town: Town, people: People, picks_up: str, wishes: dict[str, str]
) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up=picks_up, talks_for_s=12)

    asked = people.ask(name="Sam", safe_contact=wishes)
    town.until(lambda: asked.results() in (["finished"], ["hung_up"]))

    assert heard(town, VISITOR).startswith("Hello.")
    assert not TELLS.search(heard(town, VISITOR))


def test_f09_whoever_does_not_press_the_key_is_not_connected_where_the_visitor_wanted_that(
    town: Town, people: People
) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="voicemail")

    asked = people.ask(safe_contact=HANG_UP)
    town.until(lambda: asked.results() == ["hung_up"])

    assert asked.attempts()[0].bridged_at is None
    assert "press 1" in heard(town, VISITOR)


def test_f09_the_visitor_who_presses_the_key_they_were_told_of_is_connected(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS | {"presses": ["1"]})

    asked = people.ask(safe_contact=HANG_UP)
    page = town.app.test_client().get(f"/c/{asked.token}").text
    town.until(lambda: asked.results() == ["finished"])

    assert asked.attempts()[0].bridged_at is not None
    assert "When you answer, press 1" in page


def test_f20_a_stranger_presses_a_key_and_is_never_rung_again_for_whoever_asked(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", presses=["9"], talks_for_s=30)

    asked = people.ask()
    town.until(lambda: asked.results() == ["hung_up"])
    again = people.ask()
    town.passes(3)

    [attempt] = asked.attempts()
    assert (asked.status, asked.row().case_outcome) == ("closed_no_contact", "wrong_number")
    assert (attempt.contact_outcome, attempt.owes_outcome) == ("number_wrong", False)
    assert (again.status, again.row().review_reason) == ("needs_review", "not_them")
    assert "You will not be rung again" in heard(town, VISITOR)
    assert "nothing for you to record" in heard(town, ANA)


def test_f20_an_emergency_that_a_stranger_denies_is_looked_at_by_a_person(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", presses=["9"], talks_for_s=30)

    asked = people.ask(flags={"overdose_now": "yes"})
    town.until(lambda: asked.results() == ["hung_up"])

    assert (asked.status, asked.row().review_reason) == ("needs_review", "not_them")


@pytest.mark.parametrize("words", ["not me", " Wrong  number. "])
def test_f20_a_stranger_texts_that_it_is_not_them_and_is_not_rung_or_texted(
    town: Town, people: People, words: str
) -> None:
    town.expects(texts=[VISITOR])
    people.on("Ana Example", is_available=False)

    asked = people.ask(safe_contact=TEXTS)
    town.until(lambda: any("Reply NOT ME" in entry.get("body", "") for entry in town.phones.log()))
    text_us(town, words)
    town.until(lambda: asked.status == "closed_no_contact")
    again = people.ask(safe_contact=TEXTS)
    people.team.ready(1)
    town.passes(5)

    assert again.row().review_reason == "not_them"


def test_f20_a_text_that_says_not_me_stops_the_counsellors_telephone_too(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")

    asked = people.ask()
    town.until(lambda: asked.status == "assigned")
    text_us(town, "NOT ME")
    town.until(lambda: asked.results() == ["cancelled"])

    assert asked.status == "closed_no_contact"


def text_us(town: Town, words: str) -> None:
    """The owner of the number texts us."""
    sender = "+447700900000"
    told = requests.post(f"{town.phones.base}/phones/{VISITOR}/text", json={"body": words, "to": sender}, timeout=5)
    told.raise_for_status()

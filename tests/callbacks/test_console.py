"""The counsellor's console: what is mine, what I owe, who is next, and what nobody may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from lxml import html

from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from notifications.domain.leg import LegStatus
from rota.domain.counsellor import Skill
from tests.callbacks.desk import Desk, words
from tests.conftest import NOON, Clock
from tests.rota.planning import hours

QUEUE, LIVE = "/staff/queue", "/staff/queue/live"
READY, WAITING = "/staff/queue/ready", "/staff/queue/waiting"


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


def test_the_page_says_whether_i_am_ready_and_until_when(desk: Desk) -> None:
    ana = desk.counsellor(shift=hours(-2, 6), is_available=False)

    away = words(ana.get(READY).text)
    ana.send("/staff/presence", page=QUEUE, state="available")
    available = words(ana.get(READY).text)

    assert "Away since 12:00" in away
    assert "No call is offered to you." in away
    assert "Available since 12:00" in available
    assert "You are on shift until 18:00, 6 h from now." in available


def test_whoever_is_away_can_say_why(desk: Desk) -> None:
    ana = desk.counsellor()

    ana.send("/staff/presence", page=QUEUE, state="away", reason="lunch until 13:30")

    assert "Away since 12:00: lunch until 13:30" in words(ana.get(READY).text)


def test_whoever_is_not_on_shift_is_told_when_they_are(desk: Desk) -> None:
    ana = desk.counsellor(shift=hours(26, 34))

    assert "You are not on shift. Your next one is Wednesday 25 November, 14:00 to 22:00." in words(ana.get(READY).text)


def test_a_telephone_that_nobody_checked_is_said(desk: Desk) -> None:
    assert "Nobody has checked your telephone yet" in words(desk.counsellor(is_verified=False).get(QUEUE).text)


def test_the_brief_is_there_before_the_telephone_is_answered(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask(
        name="Sam",
        message="I stopped yesterday.",
        substances=("alcohol",),
        flags={"stopped_suddenly": "yes", "pregnant": "not_sure"},
        safe_contact=SafeContact(voicemail=MessageRule.MESSAGE_WITH_NAME, safe_word="bluebird"),
    )

    desk.match()
    desk.ring(reference)
    said = words(ana.get(LIVE).text)

    assert "Your telephone is ringing Answer it, then press 1 to take the call, or 2 to pass it on." in said
    for piece in (
        "Very urgent",
        "Say: “Hello, is that Sam?”",
        "Ask for the safe word before you say anything else. It is “bluebird”.",
        "Say: “Hello, may I speak to Sam, please?”",
        "You may say: “Hello, this is Ana returning your call. I will try you again.” Nothing else.",
        "Stopping suddenly can be dangerous.",
        "Pregnant: not sure",
        "Suddenly stopped something that is dangerous to stop",
        "I stopped yesterday.",
        "of those free they are the only one",
    ):
        assert piece in said, piece


@pytest.mark.parametrize(
    ("rule", "name", "said"),
    [
        (ThirdParty.HANG_UP, "Sam", "Say nothing and hang up."),
        (ThirdParty.SAY_WRONG_NUMBER, "Sam", "Say: “Sorry, I have the wrong number.” Then hang up."),
        (ThirdParty.ASK_FOR_NAME_ONLY, "", "Say: “Sorry, I have the wrong number.” Then hang up."),
    ],
)
def test_what_to_say_when_somebody_else_answers_is_there_word_for_word(
    desk: Desk, rule: ThirdParty, name: str, said: str
) -> None:
    ana = desk.counsellor()
    desk.ask(name=name, safe_contact=SafeContact(third_party=rule))

    desk.match()

    assert f"Somebody else answers{said}" in words(ana.get(LIVE).text)


def test_the_card_follows_the_call_step_by_step(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()

    def step() -> tuple[str, str]:
        page = html.fromstring(ana.get(LIVE).text)
        return page.cssselect(".call-now h2")[0].text_content(), page.cssselect("[aria-current]")[0].text_content()

    desk.match()
    before = step()
    desk.take(reference)
    taken = step()

    assert before == ("A call is coming to you", "Your telephone")
    assert taken == ("You took the call", "Their telephone")


def test_an_outcome_is_owed_until_it_is_recorded(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked(name="Sam")

    said = words(ana.get(LIVE).text)

    assert "Say what came of your call with Sam" in said
    assert f"/staff/callbacks/{reference}/outcome" in ana.get(LIVE).text
    assert "bluebird" not in said
    assert "Wrapping up a call" in words(ana.get(READY).text)


def test_an_unanswered_call_owes_nothing(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)

    desk.hang_up(reference, LegStatus.NO_ANSWER, talked_s=0)

    assert "You have no call at the moment." in words(ana.get(LIVE).text)


def test_the_queue_is_in_the_order_in_which_it_is_served(desk: Desk) -> None:
    ana = desk.counsellor(is_available=False)
    desk.ask(name="Rae")
    desk.clock.on(minutes=5)
    desk.ask(name="Una", flags={"pregnant": "yes"})
    desk.ask(name="Eve", flags={"immediate_danger": "yes"})

    page = html.fromstring(ana.get(WAITING).text)

    assert [str(one.text_content()) for one in page.cssselect("ol.line b")] == ["Eve", "Una", "Rae"]
    assert "waits 5 minutes" in words(ana.get(WAITING).text)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        pytest.param({"language": "pl"}, "Needs a language that you do not speak", id="language"),
        pytest.param({"flags": {"under_18": "yes"}}, "Needs training that you do not have", id="skill"),
        pytest.param(
            {"gender": GenderWish(Gender.FEMALE, Strength.ONLY)},
            "They asked to speak only to a woman, or only to a man",
            id="gender",
        ),
    ],
)
def test_those_i_cannot_take_are_shown_with_the_first_rule(desk: Desk, what: dict[str, object], why: str) -> None:
    ana = desk.counsellor()
    desk.knows_everything()
    desk.ask(name="Max", **what)

    said = words(ana.get(WAITING).text)

    assert "Nobody waits whom you could ring now." in said
    assert why in said


def test_somebody_with_the_training_sees_them_among_their_own(desk: Desk) -> None:
    ana = desk.counsellor("Ana Example", Skill.YOUNG_PEOPLE, is_available=False)
    desk.ask(name="Max", flags={"under_18": "yes"})

    assert "Not for you now" not in words(ana.get(WAITING).text)
    assert "Needs training: young people" in words(ana.get(WAITING).text)


def test_the_queue_holds_no_number_no_message_and_no_safe_word(desk: Desk) -> None:
    ana = desk.counsellor(is_available=False)
    desk.ask(message="Something private", safe_contact=SafeContact(safe_word="bluebird"))

    page = ana.get(QUEUE).text

    for private in ("7700900981", "0981", "Something private", "bluebird"):
        assert private not in page


def test_a_card_is_shown_to_the_counsellor_whose_call_it_is_and_to_nobody_else(desk: Desk) -> None:
    ana, ben = desk.counsellor(), desk.counsellor("Ben Example", is_available=False)
    desk.ask(message="Something private")

    desk.match()

    assert "Something private" in ana.get(LIVE).text
    assert "Something private" not in ben.get(QUEUE).text


def test_two_offers_missed_are_said_in_words(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    for _ in range(2):
        desk.match()
        desk.pass_on(reference)

    assert "Not responding" in words(ana.get(READY).text)


def test_a_supervisor_who_is_no_counsellor_has_no_console(desk: Desk) -> None:
    assert desk.supervisor().get(QUEUE).status_code == 403


def test_no_page_names_anybody_in_its_title(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked(name="Sam")

    for address in (QUEUE, f"/staff/callbacks/{reference}", f"/staff/callbacks/{reference}/outcome"):
        title = html.fromstring(ana.get(address).text).findtext(".//title")
        assert title is not None
        assert "Sam" not in title


def test_a_request_for_later_says_from_when(desk: Desk) -> None:
    ana = desk.counsellor(is_available=False)
    later = NOON + timedelta(hours=3)
    desk.ask(name="Lee", safe_times=(desk.span(later, later + timedelta(hours=1)),))

    assert "Not before 15:00" in words(ana.get(WAITING).text)

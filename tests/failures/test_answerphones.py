"""An answerphone picks up for the visitor: it hears nothing that was not allowed, and the counsellor judges."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from callbacks.domain.codes import ContactOutcome
from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.operations.finish_call import Outcome
from callbacks.web.staff import wording as staff
from notifications.domain import wording
from tests.callbacks.desk import Desk, words
from tests.conftest import Clock, Town
from tests.journeys.conftest import ANA, TAKES, VISITOR, People
from tests.rota.planning import Team


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="voicemail")
    return here


def said_to(town: Town, number: str) -> list[str]:
    """What we had a telephone hear."""
    return [entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == number]


@pytest.mark.parametrize("rule", MessageRule)
def test_f08_an_answerphone_hears_our_greeting_and_nothing_more_of_us_whatever_is_allowed(
    town: Town, people: People, rule: MessageRule
) -> None:
    town.expects(ANA, VISITOR)

    asked = people.ask(name="Sam", safe_contact={"voicemail": rule})
    town.until(lambda: asked.results() == ["finished"])

    assert said_to(town, VISITOR) == [wording.VISITOR_GREETING, wording.VISITOR_CONNECTING]


def test_f08_an_answerphone_that_presses_no_key_hears_less_where_a_key_is_asked_for(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)

    asked = people.ask(name="Sam", safe_contact={"third_party": "hang_up"})
    town.until(lambda: asked.results() == ["hung_up"])

    assert said_to(town, VISITOR) == [wording.VISITOR_SCREENING]


@pytest.mark.parametrize(("rule", "may_be_said"), [(rule, rule is not MessageRule.NO) for rule in MessageRule])
def test_f08_the_counsellor_has_words_to_leave_only_if_words_may_be_left(
    app: Flask, a_clock: Clock, rule: MessageRule, may_be_said: bool
) -> None:
    desk = Desk(app, a_clock)
    ana = desk.counsellor()
    desk.ask(name="Sam", safe_contact=SafeContact(voicemail=rule))
    desk.match()

    page = words(ana.get("/staff/queue/live").text)

    assert ("returning your call" in page) is may_be_said
    assert staff.VOICEMAIL[rule].format(me="Ana") in page
    assert "Sam" not in staff.VOICEMAIL[rule].format(me="Ana")  # whoever plays it back learns no name but hers


def test_f08_the_counsellor_ends_the_call_to_an_answerphone_with_the_star_key(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="voicemail", talks_for_s=600)

    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.passes(12)
    town.phones.act(ANA, "press", keys="*")
    town.passes(2)

    assert town.phones.state(VISITOR)["state"] == "idle"
    town.until(lambda: asked.results() == ["finished"])
    assert said_to(town, ANA)[-1] == wording.CALL_OVER


@pytest.mark.parametrize("after_s", [6, 9])
def test_f08_a_counsellor_who_hears_an_answerphone_and_hangs_up_at_once_decides_and_it_is_not_rung_again(
    town: Town, people: People, after_s: int
) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="voicemail", talks_for_s=600)
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town._advance(after_s)

    town.phones.act(ANA, "hang-up")
    town.passes(40)

    assert (asked.results(), asked.status) == (["finished"], "in_call")
    assert asked.attempts()[0].owes_outcome


@pytest.mark.parametrize("outcome", [ContactOutcome.VOICEMAIL_REACHED_NONE_LEFT, ContactOutcome.VOICEMAIL_LEFT])
def test_f08_after_an_answerphone_the_ring_counts_and_the_next_is_half_an_hour_later(
    town: Town, people: People, outcome: ContactOutcome
) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR)
    asked = people.ask(safe_contact={"voicemail": "neutral_message"})
    town.until(lambda: asked.results() == ["finished"])
    undecided = asked.status

    asked.record(Outcome(outcome, None))
    recorded_at, row = town.clock(), asked.row()
    town.sleeps(minutes=28)
    too_early = asked.results()
    town.sleeps(minutes=2)
    town.until(lambda: asked.results() == ["finished", "finished"])

    assert (undecided, row.status, row.rings_made) == ("in_call", "retry_due", 1)
    assert timedelta(minutes=29) < row.next_try_at - recorded_at <= timedelta(minutes=30)
    assert too_early == ["finished"]
    assert asked.attempts()[0].contact_outcome == outcome

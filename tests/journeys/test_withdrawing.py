"""A visitor cancels at the worst of moments: the page says what is true, and a conversation is never cut off."""

from __future__ import annotations

import pytest

from callbacks.domain.codes import CaseOutcome, ContactOutcome
from callbacks.operations.finish_call import Outcome
from tests.conftest import Town
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, Asked, People
from tests.rota.planning import Team


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    return here


def page(town: Town, asked: Asked) -> str:
    return town.app.test_client().get(f"/c/{asked.token}").text


def cancels_on_the_page(town: Town, asked: Asked) -> str:
    """What the visitor reads after they have cancelled."""
    return town.app.test_client().post(f"/c/{asked.token}/cancel", follow_redirects=True).text


# -- while the telephone rings -----------------------------------------------------------------------------------------


def ringing(town: Town, people: People) -> Asked:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "ringing")
    return asked


def test_f16_a_page_that_cannot_stop_the_ringing_says_so_until_it_has_stopped(town: Town, people: People) -> None:
    asked = ringing(town, people)
    town.phones.faults(rest={"fails_before": 1})

    said = cancels_on_the_page(town, asked)
    by_program = asked.withdraw()
    still_rings = town.phones.state(VISITOR)["state"]
    town.phones.faults()
    town.until(lambda: asked.results() == ["cancelled"])

    assert "Your phone may still ring for half a minute" in said
    assert (by_program, still_rings) == (202, "ringing")
    assert town.phones.state(VISITOR)["state"] == "idle"
    assert "We will not ring you. You can ask" in page(town, asked)
    assert asked.withdraw() == 200


def test_f16_the_company_stumbles_once_and_the_page_waits_for_it(town: Town, people: People) -> None:
    asked = ringing(town, people)
    town.phones.faults(rest={"next": ["too_many_requests"]})

    answered = asked.withdraw()

    assert (answered, town.phones.state(VISITOR)["state"]) == (200, "idle")
    assert asked.results() == ["cancelled"]


def test_f16_whoever_picks_up_a_telephone_that_could_not_be_stopped_hears_nobody(town: Town, people: People) -> None:
    asked = ringing(town, people)
    town.phones.faults(rest={"fails_before": 1})
    asked.withdraw()

    town.phones.act(VISITOR, "answer")
    town.passes(2)

    assert town.phones.state(VISITOR)["state"] == "idle"
    assert [entry for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == VISITOR] == []
    town.phones.faults()
    town.until(lambda: asked.results() != [None])
    assert asked.status == "withdrawn"


# -- while they talk ---------------------------------------------------------------------------------------------------


def test_f16_cancelling_cuts_no_conversation_off_and_nobody_rings_again(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=60)
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.passes(20)

    before = town.app.test_client().get(f"/c/{asked.token}/cancel").text
    said = cancels_on_the_page(town, asked)
    town.passes(5)
    talks_on = [town.phones.state(number)["state"] for number in (ANA, VISITOR)]
    town.until(lambda: asked.results() == ["finished"])
    asked.record(Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.INFO_GIVEN))
    town.sleeps(hours=1)

    assert "A conversation that has begun goes on" in before
    assert "goes on until one of you hangs up" in said
    assert talks_on == ["in_call", "in_call"]
    assert asked.attempts()[0].talked_s >= 50
    assert asked.status == "withdrawn"
    assert "goes on until" not in page(town, asked)


def test_f16_cancelling_before_the_counsellor_has_spoken_still_stops_the_call(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "ringing")
    town.phones.act(VISITOR, "answer")

    asked.withdraw()

    assert [town.phones.state(number)["state"] for number in (ANA, VISITOR)] == ["idle", "idle"]
    town.until(lambda: asked.results() != [None])
    assert asked.status == "withdrawn"


def test_nothing_is_erased_while_they_talk_even_before_the_tables_know_that_they_do(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, **TALKS)
    asked = people.ask()
    town.until(lambda: asked.attempts() != [] and town.phones.state(VISITOR)["state"] == "in_call")
    town.clock.on(seconds=11)

    answer = town.app.test_client().post(f"/c/{asked.token}/erase")

    assert answer.status_code == 409
    assert town.phones.state(VISITOR)["state"] == "in_call"
    town.until(lambda: asked.results() == ["finished"])
    assert asked.row().name is not None

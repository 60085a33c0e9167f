"""The counsellor's line goes just after the visitor answered: they are rung again at once, and told that we are sorry.

Whoever was on the line is asked first, then the next one. The visitor's leg is a part of the counsellor's and ends with
it, so they hear that we are sorry when we ring again, and read it when nobody has done so within half a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callbacks.operations.match import RINGS_BACK_WITHIN
from foundation.database import transaction
from foundation.language import said, speaking
from notifications.domain import wording
from notifications.models import TextRow
from rota.operations.presence import set_away
from tests.conftest import Town
from tests.journeys.conftest import ANA, BEN, TAKES, VISITOR, Asked, People
from tests.rota.planning import Team


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    for number in (ANA, BEN):
        town.phones.habit(number, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=12)
    return here


def cut_off(town: Town, people: People, **fields: Any) -> Asked:
    """The visitor answers, and Ana's line goes within five seconds."""
    asked = people.ask(**fields)
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.phones.advance(2)
    town.clock.on(seconds=2)
    town.phones.act(ANA, "hang-up")
    town.until(lambda: asked.results()[:1] == ["abandoned"], within_s=10)
    return asked


def rings_of(town: Town, number: str) -> list[datetime]:
    """When a telephone rang."""
    calls = [entry for entry in town.phones.log() if entry["kind"] == "call" and entry["to"] == number]
    return [datetime.fromisoformat(entry["at"]) for entry in calls if entry["status"] == "ringing"]


def said_to_visitor(town: Town) -> list[str]:
    return [entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == VISITOR]


def texts(town: Town) -> list[tuple[str, str, str | None]]:
    with town.app.app_context(), transaction() as session:
        return [(row.purpose, row.state, row.withheld) for row in session.scalars(select(TextRow))]


def test_f14_whoever_was_on_the_line_rings_again_at_once_and_the_visitor_hears_that_we_are_sorry(
    town: Town, people: People
) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR)
    people.on("Ana Example", "Ben Example")

    asked = cut_off(town, people)
    town.until(lambda: asked.results() == ["abandoned", "finished"])

    first, again = rings_of(town, VISITOR)
    assert again - first <= timedelta(seconds=30)
    assert said_to_visitor(town)[-2:] == [wording.VISITOR_GREETING, wording.VISITOR_CUT_OFF]
    assert "the counsellor had them on the line when it went" in asked.attempts()[1].because


def test_f14_when_they_do_not_come_back_the_next_one_rings(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, ANA, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")

    town.phones.habit(ANA, **TAKES)
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.phones.habit(ANA, picks_up="unreachable", sip_code=480)  # her battery is empty
    town.phones.act(ANA, "hang-up")
    town.until(lambda: asked.results() == ["abandoned", "unreached", "finished"])

    first, again = rings_of(town, VISITOR)
    assert again - first <= timedelta(seconds=30)
    assert said_to_visitor(town)[-1] == wording.VISITOR_CUT_OFF


def test_f14_whose_line_has_gone_twice_is_not_asked_a_third_time(town: Town, people: People) -> None:
    town.expects(*[ANA, VISITOR] * 2, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    asked = people.ask()

    for ring in (1, 2):
        town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
        town.phones.act(ANA, "hang-up")
        town.until(lambda ring=ring: asked.results()[:ring] == ["abandoned"] * ring)  # type: ignore[misc]
    town.until(lambda: asked.results() == ["abandoned", "abandoned", "finished"])

    assert asked.attempts()[2].counsellor_id == 2


def test_f14_it_is_not_counted_as_a_try_but_a_telephone_still_rings_four_times_at_most(
    town: Town, people: People
) -> None:
    town.expects(*[ANA, VISITOR] * 4)
    people.on("Ana Example")

    asked = people.ask()
    for ring in range(1, 5):
        town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
        waited_until = asked.row().next_try_at
        town.phones.act(ANA, "hang-up")
        town.until(lambda ring=ring: asked.results()[:ring] == ["abandoned"] * ring)  # type: ignore[misc]
        assert waited_until <= town.clock()
    town.passes(5)

    assert (asked.status, asked.row().review_reason) == ("needs_review", "our_failure")
    assert asked.row().case_outcome is None  # nobody is told that they could not be reached


def test_f14_when_nobody_rings_again_in_half_a_minute_a_text_says_that_we_are_sorry(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR, texts=[VISITOR, VISITOR])
    (ana,) = people.on("Ana Example")
    asked = cut_off_and_alone(town, people, ana)

    page = town.app.test_client().get(f"/c/{asked.token}").text
    town.passes(RINGS_BACK_WITHIN.total_seconds() + 3)
    told = texts(town)[1:]
    team_is_back(town, people, ana)
    town.until(lambda: asked.results() == ["abandoned", "finished"])

    assert told in ([("cut-off", "sent", None)], [("cut-off", "delivered", None)])
    assert said_to_visitor(town)[-1] == wording.VISITOR_CUT_OFF
    assert "That was our mistake, and we are sorry" in page


def test_f14_whoever_is_rung_again_in_time_gets_no_text(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR, texts=[VISITOR])
    people.on("Ana Example")

    asked = cut_off(town, people, safe_contact={"sms": "neutral_message"})
    town.until(lambda: asked.results() == ["abandoned", "finished"])
    town.passes(40)

    assert texts(town)[1:] == [("cut-off", "withheld", "rung_again")]


def test_f14_whoever_must_press_a_key_hears_that_we_are_sorry_only_after_it(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(VISITOR, picks_up="person", presses=["1"], press_after_s=4, talks_for_s=12)

    asked = cut_off(town, people, safe_contact={"third_party": "hang_up"}, locale="cy")
    town.until(lambda: asked.results() == ["abandoned", "finished"])

    with speaking("cy"):
        heard = [said(wording.VISITOR_SCREENING), said(wording.VISITOR_CUT_OFF)]
    assert said_to_visitor(town)[1:] == heard


def cut_off_and_alone(town: Town, people: People, ana: int) -> Asked:
    """Ana's line goes, and she with it; nobody else is there."""
    asked = people.ask(safe_contact={"sms": "neutral_message"})
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    with town.app.app_context(), transaction() as session:
        set_away(session, counsellor_id=ana, by=None, now=town.clock())
    town.phones.act(ANA, "hang-up")
    town.until(lambda: asked.results()[:1] == ["abandoned"], within_s=10)
    return asked


def team_is_back(town: Town, people: People, ana: int) -> None:
    people.team.ready(ana)

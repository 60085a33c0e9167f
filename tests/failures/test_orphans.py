"""A call from our number that no table knows of: it is ended, and people are told."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from foundation.database import transaction
from foundation.doorbell import Bell
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.domain.leg import LegStatus
from notifications.operations import sweep
from notifications.telephony.port import ProviderCall
from rota.operations.presence import set_away
from tests.conftest import ACCOUNT, AUTH_TOKEN, HELPLINE, NOON, Town
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team

SOMEBODY_ELSE = "+447700900777"
SILENCE = "<Response><Pause length='600'/></Response>"


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    return here


def troubles(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return [row.kind for row in notifications.troubles(session)]


def a_stray_call(town: Town, to: str, sender: str = HELPLINE) -> str:
    """A call from our number that we did not order, as when an order is carried twice; its id."""
    url = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    order = {"To": to, "From": sender, "Twiml": SILENCE}
    answer = requests.post(url, data=order, auth=(ACCOUNT, AUTH_TOKEN), timeout=10)
    assert answer.status_code == 201
    return str(answer.json()["sid"])


def legs(town: Town) -> dict[str, list[str]]:
    """For each leg, the words that the telephone company had for it."""
    found: dict[str, list[str]] = {}
    for entry in town.phones.log():
        if entry["kind"] == "call":
            found.setdefault(entry["call"], []).append(entry["status"])
    return found


def test_a_call_that_no_table_knows_of_is_ended_and_said(town: Town, people: People) -> None:
    town.expects(SOMEBODY_ELSE, ANA, VISITOR)
    town.phones.habit(SOMEBODY_ELSE, picks_up="person")
    stray = a_stray_call(town, SOMEBODY_ELSE)
    asked = people.ask()

    town.until(lambda: troubles(town) == ["orphans"], within_s=60)
    town.until(lambda: asked.results() == ["finished"])

    assert legs(town)[stray][-1] == "completed"
    assert town.phones.state(SOMEBODY_ELSE)["state"] == "idle"


def lists_asked_for(town: Town) -> list[str]:
    """Each request for a list of calls."""
    rest = [entry for entry in town.phones.log() if entry["kind"] == "rest" and entry["method"] == "GET"]
    return [entry["path"] for entry in rest if "/Calls.json" in entry["path"]]


def test_looking_for_strays_takes_one_request_in_ten_seconds_when_nothing_is_amiss(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=600)
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.passes(60)  # after the first full looks the latest calls are enough
    before = len(lists_asked_for(town))

    town.passes(60)

    looks = [path for path in lists_asked_for(town)[before:] if "ParentCallSid" not in path]
    assert 3 <= len(looks) <= 6 + 2  # one in ten seconds, and all that are live once
    assert asked.results() == [None]


def test_a_stray_that_is_older_than_the_latest_calls_is_found_within_a_minute(town: Town, people: People) -> None:
    others = [f"+4477009006{number:02}" for number in range(sweep.LATEST)]
    town.expects(ANA, VISITOR, SOMEBODY_ELSE, *others)
    town.phones.habit(SOMEBODY_ELSE, picks_up="person")
    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"])
    stray = a_stray_call(town, SOMEBODY_ELSE)
    for number in others:
        town.phones.habit(number, picks_up="busy")
        town.strays.add(a_stray_call(town, number))

    town.until(lambda: legs(town)[stray][-1] == "completed", within_s=100)

    assert troubles(town) == ["orphans"]


def test_a_call_that_is_being_looked_for_is_no_stray(town: Town, people: People) -> None:
    town.expects(ANA)
    town.phones.habit(ANA, picks_up="nobody")
    town.phones.faults(rest={"next": ["answer_lost"]}, webhooks={"drop": 1})
    asked = people.ask()
    town.answer(Bell.MATCH)
    town.answer(Bell.DIAL)
    long_ago = town.clock() - 2 * sweep.YOUNG_FOR
    seen = [
        ProviderCall("CA" + digit * 32, LegStatus.RINGING, long_ago, None, 0, to=Phone(to))
        for digit, to in (("a", ANA), ("b", SOMEBODY_ELSE))
    ]

    with town.app.app_context(), transaction() as session:
        found = sweep.orphans(session, live=seen, is_full=True, now=town.clock())
    asked.withdraw()

    assert found == ["CA" + "b" * 32]  # the other may be ours


def test_a_leg_that_goes_on_long_after_its_call_is_ended_and_one_that_says_goodbye_is_not(
    town: Town, people: People
) -> None:
    town.expects(ANA, VISITOR)
    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"])
    anas = next(leg for leg in legs(town))
    seen = [
        ProviderCall(anas, LegStatus.IN_PROGRESS, NOON, None, 0, to=Phone(ANA)),
        ProviderCall("CA" + "d" * 32, LegStatus.RINGING, NOON, None, 0, to=Phone(VISITOR), parent_id=anas),
    ]
    found = []

    for seconds in (30, 100):  # as if the company's word that it is over had been wrong
        town._advance(seconds)
        with town.app.app_context(), transaction() as session:
            found.append(sweep.orphans(session, live=seen, is_full=True, now=town.clock()))

    assert found == [[], [leg.provider_id for leg in seen]]


def test_a_call_of_another_program_with_another_number_is_none_of_our_business(town: Town, people: People) -> None:
    town.expects(SOMEBODY_ELSE, ANA, VISITOR)
    town.phones.habit(SOMEBODY_ELSE, picks_up="person")
    stray = a_stray_call(town, SOMEBODY_ELSE, sender="+441632960999")
    people.ask()

    town.passes(60)

    assert legs(town)[stray][-1] == "in-progress"
    assert troubles(town) == []


def test_a_conversation_is_no_orphan_however_little_we_hear_of_it(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=200)
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})
    asked = people.ask()

    town.until(lambda: asked.results() == ["finished"], within_s=400)

    assert asked.attempts()[0].talked_s >= 200
    assert troubles(town) == []


def test_of_two_calls_for_one_order_the_older_is_ours_and_the_other_is_ended(town: Town, people: People) -> None:
    town.expects(ANA, ANA)
    town.phones.habit(ANA, picks_up="nobody")
    town.phones.faults(rest={"next": ["answer_lost"]}, webhooks={"drop": 1})
    asked = people.ask()
    town.answer(Bell.MATCH)
    town.answer(Bell.DIAL)
    set_ana_away(town)
    town.phones.advance(21)  # the first has rung out, and the company carries the order once more
    second = a_stray_call(town, ANA)
    town.phones.advance(2)

    town.clock.on(seconds=23)
    town.answer(Bell.SETTLE)

    assert asked.results() == ["unreached"]
    assert legs(town)[second][-1] == "canceled"
    assert troubles(town) == ["orphans"]


def test_a_call_of_unknown_fate_is_not_taken_for_an_older_one_that_nobody_knows_of(town: Town, people: People) -> None:
    town.expects(ANA, ANA, VISITOR)
    town.phones.habit(ANA, picks_up="busy")
    town.strays.add(a_stray_call(town, ANA))
    town._advance(30)
    town.phones.habit(ANA, **TAKES)
    town.phones.faults(rest={"next": ["fails_before"]})

    asked = people.ask()
    town.until(lambda: len(asked.results()) == 2, within_s=200)

    assert asked.results()[0] == "lost"
    town.until(lambda: asked.results()[1] == "finished")


def set_ana_away(town: Town) -> None:
    with town.app.app_context(), transaction() as session:
        set_away(session, counsellor_id=1, by=None, now=town.clock())


def test_f03_a_call_that_surfaces_after_it_was_given_up_is_ended_before_anybody_can_answer_it(
    town: Town, people: People
) -> None:
    town.expects(SOMEBODY_ELSE, ANA)
    town.phones.habit(ANA, picks_up="manual")
    slow: dict[str, Any] = {"calls_per_second": 1 / 130}  # ours waits at the company for so long
    town.phones.faults(network=slow)
    a_stray_call(town, SOMEBODY_ELSE, sender="+441632960999")
    town.phones.faults(network=slow, rest={"next": ["answer_lost"], "list_lag_s": 128}, webhooks={"drop": 1})
    asked = people.ask()

    town.until(lambda: asked.results()[:1] == ["lost"], within_s=200)
    set_ana_away(town)
    town.until(lambda: troubles(town) == ["orphans"], within_s=60)

    assert asked.results() == ["lost"]
    assert "in-progress" not in [status for leg, told in legs(town).items() for status in told][3:]
    assert town.phones.state(ANA)["state"] == "idle"

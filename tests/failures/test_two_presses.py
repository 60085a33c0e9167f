"""Two counsellors' telephones press 1 for one visitor within the same moment: one is connected, the other is free."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from notifications.domain import wording
from tests.conftest import ACCOUNT, AUTH_TOKEN, HELPLINE, Town
from tests.failures.conftest import at_once
from tests.journeys.conftest import ANA, BEN, VISITOR, Asked, People
from tests.rota.planning import Team

TALKS = {"picks_up": "person", "talks_for_s": 20}


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example", "Ben Example")
    for number in (ANA, BEN):
        town.phones.habit(number, picks_up="manual")
    town.phones.habit(VISITOR, **TALKS)
    return here


def picks_up(town: Town, number: str) -> None:
    """Somebody answers and is asked for a key."""
    town.until(lambda: town.phones.state(number)["state"] == "ringing")
    town.phones.act(number, "answer")
    town.phones.advance(1)
    assert town.phones.state(number)["state"] == "in_call"


def both_press_1(town: Town) -> datetime:
    """At the same moment; when that was."""
    pressed_at = datetime.fromisoformat(requests.get(f"{town.phones.base}/clock", timeout=10).json()["now"])
    at_once(*[lambda number=number: town.phones.act(number, "press", keys="1") for number in (ANA, BEN)])
    return pressed_at


def over_at(town: Town, number: str) -> datetime:
    calls = [entry for entry in town.phones.log() if entry["kind"] == "call" and entry["to"] == number]
    return next(datetime.fromisoformat(entry["at"]) for entry in calls if entry["status"] == "completed")


def said_to(town: Town, number: str) -> list[str]:
    return [entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == number]


def bridges(town: Town) -> int:
    return sum(1 for entry in town.phones.log() if entry["kind"] == "bridged")


def the_company_is_mistaken(town: Town, asked: Asked) -> None:
    """It reports Ana's leg as over though she still hears the prompt: for us the attempt has ended."""
    call_id, leg = asked.attempts()[0].call_id, town.phones.state(ANA)["call"]["call"]
    url = f"{town.base}/webhooks/twilio/calls?at={call_id.hex}&leg=counsellor"
    form = {"CallSid": leg, "CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "1"}
    signed = RequestValidator(AUTH_TOKEN).compute_signature(url, form)
    requests.post(url, data=form, headers={"X-Twilio-Signature": signed}, timeout=10).raise_for_status()
    assert asked.results() == ["not_taken"]


def test_f01_a_stale_telephone_and_the_one_that_was_rung_instead_press_1_at_once(town: Town, people: People) -> None:
    town.expects(ANA, BEN, VISITOR)
    asked = people.ask()
    picks_up(town, ANA)
    the_company_is_mistaken(town, asked)
    picks_up(town, BEN)

    pressed_at = both_press_1(town)
    town.until(lambda: asked.results()[-1] == "finished")

    assert (bridges(town), asked.row().rings_made) == (1, 1)
    assert said_to(town, ANA)[-1] == wording.COUNSELLOR_TAKEN
    assert over_at(town, ANA) - pressed_at <= timedelta(seconds=3)
    assert said_to(town, VISITOR) == [wording.VISITOR_GREETING, wording.VISITOR_CONNECTING]  # and no drop


def carried_twice(town: Town, asked: Asked, to: str) -> None:
    """The company carries the order for this call to another telephone, too, which asks for a key as ours does."""
    action = f"{town.base}/webhooks/twilio/voice/accept?at={asked.attempts()[0].call_id.hex}"
    prompt = f"<Response><Gather numDigits='1' action='{action}'><Say>Press 1.</Say></Gather><Hangup/></Response>"
    url = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    order: dict[str, Any] = {"To": to, "From": HELPLINE, "Twiml": prompt}
    answer = requests.post(url, data=order, auth=(ACCOUNT, AUTH_TOKEN), timeout=10)
    town.strays.add(answer.json()["sid"])


def test_f01_an_order_that_was_carried_twice_is_taken_by_the_telephone_that_we_know_of(
    town: Town, people: People
) -> None:
    town.expects(ANA, BEN, VISITOR)
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    carried_twice(town, asked, BEN)
    picks_up(town, ANA)
    picks_up(town, BEN)

    pressed_at = both_press_1(town)
    town.until(lambda: asked.results() == ["finished"])

    assert (bridges(town), asked.row().rings_made) == (1, 1)
    assert asked.attempts()[0].counsellor_id == 1
    assert said_to(town, BEN)[-1] == wording.COUNSELLOR_TAKEN
    assert over_at(town, BEN) - pressed_at <= timedelta(seconds=3)


def test_f01_a_key_that_is_pressed_on_another_leg_than_the_counsellors_rings_nobody(town: Town, people: People) -> None:
    town.expects(ANA, BEN)
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    carried_twice(town, asked, BEN)
    picks_up(town, BEN)

    town.phones.act(BEN, "press", keys="1")
    town.passes(4)

    assert (bridges(town), asked.row().rings_made) == (0, 0)
    assert said_to(town, BEN)[-1] == wording.COUNSELLOR_TAKEN
    assert town.phones.state(ANA)["state"] == "ringing"  # it is still Ana's to take
    asked.withdraw()

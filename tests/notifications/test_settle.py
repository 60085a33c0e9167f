"""Whatever becomes of the request to dial, nobody is dialled twice, and what happened is found out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select

import notifications.jobs
from foundation.database import transaction
from foundation.doorbell import Bell
from notifications.models import CallRow, TextRow
from notifications.operations import place
from notifications.telephony.port import PERMITS_LAST, CallOrder, TextOrder
from tests.conftest import ACCOUNT, AUTH_TOKEN, Town
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    return here


def calls(town: Town) -> list[CallRow]:
    with town.app.app_context(), transaction() as session:
        return list(session.scalars(select(CallRow).order_by(CallRow.created_at)))


def text_states(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return list(session.scalars(select(TextRow.state).order_by(TextRow.created_at)))


TROUBLE: dict[str, dict[str, Any]] = {
    "the answer is lost": {"rest": {"next": ["answer_lost"]}},
    "500 after accepting": {"rest": {"next": ["fails_after"]}},
    "the answer is no answer": {"rest": {"next": ["garbled"]}},
    "no question gets an answer that is one": {
        "rest": {"next": ["garbled"] * 3, "methods": ["GET"]},
        "webhooks": {"drop": 1},
    },
    "429 twice": {"rest": {"next": ["too_many_requests", "too_many_requests"]}},
    "every report is lost": {"webhooks": {"drop": 1}},
    "every report comes twice": {"webhooks": {"double": 1}},
    "reports come late": {"webhooks": {"delay": 1, "delay_s": [2, 9]}},
    "reports overtake each other": {"webhooks": {"reorder": 0.7, "reorder_window_s": 5}},
    "the answer is lost and every report too": {"rest": {"next": ["answer_lost"]}, "webhooks": {"drop": 1}},
    "the list lags behind as well": {
        "rest": {"next": ["answer_lost"], "list_lag_s": 20},
        "webhooks": {"drop": 1},
    },
    "the first report comes before the answer": {"network": {"callback_before_answer": True}},
    "the last report comes after the way back": {"network": {"callback_after_action": True}},
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_f03_f38_whatever_goes_wrong_on_the_wire_each_telephone_rings_once(
    town: Town, people: People, trouble: str
) -> None:
    town.expects(ANA, VISITOR)
    town.phones.faults(**TROUBLE[trouble])

    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"], within_s=240)

    assert len(calls(town)) == 1


def test_a_call_that_never_reached_the_company_is_given_up_after_three_looks_and_made_anew(
    town: Town, people: People
) -> None:
    town.expects(ANA, VISITOR)
    town.phones.faults(rest={"next": ["fails_before"]})

    asked = people.ask()
    town.until(lambda: asked.results() == ["lost", "finished"], within_s=300)

    assert [call.rings for call in calls(town)] == [1, 1]
    assert asked.row().rings_made == 1


def test_a_call_of_unknown_fate_is_not_taken_for_the_one_before_it(town: Town, people: People) -> None:
    town.expects(ANA, ANA, VISITOR)
    town.phones.habit(ANA, picks_up="busy")
    asked = people.ask()
    town.answer(Bell.MATCH)
    town.answer(Bell.DIAL)
    town._advance(1.5)
    assert asked.results() == ["unreached"]
    town.phones.habit(ANA, **TAKES)

    town.phones.faults(rest={"next": ["fails_before"]})
    town.answer(Bell.MATCH)
    town.answer(Bell.DIAL)
    town.until(lambda: asked.results()[1:] == ["lost", "finished"], within_s=300)

    assert [call.rings for call in calls(town)] == [1, 1, 1]


# -- a worker is frozen with an order in its hand, and wakes when all has changed --------------------------------------


def test_f03_a_worker_that_wakes_too_late_does_not_dial(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    asked = people.ask()
    town.answer(Bell.MATCH)
    with town.app.app_context(), transaction() as session:
        order = place.claim_call(session, now=town.clock())
    assert isinstance(order, CallOrder)
    town.until(lambda: asked.results() == ["lost", "finished"], within_s=300)

    with town.app.app_context():
        notifications.jobs._dial(order)
    town.passes(5)

    assert [call.state for call in calls(town)] == ["lost", "finished"]


def test_f03_an_order_that_was_held_up_for_long_is_judged_by_the_gate_again(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.ask()
    town.answer(Bell.MATCH)
    with town.app.app_context(), transaction() as session:
        order = place.claim_call(session, now=town.clock())
    assert isinstance(order, CallOrder)
    town._advance(PERMITS_LAST.total_seconds() + 1)

    with town.app.app_context():
        notifications.jobs._dial(order)
    put_back = [(call.state, call.rings) for call in calls(town)]
    town.until(lambda: [call.state for call in calls(town)] == ["finished"])

    assert put_back == [("waiting", 0)]


@pytest.mark.parametrize(("is_asked_about", "ends"), [(False, "withheld"), (True, "lost")])
def test_f03_a_text_that_was_held_up_until_texts_are_unsafe_is_not_sent(
    town: Town, people: People, is_asked_about: bool, ends: str
) -> None:
    town.expects()
    until = town.clock() + timedelta(minutes=30)
    safe = [{"from": town.clock().isoformat(), "to": until.isoformat()}]
    people.ask(safe_times=safe, safe_contact={"sms": "neutral_message"})
    with town.app.app_context(), transaction() as session:
        order = place.claim_text(session, now=town.clock())
    assert isinstance(order, TextOrder)

    town._advance(31 * 60)
    if is_asked_about:
        town.answer(Bell.SETTLE)
    with town.app.app_context():
        notifications.jobs._send(order)
    town.look()

    assert text_states(town) == [ends]


def test_word_that_a_leg_is_over_is_lost_after_the_call_and_asked_for(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})

    town.until(lambda: asked.results() == ["finished"])
    call = calls(town)[0]
    before = [leg.status for leg in call.legs if leg.role == "counsellor"]
    town.passes(35)

    anas = next(leg for leg in calls(town)[0].legs if leg.role == "counsellor")
    assert before == ["in-progress"]
    assert (anas.status, anas.deadline_at) == ("completed", None)
    assert call.ended_at is not None
    assert anas.ended_at is not None
    assert anas.ended_at - call.ended_at < timedelta(seconds=6)  # when it really ended, not when it was asked about


def test_a_leg_that_the_company_has_forgotten_is_over(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})
    town.until(lambda: asked.results() == ["finished"])
    town.passes(6)
    leg = next(leg.provider_id for leg in calls(town)[0].legs if leg.role == "counsellor")
    url = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/Calls/{leg}.json"
    requests.delete(url, auth=(ACCOUNT, AUTH_TOKEN), timeout=10).raise_for_status()

    town.passes(30)

    assert [leg.status for leg in calls(town)[0].legs] == ["completed", "completed"]


@pytest.mark.parametrize("fault", ["answer_lost", "fails_after", "garbled"])
def test_a_text_of_unknown_fate_is_never_sent_again(town: Town, people: People, fault: str) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    town.phones.faults(rest={"resources": ["Messages"], "next": [fault]}, webhooks={"drop": 1, "kinds": ["message"]})

    asked = people.ask(safe_contact={"sms": "neutral_message"})
    town.until(lambda: asked.results() == ["finished"])
    town.sleeps(minutes=5)

    assert text_states(town) == ["lost"]


@pytest.mark.parametrize(
    ("receives", "state"),
    [
        ("delivered", "delivered"),
        ("undelivered", "undelivered"),
        ("failed", "undelivered"),
        ("no_report", "unconfirmed"),
    ],
)
def test_what_became_of_a_text_is_known_or_asked_for(town: Town, people: People, receives: str, state: str) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    town.phones.habit(VISITOR, **TALKS, receives=receives)

    asked = people.ask(safe_contact={"sms": "neutral_message"})
    town.until(lambda: asked.results() == ["finished"])
    town.sleeps(minutes=61)

    assert text_states(town) == [state]


def test_one_text_that_the_company_does_not_know_does_not_keep_the_others_waiting(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    town.phones.habit(VISITOR, **TALKS, receives="no_report")
    asked = people.ask(safe_contact={"sms": "neutral_message"})
    town.until(lambda: text_states(town) == ["sent"])
    with town.app.app_context(), transaction() as session:
        row = session.scalars(select(TextRow)).one()
        row.provider_id = "SM" + "0" * 32  # as if the company had erased it
    town.until(lambda: asked.results() == ["finished"])

    town.sleeps(minutes=61)

    assert text_states(town) == ["unconfirmed"]

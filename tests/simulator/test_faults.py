"""Faults on purpose: what goes wrong does so exactly as planned, and the trace says it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, error_code, follow, ring, running


def plan(simulator: Simulator, **parts: Any) -> None:
    simulator.post("/faults", parts)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("drop", ["ringing", "no-answer"]),
        ("double", ["initiated", "initiated", "ringing", "no-answer"]),
        ("delay", ["ringing", "initiated", "no-answer"]),
        ("reorder", ["ringing", "initiated", "no-answer"]),
    ],
)
def test_a_report_can_be_dropped_doubled_delayed_or_overtaken(
    simulator: Simulator, twilio: Client, helpline: Customer, fault: str, expected: list[str]
) -> None:
    plan(simulator, webhooks={"next": [fault], "delay_s": [5, 5]})
    simulator.habit(ASHA, "nobody")

    ring(twilio, helpline)
    simulator.advance(60)

    assert helpline.fields("/status", "CallStatus") == expected
    assert [entry["fault"] for entry in simulator.log("fault")] == [fault]


def test_a_doubled_report_carries_one_token(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    plan(simulator, webhooks={"next": ["double"]})

    ring(twilio, helpline)
    simulator.advance(0.3)

    first, second = helpline.at("/status")
    assert first.token == second.token
    assert first.fields == second.fields


def test_instructions_can_be_hit_too_when_the_plan_says_so(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    plan(simulator, webhooks={"next": ["drop"], "kinds": ["twiml"]})
    helpline.says("/fallback", "<Say>Instead.</Say>")
    simulator.habit(ASHA, "person")

    ring(twilio, helpline, fallback_url=helpline.url("/fallback"))
    simulator.advance(30)

    assert simulator.heard(ASHA) == ["Instead."]


@pytest.mark.parametrize(
    ("fault", "expected", "is_accepted"),
    [
        ("too_many_requests", (429, 20429), False),
        ("fails_before", (500, 20500), False),
        ("fails_after", (500, 20500), True),
    ],
)
def test_a_request_can_fail_before_or_after_it_was_accepted(
    simulator: Simulator,
    twilio: Client,
    helpline: Customer,
    fault: str,
    expected: tuple[int, int],
    is_accepted: bool,
) -> None:
    plan(simulator, rest={"next": [fault]})

    with pytest.raises(TwilioRestException) as problem:
        ring(twilio, helpline)

    assert error_code(problem) == expected
    assert bool(twilio.calls.list()) is is_accepted


@pytest.mark.parametrize(("fault", "is_accepted"), [("times_out_before", False), ("times_out", True)])
def test_a_request_can_go_unanswered(
    simulator: Simulator, twilio: Client, helpline: Customer, fault: str, is_accepted: bool
) -> None:
    plan(simulator, rest={"next": [fault], "times_out_s": 0.2})

    with pytest.raises(requests.ConnectionError):
        ring(twilio, helpline)

    assert bool(twilio.calls.list()) is is_accepted


def test_an_answer_can_be_none_though_the_request_was_accepted(simulator: Simulator, helpline: Customer) -> None:
    plan(simulator, rest={"next": ["garbled"]})
    order = {"To": ASHA, "From": HELPLINE, "Url": helpline.url("/answer")}

    answer = simulator.rest("POST", "/Calls.json", data=order)
    simulator.advance(1)

    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "text/html; charset=utf-8")
    assert simulator.phone(ASHA)["state"] == "ringing"


def test_an_accepted_call_whose_answer_was_lost_rings_all_the_same(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    plan(simulator, rest={"next": ["answer_lost"]})

    with pytest.raises(requests.ConnectionError):
        ring(twilio, helpline)
    simulator.advance(1)

    assert simulator.phone(ASHA)["state"] == "ringing"
    assert helpline.fields("/status", "CallStatus") == ["initiated", "ringing"]


def test_too_many_requests_says_when_to_come_back(simulator: Simulator) -> None:
    plan(simulator, rest={"next": ["too_many_requests"]})

    answer = simulator.rest("POST", "/Calls.json", data={})

    assert (answer.headers["Retry-After"], answer.headers["Twilio-Concurrent-Requests"]) == ("1", "1")


def test_only_the_requests_named_by_the_plan_are_hit(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    plan(simulator, rest={"too_many_requests": 1.0, "resources": ["Messages"]})

    sid = ring(twilio, helpline)

    with pytest.raises(TwilioRestException):
        twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Hello")
    assert twilio.messages.list() == []
    assert twilio.calls(sid).fetch().status == "queued"


def test_answers_can_be_slow(simulator: Simulator) -> None:
    plan(simulator, rest={"slow_s": 0.2})
    started = time.monotonic()

    simulator.rest("GET", "/Calls.json")

    assert time.monotonic() - started >= 0.2


def test_a_list_can_lag_behind(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    plan(simulator, rest={"list_lag_s": 10})
    sid = ring(twilio, helpline)

    at_once = twilio.calls.list()
    simulator.advance(11)

    assert at_once == []
    assert twilio.calls(sid).fetch().sid == sid
    assert [call.sid for call in twilio.calls.list()] == [sid]


def test_the_first_report_can_arrive_before_the_answer(helpline: Customer) -> None:
    order = {"To": ASHA, "From": HELPLINE, "Url": helpline.url("/answer"), "StatusCallback": helpline.url("/status")}

    with running(speed=20.0) as simulator:
        plan(simulator, network={"callback_before_answer": True})
        simulator.rest("POST", "/Calls.json", data={**order, "StatusCallbackEvent": "initiated"})

        assert helpline.fields("/status", "CallStatus") == ["initiated"]


def test_the_last_report_of_a_child_can_come_after_the_dials_action(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    plan(simulator, network={"callback_after_action": True})
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    simulator.habit(ROBIN, "busy")

    follow(simulator, twilio, helpline)

    paths = [call.path for call in helpline.received if call.path == "/done" or call.fields.get("CallStatus") == "busy"]
    assert paths == ["/done", "/status"]


@pytest.mark.parametrize(
    ("amd", "verdicts"), [("wrong", ["machine_start"]), ("never", []), ("late", ["human"]), (None, ["human"])]
)
def test_machine_detection_can_be_wrong_late_or_silent(
    simulator: Simulator, twilio: Client, helpline: Customer, amd: str | None, verdicts: list[str]
) -> None:
    plan(simulator, network={"amd": amd})
    helpline.says("/answer", '<Pause length="60"/>')
    simulator.habit(ASHA, "person")

    callback = helpline.url("/amd")
    ring(twilio, helpline, machine_detection="Enable", async_amd="true", async_amd_status_callback=callback)
    simulator.advance(20)

    assert helpline.fields("/amd", "AnsweredBy") == verdicts


def test_chance_falls_alike_with_one_seed(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    outcomes = []
    simulator.habit(ASHA, "nobody")

    for seed in (7, 7, 8):
        plan(simulator, seed=seed, webhooks={"drop": 0.5})
        helpline.received.clear()
        for _ in range(4):
            ring(twilio, helpline)
            simulator.advance(60)
        outcomes.append(helpline.fields("/status", "CallStatus"))

    assert outcomes[0] == outcomes[1] != outcomes[2]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"webhook": {}},
        {"webhooks": {"lose": 1}},
        {"webhooks": {"drop": 2}},
        {"webhooks": {"next": ["explode"]}},
        {"rest": {"next": "answer_lost"}},
        {"webhooks": {"delay_s": 3}},
        {"network": {"amd": "rude"}},
        {"network": {"callback_before_answer": 1}},
        {"seed": "x"},
    ],
)
def test_a_plan_that_cannot_be_understood_is_refused_in_words(simulator: Simulator, wrong: Any) -> None:
    answer = simulator.session.post(f"{simulator.address}/faults", json=wrong, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert simulator.get("/faults")["webhooks"]["drop"] == 0


def test_an_empty_plan_heals_everything(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    plan(simulator, webhooks={"drop": 1.0}, rest={"fails_before": 1.0})

    simulator.post("/faults", {})
    ring(twilio, helpline)
    simulator.advance(1)

    assert helpline.fields("/status", "CallStatus") == ["initiated", "ringing"]

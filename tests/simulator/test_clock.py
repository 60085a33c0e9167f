"""Time: standing, running faster, and repeating itself."""

from __future__ import annotations

import time
from typing import Any

import pytest
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, follow, ring, running


def test_ninety_seconds_of_ringing_take_no_time(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, "nobody")
    sid = ring(twilio, helpline, timeout=90)
    started = time.monotonic()

    simulator.advance(95)

    assert twilio.calls(sid).fetch().status == "no-answer"
    assert time.monotonic() - started < 2


def test_standing_time_waits_for_the_customers_server(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    def slow(_: Any) -> str:
        time.sleep(0.3)
        return "<Say>Slow.</Say>"

    helpline.says("/answer", slow)
    simulator.habit(ASHA, "person")

    ring(twilio, helpline)
    simulator.advance(20)

    assert simulator.heard(ASHA) == ["Slow."]
    assert simulator.log("said")[0]["at"] == "2026-11-24T12:00:02.500Z"


def test_running_time_can_run_faster(helpline: Customer) -> None:
    with running(speed=50.0) as simulator:
        simulator.habit(ASHA, "nobody")
        order = {"To": ASHA, "From": HELPLINE, "Url": helpline.url("/answer"), "Timeout": "20"}
        simulator.rest("POST", "/Calls.json", data=order)
        started = time.monotonic()
        while simulator.statuses(ASHA)[-1] != "no-answer":
            assert time.monotonic() - started < 5
            time.sleep(0.02)

        assert 0.3 < time.monotonic() - started < 2


def test_a_new_speed_holds_for_waits_that_have_begun(helpline: Customer) -> None:
    with running() as simulator:
        simulator.habit(ASHA, "nobody")
        order = {"To": ASHA, "From": HELPLINE, "Url": helpline.url("/answer"), "Timeout": "500"}
        simulator.rest("POST", "/Calls.json", data=order)
        started = time.monotonic()
        time.sleep(0.1)
        simulator.post("/clock", {"speed": 1000})
        while simulator.statuses(ASHA)[-1] != "no-answer":
            assert time.monotonic() - started < 5
            time.sleep(0.02)


def test_the_clock_can_be_set_and_set_going(simulator: Simulator) -> None:
    set_to = simulator.post("/clock", {"mode": "virtual", "now": "2026-10-25T00:59:00Z"})
    going = simulator.post("/clock", {"mode": "real", "speed": 2})
    standing = simulator.post("/clock", {"mode": "virtual"})

    assert set_to == {"mode": "virtual", "speed": 1.0, "now": "2026-10-25T00:59:00.000Z"}
    assert (going["mode"], going["speed"]) == ("real", 2.0)
    assert standing["now"].startswith("2026-10-25T00:59:0")
    simulator.post("/clock", {"mode": "real", "speed": 1})


def test_running_time_cannot_be_advanced(helpline: Customer) -> None:
    with running() as simulator:
        answer = simulator.session.post(f"{simulator.address}/clock", json={"advance_s": 1}, timeout=5)

    assert answer.status_code == 400


@pytest.mark.parametrize("faults", [{}, {"webhooks": {"double": 0.4, "delay": 0.4, "reorder": 0.4}}])
def test_one_seed_gives_one_trace(
    simulator: Simulator, twilio: Client, helpline: Customer, faults: dict[str, Any]
) -> None:
    traces = []

    for _ in range(2):
        simulator.post("/reset", {"seed": 42})
        simulator.post("/clock", {"mode": "virtual", "now": "2026-11-24T12:00:00Z"})
        simulator.post("/faults", faults)
        simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
        simulator.habit(ROBIN, {"picks_up": "person", "talks_for_s": 30})
        twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Soon.", status_callback=helpline.url("/texts"))
        follow(simulator, twilio, helpline)
        happened = [entry for entry in simulator.log() if entry["kind"] not in ("reset", "fault plan")]
        traces.append([{**entry, "n": 0, "real_s": 0} for entry in happened])

    assert len(traces[0]) > 30
    assert traces[0] == traces[1]

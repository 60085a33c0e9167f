"""Invariants: each is judged from the trace, and each can be broken."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, follow, ring, running


def test_a_visitor_who_rings_before_a_key_1_breaks_i1(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/answer", f'<Dial action="/done">{ROBIN}</Dial>')
    simulator.habit(ASHA, "person")

    follow(simulator, twilio, helpline)

    assert "I1" in simulator.broken()


def test_another_key_is_not_a_key_1(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/accept", f'<Dial action="/done">{ROBIN}</Dial>')
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["2"]})

    follow(simulator, twilio, helpline)

    assert simulator.broken() == {"I1"}


def test_a_number_called_twice_at_once_breaks_i2(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    ring(twilio, helpline)
    ring(twilio, helpline)
    simulator.advance(2)

    assert simulator.broken() == {"I2"}


def test_a_number_called_twice_in_turn_is_fine(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    for _ in range(2):
        ring(twilio, helpline, timeout=5)
        simulator.advance(10)

    assert simulator.broken() == set()


@pytest.mark.parametrize(("seconds", "broken"), [(1, set()), (3, {"I3"})])
def test_a_visitor_who_hears_nothing_for_more_than_two_seconds_breaks_i3(
    simulator: Simulator, twilio: Client, helpline: Customer, seconds: int, broken: set[str]
) -> None:
    helpline.says("/hello", f'<Pause length="{seconds}"/><Say>Hello.</Say>')
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    simulator.habit(ROBIN, {"picks_up": "person", "talks_for_s": 5})

    follow(simulator, twilio, helpline)

    assert simulator.broken() == broken


def test_a_number_outside_the_allow_list_breaks_i4(helpline: Customer) -> None:
    with running(virtual=True, allow=(ASHA,)) as simulator:
        simulator.rest("POST", "/Messages.json", data={"To": ASHA, "From": HELPLINE, "Body": "Hello"})
        allowed = simulator.broken()
        simulator.rest("POST", "/Messages.json", data={"To": ROBIN, "From": HELPLINE, "Body": "Hello"})

        assert allowed == set()
        assert simulator.broken() == {"I4"}


@pytest.mark.parametrize(
    "answer", ['<Dial record="record-from-answer">+447700900002</Dial>', '<Record maxLength="10"/>']
)
def test_instructions_that_record_break_i5(
    simulator: Simulator, twilio: Client, helpline: Customer, answer: str
) -> None:
    helpline.says("/accept", answer)
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})

    follow(simulator, twilio, helpline)

    assert simulator.broken() == {"I5"}


def test_a_call_ordered_with_a_recording_breaks_i5(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    ring(twilio, helpline, record=True)

    assert simulator.broken() == {"I5"}


def test_a_call_ordered_without_a_recording_is_fine(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    ring(twilio, helpline, record=False)

    assert simulator.broken() == set()


def test_a_forbidden_word_before_a_key_1_breaks_i8(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/answer", "<Say>Addiction helpline. Press 1.</Say>")
    simulator.habit(ASHA, "voicemail")

    follow(simulator, twilio, helpline)

    assert simulator.broken() == {"I8"}


def test_the_same_word_after_a_key_1_is_fine(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/accept", "<Say>It is about addiction.</Say>")
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})

    follow(simulator, twilio, helpline)

    assert simulator.heard(ASHA)[-1] == "It is about addiction."
    assert simulator.broken() == set()


def test_a_visitor_who_is_dialled_straight_away_breaks_i1_once_it_is_known_who_visits(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    ring(twilio, helpline, to=ROBIN)

    judged = simulator.post("/invariants", {"visitors": [ROBIN]})["judged"]

    assert simulator.broken() == set()
    assert [name for name, judgement in judged.items() if not judgement["holds"]] == ["I1"]


@pytest.mark.parametrize(("word", "broken"), [("Sam", ["I8"]), ("am", []), ("same", [])])
def test_a_word_that_the_customer_names_is_looked_for_as_a_whole(
    simulator: Simulator, twilio: Client, helpline: Customer, word: str, broken: list[str]
) -> None:
    helpline.says("/answer", "<Say>Press 1 for sam.</Say>")
    simulator.habit(ASHA, "voicemail")
    follow(simulator, twilio, helpline)

    judged = simulator.post("/invariants", {"forbid": [word]})["judged"]

    assert [name for name, judgement in judged.items() if not judgement["holds"]] == broken


@pytest.mark.parametrize("body", [{"forbid": "Sam"}, {"visitors": [1]}, {"allow": ["+1"]}])
def test_a_judgement_on_terms_that_make_no_sense_is_refused(simulator: Simulator, body: dict[str, Any]) -> None:
    answer = simulator.session.post(f"{simulator.address}/invariants", json=body, timeout=10)

    assert answer.status_code == 400


def test_what_only_the_customer_can_judge_is_named_as_such(simulator: Simulator) -> None:
    judgement = simulator.get("/invariants")

    assert judgement["holds"] is True
    assert set(judgement["judged"]) == {"I1", "I2", "I3", "I4", "I5", "I8", "form"}
    assert set(judgement["not_judged"]) == {"I6", "I7"}

"""Gather: which keys count, when it is over, and what happens without any."""

from __future__ import annotations

import pytest
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, Customer, Simulator


def asked(simulator: Simulator, twilio: Client, customer: Customer, gather: str, presses: list[str]) -> list[str]:
    """Ring Asha with a Gather; the Digits that the action was told."""
    customer.says("/ask", f"{gather}<Say>Too late.</Say>")
    customer.says("/keys", "<Hangup/>")
    simulator.habit(ASHA, {"picks_up": "person", "presses": presses})
    twilio.calls.create(to=ASHA, from_=HELPLINE, url=customer.url("/ask"))
    simulator.advance(60)
    return customer.fields("/keys", "Digits")


@pytest.mark.parametrize(
    ("gather", "pressed", "digits"),
    [
        ('<Gather action="/keys" numDigits="1"/>', "1", ["1"]),
        ('<Gather action="/keys" numDigits="2"/>', "123", ["12"]),
        ('<Gather action="/keys"/>', "42#9", ["42"]),
        ('<Gather action="/keys" finishOnKey="*"/>', "4#*", ["4#"]),
        ('<Gather action="/keys" finishOnKey=""/>', "4#*", ["4#*"]),
        ('<Gather action="/keys" timeout="3"/>', "77", ["77"]),
        ('<Gather action="/keys" numDigits="1" actionOnEmptyResult="true"/>', "", [""]),
        ('<Gather action="/keys" actionOnEmptyResult="true"/>', "#", [""]),
    ],
)
def test_the_action_is_told_the_keys(
    simulator: Simulator, twilio: Client, customer: Customer, gather: str, pressed: str, digits: list[str]
) -> None:
    told = asked(simulator, twilio, customer, gather, [pressed])

    assert told == digits
    assert simulator.heard(ASHA) == []


def test_without_a_key_the_next_verb_follows(simulator: Simulator, twilio: Client, customer: Customer) -> None:
    told = asked(simulator, twilio, customer, '<Gather action="/keys" timeout="4"/>', [])

    assert told == []
    assert simulator.heard(ASHA) == ["Too late."]


def test_a_key_interrupts_the_prompt(simulator: Simulator, twilio: Client, customer: Customer) -> None:
    prompt = "<Say>A long story that takes much longer than a second to tell.</Say><Say>And more.</Say>"

    asked(simulator, twilio, customer, f'<Gather action="/keys" numDigits="1">{prompt}</Gather>', ["1"])

    assert simulator.heard(ASHA) == ["A long story that takes much longer than a second to tell."]
    assert simulator.log("gathered")[0]["at"] == "2026-11-24T12:00:03.500Z"


def test_without_an_action_the_same_address_is_asked_again(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    asked(simulator, twilio, customer, '<Gather numDigits="1" timeout="2"/>', ["1", ""])

    assert [call.fields.get("Digits") for call in customer.at("/ask")] == [None, "1"]


def test_keys_pressed_before_the_question_do_not_answer_it(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    customer.says("/ask", '<Pause length="10"/><Gather action="/keys" numDigits="1"/>')
    simulator.habit(ASHA, "person")
    twilio.calls.create(to=ASHA, from_=HELPLINE, url=customer.url("/ask"))
    simulator.advance(5)

    simulator.post(f"/phones/{ASHA}/press", {"keys": "1"})
    simulator.advance(30)

    assert customer.at("/keys") == []


def test_a_gather_may_be_answered_with_get(simulator: Simulator, twilio: Client, customer: Customer) -> None:
    asked(simulator, twilio, customer, '<Gather action="/keys?at=a1" method="GET" numDigits="1"/>', ["1"])

    assert customer.at("/keys")[0].fields["at"] == "a1"
    assert customer.at("/keys")[0].is_signed

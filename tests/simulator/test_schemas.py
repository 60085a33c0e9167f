"""Twilio's own schemas, where they are at hand, judge what the customer sends and what the simulator answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, client_of, follow, running
from tests.twilio_files import OPENAPI, TWIML_XSD

pytestmark = pytest.mark.skipif(
    OPENAPI is None or TWIML_XSD is None, reason="Twilio's schemas are not at hand: set TWILIO_OPENAPI and TWIML_XSD"
)


@pytest.fixture(scope="module")
def strict() -> Iterator[Simulator]:
    with running(virtual=True, openapi=OPENAPI, twiml_xsd=TWIML_XSD) as simulator:
        yield simulator


@pytest.fixture
def judging(strict: Simulator) -> Simulator:
    strict.post("/reset", {"seed": 1})
    return strict


def test_a_whole_callback_is_as_twilio_describes_it(judging: Simulator, helpline: Customer) -> None:
    judging.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    judging.habit(ROBIN, {"picks_up": "person", "talks_for_s": 5})
    twilio = client_of(judging)

    told = follow(judging, twilio, helpline)
    twilio.calls.list(limit=5)
    twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Hello")
    twilio.http_client.session.close()

    assert told["DialCallStatus"] == "completed"
    assert judging.broken() == set()


def test_a_request_that_twilio_does_not_describe_breaks_the_form(judging: Simulator) -> None:
    judging.rest("GET", "/Calls.json", params={"Status": "ringing"})
    before = judging.broken()

    judging.rest("GET", "/Calls.json", params={"Status": "sleeping"})

    assert (before, judging.broken()) == (set(), {"form"})
    assert "'sleeping' is not one of" in judging.log("schema")[0]["why"]


def test_instructions_that_twilio_does_not_describe_break_the_form(judging: Simulator, helpline: Customer) -> None:
    helpline.says("/answer", '<Say loudness="much">Hello.</Say>')
    judging.habit(ASHA, "person")
    twilio = client_of(judging)

    follow(judging, twilio, helpline)
    twilio.http_client.session.close()

    assert judging.broken() == {"form"}
    assert [entry["what"] for entry in judging.log("schema")] == ["twiml"]


def test_without_schemas_nothing_is_judged(simulator: Simulator, helpline: Customer) -> None:
    simulator.rest("GET", "/Calls.json", params={"Status": "sleeping"})

    assert simulator.broken() == set()

"""Status callbacks and webhooks in general: order, parameters, signatures, retries."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.wrappers import Request, Response

from simulator.webhooks import Overrides, signature
from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, follow, ring

TALK = ({"picks_up": "person", "presses": ["1"]}, {"picks_up": "person", "talks_for_s": 65})


def test_reports_come_in_order_with_rising_sequence_numbers(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, TALK[0])
    simulator.habit(ROBIN, TALK[1])

    follow(simulator, twilio, helpline)

    for number in (ASHA, ROBIN):
        mine = [call.fields for call in helpline.at("/status") if call.fields["To"] == number]
        assert [fields["CallStatus"] for fields in mine] == ["initiated", "ringing", "in-progress", "completed"]
        assert [fields["SequenceNumber"] for fields in mine] == ["0", "1", "2", "3"]


def test_reports_carry_twilios_parameters_and_one_that_nobody_announced(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, TALK[0])
    simulator.habit(ROBIN, TALK[1])

    follow(simulator, twilio, helpline)

    parent = next(call.fields for call in helpline.at("/status") if call.fields["To"] == ASHA)
    child = [call.fields for call in helpline.at("/status") if call.fields["To"] == ROBIN][-1]
    assert re.fullmatch("CA[0-9a-f]{32}", parent["CallSid"])
    assert (parent["Direction"], child["Direction"]) == ("outbound-api", "outbound-dial")
    assert ("ParentCallSid" in parent, child["ParentCallSid"]) == (False, parent["CallSid"])
    assert (child["CallDuration"], child["Duration"], child["SipResponseCode"]) == ("69", "2", "200")
    assert (child["CallbackSource"], child["ApiVersion"], child["leg"]) == ("call-progress-events", "2010-04-01", "v")
    assert parsedate_to_datetime(child["Timestamp"]).isoformat().startswith("2026-11-24T12:01:")
    assert parent["AddedWithoutNotice"] == "it's & <new> £"


def test_every_webhook_is_signed_as_twilios_own_validator_wants_it(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, TALK[0])
    simulator.habit(ROBIN, TALK[1])

    follow(simulator, twilio, helpline)

    assert len(helpline.received) == 12
    assert all(call.is_signed for call in helpline.received)


def test_only_the_events_asked_for_are_reported(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, "busy")

    ring(twilio, helpline, status_callback_event=["ringing", "completed"])
    simulator.advance(30)

    assert helpline.fields("/status", "CallStatus") == ["busy"]


def test_without_a_choice_only_the_end_is_reported(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, "nobody")
    callback = helpline.url("/status")

    twilio.calls.create(to=ASHA, from_=HELPLINE, url=helpline.url("/answer"), status_callback=callback, timeout=10)
    simulator.advance(30)

    assert helpline.fields("/status", "CallStatus") == ["no-answer"]


def test_a_report_by_get_signs_the_address_with_its_query(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, "busy")

    ring(twilio, helpline, status_callback_method="GET", status_callback_event=["completed"])
    simulator.advance(30)

    report = helpline.at("/status")[0]
    assert report.is_signed
    assert report.fields["leg"] == "c"
    assert "CallStatus=busy" in report.url


def test_a_refused_report_is_retried_as_often_as_its_address_says_with_one_token(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/status", Response(status=503))
    simulator.habit(ASHA, "busy")

    callback = helpline.url("/status?leg=c#rc=3&rp=5xx")
    ring(twilio, helpline, status_callback=callback, status_callback_event=["completed"])
    simulator.advance(30)

    assert len(helpline.at("/status")) == 4
    assert len({call.token for call in helpline.at("/status")}) == 1


def test_a_refused_report_is_not_retried_without_being_asked(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/status", Response(status=503))
    simulator.habit(ASHA, "busy")

    ring(twilio, helpline, status_callback_event=["completed"])
    simulator.advance(30)

    assert len(helpline.at("/status")) == 1


def test_a_report_to_a_server_that_is_down_is_tried_twice(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, "busy")

    ring(twilio, helpline, status_callback="http://127.0.0.1:9/status", status_callback_event=["completed"])
    simulator.advance(30)

    attempts = [(entry["attempt"], entry["outcome"]) for entry in simulator.log("webhook")]
    assert attempts == [(1, "ct"), (2, "ct")]


def test_different_events_carry_different_tokens(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, "nobody")

    ring(twilio, helpline)
    simulator.advance(60)

    tokens = [call.token for call in helpline.at("/status")]
    assert len(tokens) == len(set(tokens)) == 3


def test_a_slow_server_is_given_up_after_the_time_its_address_allows(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    def too_late(_: Request) -> str:
        time.sleep(0.4)
        return "<Say>Too late.</Say>"

    helpline.says("/answer", too_late)
    helpline.says("/fallback", "<Say>Instead.</Say>")
    simulator.habit(ASHA, "person")

    ring(twilio, helpline, url=helpline.url("/answer#rt=150"), fallback_url=helpline.url("/fallback"))
    simulator.advance(30)

    assert simulator.heard(ASHA) == ["Instead."]


def test_the_signature_is_the_one_of_twilios_published_example() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }

    signed = signature("12345", url, fields)

    assert signed == RequestValidator("12345").compute_signature(url, fields)
    assert signed == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize(
    ("fragment", "expected"),
    [
        ("", Overrides()),
        ("#rc=9&ct=1", Overrides(retries=5, connect_s=0.1)),
        ("#rp=all&rc=0", Overrides(retries=0, retry_on=frozenset({"ct", "rt", "4xx", "5xx"}))),
        ("#rt=2000&tt=9000&rp=4xx", Overrides(read_s=2.0, total_s=9.0, retry_on=frozenset({"4xx"}))),
        ("#rc=many", Overrides()),
    ],
)
def test_connection_settings_stand_in_the_fragment_within_bounds(fragment: str, expected: Overrides) -> None:
    assert Overrides.of(f"http://127.0.0.1/status{fragment}") == expected

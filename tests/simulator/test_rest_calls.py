"""Calls over REST, as Twilio's own library sees them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.simulator.stage import (
    ACCOUNT,
    ASHA,
    HELPLINE,
    ROBIN,
    TOKEN,
    Customer,
    Simulator,
    error_code,
    ring,
    running,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_new_call_is_queued_and_has_no_start(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    call = twilio.calls.create(to=ASHA, from_=HELPLINE, url=helpline.url("/answer"))

    assert re.fullmatch("CA[0-9a-f]{32}", call.sid)
    assert (call.status, call.direction, call.start_time, call.duration) == ("queued", "outbound-api", None, None)
    assert (call.to, call._from, call.date_created) == (ASHA, HELPLINE, NOON)


@pytest.mark.parametrize(
    ("seconds", "status"), [(0.2, "queued"), (1, "ringing"), (4, "in-progress"), (60, "completed")]
)
def test_a_call_moves_through_its_states(
    simulator: Simulator, twilio: Client, helpline: Customer, seconds: float, status: str
) -> None:
    simulator.habit(ASHA, {"picks_up": "person", "after_s": 2})
    sid = ring(twilio, helpline)

    simulator.advance(seconds)

    assert twilio.calls(sid).fetch().status == status


def test_a_finished_call_shows_its_times(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, {"picks_up": "person", "after_s": 2, "hangs_up_after_s": 5})
    sid = ring(twilio, helpline)

    simulator.advance(60)

    call = twilio.calls(sid).fetch()
    assert (call.start_time, call.end_time, call.duration) == (NOON, NOON + timedelta(seconds=7), "5")
    assert call.queue_time == "100"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"to": "07700900001"}, (400, 21211)),
        ({"to": "+15005550001"}, (400, 21217)),
        ({"to": "+15005550002"}, (400, 21214)),
        ({"to": "+15005550003"}, (400, 21215)),
        ({"to": "+15005550004"}, (400, 21216)),
        ({"to": "+33612345678"}, (400, 21215)),
        ({"to": ""}, (400, 21201)),
        ({"from_": ""}, (400, 21213)),
        ({"from_": "Helpline"}, (400, 21212)),
        ({"from_": "+15005550001"}, (400, 21212)),
        ({"url": "https://example.org/answer"}, (400, 21205)),
        ({"url": "/answer"}, (400, 21205)),
        ({"url": None}, (400, 21205)),
        ({"url": None, "twiml": "<Response><Say>"}, (400, 12100)),
        ({"status_callback": "http://93.184.216.34/status"}, (400, 21609)),
        ({"status_callback_event": ["answered", "hung-up"]}, (400, 20001)),
        ({"timeout": "soon"}, (400, 20001)),
        ({"machine_detection": "Always"}, (400, 20001)),
    ],
)
def test_a_call_that_twilio_would_refuse_is_refused(
    simulator: Simulator, twilio: Client, helpline: Customer, order: dict[str, Any], expected: tuple[int, int]
) -> None:
    with pytest.raises(TwilioRestException) as problem:
        ring(twilio, helpline, **order)

    assert error_code(problem) == expected
    assert simulator.log("call") == []


def test_the_magic_sender_may_call(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    call = twilio.calls.create(to="+15005550006", from_="+15005550006", url=helpline.url("/answer"))

    assert call.status == "queued"


def test_a_refusal_has_twilios_form(simulator: Simulator) -> None:
    answer = simulator.rest("POST", "/Calls.json", data={"To": "+44", "From": HELPLINE, "Url": "http://127.0.0.1/a"})

    assert answer.status_code == 400
    assert answer.json() == {
        "code": 21211,
        "message": "The phone number you are attempting to call, +44, is not valid.",
        "more_info": "https://www.twilio.com/docs/errors/21211",
        "status": 400,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"To": ASHA, "From": HELPLINE, "Url": "http://127.0.0.1/a", "IdempotencyKey": "1"},
        {"To": [ASHA, ROBIN], "From": HELPLINE, "Url": "http://127.0.0.1/a"},
    ],
)
def test_a_field_that_the_api_does_not_have_or_has_once_is_refused(
    simulator: Simulator, fields: dict[str, Any]
) -> None:
    answer = simulator.rest("POST", "/Calls.json", data=fields)

    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


@pytest.mark.parametrize("auth", [None, (ACCOUNT, "wrong"), ("AC" + "9" * 32, TOKEN)])
def test_only_the_account_itself_may_come_in(simulator: Simulator, auth: tuple[str, str] | None) -> None:
    answer = simulator.rest("GET", "/Calls.json", auth=auth)

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_an_unknown_call_is_not_found(simulator: Simulator, twilio: Client) -> None:
    with pytest.raises(TwilioRestException) as problem:
        twilio.calls("CA" + "0" * 32).fetch()

    assert error_code(problem) == (404, 20404)


@pytest.mark.parametrize("path", ["/Calls/CA1/Recordings.json", "/Queues.json", "/Applications.json"])
def test_what_the_network_does_not_have_is_not_found(simulator: Simulator, path: str) -> None:
    answer = simulator.rest("GET", path)

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_inline_instructions_are_carried_out(simulator: Simulator, twilio: Client) -> None:
    simulator.habit(ASHA, "person")

    twilio.calls.create(to=ASHA, from_=HELPLINE, twiml="<Response><Say>Straight away.</Say></Response>")
    simulator.advance(20)

    assert simulator.heard(ASHA) == ["Straight away."]


def test_calls_are_listed_newest_first_and_by_number_status_and_parent(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    first = ring(twilio, helpline)
    second = ring(twilio, helpline, to=ROBIN)
    simulator.advance(1)

    assert [call.sid for call in twilio.calls.list()] == [second, first]
    assert [call.sid for call in twilio.calls.list(to=ASHA, from_=HELPLINE)] == [first]
    assert [call.sid for call in twilio.calls.list(status="ringing")] == [second, first]
    assert twilio.calls.list(status="completed") == []
    assert twilio.calls.list(parent_call_sid=first) == []


def test_a_queued_call_is_in_no_list_by_start_time(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    sid = ring(twilio, helpline)

    queued = twilio.calls.list(start_time_after=NOON - timedelta(hours=1))
    simulator.advance(1)

    assert queued == []
    assert [call.sid for call in twilio.calls.list(start_time_after=NOON - timedelta(hours=1))] == [sid]
    assert twilio.calls.list(start_time_before=NOON - timedelta(hours=1)) == []
    assert [call.sid for call in twilio.calls.list(start_time=date(2026, 11, 24))] == [sid]
    assert twilio.calls.list(start_time=date(2026, 11, 25)) == []


def test_lists_come_in_pages_that_the_library_follows(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    sids = [ring(twilio, helpline) for _ in range(5)]

    page = simulator.rest("GET", "/Calls.json", params={"PageSize": 2, "Page": 1}).json()
    followed = [call.sid for call in twilio.calls.list(page_size=2)]

    assert followed == sids[::-1]
    assert (page["start"], page["end"], page["page"], page["page_size"]) == (2, 3, 1, 2)
    assert "Page=2" in page["next_page_uri"]
    assert "Page=0" in page["previous_page_uri"]


def test_a_ringing_call_can_be_canceled(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    sid = ring(twilio, helpline)
    simulator.advance(1)

    updated = twilio.calls(sid).update(status="canceled")

    assert updated.status == "canceled"
    assert simulator.phone(ASHA)["state"] == "idle"


def test_a_queued_call_that_is_canceled_never_rings(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    sid = ring(twilio, helpline)

    twilio.calls(sid).update(status="canceled")
    simulator.advance(60)

    assert simulator.statuses(ASHA) == ["queued", "canceled"]
    assert helpline.fields("/status", "CallStatus") == ["canceled"]


def test_an_answered_call_can_be_completed_but_not_canceled(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, "person")
    sid = ring(twilio, helpline)
    simulator.advance(5)

    with pytest.raises(TwilioRestException) as problem:
        twilio.calls(sid).update(status="canceled")
    updated = twilio.calls(sid).update(status="completed")

    assert error_code(problem) == (400, 21220)
    assert updated.status == "completed"


def test_a_call_that_is_over_takes_no_more_instructions(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, "busy")
    sid = ring(twilio, helpline)
    simulator.advance(5)

    with pytest.raises(TwilioRestException) as problem:
        twilio.calls(sid).update(status="completed")

    assert error_code(problem) == (400, 21220)


def test_a_call_that_is_over_can_be_deleted(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, "busy")
    sid = ring(twilio, helpline)

    with pytest.raises(TwilioRestException):
        twilio.calls(sid).delete()
    simulator.advance(5)

    assert twilio.calls(sid).delete()
    assert twilio.calls.list() == []


def test_calls_beyond_the_accounts_rate_wait_in_line(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.post("/faults", {"network": {"calls_per_second": 0.5}})
    numbers = [ASHA, ROBIN, "+447700900003"]

    sids = [ring(twilio, helpline, to=number) for number in numbers]
    simulator.advance(10)

    assert [twilio.calls(sid).fetch().queue_time for sid in sids] == ["100", "2000", "4000"]


def test_calls_beyond_the_accounts_number_fail(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.post("/faults", {"network": {"concurrent_calls": 1}})

    ring(twilio, helpline)
    second = ring(twilio, helpline, to=ROBIN)
    simulator.advance(2)

    assert twilio.calls(second).fetch().status == "failed"
    assert "ringing" not in simulator.statuses(ROBIN)


@pytest.mark.parametrize(("habit", "verdict"), [("person", "human"), ("voicemail", "machine_start")])
def test_machine_detection_posts_its_verdict_while_the_call_goes_on(
    simulator: Simulator, twilio: Client, helpline: Customer, habit: str, verdict: str
) -> None:
    simulator.habit(ASHA, habit)

    verdicts = helpline.url("/amd")
    ring(twilio, helpline, machine_detection="Enable", async_amd="true", async_amd_status_callback=verdicts)
    simulator.advance(8)

    assert helpline.fields("/amd", "AnsweredBy") == [verdict]
    assert "AnsweredBy" not in helpline.at("/answer")[0].fields


def test_machine_detection_can_make_the_call_wait(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, {"picks_up": "voicemail"})

    sid = ring(twilio, helpline, machine_detection="Enable")
    simulator.advance(10)

    assert helpline.fields("/answer", "AnsweredBy") == ["machine_start"]
    assert twilio.calls(sid).fetch().answered_by == "machine"


def test_an_account_that_names_its_caller_ids_shows_no_other(helpline: Customer) -> None:
    with running(caller_ids=(HELPLINE,)) as simulator:
        order = {"To": ASHA, "From": ROBIN, "Url": helpline.url("/answer")}
        answer = simulator.rest("POST", "/Calls.json", data=order)
        listed = simulator.rest("GET", "/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"]

    assert (answer.status_code, answer.json()["code"]) == (400, 21210)
    assert [number["phone_number"] for number in listed] == [HELPLINE]


def test_the_account_its_balance_and_a_lookup_answer(simulator: Simulator) -> None:
    account = simulator.session.get(
        f"{simulator.address}/2010-04-01/Accounts/{ACCOUNT}.json", auth=(ACCOUNT, TOKEN), timeout=5
    ).json()
    balance = simulator.rest("GET", "/Balance.json").json()
    lookup = simulator.session.get(
        f"{simulator.address}/v2/PhoneNumbers/+441632960001", auth=(ACCOUNT, TOKEN), timeout=5
    ).json()

    assert (account["sid"], account["status"]) == (ACCOUNT, "active")
    assert balance["currency"] == "USD"
    assert (lookup["valid"], lookup["line_type_intelligence"]["type"]) == (True, "landline")

"""Texts: sent over REST, read at handsets, answered, refused."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from werkzeug.wrappers import Response

from simulator.texts import segments
from tests.simulator.stage import HELPLINE, LANDLINE, ROBIN, Customer, Simulator, error_code, running

SERVICE = "MG" + "0" * 32


def test_a_text_arrives_and_each_step_is_reported(simulator: Simulator, twilio: Client, customer: Customer) -> None:
    callback = customer.url("/texts")

    text = twilio.messages.create(to=ROBIN, from_=HELPLINE, body="See you at six.", status_callback=callback)
    simulator.advance(5)

    assert (text.status, text.num_segments) == ("queued", "1")
    assert customer.fields("/texts", "MessageStatus") == ["sending", "sent", "delivered"]
    assert all(call.is_signed for call in customer.received)
    assert twilio.messages(text.sid).fetch().status == "delivered"
    assert [received["body"] for received in simulator.phone(ROBIN)["texts"]] == ["See you at six."]


def test_a_messaging_service_accepts_before_it_chooses_a_sender(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    text = twilio.messages.create(
        to=ROBIN, messaging_service_sid=SERVICE, body="Hello", status_callback=customer.url("/texts")
    )
    simulator.advance(5)

    assert (text.status, text.from_, text.num_segments) == ("accepted", None, "0")
    assert customer.fields("/texts", "MessageStatus") == ["queued", "sending", "sent", "delivered"]
    assert set(customer.fields("/texts", "MessagingServiceSid")) == {SERVICE}


@pytest.mark.parametrize(
    ("receives", "statuses", "code"),
    [
        ("undelivered", ["sending", "sent", "undelivered"], 30003),
        ("failed", ["sending", "sent", "failed"], 30008),
        ("no_report", ["sending", "sent"], None),
    ],
)
def test_a_text_may_end_otherwise(
    simulator: Simulator, twilio: Client, customer: Customer, receives: str, statuses: list[str], code: int | None
) -> None:
    simulator.habit(ROBIN, {"receives": receives})

    text = twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Hi", status_callback=customer.url("/texts"))
    simulator.advance(60)

    assert customer.fields("/texts", "MessageStatus") == statuses
    assert twilio.messages(text.sid).fetch().error_code == code


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"to": "07700900002"}, (400, 21211)),
        ({"to": None}, (400, 21604)),
        ({"to": "+15005550002"}, (400, 21612)),
        ({"to": "+15005550004"}, (400, 21610)),
        ({"to": "+15005550009"}, (400, 21614)),
        ({"to": "+33612345678"}, (400, 21408)),
        ({"from_": None}, (400, 21603)),
        ({"from_": "+1"}, (400, 21212)),
        ({"from_": "ANameThatIsTooLong"}, (400, 21212)),
        ({"from_": "+15005550007"}, (400, 21606)),
        ({"from_": "+15005550008"}, (400, 21611)),
        ({"body": ""}, (400, 21602)),
        ({"body": "a" * 1601}, (400, 21617)),
        ({"status_callback": "https://example.org/texts"}, (400, 21609)),
        ({"send_at": "2026-11-25T12:00:00Z", "schedule_type": "fixed"}, (400, 20001)),
    ],
)
def test_a_text_that_twilio_would_refuse_is_refused(
    simulator: Simulator, twilio: Client, order: dict[str, Any], expected: tuple[int, int]
) -> None:
    complete = {"to": ROBIN, "from_": HELPLINE, "body": "Hello", **order}
    given = {name: value for name, value in complete.items() if value is not None}

    with pytest.raises(TwilioRestException) as problem:
        twilio.messages.create(**{"to": "", **given})

    assert error_code(problem) == expected
    assert simulator.log("text") == []


def test_a_name_may_be_the_sender(simulator: Simulator, twilio: Client) -> None:
    text = twilio.messages.create(to=ROBIN, from_="Call back", body="Hello")

    assert text.from_ == "Call back"


def test_a_text_to_a_landline_is_read_aloud(simulator: Simulator, twilio: Client) -> None:
    twilio.messages.create(to=LANDLINE, from_=HELPLINE, body="Private words")
    simulator.advance(5)

    assert [entry["body"] for entry in simulator.log("text read aloud")] == ["Private words"]
    assert simulator.phone(LANDLINE)["texts"][0]["read_aloud"] is True


def test_texts_are_listed_by_number_and_day(simulator: Simulator, twilio: Client) -> None:
    sid = twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Hello").sid
    unsent = twilio.messages.list(date_sent_after="2026-11-01")
    simulator.advance(5)

    assert unsent == []
    assert [text.sid for text in twilio.messages.list(to=ROBIN, date_sent_after="2026-11-01")] == [sid]
    assert twilio.messages.list(to=LANDLINE) == []


def test_a_text_that_has_arrived_can_be_emptied_and_deleted(simulator: Simulator, twilio: Client) -> None:
    text = twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Hello")

    with pytest.raises(TwilioRestException):
        twilio.messages(text.sid).delete()
    simulator.advance(5)

    assert twilio.messages(text.sid).update(body="").body == ""
    assert twilio.messages(text.sid).delete()
    assert twilio.messages.list() == []


def test_a_text_that_has_not_left_can_be_canceled(simulator: Simulator, twilio: Client) -> None:
    text = twilio.messages.create(to=ROBIN, messaging_service_sid=SERVICE, body="Hello")

    canceled = twilio.messages(text.sid).update(status="canceled")
    simulator.advance(5)

    assert canceled.status == "canceled"
    assert simulator.phone(ROBIN)["texts"] == []


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("£" * 160, 1),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("’" * 70, 1),
        ("’" * 71, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
    ],
)
def test_a_text_is_sent_in_parts(body: str, parts: int) -> None:
    assert segments(body) == parts


def test_a_text_from_a_handset_is_posted_signed_and_its_answer_comes_back(customer: Customer) -> None:
    customer.says("/inbound", "<Message>Thank you, Robin.</Message>")

    with running(virtual=True, inbound_message_url=customer.url("/inbound")) as simulator:
        simulator.post(f"/phones/{ROBIN}/text", {"to": HELPLINE, "body": "Running late"})
        simulator.advance(5)
        texts = [(text["direction"], text["body"]) for text in simulator.phone(ROBIN)["texts"]]

    inbound = customer.at("/inbound")[0]
    assert inbound.is_signed
    assert (inbound.fields["From"], inbound.fields["To"], inbound.fields["Body"]) == (ROBIN, HELPLINE, "Running late")
    assert texts == [("sent", "Running late"), ("received", "Thank you, Robin.")]


def test_stop_is_obeyed_told_to_the_customer_and_lasts_until_start(customer: Customer) -> None:
    customer.says("/inbound", Response(status=204))

    with running(virtual=True, inbound_message_url=customer.url("/inbound")) as simulator:
        order = {"To": ROBIN, "From": HELPLINE, "Body": "Hello"}
        simulator.habit(ROBIN, {"picks_up": "manual", "replies": " stop "})
        simulator.rest("POST", "/Messages.json", data=order)
        simulator.advance(10)
        refused = simulator.rest("POST", "/Messages.json", data=order)
        simulator.post(f"/phones/{ROBIN}/text", {"body": "START"})
        simulator.advance(10)
        accepted = simulator.rest("POST", "/Messages.json", data=order)
        texts = [text["body"] for text in simulator.phone(ROBIN)["texts"]]

    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    assert accepted.status_code == 201
    assert customer.fields("/inbound", "Body") == [" stop ", "START"]
    assert texts[:2] == ["Hello", " stop "]
    assert texts[2].startswith("You have successfully been unsubscribed")


def test_a_messaging_service_marks_a_stop_and_covers_all_its_senders(customer: Customer) -> None:
    with running(virtual=True, inbound_message_url=customer.url("/inbound")) as simulator:
        order = {"To": ROBIN, "MessagingServiceSid": SERVICE, "Body": "Hello"}
        simulator.rest("POST", "/Messages.json", data=order)
        simulator.advance(5)
        simulator.post(f"/phones/{ROBIN}/text", {"body": "UNSUBSCRIBE"})
        simulator.advance(5)
        refused = simulator.rest("POST", "/Messages.json", data=order)

    assert refused.json()["code"] == 21610
    assert customer.fields("/inbound", "OptOutType") == ["STOP"]


def test_a_sentence_with_stop_in_it_is_not_an_order_to_stop(simulator: Simulator, twilio: Client) -> None:
    simulator.post(f"/phones/{ROBIN}/text", {"to": HELPLINE, "body": "please stop worrying"})
    simulator.advance(1)

    assert twilio.messages.create(to=ROBIN, from_=HELPLINE, body="Hello").status == "queued"

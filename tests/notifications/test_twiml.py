"""Every document that we answer with: rules that Twilio's library does not check, for any words and any number."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from foundation.phone import Phone
from notifications.domain import wording
from notifications.web import twiml
from tests.twilio_files import TWIML_XSD

BASE = "https://calls.example.org"
CALL = UUID(int=7).hex
VISITOR, CALLER_ID = Phone("+447700900982"), "+441632960000"


def an_address(path: str) -> str:
    return f"{BASE}/webhooks/twilio/{path}?at={CALL}"


def ringing(whisper: str = "Thank you. They like to be called Sam.") -> str:
    return twiml.ring_the_visitor(
        whisper=whisper,
        visitor=VISITOR,
        caller_id=CALLER_ID,
        greeting=an_address("voice/hello"),
        status=an_address("calls"),
        action=an_address("voice/done"),
    )


DOCUMENTS = {
    "ask for a key": twiml.ask_for_a_key(
        prompt=wording.COUNSELLOR_PROMPT, no_key=wording.COUNSELLOR_NO_KEY, action=an_address("voice/accept")
    ),
    "ring the visitor": ringing(),
    "ring somebody called Zoë & Co <x>": ringing("They like to be called Zoë & Co <x>."),
    "greet": twiml.greet(wording.VISITOR_GREETING, then=wording.VISITOR_CONNECTING, action=an_address("voice/key")),
    "screen": twiml.screen(wording.VISITOR_SCREENING, action=an_address("voice/key")),
    "greet in Welsh": twiml.greet("Helo.", then="Un eiliad.", action=an_address("voice/key"), language="cy"),
    "connect": twiml.connect(),
    "say and hang up": twiml.say_and_hang_up(wording.CALL_OVER),
    "say in turn": twiml.say_in_turn_and_hang_up({"en": "Hello & goodbye.", "cy": "Helo, a hwyl fawr."}),
    "hang up": twiml.hang_up(),
    "reply": twiml.reply(),
}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> str:
    return DOCUMENTS[request.param]


def test_every_gather_has_an_action_and_a_verb_after_it(document: str) -> None:
    for verb, after in pairwise([*ElementTree.fromstring(document), None]):
        assert verb is not None
        if verb.tag == "Gather":
            assert verb.get("action")
            assert after is not None


def test_every_dial_shows_our_number_and_has_limits_and_a_way_back(document: str) -> None:
    for dial in ElementTree.fromstring(document).iter("Dial"):
        assert dial.get("callerId") == CALLER_ID
        assert dial.get("action")
        assert 15 <= int(dial.get("timeout", 0)) <= 60  # Ofcom's yardstick is at least 15 seconds
        assert 0 < int(dial.get("timeLimit", 0)) <= 14_400


def test_every_number_is_whole_and_greeted(document: str) -> None:
    for number in ElementTree.fromstring(document).iter("Number"):
        assert re.fullmatch(r"\+44\d{9,10}", number.text or "")
        assert number.get("url")
        assert set(number.get("statusCallbackEvent", "").split()) == {"initiated", "ringing", "answered", "completed"}


def test_nothing_is_recorded_and_no_machine_is_asked_who_answered(document: str) -> None:
    for element in ElementTree.fromstring(document).iter():
        assert element.tag not in ("Record", "Start", "Stream")
        assert not [name for name in element.attrib if "record" in name.lower() or "machine" in name.lower()]


def test_every_address_is_ours_is_posted_to_and_holds_only_tokens(document: str) -> None:
    addresses = {"action": "method", "url": "method", "statusCallback": "statusCallbackMethod"}

    for element in ElementTree.fromstring(document).iter():
        for name, method in addresses.items():
            address = element.get(name)
            if address is None:
                continue
            assert address.startswith(f"{BASE}/webhooks/twilio/")
            assert element.get(method) == "POST"
            assert all(re.fullmatch(r"[A-Za-z0-9_-]+", value) for _, value in parse_qsl(urlsplit(address).query))


def test_welsh_is_spoken_by_the_voice_that_speaks_it_and_what_nobody_speaks_in_english() -> None:
    said = list(ElementTree.fromstring(DOCUMENTS["greet in Welsh"]).iter("Say"))

    assert [(each.get("language"), each.get("voice")) for each in said] == [("cy-GB", "Polly.Gwyneth")] * 2
    assert [twiml.speaks(code) for code in ("en", "cy", "xx")] == ["en", "cy", "en"]


def test_the_counsellor_is_asked_before_anybodys_number_is_in_the_document() -> None:
    assert "+44" not in DOCUMENTS["ask for a key"]
    assert "Dial" not in DOCUMENTS["ask for a key"]


@given(st.text())
def test_whatever_somebody_wants_to_be_called_the_document_can_be_read(name: str) -> None:
    said = ElementTree.fromstring(ringing(wording.whisper(name=name, urgency="very_urgent", language="cy")))

    assert [verb.tag for verb in said] == ["Say", "Dial"]
    assert said[0].text is not None
    assert said[0].text.endswith("Ringing them now.")


def test_each_document_is_what_twilios_own_schema_allows(document: str) -> None:
    if TWIML_XSD is None:
        pytest.skip("Twilio's twiml.xsd is not at hand: set TWIML_XSD")

    judge = etree.XMLSchema(etree.parse(TWIML_XSD))

    judge.assertValid(etree.fromstring(document.encode()))

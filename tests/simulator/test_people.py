"""The people's side: handsets for scripts and for a person in a browser."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, SCREENING, Customer, Simulator, follow, ring, running


def page(simulator: Simulator, path: str = "/phones") -> str:
    answer = simulator.session.get(simulator.address + path, timeout=5)
    assert answer.ok
    return str(answer.text)


def press_button(simulator: Simulator, path: str, **fields: str) -> Any:
    """Post a form as a browser without scripts does."""
    headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    return simulator.session.post(
        simulator.address + path, data=fields, headers=headers, timeout=5, allow_redirects=False
    )


class Headings(HTMLParser):
    """The names of the handsets, in the order of the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.states: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "article":
            self.names.append(dict(attrs)["data-name"] or "")
            self.states.append(dict(attrs)["data-state"] or "")


def test_a_handset_rings_is_answered_takes_keys_and_is_hung_up(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    sid = ring(twilio, helpline)
    states = []

    for act in ("answer", "press", "hang-up"):
        simulator.advance(2)
        states.append(simulator.phone(ASHA)["state"])
        simulator.post(f"/phones/{ASHA}/{act}", {"keys": "1"})
    simulator.advance(2)

    assert states == ["ringing", "in_call", "in_call"]
    assert helpline.fields("/accept", "Digits") == ["1"]
    assert simulator.phone(ASHA)["state"] == "idle"
    assert twilio.calls(sid).fetch().status == "completed"


def test_hanging_up_while_it_rings_declines(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    sid = ring(twilio, helpline)
    simulator.advance(2)

    simulator.post(f"/phones/{ASHA}/hang-up")

    assert twilio.calls(sid).fetch().status == "busy"


@pytest.mark.parametrize("act", ["answer", "press", "hang-up", "say"])
def test_an_idle_handset_says_that_it_cannot(simulator: Simulator, act: str) -> None:
    answer = simulator.session.post(
        f"{simulator.address}/phones/{ASHA}/{act}", json={"keys": "1", "words": "Hello"}, timeout=5
    )

    assert answer.status_code == 409
    assert "handset" in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/phones/{ASHA}/habit", {"picks_up": "sometimes"}),
        (f"/phones/{ASHA}/habit", {"after_s": -1}),
        (f"/phones/{ASHA}/habit", {"presses": [1]}),
        (f"/phones/{ASHA}/habit", {"mood": "good"}),
        (f"/phones/{ASHA}/habit", []),
        (f"/phones/{ASHA}/habit", 3),
        (f"/phones/{ASHA}/press", {"keys": "A"}),
        (f"/phones/{ASHA}/text", {}),
        (f"/phones/{ASHA}/call", {"to": HELPLINE}),
        ("/phones/somebody/answer", {}),
        ("/phones", {"number": "12"}),
        ("/clock", {"speed": "fast"}),
        ("/clock", {"speed": 0}),
        ("/clock", {"mode": "dreamlike"}),
        ("/clock", {"hurry": True}),
        ("/reset", {"seed": "x"}),
    ],
)
def test_what_cannot_be_understood_is_refused_in_words(simulator: Simulator, path: str, body: Any) -> None:
    answer = simulator.session.post(simulator.address + path, json=body, timeout=5)

    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


@pytest.mark.parametrize("written", ["+447700900001", "447700900001", "07700900001", "%2B44%207700%20900001"])
def test_a_number_may_be_written_as_people_write_it(simulator: Simulator, written: str) -> None:
    assert simulator.phone(written)["number"] == ASHA


def test_ringing_handsets_float_to_the_top_and_say_so(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    for number, label in ((ASHA, "Zeynep"), (ROBIN, "Amir")):
        simulator.post(f"/phones/{number}/label", {"label": label})
    ring(twilio, helpline)
    simulator.advance(1)

    shown = Headings(page(simulator))

    assert list(zip(shown.names, shown.states, strict=True)) == [("Zeynep", "Ringing"), ("Amir", "Quiet")]
    simulator.post(f"/phones/{ASHA}/label", {"label": ""})
    simulator.post(f"/phones/{ROBIN}/label", {"label": ""})


def test_the_page_works_with_forms_alone(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    ring(twilio, helpline)
    simulator.advance(1)

    answered = press_button(simulator, "/phones/447700900001/answer")
    simulator.advance(2)
    heard = page(simulator)
    press_button(simulator, "/phones/447700900001/press", keys="2")
    simulator.advance(2)

    assert (answered.status_code, answered.headers["Location"]) == (303, "/phones#handset-447700900001")
    assert "A key is expected" not in heard
    assert "“Helpline. A callback is waiting. Press 1 to take it, 2 to pass it on.”" in heard
    assert helpline.fields("/accept", "Digits") == ["2"]


def test_a_button_that_comes_too_late_explains_itself_in_html(simulator: Simulator) -> None:
    answer = press_button(simulator, "/phones/447700900001/answer")

    assert answer.status_code == 409
    assert "Back to the handsets" in answer.text


def test_names_can_come_with_the_pages_address(simulator: Simulator) -> None:
    html = page(simulator, "/phones?447700900001=Counsellor%20Asha")

    assert Headings(html).names == ["Counsellor Asha"]
    simulator.post(f"/phones/{ASHA}/label", {"label": ""})


def test_labels_survive_a_reset_and_nothing_else_does(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.post(f"/phones/{ASHA}/label", {"label": "Asha"})
    simulator.habit(ASHA, "nobody")
    ring(twilio, helpline)
    simulator.advance(1)

    simulator.post("/reset")

    assert (simulator.phone(ASHA)["label"], simulator.phone(ASHA)["habits"]) == ("Asha", [])
    assert simulator.phone(ASHA)["state"] == "idle"
    assert [entry["kind"] for entry in simulator.log()] == ["reset"]
    assert twilio.calls.list() == []
    simulator.post(f"/phones/{ASHA}/label", {"label": ""})


def test_what_people_write_is_shown_as_text(simulator: Simulator) -> None:
    simulator.post(f"/phones/{ASHA}/label", {"label": "<script>alert(1)</script>"})

    html = page(simulator)

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    simulator.post(f"/phones/{ASHA}/label", {"label": ""})


def test_the_page_asks_no_other_site_for_anything(simulator: Simulator) -> None:
    answer = simulator.session.get(f"{simulator.address}/phones", timeout=5)

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert " style=" not in answer.text


def test_a_handset_can_ring_the_helpline(customer: Customer) -> None:
    customer.says("/inbound-call", "<Say>Thank you for calling. We ring people back.</Say><Hangup/>")

    with running(virtual=True, inbound_call_url=customer.url("/inbound-call")) as simulator:
        simulator.post(f"/phones/{ROBIN}/call", {"to": HELPLINE})
        simulator.advance(20)
        heard = simulator.heard(ROBIN)

    asked = customer.at("/inbound-call")[0]
    assert asked.is_signed
    assert (asked.fields["Direction"], asked.fields["From"], asked.fields["To"]) == ("inbound", ROBIN, HELPLINE)
    assert heard == ["Thank you for calling. We ring people back."]


def test_a_handset_in_a_call_cannot_ring_the_helpline_too(customer: Customer) -> None:
    customer.says("/inbound-call", '<Pause length="60"/>')

    with running(virtual=True, inbound_call_url=customer.url("/inbound-call")) as simulator:
        simulator.post(f"/phones/{ROBIN}/call", {"to": HELPLINE})
        simulator.advance(5)
        again = simulator.session.post(f"{simulator.address}/phones/{ROBIN}/call", json={"to": HELPLINE}, timeout=5)
        live = simulator.get("/healthz")["live_calls"]

    assert (again.status_code, live) == (409, 1)


def test_a_call_to_the_helpline_can_be_rejected(customer: Customer) -> None:
    customer.says("/inbound-call", "<Reject/>")

    with running(virtual=True, inbound_call_url=customer.url("/inbound-call")) as simulator:
        simulator.post(f"/phones/{ROBIN}/call", {"to": HELPLINE})
        simulator.advance(5)
        statuses = [entry["status"] for entry in simulator.log("call")]

    assert statuses == ["queued", "ringing", "busy"]


def test_connected_parties_can_talk(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    simulator.habit(ROBIN, "person")
    ring(twilio, helpline)
    simulator.advance(20)

    simulator.post(f"/phones/{ASHA}/say", {"words": "Hello, this is Asha."})

    assert simulator.heard(ROBIN)[-1] == "Hello, this is Asha."


def test_keys_are_pressed_only_at_the_prompt_that_they_answer(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    another = '<Gather numDigits="1" timeout="2" action="/answered"><Say>How are you? Press 1 for well.</Say></Gather>'
    helpline.says("/answer", another + SCREENING)
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"], "press_at": "take it"})

    follow(simulator, twilio, helpline)

    assert helpline.at("/answered") == []
    assert helpline.fields("/accept", "Digits") == ["1"]


@pytest.mark.parametrize(("habit", "code"), [({"sip_code": 503}, "503"), ({}, "404")])
def test_the_network_says_why_a_telephone_was_not_reached(
    simulator: Simulator, twilio: Client, helpline: Customer, habit: dict[str, Any], code: str
) -> None:
    simulator.habit(ASHA, {"picks_up": "unreachable", **habit})

    ring(twilio, helpline)
    simulator.advance(5)

    assert helpline.fields("/status", "SipResponseCode")[-1] == code


@pytest.mark.parametrize("habit", [{"press_at": "("}, {"sip_code": 200}, {"sip_code": "busy"}])
def test_a_habit_that_makes_no_sense_is_refused(simulator: Simulator, habit: dict[str, Any]) -> None:
    answer = simulator.session.post(f"{simulator.address}/phones/{ASHA}/habit", json=habit, timeout=10)

    assert answer.status_code == 400

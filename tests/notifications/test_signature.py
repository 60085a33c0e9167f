"""Who may tell us what: only the telephone company, and the same thing twice changes nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from foundation.database import transaction
from notifications.models import ReportRow
from tests.conftest import AUTH_TOKEN, Town
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team

NEWS = {"CallSid": "CA" + "1" * 32, "CallStatus": "ringing", "SequenceNumber": "1", "Empty": "", "Odd": "it's £ & <x>"}


def a_target() -> str:
    return f"/webhooks/twilio/calls?at={uuid4().hex}&leg=counsellor"


def send(
    client: FlaskClient,
    target: str,
    fields: dict[str, str],
    *,
    signed_for: str | None = None,
    signed_fields: dict[str, str] | None = None,
    token: str = AUTH_TOKEN,
) -> TestResponse:
    """A webhook with a signature, for this address and these fields unless something else was signed."""
    base = client.application.config["PUBLIC_BASE_URL"]
    signature = RequestValidator(token).compute_signature(
        base + (signed_for or target), fields if signed_fields is None else signed_fields
    )
    return client.post(target, data=fields, headers={"X-Twilio-Signature": signature})


def how_many_reports(app: Flask) -> int:
    with app.app_context(), transaction() as session:
        return session.scalar(select(func.count()).select_from(ReportRow)) or 0


def test_what_the_telephone_company_signed_is_kept(app: Flask, client: FlaskClient) -> None:
    answer = send(client, a_target(), NEWS)

    assert (answer.status_code, answer.data) == (204, b"")
    assert how_many_reports(app) == 1


def test_the_same_report_again_is_the_same_report(app: Flask, client: FlaskClient) -> None:
    target = a_target()

    answers = [send(client, target, NEWS).status_code for _ in range(3)]

    assert answers == [204, 204, 204]
    assert how_many_reports(app) == 1


def test_a_report_without_a_signature_is_refused_and_not_an_error(app: Flask, client: FlaskClient) -> None:
    answer = client.post(a_target(), data=NEWS)

    assert answer.status_code == 403
    assert how_many_reports(app) == 0


def test_f38_while_the_token_is_changed_a_report_signed_by_either_is_kept(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TWILIO_AUTH_TOKEN_FALLBACKS", ["the token before, or the one to come"])

    by_either = [
        send(client, a_target(), NEWS, token=token).status_code
        for token in (AUTH_TOKEN, "the token before, or the one to come")
    ]
    by_another = send(client, a_target(), NEWS, token="a-token-of-somebody-else-altogether").status_code

    assert (by_either, by_another) == ([204, 204], 403)
    assert how_many_reports(app) == 2


TAMPERED: dict[str, dict[str, Any]] = {
    "another field": {"signed_fields": NEWS | {"CallStatus": "busy"}},
    "a field more": {"signed_fields": {name: NEWS[name] for name in NEWS if name != "Odd"}},
    "another address": {"signed_for": "/webhooks/twilio/calls?at=1&leg=counsellor"},
    "another key": {"token": "a-token-of-somebody-else-altogether"},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_report_that_was_tampered_with_is_refused(app: Flask, client: FlaskClient, what: str) -> None:
    answer = send(client, a_target(), NEWS, **TAMPERED[what])

    assert answer.status_code == 403
    assert how_many_reports(app) == 0


@pytest.mark.parametrize("signature", ["", "x", "é", "=" * 1000])
def test_nonsense_in_place_of_a_signature_is_refused(client: FlaskClient, signature: str) -> None:
    answer = client.post(a_target(), data=NEWS, headers={"X-Twilio-Signature": signature})

    assert answer.status_code == 403


@pytest.mark.parametrize("target", ["/webhooks/twilio/calls?leg=visitor", "/webhooks/twilio/calls?at=no&leg=visitor"])
def test_an_address_that_names_no_call_is_not_found(client: FlaskClient, target: str) -> None:
    assert send(client, target, NEWS).status_code == 404


def test_news_of_a_call_that_was_erased_changes_nothing(client: FlaskClient) -> None:
    for status in ("initiated", "in-progress", "completed", "a word that we do not know"):
        assert send(client, a_target(), NEWS | {"CallStatus": status}).status_code == 204


@pytest.mark.parametrize("path", ["answer", "accept", "hello", "done"])
def test_a_question_about_a_call_that_was_erased_is_answered_with_a_goodbye(client: FlaskClient, path: str) -> None:
    answer = send(client, f"/webhooks/twilio/voice/{path}?at={uuid4().hex}", NEWS | {"Digits": "1"})

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert "<Hangup" in answer.text
    assert "<Dial" not in answer.text


@pytest.mark.parametrize("timestamp", ["", "yesterday", "Tue, 99 Nov 2026 12:00:00 +0000", "Tue, 24 Nov 2026 12:00:00"])
def test_a_time_that_cannot_be_read_does_not_lose_the_news(client: FlaskClient, timestamp: str) -> None:
    assert send(client, a_target(), NEWS | {"Timestamp": timestamp}).status_code == 204


def test_everything_that_was_ever_signed_can_be_replayed_and_rings_nobody(town: Town) -> None:
    town.expects(ANA, VISITOR)
    people = People(town, Team(town.app))
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"])
    before = (asked.results(), asked.history(), asked.row().rings_made, asked.status)
    webhooks = [entry for entry in town.phones.log() if entry["kind"] == "webhook"]
    client = town.app.test_client()

    for entry in webhooks:
        send(client, entry["url"].removeprefix(town.base), entry["fields"])
    town.passes(10)

    assert len(webhooks) >= 10
    assert (asked.results(), asked.history(), asked.row().rings_made, asked.status) == before

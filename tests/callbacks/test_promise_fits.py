"""A promise, and an hour, that the people who may ring can keep."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from rota.domain.shifts import Span
from tests.conftest import Clock
from tests.rota.planning import Team

BODY = {"phone": "07700 900123", "consent": {"version": "2026-11", "given": True}}


@pytest.mark.parametrize(
    "wish",
    [
        {"language": "cy"},
        {"counsellor_gender": {"value": "female", "strength": "only"}},
        {"flags": {"under_18": "yes"}},
    ],
)
def test_nothing_is_promised_that_nobody_on_the_rota_can_do(
    client: FlaskClient, a_rota: None, wish: dict[str, object]
) -> None:
    answer = client.post("/api/v1/callbacks", json=BODY | wish)

    assert answer.status_code == 201
    assert answer.get_json()["promise"] is None


def test_an_hour_in_which_nobody_speaks_the_language_is_not_given(client: FlaskClient, a_rota: None) -> None:
    slot = client.get("/api/v1/availability").get_json()["slots"][3]

    in_english = client.post("/api/v1/callbacks", json=BODY | {"when": slot})
    in_welsh = client.post("/api/v1/callbacks", json=BODY | {"when": slot, "language": "cy", "phone": "07700 900124"})

    assert in_english.status_code == 201
    assert in_welsh.status_code == 409


def test_a_promise_for_now_begins_now(client: FlaskClient, a_rota: None, a_clock: Clock) -> None:
    promise = client.post("/api/v1/callbacks", json=BODY).get_json()["promise"]

    assert promise["from"] == f"{a_clock.at:%Y-%m-%dT%H:%M:%S}Z"


def test_at_night_nothing_is_promised_for_hours_in_which_we_do_not_ring(
    client: FlaskClient, app: Flask, a_clock: Clock
) -> None:
    a_clock.to(datetime(2026, 11, 25, 4, 0, tzinfo=UTC))  # whoever asks now is rung until 06:00, and from 08:00
    early, night = datetime(2026, 11, 25, 6, 30, tzinfo=UTC), datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
    team = Team(app)
    team.shift(team.counsellor("Ana Example"), Span(early, night))

    offered = client.get("/api/v1/availability").get_json()["as_soon_as_possible"]
    promised = client.post("/api/v1/callbacks", json=BODY).get_json()["promise"]

    assert offered["from"] == promised["from"] == "2026-11-25T08:00:00Z"

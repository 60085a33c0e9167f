"""A promise, and an hour, that the people who may ring can keep."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callbacks.domain.window import Span as Window
from callbacks.operations.offers import Soon, asap_promise
from foundation.database import transaction
from rota.domain.shifts import Span
from tests.conftest import Clock
from tests.counted import counted
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


def test_a_promise_asks_the_database_no_more_for_many_safe_times_than_for_one(app: Flask, a_clock: Clock) -> None:
    hour = timedelta(hours=1)
    safe = [Window(a_clock.at + 2 * n * hour, a_clock.at + (2 * n + 1) * hour) for n in range(10)]

    asked = []
    for spans in (safe[:1], safe):
        soon = Soon(spans, not_before=a_clock.at, not_after=a_clock.at + 24 * hour)
        with app.app_context(), counted() as statements, transaction() as session:
            assert asap_promise(session, soon, now=a_clock.at) is None  # nobody is on
        asked.append(len(statements))

    assert asked[0] == asked[1]

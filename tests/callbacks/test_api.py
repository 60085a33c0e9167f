"""The public API over real tables: asked once, kept once, and every refusal says what to do next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from callbacks.domain.asking import CONSENT_VERSION
from callbacks.models import CallbackRow
from foundation.database import transaction
from foundation.web import problems
from foundation.web.frame import LARGEST_BODY
from tests.conftest import NOON, Clock

pytestmark = pytest.mark.usefixtures("a_rota")

LEAST = {"phone": "07700 900982", "consent": {"version": CONSENT_VERSION, "given": True}}
CALLBACKS = "/api/v1/callbacks"


def how_many_kept(app: Flask) -> int:
    with app.app_context(), transaction() as session:
        return session.scalar(select(func.count()).select_from(CallbackRow)) or 0


def asked(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    answer = client.post(CALLBACKS, json=LEAST | fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def test_asking_gives_a_reference_a_promise_and_a_key(client: FlaskClient) -> None:
    answer = client.post(CALLBACKS, json=LEAST)

    body = answer.get_json()
    assert answer.status_code == 201
    assert set(body) == {"reference", "token", "status", "promise", "window", "links"}
    assert body["status"] == "queued"
    assert body["promise"]["from"].startswith("2026-11-24T12:")
    assert body["links"]["self"].endswith(f"/api/v1/callbacks/{body['token']}") == (
        answer.headers["Location"] == body["links"]["self"]
    )
    assert body["links"]["page"].endswith(f"/c/{body['token']}")


def test_the_same_key_and_body_are_one_request(app: Flask, client: FlaskClient, a_clock: Clock) -> None:
    first = client.post(CALLBACKS, json=LEAST, headers={"Idempotency-Key": "one"})
    a_clock.on(minutes=3)
    second = client.post(CALLBACKS, json=dict(reversed(LEAST.items())), headers={"Idempotency-Key": "one"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.get_json() == second.get_json()
    assert how_many_kept(app) == 1


def test_the_same_key_with_another_body_is_refused(app: Flask, client: FlaskClient) -> None:
    client.post(CALLBACKS, json=LEAST, headers={"Idempotency-Key": "one"})
    answer = client.post(CALLBACKS, json=LEAST | {"name": "Sam"}, headers={"Idempotency-Key": "one"})

    assert (answer.status_code, answer.get_json()["code"]) == (409, "key_used_differently")
    assert how_many_kept(app) == 1


@pytest.mark.parametrize("key", ["", "x" * 201, "caf\u00e9"])
def test_a_key_that_is_no_key_is_refused(client: FlaskClient, key: str) -> None:
    answer = client.post(CALLBACKS, json=LEAST, headers={"Idempotency-Key": key})

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b"phone=07700900982", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"{}", "", 415, "not_json"),
        (b"{}", "application/json", 422, "not_accepted"),
        (b" " * (LARGEST_BODY + 1), "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    app: Flask, client: FlaskClient, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = client.post(CALLBACKS, data=body, content_type=content_type)

    said = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert (said["status"], said["code"]) == (status, code)
    assert said["title"]
    assert said["detail"]
    assert said["next"]
    assert how_many_kept(app) == 0


def test_an_offered_hour_can_be_booked(client: FlaskClient) -> None:
    slot = client.get("/api/v1/availability").get_json()["slots"][3]

    body = asked(client, when=slot)

    assert body["promise"] == slot
    assert client.get(f"{CALLBACKS}/{body['token']}").get_json()["when"] == slot


def test_a_time_with_nobody_on_is_refused_with_live_alternatives(app: Flask, client: FlaskClient) -> None:
    offered = client.get("/api/v1/availability").get_json()
    beyond = NOON + timedelta(days=20)
    when = {"from": beyond.isoformat(), "to": (beyond + timedelta(hours=1)).isoformat()}

    answer = client.post(CALLBACKS, json=LEAST | {"when": when})

    said = answer.get_json()
    assert (answer.status_code, said["code"]) == (409, "time_not_offered")
    assert len(said.get("alternatives", [])) <= 3
    assert all(other in offered["slots"] for other in said.get("alternatives", []))
    assert how_many_kept(app) == 0


@pytest.mark.parametrize(("starts", "minutes"), [(timedelta(hours=3), 10), (timedelta(days=8), 60)])
def test_a_time_that_was_never_offered_is_not_said_to_have_gone(
    client: FlaskClient, starts: timedelta, minutes: int
) -> None:
    begins = NOON + starts + timedelta(minutes=0 if minutes == 60 else 10)
    when = {"from": begins.isoformat(), "to": (begins + timedelta(minutes=minutes)).isoformat()}

    answer = client.post(CALLBACKS, json=LEAST | {"when": when})

    assert answer.status_code == 409
    assert answer.get_json()["detail"] == "We offer whole hours of the next seven days, and that is none of them."
    assert answer.get_json()["alternatives"]


def test_availability_says_what_is_offered_in_words_too(client: FlaskClient) -> None:
    said = client.get("/api/v1/availability").get_json()

    assert set(said) == {"state", "message", "as_soon_as_possible", "slots", "next_change_at"}
    assert said["state"] == "open"
    assert said["message"]


def test_the_token_opens_changes_and_cancels_a_request(client: FlaskClient) -> None:
    token = asked(client)["token"]

    seen = client.get(f"{CALLBACKS}/{token}").get_json()
    changed = client.patch(
        f"{CALLBACKS}/{token}", json={"phone": "01632 960123", "safe_contact": {"sms": "neutral_message"}}
    ).get_json()
    first, second = client.delete(f"{CALLBACKS}/{token}"), client.delete(f"{CALLBACKS}/{token}")

    assert (seen["status"], seen["phone_ends_with"], seen["can_change"]) == ("queued", "982", True)
    assert (changed["phone_ends_with"], changed["safe_contact"]["sms"]) == ("123", "neutral_message")
    assert (first.status_code, first.get_json()) == (200, second.get_json())
    assert first.get_json()["status"] == "withdrawn"


def test_whoever_changes_a_request_that_was_withdrawn_is_told_so_and_how_to_ask_anew(client: FlaskClient) -> None:
    token = asked(client)["token"]
    client.delete(f"{CALLBACKS}/{token}")

    answer = client.patch(f"{CALLBACKS}/{token}", json={"name": "Sam"})
    page = client.post(f"/c/{token}/number", data={"phone": "01632 960123"})

    said = answer.get_json()
    assert (answer.status_code, said["code"], said["title"]) == (409, "withdrawn", "This call was cancelled")
    assert "another one" in said["next"]
    assert page.status_code == 409
    assert said["next"] in page.text


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_wrong_token_hears_the_same_words_whatever_it_asks(client: FlaskClient, method: str) -> None:
    answer = client.open(f"{CALLBACKS}/nothing-has-this-token", method=method.upper())

    assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_token")


def test_an_answer_never_shows_the_number_or_the_safe_word(client: FlaskClient) -> None:
    token = asked(client, safe_contact={"safe_word": "bluebell"})["token"]

    said = client.get(f"{CALLBACKS}/{token}").text

    assert "7700" not in said
    assert "bluebell" not in said


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", CALLBACKS, 405), ("GET", "/api/v1/nothing", 404)])
def test_an_address_used_wrongly_answers_in_json(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_the_description_is_valid_and_names_every_field(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").get_json()

    validate(described)
    fields = described["components"]["schemas"]["CallbackRequest"]["properties"]
    assert set(fields) == {
        "name", "phone", "consent", "when", "safe_times", "for_whom", "substances", "message", "language",
        "counsellor_gender", "safe_contact", "flags", "locale",
    }  # fmt: skip


def test_a_database_that_is_away_is_said_in_words(app: Flask) -> None:
    with app.test_request_context("/api/v1/callbacks", method="POST"):
        answer = problems.answer(problems._unreachable(OperationalError("", None, Exception())))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Nothing was lost" in answer.get_json()["detail"]


def test_what_the_network_cannot_do_is_not_promised(client: FlaskClient, a_rota: None) -> None:
    answer = client.post(
        "/api/v1/callbacks",
        json={
            "phone": "07700 900123",
            "consent": {"version": "2026-11", "given": True},
            "safe_contact": {"caller_id": "hide_number"},
        },
    )

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["code"] == "cannot_hide_number"


def span(**hours: float) -> dict[str, str]:
    """From one hour after NOON until another."""
    return {name: (NOON + timedelta(hours=after)).isoformat() for name, after in hours.items()}


EVENING = span(**{"from": 6, "to": 7})


def patched(client: FlaskClient, token: str, **fields: Any) -> TestResponse:
    return client.patch(f"{CALLBACKS}/{token}", json=fields)


def test_as_soon_as_possible_never_means_outside_the_safe_times(app: Flask, client: FlaskClient) -> None:
    token = asked(client, safe_times=[EVENING])["token"]

    answer = patched(client, token, when="asap").get_json()

    assert (answer["window"]["from"], answer["window"]["to"]) == ("2026-11-24T18:00:00Z", "2026-11-24T19:00:00Z")
    assert (answer["next_try_at"], len(answer["safe_times"])) == ("2026-11-24T18:00:00Z", 1)


def test_another_hour_leaves_the_safe_times_and_new_ones_take_their_place(client: FlaskClient) -> None:
    token = asked(client, safe_times=[EVENING])["token"]
    slot = client.get("/api/v1/availability").get_json()["slots"][3]

    moved = patched(client, token, when=slot).get_json()
    given = patched(client, token, safe_times=[span(**{"from": 30, "to": 31})]).get_json()

    assert (moved["promise"], moved["window"]["to"]) == (slot, "2026-11-24T19:00:00Z")
    assert (given["promise"], given["window"]["to"]) == (slot, "2026-11-25T19:00:00Z")


def test_as_soon_as_possible_is_refused_once_the_safe_times_are_over(client: FlaskClient, a_clock: Clock) -> None:
    token = asked(client, safe_times=[EVENING])["token"]
    a_clock.on(hours=7)

    answer = patched(client, token, when="asap")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "window_closed")


def test_words_and_wishes_can_be_changed_too(app: Flask, client: FlaskClient) -> None:
    token = asked(client, counsellor_gender={"value": "female", "strength": "prefer"})["token"]

    answer = patched(client, token, message="Ring the bell twice.", language="cy", counsellor_gender=None).get_json()

    assert (answer["language"], answer["counsellor_gender"]) == ("cy", None)
    with app.app_context(), transaction() as session:
        row = session.scalars(select(CallbackRow)).one()
        assert (row.message, row.gender_value, row.gender_strength) == ("Ring the bell twice.", None, None)


def test_nobody_waits_for_a_language_that_nobody_speaks_a_supervisor_is_asked_at_once(
    app: Flask, client: FlaskClient
) -> None:
    def held() -> tuple[str, str | None]:
        with app.app_context(), transaction() as session:
            row = session.scalars(select(CallbackRow)).one()
            return row.status, row.review_reason

    token = asked(client, language="xx")["token"]
    at_first = held()
    patched(client, token, language="en")
    in_english = held()
    patched(client, token, language="xx")

    assert (at_first, in_english) == (("needs_review", "nobody_able"), ("queued", None))
    assert held() == at_first


def test_a_time_too_short_to_ring_anybody_in_is_refused(app: Flask, client: FlaskClient) -> None:
    soon = (NOON + timedelta(seconds=2)).isoformat()
    token = asked(client)["token"]

    new = client.post(CALLBACKS, json=LEAST | {"safe_contact": {"do_not_contact_after": soon}})
    changed = patched(client, token, safe_contact={"do_not_contact_after": soon})

    assert [(answer.status_code, answer.get_json()["code"]) for answer in (new, changed)] == [
        (422, "window_closed")
    ] * 2
    assert how_many_kept(app) == 1


def test_an_earlier_last_day_takes_back_a_promise_that_it_cuts_off(client: FlaskClient) -> None:
    slot = client.get("/api/v1/availability").get_json()["slots"][3]
    token = asked(client, when=slot, safe_times=[span(**{"from": 1, "to": 2})])["token"]

    answer = patched(client, token, safe_contact={"do_not_contact_after": span(to=1.5)["to"]}).get_json()

    assert (answer["promise"], answer["window"]["to"]) == (None, "2026-11-24T13:30:00Z")


def test_asking_again_for_now_does_not_begin_the_waiting_anew(app: Flask, client: FlaskClient, a_clock: Clock) -> None:
    token = asked(client)["token"]
    a_clock.on(hours=5)

    answer = patched(client, token, when="asap").get_json()

    with app.app_context(), transaction() as session:
        row = session.scalars(select(CallbackRow)).one()
        assert (row.asked_at, row.time_asked_at) == (NOON, NOON + timedelta(hours=5))
    assert answer["next_try_at"] == "2026-11-24T17:00:00Z"

"""The form on other websites: who may show it, which cookie it keeps there, and who may ask with a key."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import BadEnvironment, create_app, read_settings
from callbacks.domain.asking import CONSENT_VERSION
from callbacks.operations.ask_from_outside import WITHOUT
from callbacks.web.api_keys import signature
from tests.conftest import NOON, Clock

ORIGIN, SECRET = "https://www.example.org", "a secret that is long enough for a key"
BODY = json.dumps({"phone": "07700 900982", "consent": {"version": CONSENT_VERSION, "given": True}}).encode()


@pytest.fixture
def embedded(app: Flask, environment: dict[str, str]) -> Flask:
    """The product as it is live, over https, with one website that may show it."""
    live = {"PUBLIC_BASE_URL": "https://call.example.org", "EMBED_ORIGINS": ORIGIN, "RINGBACK_DEMO": "0"}
    return create_app(environment | live)


def framed(client: FlaskClient, **headers: str) -> str:
    answer = client.post("/", data={"name": "Sam"}, headers=headers, base_url="https://call.example.org")
    return answer.headers["Set-Cookie"]


def test_only_named_websites_may_show_the_form_and_none_the_staff_pages(embedded: Flask) -> None:
    client = embedded.test_client()

    form, staff = client.get("/"), client.get("/staff/sign-in")

    assert f"frame-ancestors {ORIGIN};" in form.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in staff.headers["Content-Security-Policy"]


def test_nobody_may_show_it_unless_they_are_named(app: Flask, environment: dict[str, str]) -> None:
    alone = create_app(environment | {"RINGBACK_DEMO": "0"}).test_client()

    assert "frame-ancestors 'none'" in alone.get("/").headers["Content-Security-Policy"]


def test_in_a_frame_the_cookie_belongs_to_that_frame_on_that_website_only(embedded: Flask) -> None:
    inside = framed(embedded.test_client(), **{"Sec-Fetch-Dest": "iframe"})
    outside = framed(embedded.test_client(), **{"Sec-Fetch-Dest": "document"})

    assert all(part in inside for part in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"))
    assert "SameSite=Lax" in outside
    assert "Partitioned" not in outside


def test_what_was_typed_and_refused_in_a_frame_belongs_to_that_frame_too(embedded: Flask) -> None:
    answer = embedded.test_client().post(
        "/", data={"name": "x" * 81}, headers={"Sec-Fetch-Dest": "iframe"}, base_url="https://call.example.org"
    )

    [kept] = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("unsent=")]
    assert all(part in kept for part in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"))
    assert "Max-Age" not in kept


@pytest.mark.parametrize("name", ["draft", "unsent"])
def test_leaving_from_a_frame_takes_away_the_cookies_of_the_frame_too(embedded: Flask, name: str) -> None:
    answer = embedded.test_client().post("/leave/forget", base_url="https://call.example.org")

    gone = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{name}=;")]
    assert answer.status_code == 204
    assert sorted("Partitioned" in line for line in gone) == [False, True]
    assert all("Max-Age=0" in line for line in gone)


def test_any_site_can_load_the_script_and_it_is_asked_for_again(client: FlaskClient) -> None:
    script = client.get("/embed.js")

    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert script.headers["Cache-Control"] == "public, max-age=3600"


def test_the_sample_article_is_for_demonstrations(embedded: Flask, client: FlaskClient) -> None:
    assert client.get("/demo/article").status_code == 200
    assert embedded.test_client().get("/demo/article").status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [("EMBED_ORIGINS", "https://example.org/path"), ("EMBED_ORIGINS", "*"), ("API_KEYS", "clinic:short")],
)
def test_a_setting_that_would_open_too_much_stops_the_start(environment: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(BadEnvironment) as stopped:
        read_settings(environment | {name: value})

    assert str(stopped.value).startswith(name)
    assert value not in str(stopped.value)


@pytest.fixture
def keyed(app: Flask, a_rota: None) -> Iterator[FlaskClient]:
    """A program with a key, while limits are on."""
    app.config["API_KEYS"], app.config["RATELIMIT_ENABLED"] = {"clinic": SECRET}, True
    yield app.test_client()
    app.config["API_KEYS"], app.config["RATELIMIT_ENABLED"] = {}, False


def send(client: FlaskClient, *, name: str = "clinic", secret: str = SECRET, late_s: int = 0) -> TestResponse:
    time = str(int(NOON.timestamp()) - late_s)
    signed = signature(secret, time=time, method="POST", path="/api/v1/callbacks", body=BODY)
    headers = {"Authorization": f"HMAC-SHA256 name={name}, time={time}, signature={signed}"}
    return client.post("/api/v1/callbacks", data=BODY, content_type="application/json", headers=headers)


def test_a_website_with_a_key_asks_as_often_as_it_has_visitors(keyed: FlaskClient) -> None:
    answers = [send(keyed).status_code for _ in range(WITHOUT + 3)]

    assert set(answers) == {201}


@pytest.mark.parametrize("wrong", [{"name": "other"}, {"secret": "x" * 40}, {"late_s": 301}, {"late_s": -301}])
def test_a_signature_that_does_not_fit_is_refused(keyed: FlaskClient, a_clock: Clock, wrong: dict[str, object]) -> None:
    answer = send(keyed, **wrong)  # type: ignore[arg-type]  # its own arguments

    assert (answer.status_code, answer.get_json()["code"]) == (401, "wrong_signature")


def test_a_signature_does_not_fit_another_body(keyed: FlaskClient) -> None:
    time = str(int(NOON.timestamp()))
    signed = signature(SECRET, time=time, method="POST", path="/api/v1/callbacks", body=b"{}")
    headers = {"Authorization": f"HMAC-SHA256 name=clinic, time={time}, signature={signed}"}

    answer = keyed.post("/api/v1/callbacks", data=BODY, content_type="application/json", headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize("given", ["Basic YTpi", "HMAC-SHA256 name=clinic", "HMAC-SHA256 name=, time=1, signature=0"])
def test_another_kind_of_authorization_is_refused(keyed: FlaskClient, given: str) -> None:
    headers = {"Authorization": given}

    answer = keyed.post("/api/v1/callbacks", data=BODY, content_type="application/json", headers=headers)

    assert answer.status_code == 401

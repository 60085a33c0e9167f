"""The door of the staff pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts.web.guard import GUARDED

OPEN_TO_EVERYBODY = {"security.login", "security.logout"}
"""Sign-in itself; sign-out does nothing for somebody who is not signed in."""

GUARDS_ITSELF = {"security.change_password"}


def test_every_staff_page_belongs_to_a_guarded_blueprint(app: Flask) -> None:
    open_doors = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/staff")
        and rule.endpoint.partition(".")[0] not in GUARDED
        and rule.endpoint not in OPEN_TO_EVERYBODY | GUARDS_ITSELF
    ]

    assert open_doors == []


def test_no_staff_blueprint_serves_a_page_outside_the_cookie_s_path(app: Flask) -> None:
    outside = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in GUARDED and not rule.rule.startswith("/staff")
    ]

    assert outside == []


@pytest.mark.parametrize("page", ["/staff/", "/staff/rota", "/staff/coverage", "/staff/team", "/staff/password"])
def test_a_stranger_is_shown_the_sign_in_page(page: str, client: FlaskClient) -> None:
    answer = client.get(page)

    assert answer.status_code == 302
    assert answer.location.startswith("/staff/sign-in")


def test_a_script_without_a_session_is_told_so_in_json(client: FlaskClient) -> None:
    answer = client.get("/staff/rota", headers={"Sec-Fetch-Mode": "cors"})

    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert answer.json["code"] == "sign_in_first"


def test_a_page_of_another_role_says_so(
    client: FlaskClient, a_member: Callable[..., str], try_sign_in: Callable[..., TestResponse]
) -> None:
    try_sign_in(a_member())

    page = client.get("/staff/team")
    script = client.get("/staff/team", headers={"Accept": "application/json"})

    assert page.status_code == 403
    assert "This page is not part of your role" in page.text
    assert script.status_code == 403
    assert script.json is not None
    assert script.json["code"] == "not_yours"


def test_nothing_is_done_for_a_form_without_its_token(
    client: FlaskClient, a_member: Callable[..., str], try_sign_in: Callable[..., TestResponse]
) -> None:
    try_sign_in(a_member())

    answer = client.post("/staff/presence", data={"state": "available"})

    assert answer.status_code == 400
    assert "we did nothing" in answer.text


def test_staff_pages_are_kept_out_of_caches(
    client: FlaskClient, a_member: Callable[..., str], try_sign_in: Callable[..., TestResponse]
) -> None:
    try_sign_in(a_member())

    assert client.get("/staff/rota").headers["Cache-Control"] == "no-store"

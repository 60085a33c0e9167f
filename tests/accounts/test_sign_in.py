"""Signing in: who gets where, what a stranger learns (nothing), and how often somebody may guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from accounts.domain.roles import Role
from accounts.models import JournalRow
from accounts.operations.staff import end_access, set_password
from accounts.web.limits import limiter
from foundation import clock, doorbell
from foundation.database import transaction

TryToSignIn = Callable[..., TestResponse]
SIGN_IN = "/staff/sign-in"


@pytest.fixture
def limits(app: Flask) -> Iterator[None]:
    """The limits on guessing, which other tests do without."""
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.enabled = False


@pytest.mark.parametrize(
    ("role", "page"),
    [
        pytest.param(Role.COUNSELLOR, "/staff/queue", id="counsellor"),
        pytest.param(Role.SUPERVISOR, "/staff/board", id="supervisor"),
        pytest.param(Role.ADMIN, "/staff/board", id="admin"),
    ],
)
def test_each_role_starts_from_its_own_page(
    role: Role, page: str, a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient
) -> None:
    answer = try_sign_in(a_member(role))

    assert answer.location == "/staff/"
    assert client.get("/staff/").location == page


def test_whoever_asked_for_a_page_gets_there_after_signing_in(
    a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient
) -> None:
    asked = client.get("/staff/rota")

    answer = try_sign_in(a_member(), to="/staff/rota")

    assert asked.location == "/staff/sign-in?next=/staff/rota"
    assert answer.location == "/staff/rota"


def test_nobody_is_sent_to_another_site_after_signing_in(
    a_member: Callable[..., str], try_sign_in: TryToSignIn
) -> None:
    answer = try_sign_in(a_member(), to="//elsewhere.example/")

    assert answer.location == "/staff/"


def test_an_address_is_found_however_it_is_typed(a_member: Callable[..., str], try_sign_in: TryToSignIn) -> None:
    a_member(email="ana@example.org")

    assert try_sign_in("  Ana@Example.ORG ").status_code == 302


def test_a_wrong_password_and_an_unknown_address_look_the_same(
    a_member: Callable[..., str], try_sign_in: TryToSignIn
) -> None:
    wrong = try_sign_in(a_member(email="ana@example.org"), "not the password")
    unknown = try_sign_in("bob@example.org", "not the password")

    assert "The e-mail address and the password do not belong together" in wrong.text
    assert wrong.status_code == unknown.status_code
    assert _without_tokens(wrong.text.replace("ana@", "")) == _without_tokens(unknown.text.replace("bob@", ""))


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf_token" not in line]


@pytest.mark.parametrize("email", ["", "a\0b@example.org", "x" * 5000, "no-at-sign"])
def test_nonsense_is_refused_like_any_wrong_sign_in(email: str, app: Flask, try_sign_in: TryToSignIn) -> None:
    answer = try_sign_in(email, "")

    assert answer.status_code == 200
    assert "do not belong together" in answer.text


def test_the_cookie_is_for_staff_pages_only_and_not_for_scripts(
    a_member: Callable[..., str], try_sign_in: TryToSignIn
) -> None:
    cookie = try_sign_in(a_member()).headers["Set-Cookie"]

    assert cookie.startswith("ringback_staff=")
    for part in ("HttpOnly", "Path=/staff", "SameSite=Lax", "Expires="):
        assert part in cookie


def test_signing_in_and_changing_a_password_are_noted(
    a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient, token: Callable[..., str], app: Flask
) -> None:
    try_sign_in(a_member())
    fields = {
        "password": "correct horse battery",
        "new_password": "staple staple",
        "new_password_confirm": "staple staple",
    }

    answer = client.post("/staff/password", data=fields | {"csrf_token": token(client.get("/staff/password"))})

    assert answer.status_code == 302
    assert _noted(app) == ["staff_added", "signed_in", "password_changed"]


def _noted(app: Flask) -> list[str]:
    with app.app_context(), transaction() as session:
        return list(session.scalars(select(JournalRow.action).order_by(JournalRow.id)))


def test_signing_out_needs_the_token_of_the_page(
    a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient, token: Callable[..., str]
) -> None:
    try_sign_in(a_member())
    page = client.get("/staff/password")

    forged = client.post("/staff/sign-out")
    meant = client.post("/staff/sign-out", data={"csrf_token": token(page)})

    assert forged.status_code == 400
    assert "we did nothing" in forged.text
    assert meant.location == SIGN_IN
    assert client.get("/staff/").location == "/staff/sign-in?next=/staff/"


def test_the_sixth_guess_at_an_account_has_to_wait_and_is_told_how_long(
    limits: None, a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient
) -> None:
    email = a_member()
    for _ in range(5):
        assert try_sign_in(email, "a wrong guess").status_code == 200

    sixth = try_sign_in(email)

    assert sixth.status_code == 429
    assert 0 < int(sixth.headers["Retry-After"]) <= 15 * 60 + 1 + 1  # rounded up to whole seconds
    assert "There were too many attempts to sign in" in sixth.text
    assert client.get("/staff/").status_code == 302


def test_whoever_signs_in_with_the_right_password_is_let_in_however_often(
    limits: None,
    a_member: Callable[..., str],
    try_sign_in: TryToSignIn,
    client: FlaskClient,
    token: Callable[[TestResponse], str],
) -> None:
    email = a_member()
    answers = []
    for _ in range(7):
        answers.append(try_sign_in(email).location)
        client.post("/staff/sign-out", data={"csrf_token": token(client.get("/staff/password"))})

    assert answers == ["/staff/"] * 7


def test_whoever_guesses_from_elsewhere_does_not_shut_the_owner_of_the_account_out(
    limits: None, app: Flask, a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient
) -> None:
    email = a_member()
    client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    guesses = [try_sign_in(email, "a wrong guess").status_code for _ in range(6)]

    client.environ_base["REMOTE_ADDR"] = "198.51.100.20"
    owner = try_sign_in(email)

    assert guesses == [200] * 5 + [429]
    assert owner.location == "/staff/"


def test_the_eleventh_guess_from_one_address_has_to_wait_whatever_the_account(
    limits: None, app: Flask, try_sign_in: TryToSignIn
) -> None:
    answers = [try_sign_in(f"guess{number}@example.org", "a wrong guess").status_code for number in range(11)]

    assert answers == [200] * 10 + [429]


def test_a_new_password_ends_the_sessions_that_the_old_one_opened(
    a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient, app: Flask
) -> None:
    try_sign_in(a_member())

    with app.app_context(), transaction() as session:
        set_password(session, email="ana@example.org", password="another one entirely", by=None, now=clock.now())

    assert client.get("/staff/").location == "/staff/sign-in?next=/staff/"
    assert try_sign_in("ana@example.org", "another one entirely").status_code == 302


def test_whoever_has_left_cannot_sign_in_and_is_signed_out(
    a_member: Callable[..., str], try_sign_in: TryToSignIn, client: FlaskClient, app: Flask
) -> None:
    try_sign_in(a_member())

    with app.app_context(), transaction() as session:
        end_access(session, email="ana@example.org", by=None, now=clock.now())

    assert client.get("/staff/").location == "/staff/sign-in?next=/staff/"
    assert "do not belong together" in try_sign_in("ana@example.org").text


def test_redis_learns_no_address_of_whoever_guesses(
    limits: None, try_sign_in: Callable[..., TestResponse], a_member: Callable[..., str]
) -> None:
    try_sign_in(a_member(), "a wrong guess")

    keys = [str(key) for key in doorbell.connection().scan_iter()]

    assert keys
    assert not any("127.0.0.1" in key or "ana@example.org" in key for key in keys)

"""Limits are on and Valkey is gone: whoever asks is heard, staff get in, and guessing still meets its limit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff
from accounts.web.limits import limiter
from foundation import clock
from foundation.database import transaction
from foundation.embedded import Servers
from tests.callbacks.test_abuse import ask_on_pages
from tests.callbacks.test_api import CALLBACKS, LEAST
from tests.rota.planning import PASSWORD, Browser

pytestmark = [pytest.mark.operations, pytest.mark.usefixtures("a_rota", "limits_on", "without_valkey")]

SIGN_IN = "/staff/sign-in"


@pytest.fixture
def limits_on(app: Flask) -> Iterator[None]:
    before = dict(app.config)
    app.config.update(RATELIMIT_ENABLED=True, SPARES_LOOPBACK=False)
    limiter.enabled = True
    limiter.reset()
    yield
    limiter.enabled = False
    app.config.update(before)


@pytest.fixture
def without_valkey(running_servers: Servers, limits_on: None) -> Iterator[None]:
    running_servers.valkey.kill()
    yield
    running_servers.valkey.start()


def test_a_program_and_a_page_can_ask(app: Flask, client: FlaskClient) -> None:
    answer = client.post(CALLBACKS, json=LEAST)
    page = ask_on_pages(app, phone="07700 900 123")

    assert answer.status_code == 201
    assert page.headers["Location"] == "/done"


def test_staff_can_sign_in_and_guessing_is_limited_all_the_same(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction() as session:
        add_staff(
            session,
            email="sue@example.org",
            name="Sue Example",
            password=PASSWORD,
            role=Role.SUPERVISOR,
            now=clock.now(),
        )
    sue, somebody = Browser(client), Browser(app.test_client())

    answer = sue.send(SIGN_IN, page=SIGN_IN, email="sue@example.org", password=PASSWORD)
    guesses = [
        somebody.send(SIGN_IN, page=SIGN_IN, email="ana@example.org", password="x").status_code for _ in range(6)
    ]

    assert answer.location == "/staff/"
    assert guesses == [200] * 5 + [429]

"""People who sign in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff
from foundation import clock
from foundation.database import transaction

PASSWORD = "correct horse battery"


@pytest.fixture
def a_member(app: Flask) -> Callable[..., str]:
    """Add somebody who can sign in; their e-mail address."""

    def add(role: Role = Role.COUNSELLOR, email: str = "ana@example.org") -> str:
        with app.app_context(), transaction() as session:
            return add_staff(
                session, email=email, name="Ana Example", password=PASSWORD, role=role, now=clock.now()
            ).email

    return add


@pytest.fixture
def token() -> Callable[[TestResponse], str]:
    """The form token on a page."""

    def find(page: TestResponse) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found, page.text[:500]
        return found[1]

    return find


@pytest.fixture
def try_sign_in(client: FlaskClient, token: Callable[[TestResponse], str]) -> Callable[..., TestResponse]:
    """Fill in the sign-in page and send it."""

    def send(email: str, password: str = PASSWORD, *, to: str = "") -> TestResponse:
        address = f"/staff/sign-in?next={to}" if to else "/staff/sign-in"
        fields = {"email": email, "password": password, "csrf_token": token(client.get(address))}
        return client.post(address, data=fields)

    return send

"""A small team on real tables, and people who sign in to plan it; it is always NOON."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff, set_phone
from foundation import clock
from foundation.database import transaction
from foundation.phone import Phone
from tests.rota.planning import NOON, PASSWORD, SUPERVISOR, Browser, Team


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with clock.reading(lambda: NOON):
        yield


@pytest.fixture
def team(app: Flask) -> Team:
    return Team(app)


@pytest.fixture
def signed_in(app: Flask) -> Callable[..., Browser]:
    """A browser in which somebody with a role, or a counsellor by e-mail address, has signed in."""

    def sign_in(role: Role = Role.SUPERVISOR, email: str = "") -> Browser:
        address = email or f"{role}@example.org"
        if not email:
            with app.app_context(), transaction() as session:
                add_staff(session, email=address, name=f"A {role}", password=PASSWORD, role=role, now=NOON)
        browser = Browser(app.test_client())
        answer = browser.send("/staff/sign-in", page="/staff/sign-in", email=address, password=PASSWORD)
        assert answer.status_code == 302, answer.text
        return browser

    return sign_in


@pytest.fixture
def supervisor(app: Flask) -> int:
    """A supervisor who wants alerts on their mobile; their id."""
    with app.app_context(), transaction() as session:
        row = add_staff(session, email="sue@example.org", name="Sue", password=PASSWORD, role=Role.SUPERVISOR, now=NOON)
        set_phone(session, staff=row, phone=Phone(SUPERVISOR), by=row.id, now=NOON)
        return row.id

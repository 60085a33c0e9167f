"""Preflight says of each thing that must be right that it is, and what to do when it is not: each is really broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import redis
import requests
from sqlalchemy import create_engine, text
from werkzeug import Request, Response
from werkzeug.serving import make_server

from foundation import doorbell
from foundation.child_process import free_port
from foundation.database import db, transaction
from foundation.phone import Phone
from notifications.telephony.twilio import Twilio, TwilioAccount
from rota.domain.shifts import Span
from tests.conftest import ACCOUNT, HELPLINE, NOON, Town
from tests.rota.planning import Team


@dataclass
class Preflight:
    """The command, on a service at which everything is right until the test breaks something."""

    town: Town

    def wrong(self) -> dict[str, str]:
        """Each line that says WRONG, and what it says."""
        answer = self.town.app.test_cli_runner().invoke(args=["preflight"])
        lines = [line for line in answer.output.splitlines() if line.startswith(("ok ", "WRONG"))]
        found = dict(line.removeprefix("WRONG").strip().split(": ", 1) for line in lines if line.startswith("WRONG"))
        assert answer.exit_code == bool(found), answer.output
        return found


@pytest.fixture
def preflight(town: Town, monkeypatch: pytest.MonkeyPatch) -> Preflight:
    town.expects()
    team = Team(town.app)
    person = team.counsellor()
    for start in (NOON, NOON + timedelta(hours=23)):
        team.shift(person, Span(start, start + timedelta(hours=23)))
    monkeypatch.setitem(town.app.config, "ON_CALL_PHONE", Phone("+447700900555"))
    return Preflight(town)


def test_f41_all_is_well(preflight: Preflight) -> None:
    assert preflight.wrong() == {}


def test_f41_a_release_step_that_was_left_out(preflight: Preflight, town: Town) -> None:
    with town.app.app_context(), transaction() as session:
        head = session.scalar(text("select version_num from alembic_version"))
        session.execute(text("update alembic_version set version_num = '0001'"))
    try:
        found = preflight.wrong()
    finally:
        with town.app.app_context(), transaction() as session:
            session.execute(text("update alembic_version set version_num = :head"), {"head": head})

    assert found == {"Database and schema": "the schema is not at head: run db upgrade"}


def test_f41_a_database_that_is_gone_and_all_the_rest_is_looked_at_all_the_same(
    preflight: Preflight, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with town.app.app_context():
        nowhere = create_engine(db.engine.url.set(port=free_port()))
        monkeypatch.setitem(db.engines, None, nowhere)

    found = preflight.wrong()

    unseen = "could not be looked at: the database answered with OperationalError"
    assert found == {
        "Database and schema": "nobody answers at DATABASE_URL",
        "Cover in the next 24 hours": unseen,
        "Help lines that pages show": unseen,
        "Every request is accounted for": unseen,
    }


def test_f41_a_redis_that_is_gone(preflight: Preflight) -> None:
    before = doorbell.connection()
    doorbell.hang(redis.Redis(port=free_port(), socket_connect_timeout=1))
    try:
        found = preflight.wrong()
    finally:
        doorbell.hang(before)

    assert found == {"Redis": "Redis does not answer at REDIS_URL"}


def test_f41_a_token_that_the_telephone_company_does_not_know(
    preflight: Preflight, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = TwilioAccount(ACCOUNT, "not-the-token-of-this-account", HELPLINE, {}, town.base, town.phones.base)
    monkeypatch.setitem(town.app.extensions, "telephony", Twilio(wrong))

    found = preflight.wrong()

    assert list(found) == ["Telephone account"]
    assert found["Telephone account"].startswith("the telephone company does not accept us")


@pytest.fixture
def proxy(town: Town) -> Iterator[str]:
    """A proxy that changes the address on the way: what arrives is not what was signed."""

    @Request.application
    def pass_on(request: Request) -> Response:
        answer = requests.post(
            f"{town.base}{request.path}?by=proxy", data=request.form, headers=dict(request.headers), timeout=5
        )
        return Response(answer.content, status=answer.status_code)

    server = make_server("127.0.0.1", 0, pass_on)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_f41_a_proxy_that_changes_the_address(
    preflight: Preflight, town: Town, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.app.config, "PUBLIC_BASE_URL", proxy)

    found = preflight.wrong()

    assert list(found) == ["Webhook address and signature"]
    assert found["Webhook address and signature"].startswith("webhooks are refused")


def test_f41_a_public_address_at_which_nobody_answers(
    preflight: Preflight, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.app.config, "PUBLIC_BASE_URL", f"http://127.0.0.1:{free_port()}")

    found = preflight.wrong()

    assert list(found) == ["Webhook address and signature"]
    assert "does not answer" in found["Webhook address and signature"]


def test_f41_hours_without_anybody(preflight: Preflight, town: Town) -> None:
    town.clock.to(NOON + timedelta(hours=36))

    assert preflight.wrong() == {"Cover in the next 24 hours": "nobody is on the rota for 14.0 of the next 24 hours"}


def test_f41_help_lines_that_nobody_has_checked(preflight: Preflight, town: Town) -> None:
    town.clock.to(NOON + timedelta(days=400))

    assert "Help lines that pages show" in preflight.wrong()


def test_f41_nobody_who_is_told_of_trouble(preflight: Preflight, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(town.app.config, "ON_CALL_PHONE", None)

    found = preflight.wrong()

    assert list(found) == ["Somebody is told of trouble"]


def test_f41_a_request_that_is_gone(preflight: Preflight, town: Town) -> None:
    name = "receipt_belongs_to_callback_by_callback_id"
    with town.app.app_context(), transaction() as session:
        session.execute(text(f"alter table receipt drop constraint {name}"))
        session.execute(text("insert into receipt (callback_id, received_at) values (1, now())"))
    try:
        found = preflight.wrong()
    finally:
        with town.app.app_context(), transaction() as session:
            session.execute(text("truncate receipt"))
            session.execute(
                text(f"alter table receipt add constraint {name} foreign key (callback_id) references callback (id)")
            )

    assert found == {"Every request is accounted for": "nowhere, or gone: 1 of the requests that were ever received"}

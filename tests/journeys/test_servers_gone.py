"""A server goes away for a moment: requests are refused in words or kept; none is half kept, none is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from callbacks.domain.asking import CONSENT_VERSION
from callbacks.models import CallbackRow, HistoryRow, IdempotencyRow
from foundation import doorbell
from foundation.database import Row, transaction
from foundation.embedded import EmbeddedServer, Servers
from tests.conftest import Town, eventually
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, People

ASKED = {"phone": VISITOR, "consent": {"version": CONSENT_VERSION, "given": True}}
CALLBACKS = "/api/v1/callbacks"


@pytest.fixture
def client(town: Town) -> FlaskClient:
    return town.app.test_client()


@pytest.fixture
def postgres(running_servers: Servers) -> Iterator[EmbeddedServer]:
    """The database server, which is there again afterwards whatever the test did to it."""
    server = running_servers.postgres
    yield server
    server.thaw()
    if not server.is_running():
        server.start()


@pytest.fixture
def valkey(running_servers: Servers) -> Iterator[EmbeddedServer]:
    """The doorbell's server, likewise."""
    server = running_servers.valkey
    yield server
    server.thaw()
    if not server.is_running():
        server.start()


def kept(town: Town) -> dict[str, int]:
    """How many rows of everything that a request leaves."""
    tables: list[type[Row]] = [CallbackRow, HistoryRow, IdempotencyRow]
    with town.app.app_context(), transaction() as session:
        return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_f37_while_the_database_is_away_a_request_is_refused_in_words_and_not_half_kept(
    town: Town, people: People, client: FlaskClient, postgres: EmbeddedServer
) -> None:
    town.expects()
    people.on("Ana Example", is_available=False)
    key = {"Idempotency-Key": "the same one"}

    postgres.stop()
    answer = client.post(CALLBACKS, json=ASKED, headers=key)
    postgres.start()
    again = eventually(lambda: _accepted(client, key))

    said = answer.get_json()
    assert (answer.status_code, said["code"], answer.mimetype) == (503, "not_saved", "application/problem+json")
    assert said["detail"]
    assert said["next"]
    assert int(answer.headers["Retry-After"]) > 0
    assert again["status"] == "queued"
    assert kept(town)["callback"] == 1


def _accepted(client: FlaskClient, headers: dict[str, str]) -> dict[str, str] | None:
    answer = client.post(CALLBACKS, json=ASKED, headers=headers)
    body: dict[str, str] = answer.get_json()
    return body if answer.status_code == 201 else None


def test_f37_a_request_that_meets_a_database_that_hangs_for_a_moment_is_kept_once(
    town: Town, people: People, client: FlaskClient, postgres: EmbeddedServer
) -> None:
    town.expects()
    people.on("Ana Example", is_available=False)
    answers: list[TestResponse] = []
    asking = threading.Thread(target=lambda: answers.append(client.post(CALLBACKS, json=ASKED)))

    postgres.freeze()
    asking.start()
    asking.join(timeout=2)
    heard_meanwhile = list(answers)
    postgres.thaw()
    asking.join(timeout=30)

    assert heard_meanwhile == []
    assert [answer.status_code for answer in answers] == [201]
    assert kept(town)["callback"] == 1


def test_f36_while_the_doorbell_is_away_a_request_is_kept_and_rung_once(
    town: Town, people: People, client: FlaskClient, valkey: EmbeddedServer
) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    valkey.stop()
    answer = client.post(CALLBACKS, json=ASKED)
    valkey.start()
    doorbell.connection().flushall()
    town.passes(60)

    assert (answer.status_code, answer.get_json()["status"]) == (201, "queued")
    assert kept(town)["callback"] == 1

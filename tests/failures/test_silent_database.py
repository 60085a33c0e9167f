"""A database that is frozen keeps its connections open: nobody who asks meanwhile waits for as long as it lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from foundation.database import Impatient, transaction
from foundation.embedded import Servers
from tests.callbacks.test_api import CALLBACKS, LEAST

pytestmark = [pytest.mark.operations, pytest.mark.usefixtures("a_clock")]

AT_ONCE = 20


@pytest.fixture
def ping_s() -> Iterator[float]:
    """Less patience than in real life for a connection that may be dead, so that the test ends sooner."""
    before, Impatient.ping_s = Impatient.ping_s, 1.0
    yield Impatient.ping_s
    Impatient.ping_s = before


def test_nobody_hangs_on_a_frozen_database_whether_their_connection_is_old_or_new(
    app: Flask, running_servers: Servers, ping_s: float
) -> None:
    def ask(number: int) -> tuple[int, float]:
        began = time.monotonic()
        answer = app.test_client().post(CALLBACKS, json=LEAST | {"phone": f"07700 900{100 + number}"})
        return answer.status_code, time.monotonic() - began

    with ThreadPoolExecutor(AT_ONCE) as people:
        warm = list(people.map(ask, range(AT_ONCE)))
        running_servers.postgres.freeze()
        try:
            frozen = list(people.map(ask, range(AT_ONCE, 2 * AT_ONCE)))
        finally:
            running_servers.postgres.thaw()
        afterwards = list(people.map(ask, range(2 * AT_ONCE, 3 * AT_ONCE)))

    assert {status for status, _ in (*warm, *afterwards)} == {201}
    assert {status for status, _ in frozen} == {503}
    assert max(took for _, took in frozen) < ping_s + 5 + 3  # a connection is given up, and a new one tried


def test_a_slow_statement_of_a_database_that_lives_is_waited_for(app: Flask, ping_s: float) -> None:
    with app.app_context(), transaction() as session:
        assert session.scalar(select(func.pg_sleep(ping_s * 1.5))) is not None

"""PostgreSQL freezes or crashes, Valkey is flushed or stops: nothing is lost, nothing is doubled."""

from __future__ import annotations

import pytest
import requests

from foundation import doorbell
from tests.conftest import eventually
from tests.failures.conftest import ANA, ANSWERS, BEN, CAT, PRESSES_1, VISITOR, House, at_once

pytestmark = pytest.mark.operations

OTHERS = ["+447700900983", "+447700900984"]


@pytest.fixture
def manned(house: House) -> House:
    """Three counsellors who take calls, a worker and the timekeeper."""
    for number in (ANA, BEN, CAT):
        house.phones.habit(number, **PRESSES_1)
    for number in (VISITOR, *OTHERS):
        house.phones.habit(number, **ANSWERS)
    house.worker()
    house.start("keep-time")
    return house


def everybody_was_rung_once(house: House, *visitors: str) -> None:
    house.until(lambda: house.states() == ["finished"] * len(visitors))
    assert {visitor: house.rang()[visitor] for visitor in visitors} == dict.fromkeys(visitors, 1)


def test_f36_valkey_is_flushed_while_requests_wait(manned: House) -> None:
    for visitor in (VISITOR, *OTHERS):
        manned.ask(visitor)
        doorbell.connection().flushall()

    everybody_was_rung_once(manned, VISITOR, *OTHERS)


def test_f36_valkey_stops_and_comes_back_empty(manned: House) -> None:
    manned.servers.valkey.kill()
    try:
        manned.ask()
    finally:
        manned.servers.valkey.start()

    everybody_was_rung_once(manned, VISITOR)


def test_f37_postgresql_freezes_in_the_middle_of_a_call(manned: House) -> None:
    manned.phones.habit(VISITOR, **(ANSWERS | {"talks_for_s": 60}))
    manned.ask()
    eventually(lambda: manned.phones.state(VISITOR)["state"] == "in_call")

    manned.was_silent = True
    with manned.nobody_moves():
        manned.servers.postgres.freeze()
        try:
            with pytest.raises(requests.RequestException):
                requests.get(f"{manned.base}/readyz", timeout=3)
        finally:
            manned.servers.postgres.thaw()
        eventually(lambda: requests.get(f"{manned.base}/readyz", timeout=15).ok)

    everybody_was_rung_once(manned, VISITOR)


def test_f37_postgresql_crashes_while_calls_are_under_way(manned: House) -> None:
    for visitor in (VISITOR, OTHERS[0]):
        manned.phones.habit(visitor, **(ANSWERS | {"after_s": 15}))
    manned.ask()
    eventually(lambda: manned.rang()[VISITOR] == 1)

    manned.was_silent = True
    with manned.nobody_moves():  # the visitor's telephone rings on until the database is back
        manned.servers.postgres.kill()
        manned.servers.postgres.start()
        eventually(lambda: requests.get(f"{manned.base}/readyz", timeout=15).ok)
    manned.ask(OTHERS[0])

    everybody_was_rung_once(manned, VISITOR, OTHERS[0])


def test_f42_the_database_dies_while_somebody_asks_and_they_ask_again(manned: House) -> None:
    manned.servers.postgres.freeze()
    manned.servers.postgres.kill()
    try:
        with pytest.raises((AssertionError, requests.RequestException)):
            manned.ask(key="0b1f0c1e-5b0a-4c7e-9d0a-3f6f2b6d9a11")
    finally:
        manned.servers.postgres.start()
    eventually(lambda: requests.get(f"{manned.base}/readyz", timeout=5).ok)

    manned.ask(key="0b1f0c1e-5b0a-4c7e-9d0a-3f6f2b6d9a11")

    everybody_was_rung_once(manned, VISITOR)


def test_f17_the_same_request_is_sent_eight_times_at_once(manned: House) -> None:
    tokens: set[str] = set()

    at_once(*[lambda: tokens.add(manned.ask(key="5f0f3b0e-7a43-4a0c-b7a5-0f7c1d2e3f40"))] * 8)

    assert len(tokens) == 1
    everybody_was_rung_once(manned, VISITOR)

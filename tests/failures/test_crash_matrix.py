"""SIGKILL at every point of a call's way, whatever comes of it: nobody is rung twice, nobody forgotten, nothing untrue.

Each process is stopped at exactly the point in question: by a lock that it needs, by a telephone company that does not
answer, or at the front door. What is left is done by the others. The house is judged at the end of each test.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import requests
from flask import Flask
from sqlalchemy import select

from foundation import doorbell
from foundation.child_process import family_of, free_port, signal_all
from foundation.clock import Rehearsal
from foundation.database import transaction
from foundation.doorbell import Bell
from foundation.embedded import Servers
from notifications.models import TextRow
from notifications.telephony.twilio import Twilio
from tests.conftest import NOON, Phones, eventually
from tests.failures.conftest import (
    ANA,
    ANSWERS,
    NEVER,
    PRESSES_1,
    VISITOR,
    Born,
    House,
    Nursery,
    blocked,
    nobody_but_ana,
    opened,
)
from tests.failures.door import Door, door_to

pytestmark = pytest.mark.operations

QUICKLY = 30
"""Seconds of the network for each real one: most of a call is people who talk."""


@dataclass
class Web:
    """The processes that answer the web, and the door before them."""

    door: Door
    master: Born
    environment: dict[str, str]
    clock: Rehearsal

    def kill(self) -> None:
        """SIGKILL whoever answers at this moment; their master starts another."""
        dying = {child.pid for child in self.master.children()}
        assert dying
        for pid in dying:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: {child.pid for child in self.master.children()} - dying)


@pytest.fixture(scope="module")
def web(
    environment: dict[str, str], nursery: Nursery, one_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    """One gunicorn for all tests here, with one process at a time that answers."""
    folder, port = tmp_path_factory.mktemp("web"), free_port()
    rehearsal = Rehearsal(folder / "clock")
    rehearsal.set(NOON, speed=1)
    with door_to(port) as door:
        shared = {
            **environment,
            "PUBLIC_BASE_URL": door.address,
            "PORT": str(port),
            "WEB_WORKERS": "1",
            "REHEARSAL_CLOCK": str(rehearsal.file),
        }
        master = nursery.bear("web", ["gunicorn", "app:create_app()"], shared, folder / "web.log")
        eventually(lambda: _is_ready(door.address), within_s=90)
        yield Web(door, master, shared, rehearsal)
        master.kill()


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=10).ok
    except requests.RequestException:
        return False


@pytest.fixture
def crashing(
    app: Flask, web: Web, simulator: str, running_servers: Servers, nursery: Nursery, tmp_path: Path
) -> Iterator[House]:
    """A house whose front door is the web's; Ana takes calls, unless a test says otherwise."""
    house = House(
        app, web.door.address, Phones(simulator), running_servers, web.clock, web.environment, tmp_path, nursery
    )
    house.network_speed = QUICKLY
    house.was_silent = True  # whoever was on the line when somebody was killed heard nothing for a while
    with at_the_door(app, web.door.address), opened(house):
        nobody_but_ana(app)
        house.phones.habit(ANA, **PRESSES_1)
        yield house
        web.door.open()


@contextmanager
def at_the_door(app: Flask, address: str) -> Iterator[None]:
    """Calls that this process places come back to the front door, too."""
    before: tuple[str, Twilio] = app.config["PUBLIC_BASE_URL"], app.extensions["telephony"]
    app.config["PUBLIC_BASE_URL"] = address
    app.extensions["telephony"] = Twilio(replace(before[1]._account, public_base_url=address))
    yield
    app.config["PUBLIC_BASE_URL"], app.extensions["telephony"] = before


# -- what becomes of the call ----------------------------------------------------------------------------------------

OUTCOMES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "they talk": (PRESSES_1, ANSWERS, "finished"),
    "the visitor does not answer": (PRESSES_1, NEVER, "no_answer"),
    "the counsellor does not answer": (NEVER, ANSWERS, "unreached"),
    "a stranger answers": (PRESSES_1, ANSWERS | {"presses": ["9"]}, "hung_up"),
}
"""What the counsellor does, what the visitor does, and how the call ends."""


TEXTS: dict[str, Any] = {"safe_contact": {"sms": "neutral_message"}}


def comes(house: House, outcome: str) -> str:
    """Let this outcome come; how the call is to end."""
    counsellor, visitor, ends = OUTCOMES[outcome]
    house.phones.habit(ANA, **counsellor)
    house.phones.habit(VISITOR, **visitor)
    return ends


@contextmanager
def held(house: House, *statements: str) -> Iterator[None]:
    """Hold what these statements lock, for the length of the block."""
    with psycopg.connect(house.servers.database_url) as holder:
        for statement in statements:
            holder.execute(statement)
        yield
        holder.rollback()


# -- a worker dies ---------------------------------------------------------------------------------------------------


def before_the_match_is_committed(house: House) -> None:
    with held(house, "lock table call in share mode"):
        worker = house.worker()
        house.ask()
        eventually(lambda: blocked(house) >= 1)
        assert house.states() == []
        house.kill(worker)


def after_the_match_and_before_the_claim(house: House) -> None:
    with psycopg.connect(house.servers.database_url) as connection:
        connection.execute("insert into pace values (1, %s) on conflict do nothing", (house.time(),))
    with held(house, "select 1 from pace for update"):
        worker = house.worker()
        house.ask()
        eventually(lambda: blocked(house) >= 1 and house.states() == ["waiting"])
        house.kill(worker)


def after_the_claim_and_before_the_order(house: House) -> None:
    """The telephone company's address takes the connection and reads nothing from it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        house.environment = house.environment | {"TWILIO_API_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        worker = house.worker()
        house.ask()
        silent.settimeout(60)
        line, _ = silent.accept()
        assert house.states() == ["placing"]
        house.kill(worker)
        line.close()


def after_the_order_and_before_the_answer(house: House) -> None:
    house.phones.faults(rest={"next": ["times_out"], "times_out_s": 60})
    worker = house.worker()
    house.ask()
    eventually(lambda: house.placed()[ANA] == 1)
    house.kill(worker)


def after_the_answer_and_before_its_commit(house: House) -> None:
    house.phones.faults(rest={"slow_s": 1, "resources": ["Calls"]}, webhooks={"kinds": ["status", "twiml"], "delay": 1})
    worker = house.worker()
    house.ask()
    eventually(lambda: house.states() == ["placing"])
    with held(house, "select 1 from call for update"):
        eventually(lambda: blocked(house) >= 1)
        house.kill(worker)


WORKER_DIES = (
    before_the_match_is_committed,
    after_the_match_and_before_the_claim,
    after_the_claim_and_before_the_order,
    after_the_order_and_before_the_answer,
    after_the_answer_and_before_its_commit,
)


@pytest.mark.parametrize("outcome", ["they talk", "the counsellor does not answer"])
@pytest.mark.parametrize("point", WORKER_DIES, ids=lambda point: point.__name__)
def test_f03_a_worker_is_killed(crashing: House, point: Callable[[House], None], outcome: str) -> None:
    ends = comes(crashing, outcome)

    point(crashing)
    crashing.phones.faults()
    never_ordered = point is after_the_claim_and_before_the_order
    for seconds in (16, 46, 61) if never_ordered else ():  # looked for three times, and never dialled to find out
        crashing.later(seconds=seconds)
        crashing.work()

    first = ["lost"] if never_ordered else []
    crashing.work_until(lambda: crashing.states()[: len(first) + 1] == [*first, ends])
    assert crashing.placed()[ANA] == len(crashing.states()) - len(first)
    assert crashing.rang()[VISITOR] == (ends == "finished")


def test_f03_a_worker_is_frozen_in_the_middle_of_its_claim_and_another_goes_on(crashing: House) -> None:
    ends = comes(crashing, "they talk")
    crashing.ask()
    with crashing.app.app_context():
        doorbell.answer_of(Bell.MATCH)()

    with held(crashing, "lock table call in exclusive mode"):
        worker = crashing.worker()
        eventually(lambda: blocked(crashing) >= 1)
        signal_all(family_of(worker.pid), signal.SIGSTOP)
    eventually(lambda: sleepers(crashing) >= 1)  # it holds the line of outgoing calls, and the call
    eventually(lambda: sleepers(crashing) == 0)
    crashing.work_until(lambda: crashing.states() == [ends])
    signal_all(family_of(worker.pid), signal.SIGCONT)
    crashing.until(lambda: doorbell.connection().llen("rq:queue:calls") == 0)

    assert crashing.rang() == {ANA: 1, VISITOR: 1}


def sleepers(house: House) -> int:
    """How many of our transactions are open while nobody asks for anything."""
    with psycopg.connect(house.servers.database_url) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where state like 'idle in transaction%'"
        ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    ("fault", "becomes", "arrive"), [("times_out_before", "lost", 0), ("times_out", "delivered", 1)]
)
def test_f03_a_worker_is_killed_over_a_text(crashing: House, fault: str, becomes: str, arrive: int) -> None:
    ends = comes(crashing, "they talk")
    crashing.phones.faults(rest={"resources": ["Messages"], "next": [fault], "times_out_s": 60})

    worker = crashing.worker()
    crashing.ask(**TEXTS)
    eventually(lambda: any(entry["kind"] == "fault" for entry in crashing.phones.log()))
    crashing.kill(worker)
    crashing.phones.faults()
    crashing.work_until(lambda: crashing.states()[-1:] == [ends])
    crashing.later(seconds=31)
    crashing.work_until(lambda: text_states(crashing) == [becomes])

    assert len(crashing.phones.state(VISITOR)["texts"]) == arrive


# -- a process that answers the web dies -----------------------------------------------------------------------------


def about(path: str, **fields: str) -> Callable[[str], bool]:
    """Requests to one address, with these form fields."""
    needed = [f"{name}={value}" for name, value in fields.items()]
    return lambda request: f"/webhooks/twilio/{path}" in request and all(one in request for one in needed)


QUESTIONS_AND_NEWS = {
    "what to say to the counsellor": about("voice/answer"),
    "the counsellor pressed 1": about("voice/accept"),
    "how to greet the visitor": about("voice/hello"),
    "a key on the visitor's telephone": about("voice/key", Digits="9"),
    "the visitor's leg is over": about("voice/done"),
    "the counsellor's telephone rings": about("calls?", leg="counsellor", CallStatus="ringing"),
    "the visitor's telephone rings": about("calls?", leg="visitor", CallStatus="ringing"),
    "the visitor's leg has ended": about("calls?", leg="visitor", SipResponseCode=""),
}

A_KEY = "a key on the visitor's telephone"

CASES = [
    *[(what, "they talk") for what in QUESTIONS_AND_NEWS if what != A_KEY],
    *[(what, "the visitor does not answer") for what in ("the visitor's leg is over", "the visitor's leg has ended")],
    (A_KEY, "a stranger answers"),
]


MOMENTS = ["before the commit", "after the commit and before the answer"]


def dies_over_it(house: House, web: Web, moment: str, *, before: str = "select 1 from call for update") -> None:
    """Whoever answers the request at the door is killed: waiting for what `before` locks, or over its answer."""
    if moment != "before the commit":
        web.kill()
        web.door.let_go()
        return
    with held(house, before):
        web.door.let_go()
        eventually(lambda: blocked(house) >= 1)
        web.kill()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("what", "outcome"), CASES)
def test_f03_whoever_answers_the_web_is_killed(crashing: House, web: Web, what: str, outcome: str, moment: str) -> None:
    ends = comes(crashing, outcome)
    web.door.hold(QUESTIONS_AND_NEWS[what], after=moment != "before the commit")
    crashing.ask()
    crashing.work_until(web.door.is_held)

    dies_over_it(crashing, web, moment)

    crashing.work_until(lambda: crashing.states()[-1:] == [ends])
    assert crashing.rang()[VISITOR] == 1
    assert [attempt.owes_outcome for attempt in crashing.attempts()][-1] == (ends == "finished")


def text_states(house: House) -> list[str]:
    with house.app.app_context(), transaction() as session:
        return list(session.scalars(select(TextRow.state).order_by(TextRow.created_at)))


@pytest.mark.parametrize("moment", MOMENTS)
def test_f03_whoever_hears_that_a_text_has_arrived_is_killed(crashing: House, web: Web, moment: str) -> None:
    ends = comes(crashing, "they talk")
    web.door.hold(about("messages", MessageStatus="delivered"), after=moment != "before the commit")
    crashing.ask(**TEXTS)
    crashing.work_until(web.door.is_held)

    dies_over_it(crashing, web, moment, before="select 1 from text_message for update")

    crashing.work_until(lambda: crashing.states()[-1:] == [ends])
    crashing.later(minutes=61)
    crashing.work_until(lambda: text_states(crashing)[:1] == ["delivered"])
    assert len(crashing.phones.state(VISITOR)["texts"]) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_f42_whoever_answers_the_web_is_killed_while_somebody_asks_and_they_ask_again(
    crashing: House, web: Web, moment: str
) -> None:
    ends, key = comes(crashing, "they talk"), str(uuid4())
    web.door.hold(lambda request: request.startswith("POST /api/v1/callbacks"), after=moment != "before the commit")
    with ThreadPoolExecutor(1) as somebody:
        first = somebody.submit(crashing.ask, key=key)
        eventually(web.door.is_held)
        dies_over_it(crashing, web, moment, before="lock table callback in share mode")
        with pytest.raises(requests.RequestException):
            first.result()
    was_kept = len(crashing.callbacks())

    crashing.ask(key=key)
    crashing.work_until(lambda: crashing.states()[-1:] == [ends])

    assert (was_kept, len(crashing.callbacks())) == (moment != "before the commit", 1)
    assert crashing.rang() == {ANA: 1, VISITOR: 1}


def test_f42_a_request_whose_line_is_cut_half_way_is_not_kept_and_the_whole_one_is_kept_once(
    crashing: House, web: Web
) -> None:
    ends, key = comes(crashing, "they talk"), str(uuid4())
    body = json.dumps({"phone": VISITOR, "name": "Sam", "consent": {"version": "2026-11", "given": True}}).encode()
    head = (
        f"POST /api/v1/callbacks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", int(web.environment["PORT"])), timeout=10) as line:
        line.sendall(head.encode() + body[:-20])
    assert requests.get(f"{web.door.address}/healthz", timeout=10).ok
    kept_of_the_half = len(crashing.callbacks())
    crashing.ask(key=key)
    crashing.work_until(lambda: crashing.states()[-1:] == [ends])

    assert (kept_of_the_half, len(crashing.callbacks())) == (0, 1)
    assert crashing.rang() == {ANA: 1, VISITOR: 1}

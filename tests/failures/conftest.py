"""A house to break: the product served, real worker processes to kill, and a network that tells what really rang.

`house` runs on a rehearsal's clock, so that a wait of two minutes is a jump. However a test leaves it, the house is
judged at the end: every request is accounted for, and no telephone rang that is not on record.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks.models import AttemptRow, CallbackRow
from foundation import clock, doorbell
from foundation.child_process import dies_with_its_parent, family_of, signal_all, wait_for_the_end
from foundation.clock import Rehearsal
from foundation.database import db, transaction
from foundation.doorbell import Bell
from foundation.embedded import Servers
from notifications.models import CallRow
from notifications.telephony.twilio import Twilio, TwilioAccount
from rota.domain.shifts import Span
from rota.operations.presence import set_away
from tests import judge
from tests.conftest import ACCOUNT, AUTH_TOKEN, NOON, Phones, Town, eventually
from tests.rota.planning import Team

PROJECT = Path(__file__).parents[2]
VISITOR = "+447700900982"
ANA, BEN, CAT = "+447700900101", "+447700900102", "+447700900103"

NETWORK_SPEED = 10
"""Seconds of the telephone network for each real one: fast enough not to wait for people who talk.

The service keeps real time, and `later` lets both jump: what it has so many seconds for, it has them on a busy machine.
"""
STUCK_S = 3.0
"""Real seconds without anything new: whatever comes next waits for time to pass."""

PRESSES_1 = {"picks_up": "person", "after_s": 0.3, "presses": ["1"], "press_after_s": 0.1}
ANSWERS = {"picks_up": "person", "after_s": 0.3, "talks_for_s": 8}
NEVER = {"picks_up": "nobody"}


@dataclass
class Born:
    """One of our processes, born in the nursery."""

    title: str
    pid: int
    log: Path

    def is_running(self) -> bool:
        return bool(wait_for_the_end(family_of(self.pid)[:1], seconds=0))

    def children(self) -> list[psutil.Process]:
        return family_of(self.pid)[1:]

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is told."""
        family = family_of(self.pid)
        signal_all(family, signal.SIGKILL)
        assert wait_for_the_end(family, seconds=30) == []


@dataclass
class Nursery:
    """Where our processes are born; see nursery.py."""

    mother: subprocess.Popen[str]

    def bear(self, title: str, command: Sequence[str], environment: dict[str, str], log: Path) -> Born:
        assert self.mother.stdin is not None
        assert self.mother.stdout is not None
        asked = {"command": list(command), "environment": environment, "log": str(log)}
        self.mother.stdin.write(json.dumps(asked) + "\n")
        self.mother.stdin.flush()
        return Born(title, int(self.mother.stdout.readline()), log)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.failures.nursery"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=dies_with_its_parent(signal.SIGTERM),  # noqa: PLW1509 - takes no lock
    ) as mother:
        assert mother.stdout is not None
        assert mother.stdout.readline() == "ready\n"
        yield Nursery(mother)
        mother.terminate()


@dataclass
class House:
    """Everything that can be broken."""

    app: Flask
    base: str
    phones: Phones
    servers: Servers
    time: Rehearsal
    environment: dict[str, str]
    folder: Path
    nursery: Nursery
    programs: list[Born] = field(default_factory=list)
    network_speed: float = NETWORK_SPEED
    was_silent: bool = False
    """The test froze the service in the middle of a call: whoever was on the line heard nothing for a while."""

    def start(self, *command: str) -> Born:
        """Start one of our processes; it is killed after the test."""
        log = self.folder / f"{len(self.programs)}.log"
        born = self.nursery.bear(command[0], ["flask", "--app", "app", *command], self.environment, log)
        self.programs.append(born)
        return born

    def worker(self) -> Born:
        """A real worker process, ready for work."""
        born = self.start("work")
        eventually(lambda: doorbell.connection().scard("rq:workers") >= self._working(), within_s=60)
        return born

    def _working(self) -> int:
        return sum(1 for program in self.programs if program.title == "work" and program.is_running())

    def kill(self, program: Born) -> None:
        """SIGKILL: nothing is finished, nothing is told."""
        program.kill()
        doorbell.connection().srem("rq:workers", *doorbell.connection().smembers("rq:workers"))

    def ask(self, phone: str = VISITOR, *, key: str | None = None, **more: Any) -> str:
        """Ask for a call over HTTP, as the public page does; the token of the request."""
        answer = requests.post(
            f"{self.base}/api/v1/callbacks",
            json={"phone": phone, "name": "Sam", "consent": {"version": "2026-11", "given": True}, **more},
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
            timeout=15,
        )
        assert answer.status_code in (200, 201), answer.text
        token: str = answer.json()["token"]
        return token

    def later(self, **span: float) -> None:
        """Jump ahead, here, in every process and on the network."""
        shown = requests.get(f"{self.phones.base}/clock", timeout=30).json()["now"]
        self.set_clocks(max(self.time(), datetime.fromisoformat(shown)) + timedelta(**span))

    def set_clocks(self, moment: datetime, *, speed: float = 1) -> None:
        """It is this time now, everywhere; `speed` is the service's."""
        now: dict[str, Any] = {"mode": "real", "speed": self.network_speed, "now": moment.isoformat()}
        requests.post(f"{self.phones.base}/clock", json=now, timeout=30).raise_for_status()
        self.time.set(moment, speed=speed)

    @contextmanager
    def nobody_moves(self) -> Iterator[None]:
        """Time hardly passes on the network while something of ours goes away and comes back, however long it takes."""
        for speed in (0.01, self.network_speed):
            requests.post(f"{self.phones.base}/clock", json={"speed": speed}, timeout=30).raise_for_status()
            if speed < 1:
                yield

    def work(self) -> None:
        """Do by hand what a worker does when every bell rings."""
        for bell in (Bell.SETTLE, Bell.DEADLINES, Bell.MATCH, Bell.DIAL, Bell.TEXT):
            with self.app.app_context():
                doorbell.answer_of(bell)()

    def work_until(self, holds: Callable[[], Any], *, within_s: float = 120.0) -> Any:
        """Work by hand until something is true."""

        def tried() -> Any:
            self.work()
            return holds()

        return self.until(tried, within_s=within_s)

    def until(self, holds: Callable[[], Any], *, within_s: float = 120.0) -> Any:
        """Wait until something is true; when nothing moves any more, on the network or here, let time pass."""
        seen: tuple[int, list[str]] = (0, [])
        moved_at = time.monotonic()

        def tried() -> Any:
            nonlocal seen, moved_at
            value, here = holds(), (len(self.phones.log()), self.states())
            if here != seen:
                seen, moved_at = here, time.monotonic()
            elif not value and time.monotonic() - moved_at > STUCK_S:
                self.later(seconds=16)
                moved_at = time.monotonic()
            return value

        return eventually(tried, within_s=within_s)

    def callbacks(self) -> list[CallbackRow]:
        """Every request, first one first."""
        with self.app.app_context():
            return list(db.session.scalars(select(CallbackRow).order_by(CallbackRow.id)))

    def statuses(self) -> list[str]:
        return [callback.status for callback in self.callbacks()]

    def calls(self) -> list[CallRow]:
        """Every call, first one first."""
        with self.app.app_context():
            return list(db.session.scalars(select(CallRow).order_by(CallRow.created_at)))

    def states(self) -> list[str]:
        return [call.state for call in self.calls()]

    def attempts(self) -> list[AttemptRow]:
        with self.app.app_context():
            return list(db.session.scalars(select(AttemptRow).order_by(AttemptRow.id)))

    def rang(self) -> Counter[str]:
        """How often each telephone has really rung."""
        return Counter(
            entry["to"]
            for entry in self.phones.log()
            if entry["kind"] == "call" and entry["status"] == "ringing" and entry["direction"] != "inbound"
        )

    def placed(self) -> Counter[str]:
        """How many calls the telephone company was given for each number."""
        return Counter(
            entry["to"]
            for entry in self.phones.log()
            if entry["kind"] == "call" and entry["status"] == "initiated" and entry["parent"] is None
        )

    def judge(self) -> None:
        """What must be true however a test leaves the house."""
        assert self.verdict() == {}

    def verdict(self) -> dict[str, Any]:
        """What was broken, once everybody has hung up and the reconciler has had its time."""
        found: dict[str, Any] = judge.verdict(self.app, self.phones.base, settle=self._settle, passes=self._passes)
        if self.was_silent:
            found.pop("I3", None)
        with self.app.app_context(), transaction() as session:
            on_record = _rings_on_record(session)
        rang = self.rang()
        off_record = {number: rang[number] for number in rang if rang[number] > on_record[number]}
        return found | ({"rang off the record": off_record} if off_record else {})

    def _settle(self) -> None:
        with self.app.app_context():
            doorbell.answer_of(Bell.SETTLE)()

    def _passes(self, seconds: float) -> None:
        self.later(seconds=seconds)
        time.sleep(0.05)  # what this sets off on the network happens by itself


def _rings_on_record(session: Session) -> Counter[str]:
    """How often each telephone may have rung at most, by our own record."""
    found: Counter[str] = Counter()
    for call in session.scalars(select(CallRow)):
        found[call.counsellor_phone] += call.rings
        found[call.visitor_phone] += call.press == "took"
    return found


def three_counsellors(app: Flask) -> None:
    """Ana, Ben and Cat are on from an hour ago until tomorrow morning, ready, each with a telephone of their own."""
    team = Team(app)
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        team.shift(team.counsellor(name), Span(NOON - timedelta(hours=1), NOON + timedelta(hours=23)))


def nobody_but_ana(app: Flask) -> None:
    """Ben and Cat are away."""
    with app.app_context(), transaction() as session:
        for person in (2, 3):
            set_away(session, counsellor_id=person, by=None, now=clock.now())


@contextmanager
def opened(house: House) -> Iterator[House]:
    """The house at NOON, with three counsellors; judged when it closes."""
    house.phones.reset()
    house.set_clocks(NOON)
    with clock.reading(house.time):
        three_counsellors(house.app)
        yield house
        for program in reversed(house.programs):
            program.kill()
        house.phones.faults()
        house.judge()
    house.phones.reset()
    house.phones.time_runs()


@pytest.fixture
def house(
    app: Flask,
    served: str,
    simulator: str,
    environment: dict[str, str],
    running_servers: Servers,
    nursery: Nursery,
    tmp_path: Path,
) -> Iterator[House]:
    rehearsal = Rehearsal(tmp_path / "clock")
    shared = {**environment, "REHEARSAL_CLOCK": str(rehearsal.file)}
    made = House(app, served, Phones(simulator), running_servers, rehearsal, shared, tmp_path, nursery)
    with opened(made):
        yield made


@pytest.fixture
def only_ana(house: House) -> House:
    """Nobody but Ana is there, and the visitor answers."""
    nobody_but_ana(house.app)
    house.phones.habit(ANA, **PRESSES_1)
    house.phones.habit(VISITOR, **ANSWERS)
    return house


def blocked(house: House) -> int:
    """How many of our transactions wait for a lock that somebody holds."""
    with psycopg.connect(house.servers.database_url) as connection:
        row = connection.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock'").fetchone()
    assert row is not None
    return int(row[0])


def at_once(*deeds: Any) -> None:
    """Do several things at the same moment, and raise what any of them raised."""
    start, failures = threading.Barrier(len(deeds)), []

    def do(deed: Any) -> None:
        start.wait()
        try:
            deed()
        except BaseException as failure:  # noqa: BLE001 - raised again below, in the test
            failures.append(failure)

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def an_account(town: Town, **other: Any) -> Twilio:
    """The adapter, with some of its settings changed."""
    present = TwilioAccount(
        account_sid=ACCOUNT,
        auth_token=AUTH_TOKEN,
        caller_id=town.app.config["TWILIO_CALLER_ID"],
        text_sender={"from_": "+447700900000"},
        public_base_url=town.base,
        api_base_url=town.phones.base,
    )
    return Twilio(replace(present, **other))

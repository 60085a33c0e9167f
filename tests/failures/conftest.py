"""A house to break: the product served, real worker processes to kill, and a network that tells what really rang.

`house` runs on a rehearsal's clock, so that a wait of two minutes is a jump. However a test leaves it, the house is
judged at the end: every request is accounted for, and no telephone rang that is not on record.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.models import AttemptRow, CallbackRow
from foundation import clock, doorbell
from foundation.clock import Rehearsal
from foundation.database import db, transaction
from foundation.doorbell import Bell
from foundation.embedded import Servers
from foundation.supervisor import Program
from notifications.models import CallRow
from rota.domain.shifts import Span
from rota.operations.presence import set_away
from tests.conftest import NOON, Phones, eventually
from tests.rota.planning import Team

PROJECT = Path(__file__).parents[2]
VISITOR = "+447700900982"
ANA, BEN, CAT = "+447700900101", "+447700900102", "+447700900103"

SPEED = 10
"""Seconds of the house for each real one: fast enough not to wait for people who talk."""

PRESSES_1 = {"picks_up": "person", "after_s": 0.3, "presses": ["1"], "press_after_s": 0.1}
ANSWERS = {"picks_up": "person", "after_s": 0.3, "talks_for_s": 8}
NEVER = {"picks_up": "nobody"}


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
    programs: list[Program] = field(default_factory=list)
    was_silent: bool = False
    """The test froze the service in the middle of a call: whoever was on the line heard nothing for a while."""

    def start(self, *command: str) -> Program:
        """Start one of our processes; it is stopped after the test."""
        number = len(self.programs)
        program = Program(
            command[0],
            [str(Path(sys.executable).parent / "flask"), "--app", "app", *command],
            directory=PROJECT,
            environment={**os.environ, **self.environment},
            log=self.folder / f"{number}.log",
        )
        self.programs.append(program)
        program.start()
        return program

    def worker(self) -> Program:
        """A real worker process, ready for work."""
        program = self.start("work")
        eventually(lambda: doorbell.connection().scard("rq:workers") >= self._working())
        return program

    def _working(self) -> int:
        return sum(1 for program in self.programs if program.title == "work" and program.is_running())

    def kill(self, program: Program) -> None:
        """SIGKILL: nothing is finished, nothing is told."""
        assert program.pid is not None
        os.kill(program.pid, signal.SIGKILL)
        eventually(lambda: not program.is_running())
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
        self.set_clocks(self.time() + timedelta(**span))

    def set_clocks(self, moment: datetime) -> None:
        """It is this time now, everywhere."""
        now: dict[str, Any] = {"mode": "real", "speed": SPEED, "now": moment.isoformat()}
        requests.post(f"{self.phones.base}/clock", json=now, timeout=5).raise_for_status()
        self.time.set(moment, speed=SPEED)

    def work(self) -> None:
        """Do by hand what a worker does when every bell rings."""
        for bell in (Bell.SETTLE, Bell.DEADLINES, Bell.MATCH, Bell.DIAL, Bell.TEXT):
            with self.app.app_context():
                doorbell.answer_of(bell)()

    def work_until(self, holds: Any, *, within_s: float = 15.0) -> Any:
        """Work by hand until something is true."""

        def tried() -> Any:
            self.work()
            return holds()

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
        verdict = requests.get(f"{self.phones.base}/invariants", timeout=5).json()
        judged = verdict["judged"].items()
        assert {
            which: one["broken_by"]
            for which, one in judged
            if not one["holds"] and not (self.was_silent and which == "I3")
        } == {}
        with self.app.app_context(), transaction() as session:
            assert queries.unaccounted_for(session) == 0
            on_record = _rings_on_record(session)
        rang = self.rang()
        assert {number: rang[number] for number in rang if rang[number] > on_record[number]} == {}


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


@pytest.fixture
def house(
    app: Flask,
    served: str,
    simulator: str,
    environment: dict[str, str],
    running_servers: Servers,
    tmp_path: Path,
) -> Iterator[House]:
    time = Rehearsal(tmp_path / "clock")
    shared = {**environment, "REHEARSAL_CLOCK": str(time.file)}
    made = House(app, served, Phones(simulator), running_servers, time, shared, tmp_path)
    made.phones.reset()
    made.set_clocks(NOON)
    with clock.reading(time):
        three_counsellors(app)
        yield made
        for program in reversed(made.programs):
            program.stop()
        made.phones.faults()
        made.judge()
    made.phones.reset()
    made.phones.time_runs()


@pytest.fixture
def only_ana(house: House) -> House:
    """Nobody but Ana is there, and the visitor answers."""
    nobody_but_ana(house.app)
    house.phones.habit(ANA, **PRESSES_1)
    house.phones.habit(VISITOR, **ANSWERS)
    return house


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

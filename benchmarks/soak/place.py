"""The real processes on one fast clock: several of each kind, servers on this machine, and SIGKILL at random."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import redis
import requests
from flask import Flask

from benchmarks.soak.week import BEGINS
from benchmarks.stage import PROJECT, environ_for, environment, wait_for
from foundation.child_process import family_of, free_port, signal_all
from foundation.clock import Rehearsal
from foundation.embedded import Servers, servers
from foundation.supervisor import Program
from tests import judge

CALLS_PER_SECOND = 1
WORKERS, TIMEKEEPERS, WEB_WORKERS = 3, 2, 3
SPEED = 20.0
"""Seconds of the week for each real one, while anything happens; what is empty is skipped."""

FAULTS: dict[str, Any] = {
    "webhooks": {"drop": 0.05, "double": 0.05, "delay": 0.05, "reorder": 0.05, "kinds": ["status", "message"]},
    "rest": {"answer_lost": 0.01, "fails_before": 0.01, "fails_after": 0.01, "too_many_requests": 0.01},
}

_WAKES_S = 4.0
"""Within so many real seconds, a process that was killed has begun anew and has nothing more to load."""


@dataclass
class Place:
    """Where the week is played."""

    web: str
    network: str
    environment: dict[str, str]
    clock: Rehearsal
    both: Servers
    programs: dict[str, Program] = field(default_factory=dict)
    app: Flask | None = None
    kills: Counter[str] = field(default_factory=Counter)
    broken: dict[str, list[str]] = field(default_factory=dict)
    """What the network has held against the run so far, by invariant."""
    _cpu_s: dict[tuple[int, float], float] = field(default_factory=dict)
    """Seconds of processor that each process has used, those that are gone included, by its number and birth."""
    _killed: set[str] = field(default_factory=set)
    _harm: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever kills, and while nobody may be killed."""

    def set_time(self, moment: datetime) -> None:
        """It is this time now, everywhere, and goes on fast."""
        now: dict[str, Any] = {"mode": "real", "speed": SPEED, "now": moment.isoformat()}
        requests.post(f"{self.network}/clock", data=None, json=now, timeout=10).raise_for_status()
        self.clock.set(moment, speed=SPEED)

    def cpu_s(self) -> float:
        """Seconds of processor that the service's own processes and its database have used, the killed ones too."""
        programs = [program.pid for title, program in self.programs.items() if title != "network"]
        for pid in (*programs, self.both.postgres.pid):
            for one in family_of(pid) if pid is not None else ():
                try:
                    used = one.cpu_times()
                    self._cpu_s[one.pid, one.create_time()] = used.user + used.system
                except psutil.Error:
                    continue  # it has just been killed; what it had used at the last look counts
        return sum(self._cpu_s.values())

    def judge(self) -> None:
        """Ask the network what it holds against the run so far: it does not remember a whole week."""
        from foundation.database import transaction  # noqa: PLC0415 - as in _schema

        assert self.app is not None
        with self.app.app_context(), transaction() as session:
            for which, broken in judge.network_verdict(self.network, session).items():
                self.broken[which] = sorted({*self.broken.get(which, []), *broken})

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Nothing is killed, and what was killed before is at work again."""
        with self._harm:
            wait_for(f"{self.web}/readyz")
            time.sleep(_WAKES_S)
            yield

    def start_anew(self) -> None:
        """What was killed and started by a thread ends with that thread: let it end in good order, and start it."""
        for title in self._killed:
            self.programs[title].stop()
            self.programs[title].start()

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL a worker, a timekeeper or a process that answers the web, at whatever it is doing."""
        with self._harm:
            self._kill_one(dice)

    def _kill_one(self, dice: random.Random) -> None:
        title = dice.choice([title for title in self.programs if title != "network"])
        program = self.programs[title]
        if program.pid is None:
            return
        self.cpu_s()
        if title == "web":
            answering = family_of(program.pid)[1:]
            if answering:
                signal_all([dice.choice(answering)], signal.SIGKILL)  # their master starts another
                self.kills["web process"] += 1
            return
        os.kill(program.pid, signal.SIGKILL)
        self.kills[title.split()[0]] += 1
        self._killed.add(title)
        while program.is_running():
            time.sleep(0.01)
        program.start()


def _commands(network_port: int, public: str) -> dict[str, list[str]]:
    here = Path(sys.executable).parent
    flask = [str(here / "flask"), "--app", "app"]
    return {
        "network": [
            sys.executable,
            "-m",
            "simulator",
            "--port",
            str(network_port),
            "--seed",
            "7",
            "--allow",
            "+447400",
            "--inbound-message-url",
            f"{public}/webhooks/twilio/inbound-message",
            "--inbound-call-url",
            f"{public}/webhooks/twilio/voice/inbound",
        ],
        "web": [str(here / "gunicorn"), "app:create_app()"],
        **{f"worker {number + 1}": [*flask, "work"] for number in range(WORKERS)},
        **{f"timekeeper {number + 1}": [*flask, "keep-time"] for number in range(TIMEKEEPERS)},
    }


@contextmanager
def place() -> Iterator[Place]:
    """Everything running at the first moment of the week; nobody is on the rota yet."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringback-soak-")))
        both = stack.enter_context(servers(folder / "servers", durable=False))
        web_port, network_port = free_port(), free_port()
        clock = Rehearsal(folder / "clock")
        clock.set(BEGINS, speed=SPEED)
        settings = environment(both.database_url, both.redis_url, web_port, network_port) | {
            "TWILIO_CALLS_PER_SECOND": str(CALLS_PER_SECOND),
            "REHEARSAL_CLOCK": str(clock.file),
            "WEB_WORKERS": str(WEB_WORKERS),
            "WEB_NICE": "0",  # the machine is always busy here, and time runs too fast to stand back
            "BUDGET_PER_DAY": "1000000",  # a week of a hundred thousand is no flood here
        }
        here = Place(f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{network_port}", settings, clock, both)
        here.app = _schema(settings)
        for title, command in _commands(network_port, here.web).items():
            program = Program(
                title,
                command,
                directory=PROJECT,
                environment={**os.environ, **environ_for(settings)},
                log=folder / f"{title.replace(' ', '-')}.log",
            )
            here.programs[title] = program
            program.start()
            stack.callback(program.stop)
        for url in (f"{here.network}/healthz", f"{here.web}/readyz"):
            wait_for(url)
        here.set_time(BEGINS)
        yield here


def _schema(settings: dict[str, str]) -> Flask:
    from flask_migrate import upgrade  # noqa: PLC0415 - the application reads its environment when it is imported

    from app import create_app  # noqa: PLC0415

    made: Flask = create_app(settings)
    with made.app_context():
        upgrade()
    return made


@contextmanager
def killed_at_random(here: Place, dice: random.Random, *, every_s: float) -> Iterator[None]:
    """Processes die now and then for as long as the block lasts; Valkey is emptied once in a while, too."""
    stop = threading.Event()
    door = redis.Redis.from_url(here.both.redis_url)

    def kill() -> None:
        while not stop.wait(dice.uniform(0.5, 1.5) * every_s):
            here.kill_one(dice)
            if dice.random() < 0.1:  # noqa: PLR2004 - one time in ten
                door.flushall()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        here.start_anew()
        door.close()

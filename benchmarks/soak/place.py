"""The real processes on one fast clock: two of each kind, servers on this machine, and SIGKILL at random."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
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
from foundation.child_process import free_port
from foundation.clock import Rehearsal
from foundation.embedded import Servers, servers
from foundation.supervisor import Program

SPEED = 20.0
"""Seconds of the week for each real one, while anything happens; what is empty is skipped."""

FAULTS: dict[str, Any] = {
    "webhooks": {"drop": 0.05, "double": 0.05, "delay": 0.05, "reorder": 0.05, "kinds": ["status", "message"]},
    "rest": {"answer_lost": 0.01, "fails_before": 0.01, "fails_after": 0.01, "too_many_requests": 0.01},
}


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
    kills: int = 0

    def set_time(self, moment: datetime) -> None:
        """It is this time now, everywhere, and goes on fast."""
        now: dict[str, Any] = {"mode": "real", "speed": SPEED, "now": moment.isoformat()}
        requests.post(f"{self.network}/clock", data=None, json=now, timeout=10).raise_for_status()
        self.clock.set(moment, speed=SPEED)

    def cpu_s(self) -> float:
        """Seconds of processor that the service's own processes and its database have used."""
        total = 0.0
        pids = [program.pid for title, program in self.programs.items() if title != "network"] + [
            self.both.postgres.pid
        ]
        for pid in pids:
            if pid is None:
                continue
            try:
                family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
                total += sum(one.cpu_times().user + one.cpu_times().system for one in family)
            except psutil.Error:
                continue  # it has just been killed
        return total

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL a worker at whatever it is doing, and start it again."""
        program = self.programs[dice.choice(["worker 1", "worker 2"])]
        if program.pid is not None:
            os.kill(program.pid, signal.SIGKILL)
            self.kills += 1
            while program.is_running():
                time.sleep(0.01)
        program.start()


def _commands(network_port: int) -> dict[str, list[str]]:
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
        ],
        "web": [str(here / "gunicorn"), "app:create_app()"],
        "worker 1": [*flask, "work"],
        "worker 2": [*flask, "work"],
        "timekeeper 1": [*flask, "keep-time"],
        "timekeeper 2": [*flask, "keep-time"],
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
            "TWILIO_CALLS_PER_SECOND": "1",
            "REHEARSAL_CLOCK": str(clock.file),
            "WEB_WORKERS": "2",
        }
        here = Place(f"http://127.0.0.1:{web_port}", f"http://127.0.0.1:{network_port}", settings, clock, both)
        here.app = _schema(settings)
        for title, command in _commands(network_port).items():
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
    """Workers die now and then for as long as the block lasts; Valkey is emptied once in a while, too."""
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
        door.close()

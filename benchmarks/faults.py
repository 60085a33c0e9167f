"""What each kind of trouble costs: who is rung and how late, how soon work goes on after a kill, and what a call costs.

Delays are seconds of the service's clock, which runs twenty times as fast as ours: a tenth of a second of real work
counts as two. They are for comparing one plan with another.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import redis
import requests
from rq import Queue

from benchmarks.asking import COUNSELLORS, measure
from benchmarks.figures import percentile, table
from benchmarks.soak.people import Desk, Visitors, at_work, staff
from benchmarks.soak.place import TIMEKEEPERS, WORKERS, Place, place
from benchmarks.soak.watcher import Watcher
from benchmarks.soak.week import BEGINS, crowds
from benchmarks.stage import Stage, stage

REQUESTS = 20
WAIT_S = 60.0
CALLS = 100
JOBS = 400

PLANS: dict[str, dict[str, Any]] = {
    "nothing wrong": {},
    "reports: 20 % dropped": {"webhooks": {"drop": 0.2}},
    "reports: all dropped": {"webhooks": {"drop": 1}},
    "reports: all doubled, half disordered": {"webhooks": {"double": 1, "reorder": 0.5}},
    "instructions: 10 % not reached": {"webhooks": {"kinds": ["twiml"], "drop": 0.1}},
    "calls: 20 % of answers lost": {"rest": {"answer_lost": 0.2}},
    "calls: 20 % refused as too many": {"rest": {"too_many_requests": 0.2}},
    "calls: 20 % fail, some of them placed": {"rest": {"fails_before": 0.1, "fails_after": 0.1}},
    "calls: slow, and lists a minute behind": {"rest": {"slow_s": 0.5, "list_lag_s": 60}},
}

_TAKES = {"picks_up": "person", "after_s": 2, "presses": ["1"], "press_after_s": 1}
_ENGAGED = {"picks_up": "busy", "after_s": 2}


def _rung(here: Place, number: int, plan: dict[str, Any]) -> tuple[str, str, str]:
    """Twenty people ask while one thing is wrong: how many of them are rung, and how late."""
    requests.post(f"{here.network}/faults", json={"seed": 4, **plan}, timeout=10).raise_for_status()
    visitors, watcher = Visitors(here), Watcher(here)
    watcher.read()
    watcher.rang.clear()
    wishes = crowds(REQUESTS, first_number=number, begins=BEGINS, dice=random.Random(number))
    soon = here.clock() + timedelta(seconds=5)
    visitors.come(
        [
            replace(
                wish,
                at=soon + timedelta(seconds=2 * n),
                span=None,
                withdraws_after_s=None,
                rings_us_after_s=None,
                habits=(_ENGAGED,),
            )
            for n, wish in enumerate(wish for crowd in wishes for wish in crowd)
        ]
    )
    ends = time.monotonic() + WAIT_S
    while time.monotonic() < ends and len(watcher.rang) < REQUESTS:
        watcher.read()
        time.sleep(0.2)
    delays = [
        (watcher.rang[one.wish.number][0] - one.asked_at).total_seconds()
        for one in visitors.asked
        if one.wish.number in watcher.rang
    ]
    requests.post(f"{here.network}/faults", json={}, timeout=10).raise_for_status()
    return f"{len(delays) / REQUESTS:.0%}", f"{percentile(delays, 0.5):.0f} s", f"{percentile(delays, 0.95):.0f} s"


def _kill(here: Place, *titles: str) -> None:
    for title in titles:
        program = here.programs[title]
        if program.pid is not None:
            os.kill(program.pid, signal.SIGKILL)
            while program.is_running():
                time.sleep(0.01)
        program.start()


def _recovery(here: Place, number: int, breaks: Callable[[], None]) -> float:
    """Real seconds from a kill until somebody who asks afterwards is rung."""
    watcher = Watcher(here)
    watcher.read()
    watcher.rang.clear()
    began = time.monotonic()
    breaks()
    [[wish]] = crowds(1, first_number=number, begins=BEGINS, dice=random.Random(number))
    calm = replace(wish, at=here.clock(), span=None, withdraws_after_s=None, rings_us_after_s=None, habits=(_ENGAGED,))
    Visitors(here).come([calm])
    while not watcher.rang and time.monotonic() - began < WAIT_S:
        watcher.read()
        time.sleep(0.05)
    return time.monotonic() - began


def _restart(server: Any) -> None:
    server.kill()
    server.start()


def under_faults() -> None:
    """Print who is rung under each plan, and how soon after each kill."""
    with place() as here:
        assert here.app is not None
        staff(here.app, here.network, random.Random(4), habit=_TAKES)
        here.set_time(BEGINS + timedelta(hours=10))
        with at_work(Desk(here, Visitors(here), Watcher(here), random.Random(5))):
            rows = [(name, *_rung(here, 1000 * (n + 1), plan)) for n, (name, plan) in enumerate(PLANS.items())]
            kills: dict[str, Callable[[], None]] = {
                "nothing": lambda: None,
                "one worker": lambda: _kill(here, "worker 1"),
                "all workers": lambda: _kill(here, *(f"worker {number + 1}" for number in range(WORKERS))),
                "all timekeepers": lambda: _kill(here, *(f"timekeeper {number + 1}" for number in range(TIMEKEEPERS))),
                "Valkey, which loses everything": lambda: _restart(here.both.valkey),
                "PostgreSQL": lambda: _restart(here.both.postgres),
            }
            numbers = iter(range(500_000, 600_000))
            back = [(name, f"{_recovery(here, next(numbers), kill):.1f} s") for name, kill in kills.items()]
    print(table(f"{REQUESTS} people ask while one thing is wrong", ("what", "rung", "p50", "p95"), rows), flush=True)
    print(table("From a kill until the next visitor's telephone rings", ("killed", "real time"), back), flush=True)


def worker_path(on: Stage) -> str:
    """Calls matched and handed over per second, as a ratio to jobs that do nothing, on the same worker."""
    door = redis.Redis.from_url(on.environment["REDIS_URL"])
    queue = Queue("calls", connection=door)
    for _ in range(JOBS):
        queue.enqueue("time.time", result_ttl=0)
    began = time.monotonic()
    while queue.count:
        time.sleep(0.01)
    empty = JOBS / (time.monotonic() - began)
    door.close()
    rung = measure(on, CALLS, 0)
    calls = len(rung) / (max(one.rang_at for one in rung) - min(one.accepted_at for one in rung))
    return table(
        f"{CALLS} requests at once, through matching and dialling, against jobs that do nothing",
        ("calls placed", "empty jobs", "ratio"),
        [(f"{calls:.0f}/s", f"{empty:.0f}/s", f"{calls / empty:.2f}")],
    )


def run() -> None:
    """Print the tables."""
    under_faults()
    with stage(counsellors=COUNSELLORS) as on:
        print(worker_path(on), flush=True)

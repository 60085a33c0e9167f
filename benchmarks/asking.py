"""Requests accepted per second, and how long from the 201 until the counsellor's handset rings."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass

import aiohttp
import psycopg
import requests

from benchmarks.figures import ms, percentile, table
from benchmarks.stage import Stage, stage, visitor_number

REQUESTS = 400
AT_ONCE = 16
PAIRS = 3  # the product and the yardstick take turns, so that a noisy machine troubles both
COUNSELLORS = 160
SERIAL = 30
WAIT_S = 30.0


@dataclass(frozen=True)
class Load:
    """What one run of a load showed."""

    per_second: float
    p50_s: float
    p95_s: float


def _body(index: int) -> dict[str, object]:
    return {
        "phone": visitor_number(index % 1000),
        "name": "Sam",
        "consent": {"version": "2026-11", "given": True},
    }


async def _load(url: str, *, total: int, at_once: int) -> Load:
    """Post `total` requests, `at_once` at a time; every one must be kept."""
    took: list[float] = []
    numbers = iter(range(total))

    async def one_after_the_other(http: aiohttp.ClientSession) -> None:
        for index in numbers:
            began = time.monotonic()
            async with http.post(url, json=_body(index), headers={"Idempotency-Key": str(uuid.uuid4())}) as answer:
                await answer.read()
                if answer.status != 201:  # noqa: PLR2004 - created
                    raise RuntimeError(f"{url} answered {answer.status}: {await answer.text()}")
            took.append(time.monotonic() - began)

    async with aiohttp.ClientSession() as http:
        began = time.monotonic()
        await asyncio.gather(*(one_after_the_other(http) for _ in range(at_once)))
        lasted = time.monotonic() - began
    return Load(total / lasted, percentile(took, 0.5), percentile(took, 0.95))


def throughput(on: Stage) -> str:
    """Accepted per second against the yardstick, pair by pair."""
    asyncio.run(_load(f"{on.web}/api/v1/callbacks", total=50, at_once=AT_ONCE))
    asyncio.run(_load(f"{on.bare}/", total=50, at_once=AT_ONCE))
    rows = []
    for pair in range(1, PAIRS + 1):
        ours = asyncio.run(_load(f"{on.web}/api/v1/callbacks", total=REQUESTS, at_once=AT_ONCE))
        bare = asyncio.run(_load(f"{on.bare}/", total=REQUESTS, at_once=AT_ONCE))
        rows.append(
            (
                pair,
                f"{ours.per_second:.0f}/s",
                ms(ours.p95_s),
                f"{bare.per_second:.0f}/s",
                ms(bare.p95_s),
                f"{ours.per_second / bare.per_second:.2f}",
                f"{ours.p95_s / bare.p95_s:.2f}",
            )
        )
    return table(
        f"POST /api/v1/callbacks against one durable INSERT, {REQUESTS} requests, {AT_ONCE} at a time",
        ("run", "ours", "ours p95", "bare", "bare p95", "ratio of rates", "ratio of p95"),
        rows,
    )


def _clocks_apart(on: Stage) -> float:
    """What to add to the simulator's seconds to have this process's, from one entry that we cause in its log."""
    before = time.monotonic()
    requests.post(f"{on.simulator}/reset", json={}, timeout=10).raise_for_status()
    after = time.monotonic()
    entry = requests.get(f"{on.simulator}/log?kind=reset", timeout=10).json()["log"][-1]
    return (before + after) / 2 - float(entry["real_s"])


def _rings(on: Stage) -> dict[str, float]:
    """When each call first rang, by its id, in the simulator's seconds."""
    rang: dict[str, float] = {}
    for entry in requests.get(f"{on.simulator}/log?kind=call", timeout=10).json()["log"]:
        if entry["status"] == "ringing" and entry["parent"] is None:
            rang.setdefault(entry["call"], entry["real_s"])
    return rang


async def _ask(on: Stage, count: int, first: int) -> dict[str, float]:
    """Ask `count` times at once; when each 201 arrived, by the reference that it gave."""
    accepted: dict[str, float] = {}

    async def ask(http: aiohttp.ClientSession, index: int) -> None:
        async with http.post(
            f"{on.web}/api/v1/callbacks",
            data=json.dumps(_body(index)),
            headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
        ) as answer:
            body = await answer.read()
            at = time.monotonic()
            if answer.status != 201:  # noqa: PLR2004 - created
                raise RuntimeError(f"answered {answer.status}: {body.decode()}")
            accepted[json.loads(body)["reference"]] = at

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(ask(http, first + index) for index in range(count)))
    return accepted


def _call_of(on: Stage, references: list[str]) -> dict[str, str]:
    """The provider's id of the first call to a counsellor for each request."""
    with psycopg.connect(on.environment["DATABASE_URL"].replace("+psycopg", "")) as connection:
        found = connection.execute(
            """SELECT DISTINCT ON (callback.reference) callback.reference, leg.provider_id
               FROM callback
               JOIN attempt ON attempt.callback_id = callback.id
               JOIN leg ON leg.call_id = attempt.call_id AND leg.role = 'counsellor'
               WHERE callback.reference = ANY(%s) AND leg.provider_id IS NOT NULL
               ORDER BY callback.reference, attempt.number""",
            [references],
        )
        return dict(found.fetchall())


@dataclass(frozen=True)
class Rung:
    """When a request was accepted and when a handset first rang for it, in this process's seconds."""

    accepted_at: float
    rang_at: float

    @property
    def delay_s(self) -> float:
        """From the 201 to the ring; on a quiet machine it may ring before the 201 is read."""
        return max(0.0, self.rang_at - self.accepted_at)


def measure(on: Stage, count: int, first: int) -> list[Rung]:
    """What became of `count` requests made at once; fewer than that when for some nothing rang."""
    apart = _clocks_apart(on)
    before = len(_rings(on))
    accepted = asyncio.run(_ask(on, count, first))
    ends, calls = time.monotonic() + WAIT_S, dict[str, str]()
    while time.monotonic() < ends and (len(_rings(on)) - before < count or len(calls) < count):
        time.sleep(0.1)  # a handset may ring before its id is kept
        calls = _call_of(on, list(accepted))
    rang = _rings(on)
    return [
        Rung(at, rang[calls[reference]] + apart) for reference, at in accepted.items() if calls.get(reference) in rang
    ]


def ringing(on: Stage) -> str:
    """From the 201 to the ringing handset, one at a time, 20 at once and 100 at once."""
    serial = [one for index in range(SERIAL) for one in measure(on, 1, index)]
    rows = []
    for at_once, total, rung in (
        (1, SERIAL, serial),
        (20, 20, measure(on, 20, 100)),
        (100, 100, measure(on, 100, 200)),
    ):
        delays = [one.delay_s for one in rung]
        share = f"{len(rung) / total:.0%}"
        rows.append((at_once, total, share, ms(percentile(delays, 0.5)), ms(percentile(delays, 0.95))))
    return table(
        "From the 201 to the counsellor's ringing handset, on a network that rings at once",
        ("at once", "requests", "rung", "p50", "p95"),
        rows,
    )


def run() -> None:
    """Print both tables."""
    with stage(counsellors=COUNSELLORS) as on:
        print(ringing(on), flush=True)
    with stage(counsellors=0) as on:  # nobody to ring: only accepting is measured
        print(throughput(on), flush=True)

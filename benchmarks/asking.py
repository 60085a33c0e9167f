"""Requests accepted per second, and how long from the 201 until the counsellor's handset rings."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass

import aiohttp
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


async def _ask(on: Stage, count: int, first: int) -> list[float]:
    """Ask `count` times at once; when each 201 arrived."""
    accepted: list[float] = []

    async def ask(http: aiohttp.ClientSession, index: int) -> None:
        async with http.post(
            f"{on.web}/api/v1/callbacks",
            data=json.dumps(_body(index)),
            headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())},
        ) as answer:
            await answer.read()
            accepted.append(time.monotonic())
            if answer.status != 201:  # noqa: PLR2004 - created
                raise RuntimeError(f"answered {answer.status}: {await answer.text()}")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(ask(http, first + index) for index in range(count)))
    return accepted


def measure(on: Stage, count: int, first: int) -> tuple[list[float], list[float]]:
    """When each of `count` requests was accepted, and when each handset rang."""
    apart = _clocks_apart(on)
    before = set(_rings(on))
    accepted = asyncio.run(_ask(on, count, first))
    ends = time.monotonic() + WAIT_S
    while time.monotonic() < ends:
        new = [at for call, at in _rings(on).items() if call not in before]
        if len(new) >= count:
            break
        time.sleep(0.1)
    return sorted(accepted), sorted(at + apart for call, at in _rings(on).items() if call not in before)


def _delays(accepted: list[float], rang: list[float]) -> list[float]:
    """Seconds from the n-th 201 to the n-th ring: requests are served in the order in which they came."""
    return [max(0.0, ring - asked) for asked, ring in zip(accepted, rang, strict=False)]


def ringing(on: Stage) -> str:
    """From the 201 to the ringing handset, one at a time, 20 at once and 100 at once."""
    rows = []
    serial: list[float] = []
    for index in range(SERIAL):
        serial += _delays(*measure(on, 1, index))
    rows.append((1, SERIAL, f"{len(serial) / SERIAL:.0%}", ms(percentile(serial, 0.5)), ms(percentile(serial, 0.95))))
    for count, first in ((20, 100), (100, 200)):
        accepted, rang = measure(on, count, first)
        delays = _delays(accepted, rang)
        share = len(rang) / count
        rows.append((count, count, f"{share:.0%}", ms(percentile(delays, 0.5)), ms(percentile(delays, 0.95))))
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

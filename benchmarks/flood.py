"""What ten thousand bad requests do to those who need a call: how late they are rung, and whom the flood has rung."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator

import aiohttp
import psycopg

from benchmarks.figures import percentile, table
from benchmarks.stage import Stage, stage, visitor_number

BAD = 10_000
AT_ONCE = 16
REAL_EVERY_S = 1.0
CONSENT = {"version": "2026-11", "given": True}
ONE_NETWORK = "198.51.100.7"

_PREMIUM, _ABROAD = "0909 879 0000", "+1 202 555 0123"


def _bad(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """From which address, and what: numbers that are never rung, no consent, no JSON, and one network without end."""
    for n in range(BAD):
        anywhere = f"203.0.{dice.randrange(256)}.{dice.randrange(1, 255)}"
        yield dice.choice(
            [
                (anywhere, json.dumps({"phone": _PREMIUM, "consent": CONSENT}).encode()),
                (anywhere, json.dumps({"phone": _ABROAD, "consent": CONSENT}).encode()),
                (anywhere, json.dumps({"phone": visitor_number(n % 1000)}).encode()),
                (anywhere, b"{" * dice.randrange(1, 2000)),
                (ONE_NETWORK, json.dumps({"phone": visitor_number(n % 1000), "consent": CONSENT}).encode()),
            ]
        )


async def _flood(http: aiohttp.ClientSession, url: str, answers: Counter[int]) -> None:
    wishes = _bad(random.Random(10))

    async def one_after_the_other() -> None:
        for address, body in wishes:
            headers = {"X-Forwarded-For": address, "Content-Type": "application/json"}
            async with http.post(url, data=body, headers=headers) as answer:
                await answer.read()
                answers[answer.status] += 1

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


async def _real(http: aiohttp.ClientSession, url: str, flood: asyncio.Task[None]) -> list[str]:
    """Somebody who needs a call, every second, each from a network of their own; their references."""
    kept: list[str] = []
    while not flood.done():
        headers = {"X-Forwarded-For": f"10.{len(kept) // 250}.{len(kept) % 250}.1"}
        body = {"phone": f"07700 900{len(kept) % 100:03d}", "consent": CONSENT}
        async with http.post(url, json=body, headers=headers) as answer:
            said = await answer.json()
            if answer.status == 201:  # noqa: PLR2004 - created
                kept.append(said["reference"])
            else:
                raise RuntimeError(f"somebody who needs a call was answered {answer.status}: {said}")
        await asyncio.sleep(REAL_EVERY_S)
    return kept


async def _both(url: str) -> tuple[Counter[int], list[str], float]:
    answers: Counter[int] = Counter()
    async with aiohttp.ClientSession() as http:
        began = time.monotonic()
        flood = asyncio.create_task(_flood(http, url, answers))
        kept = await _real(http, url, flood)
        await flood
        return answers, kept, time.monotonic() - began


def _delays(on: Stage, kept: list[str]) -> tuple[list[float], int]:
    """Seconds until a counsellor was chosen for each real request, and how many calls were placed for others."""
    with psycopg.connect(on.environment["DATABASE_URL"]) as database:
        first = """select c.reference, extract(epoch from min(a.started_at) - c.asked_at) from callback c
                   join attempt a on a.callback_id = c.id group by c.reference, c.asked_at"""
        delays = {reference: float(seconds) for reference, seconds in database.execute(first)}
    return [delays[reference] for reference in kept if reference in delays], len(set(delays) - set(kept))


def run() -> None:
    """Print what the flood did."""
    with stage(counsellors=180, settings={"RATE_LIMITS": "1", "TRUSTED_PROXIES": "1"}) as on:
        answers, kept, lasted = asyncio.run(_both(f"{on.web}/api/v1/callbacks"))
        time.sleep(3)
        delays, others = _delays(on, kept)
    print(
        table(
            f"A flood of {BAD} bad requests, {BAD / lasted:.0f} a second",
            ("", ""),
            [
                ("answers", ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))),
                ("people who needed a call meanwhile", str(len(kept))),
                ("of them given to a counsellor", str(len(delays))),
                ("median and longest wait", f"{percentile(delays, 0.5):.2f} s, {max(delays):.2f} s"),
                ("calls for the flood (one network's first six are kept)", str(others)),
            ],
        )
    )

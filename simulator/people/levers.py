"""Levers: the log, the clock, the faults, the judgement and the reset, for tests and the curious."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from simulator.invariants import NOT_JUDGED
from simulator.keys import SIMULATION
from simulator.people.bodies import BadBody, is_from_page, read_fields, read_json

FASTEST = 1_000.0
CLOCK_FIELDS = frozenset({"speed", "mode", "now", "advance_s"})


def add_routes(app: web.Application) -> None:
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/log", log)
    app.router.add_post("/reset", reset)
    app.router.add_get("/clock", show_clock)
    app.router.add_post("/clock", set_clock)
    app.router.add_get("/faults", show_faults)
    app.router.add_post("/faults", set_faults)
    app.router.add_get("/invariants", invariants)
    app.router.add_post("/invariants", invariants)


async def healthz(request: web.Request) -> web.Response:
    return web.json_response(request.app[SIMULATION].health())


async def log(request: web.Request) -> web.Response:
    """Everything that happened; ``?after=12`` leaves out what is known, ``?kind=said&kind=text`` the rest."""
    after = request.query.get("after", "0")
    if not after.isdigit():
        raise BadBody("after is the number n of an entry")
    entries = request.app[SIMULATION].trace.entries(after=int(after), kinds=request.query.getall("kind", []))
    return web.json_response({"log": [entry.as_json() for entry in entries]})


async def reset(request: web.Request) -> web.Response:
    """Forget everything but labels and the clock; ``{"seed": 7}`` makes what follows repeatable."""
    seed = (await read_fields(request)).get("seed")
    if seed is not None and not isinstance(seed, int):
        raise BadBody("seed is a whole number")
    await asyncio.shield(request.app[SIMULATION].reset(seed=seed))
    return web.json_response(request.app[SIMULATION].health())


async def show_clock(request: web.Request) -> web.Response:
    return web.json_response(request.app[SIMULATION].clock.as_json())


async def set_clock(request: web.Request) -> web.Response:
    """``{"speed": 10}``, ``{"mode": "virtual"}``, ``{"advance_s": 90}``, ``{"mode": "real", "now": "2026-…Z"}``."""
    clock = request.app[SIMULATION].clock
    fields = await read_fields(request)
    unknown = sorted(set(fields) - CLOCK_FIELDS)
    if unknown:
        raise BadBody(f"unknown field {unknown[0]}; a clock has {', '.join(sorted(CLOCK_FIELDS))}")
    mode = fields.get("mode")
    if mode not in (None, "real", "virtual"):
        raise BadBody("mode is real or virtual")
    speed = _number(fields, "speed")
    if speed is not None and not 0 < speed <= FASTEST:
        raise BadBody(f"speed is more than 0 and at most {FASTEST:.0f}")
    now = _moment(fields)
    if mode == "virtual" or (mode is None and clock.is_virtual):
        clock.stand_still(at=now)
    else:
        clock.run(speed=speed or clock.speed, at=now)
    advance_s = _number(fields, "advance_s")
    if advance_s is not None:
        if not clock.is_virtual:
            raise BadBody('only a virtual clock can be advanced; post {"mode": "virtual"} first')
        await asyncio.shield(clock.advance(advance_s))
    if is_from_page(request):
        raise web.HTTPSeeOther("/phones")
    return web.json_response(clock.as_json())


async def show_faults(request: web.Request) -> web.Response:
    return web.json_response(request.app[SIMULATION].faults.as_json())


async def set_faults(request: web.Request) -> web.Response:
    """Replace the fault plan; ``{}`` heals everything."""
    faults = request.app[SIMULATION].faults
    faults.adopt(await read_json(request))
    return web.json_response(faults.as_json())


async def invariants(request: web.Request) -> web.Response:
    """Judge the run; as JSON ``{"forbid": ["Sam"], "visitors": ["+44…"]}`` names what only the customer knows."""
    fields = await read_fields(request)
    unknown = sorted(set(fields) - {"forbid", "visitors"})
    if unknown:
        raise BadBody(f"unknown field {unknown[0]}; a judgement takes forbid and visitors")
    forbid, visitors = (_words(fields, name) for name in ("forbid", "visitors"))
    judgements = request.app[SIMULATION].judgement(forbid=tuple(filter(None, forbid)), visitors=frozenset(visitors))
    body = {
        "holds": all(judgement.holds for judgement in judgements),
        "judged": {judgement.name: judgement.as_json() for judgement in judgements},
        "not_judged": NOT_JUDGED,
    }
    return web.json_response(body)


def _number(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadBody(f"{name} is a number") from None
    if not number >= 0:  # NaN included
        raise BadBody(f"{name} is not negative")
    return number


def _words(fields: dict[str, Any], name: str) -> list[str]:
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise BadBody(f"{name} is a list of words")
    return value


def _moment(fields: dict[str, Any]) -> float | None:
    value = fields.get("now")
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadBody("now is a moment in ISO 8601") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

"""Handsets over HTTP: the same buttons for a script (JSON) and for the page (forms)."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.dialplan import normalised
from simulator.habits import KEYS, habits_from
from simulator.keys import SIMULATION
from simulator.people.bodies import BadBody, is_from_page, read_fields, read_json, text_field
from simulator.people.pages import anchor
from simulator.phones import Handset

PAGE_HABITS: dict[str, dict[str, Any]] = {
    # The page's short menu; scripts can say more.
    "manual": {"picks_up": "manual"},
    "accepts": {"picks_up": "person", "presses": ["1", "1", "1"], "talks_for_s": 60},
    "person": {"picks_up": "person", "talks_for_s": 60},
    "voicemail": {"picks_up": "voicemail"},
    "nobody": {"picks_up": "nobody"},
    "busy": {"picks_up": "busy"},
    "unreachable": {"picks_up": "unreachable"},
}


def add_routes(app: web.Application) -> None:
    app.router.add_post("/phones", add)
    app.router.add_get("/phones/{number}", show)
    for name, handler in (
        ("answer", answer),
        ("press", press),
        ("hang-up", hang_up),
        ("text", text),
        ("say", say),
        ("call", call),
        ("habit", habit),
        ("label", label),
    ):
        app.router.add_post(f"/phones/{{number}}/{name}", handler)


async def add(request: web.Request) -> web.Response:
    """``{"number", "label"}``: a handset appears on the page."""
    fields = await read_fields(request)
    number = normalised(text_field(fields, "number"))
    if number is None:
        raise BadBody("that is not a telephone number; write it like +447700900001")
    handset = request.app[SIMULATION].network.phones.at(number)
    handset.label = str(fields.get("label") or handset.label).strip()
    return _answer(request, handset, status=201)


async def show(request: web.Request) -> web.Response:
    return web.json_response(_handset(request).as_json())


async def answer(request: web.Request) -> web.Response:
    handset = _handset(request)
    handset.answer()
    return _answer(request, handset)


async def press(request: web.Request) -> web.Response:
    """``{"keys": "1"}``."""
    handset = _handset(request)
    keys = text_field(await read_fields(request), "keys", "digits")
    if not set(keys) <= KEYS:
        raise BadBody("keys are 0 to 9, * and #")
    handset.press(keys)
    return _answer(request, handset)


async def hang_up(request: web.Request) -> web.Response:
    """End the call, or decline it while it rings."""
    handset = _handset(request)
    handset.hang_up()
    return _answer(request, handset)


async def text(request: web.Request) -> web.Response:
    """``{"body": "STOP", "to": "+44…"}``; without ``to`` it goes to whoever texted or rang last."""
    handset = _handset(request)
    settings = request.app[SIMULATION].settings
    fields = await read_fields(request)
    to = fields.get("to") or handset.last_sender or next(iter(settings.caller_ids), settings.messaging_sender)
    handset.send_text(str(to), text_field(fields, "body"))
    return _answer(request, handset)


async def say(request: web.Request) -> web.Response:
    """``{"words": "Hello?"}``: the other party of a connected call hears it."""
    handset = _handset(request)
    handset.speak(text_field(await read_fields(request), "words"))
    return _answer(request, handset)


async def call(request: web.Request) -> web.Response:
    """``{"to": "+44…"}``: the person rings the customer's number (needs ``--inbound-call-url``)."""
    handset = _handset(request)
    simulation = request.app[SIMULATION]
    to = normalised(text_field(await read_fields(request), "to"))
    if to is None or not simulation.settings.inbound_call_url:
        raise BadBody("to is a telephone number, and the simulator needs --inbound-call-url to know who answers it")
    simulation.network.call_in(handset.number, to)
    return _answer(request, handset)


async def habit(request: web.Request) -> web.Response:
    """A habit, a list of habits for successive calls, or one word of the page's menu."""
    handset = _handset(request)
    if request.content_type == "application/x-www-form-urlencoded":
        chosen = text_field(await read_fields(request), "habit")
        if chosen not in PAGE_HABITS:
            raise BadBody(f"habit is one of {', '.join(PAGE_HABITS)}")
        handset.adopt(habits_from(PAGE_HABITS[chosen]))
    else:
        handset.adopt(habits_from(await read_json(request)))
    return _answer(request, handset)


async def label(request: web.Request) -> web.Response:
    """``{"label": "Counsellor Asha"}``; an empty one takes the name away."""
    handset = _handset(request)
    handset.label = str((await read_fields(request)).get("label") or "").strip()
    return _answer(request, handset)


def _handset(request: web.Request) -> Handset:
    number = normalised(request.match_info["number"])
    if number is None:
        raise BadBody("that is not a telephone number; write it like +447700900001")
    return request.app[SIMULATION].network.phones.at(number)


def _answer(request: web.Request, handset: Handset, *, status: int = 200) -> web.Response:
    if is_from_page(request):
        raise web.HTTPSeeOther(f"/phones#{anchor(handset)}")
    return web.json_response(handset.as_json(), status=status)

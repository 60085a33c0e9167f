"""The page of handsets: for one person who plays all the parts in a browser."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulator.calls import Direction, Sound
from simulator.clock import as_datetime
from simulator.dialplan import normalised
from simulator.habits import PicksUp
from simulator.keys import SIMULATION
from simulator.phones import Handset, Phones, State

HERE = Path(__file__).parent
MOST_CARDS = 60  # more would be no use to a person; the quiet ones are left out first
STATE_WORDS = {State.IDLE: "Quiet", State.RINGING: "Ringing", State.IN_CALL: "In a call"}
URGENCY = {State.RINGING: 0, State.IN_CALL: 1, State.IDLE: 2}  # what needs a person stands first
KEYPAD = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#")
KEY_NAMES = {"*": "star", "#": "hash"}
SPEEDS = (1, 5, 20)
HABIT_WORDS = {
    "manual": "You decide",
    "accepts": "Somebody answers and presses 1",
    "person": "Somebody answers",
    "voicemail": "Voicemail answers",
    "nobody": "Nobody answers",
    "busy": "Engaged",
    "unreachable": "Switched off",
}

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(keypad=KEYPAD, key_names=KEY_NAMES, habit_words=HABIT_WORDS)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One sentence or text on a card."""

    time: str
    who: str
    words: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One handset as the page shows it."""

    id: str
    path: str
    name: str
    number: str
    label: str
    state: str
    state_words: str
    other: str | None
    can_answer: bool
    can_hang_up: bool
    can_press: bool
    is_asked: bool
    is_connected: bool
    heard: tuple[Line, ...]
    texts: tuple[Line, ...]
    habit: str


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", front_door)
    app.router.add_get("/phones", phones_page)
    app.router.add_get("/phones/cards", cards)
    app.router.add_static("/static", HERE / "static")


async def front_door(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/phones")


async def phones_page(request: web.Request) -> web.Response:
    """The page; ``?447700900001=Asha`` names handsets; as JSON with ``Accept: application/json``."""
    phones = request.app[SIMULATION].network.phones
    for name, label in request.query.items():
        number = normalised(name)
        if number is not None:
            phones.at(number).label = label.strip()
    if "application/json" in request.headers.get("Accept", ""):
        return web.json_response({"phones": [handset.as_json() for handset in in_order(phones)]})
    clock = request.app[SIMULATION].clock
    page = _templates.get_template("phones.html").render(
        cards=render_cards(phones), clock=clock.as_json(), speeds=SPEEDS, can_run=not clock.is_virtual
    )
    return web.Response(text=page, content_type="text/html")


async def cards(request: web.Request) -> web.Response:
    """The cards alone, for the script that keeps the page live."""
    return web.Response(text=render_cards(request.app[SIMULATION].network.phones), content_type="text/html")


def in_order(phones: Phones) -> list[Handset]:
    """Ringing first, then in a call, then named ones, then by the latest activity."""
    return sorted(
        phones.all(),
        key=lambda handset: (
            URGENCY[handset.state],
            not handset.label,
            handset.label.lower() if handset.label else "",
            -handset.last_active_at,
            handset.number,
        ),
    )


def render_cards(phones: Phones) -> str:
    handsets = in_order(phones)
    template = _templates.get_template("card.html")
    shown = []
    for handset in handsets[:MOST_CARDS]:
        html = template.render(card=card_of(handset, phones))
        version = f"{zlib.crc32(html.encode()):08x}"
        shown.append(html.replace('data-version=""', f'data-version="{version}"', 1))
    return _templates.get_template("cards.html").render(cards=shown, hidden=max(0, len(handsets) - MOST_CARDS))


def card_of(handset: Handset, phones: Phones) -> Card:
    call, state = handset.call, handset.state
    is_calling_out = call is not None and call.direction is Direction.INBOUND and state is State.RINGING
    return Card(
        id=anchor(handset),
        path=f"/phones/{handset.number.removeprefix('+')}",
        name=handset.label or spaced(handset.number),
        number=spaced(handset.number),
        label=handset.label,
        state=state.value,
        state_words="Calling" if is_calling_out else STATE_WORDS[state],
        other=_named(call.line_number, phones) if call else None,
        can_answer=state is State.RINGING and not is_calling_out,
        can_hang_up=state is not State.IDLE,
        can_press=state is State.IN_CALL,
        is_asked=call is not None and call.sound is Sound.ASKED,
        is_connected=call is not None and call.sound is Sound.BRIDGE,
        heard=tuple(Line(time=_time(heard.at), who="", words=heard.words, kind=heard.kind) for heard in handset.heard),
        texts=tuple(
            Line(
                time=_time(text.at),
                who=("To " if text.sent_by_handset else "From ") + _named(text.other, phones),
                words=text.body,
                kind="aloud" if text.is_read_aloud else "sent" if text.sent_by_handset else "received",
            )
            for text in list(handset.texts)[-10:]
        ),
        habit=_habit_word(handset),
    )


def anchor(handset: Handset) -> str:
    return f"handset-{handset.number.removeprefix('+')}"


def spaced(number: str) -> str:
    """A British number as people write it: +44 7700 900001."""
    if number.startswith("+447") and len(number) == len("+447700900001"):
        return f"+44 {number[3:7]} {number[7:]}"
    return number


def _named(number: str, phones: Phones) -> str:
    return phones.label_of(number) or spaced(number)


def _habit_word(handset: Handset) -> str:
    """The menu entry nearest to the habit of the next call."""
    habit = handset.habit
    if habit.picks_up is PicksUp.PERSON and habit.presses:
        return "accepts"
    return habit.picks_up.value


def _time(moment: float) -> str:
    return as_datetime(moment).astimezone().strftime("%H:%M:%S")


def problem_page(why: str) -> str:
    """What a browser without the script sees when a button could not do its work."""
    return _templates.get_template("problem.html").render(why=why)

"""Invariants: what must hold of any run, judged from the trace alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from simulator.calls import TERMINAL, CallStatus, Direction, Sound
from simulator.clock import iso_8601
from simulator.dialplan import is_within
from simulator.trace import Entry

LONGEST_SILENCE_S = 2.0  # Ofcom's bound for a silent call: something must be heard within two seconds
MAGIC_PREFIX = "+1500555"  # Twilio's test numbers lead nowhere
KINDS = frozenset(
    {"call", "gathered", "said", "sound", "text", "recording asked", "schema"}
)  # all that the judgement looks at


@dataclass(frozen=True, kw_only=True)
class Judgement:
    name: str
    meaning: str
    broken_by: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.broken_by

    def as_json(self) -> dict[str, Any]:
        return {"holds": self.holds, "meaning": self.meaning, "broken_by": list(self.broken_by)}


@dataclass
class Leg:
    """What the trace says of one call."""

    sid: str
    to: str
    parent: str | None
    direction: str
    digits: list[tuple[int, str]] = field(default_factory=list)  # entry number, keys
    said: list[tuple[int, float, str]] = field(default_factory=list)
    sounds: list[tuple[float, float, Sound]] = field(default_factory=list)  # simulated, real, sound
    first_entry: int = 0
    dialled_at: float | None = None
    answered: tuple[float, float] | None = None
    ended: tuple[float, float] | None = None

    @property
    def pressed_1_at_entry(self) -> int | None:
        return next((number for number, keys in self.digits if "1" in keys), None)


NOT_JUDGED = {
    "I6": "every leg reaches a terminal state in the customer's database in time (only the customer can tell)",
    "I7": "the customer's states equal the trace's truth (only the customer can tell)",
}


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the customer's judgement depends on besides the trace."""

    allow: tuple[str, ...]  # the beginnings of numbers that may be contacted
    forbid: tuple[str, ...] = ()  # words that may not be spoken before a key 1: names, numbers, messages
    visitors: frozenset[str] = frozenset()  # who may only ever be dialled by a call on which a key 1 was pressed


def judge(entries: list[Entry], *, now: float, terms: Terms) -> list[Judgement]:
    """Judge I1 to I5 and I8; I6 and I7 need the customer's database."""
    relevant = [entry for entry in entries if entry.kind in KINDS]
    legs = _legs(relevant)
    rules: list[tuple[str, str, Callable[[], list[str]]]] = [
        (
            "I1",
            "no dialled party rings before a key 1 was pressed on the call that dials, and no visitor in any other way",
            lambda: _early_rings(legs, terms.visitors),
        ),
        ("I2", "no number has two live calls from us", lambda: _double_calls(legs)),
        ("I3", "no answered dialled leg is silent for more than 2 s", lambda: _silences(legs, now)),
        ("I4", "no call or text to a number outside the allow-list", lambda: _strangers(relevant, terms.allow)),
        ("I5", "no recording is asked for", lambda: _recordings(relevant)),
        ("I8", "no forbidden word is spoken before a key 1", lambda: _indiscretions(legs, terms.forbid)),
        ("form", "requests, answers and instructions are what Twilio's schemas allow", lambda: _malformed(relevant)),
    ]
    return [Judgement(name=name, meaning=meaning, broken_by=tuple(check())) for name, meaning, check in rules]


def _legs(entries: list[Entry]) -> dict[str, Leg]:
    legs: dict[str, Leg] = {}
    for entry in entries:
        sid = entry.facts.get("call")
        if entry.kind == "call":
            _follow(legs, entry)
        elif sid not in legs:
            continue
        elif entry.kind == "gathered":
            legs[sid].digits.append((entry.number, entry.facts["digits"]))
        elif entry.kind == "said":
            legs[sid].said.append((entry.number, entry.at, entry.facts["words"]))
        elif entry.kind == "sound":
            legs[sid].sounds.append((entry.at, entry.real_s, Sound(entry.facts["sound"])))
    return legs


def _follow(legs: dict[str, Leg], entry: Entry) -> None:
    facts = entry.facts
    status = CallStatus(facts["status"])
    if status is CallStatus.QUEUED:
        legs[facts["call"]] = Leg(
            sid=facts["call"],
            to=facts["to"],
            parent=facts["parent"],
            direction=facts["direction"],
            first_entry=entry.number,
        )
    leg = legs.get(facts["call"])
    if leg is None:
        return  # it began before the oldest entry that is kept: half a leg cannot be judged
    if status is CallStatus.INITIATED:
        leg.dialled_at = entry.at
    elif status is CallStatus.IN_PROGRESS:
        leg.answered = (entry.at, entry.real_s)
    elif status in TERMINAL:
        leg.ended = (entry.at, entry.real_s)


def _early_rings(legs: dict[str, Leg], visitors: frozenset[str]) -> list[str]:
    broken = []
    for leg in legs.values():
        if leg.direction == Direction.OUTBOUND_API and leg.to in visitors:
            broken.append(f"{leg.sid} dialled the visitor {leg.to} straight away")
        if leg.direction != Direction.OUTBOUND_DIAL or leg.parent not in legs:
            continue
        parent = legs[leg.parent]
        pressed = parent.pressed_1_at_entry
        if parent.direction == Direction.OUTBOUND_API and (pressed is None or pressed > leg.first_entry):
            broken.append(f"{leg.sid} dialled {leg.to} before a key 1 on {parent.sid}")
    return broken


def _double_calls(legs: dict[str, Leg]) -> list[str]:
    broken = []
    last: dict[str, Leg] = {}
    dialled = [leg for leg in legs.values() if leg.dialled_at is not None and leg.direction != Direction.INBOUND]
    for leg in sorted(dialled, key=lambda leg: leg.dialled_at or 0.0):
        earlier = last.get(leg.to)
        starts_at = leg.dialled_at or 0.0
        if earlier is not None and (earlier.ended is None or earlier.ended[0] > starts_at):
            broken.append(f"{leg.sid} rang {leg.to} at {iso_8601(starts_at)} while {earlier.sid} was live")
        if earlier is None or earlier.ended is None or leg.ended is None or leg.ended[0] > earlier.ended[0]:
            last[leg.to] = leg
    return broken


def _silences(legs: dict[str, Leg], now: float) -> list[str]:
    broken = []
    for leg in legs.values():
        if leg.direction != Direction.OUTBOUND_DIAL or leg.answered is None:
            continue
        silence_s, began_at = _longest_silence(leg, now)
        if silence_s > LONGEST_SILENCE_S:
            broken.append(f"{leg.sid} heard nothing for {silence_s:.1f} s from {iso_8601(began_at)}")
    return broken


def _longest_silence(leg: Leg, now: float) -> tuple[float, float]:
    """The longest stretch without sound, and its beginning.

    Waiting for the customer's server counts at real pace: it does not become slower when the clock runs faster.
    """
    answered_at, answered_real = leg.answered or (0.0, 0.0)
    changes = [(answered_at, answered_real, Sound.SILENCE)]
    changes += [change for change in leg.sounds if change[0] >= answered_at]
    last_real = changes[-1][1]
    ends_at, ends_real = leg.ended or (now, last_real)
    changes.append((ends_at, ends_real, Sound.BRIDGE))
    longest, longest_from, run_s, run_from = 0.0, answered_at, 0.0, answered_at
    for (at, real, sound), (next_at, next_real, _) in pairwise(changes):
        if sound not in (Sound.SILENCE, Sound.FETCHING):
            run_s, run_from = 0.0, next_at
            continue
        run_s += next_real - real if sound is Sound.FETCHING else next_at - at
        if run_s > longest:
            longest, longest_from = run_s, run_from
    return longest, longest_from


def _strangers(entries: list[Entry], allow: tuple[str, ...]) -> list[str]:
    broken: dict[str, None] = {}
    for entry in entries:
        if entry.kind not in ("call", "text") or entry.facts["direction"] == Direction.INBOUND:
            continue
        to = entry.facts["to"]
        if not is_within(to, (*allow, MAGIC_PREFIX)):
            broken[f"a {entry.kind} to {to}, which is not on the allow-list"] = None
    return list(broken)


def _recordings(entries: list[Entry]) -> list[str]:
    return [f"{entry.facts['call']}: {entry.facts['how']}" for entry in entries if entry.kind == "recording asked"]


def _malformed(entries: list[Entry]) -> list[str]:
    """Empty when no schema is at hand."""
    found = (entry.facts for entry in entries if entry.kind == "schema")
    return [f"the {facts['what']} of {facts['about']}: {facts['why']}" for facts in found]


def _indiscretions(legs: dict[str, Leg], forbid: tuple[str, ...]) -> list[str]:
    broken: list[str] = []
    if not forbid:
        return broken
    any_of_them = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in forbid), re.IGNORECASE)
    for leg in legs.values():
        if leg.direction != Direction.OUTBOUND_API:
            continue
        pressed = leg.pressed_1_at_entry
        for number, at, words in leg.said:
            spoken = any_of_them.search(words)
            if spoken and (pressed is None or number < pressed):
                broken.append(f"{leg.sid} said “{spoken[0]}” at {iso_8601(at)} before a key 1")
    return broken

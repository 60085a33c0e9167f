"""What the telephone network saw, taken in as it happens: who was rung and texted, when, and on whose word."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from benchmarks.soak.place import Place
from tests.judge import Carried, hear

_KINDS = ("call", "bridged", "pressed", "said", "text", "inbound text lost", "rest")
_REFUSED = 400


@dataclass(frozen=True)
class Ring:
    """A visitor's telephone rang, because a counsellor pressed 1 and the service then said so."""

    to: str
    at: datetime
    pressed_at: datetime | None
    ordered_at: datetime | None
    """When the counsellor's telephone heard the answer to the 1: somewhere between the two the service decided."""


@dataclass
class Watcher:
    """Reads the network's log as it grows."""

    here: Place
    after: int = 0
    rings: list[Ring] = field(default_factory=list)
    rang: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    stopped: dict[str, datetime] = field(default_factory=dict)
    """Number, and when its owner replied STOP and we were told."""
    refused_texts: list[tuple[str, datetime]] = field(default_factory=list)
    """Texts that the network would not take."""
    rang_us: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """Number, and when its owner heard our greeting after ringing us."""
    legs: dict[str, Carried] = field(default_factory=dict)
    rung_twice: list[str] = field(default_factory=list)
    without_press: list[str] = field(default_factory=list)
    calls_at: list[datetime] = field(default_factory=list)
    _pressed: dict[str, datetime] = field(default_factory=dict)
    _ordered: dict[str, datetime] = field(default_factory=dict)
    _ringing_us: dict[str, str] = field(default_factory=dict)
    _replies: dict[str, str] = field(default_factory=dict)
    _open: dict[str, Carried] = field(default_factory=dict)
    _last_leg: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        """Take in what is new."""
        answer = requests.get(
            f"{self.here.network}/log", params={"after": str(self.after), "kind": list(_KINDS)}, timeout=60
        ).json()
        for entry in answer["log"]:
            self.after = max(self.after, entry["n"])
            self._take_in(entry, _moment(entry))

    def on_the_line(self) -> set[str]:
        """The numbers whose telephones are in use for us."""
        return {leg.to for leg in list(self._open.values()) if not leg.is_over}

    def _take_in(self, entry: dict[str, Any], at: datetime) -> None:
        match entry["kind"]:
            case "call" if entry["direction"] == "inbound":
                self._ringing_us.setdefault(entry["call"], entry["from"])
            case "call":
                self._call(entry, at)
            case "bridged":
                hear(self.legs, entry)
            case "pressed" if "1" in entry["keys"]:
                self._pressed.setdefault(entry["call"], at)
            case "said":
                self._said(entry, at)
            case "text":
                self._text(entry, at)
            case "inbound text lost":
                self.stopped.pop(self._replies.get(entry["text"], ""), None)
            case "rest" if "/Calls/" in entry["path"]:
                hear(self.legs, entry)
            case "rest" if entry["status"] == _REFUSED and entry["method"] == "POST" and "/Messages" in entry["path"]:
                self.refused_texts.append((entry["fields"]["To"][0], at))

    def _said(self, entry: dict[str, Any], at: datetime) -> None:
        if entry["call"] in self._pressed:
            self._ordered.setdefault(entry["call"], at)
        if number := self._ringing_us.get(entry["call"]):
            self.rang_us[number].append(at)

    def _text(self, entry: dict[str, Any], at: datetime) -> None:
        if entry["direction"] != "inbound" and entry["status"] == "queued":
            self.texts[entry["to"]].append(at)
        elif entry["direction"] == "inbound":
            self.stopped.setdefault(entry["from"], at)
            self._replies[entry["text"]] = entry["from"]

    def _call(self, entry: dict[str, Any], at: datetime) -> None:
        hear(self.legs, entry)
        leg, to, parent = self.legs[entry["call"]], entry["to"], entry["parent"]
        if leg.is_over:
            self._open.pop(leg.sid, None)
        else:
            self._open[leg.sid] = leg
        if parent is None:
            if entry["status"] == "initiated":
                self.calls_at.append(at)
            return
        if entry["status"] != "ringing":
            return
        self.rang[to].append(at)
        self.rings.append(Ring(to, at, self._pressed.get(parent), self._ordered.get(parent)))
        if parent not in self._pressed:
            self.without_press.append(entry["call"])
        other = self._last_leg.get(to)
        if other is not None and other != entry["call"] and not self.legs[other].is_over:
            self.rung_twice.append(f"{to} had two calls at once")
        self._last_leg[to] = entry["call"]


def _moment(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])

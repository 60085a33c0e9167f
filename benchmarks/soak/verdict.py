"""What the telephone network saw, held against what visitors were told and what the tables say."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from sqlalchemy import func, select

from benchmarks.soak.people import Asked, Desk
from benchmarks.soak.place import SPEED, Place

_RINGS_LATE = timedelta(seconds=1.5 * SPEED)
"""From the last look at the safe times to the ring: a second or so of real work, which the fast clock makes long."""


@dataclass
class Watcher:
    """Reads the network's log as it grows."""

    here: Place
    after: int = 0
    rang: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    live: dict[str, str] = field(default_factory=dict)
    """Number by call, of visitors' calls that are not over."""
    rung_twice: list[str] = field(default_factory=list)
    without_press: list[str] = field(default_factory=list)
    pressed: set[str] = field(default_factory=set)
    calls_at: list[datetime] = field(default_factory=list)

    def read(self) -> None:
        """Take in what is new."""
        answer = requests.get(
            f"{self.here.network}/log?after={self.after}&kind=call&kind=pressed&kind=text", timeout=60
        ).json()
        for entry in answer["log"]:
            self.after = max(self.after, entry["n"])
            if entry["kind"] == "pressed" and "1" in entry["keys"]:
                self.pressed.add(entry["call"])
            elif entry["kind"] == "text" and entry["direction"] != "inbound" and entry["status"] == "queued":
                self.texts[entry["to"]].append(_moment(entry))
            elif entry["kind"] == "call":
                self._call(entry)

    def _call(self, entry: dict[str, Any]) -> None:
        call, to, status = entry["call"], entry["to"], entry["status"]
        if entry["parent"] is None:
            if status == "initiated":
                self.calls_at.append(_moment(entry))
            return
        if status == "ringing":
            self.rang[to].append(_moment(entry))
            if entry["parent"] not in self.pressed:
                self.without_press.append(call)
            if to in self.live.values():
                self.rung_twice.append(f"{to} had two calls at once")
            self.live[call] = to
        elif status in ("completed", "busy", "no-answer", "failed", "canceled"):
            self.live.pop(call, None)


def _moment(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])


@dataclass
class Verdict:
    """The table, and whether what must be zero is."""

    rows: list[tuple[str, int | str]]
    must_be_zero: list[tuple[str, int, str]]

    @property
    def holds(self) -> bool:
        return not any(count for _, count, _ in self.must_be_zero)


def verdict(here: Place, asked: list[Asked], refused: int, watcher: Watcher, desk: Desk) -> Verdict:
    """Hold everything against everything."""
    from callbacks.models import AttemptRow, CallbackRow  # noqa: PLC0415 - as in place.py
    from foundation.database import db  # noqa: PLC0415

    assert here.app is not None
    with here.app.app_context():
        statuses = Counter(db.session.scalars(select(CallbackRow.status)))
        kept = set(db.session.scalars(select(CallbackRow.reference)))
        rungs = Counter(
            {
                row.phone: row.rings_made
                for row in db.session.scalars(select(CallbackRow).execution_options(yield_per=1000))
            }
        )
        attempts = db.session.scalar(select(func.count()).select_from(AttemptRow)) or 0
    from callbacks import queries  # noqa: PLC0415
    from foundation.database import transaction  # noqa: PLC0415

    with here.app.app_context(), transaction() as session:
        unaccounted = queries.unaccounted_for(session)
    by_number = {one.wish.number: one for one in asked}
    more_than_recorded = [number for number, at in watcher.rang.items() if len(at) > rungs[number]]
    lost = [one.reference for one in asked if one.reference not in kept]
    unsafe = [
        f"{number} at {at:%a %H:%M:%S}"
        for number, moments in watcher.rang.items()
        for at in moments
        if number in by_number and not _was_safe(by_number[number], at)
    ]
    after_no = [
        f"{number} at {at:%a %H:%M:%S}"
        for number, moments in watcher.rang.items()
        for at in moments
        if number in by_number and _was_withdrawn(by_number[number], at)
    ]
    texts = [n for n, at in watcher.texts.items() if n in by_number and at and not by_number[n].wish.allows_texts]
    closed = {status: count for status, count in sorted(statuses.items()) if status in _CLOSED}
    rows: list[tuple[str, int | str]] = [
        ("received", len(asked)),
        ("open", sum(statuses.values()) - sum(closed.values())),
        *((f"closed: {status.replace('_', ' ')}", count) for status, count in closed.items()),
        ("visitors rung", sum(1 for moments in watcher.rang.values() if moments)),
        ("rings of visitors", sum(len(moments) for moments in watcher.rang.values())),
        ("attempts", attempts),
        ("texts", sum(len(moments) for moments in watcher.texts.values())),
        ("most calls in one second", _most_in_a_second(watcher.calls_at)),
        ("workers killed", here.kills),
    ]
    twice = watcher.rung_twice + more_than_recorded
    return Verdict(
        rows,
        [
            ("rung twice", len(twice), _some(twice)),
            ("lost", len(lost) + unaccounted, _some(lost)),
            ("turned away by our own form", refused, ""),
            ("rung after a withdrawal was confirmed", len(after_no), _some(after_no)),
            ("dialled outside safe times", len(unsafe), _some(unsafe)),
            ("texts against consent", len(texts), _some(texts)),
            ("bridged without press-1", len(watcher.without_press), _some(watcher.without_press)),
            ("starved while someone was free", len(desk.starved), _some([str(one) for one in desk.starved.items()])),
        ],
    )


_CLOSED = ("completed", "closed_no_contact", "withdrawn", "rejected", "expired", "erased")


def _some(found: list[str]) -> str:
    return ", ".join(found[:3])


def _was_safe(one: Asked, at: datetime) -> bool:
    """The service looks before it dials; the fast clock runs on while it does."""
    return any(one.wish.may_be_rung(moment, one.asked_at) for moment in (at, at - _RINGS_LATE))


def _was_withdrawn(one: Asked, at: datetime) -> bool:
    return one.withdrawn_at is not None and at > one.withdrawn_at


def _most_in_a_second(moments: list[datetime]) -> int:
    counts = Counter(int(moment.timestamp()) for moment in moments)
    return max(counts.values(), default=0)

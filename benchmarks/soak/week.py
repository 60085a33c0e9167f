"""Who asks for a call in the week, when, and what they allow: seeded, so that a run can be repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
BEGINS = datetime(2026, 10, 19, 0, 0, tzinfo=UTC)
"""A Monday; on the Sunday after, the clocks go back."""
DAYS = 7
PER_SECOND = 0.25  # people who ask, while they do: about as many as two dozen counsellors can ring
LARGEST_CROWD = 150
_HOURS = [1] * 8 + [4] * 13 + [2] * 3  # how likely people are to ask in each hour of a day


@dataclass(frozen=True)
class Wish:
    """One request, and how its visitor behaves."""

    number: str
    at: datetime
    span: tuple[datetime, datetime] | None
    allows_texts: bool
    withdraws_after_s: float | None
    rings_us_after_s: float | None
    habits: tuple[dict[str, Any], ...]

    def body(self) -> dict[str, Any]:
        """What is posted."""
        asked: dict[str, Any] = {
            "phone": self.number,
            "name": "Sam",
            "consent": {"version": "2026-11", "given": True},
            "safe_contact": {"sms": "neutral_message" if self.allows_texts else "no"},
        }
        if self.span is not None:
            asked["safe_times"] = [{"from": self.span[0].isoformat(), "to": self.span[1].isoformat()}]
        return asked

    def may_be_rung(self, moment: datetime, asked_at: datetime) -> bool:
        """The promise to the visitor, written down a second time and on its own: the product is judged by it."""
        if self.span is not None:
            return self.span[0] <= moment < self.span[1]
        waited = moment - asked_at
        if timedelta(0) <= waited < timedelta(hours=2):
            return True
        return waited < timedelta(hours=24) and time(8) <= moment.astimezone(LONDON).time() < time(21)


def _habit(dice: random.Random) -> dict[str, Any]:
    kind = dice.random()
    after_s = dice.uniform(1, 12)
    if kind < 0.68:  # noqa: PLR2004 - shares of a guess at an evening
        return {"picks_up": "person", "after_s": after_s, "talks_for_s": dice.uniform(5, 50)}
    if kind < 0.80:  # noqa: PLR2004
        return {"picks_up": "nobody"}
    if kind < 0.88:  # noqa: PLR2004
        return {"picks_up": "busy", "after_s": after_s}
    if kind < 0.93:  # noqa: PLR2004
        return {"picks_up": "voicemail", "after_s": after_s, "hangs_up_after_s": 25}
    if kind < 0.97:  # noqa: PLR2004
        return {"picks_up": "person", "after_s": after_s, "hangs_up_after_s": 1.5}
    return {"picks_up": "unreachable"}


def counsellors_habit(dice: random.Random) -> dict[str, Any]:
    """What a counsellor does on one call."""
    kind = dice.random()
    if kind < 0.88:  # noqa: PLR2004
        return {"picks_up": "person", "after_s": dice.uniform(1, 8), "presses": ["1"], "press_after_s": 1}
    if kind < 0.91:  # noqa: PLR2004
        return {"picks_up": "person", "after_s": 2, "presses": ["2"], "press_after_s": 1}
    if kind < 0.94:  # noqa: PLR2004
        return {"picks_up": "voicemail", "after_s": 5, "hangs_up_after_s": 30}
    if kind < 0.97:  # noqa: PLR2004
        return {"picks_up": "person", "after_s": 2, "presses": ["1"], "press_after_s": 1, "hangs_up_after_s": 12}
    return {"picks_up": "nobody"} if kind < 0.99 else {"picks_up": "busy"}  # noqa: PLR2004


def _wish(number: int, at: datetime, dice: random.Random) -> Wish:
    span = None
    if dice.random() < 0.25:  # noqa: PLR2004
        starts = at + timedelta(minutes=dice.choice([1, 20, 90, 600]))
        span = (starts, starts + timedelta(minutes=dice.choice([30, 90, 240])))
    says_stop = dice.random() < 0.15  # noqa: PLR2004
    return Wish(
        number=f"+447400{number:06d}",  # a real range, and nobody's telephone: the network is on this machine only
        at=at,
        span=span,
        allows_texts=dice.random() < 0.4,  # noqa: PLR2004
        withdraws_after_s=dice.uniform(0, 60) if dice.random() < 0.05 else None,  # noqa: PLR2004
        rings_us_after_s=dice.uniform(0, 20) if dice.random() < 0.05 else None,  # noqa: PLR2004
        habits=tuple(_habit(dice) | ({"replies": "STOP"} if says_stop else {}) for _ in range(5)),
    )


def crowds(count: int, *, first_number: int, begins: datetime, dice: random.Random) -> list[list[Wish]]:
    """`count` requests until the end of the week, in crowds that ask within minutes of each other, as people do."""
    size = max(15, min(LARGEST_CROWD, count // 14))
    left_s = (BEGINS + timedelta(days=DAYS) - begins).total_seconds()
    starts = sorted(_start(begins, left_s, dice) for _ in range(max(1, round(count / size))))
    shares = [count // len(starts) + (index < count % len(starts)) for index in range(len(starts))]
    made, number = [], first_number
    for start, share in zip(starts, shares, strict=True):
        made.append(wishes(share, first_number=number, begins=start, dice=dice))
        number += share
    return made


def wishes(count: int, *, first_number: int, begins: datetime, dice: random.Random) -> list[Wish]:
    """People who ask within minutes of each other."""
    moments = sorted(dice.uniform(0, count / PER_SECOND) for _ in range(count))
    return [_wish(first_number + n, begins + timedelta(seconds=s), dice) for n, s in enumerate(moments)]


def _start(begins: datetime, left_s: float, dice: random.Random) -> datetime:
    while True:
        at = begins + timedelta(seconds=dice.uniform(0, left_s))
        if dice.random() < _HOURS[at.astimezone(LONDON).hour] / max(_HOURS):
            return at

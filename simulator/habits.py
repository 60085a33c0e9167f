"""Habits: what the person (or machine) behind a number does when it rings, unasked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class BadHabit(Exception):
    """A habit that cannot be understood; the message says why, in words for its author."""


class PicksUp(StrEnum):
    MANUAL = "manual"  # rings until somebody acts on the page or through the API
    PERSON = "person"
    VOICEMAIL = "voicemail"  # answers, speaks its greeting, listens, never presses a key
    NOBODY = "nobody"  # rings out
    BUSY = "busy"  # engaged, or declines after `after_s`
    UNREACHABLE = "unreachable"  # switched off or no such line: fails without ringing


class Receives(StrEnum):
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"  # error 30003, unreachable handset
    FAILED = "failed"  # error 30008, unknown
    NO_REPORT = "no_report"  # sent, and nothing is ever heard of it again


class Verdict(StrEnum):
    """What answering machine detection takes the answerer for."""

    HUMAN = "human"
    MACHINE = "machine_start"
    FAX = "fax"
    UNKNOWN = "unknown"


NEVER_S = None
ANSWER_AFTER_S = 2.0
PRESS_AFTER_S = 1.0  # time to take in a prompt; a key may interrupt it
VOICEMAIL_LISTENS_S = 60.0
VOICEMAIL_GREETING = "The person you are calling cannot take your call. Please leave a message after the tone."


@dataclass(frozen=True, kw_only=True)
class Habit:
    """What one number does on one call, and with texts.

    ``presses`` are pressed at successive Gathers, one string each (an empty string lets that one pass), but only at
    those whose prompt matches ``press_at``, if there is such a pattern. ``sip_code`` is what the network answers when
    the telephone is not reached.
    ``talks_for_s`` counts from the moment the parties are connected, ``hangs_up_after_s`` from the answer.
    """

    picks_up: PicksUp = PicksUp.PERSON
    after_s: float | None = None
    presses: tuple[str, ...] = ()
    press_after_s: float = PRESS_AFTER_S
    press_at: str | None = None
    sip_code: int | None = None
    talks_for_s: float | None = NEVER_S
    hangs_up_after_s: float | None = NEVER_S
    replies: str | None = None
    greeting: str = VOICEMAIL_GREETING
    sounds_like: Verdict | None = None
    receives: Receives = Receives.DELIVERED

    @property
    def answers(self) -> bool:
        return self.picks_up in (PicksUp.PERSON, PicksUp.VOICEMAIL)

    @property
    def answers_after_s(self) -> float:
        return ANSWER_AFTER_S if self.after_s is None else self.after_s

    @property
    def verdict(self) -> Verdict:
        if self.sounds_like is not None:
            return self.sounds_like
        return Verdict.MACHINE if self.picks_up is PicksUp.VOICEMAIL else Verdict.HUMAN

    def as_json(self) -> dict[str, Any]:
        return {
            "picks_up": self.picks_up,
            "after_s": self.after_s,
            "presses": list(self.presses),
            "press_after_s": self.press_after_s,
            "press_at": self.press_at,
            "sip_code": self.sip_code,
            "talks_for_s": self.talks_for_s,
            "hangs_up_after_s": self.hangs_up_after_s,
            "replies": self.replies,
            "greeting": self.greeting,
            "sounds_like": self.sounds_like,
            "receives": self.receives,
        }


MANUAL = Habit(picks_up=PicksUp.MANUAL)

KEYS = frozenset("0123456789*#")
SECONDS_FIELDS = ("after_s", "press_after_s", "talks_for_s", "hangs_up_after_s")
ENUM_FIELDS: dict[str, type[StrEnum]] = {"picks_up": PicksUp, "sounds_like": Verdict, "receives": Receives}
FIELDS = frozenset(MANUAL.as_json())


def habits_from(value: object) -> list[Habit]:
    """One habit for every call, or a list of habits for successive calls (the last one stays)."""
    if isinstance(value, list):
        if not value:
            raise BadHabit("a list of habits must hold at least one")
        return [habit_from(item) for item in value]
    return [habit_from(value)]


def habit_from(value: object) -> Habit:
    """Read one habit from JSON: an object as in the contract, or the bare word for ``picks_up``."""
    if isinstance(value, str):
        value = {"picks_up": value}
    if not isinstance(value, dict):
        raise BadHabit("a habit is a JSON object or one of the words " + ", ".join(PicksUp))
    unknown = sorted(set(value) - FIELDS)
    if unknown:
        raise BadHabit(f"unknown field {unknown[0]}; a habit has the fields {', '.join(sorted(FIELDS))}")
    known = {name: _checked(name, item) for name, item in value.items() if item is not None}
    return Habit(**known)


def _checked(name: str, value: object) -> Any:
    if name in SECONDS_FIELDS:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise BadHabit(f"{name} is a number of seconds, zero or more")
        return float(value)
    if name in ENUM_FIELDS:
        members = ENUM_FIELDS[name]
        if value not in set(members):
            raise BadHabit(f"{name} is one of {', '.join(members)}")
        return members(str(value))
    if name in _CHECKS:
        return _CHECKS[name](value)
    if not isinstance(value, str):
        raise BadHabit(f"{name} is text")
    return value


def _pattern(value: object) -> str:
    try:
        re.compile(str(value))
    except re.error as error:
        raise BadHabit(f"press_at is a pattern: {error}") from None
    return str(value)


def _sip_code(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 400 <= value <= 699:
        raise BadHabit("sip_code is a SIP answer from 400 to 699")
    return value


def _keys(value: object) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and set(item) <= KEYS for item in items):
        raise BadHabit("presses is a list of strings of the keys 0 to 9, * and #")
    return tuple(items)


_CHECKS: dict[str, Callable[[object], Any]] = {"presses": _keys, "press_at": _pattern, "sip_code": _sip_code}

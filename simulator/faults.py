"""The fault plan: what goes wrong on purpose, by seeded chance or by an exact list of what happens next."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from simulator.trace import Trace


class BadPlan(Exception):
    """A fault plan that cannot be understood; the message says why, in words for its author."""


class WebhookFault(StrEnum):
    DROP = "drop"  # never sent; a TwiML request fails as if the server were down
    DOUBLE = "double"  # sent twice, with one idempotency token
    DELAY = "delay"  # sent later, by `delay_s`
    REORDER = "reorder"  # held back until the next report about the same thing, or for `reorder_window_s`


class RestFault(StrEnum):
    TOO_MANY_REQUESTS = "too_many_requests"  # 429, nothing accepted
    FAILS_BEFORE = "fails_before"  # 500, nothing accepted
    FAILS_AFTER = "fails_after"  # 500, and yet accepted
    ANSWER_LOST = "answer_lost"  # accepted, then the socket closes without an answer
    GARBLED = "garbled"  # accepted, and answered with a page that is no JSON, as a machine on the way may do
    TIMES_OUT_BEFORE = "times_out_before"  # not accepted, and no answer for `times_out_s`
    TIMES_OUT = "times_out"  # accepted, and no answer for `times_out_s`


class AmdFault(StrEnum):
    WRONG = "wrong"  # people are taken for machines and machines for people
    NEVER = "never"
    LATE = "late"  # ten seconds later than usual


@dataclass(frozen=True, kw_only=True)
class WebhookPlan:
    """Chances (0 to 1) per webhook of the ``kinds`` named; ``next`` is used up before chance is asked."""

    drop: float = 0.0
    double: float = 0.0
    delay: float = 0.0
    delay_s: tuple[float, float] = (0.5, 3.0)
    reorder: float = 0.0
    reorder_window_s: float = 2.0
    kinds: tuple[str, ...] = ("status", "message")
    next: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RestPlan:
    """Chances (0 to 1) per REST request with one of the ``methods`` on one of the ``resources``.

    ``slow_s`` delays every answer, in real seconds; ``list_lag_s`` hides what is younger from lists.
    """

    too_many_requests: float = 0.0
    fails_before: float = 0.0
    fails_after: float = 0.0
    answer_lost: float = 0.0
    garbled: float = 0.0
    times_out_before: float = 0.0
    times_out: float = 0.0
    times_out_s: float = 30.0
    slow_s: float = 0.0
    list_lag_s: float = 0.0
    methods: tuple[str, ...] = ("POST",)
    resources: tuple[str, ...] = ("Calls", "Messages")
    next: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """Limits and habits of the network itself; None leaves what the command line said."""

    calls_per_second: float | None = None
    concurrent_calls: int | None = None
    amd: str | None = None
    callback_before_answer: bool = False  # the first status callback arrives before the answer to the create
    callback_after_action: bool = False  # a child's last status callback arrives after the Dial action


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """What becomes of one webhook."""

    is_dropped: bool = False
    is_doubled: bool = False
    delay_s: float = 0.0
    held_for_s: float = 0.0

    @property
    def is_on_time(self) -> bool:
        return not (self.delay_s or self.held_for_s)


class Faults:
    """The plan in force and the dice that carry it out."""

    def __init__(self, trace: Trace, *, seed: int) -> None:
        self._trace = trace
        self._seed = seed
        self._dice = random.Random(seed)
        self.webhooks = WebhookPlan()
        self.rest = RestPlan()
        self.network = NetworkPlan()

    def adopt(self, value: object) -> None:
        """Replace the plan by the one in JSON; what it leaves out is as it should be."""
        if not isinstance(value, dict):
            raise BadPlan("a fault plan is a JSON object with the keys seed, webhooks, rest and network")
        unknown = sorted(set(value) - {"seed", "webhooks", "rest", "network"})
        if unknown:
            raise BadPlan(f"unknown key {unknown[0]}; a fault plan has seed, webhooks, rest and network")
        webhooks = WebhookPlan(**_section(WebhookPlan, value.get("webhooks")))
        rest = RestPlan(**_section(RestPlan, value.get("rest")))
        network = NetworkPlan(**_section(NetworkPlan, value.get("network")))
        _check_words("webhooks.next", webhooks.next, WebhookFault)
        _check_words("rest.next", rest.next, RestFault)
        _check_words("network.amd", (network.amd,) if network.amd else (), AmdFault)
        self._seed = _whole("seed", value.get("seed", self._seed))
        self._dice = random.Random(self._seed)
        self.webhooks, self.rest, self.network = webhooks, rest, network
        self._trace.note("fault plan", plan=self.as_json())

    def reseed(self, seed: int) -> None:
        self._seed = seed
        self._dice = random.Random(seed)

    def clear(self) -> None:
        self.adopt({})

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self._seed,
            "webhooks": asdict(self.webhooks),
            "rest": asdict(self.rest),
            "network": asdict(self.network),
        }

    def for_webhook(self, kind: str, about: str) -> Mishap:
        plan = self.webhooks
        if kind not in plan.kinds:
            return Mishap()
        if plan.next:
            chosen = {WebhookFault(plan.next[0])}
            self.webhooks = replace(plan, next=plan.next[1:])
        else:
            chosen = {fault for fault in WebhookFault if self._dice.random() < getattr(plan, fault)}
        for fault in sorted(chosen):
            self._trace.note("fault", side="webhook", fault=fault, what=kind, about=about)
        return Mishap(
            is_dropped=WebhookFault.DROP in chosen,
            is_doubled=WebhookFault.DOUBLE in chosen,
            delay_s=self._dice.uniform(*plan.delay_s) if WebhookFault.DELAY in chosen else 0.0,
            held_for_s=plan.reorder_window_s if WebhookFault.REORDER in chosen else 0.0,
        )

    def for_rest(self, method: str, resource: str) -> RestFault | None:
        plan = self.rest
        if method not in plan.methods or resource not in plan.resources:
            return None
        fault: RestFault | None
        if plan.next:
            fault = RestFault(plan.next[0])
            self.rest = replace(plan, next=plan.next[1:])
        else:
            fault = next((fault for fault in RestFault if self._dice.random() < getattr(plan, fault)), None)
        if fault is not None:
            self._trace.note("fault", side="rest", fault=fault, what=f"{method} {resource}")
        return fault


def _section(plan: type[WebhookPlan | RestPlan | NetworkPlan], value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadPlan("each part of a fault plan is a JSON object")
    known = {field.name: field for field in fields(plan)}
    checked: dict[str, Any] = {}
    for name, item in value.items():
        if name not in known:
            raise BadPlan(f"unknown field {name}; there are {', '.join(known)}")
        checked[name] = _value(name, item, known[name].default)
    return checked


def _value(name: str, item: object, default: object) -> object:
    """Check one value: by its name if that says enough, otherwise by the type of its default."""
    if name in _CHECKS:
        return _CHECKS[name](name, item)
    if isinstance(default, tuple):
        return _words(name, item)
    if isinstance(default, bool):
        return _yes_or_no(name, item)
    return _number(name, item) if name.endswith("_s") else _chance(name, item)


def _span(name: str, item: object) -> tuple[float, float]:
    match item:
        case [least, most]:
            return (_number(name, least), _number(name, most))
        case _:
            raise BadPlan(f"{name} is a pair of seconds: [least, most]")


def _words(name: str, item: object) -> tuple[str, ...]:
    if not isinstance(item, list) or not all(isinstance(word, str) for word in item):
        raise BadPlan(f"{name} is a list of words")
    return tuple(item)


def _yes_or_no(name: str, item: object) -> bool:
    if not isinstance(item, bool):
        raise BadPlan(f"{name} is true or false")
    return item


def _chance(name: str, item: object) -> float:
    chance = _number(name, item)
    if chance > 1:
        raise BadPlan(f"{name} is a chance between 0 and 1")
    return chance


def _number(name: str, item: object) -> float:
    if isinstance(item, bool) or not isinstance(item, int | float) or item < 0:
        raise BadPlan(f"{name} is a number, zero or more")
    return float(item)


def _whole(name: str, item: object) -> int:
    if isinstance(item, bool) or not isinstance(item, int):
        raise BadPlan(f"{name} is a whole number")
    return item


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "delay_s": _span,
    "calls_per_second": lambda name, item: None if item is None else _number(name, item),
    "concurrent_calls": lambda name, item: None if item is None else _whole(name, item),
    "amd": lambda _, item: None if item is None else str(item),
}


def _check_words(name: str, words: tuple[str, ...], members: type[StrEnum]) -> None:
    for word in words:
        if word not in set(members):
            raise BadPlan(f"{name}: {word} is none of {', '.join(members)}")

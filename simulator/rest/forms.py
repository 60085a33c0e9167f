"""Forms: the fields of a REST request, each known and well-formed, or the request is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from simulator.calls import Subscription
from simulator.loopback import is_loopback_url
from simulator.rest.errors import bad_request

INVALID_PARAMETER = 20001
INVALID_URL = 21205
INVALID_STATUS_CALLBACK = 21609
MAX_URL_LENGTH = 4_000

Check = Callable[[str, str], None]


def text(name: str, value: str) -> None:
    """Anything goes."""


def whole(name: str, value: str) -> None:
    if not re.fullmatch(r"-?\d+", value):
        raise bad_request(INVALID_PARAMETER, f"Invalid parameter '{name}': not a whole number")


def decimal(name: str, value: str) -> None:
    if not re.fullmatch(r"\d+(\.\d+)?", value):
        raise bad_request(INVALID_PARAMETER, f"Invalid parameter '{name}': not a number")


def boolean(name: str, value: str) -> None:
    if value.lower() not in ("true", "false"):
        raise bad_request(INVALID_PARAMETER, f"Invalid parameter '{name}': neither true nor false")


def method(name: str, value: str) -> None:
    if value.upper() not in ("GET", "POST"):
        raise bad_request(INVALID_PARAMETER, f"Invalid parameter '{name}': neither GET nor POST")


def url(name: str, value: str) -> None:
    """An address of this machine; the simulator never calls another."""
    if not is_loopback_url(value) or len(value) > MAX_URL_LENGTH:
        raise bad_request(
            INVALID_URL, f"{name} is not a valid URL: {value} (the simulator only calls loopback addresses)"
        )


def callback_url(name: str, value: str) -> None:
    if not is_loopback_url(value) or len(value) > MAX_URL_LENGTH:
        raise bad_request(
            INVALID_STATUS_CALLBACK,
            f"The '{name}' URL {value} is not a valid URL (the simulator only calls loopback addresses)",
        )


def one_of(*words: str) -> Check:
    def check(name: str, value: str) -> None:
        if value not in words:
            raise bad_request(INVALID_PARAMETER, f"Invalid parameter '{name}': {value} is none of {', '.join(words)}")

    return check


def sid(prefix: str) -> Check:
    pattern = re.compile(rf"^{prefix}[0-9a-fA-F]{{32}}$")

    def check(name: str, value: str) -> None:
        if not pattern.match(value):
            raise bad_request(INVALID_PARAMETER, f"Invalid parameter '{name}': not a sid beginning with {prefix}")

    return check


@dataclass(frozen=True)
class Form:
    """The checked fields of one request."""

    values: Mapping[str, list[str]]

    def get(self, name: str) -> str | None:
        """The field's value; None if it is missing or empty, which Twilio treats alike."""
        values = self.values.get(name)
        return values[-1] if values and values[-1] else None

    def all(self, name: str) -> list[str]:
        return [value for value in self.values.get(name, []) if value]

    def seconds(self, name: str, default: float, *, most: float) -> float:
        value = self.get(name)
        return default if value is None else min(max(float(value), 0.0), most)

    def is_true(self, name: str) -> bool:
        return (self.get(name) or "").lower() == "true"

    def method(self, name: str) -> str:
        return (self.get(name) or "POST").upper()

    def subscription(self, name: str, *, events: frozenset[str]) -> Subscription | None:
        address = self.get(name)
        if address is None:
            return None
        return Subscription(url=address, method=self.method(f"{name}Method"), events=events)


async def read(request: web.Request, fields: Mapping[str, Check], *, repeated: frozenset[str] = frozenset()) -> Form:
    """Read the form; a field that the API does not have, or has once and got twice, is refused."""
    posted = await request.post()
    values: dict[str, list[str]] = {}
    for name, value in posted.items():
        if name not in fields or not isinstance(value, str):
            raise bad_request(INVALID_PARAMETER, f"Unknown parameter '{name}'")
        if name in values and name not in repeated:
            raise bad_request(INVALID_PARAMETER, f"Parameter '{name}' given more than once")
        if value:
            fields[name](name, value)
        values.setdefault(name, []).append(value)
    return Form(values)

"""What was typed on a page and not taken: shown again by an address, so that Back and reload send nothing twice.

A form that is refused, or put aside to read the page in another language, answers with the address of its own page.
What was typed, and what is wrong with it, waits in one encrypted cookie until the page is answered, or ten minutes are
over; what a second tab typed on another page waits beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypedDict

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from callbacks.web.draft import UNSENT, scope
from callbacks.web.questions import Errors
from foundation import sealed
from foundation.web import tongue

KEPT_FOR_S: Final = 600  # ten minutes: time to put something right, not time for the next person at the same computer
LONGEST: Final = 200  # characters of one field: twice what the longest may have, so what was too long still is
ROOM: Final = 2000  # bytes of one page; more than anybody types, and what is wrong with it fits beside it
MOST: Final = 2700  # bytes in all: sealed they are a third more, and a browser keeps no cookie above 4,096
NOT_TYPED: Final = frozenset({"speak", "work", "answers", "website"})
"""Fields of our own."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """What waits for the page at hand; nothing, most of the time."""

    fields: MultiDict[str, str] | None = None
    errors: Errors = field(default_factory=dict)
    is_cut: bool = False
    """It was too long to be kept as a whole."""

    def value(self, name: str, *, otherwise: str) -> str:
        """What was typed into a field, or what stands there otherwise."""
        return otherwise if self.fields is None else self.fields.get(name, "")

    def values(self, name: str, *, otherwise: Sequence[str]) -> Sequence[str]:
        """What was ticked."""
        return otherwise if self.fields is None else self.fields.getlist(name)

    def form(self, *, otherwise: Mapping[str, str]) -> Mapping[str, str]:
        """All of it."""
        return otherwise if self.fields is None else self.fields


NOTHING: Final = Unsent()


def put_aside_for_language() -> Response | None:
    """The switch of languages is a button of the form: what was typed stays, and nobody judges it."""
    code = tongue.chosen_in_form()
    return None if code is None else tongue.keep(again(), code)


def here() -> Unsent:
    """What waits for the page at hand."""
    found = _waiting().get(request.path)
    if found is None:
        return NOTHING
    fields = MultiDict[str, str]((name, typed) for name, typed in found["fields"])
    return Unsent(fields, found["errors"], found["is_cut"])


def again(errors: Errors | None = None) -> Response:
    """The same page once more, with what was typed; `errors` says what is wrong with it."""
    typed = [(name, value) for name, value in request.form.items(multi=True) if name not in NOT_TYPED]
    fields, is_cut = _short(typed)
    waiting = _elsewhere() | {request.path: _Page(fields=fields, errors=errors or {}, is_cut=is_cut)}
    return _keep(make_response(redirect(request.path, 303)), waiting)


def refused(errors: Errors, *, show: Callable[[Unsent], Response]) -> Response:
    """What is wrong, by the address of the page; at once where a browser seems to keep no cookies."""
    return again(errors) if request.cookies else show(Unsent(request.form, errors))


def done(response: Response) -> Response:
    """The page is answered; what was typed on another, in a second tab, still waits."""
    return _keep(response, _elsewhere()) if UNSENT in request.cookies else response


def forget(response: Response) -> Response:
    """Everything is asked for; nothing waits any more."""
    response.delete_cookie(UNSENT, path="/", httponly=True, **scope())
    return response


class _Page(TypedDict):
    """What waits for one page."""

    fields: list[tuple[str, str]]
    errors: Errors
    is_cut: bool


def _waiting() -> dict[str, _Page]:
    """By the page that it waits for, the latest last; nothing when the cookie is too old or none of ours."""
    try:
        kept: dict[str, _Page] = json.loads(
            sealed.unseal(request.cookies.get(UNSENT, "").encode(), within_s=KEPT_FOR_S)
        )
    except sealed.CannotUnseal:
        return {}
    return kept


def _elsewhere() -> dict[str, _Page]:
    return {path: page for path, page in _waiting().items() if path != request.path}


def _keep(response: Response, waiting: dict[str, _Page]) -> Response:
    """As many pages as a cookie holds, the latest of all."""
    while len(waiting) > 1 and _size(waiting) > MOST:
        del waiting[next(iter(waiting))]
    if not waiting:
        return forget(response)
    value = sealed.seal(json.dumps(waiting, ensure_ascii=False)).decode()
    response.set_cookie(UNSENT, value, path="/", httponly=True, **scope())
    return response


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def _short(typed: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], bool]:
    """As much as a page may keep, and whether something had to go."""
    kept: list[tuple[str, str]] = []
    for name, value in typed:
        kept.append((name[:LONGEST], value[:LONGEST]))
        if _size(kept) > ROOM:
            return kept[:-1], True
    return kept, any(len(name) > LONGEST or len(value) > LONGEST for name, value in typed)

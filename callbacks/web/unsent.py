"""What was typed on a page and not taken: shown again by an address, so that Back and reload send nothing twice.

A form that is refused, or put aside to read the page in another language, answers with the address of its own page.
What was typed, and what is wrong with it, waits in one encrypted cookie until the page is answered, or ten minutes are
over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from callbacks.web.draft import UNSENT, scope
from callbacks.web.questions import Errors
from foundation import sealed
from foundation.web import tongue

KEPT_FOR_S: Final = 600  # ten minutes: time to put something right, not time for the next person at the same computer
LONGEST: Final = 200  # characters of one field: twice what the longest may have, so what was too long still is
ROOM: Final = 2000  # bytes in all: sealed and sent they still fit into a cookie, and a browser keeps no larger one
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
    kept = request.cookies.get(UNSENT)
    if not kept:
        return NOTHING
    try:
        given = json.loads(sealed.unseal(kept.encode(), within_s=KEPT_FOR_S))
        fields = MultiDict[str, str]((name, typed) for name, typed in given["fields"])
        at, errors, is_cut = given["at"], given["errors"], given["cut"]
    except (sealed.CannotUnseal, ValueError, KeyError, TypeError):  # of another release, or nothing of ours
        return NOTHING
    return Unsent(fields, errors, is_cut) if at == request.path else NOTHING


def again(errors: Errors | None = None) -> Response:
    """The same page once more, with what was typed; `errors` says what is wrong with it."""
    fields, is_cut = _short([(name, typed) for name, typed in request.form.items(multi=True) if name not in NOT_TYPED])
    kept = {"at": request.path, "fields": fields, "errors": errors or {}, "cut": is_cut}
    value = sealed.seal(json.dumps(kept, ensure_ascii=False)).decode()
    response = make_response(redirect(request.path, 303))
    response.set_cookie(UNSENT, value, path="/", httponly=True, **scope())
    return response


def refused(errors: Errors, *, show: Callable[[Unsent], Response]) -> Response:
    """What is wrong, by the address of the page; at once where a browser seems to keep no cookies."""
    return again(errors) if request.cookies else show(Unsent(request.form, errors))


def done(response: Response) -> Response:
    """The page is answered; nothing waits any more."""
    if UNSENT in request.cookies:
        response.delete_cookie(UNSENT, path="/", httponly=True, **scope())
    return response


def _short(typed: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], bool]:
    """As much as a cookie holds, and whether something had to go."""
    kept: list[tuple[str, str]] = []
    for name, value in typed:
        kept.append((name[:LONGEST], value[:LONGEST]))
        if len(json.dumps(kept, ensure_ascii=False).encode()) > ROOM:
            return kept[:-1], True
    return kept, any(len(name) > LONGEST or len(value) > LONGEST for name, value in typed)

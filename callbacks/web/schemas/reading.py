"""Bodies of programs and answers of pages become checked values, or say what is wrong with which field."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from callbacks.domain.window import Asap, Span
from callbacks.web.schemas.findings import field_errors
from callbacks.web.schemas.pieces import Name, PhoneNumber, SafeWord, When, as_when
from foundation import language
from foundation.web.problems import FieldError


class NotJson(Exception):
    """The body cannot be read as JSON."""


class Unacceptable(Exception):
    """The input was understood and cannot be taken; `errors` say what is wrong with which field."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("the input cannot be taken")
        self.errors = errors


M = TypeVar("M", bound=BaseModel)


def read(model: type[M], body: bytes, *, now: datetime, drama_allowed: bool) -> M:
    """A request body as a checked value. Raises NotJson and Unacceptable."""
    try:
        return model.model_validate_json(body, context={"now": now, "drama_allowed": drama_allowed})
    except ValidationError as refused:
        if any(error["type"] == "json_invalid" for error in refused.errors(include_input=False)):
            raise NotJson from None
        raise Unacceptable(field_errors(refused)) from None


def locale_of(body: bytes) -> str | None:
    """The language that a body asks to be answered in, whatever else is wrong with it; None when we do not have it."""
    try:
        given = json.loads(body)
    except ValueError:
        return None
    locale = given.get("locale") if isinstance(given, dict) else None
    return language.known(locale) if isinstance(locale, str) and locale else None


def canonical(body: bytes) -> str:
    """A JSON body in one form, so that spaces and the order of fields make no difference."""
    return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_PIECES: Final[dict[str, TypeAdapter[Any]]] = {
    "name": TypeAdapter(Name),
    "phone": TypeAdapter(PhoneNumber),
    "when": TypeAdapter(When),
    "safe_word": TypeAdapter(SafeWord),
}


def read_piece(
    kind: Literal["name", "phone", "when", "safe_word"], value: Any, *, now: datetime, drama_allowed: bool
) -> Any:
    """One answer of a page, by the same rule as the API's field. Raises Unacceptable."""
    try:
        return _PIECES[kind].validate_python(value, context={"now": now, "drama_allowed": drama_allowed})
    except ValidationError as refused:
        raise Unacceptable(field_errors(refused)) from None


def read_when(value: str, *, now: datetime) -> Asap | Span:
    """The time chosen on a page: "asap", or two instants with a slash between them. Raises Unacceptable."""
    raw: Any = value
    if "/" in value:
        starts, _, ends = value.partition("/")
        raw = json.dumps({"from": starts, "to": ends})
    else:
        raw = json.dumps(value)
    try:
        found = _PIECES["when"].validate_json(raw, context={"now": now})
    except ValidationError as refused:
        raise Unacceptable(field_errors(refused)) from None
    return as_when(found)

"""What pydantic found wrong, in our codes and words; the input itself is never repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from callbacks.web.schemas.pieces import TAGS
from foundation.language import mark, said
from foundation.web.problems import FieldError


def field_errors(refused: ValidationError) -> tuple[FieldError, ...]:
    """Pydantic's findings in our codes and words, without the input."""
    return tuple(_field_error(error) for error in refused.errors(include_url=False, include_input=False))


_WORDS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("missing", mark("This is missing. Add it")),
    "extra_forbidden": ("unknown_field", mark("We do not know this field. Take it out")),
    "string_too_long": ("too_long", mark("Use {max_length} characters or fewer")),
    "string_too_short": ("too_short", mark("Use at least {min_length} character")),
    "too_long": ("too_many", mark("Send {max_length} at most")),
    "enum": ("not_on_list", mark("Choose one of these: {expected}")),
    "literal_error": ("not_on_list", mark("This must be {expected}")),
    "timezone_aware": ("time_without_offset", mark("Add the offset from UTC, like 2026-11-24T18:00:00+00:00")),
    "datetime_parsing": ("time_malformed", mark("Write the time like 2026-11-24T18:00:00+00:00")),
    "datetime_from_date_parsing": ("time_malformed", mark("Write the time like 2026-11-24T18:00:00+00:00")),
    "datetime_type": ("time_malformed", mark("Write the time like 2026-11-24T18:00:00+00:00")),
    "string_pattern_mismatch": ("malformed", mark("This is not written as we need it")),
    "model_type": ("wrong_type", mark("Send a JSON object")),
    "model_attributes_type": ("wrong_type", mark("Send a JSON object")),
    "list_type": ("wrong_type", mark("Send a list")),
    "string_type": ("wrong_type", mark("Send text, in quotation marks")),
}
"""Pydantic's kind of error -> our code and sentence."""


def _field_error(error: ErrorDetails) -> FieldError:
    field = ".".join(str(part) for part in error["loc"] if part not in TAGS)
    context: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "literal_error" and error["loc"][-1] == "asap":
        return FieldError(field, "not_on_list", said("Write “asap”, or a time with “from” and “to”") + ".")
    if error["type"] in _WORDS:
        code, words = _WORDS[error["type"]]
        return FieldError(field, code, said(words).format_map({**context, "expected": _in_json(context)}) + ".")
    if "_" in error["type"] and error["type"] in _OWN_CODES:
        return FieldError(field, error["type"], said(error["msg"]) + ".")
    return FieldError(field, "not_accepted", said("This is not written as we need it") + ".")


def _in_json(context: Mapping[str, Any]) -> str:
    """What Pydantic expected, as it is written in JSON."""
    return str(context.get("expected", "")).replace("'", '"').replace("True", "true")


_OWN_CODES: Final = frozenset(
    {
        "wrong_type",
        "time_in_past",
        "time_too_far",
        "time_backwards",
        "consent_outdated",
        "cannot_hide_number",
        "nothing_to_change",
        "null_given",
        "phone_missing",
        "phone_malformed",
        "phone_foreign",
        "phone_not_ringable",
        "phone_drama",
    }
)
"""Codes that our own rules raise, with words that are ours already."""

"""The answers to the pages' questions, read by the same rules as the API's fields, and the words when one is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import current_app

from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from callbacks.domain.window import Asap, Span
from callbacks.web import choices
from callbacks.web.schemas import Unacceptable, read_piece, read_when
from foundation.phone import NumberNotAllowed, Phone, parse

Errors = dict[str, str]
"""Field -> sentence."""

CHOOSE: Final[dict[str, str]] = {
    "voicemail": "Choose if we may leave a message",
    "sms": "Choose if we may send a text",
    "third_party": "Choose what we do if someone else answers",
}
CHOOSE_TIME: Final = "Choose when we should ring you"
NAME_TOO_LONG: Final = "Use 80 characters or fewer"
TICK: Final = "Tick the box if you want us to ring you"
TIME_IS_GONE: Final = "That time has just gone. Choose another time"


class WrongAnswer(Exception):
    """An answer cannot be taken; the page is shown again with what was typed and these sentences."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("an answer cannot be taken")
        self.errors = errors


def name(typed: str, *, now: datetime) -> str:
    """What to call the person; empty when they skipped it. Raises WrongAnswer."""
    try:
        called: str = read_piece("name", typed, now=now, drama_allowed=False)
    except Unacceptable:
        raise WrongAnswer({"name": NAME_TOO_LONG}) from None
    return called


def phone(typed: str, *, now: datetime) -> Phone:
    """The number to ring. Raises WrongAnswer."""
    try:
        number: Phone = read_piece("phone", typed, now=now, drama_allowed=current_app.config["DRAMA_ALLOWED"])
    except Unacceptable as refused:
        raise WrongAnswer({"phone": refused.errors[0].detail.rstrip(".")}) from None
    return number


def when(chosen: str, *, now: datetime) -> Asap | Span:
    """As soon as possible, or one span. Raises WrongAnswer."""
    try:
        return read_when(chosen, now=now)
    except Unacceptable as refused:
        is_over = refused.errors[0].code == "time_in_past"
        raise WrongAnswer({"when": TIME_IS_GONE if is_over else CHOOSE_TIME}) from None


def contact(form: Mapping[str, str], *, has_name: bool, present: SafeContact) -> SafeContact:
    """The present permissions with the page's answers in them. Raises WrongAnswer when a question was left out."""
    allowed = contact_options(has_name=has_name)
    given = {field: form.get(field, "") for field in allowed}
    wrong = {
        field: CHOOSE[field]
        for field, options in allowed.items()
        if given[field] not in {option[0] for option in options}
    }
    if wrong:
        raise WrongAnswer(wrong)
    return replace(
        present,
        voicemail=MessageRule(given["voicemail"]),
        sms=MessageRule(given["sms"]),
        third_party=ThirdParty(given["third_party"]),
    )


def contact_options(*, has_name: bool) -> dict[str, tuple[choices.Option, ...]]:
    """The three questions and what can be chosen, in the order of the page."""
    return {
        "voicemail": choices.VOICEMAIL,
        "sms": choices.SMS,
        "third_party": choices.third_party(has_name=has_name),
    }


def contact_values(contact: SafeContact) -> dict[str, Any]:
    """Permissions as the values of the page's fields."""
    return {field: getattr(contact, field).value for field in CHOOSE}


def our_number() -> str:
    """The number that the visitor will see, as people read it out."""
    dialled: str = current_app.config["TWILIO_CALLER_ID"]
    try:
        return parse(dialled, drama_allowed=True).spoken
    except NumberNotAllowed:  # a number from abroad is shown as it is
        return dialled

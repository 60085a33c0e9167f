"""The answers to the pages' questions, read by the same rules as the API's fields, and the words when one is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import current_app

from callbacks.domain.codes import PhoneOwner
from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from callbacks.domain.window import Asap, Span
from callbacks.web import choices, safe_times
from callbacks.web.schemas.reading import Unacceptable, read_piece, read_when
from foundation.language import mark
from foundation.phone import NumberNotAllowed, Phone, parse
from foundation.web.times import service_zone

Errors = dict[str, str]
"""Field -> sentence."""

CHOOSE: Final[dict[str, str]] = {
    "voicemail": mark("Choose if we may leave a message"),
    "sms": mark("Choose if we may send a text"),
    "third_party": mark("Choose what we do if someone else answers"),
    "phone_owner": mark("Choose whose phone it is, or leave this out"),
    "not_after": mark("Choose one of these days, or none"),
}
ASKED_ALWAYS: Final = frozenset({"voicemail", "sms", "third_party"})
CHOOSE_TIME: Final = mark("Choose when we should ring you")
NAME_TOO_LONG: Final = mark("Use 80 characters or fewer")
WORD_TOO_LONG: Final = mark("Use 40 characters or fewer")
LAST_DAY_TOO_EARLY: Final = mark("We could not ring you any more before then. Choose a later day, or cancel the call")
CHOOSE_COUNSELLOR: Final = mark("Choose who you would like to talk to")
CHOOSE_LANGUAGE: Final = mark("Choose the language to speak in")
STALE: Final = mark("Your answers have changed since you opened this page. Look at them again.")
TICK: Final = mark("Tick the box if you want us to ring you")
TIME_IS_GONE: Final = mark("That time has just gone. Choose another time")
CHOOSE_UNTIL: Final = mark("Choose until when it is safe to ring")
NO_TIME_LEFT: Final = mark("Then we could not ring you any more. Choose a time, or cancel the call")
CHOOSE_OTHERS: Final = mark("Choose from these times, or none")
TOO_MANY_OTHERS: Final = mark("Choose three times at most")


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


def until(when: Asap | Span, chosen: str, *, now: datetime) -> None:
    """Look at the end that goes with a call as soon as possible. Raises WrongAnswer."""
    try:
        safe_times.chosen(when, until=chosen, others=(), zone=service_zone(), now=now)
    except safe_times.NotSafe:
        raise WrongAnswer({"until": CHOOSE_UNTIL}) from None


def others(ticked: Sequence[str], *, present: Sequence[Span] = (), now: datetime) -> tuple[Span, ...]:
    """Other times when it is safe. Raises WrongAnswer."""
    try:
        return safe_times.read_others(ticked, present=present, now=now)
    except safe_times.TooMany:
        raise WrongAnswer({"others": TOO_MANY_OTHERS}) from None
    except safe_times.NotSafe:
        raise WrongAnswer({"others": CHOOSE_OTHERS}) from None


def safe(when: Asap | Span, *, until: str, others: Sequence[str], now: datetime) -> tuple[Span, ...]:
    """The safe times that these answers mean. Raises WrongAnswer when the end has come meanwhile."""
    try:
        spans = safe_times.read_others(others, now=now)
        return safe_times.chosen(when, until=until, others=spans, zone=service_zone(), now=now)
    except (safe_times.NotSafe, safe_times.TooMany):
        raise WrongAnswer({"when": TIME_IS_GONE}) from None


def contact(form: Mapping[str, str], *, has_name: bool, present: SafeContact, now: datetime) -> SafeContact:
    """The present permissions with the page's answers in them. Raises WrongAnswer.

    The last two questions may be left out, and so may the safe word: then a word that was given before stays.
    """
    allowed = contact_options(has_name=has_name, now=now)
    given = {field: form.get(field, "") for field in allowed}
    wrong = {
        field: CHOOSE[field]
        for field, options in allowed.items()
        if given[field] not in {option[0] for option in options} and (given[field] or field in ASKED_ALWAYS)
    }
    try:
        word = read_piece("safe_word", typed, now=now, drama_allowed=False) if (typed := form.get("safe_word")) else ""
    except Unacceptable:
        wrong["safe_word"] = WORD_TOO_LONG
        word = ""
    if wrong:
        raise WrongAnswer(wrong)
    return replace(
        present,
        voicemail=MessageRule(given["voicemail"]),
        sms=MessageRule(given["sms"]),
        third_party=ThirdParty(given["third_party"]),
        phone_owner=PhoneOwner(given["phone_owner"]) if given["phone_owner"] else None,
        safe_word=word or present.safe_word,
        do_not_contact_after=choices.end_of_day(given["not_after"], zone=service_zone()),
    )


def contact_options(*, has_name: bool, now: datetime) -> dict[str, tuple[choices.Option, ...]]:
    """The questions with a choice and what can be chosen, in the order of the page."""
    return {
        "voicemail": choices.spoken(choices.VOICEMAIL),
        "sms": choices.spoken(choices.SMS),
        "third_party": choices.third_party(has_name=has_name),
        "phone_owner": choices.spoken(choices.PHONE_OWNER),
        "not_after": choices.last_days(zone=service_zone(), now=now),
    }


def contact_values(contact: SafeContact) -> dict[str, Any]:
    """Permissions as the values of the page's fields; never the safe word, which is shown to nobody."""
    return {
        "voicemail": contact.voicemail,
        "sms": contact.sms,
        "third_party": contact.third_party,
        "phone_owner": contact.phone_owner or "",
        "not_after": choices.last_day(contact.do_not_contact_after, zone=service_zone()),
    }


def our_number() -> str:
    """The number that the visitor will see, as people read it out."""
    dialled: str = current_app.config["TWILIO_CALLER_ID"]
    try:
        return parse(dialled, drama_allowed=True).spoken
    except NumberNotAllowed:  # a number from abroad is shown as it is
        return dialled

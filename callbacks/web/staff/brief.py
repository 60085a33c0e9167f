"""The call brief: what a counsellor must know before and while they speak to somebody, in the order of the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from callbacks.domain.asking import Strength
from callbacks.domain.codes import (
    BladderSign,
    Coded,
    ContactOutcome,
    Flag,
    PhoneOwner,
    Relationship,
    Substance,
    WithdrawalSign,
)
from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.domain.triage import Flags, triage
from callbacks.models import AttemptRow, CallbackRow
from callbacks.web.staff import moments, wording
from notifications.domain.call import CallState
from rota.domain.wording import LANGUAGES

_SIGNS: Mapping[str, type[Coded]] = {
    Flag.WITHDRAWAL_RED_FLAG: WithdrawalSign,
    Flag.BLADDER_RED_FLAG: BladderSign,
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A few words in a coloured frame; the colour never says anything alone."""

    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One earlier attempt."""

    number: int
    at: str
    counsellor: str
    because: str
    result: str
    talked: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class SafeLines:
    """What is safe to do and say, word for word."""

    somebody_else: str
    voicemail: str
    texts: str
    caller: str
    phone_owner: str
    not_after: str
    allows_voicemail: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything on the card."""

    reference: str
    name: str
    urgency: Tag
    language: str
    is_other_language: bool
    for_whom: str
    wish: str
    message: str
    substances: tuple[str, ...]
    rules: tuple[str, ...]
    told: tuple[str, ...]
    advice: tuple[str, ...]
    safe: SafeLines
    waited: str
    goes_first: bool


def brief_of(callback: CallbackRow, *, allowed: SafeContact, my_first_name: str, now: datetime) -> Brief:
    """The card of one request; the safe word is not on it (`script_of` has it, for the call at hand only).

    `allowed`: what is in force (`queries.contact_in_force`), which may be less than the visitor's own answers.
    """
    rules = [rule for rule in callback.triage_rules if rule != "T15"] or ["T15"]
    return Brief(
        reference=callback.reference,
        name=callback.name,
        urgency=urgency_tag(callback),
        language=LANGUAGES.get(callback.language, callback.language),
        is_other_language=callback.language != "en",
        for_whom=Relationship(callback.for_whom).label,
        wish=_wish(callback),
        message=callback.message,
        substances=tuple(Substance(code).label for code in callback.substances),
        rules=tuple(wording.RULES.get(rule, rule) for rule in rules),
        told=told(callback.flags),
        advice=tuple(wording.ADVICE[advice] for advice in triage(callback.flags, callback.substances).advice),
        safe=_safe(callback, allowed, my_first_name=my_first_name, now=now),
        waited=moments.lasting(now - callback.asked_at),
        goes_first=callback.goes_first,
    )


def urgency_tag(callback: CallbackRow) -> Tag:
    """The urgency in its frame."""
    return Tag(wording.URGENCY[callback.as_urgency], wording.URGENCY_KINDS[callback.as_urgency])


def script_of(callback: CallbackRow) -> tuple[str, ...]:
    """What to say, in order, until it is sure who is on the line."""
    hello = wording.ASK_FOR.format(name=callback.name) if callback.name else wording.ASK_WHETHER
    safe_word = [wording.SAFE_WORD.format(word=callback.safe_word)] if callback.safe_word else []
    return (hello, wording.PRIVATE, *safe_word, wording.NOW_SAY, wording.HANG_UP_EASILY)


def told(flags: Flags) -> tuple[str, ...]:
    """What they answered, except for every plain no: "Pregnant: not sure"."""
    lines: list[str] = []
    for flag in Flag:
        given = flags.get(flag, "no")
        if isinstance(given, list):
            signs = ", ".join(_SIGNS[flag](sign).label.lower() for sign in given)
            lines += [f"{flag.label}: {signs}"] if signs else []
        elif given != "no":
            lines.append(f"{flag.label}: {given.replace('_', ' ')}")
    return tuple(lines)


def attempt_line(attempt: AttemptRow, *, names: Mapping[int, str], now: datetime) -> AttemptLine:
    """One attempt in words."""
    result = wording.CALL_STATES[CallState(attempt.result)] if attempt.result else "Under way"
    is_owed = attempt.owes_outcome and attempt.contact_outcome is None
    outcome = ContactOutcome(attempt.contact_outcome).label if attempt.contact_outcome else ""
    return AttemptLine(
        number=attempt.number,
        at=moments.at(attempt.started_at, now=now),
        counsellor=names.get(attempt.counsellor_id, "Somebody"),
        because=attempt.because,
        result=result,
        talked=_lasted(attempt),
        outcome="Missing" if is_owed else outcome,
        note=attempt.note or "",
    )


def _lasted(attempt: AttemptRow) -> str:
    """How long the two talked, and how long after the counsellor's shift was over."""
    talked = f"{attempt.talked_s // 60} min {attempt.talked_s % 60} s" if attempt.talked_s else ""
    over = f"{ceil(attempt.overtime_s / 60)} min after the shift was over" if attempt.overtime_s else ""
    return ", ".join(part for part in (talked, over) if part)


def _wish(callback: CallbackRow) -> str:
    wish = callback.as_wish()
    if wish is None:
        return ""
    who = {"female": "a woman", "male": "a man"}[wish.value]
    return f"Only {who}" if wish.strength is Strength.ONLY else f"Would rather speak to {who}"


def _safe(callback: CallbackRow, allowed: SafeContact, *, my_first_name: str, now: datetime) -> SafeLines:
    contact = allowed.for_name(callback.name)
    return SafeLines(
        somebody_else=wording.SOMEBODY_ELSE[contact.third_party].format(name=callback.name),
        voicemail=wording.VOICEMAIL[contact.voicemail].format(me=my_first_name),
        texts=wording.SMS[contact.sms],
        caller=wording.CALLER_ID[contact.caller_id],
        phone_owner=wording.PHONE_OWNERS[PhoneOwner(callback.phone_owner)] if callback.phone_owner else "",
        not_after=moments.at(contact.do_not_contact_after, now=now) if contact.do_not_contact_after else "",
        allows_voicemail=contact.voicemail is not MessageRule.NO,
    )

"""What the staff forms take: typed words become values, or a sentence for each field that cannot be taken.

Nothing typed is ever lost: the page shows it again. The guard has checked the form's token before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from callbacks.domain.agreed import Agreed
from callbacks.domain.codes import (
    REACHED,
    BlockedFor,
    BlockReason,
    CaseOutcome,
    Coded,
    ContactOutcome,
    HoldReason,
    ReferralType,
    UrgencyReason,
)
from callbacks.domain.triage import Urgency
from callbacks.operations.finish_call import Outcome, Referral
from callbacks.operations.record_outcome import CONVERSATION
from callbacks.web.staff import wording

LONGEST_NOTE = 4_000  # characters; a page of writing
LONGEST_PROVIDER = 200
LONGEST_PLAN = 500
LONGEST_COUNSELLOR = 9  # digits of a counsellor's id
LONGEST_ID = 18  # digits; what the database's largest number can hold

CONTACT_CHOICES: Final[tuple[ContactOutcome, ...]] = (
    ContactOutcome.ANSWERED_RIGHT_PERSON,
    ContactOutcome.ANSWERED_NOT_SAFE,
    ContactOutcome.ANSWERED_OTHER_PERSON,
    ContactOutcome.VERIFICATION_FAILED,
    ContactOutcome.VOICEMAIL_REACHED_NONE_LEFT,
    ContactOutcome.VOICEMAIL_LEFT,
    ContactOutcome.CALL_DROPPED,
    ContactOutcome.EMERGENCY_TRANSFERRED,
    ContactOutcome.NUMBER_WRONG,
    ContactOutcome.ABUSIVE_OR_HOAX,
    ContactOutcome.TECHNICAL_FAILURE,
)
"""What only the person who was on the line can say; an engaged or unanswered line the telephone network reports."""

CASE_CHOICES: Final[tuple[CaseOutcome, ...]] = tuple(
    case for case in CaseOutcome if case not in (CaseOutcome.NOT_REACHED, CaseOutcome.DUPLICATE)
)
"""The two that are left out follow from attempts, or are a supervisor's."""

_NEED_NO_TALK: Final = frozenset(
    {
        CaseOutcome.CRISIS_HANDOVER,
        CaseOutcome.SAFEGUARDING_RAISED,
        CaseOutcome.DECLINED_SERVICE,
        CaseOutcome.UNSAFE_CLOSED,
        CaseOutcome.OUT_OF_SCOPE,
        CaseOutcome.WRONG_NUMBER,
        CaseOutcome.SPAM,
    }
)
"""What can come of a request although nobody spoke to the person."""

C = TypeVar("C", bound=Coded)


class NotUnderstood(ValueError):
    """Some fields cannot be taken; `errors` has a sentence for each."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("some fields cannot be taken")
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class OutcomeEntry:
    """The outcome form as somebody filled it in."""

    attempt_id: int
    outcome: Outcome
    referral: Referral | None
    stays_away: bool


def read_outcome(form: Mapping[str, str]) -> OutcomeEntry:
    """Raises NotUnderstood."""
    errors: dict[str, str] = {}
    contact, case = _code(ContactOutcome, form, "contact"), _code(CaseOutcome, form, "case")
    if contact is None or contact not in CONTACT_CHOICES:
        errors["contact"] = wording.CHOOSE_CONTACT
    elif contact in CONVERSATION and case is None:
        errors["case"] = wording.CHOOSE_CASE
    elif case is not None and case not in _NEED_NO_TALK and contact not in REACHED:
        errors["case"] = wording.NOT_AFTER_NO_TALK
    note = _text(form, "note", LONGEST_NOTE, wording.NOTE_TOO_LONG, errors)
    referral = _referral(form, errors)
    if case is CaseOutcome.REFERRED_CONSENT and referral is None and "kind" not in errors:
        errors["kind"] = wording.REFERRAL_NEEDED
    if errors or contact is None:
        raise NotUnderstood(errors)
    return OutcomeEntry(
        attempt_id=_attempt(form),
        outcome=Outcome(contact, case, note),
        referral=referral,
        stays_away=form.get("then") == "away",
    )


DRAFTED: Final = ("contact", "case", "note", "kind", "provider", "consent", "referral_note")
"""The fields of the outcome form that are kept before they are recorded."""


def read_draft(form: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    """An attempt, and what is filled in of its outcome so far, understood or not. Raises NotUnderstood."""
    errors: dict[str, str] = {}
    longest = {"note": LONGEST_NOTE, "referral_note": LONGEST_NOTE}
    fields = {name: _text(form, name, longest.get(name, LONGEST_PROVIDER), "", errors) for name in DRAFTED}
    if errors:
        raise NotUnderstood(
            {name: wording.PROVIDER_TOO_LONG if name == "provider" else wording.NOTE_TOO_LONG for name in errors}
        )
    return _attempt(form), fields


def _attempt(form: Mapping[str, str]) -> int:
    """The attempt that a form is about; 0, which is nobody's, for anything else."""
    typed = form.get("attempt", "")
    return int(typed) if typed.isdecimal() and len(typed) <= LONGEST_ID else 0


def read_referral(form: Mapping[str, str]) -> Referral:
    """A referral on its own. Raises NotUnderstood."""
    errors: dict[str, str] = {}
    referral = _referral(form, errors)
    if referral is None and not errors:
        errors["kind"] = wording.CHOOSE_KIND
    if errors or referral is None:
        raise NotUnderstood(errors)
    return referral


def read_urgency(form: Mapping[str, str]) -> tuple[Urgency, UrgencyReason | None]:
    """Raises NotUnderstood."""
    typed = form.get("urgency", "")
    if typed not in set(Urgency):
        raise NotUnderstood({"urgency": wording.CHOOSE_URGENCY})
    return Urgency(typed), _code(UrgencyReason, form, "reason")


def read_closing(form: Mapping[str, str]) -> CaseOutcome:
    """Raises NotUnderstood."""
    case = _code(CaseOutcome, form, "closing")
    if case is None:
        raise NotUnderstood({"closing": wording.CHOOSE_CLOSING})
    return case


def read_plan(form: Mapping[str, str]) -> tuple[Agreed, str]:
    """Raises NotUnderstood."""
    errors: dict[str, str] = {}
    note = _text(form, "plan_note", LONGEST_PLAN, wording.PLAN_TOO_LONG, errors)
    who, hours = form.get("plan_counsellor", ""), form.get("plan_hours", "")
    if (who and not (who.isdecimal() and len(who) <= LONGEST_COUNSELLOR)) or hours not in wording.PLAN_HOURS:
        errors["plan_counsellor"] = wording.CHOOSE_PLAN
    if errors:
        raise NotUnderstood(errors)
    from_, until = wording.PLAN_HOURS[hours][1] or (None, None)
    return Agreed(int(who) if who else None, from_, until), note


def read_hold(form: Mapping[str, str]) -> HoldReason:
    """Raises NotUnderstood."""
    because = _code(HoldReason, form, "held_because")
    if because is None:
        raise NotUnderstood({"held_because": wording.CHOOSE_HOLD})
    return because


def read_block(form: Mapping[str, str]) -> tuple[BlockReason, BlockedFor]:
    """Raises NotUnderstood."""
    because, lasts = _code(BlockReason, form, "because"), _code(BlockedFor, form, "lasts")
    if because is None or lasts is None:
        raise NotUnderstood({"because" if because is None else "lasts": wording.CHOOSE_BLOCK})
    return because, lasts


def _code(codes: Callable[[str], C], form: Mapping[str, str], field: str) -> C | None:
    try:
        return codes(form.get(field, ""))
    except ValueError:
        return None


def _text(form: Mapping[str, str], field: str, longest: int, too_long: str, errors: dict[str, str]) -> str:
    text = form.get(field, "").strip()
    if len(text) > longest:
        errors[field] = too_long
    return text


def _referral(form: Mapping[str, str], errors: dict[str, str]) -> Referral | None:
    """The referral part of a form; None when all of it was left empty."""
    kind = _code(ReferralType, form, "kind")
    provider = _text(form, "provider", LONGEST_PROVIDER, wording.PROVIDER_TOO_LONG, errors)
    note = _text(form, "referral_note", LONGEST_NOTE, wording.NOTE_TOO_LONG, errors)
    agreed = form.get("consent") == "yes"
    if kind is None and not (provider or note or agreed):
        return None
    if kind is None:
        errors["kind"] = wording.CHOOSE_KIND
    if not provider:
        errors["provider"] = wording.ENTER_PROVIDER
    if not agreed:
        errors["consent"] = wording.CONSENT_NEEDED
    return None if kind is None else Referral(kind, provider, agreed, note)

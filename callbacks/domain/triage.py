"""How urgent a request is: the rules T01 to T15, in order, with no score and no guess.

Facts in, a rule out. Suicide risk is never scored (NICE NG225), free text is never read, and a person can always raise
the urgency, or lower it with a reason. The highest urgency wins; every rule that applied is stored by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from callbacks.domain.codes import (
    BLADDER_EMERGENCIES,
    DANGEROUS_TO_STOP,
    OPIOIDS,
    BladderSign,
    Flag,
    Substance,
)


class Urgency(StrEnum):
    """How soon somebody must ring, most urgent first; the codes of the NHS clinical response priorities."""

    EMERGENCY = "emergency"
    """Immediate danger. A call from us never replaces 999."""
    VERY_URGENT = "very_urgent"
    """Within half an hour; a supervisor sees it."""
    URGENT = "urgent"
    """Within two hours."""
    ROUTINE = "routine"
    """Within the chosen window, else within a day."""


FIRST_RING_WITHIN: Final[dict[Urgency, timedelta]] = {
    Urgency.EMERGENCY: timedelta(minutes=5),
    Urgency.VERY_URGENT: timedelta(minutes=30),
    Urgency.URGENT: timedelta(hours=2),
    Urgency.ROUTINE: timedelta(hours=24),
}
"""Our own targets for the first ring, not national ones; a chosen window comes before the routine target."""


class Advice(StrEnum):
    """What the visitor is shown, or the counsellor reminded of, because of a rule."""

    CALL_999 = "call_999"
    """Ring 999 now; shown before the request is sent, which may still be sent."""
    CRISIS_LINES = "crisis_lines"
    """NHS 111 option 2, Samaritans, Shout."""
    DO_NOT_STOP_SUDDENLY = "do_not_stop_suddenly"
    """Stopping this suddenly can be dangerous: keep to a steady amount until you have spoken to a doctor."""
    DOCTOR_TODAY = "doctor_today"
    """Ring 111 or go to A&E today."""
    GP_OR_UROLOGY = "gp_or_urology"
    """Offer a GP or urology referral."""
    NALOXONE = "naloxone"
    """Tolerance falls within days; offer naloxone."""
    YOUNG_PEOPLE = "young_people"
    """Childline, for anybody under 19."""
    DOMESTIC_ABUSE = "domestic_abuse"
    """Domestic abuse help, only after we are sure who is on the line."""


class Answer(StrEnum):
    """One answer to one question."""

    YES = "yes"
    NOT_SURE = "not_sure"
    NO = "no"


Flags = Mapping[str, str | list[str]]
"""Answers by flag code: "yes", "no" or "not_sure"; for the two lists of signs also the codes of those there."""


@dataclass(frozen=True, slots=True)
class Triage:
    """What the rules say about a request."""

    urgency: Urgency
    rules: tuple[str, ...]
    needs_review: bool
    """A supervisor should look at it. This never delays the call."""
    advice: tuple[Advice, ...]
    strict_contact: bool
    """The strictest safe-contact settings apply, whatever else was chosen."""
    tells_safeguarding: bool
    """The safeguarding lead is told."""
    young_people_only: bool
    """Only a counsellor with the young-people skill may ring."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the visitor told us."""

    flags: Flags
    substances: frozenset[str]

    def said(self, flag: Flag) -> Answer:
        """The answer to one flag; a list of signs with at least one entry is a yes. No answer counts as no."""
        given = self.flags.get(flag, Answer.NO)
        if isinstance(given, str):
            return Answer(given)
        return Answer.YES if given else Answer.NO

    def bladder(self, *, red_flags: bool) -> Answer:
        """Whether there are bladder signs: those that need a doctor today, or the others."""
        given = self.flags.get(Flag.BLADDER_RED_FLAG, Answer.NO)
        if isinstance(given, str):
            return Answer(given) if red_flags else Answer.NO
        is_red = any(BladderSign(sign) in BLADDER_EMERGENCIES for sign in given)
        return _yes_if(bool(given) and is_red == red_flags)

    def uses(self, among: Iterable[Substance]) -> Answer:
        """Whether one of these substances was named; "more than one thing" and "not sure" might hide one."""
        if self.substances & set(among):
            return Answer.YES
        hidden = self.substances & {Substance.SEVERAL, Substance.NOT_SURE}
        return Answer.NOT_SURE if hidden else Answer.NO


def _yes_if(claim: bool) -> Answer:
    return Answer.YES if claim else Answer.NO


def _both(first: Answer, second: Answer) -> Answer:
    answers = {first, second}
    return next(answer for answer in (Answer.NO, Answer.NOT_SURE, Answer.YES) if answer in answers)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the policy."""

    id: str
    applies: Callable[[Told], Answer]
    urgency: Urgency
    advice: tuple[Advice, ...] = ()
    needs_review: bool = False
    tells_safeguarding: bool = False
    young_people_only: bool = False
    strict_contact: bool = False


U, A = Urgency, Advice

RULES: Final[tuple[Rule, ...]] = (
    Rule("T01", lambda told: told.said(Flag.IMMEDIATE_DANGER), U.EMERGENCY, (A.CALL_999,)),
    Rule("T02", lambda told: told.said(Flag.OVERDOSE_NOW), U.EMERGENCY, (A.CALL_999,)),
    Rule("T03", lambda told: told.said(Flag.SELF_HARM_IN_PROGRESS), U.EMERGENCY, (A.CALL_999,)),
    Rule("T04", lambda told: told.said(Flag.WITHDRAWAL_RED_FLAG), U.EMERGENCY, (A.CALL_999,)),
    Rule("T05", lambda told: told.said(Flag.SUICIDAL_THOUGHTS), U.VERY_URGENT, (A.CRISIS_LINES,), needs_review=True),
    Rule(
        "T06",
        lambda told: _both(told.said(Flag.STOPPED_SUDDENLY), told.uses(DANGEROUS_TO_STOP)),
        U.VERY_URGENT,
        (A.DO_NOT_STOP_SUDDENLY,),
    ),
    Rule(
        "T07",
        lambda told: told.said(Flag.UNDER_18),
        U.URGENT,
        (A.YOUNG_PEOPLE,),
        tells_safeguarding=True,
        young_people_only=True,
    ),
    Rule("T08", lambda told: told.said(Flag.CHILD_AT_RISK), U.VERY_URGENT, tells_safeguarding=True),
    Rule("T09", lambda told: told.said(Flag.PREGNANT), U.URGENT),
    Rule("T10", lambda told: told.bladder(red_flags=True), U.VERY_URGENT, (A.DOCTOR_TODAY,)),
    Rule("T10a", lambda told: told.bladder(red_flags=False), U.URGENT, (A.GP_OR_UROLOGY,)),
    Rule("T11", lambda told: told.said(Flag.UNSAFE_AT_HOME), U.ROUTINE, (A.DOMESTIC_ABUSE,), strict_contact=True),
    Rule(
        "T12",
        lambda told: _both(told.said(Flag.RECENT_PRISON_OR_DETOX_EXIT), told.uses(OPIOIDS)),
        U.URGENT,
        (A.NALOXONE,),
    ),
    Rule(
        "T13",
        lambda told: _both(told.said(Flag.INJECTING), told.said(Flag.INFECTION_SIGNS)),
        U.URGENT,
        (A.DOCTOR_TODAY,),
    ),
)
"""T14 (not sure) and T15 (otherwise) are about the other rules and stand in `triage`."""

NOT_SURE_IS: Final[dict[Urgency, Urgency]] = {
    U.EMERGENCY: U.VERY_URGENT,
    U.VERY_URGENT: U.URGENT,
    U.URGENT: U.URGENT,
    U.ROUTINE: U.URGENT,
}
"""T14: one level below what a yes would mean, never below urgent."""


def triage(flags: Flags, substances: Sequence[str]) -> Triage:
    """What the rules say. Raises ValueError for an answer or a sign that is not on the lists."""
    told = Told(flags, frozenset(substances))
    answers = {rule: rule.applies(told) for rule in RULES}
    certain = [rule for rule, answer in answers.items() if answer is Answer.YES]
    unsure = [rule for rule, answer in answers.items() if answer is Answer.NOT_SURE]
    is_unsure = bool(unsure) or any(given == Answer.NOT_SURE for given in flags.values())
    levels = [rule.urgency for rule in certain] + [NOT_SURE_IS[rule.urgency] for rule in unsure]
    if is_unsure:
        levels.append(Urgency.URGENT)
    # whoever may be at risk is treated as if they were, so caution and advice follow "not sure" as they follow "yes"
    heeded = [rule for rule in RULES if answers[rule] is not Answer.NO]
    return Triage(
        urgency=min(levels, key=list(Urgency).index, default=Urgency.ROUTINE),
        rules=(*(rule.id for rule in certain), *(["T14"] if is_unsure else [])) or ("T15",),
        needs_review=is_unsure or any(rule.needs_review for rule in certain),
        advice=tuple(dict.fromkeys(advice for rule in heeded for advice in rule.advice)),
        strict_contact=any(rule.strict_contact for rule in heeded),
        tells_safeguarding=any(rule.tells_safeguarding for rule in heeded),
        young_people_only=any(rule.young_people_only for rule in heeded),
    )

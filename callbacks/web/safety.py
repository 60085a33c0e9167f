"""The questions about safety: which pages ask them, in which words, and how their answers are read.

All of them may be left out, each has "not sure", and nobody is asked before they have said that they may be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from werkzeug.datastructures import MultiDict

from callbacks.domain.codes import BladderSign, Flag, Substance, WithdrawalSign
from callbacks.domain.triage import Advice, Answer, Triage, Urgency, triage
from callbacks.web.choices import Option, spoken
from callbacks.web.draft import Draft
from foundation.language import mark, said
from foundation.web.help_lines import CHILDLINE, SHOUT, corrected

ANSWERS: Final[tuple[Option, ...]] = (
    (Answer.YES, mark("Yes")),
    (Answer.NO, mark("No")),
    (Answer.NOT_SURE, mark("Not sure")),
)

NONE: Final = "none"
_NONE: Final[Option] = (NONE, mark("None of these"))
_NOT_SURE: Final[Option] = (Answer.NOT_SURE, mark("Not sure"))


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `signs` holds what can be ticked, none for a question of yes or no."""

    field: str
    legend: str
    hint: str = ""
    signs: tuple[Option, ...] = ()

    def spoken(self) -> Question:
        """The question in the language of the moment."""
        return replace(self, legend=said(self.legend), hint=said(self.hint), signs=spoken(self.signs))


def _signs(*codes: WithdrawalSign | BladderSign) -> tuple[Option, ...]:
    return (*((code, code.label) for code in codes), _NONE, _NOT_SURE)


PAGES: Final[dict[str, tuple[Question, ...]]] = {
    "danger": (
        Question(Flag.IMMEDIATE_DANGER, mark("Is anyone in danger of being badly hurt right now?")),
        Question(
            Flag.OVERDOSE_NOW,
            mark("Has anyone taken too much of something?"),
            mark("They cannot be woken, they struggle to breathe, or they are turning blue or grey."),
        ),
        Question(Flag.SELF_HARM_IN_PROGRESS, mark("Is anyone hurting themselves right now?")),
        Question(
            Flag.SUICIDAL_THOUGHTS,
            mark("Are there thoughts of suicide?"),
            mark("You can say so here. Nobody will think less of you."),
        ),
    ),
    "health": (
        Question(
            "substances",
            mark("What is this about?"),
            mark("Choose all that fit."),
            tuple((s, s.label) for s in Substance),
        ),
        Question(Flag.STOPPED_SUDDENLY, mark("Has it been stopped suddenly, or is that about to happen?")),
        Question(
            Flag.WITHDRAWAL_RED_FLAG,
            mark("Have any of these come up since stopping or cutting down?"),
            "",
            _signs(*WithdrawalSign),
        ),
        Question(
            Flag.BLADDER_RED_FLAG,
            mark("Are there problems with peeing?"),
            mark("They are common with ketamine, and they can be treated."),
            _signs(*BladderSign),
        ),
    ),
    "about": (
        Question(
            Flag.UNDER_18,
            mark("Is the person this is about under 18?"),
            mark("Then someone who works with young people will ring."),
        ),
        Question(Flag.PREGNANT, mark("Is the person pregnant?")),
        Question(Flag.CHILD_AT_RISK, mark("Are you worried that a child is not safe?")),
        Question(
            Flag.UNSAFE_AT_HOME,
            mark("Is it unsafe at home?"),
            mark("Then we leave no message, send no text, and say it was a wrong number if someone else answers."),
        ),
        Question(
            Flag.RECENT_PRISON_OR_DETOX_EXIT,
            mark("Has the person left prison, hospital or detox in the last weeks?"),
            mark("After a break the body takes much less than before."),
        ),
        Question(Flag.INJECTING, mark("Does the person inject?")),
        Question(Flag.INFECTION_SIGNS, mark("Is the skin, an arm or a leg red, hot, swollen or sore?")),
    ),
}
"""The pages in their order, each with its questions."""

TOLD: Final[dict[Advice, str]] = {
    Advice.CALL_999: mark("If someone is in danger, ring 999 now. Do not wait for our call."),
    Advice.CRISIS_LINES: mark(
        "You do not have to wait for us. You can talk to someone now: ring one of the numbers at the top of this page, "
        "or text SHOUT to {shout}. It is free, day and night."
    ),
    Advice.DO_NOT_STOP_SUDDENLY: mark(
        "Some things are dangerous to stop all at once. Do not stop suddenly. Keep to a small, even amount until you "
        "have spoken to a doctor."
    ),
    Advice.DOCTOR_TODAY: mark("Someone should look at this today. Ring 111, or go to A&E."),
    Advice.GP_OR_UROLOGY: mark("A GP can help with this. We can talk about how to get seen."),
    Advice.NALOXONE: mark(
        "After a break the body takes much less than before, and the old amount can kill. Naloxone can bring someone "
        "back. Pharmacies and drug services give it out free in many places. We can tell you where."
    ),
    Advice.YOUNG_PEOPLE: mark("If you are under 19, you can also ring Childline at any hour: {childline}. It is free."),
}
"""What the confirmation says because of a rule. It names no substance. Help with abuse at home is left to the call."""


def answers(page: str, form: MultiDict[str, str], draft: Draft) -> Draft:
    """The draft with the answers of one page; whatever is not on the lists counts as not answered."""
    flags, substances = dict(draft.flags), draft.substances
    for question in PAGES[page]:
        codes = {option[0] for option in question.signs or ANSWERS}
        given = [code for code in form.getlist(question.field) if code in codes]
        if question.field == "substances":
            substances = tuple(dict.fromkeys(given))
            continue
        answer = _answer(given) if question.signs else next(iter(given), None)
        if answer is None:
            flags.pop(question.field, None)
        else:
            flags[question.field] = answer
    return replace(draft, flags=flags, substances=substances)


def _answer(ticked: Sequence[str]) -> str | list[str] | None:
    """Signs that were ticked win over "none" and "not sure", and "not sure" over "none"."""
    signs = [code for code in ticked if code not in (NONE, Answer.NOT_SURE)]
    if signs:
        return signs
    if Answer.NOT_SURE in ticked:
        return Answer.NOT_SURE
    return Answer.NO if NONE in ticked else None


def chosen(question: Question, draft: Draft) -> list[str]:
    """The values to tick when the page is shown again."""
    if question.field == "substances":
        return list(draft.substances)
    given = draft.flags.get(question.field)
    if given is None:
        return []
    if isinstance(given, list):
        return given
    return [NONE] if question.signs and given == Answer.NO else [given]


def verdict(draft: Draft) -> Triage:
    """What the rules say so far."""
    return triage(draft.flags, draft.substances)


def is_emergency(draft: Draft) -> bool:
    """Whether somebody must ring 999 before anything else; "not sure" is treated like yes here."""
    found = verdict(draft)
    return found.urgency is Urgency.EMERGENCY or Advice.CALL_999 in found.advice


def advice(found: Triage) -> tuple[str, ...]:
    """What the confirmation says."""
    numbers = {"shout": corrected(SHOUT).number, "childline": corrected(CHILDLINE).number}
    return tuple(said(TOLD[one], **numbers) for one in found.advice if one in TOLD)

"""The sentences of a request's history, as a supervisor reads them. None holds a name, a number or a reason to ring."""

from __future__ import annotations

from callbacks.domain.absence import Absence
from callbacks.domain.matching import Block
from notifications.domain.call import CallState

ASKED = {
    "web": "The request arrived through our pages.",
    "api": "The request arrived through the API.",
    "website": "The request arrived through a website of ours.",
}
"""By channel."""
TRIAGED = "Rules {rules} gave it the urgency “{urgency}”."
HELD = "It waits for a supervisor: {reason}."
ASSIGNED = "Given to {counsellor}: {because} On duty by shift {shift} of the rota, in its version {version}."
CALL_WORDS: dict[CallState, str] = {
    CallState.RINGING: "{counsellor}'s telephone rings.",
    CallState.PROMPTED: "{counsellor}'s telephone was answered.",
    CallState.CONNECTING: "{counsellor} pressed 1.",
    CallState.VISITOR_RINGING: "The visitor's telephone rings.",
    CallState.VISITOR_ANSWERED: "The visitor's telephone was answered.",
    CallState.BRIDGED: "The two are connected.",
    CallState.FINISHED: "The call is over. It lasted {talked}.",
    CallState.UNREACHED: "{counsellor} could not be reached.",
    CallState.NOT_TAKEN: "{counsellor} did not take the call.",
    CallState.REFUSED: "{counsellor}'s number cannot be rung.",
    CallState.NOT_CARRIED: "The telephone company could not carry the call. Nobody is to blame for it.",
    CallState.LOST: "The call never reached the telephone company.",
    CallState.WITHHELD: "The call was not placed: it was no longer safe or wanted at that moment.",
    CallState.CANCELLED: "The call was stopped.",
    CallState.ABANDONED: "{counsellor}'s line went before the two were connected. This is our failure.",
    CallState.BUSY: "The visitor's line was engaged.",
    CallState.NO_ANSWER: "The visitor did not answer.",
    CallState.VISITOR_FAILED: "The visitor's number could not be connected.",
    CallState.HUNG_UP: "The visitor's telephone was answered and put down before the two were connected.",
}
TRY_AGAIN = "We will try again from {at}."
GAVE_UP = "Every allowed ring was made. The request is closed."
RAN_OUT = "The last safe time passed before anybody could be rung. This is our failure."
OUTCOME = "{who} recorded: {contact}."
CONCLUDED = "Finished: {case}."
REFERRED = "Referred with consent: {kind}."
FORGOTTEN = "It was kept for as long as it was needed. The visitor's details were erased."
HELD_BY_LAW = "A supervisor has it kept: the law asks for it."
HOLD_LIFTED = "It is no longer kept for longer than others."
REMINDED = "The counsellor was reminded that what came of the call is not written down."
OUTCOME_MISSING = "Nobody has said what came of the call."
WITHDRAWN = "The visitor cancelled the request."
CHANGED = "The visitor changed {what}."
BACK_IN_QUEUE = "What it was held for is settled, so it is back in the queue."
NOBODY_ABLE = "Nobody on the team may ring for it: nobody has the language, the skill or the gender that it needs."
RELEASED = "A supervisor put it back in the queue."
CLOSED_BY_SUPERVISOR = "A supervisor closed it: {case}."
TEXT_ORDERED = "A {purpose} text was ordered."
OPTED_OUT = "The visitor replied STOP: no more texts. Calls go on as agreed."
NOT_THEM = "The owner of this number has told us that they did not ask. It is not rung for whoever asks from there."
SAID_NOT_THEM = "Whoever has this number says that the call is not for them. It is not rung again for whoever asked."
LEAD_TOLD = "The lead on call is told: this emergency waits, and nobody could be given it."
SAID_SORRY = "The visitor is told that it may be later than we promised."
NUMBER_BLOCKED = "The number is blocked: it is not rung or texted for anybody. A supervisor decides."
BLOCKED_BY = "A supervisor blocked the number: {because}."
UNBLOCKED = "A supervisor lifted the block on the number."
ASKED_OFTEN = "Many calls were asked for to this number today. A supervisor looks before anybody is rung."
PLAN_AGREED = "A supervisor noted what was agreed with them: who rings, and when."
PLAN_ENDED = "A supervisor ended what was agreed with them."
PLAN_HOLDS = "It was agreed when they are rung: the first try waits for that time."
LOOKS_MADE = "It came in a flood of requests and looks made by a machine. A supervisor looks before anybody is rung."
ERASED = "The visitor's details were erased."
RESTRICTED = "The visitor wanted their details erased. They are kept for safeguarding and used for nothing else."
URGENCY_RAISED = "The urgency was raised from “{before}” to “{after}”{because}."
URGENCY_LOWERED = "The urgency was lowered from “{before}” to “{after}”{because}."

ABSENCES: dict[Absence, str] = {
    Absence.NOT_ON_SHIFT: "Not on shift",
    Absence.LAST_MINUTES: "In the last minutes of the shift",
    Absence.AWAY: "Away",
    Absence.WRAPPING_UP: "Writing down what came of a call",
    Absence.NOT_RESPONDING: "Missed two offers in a row",
    Absence.PHONE_NOT_CHECKED: "Telephone not checked yet",
}
BLOCKS: dict[Block, str] = {
    Block.NOT_DUE: "Not due yet",
    Block.OUTSIDE_SAFE_TIMES: "Outside the times at which they may be rung",
    Block.NUMBER_BUSY: "Another request for the same number is being rung",
    Block.TAKEN: "Has another call",
    Block.SKILL: "Lacks training that this request needs",
    Block.LANGUAGE: "Does not speak the language",
    Block.GENDER: "They asked to speak only to a woman, or only to a man",
    Block.NAMED: "It was agreed that somebody else, who is on shift, rings them",
    Block.EXCLUDED: "Passed this request on a few minutes ago",
    Block.OUTRANKED: "Gets a request that goes first",
}
RULES: dict[str, str] = {str(rule): words for rule, words in (*ABSENCES.items(), *BLOCKS.items())}
"""Every first rule that can stand between a request and a counsellor."""
IN_THE_WAY = "The rule in the way: {rule}."

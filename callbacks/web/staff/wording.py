"""The words of the staff pages: labels for every code, what to do at each step of a call, and what is refused."""

from __future__ import annotations

from datetime import time
from typing import Final

from callbacks.domain import wording as in_history
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import ContactOutcome, PhoneOwner
from callbacks.domain.lifecycle import IllegalMove, Status
from callbacks.domain.matching import Block
from callbacks.domain.promise import PromiseState
from callbacks.domain.safe_contact import CallerId, MessageRule, ThirdParty
from callbacks.domain.triage import Advice, Urgency
from callbacks.domain.window import WindowClosed
from callbacks.operations.check_help_line import How
from callbacks.operations.finish_call import AlreadyRecorded, CallNotOver, NotTheirCall
from callbacks.operations.open_callback import NoSuchCallback, NotTheirs
from callbacks.operations.record_outcome import NothingOwed
from callbacks.operations.supervise import NoRingsLeft, NumberBarred, OutcomeOwed
from foundation.web.help_lines import CHILDLINE, HELP_NOW
from foundation.web.problems import Problem, Told
from notifications.domain.call import CallState
from notifications.domain.text import TextState
from rota.domain.presence import PresenceState

URGENCY: Final[dict[Urgency, str]] = {
    Urgency.EMERGENCY: "Emergency",
    Urgency.VERY_URGENT: "Very urgent",
    Urgency.URGENT: "Urgent",
    Urgency.ROUTINE: "Routine",
}
URGENCY_KINDS: Final[dict[Urgency, str]] = {
    Urgency.EMERGENCY: "bad",
    Urgency.VERY_URGENT: "warn",
    Urgency.URGENT: "calm",
    Urgency.ROUTINE: "plain",
}

STATUS: Final[dict[Status, str]] = {
    Status.SUBMITTED: "Arriving",
    Status.QUEUED: "Waits to be rung",
    Status.ASSIGNED: "A counsellor’s telephone is being rung",
    Status.IN_CALL: "A counsellor has taken the call",
    Status.RETRY_DUE: "Not reached yet: will be tried again",
    Status.NEEDS_REVIEW: "A supervisor decides what comes next",
    Status.COMPLETED: "Finished",
    Status.CLOSED_NO_CONTACT: "Closed: we could not reach them",
    Status.WITHDRAWN: "Cancelled by the person",
    Status.REJECTED: "Not accepted",
    Status.EXPIRED: "Nobody rang in time: our failure",
    Status.ERASED: "Erased",
}
OUTCOME_AWAITED: Final = "The call is over: its outcome is missing"

REVIEW: Final[dict[ReviewReason, str]] = {
    ReviewReason.POSSIBLE_DUPLICATE: "Another open request has the same number",
    ReviewReason.SAFE_TIMES_OVER: "No safe time is left, and they were not reached",
    ReviewReason.LOOKS_MADE: "It came in a flood of requests and looks made by a machine",
    ReviewReason.NUMBER_FAILS: "The number fails, is wrong, or blocks us",
    ReviewReason.NOT_THE_PERSON: "Twice somebody else answered, or we could not be sure who did",
    ReviewReason.OUTCOME_MISSING: "Nobody has said what came of the call",
    ReviewReason.NOBODY_ABLE: "Nobody on the team has the language, skill or gender that it needs",
    ReviewReason.OUR_FAILURE: "The last allowed ring failed on our side",
    ReviewReason.NOT_THEM: "The owner of this number says that they did not ask",
    ReviewReason.BLOCKED: "The number is blocked",
    ReviewReason.ASKED_OFTEN: "Many calls were asked for to this number today",
    ReviewReason.FLAGGED: "The counsellor’s outcome asks for a supervisor",
    ReviewReason.OTHER: "A supervisor held it",
}

CALL_NOW: Final[dict[CallState, tuple[str, str]]] = {
    CallState.WAITING: ("A call is coming to you", "Your telephone will ring in a moment. Read this first."),
    CallState.PLACING: ("A call is coming to you", "Your telephone will ring in a moment. Read this first."),
    CallState.UNKNOWN: ("A call may be coming to you", "We are finding out. Nothing is dialled twice."),
    CallState.PLACED: ("A call is coming to you", "Your telephone will ring in a moment. Read this first."),
    CallState.RINGING: ("Your telephone is ringing", "Answer it, then press 1 to take the call, or 2 to pass it on."),
    CallState.PROMPTED: ("Press 1 to take the call", "Press 2 to pass it on. Their telephone has not rung yet."),
    CallState.CONNECTING: ("You took the call", "We are about to ring their telephone."),
    CallState.VISITOR_RINGING: ("Their telephone is ringing", "Stay on the line."),
    CallState.VISITOR_ANSWERED: ("Their telephone was answered", "They hear a short greeting. You speak next."),
    CallState.BRIDGED: ("You are connected", "Be sure who it is before you say where you ring from."),
    CallState.CLOSING: ("The call is ending", "In a moment you can say what came of it."),
}
"""For the counsellor whose call it is: what is happening, and what to do."""

CALL_STATES: Final[dict[CallState, str]] = {
    CallState.WAITING: "About to be rung",
    CallState.PLACING: "About to be rung",
    CallState.UNKNOWN: "Being found out",
    CallState.PLACED: "About to be rung",
    CallState.RINGING: "Counsellor’s telephone rings",
    CallState.PROMPTED: "Counsellor answered, has not pressed 1",
    CallState.CONNECTING: "Counsellor pressed 1",
    CallState.VISITOR_RINGING: "Visitor’s telephone rings",
    CallState.VISITOR_ANSWERED: "Visitor answered",
    CallState.BRIDGED: "Talking",
    CallState.CLOSING: "Hanging up",
    CallState.WITHHELD: "Not placed: no longer safe or wanted",
    CallState.REFUSED: "Counsellor’s number cannot be rung",
    CallState.CONFIRMED: "A telephone was confirmed",
    CallState.NOT_CARRIED: "The telephone company could not carry it: nobody’s fault",
    CallState.LOST: "Never reached the telephone company",
    CallState.CANCELLED: "Stopped: the request was cancelled",
    CallState.UNREACHED: "Counsellor could not be reached",
    CallState.NOT_TAKEN: "Counsellor did not take it",
    CallState.ABANDONED: "Counsellor’s line went before they were connected: our failure",
    CallState.BUSY: "Visitor’s line engaged",
    CallState.NO_ANSWER: "Visitor did not answer",
    CallState.VISITOR_FAILED: "Visitor’s number could not be connected",
    CallState.HUNG_UP: "Visitor’s telephone was answered and put down before they were connected",
    CallState.FINISHED: "They talked",
}
"""For supervisors and for the list of attempts."""

TEXT_PURPOSES: Final = {
    "confirmation": "Confirmation",
    "apology": "“It may be later”",
    "cut-off": "“We were cut off”",
    "tried": "“We tried to ring you”",
}
TEXT_STATES: Final[dict[TextState, str]] = {
    TextState.WAITING: "waits to be sent",
    TextState.SENDING: "being sent",
    TextState.SENT: "sent, not yet known to have arrived",
    TextState.DELIVERED: "delivered",
    TextState.UNDELIVERED: "could not be delivered",
    TextState.UNCONFIRMED: "sent; no receipt came, so it may have arrived",
    TextState.WITHHELD: "not sent",
    TextState.REFUSED: "refused by the telephone company",
    TextState.LOST: "perhaps sent: no answer came, and we never send twice",
}
TEXT_WITHHELD: Final[dict[str, str]] = {
    "too_late": "its time was over before it could go out",
    "opted_out": "they had replied STOP",
    "landline": "the number is a landline, where a machine would read a text aloud",
    "no_texts": "they do not allow texts any more",
    "another_number": "they have given another number since",
    "rung_again": "they were about to be rung again",
    "closed": "the request was closed",
    "not_them": "the owner of the number had said that they did not ask",
    "blocked": "the number had been blocked",
    "outside_safe_times": "it was outside the times at which they may be texted",
}
"""Why the safe-contact gate let a text not go."""
NO_TEXTS: Final = "None: they allow no texts."
NO_TEXTS_TO_LANDLINE: Final = "Could not text: it is a landline, where a machine would read a text aloud."
NO_TEXTS_YET: Final = "None so far."

PROMISE: Final[dict[PromiseState, tuple[str, str]]] = {
    PromiseState.OPEN: ("", "plain"),
    PromiseState.ENDANGERED: ("Endangered", "warn"),
    PromiseState.LATE: ("Late", "bad"),
    PromiseState.KEPT: ("Kept", "good"),
    PromiseState.BROKEN: ("Broken", "bad"),
    PromiseState.VOID: ("", "plain"),
    PromiseState.NONE: ("", "plain"),
}
"""A badge for how a promise stands: its words and its kind."""
NOTHING_PROMISED: Final = "Nothing was promised: nobody was on the rota in time"

PRESENCE_MEANS: Final[dict[PresenceState, str]] = {
    PresenceState.AVAILABLE: "While you are on shift, your telephone may ring at any moment.",
    PresenceState.AWAY: "No call is offered to you. A call that is running goes on.",
    PresenceState.WRAPPING_UP: "No call is offered to you until you have said what came of the last one.",
    PresenceState.NOT_RESPONDING: "You missed two offers in a row, so none is made. Say that you are available again.",
}
PRESENCE_KINDS: Final[dict[PresenceState, str]] = {
    PresenceState.AVAILABLE: "good",
    PresenceState.AWAY: "plain",
    PresenceState.WRAPPING_UP: "calm",
    PresenceState.NOT_RESPONDING: "bad",
}
PHONE_NOT_CHECKED: Final = (
    "Nobody has checked your telephone yet, so no call is offered to you. Ask a supervisor to ring it."
)

ABSENCES: Final = in_history.ABSENCES
BLOCKS: Final = in_history.BLOCKS
BLOCKS_ME: Final[dict[Block, str]] = BLOCKS | {
    Block.SKILL: "Needs training that you do not have",
    Block.LANGUAGE: "Needs a language that you do not speak",
    Block.EXCLUDED: "You passed it on a few minutes ago",
}
"""The same, for the counsellor's own page."""
WITHHELD: Final[dict[str, str]] = {
    "too_late": "it had waited too long to be placed",
    "cancelled": "it was withdrawn meanwhile",
    "on_the_line": "they were ringing us at that moment",
    "counsellor_away": "the counsellor had just gone away",
    "counsellor_off_shift": "the counsellor was no longer on shift",
    "no_attempt": "the attempt was over",
    "closed": "the request was closed",
    "not_them": "the owner of the number had said that they did not ask",
    "blocked": "the number had been blocked",
    "outside_safe_times": "it was outside the times at which they may be rung",
}
"""Why the safe-contact gate stopped a call at the last moment."""
COULD_RING: Final = "Could ring now"
NOBODY_ON: Final = "Nobody is on shift: find cover, or ring them yourself."
SOMEBODY_COULD: Final = (
    "One of those on shift could ring now. If nobody rings within a minute, nothing matches: "
    "check that a worker and the timekeeper are up."
)
SOME_COULD: Final = (
    "{count} of those on shift could ring now. If nobody rings within a minute, nothing matches: "
    "check that a worker and the timekeeper are up."
)
NOBODY_CAN: Final = "Nobody on shift can ring now ({rules})."
UNACCOUNTED: Final = (
    "{count} requests are neither open with a deadline nor closed with a reason. This must never happen: "
    "tell whoever runs the service now."
)
ONE_UNACCOUNTED: Final = (
    "One request is neither open with a deadline nor closed with a reason. This must never happen: "
    "tell whoever runs the service now."
)
NOT_SAFE_NOW: Final = "not a safe time now"
SHIFT_OVER: Final = "shift is over"
NOTHING_BLOCKS: Final = "nothing stands in the way: matching has not run. Check that a worker and the timekeeper are up"

RULES: Final[dict[str, str]] = {
    "T01": "In danger right now",
    "T02": "An overdose may be happening",
    "T03": "Hurting themselves now",
    "T04": "Dangerous signs of withdrawal",
    "T05": "Thoughts of suicide",
    "T06": "Suddenly stopped something that is dangerous to stop",
    "T07": "Under 18: only a counsellor trained for young people rings",
    "T08": "A child may be at risk: the safeguarding lead is told",
    "T09": "Pregnant",
    "T10": "Bladder signs that need a doctor today",
    "T10a": "Bladder problems",
    "T11": "Not safe at home: the strictest rules for contact apply",
    "T12": "Opioids, and left prison, hospital or detox lately",
    "T13": "Injects, with signs of infection",
    "T14": "Was not sure about an answer",
    "T15": "No answer raised the urgency",
}
"""What each triage rule found, for the person who rings."""

_CRISIS_LINES = "; ".join(f"{line.name} {line.number}" for line in HELP_NOW[1:])

ADVICE: Final[dict[Advice, str]] = {
    Advice.CALL_999: "Danger to life: ask first whether 999 has been called. Our call never replaces it.",
    Advice.CRISIS_LINES: f"Give the crisis lines: {_CRISIS_LINES}.",
    Advice.DO_NOT_STOP_SUDDENLY: (
        "Stopping suddenly can be dangerous. Ask them to keep to a steady amount until they have spoken to a doctor."
    ),
    Advice.DOCTOR_TODAY: "They need a doctor today: 111 or A&E.",
    Advice.GP_OR_UROLOGY: "Offer a referral to a GP or to bladder care.",
    Advice.NALOXONE: "Tolerance falls within days: talk about the first dose after a break, and offer naloxone.",
    Advice.YOUNG_PEOPLE: f"They may be under 18. Name {CHILDLINE.name} too: {CHILDLINE.number}, {CHILDLINE.hours}.",
    Advice.DOMESTIC_ABUSE: (
        "Name domestic abuse help only when you are sure who is on the line. Never suggest help as a couple."
    ),
}

ASK_FOR: Final = "Say: “Hello, is that {name}?”"
ASK_WHETHER: Final = "They gave no name. Say: “Hello, did you ask for a call?”"
PRIVATE: Final = "Ask: “Is now a good time to talk in private?”"
SAFE_WORD: Final = "Ask for the safe word before you say anything else. It is “{word}”."
NOW_SAY: Final = "Only now say where you ring from."
HANG_UP_EASILY: Final = "Ask whether they can hang up easily, and agree what to do if the call drops."

SOMEBODY_ELSE: Final[dict[ThirdParty, str]] = {
    ThirdParty.HANG_UP: "Say nothing and hang up.",
    ThirdParty.SAY_WRONG_NUMBER: "Say: “Sorry, I have the wrong number.” Then hang up.",
    ThirdParty.ASK_FOR_NAME_ONLY: (
        "Say: “Hello, may I speak to {name}, please?” If they are not there: “Thank you, I will try another time.” "
        "Say nothing else."
    ),
}
"""What to say when somebody else answers."""
VOICEMAIL: Final[dict[MessageRule, str]] = {
    MessageRule.NO: "Leave no message. Hang up, or press * to end the call.",
    MessageRule.NEUTRAL_MESSAGE: "You may say: “Hello, I am returning your call. I will try you again.” Nothing else.",
    MessageRule.MESSAGE_WITH_NAME: (
        "You may say: “Hello, this is {me} returning your call. I will try you again.” Nothing else."
    ),
}
SMS: Final[dict[MessageRule, str]] = {
    MessageRule.NO: "No texts.",
    MessageRule.NEUTRAL_MESSAGE: "Texts that say nothing about who we are.",
    MessageRule.MESSAGE_WITH_NAME: "Texts that say nothing about who we are.",
}
CALLER_ID: Final[dict[CallerId, str]] = {
    CallerId.SHOW_NUMBER: "Their telephone may show our number.",
    CallerId.HIDE_NUMBER: "They would rather not see our number. The network may show it all the same.",
}
PHONE_OWNERS: Final[dict[PhoneOwner, str]] = {
    PhoneOwner.MINE: "Their own.",
    PhoneOwner.SHARED: "They share it: somebody else may answer.",
    PhoneOwner.SOMEONE_ELSE: "Somebody else’s: somebody else may answer.",
    PhoneOwner.WORK: "A work telephone: colleagues may answer.",
}

FOLLOWS: Final[dict[ContactOutcome, str]] = {
    ContactOutcome.ANSWERED_RIGHT_PERSON: "Then say below what came of the request.",
    ContactOutcome.EMERGENCY_TRANSFERRED: "Then say below what came of it. A supervisor looks at it too.",
    ContactOutcome.ANSWERED_NOT_SAFE: "We wait for their next safe time.",
    ContactOutcome.ANSWERED_OTHER_PERSON: "We wait for their next safe time; after two, a supervisor decides.",
    ContactOutcome.VERIFICATION_FAILED: "After the second time a supervisor decides.",
    ContactOutcome.NUMBER_WRONG: "Nobody rings it again. A supervisor decides.",
    ContactOutcome.ABUSIVE_OR_HOAX: "Nobody rings it again. A supervisor decides.",
    ContactOutcome.TECHNICAL_FAILURE: "We ring again as soon as we can. It does not count against them.",
}
"""What happens after a contact outcome, where it is not simply another try."""
NO_VOICEMAIL: Final = "They allowed no message. If one was left, say so in the note."

CHOOSE_CONTACT: Final = "Choose what happened when we rang"
CHOOSE_CASE: Final = "Choose what came of the request"
NOT_AFTER_NO_TALK: Final = (
    "You did not speak to them, so this cannot be what came of it. Choose another, or leave it open"
)
CHOOSE_KIND: Final = "Choose what kind of help they were referred to"
ENTER_PROVIDER: Final = "Enter the name of the service"
PROVIDER_TOO_LONG: Final = "Use 200 characters or fewer for the name of the service"
NOTE_TOO_LONG: Final = "Use 4,000 characters or fewer"
CONSENT_NEEDED: Final = "Tick this only if they agreed. Without their agreement there is no referral"
REFERRAL_NEEDED: Final = "You chose “referred, with their consent”. Add the referral, or choose another outcome"
CHOOSE_URGENCY: Final = "Choose an urgency"
REASON_NEEDED: Final = "Choose why it is less urgent"
TIME_PASSED: Final = "the time has passed"
TOLD_AT: Final = "told {at}"
NOT_TOLD: Final = "not told yet"
PLAN_HOURS: Final[dict[str, tuple[str, tuple[time, time] | None]]] = {
    "": ("At any time", None),
    "morning": ("From 09:00 to 12:00", (time(9), time(12))),
    "afternoon": ("From 12:00 to 17:00", (time(12), time(17))),
    "evening": ("From 17:00 to 21:00", (time(17), time(21))),
}
"""The times of the day that can be agreed, and their words."""
CHOOSE_PLAN: Final = "Choose who rings them and when"
PLAN_TOO_LONG: Final = "Write at most 500 characters"
PLAN_AGREED: Final = "It is noted, and holds for their next requests."
PLAN_ENDED: Final = "It is ended: their requests are like any other's."
CHOOSE_HOLD: Final = "Choose why it must be kept"
KEPT: Final = "It is kept, whatever its age, until somebody lifts the hold."
KEPT_NO_LONGER: Final = "The hold is lifted: it is forgotten when it is old enough."
CHOOSE_BLOCK: Final = "Choose why the number is blocked, and for how long"
NUMBER_BARRED: Final = (
    "The number is blocked, or whoever has it says that they did not ask. Close the request, or lift the block first"
)
BLOCKED: Final = "This number is blocked {until}: it is neither rung nor texted. {because}."
NUMBER_BLOCKED: Final = "The number is blocked. Every request for it waits for a supervisor."
NUMBER_UNBLOCKED: Final = "The block is lifted. Requests that were held stay in review: put them back one by one."
CHOOSE_CLOSING: Final = "Choose how it ended"
ENTER_REFERENCE: Final = "There is no request with this reference. Check how it is spelt"

CALL_NOT_OVER: Final = "The call is not over yet. What you wrote is below: save it when the call has ended"
NO_RINGS_LEFT: Final = "Every allowed ring was made. It can be closed, not put back"
OUTCOME_OWED: Final = "The outcome of the last call is missing. Record it first"
WINDOW_CLOSED: Final = "None of the times at which they may be rung is left. Close it"
MOVED_ON: Final = "It has moved on since you opened this page. This is how it stands now"

SAVED: Final = "Saved. Thank you."
DRAFT_SAVED: Final = "Kept for now. Nothing is recorded yet: come back to it when you can."
SAVED_NEXT: Final[dict[Status, str]] = {
    Status.COMPLETED: "Saved. The request is finished. Thank you.",
    Status.RETRY_DUE: "Saved. We will try again at a safe time.",
    Status.QUEUED: "Saved. We will ring again as soon as we can.",
    Status.NEEDS_REVIEW: "Saved. A supervisor looks at it next.",
    Status.CLOSED_NO_CONTACT: "Saved. Every allowed ring was made, so the request is closed.",
}
STAYING_AWAY: Final = "You are away until you say that you are available. Take the time you need."
HOW_CHECKED: Final = "Choose how you know"
ENTER_LINE_NUMBER: Final = "Enter the number as people read it out, such as 116 123"
LINE_NUMBER_IS_FIXED: Final = "This number never changes. If it has, tell the developers"
LINE_CHECKED: Final = "Saved: {name} is checked."
WAYS_TO_CHECK: Final = (
    (How.RUNG, "I rang it, and it was answered"),
    (How.READ, "I read it on the line’s own website"),
)
REFERRAL_SAVED: Final = "The referral is saved."
RELEASED: Final = "It is back in the queue."
CLOSED: Final = "It is closed."
URGENCY_SAVED: Final = "The urgency is now: {urgency}."

STAFF_PROBLEMS: Final[dict[type[Exception], Told]] = {
    NoSuchCallback: Problem(
        status=404,
        code="no_such_callback",
        title="There is no such request",
        detail="No request has this reference.",
        next="Check how the reference is spelt.",
    ),
    NotTheirs: Problem(
        status=403,
        code="not_your_callback",
        title="This request is not yours to open",
        detail="Counsellors open only the requests that they hold or held: people told us these things in confidence.",
        next="If you need to know something about it, ask the supervisor on duty.",
    ),
    NotTheirCall: Problem(
        status=403,
        code="not_your_call",
        title="This was not your call",
        detail="Only the counsellor who made a call can say what came of it. Nothing was changed.",
        next="If they cannot, a supervisor can do it for them.",
    ),
    AlreadyRecorded: Problem(
        status=409,
        code="outcome_recorded_before",
        title="The outcome of this call is recorded already",
        detail="Somebody, perhaps you in another window, has said what came of this call. What they said stands.",
        next="Go back to the first page. You can still add a referral on the page of the request.",
    ),
    NothingOwed: Problem(
        status=409,
        code="no_outcome_owed",
        title="There is nothing to record",
        detail="Their telephone was not answered, so nobody needs to say what came of this call.",
        next="Go back to the first page.",
    ),
}
"""What the refusals of the staff pages mean, wherever no form can say it better."""

REFUSED_DECISIONS: Final[dict[type[Exception], str]] = {
    NoRingsLeft: NO_RINGS_LEFT,
    NumberBarred: NUMBER_BARRED,
    OutcomeOwed: OUTCOME_OWED,
    WindowClosed: WINDOW_CLOSED,
    IllegalMove: MOVED_ON,
    CallNotOver: CALL_NOT_OVER,
}
"""What a form says when the request does not allow what was asked."""

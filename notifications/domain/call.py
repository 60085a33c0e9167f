"""What became of one bridged call, read from the evidence, whatever the order in which it came in.

A call rings a counsellor, asks for a key press, and only then rings the visitor. News of it arrives doubled, late and
out of order. So nothing here is a reaction to a message: every message adds to the `Evidence`, which only grows, and
the state is *read* from the evidence by the first rule of `RULES` that holds. Two runs that saw the same evidence are
in the same state, and a state with a lower rank never replaces one with a higher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

COUNSELLOR_RINGS_S = 20
"""Seconds a counsellor's telephone rings before the next one is tried."""
VISITOR_RINGS_S = 25
"""Seconds a visitor's telephone rings; Ofcom's yardstick is at least 15."""
TALK_LIMIT_S = 5_400
"""The provider ends a call after ninety minutes: no forgotten line stays open all night."""
QUEUES_AT_MOST_S = 20
"""Seconds a call may wait its turn at the telephone company: its reason, or the counsellor, may be gone by then."""
GREETING_S = 10
"""The longest that a visitor's leg hears us before it is connected: the greeting, and the wait for a key."""

CUT_OFF_WITHIN_S = 5
"""A counsellor's line that goes so soon after the visitor answered has gone by itself: nobody can have spoken yet.

Later the two may have been connected, which the telephone company's records do not say, and whoever hears an
answerphone hangs up at once: then the counsellor says what happened, and nothing rings again by itself.
"""


class CallState(StrEnum):
    """Where a call stands. The value is stored; the docstring is what a supervisor reads."""

    WAITING = "waiting"
    """Decided, not yet placed."""
    PLACING = "placing"
    """Being handed to the telephone company."""
    UNKNOWN = "unknown"
    """Handed over, but no answer came: we are finding out, and will not dial again to do so."""
    PLACED = "placed"
    """The telephone company has it."""
    RINGING = "ringing"
    """The counsellor's telephone rings."""
    PROMPTED = "prompted"
    """The counsellor's telephone was answered; we ask for a key press."""
    CONNECTING = "connecting"
    """The counsellor pressed 1; the visitor's telephone is about to ring."""
    VISITOR_RINGING = "visitor_ringing"
    """The visitor's telephone rings."""
    VISITOR_ANSWERED = "visitor_answered"
    """The visitor's telephone was answered and hears our greeting."""
    BRIDGED = "bridged"
    """The two are talking."""
    CLOSING = "closing"
    """One side has hung up; we wait for word of the other."""

    WITHHELD = "withheld"
    """Not placed: at the last moment it was no longer safe or wanted."""
    REFUSED = "refused"
    """The telephone company will never connect this number."""
    NOT_CARRIED = "not_carried"
    """The telephone company could not carry it, and nobody's number or telephone is to blame."""
    LOST = "lost"
    """It never reached the telephone company."""
    CANCELLED = "cancelled"
    """Stopped by us: the request was withdrawn, or the call waited for too long at the telephone company."""
    UNREACHED = "unreached"
    """The counsellor's telephone was busy, off or not answered."""
    NOT_TAKEN = "not_taken"
    """Answered without a press of 1: passed on, or a machine."""
    ABANDONED = "abandoned"
    """The counsellor's line went, or we left it silent, before the visitor was connected: our failure."""
    BUSY = "busy"
    """The visitor's line was engaged."""
    NO_ANSWER = "no_answer"
    """The visitor's telephone was not answered."""
    VISITOR_FAILED = "visitor_failed"
    """The visitor's number could not be connected."""
    CONFIRMED = "confirmed"
    """A check of a telephone: whoever answered it pressed 1."""
    HUNG_UP = "hung_up"
    """The visitor's telephone was answered and put down before the two were connected."""
    FINISHED = "finished"
    """The two have talked."""


FINAL = frozenset(
    {
        CallState.WITHHELD,
        CallState.REFUSED,
        CallState.NOT_CARRIED,
        CallState.LOST,
        CallState.CANCELLED,
        CallState.UNREACHED,
        CallState.NOT_TAKEN,
        CallState.ABANDONED,
        CallState.BUSY,
        CallState.NO_ANSWER,
        CallState.VISITOR_FAILED,
        CallState.CONFIRMED,
        CallState.HUNG_UP,
        CallState.FINISHED,
    }
)
"""Nothing changes a call in one of these states."""

_ORDER = (
    CallState.WAITING,
    CallState.PLACING,
    CallState.UNKNOWN,
    CallState.PLACED,
    CallState.RINGING,
    CallState.PROMPTED,
    CallState.CONNECTING,
    CallState.VISITOR_RINGING,
    CallState.VISITOR_ANSWERED,
    CallState.BRIDGED,
    CallState.CLOSING,
)


class LegStatus(StrEnum):
    """What the telephone company says of one leg, in its own words."""

    QUEUED = "queued"
    """Accepted."""
    INITIATED = "initiated"
    """Being dialled."""
    RINGING = "ringing"
    """Ringing."""
    IN_PROGRESS = "in-progress"
    """Answered."""
    COMPLETED = "completed"
    """Answered and over."""
    BUSY = "busy"
    """Engaged."""
    NO_ANSWER = "no-answer"
    """Not answered."""
    FAILED = "failed"
    """Could not be connected."""
    CANCELED = "canceled"
    """Stopped by us before it was answered."""


RANKS: dict[LegStatus, int] = {
    LegStatus.QUEUED: 0,
    LegStatus.INITIATED: 1,
    LegStatus.RINGING: 2,
    LegStatus.IN_PROGRESS: 3,
    LegStatus.CANCELED: 9,
    LegStatus.FAILED: 9,
    LegStatus.BUSY: 9,
    LegStatus.NO_ANSWER: 9,
    LegStatus.COMPLETED: 10,
}
"""A leg only rises. `completed` beats another ending: an answered leg is stronger evidence than an inferred one."""

ENDED_RANK = 9

THE_NUMBERS_FAULT = frozenset({"404", "410", "480", "484", "486", "600", "603", "604", "607", "608"})
"""SIP answers (RFC 3261, 21.4 and 21.6) by which the number dialled is not in use, switched off, engaged or unwilling.

With any other answer, 503 above all, a leg that failed was not carried by the network: that says nothing of whoever
was to be rung.
"""

NO_REASON = ""
"""In place of a SIP answer when the telephone company's records give none, and none will come."""


@dataclass(frozen=True, slots=True)
class Leg:
    """All that is known of one leg; it only grows."""

    status: LegStatus | None = None
    answered: bool = False
    duration_s: int = 0
    ended_at: datetime | None = None
    sip_code: str | None = None
    """Why it ended, as the network says; None while that may still be told."""

    @property
    def rank(self) -> int:
        """How far it got; -1 when nothing was heard of it."""
        return -1 if self.status is None else RANKS[self.status]

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.rank >= ENDED_RANK

    @property
    def is_unexplained(self) -> bool:
        """Whether it failed and word of the reason may still come."""
        return self.status is LegStatus.FAILED and self.sip_code is None

    @property
    def was_not_carried(self) -> bool:
        """Whether it failed for a reason that is not the number's: without any reason, nobody is blamed."""
        return self.status is LegStatus.FAILED and self.sip_code not in THE_NUMBERS_FAULT

    def heard(
        self, status: LegStatus, *, duration_s: int = 0, at: datetime | None = None, sip_code: str | None = None
    ) -> Leg:
        """What is known after this news; old news changes nothing."""
        rises = RANKS[status] > self.rank
        ends = RANKS[status] >= ENDED_RANK
        return Leg(
            status=status if rises else self.status,
            answered=self.answered or status in (LegStatus.IN_PROGRESS, LegStatus.COMPLETED),
            duration_s=max(self.duration_s, duration_s),
            ended_at=(at if ends and (self.ended_at is None or (rises and at is not None)) else self.ended_at),
            sip_code=self.sip_code or (self.sip_code if sip_code is None else sip_code),
        )


class Press(StrEnum):
    """What the counsellor did at the prompt."""

    TOOK = "took"
    """Pressed 1."""
    PASSED = "passed"
    """Pressed something else, or nothing."""
    CONFIRMED = "confirmed"
    """Pressed 1 in a check of their telephone, which rings nobody else."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one call; every field only ever goes from nothing to something."""

    handed_over: bool = False
    """The request to the telephone company was about to be sent."""
    no_word: bool = False
    """It was sent, or maybe not, and no answer came."""
    taken_on: bool = False
    """The telephone company answered, or has told us anything about it."""
    withheld: str | None = None
    refused: str | None = None
    turned_away: str | None = None
    """The telephone company would not place it, for a reason that may be ours."""
    never_sent: bool = False
    cancelled: bool = False
    prompted: bool = False
    """We were asked what to say to the counsellor, and asked them for a key press."""
    press: Press | None = None
    greeted: bool = False
    """The visitor's leg asked for our greeting: it was answered."""
    denied: bool = False
    """Whoever answered the visitor's telephone pressed the key for "this call is not for me"."""
    talking: bool = False
    """After the greeting, the provider's records showed both legs still open."""
    dial_over: bool = False
    """The counsellor's leg came back to us after the visitor's leg."""
    dial_bridged: bool = False
    counsellor: Leg = field(default_factory=Leg)
    visitor: Leg = field(default_factory=Leg)

    def merged(self, **news: object) -> Evidence:
        """The evidence with these facts added."""
        return replace(self, **news)  # type: ignore[arg-type]  # the names are checked by the dataclass at run time

    @property
    def connected(self) -> bool:
        """Whether the two were put through to each other."""
        return (
            self.press is Press.TOOK
            and not self.denied
            and (self.talking or self.dial_bridged or (self.visitor.answered and self.visitor.duration_s > GREETING_S))
        )

    @property
    def visitor_left_first(self) -> bool:
        """Whether, of two legs that are over, the visitor's ended first."""
        ours, theirs = self.counsellor.ended_at, self.visitor.ended_at
        return self.dial_over or (ours is not None and theirs is not None and theirs < ours)


@dataclass(frozen=True, slots=True)
class Rule:
    """A state, when it holds, and the same in words for docs/lifecycle.md."""

    state: CallState
    holds: Callable[[Evidence], bool]
    words: str


def _took(e: Evidence) -> bool:
    return e.press is Press.TOOK


def _is(e: Evidence, status: LegStatus) -> bool:
    return _took(e) and e.visitor.status is status


def _over(e: Evidence, status: LegStatus) -> bool:
    """Whether the visitor's leg ended like this by itself; of a call that we stop, nobody's line is to blame."""
    return _is(e, status) and not e.cancelled


def _not_carried(e: Evidence) -> bool:
    """Whether the visitor's leg failed, and not by the number's fault."""
    return _over(e, LegStatus.FAILED) and e.visitor.was_not_carried and not e.visitor.is_unexplained


def _stopped(e: Evidence) -> bool:
    """Whether every leg of a call that was to be stopped is over."""
    return e.cancelled and (not e.handed_over or (e.counsellor.ended and (not _took(e) or e.visitor.ended)))


_C = CallState

RULES: tuple[Rule, ...] = (
    Rule(
        _C.FINISHED, lambda e: e.connected and e.visitor.ended, "the two were connected and the visitor's leg is over"
    ),
    Rule(
        _C.FINISHED, lambda e: e.connected and e.dial_over, "the two were connected and the counsellor's leg came back"
    ),
    Rule(
        _C.CONFIRMED,
        lambda e: e.press is Press.CONFIRMED,
        "it was a check of a telephone, and whoever answered it pressed 1",
    ),
    Rule(
        _C.CANCELLED,
        _stopped,
        "the request was withdrawn and every leg is over or was never placed",
    ),
    Rule(_C.BUSY, lambda e: _over(e, LegStatus.BUSY), "the visitor's leg was engaged"),
    Rule(_C.NO_ANSWER, lambda e: _over(e, LegStatus.NO_ANSWER), "the visitor's leg was not answered"),
    Rule(
        _C.NOT_CARRIED,
        _not_carried,
        "the visitor's leg could not be carried, by no fault of the number",
    ),
    Rule(
        _C.VISITOR_FAILED,
        lambda e: _over(e, LegStatus.FAILED) and not e.visitor.was_not_carried,
        "the visitor's leg could not be connected, by the number's fault",
    ),
    Rule(_C.ABANDONED, lambda e: _over(e, LegStatus.CANCELED), "the visitor's leg was stopped while it rang"),
    Rule(
        _C.HUNG_UP,
        lambda e: _over(e, LegStatus.COMPLETED) and (e.dial_over or e.counsellor.ended) and e.visitor_left_first,
        "the visitor's leg ended during the greeting, before the counsellor's",
    ),
    Rule(
        _C.FINISHED,
        lambda e: _over(e, LegStatus.COMPLETED) and e.counsellor.ended and e.visitor.duration_s > CUT_OFF_WITHIN_S,
        "the counsellor's leg ended before the visitor's, when the two may have been connected",
    ),
    Rule(
        _C.ABANDONED,
        lambda e: _over(e, LegStatus.COMPLETED) and e.counsellor.ended,
        "the counsellor's leg ended at the beginning of the greeting, before the visitor's",
    ),
    Rule(
        _C.ABANDONED,
        lambda e: not (e.prompted or e.press) and e.counsellor.status is LegStatus.COMPLETED,
        "the counsellor's leg was answered and we asked for no key press",
    ),
    Rule(
        _C.NOT_TAKEN,
        lambda e: e.press is Press.PASSED or (e.press is None and e.counsellor.status is LegStatus.COMPLETED),
        "the counsellor's leg was answered and nobody pressed 1",
    ),
    Rule(
        _C.CANCELLED,
        lambda e: e.press is None and e.counsellor.status is LegStatus.CANCELED,
        "the counsellor's leg was stopped before it was answered",
    ),
    Rule(
        _C.NOT_CARRIED,
        lambda e: e.press is None and e.counsellor.was_not_carried,
        "the counsellor's leg could not be carried, by no fault of the number",
    ),
    Rule(
        _C.UNREACHED,
        lambda e: e.press is None and e.counsellor.ended,
        "the counsellor's leg was engaged, not answered or could not be connected, by the number's fault",
    ),
    Rule(
        _C.WITHHELD,
        lambda e: e.withheld is not None and not e.handed_over,
        "the safe-contact gate refused it before it was placed",
    ),
    Rule(_C.REFUSED, lambda e: e.refused is not None and not e.taken_on, "the telephone company refused it for good"),
    Rule(
        _C.NOT_CARRIED,
        lambda e: e.turned_away is not None and not e.taken_on,
        "the telephone company would not place it, and the number is not known to be the reason",
    ),
    Rule(_C.LOST, lambda e: e.never_sent and not e.taken_on, "the telephone company has no record of it"),
    Rule(
        _C.CLOSING,
        lambda e: _took(e) and (e.counsellor.ended or e.visitor.ended or e.dial_over),
        "one leg is over and the other's end is not known yet",
    ),
    Rule(_C.BRIDGED, lambda e: e.connected, "the two are connected"),
    Rule(
        _C.VISITOR_ANSWERED,
        lambda e: _took(e) and (e.greeted or e.visitor.answered),
        "the visitor's leg was answered",
    ),
    Rule(_C.VISITOR_RINGING, lambda e: _is(e, LegStatus.RINGING), "the visitor's leg rings"),
    Rule(_C.CONNECTING, _took, "the counsellor pressed 1"),
    Rule(_C.PROMPTED, lambda e: e.counsellor.answered, "the counsellor's leg was answered"),
    Rule(_C.RINGING, lambda e: e.counsellor.status is LegStatus.RINGING, "the counsellor's leg rings"),
    Rule(_C.PLACED, lambda e: e.taken_on, "the telephone company has it"),
    Rule(_C.UNKNOWN, lambda e: e.no_word, "no answer came from the telephone company"),
    Rule(_C.PLACING, lambda e: e.handed_over, "it is being handed over"),
    Rule(_C.WAITING, lambda _: True, "nothing has happened yet"),
)
"""Read from the top; the first rule that holds is the state."""

DEADLINES: dict[CallState, timedelta] = {
    _C.PLACING: timedelta(seconds=15),  # our HTTP time-out is 10 s
    _C.UNKNOWN: timedelta(seconds=15),  # looked for at 15, 60 and 120 s before it counts as lost
    _C.PLACED: timedelta(seconds=QUEUES_AT_MOST_S),  # then one look shows whether it still waits its turn
    _C.RINGING: timedelta(seconds=COUNSELLOR_RINGS_S + 15),  # the provider may add 5 s
    _C.PROMPTED: timedelta(seconds=60),
    _C.CONNECTING: timedelta(seconds=VISITOR_RINGS_S + 15),
    _C.VISITOR_RINGING: timedelta(seconds=VISITOR_RINGS_S + 15),
    _C.VISITOR_ANSWERED: timedelta(seconds=GREETING_S + 2),  # then one look shows whether the two are talking
    _C.BRIDGED: timedelta(seconds=60),  # asked about every minute: a lost ending frees the counsellor within one
    _C.CLOSING: timedelta(seconds=5),
}
"""How long a state may last before the provider is asked. A waiting call has its own time after which it is dropped."""

OWNERS: dict[CallState, str] = {state: "the dialler" if state is _C.WAITING else "the reconciler" for state in _ORDER}
"""Who acts when the deadline of a state passes."""


LEG_ENDS_WITHIN = timedelta(seconds=30)
"""So long after a call is over, word has come that each of its legs is; else the provider is asked about the leg."""

SWEPT_EVERY = timedelta(seconds=10)
"""How often the provider is asked for our latest calls, in one request, while calls are being placed."""

SWEPT_FULLY_EVERY = timedelta(minutes=1)
"""How often it is asked for all that are under way, however old; while the fate of one is unknown, every time."""

CALLS_LAST = timedelta(seconds=TALK_LIMIT_S) + timedelta(minutes=10)
"""So long after the last call was placed, none can be under way any more."""

STOPS_AGAIN_AFTER = timedelta(seconds=2)
"""A call that must stop and still stands is stopped again after this long, then after twice as long each time."""

ASKS_AGAIN_AFTER = timedelta(seconds=5)
"""When the provider does not answer about a call, it is asked again after this long, then twice as long each time."""

LONGEST_WAIT = timedelta(minutes=1)
"""How long at most until the provider is asked about an overdue call again."""


def ask_again_after(times: int, *, is_stopping: bool) -> timedelta:
    """How long to leave a call alone that was asked about in vain so many times."""
    first = STOPS_AGAIN_AFTER if is_stopping else ASKS_AGAIN_AFTER
    return min(LONGEST_WAIT, first * float(2 ** min(times, 6)))


def standing(evidence: Evidence) -> CallState:
    """The state that the evidence shows."""
    return next(rule.state for rule in RULES if rule.holds(evidence))


def rank(state: CallState) -> int:
    """How far a call got; all final states rank highest."""
    return len(_ORDER) if state in FINAL else _ORDER.index(state)


def advance(state: CallState, evidence: Evidence) -> CallState:
    """The state after more evidence: never a lower one, and never another once it is final."""
    if state in FINAL:
        return state
    reached = standing(evidence)
    return reached if rank(reached) > rank(state) else state

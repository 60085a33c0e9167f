"""What became of one bridged call, read from the evidence, whatever the order in which it came in.

A call rings a counsellor, asks for a key press, and only then rings the visitor. News of it arrives doubled, late and
out of order. So nothing here is a reaction to a message: every message adds to the `Evidence`, which only grows, and
the state is *read* from the evidence by the first rule of `RULES` that holds. Two runs that saw the same evidence are
in the same state, and a state with a lower rank never replaces one with a higher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from notifications.domain.leg import Leg, LegStatus

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

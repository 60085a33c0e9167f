"""How a call can go, told as what happens at the telephone company, in the order in which it happens.

Each story holds questions, which the company asks and waits for, so they come in order; and news, which it sends
afterwards, so they may come late, doubled, in any order or never, but not before what they tell of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifications.domain.call import CallState
from notifications.domain.leg import LegStatus
from notifications.telephony.port import ProviderCall
from tests.conftest import NOON

COUNSELLOR, VISITOR = "counsellor", "visitor"
LEG_IDS = {COUNSELLOR: "CA" + "c" * 32, VISITOR: "CA" + "d" * 32}


def at(seconds: float) -> datetime:
    """An instant of a story that began at NOON."""
    return NOON + timedelta(seconds=seconds)


class Asks(StrEnum):
    """What the telephone company asks and waits for."""

    ANSWER = "answer"
    """The counsellor picked up."""
    ACCEPT = "accept"
    """The counsellor pressed a key, or none."""
    HELLO = "hello"
    """The visitor picked up."""
    KEY = "key"
    """Whoever answered for the visitor pressed 9: the call is not for them."""
    DONE = "done"
    """The visitor's leg is over: what is the counsellor's to hear?"""
    STOP = "stop"
    """Nobody asks: the visitor withdraws, and we have the call stopped."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, when it is asked, and what it carries."""

    asks: Asks
    second: float
    digits: str = ""
    status: LegStatus = LegStatus.COMPLETED
    duration_s: int = 0
    was_bridged: bool = False
    is_back: bool = True
    """The counsellor is still there to hear what comes next."""


@dataclass(frozen=True, slots=True)
class News:
    """News of one leg."""

    role: str
    status: LegStatus
    second: float
    duration_s: int = 0
    sip_code: str | None = None


Step = Question | News
S = LegStatus


def c(status: LegStatus, second: float, duration_s: int = 0, *, sip: str | None = None) -> News:
    return News(COUNSELLOR, status, second, duration_s, sip)


def v(status: LegStatus, second: float, duration_s: int = 0, *, sip: str | None = None) -> News:
    return News(VISITOR, status, second, duration_s, sip)


_RINGS = (c(S.INITIATED, 0), c(S.RINGING, 1))
_ANSWERED = (*_RINGS, Question(Asks.ANSWER, 4), c(S.IN_PROGRESS, 4))
_TAKEN = (*_ANSWERED, Question(Asks.ACCEPT, 8, digits="1"), v(S.INITIATED, 13))
_VISITOR_RINGS = (*_TAKEN, v(S.RINGING, 14))
_GREETED = (*_VISITOR_RINGS, Question(Asks.HELLO, 20), v(S.IN_PROGRESS, 20))


def _came_back(second: float, status: LegStatus, duration_s: int = 0, *, was_bridged: bool = False) -> tuple[Step, ...]:
    """The counsellor's leg comes back to us, hears a sentence, and ends."""
    done = Question(Asks.DONE, second, status=status, duration_s=duration_s, was_bridged=was_bridged)
    return (done, c(S.COMPLETED, second + 3, int(second) - 1))


@dataclass(frozen=True, slots=True)
class Story:
    """What happens, and how it ends."""

    steps: tuple[Step, ...]
    ends: CallState
    ends_untold: CallState | None = None
    """How it ends for us when word of the way back is lost, if the records cannot tell the rest."""
    is_check: bool = False
    """It checks the counsellor's telephone, and rings nobody else."""

    def ends_without(self, lost: Sequence[Step]) -> CallState:
        """How it ends when some steps are lost: records give no reason for a failure, and then nobody is blamed."""
        if any(step.sip_code is not None for step in lost if isinstance(step, News)):
            return CallState.NOT_CARRIED
        if self.ends_untold is not None and any(isinstance(step, Question) for step in lost):
            return self.ends_untold
        return self.ends

    @property
    def losable(self) -> list[Step]:
        """What may never reach us: any news, and word that the counsellor's leg came back."""
        return [step for step in self.steps if isinstance(step, News) or step.asks is Asks.DONE]

    @property
    def news(self) -> list[News]:
        return [step for step in self.steps if isinstance(step, News)]

    def record(self, role: str) -> ProviderCall | None:
        """The telephone company's own record of a leg, once everything is over."""
        told = [step for step in self.news if step.role == role]
        if not told:
            return None
        last = told[-1]
        return ProviderCall(LEG_IDS[role], last.status, at(told[0].second), at(last.second), last.duration_s)


C = CallState

STORIES: dict[str, Story] = {
    "the visitor ends the conversation": Story(
        (*_GREETED, v(S.COMPLETED, 80, 60), *_came_back(80, S.COMPLETED, 60, was_bridged=True)), C.FINISHED
    ),
    "the counsellor ends the conversation": Story(
        (*_GREETED, v(S.COMPLETED, 80, 60), c(S.COMPLETED, 80, 76)), C.FINISHED
    ),
    "the visitor is engaged": Story((*_TAKEN, v(S.BUSY, 14), *_came_back(14, S.BUSY)), C.BUSY),
    "the visitor declines": Story((*_VISITOR_RINGS, v(S.BUSY, 18), *_came_back(18, S.BUSY)), C.BUSY),
    "the visitor does not answer": Story(
        (*_VISITOR_RINGS, v(S.NO_ANSWER, 39), *_came_back(39, S.NO_ANSWER)), C.NO_ANSWER
    ),
    "the visitor's number does not work": Story(
        (*_TAKEN, v(S.FAILED, 14, sip="404"), *_came_back(14, S.FAILED)), C.VISITOR_FAILED
    ),
    "the network cannot carry the visitor's leg": Story(
        (*_TAKEN, v(S.FAILED, 14, sip="503"), *_came_back(14, S.FAILED)), C.NOT_CARRIED
    ),
    "the counsellor hangs up while it rings": Story(
        (*_VISITOR_RINGS, c(S.COMPLETED, 18, 14), v(S.CANCELED, 18)), C.ABANDONED
    ),
    "the counsellor hangs up during the greeting": Story(
        (*_GREETED, c(S.COMPLETED, 22, 18), v(S.COMPLETED, 22, 2)), C.ABANDONED
    ),
    "the visitor hangs up during the greeting": Story(
        (*_GREETED, v(S.COMPLETED, 22, 2), *_came_back(22, S.COMPLETED, 2)), C.HUNG_UP
    ),
    "the visitor hangs up as soon as the two are connected": Story(
        (*_GREETED, v(S.COMPLETED, 28, 8), *_came_back(28, S.COMPLETED, 8, was_bridged=True)), C.FINISHED, C.HUNG_UP
    ),
    "the counsellor hangs up as soon as the two are connected": Story(
        (
            *_GREETED,
            v(S.COMPLETED, 28, 8),
            c(S.COMPLETED, 28, 24),
            Question(Asks.DONE, 28, duration_s=8, was_bridged=True, is_back=False),
        ),
        C.FINISHED,
    ),
    "a machine answers for the visitor and presses no key": Story(
        (*_GREETED, v(S.COMPLETED, 29, 9), *_came_back(29, S.COMPLETED, 9)), C.HUNG_UP
    ),
    "a stranger answers for the visitor, and says so": Story(
        (*_GREETED, Question(Asks.KEY, 24), v(S.COMPLETED, 28, 8), *_came_back(28, S.COMPLETED, 8)), C.HUNG_UP
    ),
    "a stranger answers for the visitor, and takes their time": Story(
        (*_GREETED, Question(Asks.KEY, 27), v(S.COMPLETED, 33, 13), *_came_back(33, S.COMPLETED, 13)), C.HUNG_UP
    ),
    "we are away when the counsellor answers": Story(
        (*_RINGS, c(S.IN_PROGRESS, 4), c(S.COMPLETED, 11, 7)), C.ABANDONED
    ),
    "the counsellor passes it on": Story(
        (*_ANSWERED, Question(Asks.ACCEPT, 7, digits="2"), c(S.COMPLETED, 10, 6)), C.NOT_TAKEN
    ),
    "a machine answers for the counsellor": Story(
        (*_ANSWERED, Question(Asks.ACCEPT, 17), c(S.COMPLETED, 19, 15)), C.NOT_TAKEN
    ),
    "the counsellor hangs up at the prompt": Story((*_ANSWERED, c(S.COMPLETED, 6, 2)), C.NOT_TAKEN),
    "withdrawn while the counsellor's telephone rings": Story(
        (*_RINGS, Question(Asks.STOP, 2), c(S.CANCELED, 3)), C.CANCELLED
    ),
    "withdrawn before the telephone company has it": Story(
        (Question(Asks.STOP, 0), c(S.QUEUED, 0), c(S.INITIATED, 1), c(S.CANCELED, 2)), C.CANCELLED
    ),
    "withdrawn while the counsellor is asked for a key": Story(
        (*_ANSWERED, Question(Asks.STOP, 6), c(S.COMPLETED, 7, 3)), C.CANCELLED
    ),
    "withdrawn a moment before the counsellor presses 1": Story(
        (*_ANSWERED, Question(Asks.STOP, 7.9), Question(Asks.ACCEPT, 8, digits="1"), c(S.COMPLETED, 11, 7)), C.CANCELLED
    ),
    "withdrawn during the greeting": Story(
        (*_GREETED, Question(Asks.STOP, 27), v(S.COMPLETED, 28, 8), c(S.COMPLETED, 28, 24)), C.CANCELLED
    ),
    "withdrawn while the visitor's telephone rings": Story(
        (*_VISITOR_RINGS, Question(Asks.STOP, 16), v(S.CANCELED, 17), c(S.COMPLETED, 17, 13)), C.CANCELLED
    ),
    "withdrawn by a visitor who declines at that moment": Story(
        (*_VISITOR_RINGS, Question(Asks.STOP, 16), v(S.BUSY, 16), c(S.COMPLETED, 17, 13)), C.CANCELLED
    ),
    "withdrawn during the conversation": Story(
        (*_GREETED, Question(Asks.STOP, 80), v(S.COMPLETED, 81, 61), c(S.COMPLETED, 81, 77)), C.FINISHED
    ),
    "the call waits for too long at the telephone company": Story((c(S.QUEUED, 0), c(S.CANCELED, 31)), C.CANCELLED),
    "the counsellor does not answer": Story((*_RINGS, c(S.NO_ANSWER, 21)), C.UNREACHED),
    "the counsellor is engaged": Story((_RINGS[0], c(S.BUSY, 1)), C.UNREACHED),
    "the counsellor declines": Story((*_RINGS, c(S.BUSY, 3)), C.UNREACHED),
    "the counsellor's telephone is off": Story((_RINGS[0], c(S.FAILED, 1, sip="480")), C.UNREACHED),
    "the network cannot carry the counsellor's leg": Story((_RINGS[0], c(S.FAILED, 1, sip="503")), C.NOT_CARRIED),
    "a check of a telephone": Story(
        (*_ANSWERED, Question(Asks.ACCEPT, 8, digits="1"), c(S.COMPLETED, 12, 8)), C.CONFIRMED, is_check=True
    ),
    "a check of a telephone that a machine answers": Story(
        (*_ANSWERED, Question(Asks.ACCEPT, 17), c(S.COMPLETED, 19, 15)), C.NOT_TAKEN, is_check=True
    ),
}


def is_possible(order: Sequence[Step], story: Story) -> bool:
    """Whether the steps can come in this order: questions in turn, and no news before what it tells of."""
    place = {step: number for number, step in enumerate(story.steps)}
    asked = -1
    for step in order:
        if isinstance(step, Question):
            if place[step] < asked or any(
                isinstance(other, Question) and asked < place[other] < place[step] for other in story.steps
            ):
                return False
            asked = place[step]
        elif any(isinstance(other, Question) and asked < place[other] < place[step] for other in story.steps):
            return False
    return True

"""What visitors are told about their request, in a sentence or two for each state. Pages hold the rest of the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from callbacks.domain.lifecycle import Status
from callbacks.operations.visit import Visit
from foundation.language import mark, said


@dataclass(frozen=True, slots=True)
class Told:
    """A heading and what follows it."""

    title: str
    text: str


_WAITING = Told(mark("We have your request"), mark("You do not need to do anything."))

_HELD_UP = Told(mark("We have your request"), mark("We have not forgotten you. You do not need to do anything."))
"""Nobody can be rung at this moment, whatever its state."""

STATUS: Final[dict[Status, Told]] = {
    Status.SUBMITTED: _WAITING,
    Status.QUEUED: _WAITING,
    Status.NEEDS_REVIEW: _WAITING,
    Status.ASSIGNED: Told(
        mark("We are about to ring you"), mark("A counsellor is getting ready. Your phone may ring at any moment.")
    ),
    Status.IN_CALL: Told(mark("Your call is now"), mark("A counsellor is ringing you or talking with you.")),
    Status.RETRY_DUE: Told(
        mark("We will try again"), mark("We rang and did not reach you. That is fine. We will try again.")
    ),
    Status.COMPLETED: Told(mark("Your call is finished"), mark("You can ask for another call whenever you want one.")),
    Status.CLOSED_NO_CONTACT: Told(
        mark("We could not reach you"),
        mark("We tried and will not ring again. You can ask for another call whenever you want one."),
    ),
    Status.WITHDRAWN: Told(
        mark("Your call is cancelled"),
        mark("We will not ring you. You can ask for another call whenever you want one."),
    ),
    Status.REJECTED: Told(
        mark("We cannot ring you about this"), mark("You can ask for another call, or ring one of the numbers above.")
    ),
    Status.EXPIRED: Told(
        mark("We did not ring you in time"),
        mark("That was our mistake, and we are sorry. You can ask for another call whenever you want one."),
    ),
    Status.ERASED: Told(mark("There is nothing here"), mark("What we held has been erased.")),
}
"""A request that a supervisor looks at reads like any other: the visitor need not wonder why."""

HAS_TALKED: Final = Told(mark("Your call is over"), mark("You can ask for another call whenever you want one."))

NEEDS_NEW_TIME: Final = Told(
    mark("Choose another time"),
    mark(
        "We have not reached you. That is fine. No time is left at which you said that we may ring. "
        "Choose another time, and we will ring you again."
    ),
)

NEEDS_NEW_NUMBER: Final = Told(
    mark("Give us another number"),
    mark(
        "We could not reach you on the number that you gave us. It may have a slip in it, or it may not take calls "
        "from us. Give another number, and we will ring you there."
    ),
)

_NOT_CARRIED: Final = Told(
    mark("We will try again"), mark("The telephone network would not let us ring you. We will try again.")
)


_CUT_OFF: Final = Told(
    mark("We will ring you again"),
    mark("We were cut off. That was our mistake, and we are sorry. You do not need to do anything."),
)

_MAY_STILL_RING: Final = Told(
    mark("Your call is cancelled"),
    mark(
        "Your phone may still ring for half a minute, because the telephone company does not answer us. "
        "If you pick up, nobody will speak."
    ),
)
_TALKING_ON: Final = Told(
    mark("Your call is cancelled"),
    mark("We will not ring you again. If you are talking with us now, that goes on until one of you hangs up."),
)


def told_of(found: Visit) -> Told:
    """What to say of a request; after a conversation its state may still wait for what the counsellor writes down."""
    special = (
        (found.cannot_ring, _HELD_UP),
        (found.has_talked, HAS_TALKED),
        (found.needs_new_time, NEEDS_NEW_TIME),
        (found.needs_new_number, NEEDS_NEW_NUMBER),
        (found.may_still_ring, _MAY_STILL_RING),
        (found.is_talking and found.status is Status.WITHDRAWN, _TALKING_ON),
        (found.status is Status.RETRY_DUE and found.rings_made == 0, _NOT_CARRIED),
        (found.status is Status.RETRY_DUE and found.was_cut_off, _CUT_OFF),
    )
    told = next((told for holds, told in special if holds), STATUS[found.status])
    return Told(said(told.title), said(told.text))


AVAILABILITY: Final[dict[Literal["open", "slots_only", "closed"], str]] = {
    "open": mark("You can ask for a call as soon as possible, or choose a time."),
    "slots_only": mark("Nobody is free to ring soon. You can choose a time."),
    "closed": mark("We cannot offer a call at the moment. Look again later."),
}

PROMISE: Final = mark("We will ring you {span}.")
GREETED: Final = mark(
    "When you answer, you hear “Hello. If this call is not for you, press 9.” Press nothing, and we connect you."
)
SCREENED: Final = mark("When you answer, press 1. Nobody who does not press it is connected to us, and no answerphone.")
TRY_AGAIN: Final = mark("We will try again {day}, from {time}.")
LATER: Final = mark("We may be later than we said, and we are sorry. You can choose another time below.")
LATER_LIKELY: Final = mark("We may be later than we said, and we are sorry. Now we expect to ring you {span}.")
LATE: Final = mark(
    "We are later than we said, and we are sorry. We have not forgotten you: we will ring as soon as we can."
)
CANNOT_RING: Final = mark(
    "We cannot ring anybody at this moment. We have your request, and ring as soon as we can again."
)
"""Said instead of any time while calls cannot be placed."""
CANNOT_RING_NEW: Final = mark(
    "We cannot ring anybody at this moment. You can ask for a call, and we ring when we can again."
)
NO_PROMISE: Final = mark("We cannot say yet at what time we will ring. It will be as soon as a counsellor is free.")

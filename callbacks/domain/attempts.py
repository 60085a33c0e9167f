"""What follows an attempt that did not reach the visitor: when to try again, or that a person must decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from callbacks.domain.codes import ENDS_CASE, REVIEWED, USES_NO_ATTEMPT, WAITS_FOR_NEXT_WINDOW, ContactOutcome
from callbacks.domain.window import Wanted, WindowClosed, next_allowed, next_window

MOST_RINGS = 4
"""A visitor's telephone rings at most this often for one request; also a CHECK in the database."""

GAP = timedelta(minutes=30)
"""At least this long between two rings that were not answered."""

LONGEST_REST = timedelta(minutes=5)
"""While the telephone company cannot carry the visitor's leg, a counsellor is not rung in vain more often than this."""

UNSURE_AT_MOST = 2
"""After this many times that somebody else answered, or that we could not be sure, a supervisor decides."""


class ReviewReason(StrEnum):
    """Why a supervisor must decide what comes next."""

    POSSIBLE_DUPLICATE = "possible_duplicate"
    """Another open request has the same number."""
    SAFE_TIMES_OVER = "safe_times_over"
    """No safe time is left, and rings are."""
    NUMBER_FAILS = "number_fails"
    """The number cannot be connected, is wrong, or blocks us."""
    NOT_THE_PERSON = "not_the_person"
    """Twice somebody else answered, or we could not be sure who did."""
    OUTCOME_MISSING = "outcome_missing"
    """The call is over and the counsellor has not said what came of it."""
    NOBODY_ABLE = "nobody_able"
    """Nobody on the team has the language, the skill or the gender that it needs."""
    OUR_FAILURE = "our_failure"
    """The last allowed ring failed on our side."""
    FLAGGED = "flagged"
    """The counsellor's outcome asks for a supervisor."""
    NOT_THEM = "not_them"
    """The owner of the number says that they did not ask."""
    BLOCKED = "blocked"
    """A supervisor has blocked the number."""
    ASKED_OFTEN = "asked_often"
    """Many calls were asked for to this number today."""
    LOOKS_MADE = "looks_made"
    """It came in a flood of requests, and looks made by a machine."""
    OTHER = "other"
    """A supervisor held it."""


DECIDED_AFTERWARDS = frozenset(
    {ReviewReason.OUTCOME_MISSING, ReviewReason.FLAGGED, ReviewReason.NOT_THEM, ReviewReason.BLOCKED}
)
"""Held for one of these, nobody waits to be rung: they were spoken to, or must not be rung."""

EMERGENCY_WAITS = timedelta(seconds=30)
"""So long after it is due, an emergency that nobody has been given is told to the lead on call."""

EMERGENCY_OFFERED = timedelta(seconds=35)
"""So long offered to one counsellor after another in vain, and it is told, too."""

EMERGENCY_LOOKED_AT_WITHIN = timedelta(minutes=5)
"""A supervisor looks at a held emergency within this time; it is shown as late afterwards."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Ring again at this moment, at the earliest."""

    at: datetime
    goes_first: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Every allowed ring was made."""


@dataclass(frozen=True, slots=True)
class Review:
    """A supervisor decides."""

    reason: ReviewReason


Next = TryAgain | GiveUp | Review


def rest_after(not_carried: int) -> timedelta:
    """How long a request rests after so many attempts in a row that the telephone company could not carry."""
    if not_carried == 0:
        return timedelta(0)
    return min(LONGEST_REST, timedelta(seconds=15 * 2 ** min(not_carried, 8)))


def after(  # noqa: PLR0911 - one return for each rule, read from the top
    outcome: ContactOutcome,
    *,
    rings_made: int,
    unsure: int,
    not_carried: int = 0,
    wanted: Wanted,
    now: datetime,
    zone: ZoneInfo,
) -> Next:
    """What follows a contact outcome that does not end with a conversation.

    `rings_made` counts every ring of the visitor's telephone so far, `unsure` those at which somebody else answered
    or the person could not be verified, `not_carried` the attempts in a row that the telephone company could not
    carry, each with this one included.
    """
    if outcome in ENDS_CASE or outcome is ContactOutcome.WITHHELD_BLOCKED:
        return Review(ReviewReason.NUMBER_FAILS)
    if unsure >= UNSURE_AT_MOST:
        return Review(ReviewReason.NOT_THE_PERSON)
    if outcome in REVIEWED and outcome not in USES_NO_ATTEMPT:
        return Review(ReviewReason.FLAGGED)
    if rings_made >= MOST_RINGS:  # nobody is told that we could not reach them when we did not really try
        return Review(ReviewReason.OUR_FAILURE) if outcome in USES_NO_ATTEMPT else GiveUp()
    try:
        if outcome in USES_NO_ATTEMPT:
            return TryAgain(next_allowed(wanted, after=now + rest_after(not_carried), zone=zone), goes_first=True)
        if outcome in WAITS_FOR_NEXT_WINDOW:
            return TryAgain(next_window(wanted, after=now, zone=zone))
        return TryAgain(next_allowed(wanted, after=now + GAP, zone=zone))
    except WindowClosed:
        return Review(ReviewReason.SAFE_TIMES_OVER)

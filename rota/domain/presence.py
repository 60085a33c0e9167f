"""Whether a counsellor who is on shift can be offered a call, and what two missed offers mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MISSES_UNTIL_ABSENT = 2  # one unanswered ring is a kettle; two are somebody who is not there


class PresenceState(StrEnum):
    """What a counsellor is doing. Only the first of these is offered calls."""

    AVAILABLE = "available"
    """Ready for the next call."""
    AWAY = "away"
    """Not taking calls, by their own choice; where everybody starts."""
    WRAPPING_UP = "wrapping_up"
    """Writing down what came of a call; says so until they set themselves available again."""
    NOT_RESPONDING = "not_responding"
    """Missed two offers in a row; counts as absent until they set themselves available again."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A state, since when, and why, in the counsellor's own words."""

    state: PresenceState
    since: datetime
    reason: str = ""


class Absent(StrEnum):
    """Why somebody who is on shift counts as absent all the same."""

    PHONE_NOT_CHECKED = "phone_not_checked"
    """Nobody made sure that their telephone reaches them, so it is never rung."""
    NOT_RESPONDING = "not_responding"
    """They missed two offers in a row."""


def absent(*, state: PresenceState, phone_verified: bool) -> Absent | None:
    """Whether somebody on shift counts as absent, and why; being away by choice, for a break, is being there."""
    if not phone_verified:
        return Absent.PHONE_NOT_CHECKED
    return Absent.NOT_RESPONDING if state is PresenceState.NOT_RESPONDING else None


def after_missed_offer(*, misses: int) -> tuple[int, bool]:
    """(Missed offers in a row including this one, whether the person now counts as absent)."""
    total = misses + 1
    return total, total >= MISSES_UNTIL_ABSENT

"""What came of ringing a counsellor's telephone to make sure that it reaches them."""

from __future__ import annotations

from enum import StrEnum

from notifications.domain.call import FINAL, CallState


class Checked(StrEnum):
    """What came of a check."""

    CONFIRMED = "confirmed"
    """Whoever answered pressed 1."""
    NO_KEY = "no_key"
    """Somebody or something answered, and nobody pressed 1."""
    NOT_REACHED = "not_reached"
    """Engaged, off, or not answered."""
    NOT_POSSIBLE = "not_possible"
    """The number cannot be rung, or the telephone company could not carry the call."""
    ENDED = "ended"
    """The check was no longer needed: the number changed, or the person left."""


_CAME_OF_IT: dict[CallState, Checked] = {
    CallState.CONFIRMED: Checked.CONFIRMED,
    CallState.NOT_TAKEN: Checked.NO_KEY,
    CallState.UNREACHED: Checked.NOT_REACHED,
    CallState.WITHHELD: Checked.ENDED,
    CallState.CANCELLED: Checked.ENDED,
}


def came_of(state: CallState) -> Checked | None:
    """What a call's state means for the check that it was; None while it goes on."""
    return _CAME_OF_IT.get(state, Checked.NOT_POSSIBLE) if state in FINAL else None

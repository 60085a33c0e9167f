"""Why a counsellor is not among those who may be offered a call: the rota's reasons, in the order they are tried.

Together with `matching.Block` these are all the answers to "why did nobody ring?".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from rota.domain.presence import PresenceState


class Absence(StrEnum):
    """The first reason why a counsellor is offered nothing at all."""

    NOT_ON_SHIFT = "not_on_shift"
    """No published shift covers this moment."""
    LAST_MINUTES = "last_minutes"
    """The shift ends so soon that a call would run over it."""
    AWAY = "away"
    """They have said that they take no calls."""
    WRAPPING_UP = "wrapping_up"
    """They owe the outcome of a call, or have not said that they are ready again."""
    NOT_RESPONDING = "not_responding"
    """They missed two offers in a row."""
    PHONE_NOT_CHECKED = "phone_not_checked"
    """Nobody has made sure that their telephone reaches them."""


_NOT_READY = {
    PresenceState.AWAY: Absence.AWAY,
    PresenceState.WRAPPING_UP: Absence.WRAPPING_UP,
    PresenceState.NOT_RESPONDING: Absence.NOT_RESPONDING,
}


def absence(
    *,
    on_shift_until: datetime | None,
    presence: PresenceState,
    phone_verified: bool,
    last_minutes: timedelta,
    now: datetime,
) -> Absence | None:
    """The first reason, or None for somebody who can be offered a call. `on_shift_until` is None off shift."""
    if on_shift_until is None:
        return Absence.NOT_ON_SHIFT
    if on_shift_until <= now + last_minutes:
        return Absence.LAST_MINUTES
    if presence in _NOT_READY:
        return _NOT_READY[presence]
    return None if phone_verified else Absence.PHONE_NOT_CHECKED

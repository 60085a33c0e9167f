"""What became of one text message, in our words."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class TextState(StrEnum):
    """Where a text stands."""

    WAITING = "waiting"
    """Decided, not yet sent."""
    SENDING = "sending"
    """Being handed to the telephone company."""
    SENT = "sent"
    """The telephone company has it."""
    DELIVERED = "delivered"
    """It reached the handset."""
    UNDELIVERED = "undelivered"
    """It did not reach the handset."""
    UNCONFIRMED = "unconfirmed"
    """It was sent, and no receipt came: it may have reached the handset."""
    WITHHELD = "withheld"
    """Not sent: at the last moment it was no longer allowed or wanted."""
    REFUSED = "refused"
    """The telephone company will not send it."""
    LOST = "lost"
    """No answer came. We would rather lose a text than send it twice."""


FINAL = frozenset(
    {
        TextState.DELIVERED,
        TextState.UNDELIVERED,
        TextState.UNCONFIRMED,
        TextState.WITHHELD,
        TextState.REFUSED,
        TextState.LOST,
    }
)
"""Nothing is done about a text in one of these states."""

NEVER_ARRIVED = frozenset({TextState.UNDELIVERED, TextState.REFUSED})
"""Whoever was to read it has not: staff see that at a glance."""

_RANKS = {
    TextState.WAITING: 0,
    TextState.SENDING: 1,
    TextState.LOST: 2,  # a receipt that comes after all corrects it
    TextState.SENT: 3,
    TextState.UNCONFIRMED: 4,  # so does one that comes after its time
    TextState.WITHHELD: 9,
    TextState.REFUSED: 9,
    TextState.UNDELIVERED: 9,
    TextState.DELIVERED: 10,
}

DEADLINES: dict[TextState, timedelta] = {
    TextState.SENDING: timedelta(seconds=30),
    TextState.SENT: timedelta(hours=1),
}
"""How long a state may last before it is looked into."""

OPTED_OUT = "21610"
"""The telephone company's code for a number that replied STOP, word of which may never have reached us."""

VALID_FOR_S = 600
"""The network drops a text it could not deliver in ten minutes: hours later it would be untrue, or unsafe."""

_PROVIDER_WORDS = {
    "accepted": TextState.SENT,
    "scheduled": TextState.SENT,
    "queued": TextState.SENT,
    "sending": TextState.SENT,
    "sent": TextState.SENT,
    "delivered": TextState.DELIVERED,
    "read": TextState.DELIVERED,
    "undelivered": TextState.UNDELIVERED,
    "failed": TextState.UNDELIVERED,
    "canceled": TextState.UNDELIVERED,
}


def from_provider(status: str) -> TextState | None:
    """Our word for the telephone company's; None for one that we do not know."""
    return _PROVIDER_WORDS.get(status)


def advance(state: TextState, news: TextState) -> TextState:
    """The state after news; never a lower one."""
    return news if _RANKS[news] > _RANKS[state] else state

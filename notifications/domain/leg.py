"""What the telephone company says of one telephone's part in a call; what is known of it only grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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

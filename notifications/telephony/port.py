"""What we need of a telephone company, in our words. Failures are part of the interface.

Every order carries a `Permit`, which only `operations.gate` makes: there is no way to the provider around the gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from foundation.phone import Phone
from notifications.domain.leg import LegStatus
from notifications.domain.text import TextState


class ProviderUnavailable(Exception):
    """Nothing was dialled or sent; trying this order again after `retry_after_s` is safe.

    `leave_alone_s`: for so long the provider wants to hear nothing of any order.
    """

    def __init__(self, because: str, *, retry_after_s: float = 5.0, leave_alone_s: float = 0.0) -> None:
        super().__init__(because)
        self.retry_after_s = max(retry_after_s, leave_alone_s)
        self.leave_alone_s = leave_alone_s


class ProviderRefusesUs(ProviderUnavailable):
    """Our credentials or account are refused: nothing was dialled, and a person must look."""


class NumberRefused(Exception):
    """The number can never be dialled or sent to; trying again is pointless. `code` is the provider's."""

    def __init__(self, code: str) -> None:
        super().__init__(f"refused by the telephone company with code {code}")
        self.code = code


class TurnedAway(Exception):
    """Nothing was dialled or sent, for a reason that may be ours; this order is over, and no number is to blame."""

    def __init__(self, code: str) -> None:
        super().__init__(f"turned away by the telephone company with code {code}")
        self.code = code


class OutcomeUnknown(Exception):
    """The request may or may not have reached the provider; reconcile, never retry."""


class NoSuchCall(Exception):
    """The provider has no call with this id."""


PERMITS_LAST = timedelta(seconds=15)
"""An order is carried at once. A worker that was frozen with one in its hand finds another world when it wakes."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Proof that the safe-contact gate let one order through, and when."""

    subject_id: UUID
    at: datetime

    def has_lapsed(self, *, now: datetime) -> bool:
        """Whether it is too old to be used: what was safe then need not be now."""
        return now - self.at > PERMITS_LAST


@dataclass(frozen=True, slots=True)
class CallOrder:
    """Ring a counsellor; our webhooks do the rest. `call_id` is in every address the provider comes back to."""

    call_id: UUID
    to: Phone
    permit: Permit


@dataclass(frozen=True, slots=True)
class TextOrder:
    """Send a text."""

    text_id: UUID
    to: Phone
    body: str
    permit: Permit


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """The provider's own record of one leg; `status` is None for a word that we do not know."""

    provider_id: str
    status: LegStatus | None
    created_at: datetime | None
    ended_at: datetime | None
    duration_s: int
    to: Phone | None = None
    parent_id: str | None = None
    """The leg that dialled this one, if one did."""
    dialled_at: datetime | None = None
    """When the provider began to dial it; None while it waits its turn there."""
    queued_s: float = 0.0
    """How long it waited its turn there, as far as the provider says."""

    def has_waited_s(self, *, now: datetime) -> float:
        """Seconds for which this leg has waited its turn: what the provider says, or what its age says."""
        waits_since = self.created_at if self.dialled_at is None else None
        return max(self.queued_s, (now - waits_since).total_seconds() if waits_since else 0.0)


class Telephony(Protocol):
    """A telephone company."""

    def place_call(self, order: CallOrder) -> str:
        """Ring; the provider's id. Raises ProviderUnavailable, NumberRefused, TurnedAway, OutcomeUnknown."""

    def send_text(self, order: TextOrder) -> tuple[str, TextState]:
        """Send; the provider's id and first word.

        Raises ProviderUnavailable, NumberRefused, TurnedAway, OutcomeUnknown.
        """

    def call(self, provider_id: str) -> ProviderCall:
        """The record of a leg. Raises NoSuchCall, ProviderUnavailable."""

    def second_leg(self, provider_id: str) -> ProviderCall | None:
        """The record of the leg that a leg dialled, if any. Raises ProviderUnavailable."""

    def calls_to(self, to: Phone) -> list[ProviderCall]:
        """The latest legs that we placed to a number, newest first; eventually consistent. ProviderUnavailable."""

    def latest_calls(self, limit: int) -> list[ProviderCall]:
        """The newest legs that show our number, over or not, newest first; eventually consistent.

        One request. Raises ProviderUnavailable.
        """

    def live_calls(self) -> list[ProviderCall]:
        """Every leg that shows our number and is not over; eventually consistent. ProviderUnavailable."""

    def end_call(self, provider_id: str) -> None:
        """Stop a leg, ringing or answered; one that is over already is fine. ProviderUnavailable."""

    def delete_call(self, provider_id: str) -> None:
        """Delete the record of a leg that is over; one that is gone already is fine. ProviderUnavailable."""

    def delete_text(self, provider_id: str) -> None:
        """Delete the record of a text, its words with it; one that is gone already is fine. ProviderUnavailable."""

    def text_state(self, provider_id: str) -> TextState | None:
        """What became of a text; None when the provider knows of none, or uses a word that we do not know.

        Raises ProviderUnavailable.
        """

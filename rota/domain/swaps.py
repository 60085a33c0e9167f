"""A shift, or a part of one, that its owner offers to a colleague: what can become of the offer."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rota.domain.changes import Replace, applied
from rota.domain.shifts import Shift, ShiftRefused, Span, instant_of


class SwapState(StrEnum):
    """How far an offer has come. The shift stays with its owner until the swap is approved."""

    OFFERED = "offered"
    """Colleagues can take it."""
    TAKEN = "taken"
    """Somebody wants it; a supervisor decides."""
    APPROVED = "approved"
    """It has changed hands."""
    WITHDRAWN = "withdrawn"
    """It is as if it had never been offered."""
    LAPSED = "lapsed"
    """It began, or its shift went, before anybody took it over."""


class SwapEvent(StrEnum):
    """What can happen to an offer."""

    TAKE = "take"
    """A colleague wants it."""
    REFUSE = "refuse"
    """A supervisor says no to whoever took it; others may take it."""
    APPROVE = "approve"
    """A supervisor says yes."""
    WITHDRAW = "withdraw"
    """The owner, or after approval a supervisor, takes it back."""
    LAPSE = "lapse"
    """Nothing is left to hand over."""


MOVES: dict[tuple[SwapState, SwapEvent], SwapState] = {
    (SwapState.OFFERED, SwapEvent.TAKE): SwapState.TAKEN,
    (SwapState.OFFERED, SwapEvent.WITHDRAW): SwapState.WITHDRAWN,
    (SwapState.OFFERED, SwapEvent.LAPSE): SwapState.LAPSED,
    (SwapState.TAKEN, SwapEvent.REFUSE): SwapState.OFFERED,
    (SwapState.TAKEN, SwapEvent.APPROVE): SwapState.APPROVED,
    (SwapState.TAKEN, SwapEvent.WITHDRAW): SwapState.WITHDRAWN,
    (SwapState.TAKEN, SwapEvent.LAPSE): SwapState.LAPSED,
    (SwapState.APPROVED, SwapEvent.WITHDRAW): SwapState.WITHDRAWN,
}
"""Everything that is not here is refused."""

OPEN = frozenset({SwapState.OFFERED, SwapState.TAKEN})
"""Something is still to be decided."""


class SwapRefused(ShiftRefused):
    """A swap cannot be made like this; the message says why, and what to do."""

    field = "swap"


class NotNow(SwapRefused):
    """The offer is not where the page showed it any more; show it as it is."""


class OwnOffer(SwapRefused):
    """People cannot take their own offer; they can withdraw it."""


class OfferedAlready(SwapRefused):
    """A part of this is on offer already; withdraw that offer, or offer another part."""


class NotInTheShift(SwapRefused):
    """The part lies outside the shift, or is over; choose another part."""


_SAID: dict[SwapState, str] = {
    SwapState.OFFERED: "Nobody has taken this offer yet",
    SwapState.TAKEN: "Somebody has taken this offer already. Look for another one",
    SwapState.APPROVED: "This swap is approved already",
    SwapState.WITHDRAWN: "This offer was withdrawn",
    SwapState.LAPSED: "This offer is over: its shift has begun or is gone",
}


def move(state: SwapState, event: SwapEvent) -> SwapState:
    """The state after an event. Raises NotNow."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise NotNow(_SAID[state]) from None


def part_of(shift: Span, offered: Span | None) -> Span | None:
    """What of a shift is on offer, wherever the shift is now: all of it, the part inside it, or nothing any more."""
    return shift if offered is None else offered.clipped(shift.starts_at, shift.ends_at)


def swapped(shift: Shift, part: Span, *, by: int) -> list[Shift]:
    """The shifts after the swap, in order: what is before, the part with its new owner, what is after."""
    after = applied([shift], [Replace(shift.counsellor_id, by, part)])
    return sorted(after, key=lambda each: each.span)


def part_entered(shift: Span, starts: time, ends: time, zone: ZoneInfo) -> Span:
    """The part of a shift between two wall times, each taken where the shift first reaches it. Raises NotInTheShift."""
    starts_at = _first(shift.starts_at, starts, zone)
    ends_at = _first(starts_at + timedelta(minutes=1), ends, zone)
    if ends_at > shift.ends_at:
        raise NotInTheShift("Choose times that lie inside the shift, the start before the end")
    return Span(starts_at, ends_at)


def _first(since: datetime, wall: time, zone: ZoneInfo) -> datetime:
    """The first instant from `since` on at which the wall shows this time."""
    day = since.astimezone(zone).date()
    here = instant_of(day, wall, zone)
    return here if here >= since else instant_of(day + timedelta(days=1), wall, zone)

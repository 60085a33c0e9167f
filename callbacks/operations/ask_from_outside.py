"""A stranger asks, through a page or a program: within limits that no honest person meets.

The limits are counted in the tables, for all servers at once, by the network that asks. Whoever shows a little work
(see `web.proof`) may ask more. What is refused here is not kept, and dials nobody. A flood from many networks turns
nobody away: what looks made by a machine waits for a supervisor (see `breaker`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.asking import Ask, Idempotency
from callbacks.domain.triage import Urgency, triage
from callbacks.operations import breaker
from callbacks.operations.ask import Asked, answered_before, ask_anew

WITHIN: Final = timedelta(hours=1)

WITH_WORK: Final = 60  # requests an hour: a hostel, a college or a whole mobile company behind one address
WITHOUT: Final = 6  # no script ran: an old telephone, or a machine


class AskedTooOften(Exception):
    """So many requests came from one network that this one waits; `again_at` is when to try again."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__("asked too often")
        self.again_at = again_at


def ask_from_outside(
    session: Session,
    what: Ask,
    *,
    idempotency: Idempotency | None,
    has_worked: bool,
    is_limited: bool,
    budget: int,
    zone: ZoneInfo,
    now: datetime,
) -> Asked:
    """Keep a request, unless a limit is met. Raises AskedTooOften, and what `ask` raises; then nothing is kept.

    A request sent again is answered before any limit is looked at: whoever lost the answer must get it. An emergency is
    never refused: beyond the limit, a supervisor looks before anybody is rung.
    """
    if before := answered_before(session, idempotency, now=now):
        return before
    is_over_limit = False
    if is_limited and what.requester is not None:
        queries.lock_requester(session, what.requester)  # many at once are not each the last that is allowed
        limit = WITH_WORK if has_worked else WITHOUT
        oldest = queries.asked_nth_last(session, limit, requester=what.requester, since=now - WITHIN)
        is_over_limit = oldest is not None
        if oldest is not None and triage(what.flags, what.substances).urgency is not Urgency.EMERGENCY:
            raise AskedTooOften(oldest + WITHIN)
    is_suspect = (
        is_limited
        and breaker.looks_made(session, requester=what.requester, has_worked=has_worked, now=now)
        and breaker.is_open(session, channels=[what.channel], budget=budget, now=now)
    )
    return ask_anew(
        session,
        what,
        is_suspect=is_suspect,
        is_over_limit=is_over_limit,
        idempotency=idempotency,
        zone=zone,
        now=now,
    )

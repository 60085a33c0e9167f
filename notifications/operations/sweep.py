"""Find calls from our number that no table knows of, or that outlive theirs: who answers them hears nobody speak.

They should not be. One can be when a call surfaces after it was given up as lost, when the telephone company carried
an order twice, or when its word that a leg is over was the last that it kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifications import queries
from notifications.domain.call_deadlines import SWEPT_FULLY_EVERY
from notifications.domain.leg import ENDED_RANK, RANKS
from notifications.domain.trouble import ORPHANS_PASS_AFTER, Trouble
from notifications.models import PaceRow
from notifications.operations import trouble
from notifications.telephony.port import ProviderCall

YOUNG_FOR = timedelta(seconds=30)
"""The id of a leg this young may still be on its way to us."""

SEEN_LATE = timedelta(seconds=30)
"""So much later than it began may a call first be seen in a list, which lags behind; young ones are left alone."""

LATEST = 100
"""So many of the latest calls are asked for: a page, and what the busiest three quarters of a minute bring."""

LAST_WORDS_TAKE = timedelta(minutes=2)
"""After this long, a leg of a call that is over has no more to say or to hear."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the telephone company is to be asked for."""

    reaches_back_to: datetime | None
    """The latest calls are enough if they reach back so far; None: every call that is under way."""

    def is_seen_in(self, latest: Sequence[ProviderCall]) -> bool:
        """Whether every call that has begun since the last full look is among these latest ones, newest first."""
        if self.reaches_back_to is None or len(latest) < LATEST:
            return self.reaches_back_to is not None  # fewer than were asked for: these are all that there are
        oldest = latest[-1].created_at
        return oldest is not None and oldest <= self.reaches_back_to


def begin(session: Session, *, now: datetime) -> Look:
    """Nobody else asks for a while.

    A look at the latest calls is one request. Older ones are looked at once a minute, and every time while there is a
    call of which nobody knows what became: only such a one surfaces late.
    """
    fully_at = session.scalar(select(PaceRow.swept_fully_at))
    is_full = fully_at is None or fully_at <= now - SWEPT_FULLY_EVERY or queries.is_fate_unknown(session, now=now)
    session.execute(update(PaceRow).values(swept_at=now).execution_options(synchronize_session=False))
    last_at = queries.trouble_last_at(session, Trouble.ORPHANS)
    if last_at is not None and last_at < now - ORPHANS_PASS_AFTER:
        trouble.end(session, Trouble.ORPHANS)
    return Look(None if is_full or fully_at is None else fully_at - SEEN_LATE)


def orphans(session: Session, *, live: Sequence[ProviderCall], is_full: bool, now: datetime) -> list[str]:
    """The ids of those of these legs that are live and must be ended; each is a trouble that people are told of.

    `is_full`: these are all that are under way, and not only among the latest.
    """
    if is_full:
        session.execute(update(PaceRow).values(swept_fully_at=now).execution_options(synchronize_session=False))
    live = [leg for leg in live if leg.status is None or RANKS[leg.status] < ENDED_RANK]
    ids = {each for leg in live for each in (leg.provider_id, leg.parent_id) if each is not None}
    ended_at = queries.call_ends(session, ids)
    awaited = queries.numbers_awaited(session)
    found = [leg.provider_id for leg in live if _is_orphan(leg, ended_at=ended_at, awaited=awaited, now=now)]
    if found:
        trouble.begin(session, Trouble.ORPHANS, now=now)
    return found


def _is_orphan(leg: ProviderCall, *, ended_at: dict[str, datetime | None], awaited: set[str], now: datetime) -> bool:
    if leg.created_at is None or now - leg.created_at < YOUNG_FOR:
        return False
    owner = next((each for each in (leg.provider_id, leg.parent_id) if each in ended_at), None)
    if owner is None:
        return leg.to is None or leg.to.e164 not in awaited  # it may be the very call that we are looking for
    ended = ended_at[owner]
    return ended is not None and now - ended > LAST_WORDS_TAKE

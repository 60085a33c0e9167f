"""Find calls from our number that no table knows of, or that outlive theirs: who answers them hears nobody speak.

They should not be. One can be when a call surfaces after it was given up as lost, when the telephone company carried
an order twice, or when its word that a leg is over was the last that it kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from notifications import queries
from notifications.domain.trouble import ORPHANS_PASS_AFTER, Trouble
from notifications.models import PaceRow
from notifications.operations import trouble
from notifications.telephony.port import ProviderCall

YOUNG_FOR = timedelta(seconds=30)
"""The id of a leg this young may still be on its way to us."""

LAST_WORDS_TAKE = timedelta(minutes=2)
"""After this long, a leg of a call that is over has no more to say or to hear."""


def begin(session: Session, *, now: datetime) -> None:
    """Nobody else asks for a while."""
    session.execute(update(PaceRow).values(swept_at=now).execution_options(synchronize_session=False))
    last_at = queries.trouble_last_at(session, Trouble.ORPHANS)
    if last_at is not None and last_at < now - ORPHANS_PASS_AFTER:
        trouble.end(session, Trouble.ORPHANS)


def orphans(session: Session, *, live: Sequence[ProviderCall], now: datetime) -> list[str]:
    """The ids of those of these live legs that must be ended; each is a trouble that people are told of."""
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

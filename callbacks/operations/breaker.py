"""A flood of requests, or a day's budget that is spent: what looks like a machine's waits for a supervisor.

Nobody is turned away for what others did. Whoever comes with a browser that has worked for it, from a network that has
hardly asked, is rung as ever; so is every emergency. The lead on call hears of it (`watch`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from callbacks import queries

FLOOD: Final = 300  # requests of strangers in an hour, through one channel: five a minute
HARDLY: Final = 2  # requests of one network in an hour: somebody who asks, and somebody else in the house
AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(hours=24)

CHANNELS: Final = ("web", "api")


def is_open(session: Session, *, channels: Collection[str], budget: int, now: datetime) -> bool:
    """Whether strangers ask as no number of people would, or more calls and texts went out in a day than are paid for.

    Pages and programs flood apart: no program makes those wait who come without a script.
    """
    is_flood = any(
        queries.asked_nth_last(session, FLOOD, channel=channel, since=now - AN_HOUR) is not None for channel in channels
    )
    return is_flood or queries.spent(session, since=now - A_DAY) >= budget


def looks_made(session: Session, *, requester: bytes | None, has_worked: bool, now: datetime) -> bool:
    """Whether a request may be a machine's: no script worked for it, or its network has asked before."""
    if not has_worked or requester is None:
        return True
    return queries.asked_nth_last(session, HARDLY, requester=requester, since=now - AN_HOUR) is not None

"""Look at the service as a whole: is every request accounted for, and does anybody starve while somebody is free?"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.operations.explain import standing
from notifications.domain.trouble import Trouble
from notifications.operations import trouble


def watch(session: Session, *, zone: ZoneInfo, now: datetime) -> None:
    """Begin and end the troubles that only a look at all tables shows."""
    seen = {
        Trouble.REQUESTS_UNACCOUNTED: queries.unaccounted_for(session) > 0,
        Trouble.STARVING: any(
            block is None for one in standing(session, zone=zone, now=now).starving() for _, block in one.free
        ),
    }
    for kind, is_so in seen.items():
        if is_so:
            trouble.begin(session, kind, now=now)
        else:
            trouble.end(session, kind)
    trouble.forget_old_refusals(session, now=now)

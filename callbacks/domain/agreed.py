"""What was agreed with somebody who asks very often: who rings them, and at what times. They are never dropped.

A few people ask for most of the calls of a helpline. Refusing them helps nobody; one counsellor who knows them, at
times that both can count on, does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from callbacks.domain.window import Span

NAMED_FIRST = timedelta(minutes=30)
"""So long the named counsellor, if they are on shift, has the request to themselves; then anybody rings."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """One agreement. The times are local and the same on every day; both None: at any time."""

    counsellor_id: int | None = None
    from_: time | None = None
    until: time | None = None


def first_agreed(agreed: Agreed, *, allowed: Sequence[Span], after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment from `after` on that is allowed and within the agreed times; None when there is none."""
    if agreed.from_ is None or agreed.until is None:
        return next((max(after, span.starts_at) for span in allowed if span.ends_at > after), None)
    for span in allowed:
        day = max(after, span.starts_at).astimezone(zone).date()
        while day <= span.ends_at.astimezone(zone).date():
            opens = datetime.combine(day, agreed.from_, zone).astimezone(span.starts_at.tzinfo)
            closes = datetime.combine(day, agreed.until, zone).astimezone(span.starts_at.tzinfo)
            starts, ends = max(opens, span.starts_at, after), min(closes, span.ends_at)
            if starts < ends:
                return starts
            day += timedelta(days=1)
    return None

"""A person's shifts by local week, with the hours worked in each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rota.domain.rules import NOTHING, WEEK
from rota.domain.shifts import Span, instant_of

wall_instant = lru_cache(maxsize=65_536)(instant_of)


class Weeks:
    """A person's shifts by local week from Monday, the default of the Northern Irish text; long hours are split."""

    def __init__(self, shifts: Sequence[Span], zone: ZoneInfo) -> None:
        first = shifts[0].starts_at.astimezone(zone).date()
        self.first = first - timedelta(days=first.weekday())
        last = shifts[-1].ends_at.astimezone(zone).date()
        number = (last - self.first).days // 7 + 1
        self.edges = [wall_instant(self.first + n * WEEK, time(), zone) for n in range(number + 1)]
        self.worked = [NOTHING] * number
        self.shifts: list[list[Span]] = [[] for _ in range(number)]
        week = 0
        for span in shifts:
            while span.starts_at >= self.edges[week + 1]:
                week += 1
            self.shifts[week].append(span)
            if span.ends_at <= self.edges[week + 1]:
                self.worked[week] += _length(span)
            else:
                self.worked[week] += self.edges[week + 1] - span.starts_at.astimezone(UTC)
                self.worked[week + 1] += span.ends_at.astimezone(UTC) - self.edges[week + 1]


def _length(span: Span) -> timedelta:
    """Elapsed time; cheap for instants in UTC, which is how they are stored."""
    return span.ends_at - span.starts_at if not span.starts_at.utcoffset() else span.length

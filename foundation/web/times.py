"""Instants in the words that people use: "18:10", "tomorrow", "Sunday 25 October", and the hour that happens twice.

Instants are stored in UTC and shown as wall time in the service's zone. On the night when the clocks go back an hour
happens twice; every time within it says which of the two is meant.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import current_app


def service_zone() -> ZoneInfo:
    """The zone in which the service tells times: SERVICE_TIMEZONE."""
    zone: ZoneInfo = current_app.config["ZONE"]
    return zone


def clock_time(moment: datetime, *, zone: ZoneInfo) -> str:
    """Like "18:10"; "01:30 (before the clocks go back)" when the wall shows the same time twice that night."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M}{_which(local)}"


def _which(local: datetime) -> str:
    if not happens_twice(local):
        return ""
    return " (after the clocks go back)" if local.fold else " (before the clocks go back)"


def happens_twice(local: datetime) -> bool:
    """Whether the wall shows this time twice; `local` carries its zone."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset() and _exists(local)


def _exists(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None, fold=0) == local.replace(
        tzinfo=None, fold=0
    )


def hours(starts_at: datetime, ends_at: datetime, *, zone: ZoneInfo) -> str:
    """Like "18:00 to 19:00". Both ends by the clock as it stands at the start, so that every hour looks like one."""
    starts = starts_at.astimezone(zone)
    ends = (starts.replace(tzinfo=None) + (ends_at - starts_at)).time()
    return f"{starts:%H:%M} to {ends:%H:%M}{_which(starts)}"


def day_name(moment: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """Like "today", "tomorrow" or "Thursday 26 November"."""
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    return {today: "today", today + timedelta(days=1): "tomorrow"}.get(day) or date_in_words(day)


def date_in_words(day: date) -> str:
    """Like "Thursday 26 November"."""
    return f"{day:%A} {day.day} {day:%B}"


def between(starts_at: datetime, ends_at: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """Like "today between 18:10 and 18:40", with the second day named when the span ends on another."""
    first, last = day_name(starts_at, zone=zone, now=now), day_name(ends_at, zone=zone, now=now)
    until = clock_time(ends_at, zone=zone) + (f" {last}" if last != first else "")
    return f"{first} between {clock_time(starts_at, zone=zone)} and {until}"


def clocks_change_on(day: date, *, zone: ZoneInfo) -> timedelta:
    """How much longer (or, negative, shorter) than 24 hours this local day is."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    following = day + timedelta(days=1)
    next_midnight = datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)
    return (next_midnight - midnight) - timedelta(days=1)

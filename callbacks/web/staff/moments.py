"""Instants and lengths as the staff pages say them: "14:05", "yesterday, 23:10", "12 minutes"."""

from __future__ import annotations

from datetime import datetime, timedelta

from foundation.web.times import between, clock_time, day_name, service_zone

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def at(moment: datetime, *, now: datetime) -> str:
    """An instant: only the time when it is today."""
    zone = service_zone()
    day = day_name(moment, zone=zone, now=now)
    clock = clock_time(moment, zone=zone)
    return clock if day == "today" else f"{day}, {clock}"


def exactly(moment: datetime) -> str:
    """An instant with its seconds, for a history: 14:05:09."""
    return f"{moment.astimezone(service_zone()):%H:%M:%S}"


def lasting(length: timedelta) -> str:
    """A length, to the minute: "less than a minute", "1 minute", "12 minutes", "2 h 5 min", "3 days"."""
    if length < _MINUTE:
        return "less than a minute"
    if length < _HOUR:
        minutes = length // _MINUTE
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    if length < 2 * _DAY:
        hours, rest = divmod(length // _MINUTE, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{length // _DAY} days"


def spanning(starts_at: datetime, ends_at: datetime, *, now: datetime) -> str:
    """A span: "today between 18:10 and 18:40"."""
    return between(starts_at, ends_at, zone=service_zone(), now=now)

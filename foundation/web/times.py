"""Instants in the words that people use: "18:10", "tomorrow", "Sunday 25 October", and the hour that happens twice.

Instants are stored in UTC and shown as wall time in the service's zone. On the night when the clocks go back an hour
happens twice; every time within it says which of the two is meant. All words are in the language of the moment.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import current_app

from foundation import language
from foundation.language import said

_DAY: Final = "EEEE d MMMM"  # Unicode's pattern for "Thursday 26 November"; no year, as nothing is that far away
_INSIDE: Final = {"cy": ("Dydd", "dydd")}
"""How the name of a day begins inside a sentence, where that differs from the beginning of one."""
_WHEN: Final = {"cy": ("Dydd", "ddydd")}
"""The same when the day says when something happens: Welsh softens its first letter then."""


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
    return " " + (said("(after the clocks go back)") if local.fold else said("(before the clocks go back)"))


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
    return said("{starts} to {ends}", starts=f"{starts:%H:%M}", ends=f"{ends:%H:%M}") + _which(starts)


def day_name(moment: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """Like "today", "tomorrow" or "Thursday 26 November": when something happens."""
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if day == today:
        return said("today")
    if day == today + timedelta(days=1):
        return said("tomorrow")
    return date_of(day)


def date_of(day: date) -> str:
    """Like "Thursday 26 November", when something happens on it."""
    return _begun(date_in_words(day), _WHEN)


def date_in_words(day: date) -> str:
    """Like "Thursday 26 November", as a line begins with it."""
    return format_date(day, _DAY, locale=language.present())


def near_day(day: date, *, today: date) -> str:
    """Like "Tomorrow, Thursday 26 November", for a heading."""
    if day == today:
        return said("Today, {date}", date=_begun(date_in_words(day), _INSIDE))
    if day == today + timedelta(days=1):
        return said("Tomorrow, {date}", date=_begun(date_in_words(day), _INSIDE))
    return date_in_words(day)


def _begun(words: str, ways: dict[str, tuple[str, str]]) -> str:
    as_written, instead = ways.get(language.present(), ("", ""))
    return instead + words.removeprefix(as_written) if words.startswith(as_written) else words


def between(starts_at: datetime, ends_at: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """Like "today between 18:10 and 18:40", with the second day named when the span ends on another."""
    first, last = day_name(starts_at, zone=zone, now=now), day_name(ends_at, zone=zone, now=now)
    until = clock_time(ends_at, zone=zone) + (f" {last}" if last != first else "")
    return said("{day} between {starts} and {ends}", day=first, starts=clock_time(starts_at, zone=zone), ends=until)


def clocks_change_on(day: date, *, zone: ZoneInfo) -> timedelta:
    """How much longer (or, negative, shorter) than 24 hours this local day is."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    following = day + timedelta(days=1)
    next_midnight = datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)
    return (next_midnight - midnight) - timedelta(days=1)

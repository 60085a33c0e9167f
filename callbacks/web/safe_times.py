"""Until when, and at which other times, a call is safe: what a page offers, and which spans the answers mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from callbacks.domain.window import Asap, Span, Wanted, allowed
from callbacks.web.choices import Day, Option, days, value
from callbacks.web.schemas.reading import Unacceptable, read_when
from foundation.language import said
from foundation.web.times import between, clock_time, day_name

MOST: Final = 3  # other times: enough to be reached, few enough to be remembered
ALL_DAY: Final = ""
HOURS: Final = (1, 2)  # how long somebody is usually sure to be alone


class NotSafe(Exception):
    """The answers name no time at which we could ring; ask again."""


class TooMany(Exception):
    """More other times were ticked than we keep."""


def until_when(present: str, *, zone: ZoneInfo, now: datetime) -> tuple[Option, ...]:
    """What can be chosen for a call as soon as possible: until when it is safe to ring; the present choice too."""
    minute = now.replace(second=0, microsecond=0)
    ends = [minute + timedelta(hours=hours) for hours in HOURS]
    if (midnight := _midnight(now, zone=zone)) > ends[-1]:
        ends.append(midnight)
    if (chosen_before := _still_to_come(present, now=now)) and chosen_before not in ends:
        ends.insert(0, chosen_before)
    return ((ALL_DAY, _all_day(zone=zone, now=now)), *((_value(end), _only_until(end, zone=zone)) for end in ends))


def _all_day(*, zone: ZoneInfo, now: datetime) -> str:
    first, *later = allowed(Wanted(asked_at=now, when=Asap()), zone=zone)
    last = [first, *later][-1].ends_at
    day, time = day_name(last, zone=zone, now=now), clock_time(last, zone=zone)
    if not later:
        return said("Until {day} at {time}", day=day, time=time)
    until, again = clock_time(first.ends_at, zone=zone), clock_time(later[0].starts_at, zone=zone)
    return said("Until {until}, then from {again} until {day} at {time}", until=until, again=again, day=day, time=time)


def _only_until(end: datetime, *, zone: ZoneInfo) -> str:
    if end.astimezone(zone).hour == 0 and end.astimezone(zone).minute == 0:
        return said("Only until midnight")
    return said("Only until {time}", time=clock_time(end, zone=zone))


def _midnight(now: datetime, *, zone: ZoneInfo) -> datetime:
    following = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def _still_to_come(present: str, *, now: datetime) -> datetime | None:
    try:
        return read_until(present, now=now)
    except NotSafe:
        return None


def _value(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def read_until(typed: str, *, now: datetime) -> datetime | None:
    """The end that was chosen; None for all day. Raises NotSafe when it is over, too far away or no time at all."""
    if typed == ALL_DAY:
        return None
    try:
        end = datetime.fromisoformat(typed)
    except ValueError:
        raise NotSafe from None
    if end.tzinfo is None or not now < end <= now + timedelta(days=1, hours=1):  # a day of 25 hours has one more
        raise NotSafe
    return end


def read_others(ticked: Sequence[str], *, present: Sequence[Span] = (), now: datetime) -> tuple[Span, ...]:
    """The other times that were ticked, without those that are over. Raises NotSafe and TooMany.

    `present` are times that were allowed before: they may stay, whatever they look like, and count towards no limit.
    """
    before = {value(span): span for span in present}
    found = [before.get(one) or _span(one, now=now) for one in dict.fromkeys(ticked)]
    spans = tuple(span for span in found if span is not None)
    if sum(value(span) not in before for span in spans) > MOST:
        raise TooMany
    return spans


def _span(chosen: str, *, now: datetime) -> Span | None:
    try:
        found = read_when(chosen, now=now)
    except Unacceptable as refused:
        if refused.errors[0].code == "time_in_past":
            return None
        raise NotSafe from None
    if isinstance(found, Asap):
        raise NotSafe
    return found


def chosen(when: Asap | Span, *, until: str, others: Sequence[Span], zone: ZoneInfo, now: datetime) -> tuple[Span, ...]:
    """The safe times that the answers mean; none when "as soon as possible" says it all. Raises NotSafe.

    Other times are for trying again, so only those after a chosen time count: nobody is rung before it.
    """
    if isinstance(when, Span):
        return after(when, others)
    end = read_until(until, now=now)
    if end is not None:
        return (Span(now, end), *others)
    return (*allowed(Wanted(asked_at=now, when=when), zone=zone), *others) if others else ()


def after(when: Asap | Span, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Those of the spans that begin after the chosen time."""
    return tuple(span for span in spans if isinstance(when, Asap) or span.starts_at >= when.ends_at)


def coming(wanted: Wanted, *, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    """Every span in which we may still ring, in words."""
    return tuple(
        between(max(span.starts_at, now), span.ends_at, zone=zone, now=now)
        for span in allowed(wanted, zone=zone)
        if span.ends_at > now
    )


def other_days(
    offered: Sequence[Span], *, when: Asap | Span, present: Sequence[Span] = (), zone: ZoneInfo, now: datetime
) -> tuple[Day, ...]:
    """The times that can be ticked, by day: the offered hours after the chosen one, and what was allowed before."""
    return days(sorted({*after(when, offered), *present}), zone=zone, now=now)

"""Who works how much: in all, at night, at weekends and on bank holidays, those with nothing included."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rota.domain.resolution import PersonSpan
from rota.domain.rules import Limits
from rota.domain.shifts import Span, instant_of
from rota.domain.working_time import night_time

SATURDAY = 5
NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class Hours:
    """One person's elapsed time in a period. Nights, weekends, bank holidays and overtime are parts of the total, and
    overlap.
    """

    counsellor_id: int
    total: timedelta = NOTHING
    nights: timedelta = NOTHING
    weekends: timedelta = NOTHING
    bank_holidays: timedelta = NOTHING
    overtime: timedelta = NOTHING
    """What of the total was worked after shifts were over."""


def hours(
    spans: Iterable[PersonSpan],
    *,
    everybody: Iterable[int],
    bank_holidays: Collection[date],
    limits: Limits,
    zone: ZoneInfo,
) -> dict[int, Hours]:
    """Each person's hours, by id; everybody on the list is in it, also those who were never placed."""
    found = {person: Hours(person) for person in everybody}
    for each in spans:
        span = Span(each.starts_at, each.ends_at)
        so_far = found.get(each.counsellor_id, Hours(each.counsellor_id))
        by_day = _by_day(span, zone)
        found[each.counsellor_id] = Hours(
            each.counsellor_id,
            so_far.total + span.length,
            so_far.nights + night_time(span, limits=limits, zone=zone),
            so_far.weekends + sum((part for day, part in by_day.items() if day.weekday() >= SATURDAY), NOTHING),
            so_far.bank_holidays + sum((part for day, part in by_day.items() if day in bank_holidays), NOTHING),
        )
    return found


def balance(totals: Sequence[timedelta]) -> int:
    """How evenly time is shared, from 0 (one person has it all) to 100 (everybody has the same); never rounded up.

    One less the Gini coefficient. Somebody with nothing counts like everybody else.
    """
    minutes = sorted(total // timedelta(minutes=1) for total in totals)
    whole, number = sum(minutes), len(minutes)
    if not whole or number == 1:
        return 100
    ranked = sum(rank * worked for rank, worked in enumerate(minutes, start=1))
    gini = 2 * ranked / (number * whole) - (number + 1) / number
    return int(100 * (1 - gini))


def _by_day(span: Span, zone: ZoneInfo) -> Mapping[date, timedelta]:
    """How much of a span lies on each local day."""
    day = span.starts_at.astimezone(zone).date()
    found: dict[date, timedelta] = {}
    at: datetime = span.starts_at
    while at < span.ends_at:
        midnight = min(span.ends_at, instant_of(day + timedelta(days=1), time(), zone))
        found[day] = Span(at, midnight).length
        at, day = midnight, day + timedelta(days=1)
    return found

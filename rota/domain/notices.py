"""When somebody is told about cover or a coming shift: on a change of state, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rota.domain.shifts import Shift, instant_of

DAY = timedelta(days=1)
REMINDED_AT = time(18)  # the evening before: there is still time to say that it cannot be
NIGHT_FROM, NIGHT_UNTIL = time(22), time(7)  # somebody at home is not woken by a text without need
MORNING_IS_ENOUGH = timedelta(hours=3)  # to be asked at seven, answer, and travel


def asked_at(now: datetime, *, starts_at: datetime, zone: ZoneInfo) -> datetime:
    """When people at home are asked about a shift: now, or in the morning when it begins well after that."""
    local = now.astimezone(zone)
    if NIGHT_UNTIL <= local.time() < NIGHT_FROM:
        return now
    morning = instant_of(local.date() + (DAY if local.time() >= NIGHT_FROM else timedelta()), NIGHT_UNTIL, zone)
    return morning if starts_at >= morning + MORNING_IS_ENOUGH else now


class CoverNotice(StrEnum):
    """What is said about a stretch of the rota."""

    UNDERSTAFFED = "UNDERSTAFFED"
    """Fewer than needed."""
    ALL_CLEAR = "ALL_CLEAR"
    """As many as needed again."""
    FULL = "FULL"
    """Every place is taken."""


def cover_notice(*, places: int, filled: int, needed: int, last: CoverNotice | None) -> CoverNotice | None:
    """What to say now, given what was said last; None when that is still true or there is nothing to say."""
    if filled < needed:
        now: CoverNotice | None = CoverNotice.UNDERSTAFFED
    elif filled >= places:
        now = CoverNotice.FULL
    else:
        now = CoverNotice.ALL_CLEAR if last is CoverNotice.UNDERSTAFFED else None
    return None if now is last else now


@dataclass(frozen=True, slots=True)
class Reassigned:
    """A shift that has other hands since a reminder of it was queued."""

    no_longer: tuple[int, ...]
    reminded: tuple[int, ...]


def day_before(starts_at: datetime, *, zone: ZoneInfo) -> datetime:
    """When somebody is reminded of a shift: at 18:00 local time on the day before it."""
    return instant_of(starts_at.astimezone(zone).date() - DAY, REMINDED_AT, zone)


def a_day_before(starts_at: datetime) -> datetime:
    """Twenty-four elapsed hours before."""
    return starts_at - DAY


def reassigned(told: Iterable[Shift], now: Iterable[Shift]) -> Reassigned:
    """Who was told of a shift that is not theirs any more, and who has it now and was not told; nobody is in both."""
    before = {(shift.counsellor_id, shift.span) for shift in told}
    after = {(shift.counsellor_id, shift.span) for shift in now}
    return Reassigned(
        no_longer=tuple(sorted({person for person, _ in before - after})),
        reminded=tuple(sorted({person for person, _ in after - before})),
    )

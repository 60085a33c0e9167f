"""Look whether enough people are there, now, today and for eight weeks; tell supervisors when that changes, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.orm import Session

from foundation.phone import Phone
from rota import queries
from rota.domain import wording
from rota.domain.coverage import SEVERITY, CoverState, Segment
from rota.domain.notices import DAY, asked_at
from rota.domain.shifts import instant_of, minutes, whole_minute
from rota.models import CoverAlertRow
from rota.operations.alert import alert, is_anybody_alerted
from rota.operations.tell import short

AHEAD = timedelta(weeks=8)
NOW = "now"
"""The scope of the state at this moment; every other scope is a local day."""
_IS_NEWS_FOR = timedelta(hours=1)
_PLANS_ARE_NEWS_FOR = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Day:
    """How a day stands, as far as it is still to come."""

    state: CoverState
    short: timedelta
    """For how long cover falls short."""
    worst: Segment | None
    """The first of its worst gaps; None when there is none."""


def watch_now(session: Session, *, zone: ZoneInfo, on_call: Phone | None, now: datetime) -> bool:
    """Tell when cover at this moment is not what it was. Whoever counts as absent is not there. Whether it was told."""
    if not is_anybody_alerted(session, on_call=on_call):
        return False
    here = queries.live_cover(session, moment=now, zone=zone).coverage.segments[0]
    if not _is_news(session, NOW, here.state, timedelta(), now=now):
        return False
    if here.state is CoverState.COVERED:
        body = wording.TEXT_COVER_COMPLETE
    elif here.on < here.need.people:
        body = wording.TEXT_COVER_NOW.format(on=here.on, needed=here.need.people)
    else:
        body = wording.TEXT_COVER_NOW_UNTRAINED
    key = f"rota_now:{here.state}:{now:%Y-%m-%dT%H:%M}"
    alert(session, body=body, reason_key=key, give_up_at=now + _IS_NEWS_FOR, on_call=on_call, now=now)
    return True


def watch_today(session: Session, *, zone: ZoneInfo, on_call: Phone | None, now: datetime) -> int:
    """Tell when the rest of today became worse, at any hour, and when tomorrow changed, by day; how many days.

    Not when the state at this moment was told in the same round: whoever reads that looks at the board.
    """
    if not is_anybody_alerted(session, on_call=on_call):
        return 0
    today = now.astimezone(zone).date()
    days = _days(queries.live_cover(session, moment=now, until=_midnight(today, 2, zone), zone=zone).coverage.segments,
                 zone, now)  # fmt: skip
    is_told = _was_told_of_now(session, now)
    worse = {today: days[today]} if _is_worse(session, today, days[today]) and not is_told else {}
    _is_news(session, today.isoformat(), days[today].state, days[today].short, now=now)
    _tell(session, worse, zone=zone, on_call=on_call, key="today", lasts=_IS_NEWS_FOR, now=now)
    if asked_at(now, starts_at=now + AHEAD, zone=zone) > now:
        return len(worse)  # about tomorrow nobody is woken: it is looked at in the morning
    if not is_anybody_alerted(session):
        return len(worse)  # whoever is on call hears of today; plans wait for a supervisor with a number
    tomorrow = {today + DAY: days[today + DAY]}
    changed = _changed(session, tomorrow, now=now)
    _tell(session, changed, zone=zone, on_call=None, key="tomorrow", lasts=_PLANS_ARE_NEWS_FOR, now=now)
    return len(worse) + len(changed)


def watch_ahead(session: Session, *, zone: ZoneInfo, now: datetime) -> int:
    """Tell, by day, on which of the next eight weeks' days cover has changed since it was told; how many days."""
    if asked_at(now, starts_at=now + AHEAD, zone=zone) > now or not is_anybody_alerted(session):
        return 0
    today = now.astimezone(zone).date()
    over = CoverAlertRow.scope != NOW, CoverAlertRow.scope < today.isoformat()
    session.execute(delete(CoverAlertRow).where(*over))
    start, end = _midnight(today, 2, zone), _midnight(today, AHEAD.days, zone)
    days = _days(queries.coverage(session, start=start, end=end, zone=zone).segments, zone, now)
    changed = _changed(session, days, now=now)
    _tell(session, changed, zone=zone, on_call=None, key="ahead", lasts=_PLANS_ARE_NEWS_FOR, now=now)
    return len(changed)


def _midnight(day: date, days: int, zone: ZoneInfo) -> datetime:
    return instant_of(day + timedelta(days=days), time(), zone)


def _days(segments: Iterable[Segment], zone: ZoneInfo, now: datetime) -> dict[date, Day]:
    """How each local day stands; named is a gap that is to come, if there is one, before the gap at hand."""
    found: dict[date, Day] = {}
    for segment in segments:
        for day in _local_days(segment, zone):
            found.setdefault(day, Day(CoverState.COVERED, timedelta(), None))
            part = segment.span.clipped(_midnight(day, 0, zone), _midnight(day, 1, zone))
            if segment.state is CoverState.COVERED or part is None:
                continue
            so_far = found[day]
            is_worse = SEVERITY[segment.state] > SEVERITY[so_far.state]
            is_first_to_come = so_far.worst is None or so_far.worst.span.covers(whole_minute(now))
            found[day] = Day(
                segment.state if is_worse else so_far.state,
                so_far.short + part.length,
                replace(segment, span=part) if is_worse or is_first_to_come else so_far.worst,
            )
    return found


def _was_told_of_now(session: Session, now: datetime) -> bool:
    """Whether the state at this moment has just been told: that text stands for the rest of today too."""
    row = session.get(CoverAlertRow, NOW)
    return row is not None and row.since == now and row.state != CoverState.COVERED.value


def _local_days(segment: Segment, zone: ZoneInfo) -> list[date]:
    first = segment.span.starts_at.astimezone(zone).date()
    last = (segment.span.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _is_worse(session: Session, day: date, how: Day) -> bool:
    row = session.get(CoverAlertRow, day.isoformat())
    was, was_short = (CoverState(row.state), timedelta(minutes=row.minutes)) if row else (CoverState.COVERED, DAY * 0)
    return SEVERITY[how.state] > SEVERITY[was] or (SEVERITY[how.state] == SEVERITY[was] and how.short > was_short)


def _changed(session: Session, days: Mapping[date, Day], *, now: datetime) -> dict[date, Day]:
    """The days that are not what was told of them, which is what is told from now on."""
    return {
        day: how
        for day, how in sorted(days.items())
        if _is_news(session, day.isoformat(), how.state, how.short, now=now)
    }


def _is_news(session: Session, scope: str, state: CoverState, short_for: timedelta, *, now: datetime) -> bool:
    """Whether a state is another than the one that was told, or falls short for longer; it counts as told from now."""
    row = session.get(CoverAlertRow, scope, with_for_update=True)
    was = CoverState(row.state) if row else CoverState.COVERED
    is_longer = row is not None and minutes(short_for) > row.minutes
    is_news = state is not was or (state is not CoverState.COVERED and is_longer)
    if row is None:
        session.add(CoverAlertRow(scope=scope, state=state.value, minutes=minutes(short_for), since=now))
    elif is_news or minutes(short_for) != row.minutes:
        row.since = now if is_news else row.since
        row.state, row.minutes = state.value, minutes(short_for)
    session.flush()
    return is_news


def _tell(
    session: Session,
    days: Mapping[date, Day],
    *,
    zone: ZoneInfo,
    on_call: Phone | None,
    key: str,
    lasts: timedelta,
    now: datetime,
) -> None:
    """One text about the days that fall short, and one about those that do not any more."""
    gaps = {day: how.worst for day, how in days.items() if how.worst is not None}
    clear = [day for day, how in days.items() if how.worst is None]
    said = []
    if gaps:
        first = gaps[min(gaps)]
        words = wording.TEXT_GAP if len(gaps) == 1 else wording.TEXT_GAPS
        said.append(words.format(
            days=len(gaps), gap=short(first.span, zone), on=first.on, needed=first.need.people))  # fmt: skip
    if clear:
        words = wording.TEXT_GAP_CLOSED if len(clear) == 1 else wording.TEXT_GAPS_CLOSED
        said.append(words.format(days=len(clear), day=f"{min(clear):%a} {min(clear).day} {min(clear):%b}"))
    for number, body in enumerate(said):
        reason_key = f"rota_days:{key}:{number}:{now:%Y-%m-%dT%H:%M}"
        alert(session, body=body, reason_key=reason_key, give_up_at=now + lasts, on_call=on_call, now=now)

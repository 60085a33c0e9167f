"""The rota page: a counsellor's own coming shifts; everybody's week for a supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard, holds
from foundation import clock
from foundation.database import transaction
from rota import queries
from rota.domain.shifts import Span
from rota.domain.wording import break_words, hours_words, length_words, span_words, until_words
from rota.queries import PlannedShift
from rota.web.week import Week, day_title, week_named, week_of

rota = Blueprint("rota", __name__, template_folder="templates", url_prefix="/staff/rota")
guard(rota)

MOST_WEEKS = 4  # beside each other
SATURDAY = 5
AHEAD = timedelta(weeks=4)  # how far a counsellor sees their own shifts


@dataclass(frozen=True, slots=True)
class MyShift:
    """One of my shifts."""

    words: str
    length: str
    is_now: bool
    breaks: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A shift in a day's cell, with what its form starts with when it is dragged to another cell."""

    id: int
    hours: str
    short: str
    """For four weeks at once: 22-06."""
    is_night: bool
    version: int
    starts: str
    ends: str
    starts_here: bool
    """Whether the shift starts on this day; one from the day before the first only runs on."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody's days."""

    id: int
    name: str
    days: tuple[tuple[Chip, ...], ...]
    total: str


@dataclass(frozen=True, slots=True)
class Day:
    """One column."""

    title: str
    iso: str
    is_weekend: bool


@rota.get("")
def page() -> ResponseReturnValue:
    """My shifts, everybody's week, or both, by what somebody is here."""
    now, zone = clock.now(), _zone()
    weeks = [_week(now, zone)]
    weeks += [weeks[0].moved(number) for number in range(1, MOST_WEEKS if request.args.get("weeks") == "4" else 1)]
    with transaction() as session:
        me = queries.counsellor_of(session, staff_id=current_staff().id)
        mine = _mine(session, me.id, now, zone) if me else None
        everybody = _everybody(session, weeks, now) if holds(*PLANNERS) else None
    return render_template(
        "rota/rota.html",
        mine=mine,
        everybody=everybody,
        week=weeks[0],
        weeks=weeks,
        days=[Day(day_title(day), day.isoformat(), day.weekday() >= SATURDAY) for each in weeks for day in each.days],
    )


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.config["ZONE"]
    return zone


def _week(now: datetime, zone: ZoneInfo) -> Week:
    named = request.args.get("week", "")
    week = week_named(named, zone) if named else week_of(now.astimezone(zone).date(), zone)
    return week or abort(HTTPStatus.NOT_FOUND)


def _mine(session: Session, counsellor_id: int, now: datetime, zone: ZoneInfo) -> list[MyShift]:
    shifts = queries.rostered(session, start=now, end=now + AHEAD, counsellor_id=counsellor_id)
    breaks = queries.breaks_of(session, spans={shift.id: shift.span for shift in shifts})
    return [
        MyShift(
            span_words(shift.span, zone),
            length_words(shift.span.length),
            shift.span.covers(now),
            ", ".join(break_words(span, zone) for span in breaks.get(shift.id, ())),
        )
        for shift in shifts
    ]


def _everybody(session: Session, weeks: Sequence[Week], now: datetime) -> list[PersonLine]:
    """Everybody on the team, also those without a shift: nobody is overlooked."""
    whole = Span(weeks[0].starts_at, weeks[-1].ends_at)
    shifts = queries.rostered(session, start=whole.starts_at, end=whole.ends_at)
    names = {row.id: row.staff.name for row in queries.team(session, today=now.astimezone(_zone()).date())}
    names |= {shift.counsellor_id: shift.name for shift in shifts}
    own: dict[int, list[PlannedShift]] = {person: [] for person in names}
    for shift in shifts:
        own[shift.counsellor_id].append(shift)
    by_name = sorted(names.items(), key=lambda each: each[1].casefold())
    return [_line(person, name, own[person], weeks, whole) for person, name in by_name]


def _line(person: int, name: str, shifts: Sequence[PlannedShift], weeks: Sequence[Week], whole: Span) -> PersonLine:
    clipped = [shift.span.clipped(whole.starts_at, whole.ends_at) for shift in shifts]
    total = sum((span.length for span in clipped if span), timedelta())
    days = [week.bounds(day) for week in weeks for day in week.days]
    cells = tuple(tuple(_chips(shifts, bounds, is_first=bounds is days[0], zone=weeks[0].zone)) for bounds in days)
    return PersonLine(person, name, cells, length_words(total))


def _chips(shifts: Sequence[PlannedShift], bounds: Span, *, is_first: bool, zone: ZoneInfo) -> list[Chip]:
    """The shifts that start on this day; one from the Sunday before stands on Monday, where it still runs."""
    return [
        _chip(shift, starts_here=bounds.covers(shift.starts_at), zone=zone)
        for shift in shifts
        if bounds.covers(shift.starts_at) or (is_first and shift.starts_at < bounds.starts_at)
    ]


def _chip(shift: PlannedShift, *, starts_here: bool, zone: ZoneInfo) -> Chip:
    starts, ends = shift.starts_at.astimezone(zone), shift.ends_at.astimezone(zone)
    return Chip(
        shift.id,
        (hours_words if starts_here else until_words)(shift.span, zone),
        f"{_short(starts)}-{_short(ends)}" if starts_here else f"-{_short(ends)}",
        is_night=ends.date() > starts.date(),
        version=shift.version,
        starts=f"{starts:%H:%M}",
        ends=f"{ends:%H:%M}",
        starts_here=starts_here,
    )


def _short(local: datetime) -> str:
    """22, or 22:30."""
    return f"{local:%H:%M}" if local.minute else f"{local:%H}"

"""The rota page: a counsellor's own coming shifts; everybody's week for a supervisor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
from rota.domain.wording import hours_words, length_words, span_words, until_words
from rota.queries import PlannedShift
from rota.web.week import Week, day_title, week_named, week_of

rota = Blueprint("rota", __name__, template_folder="templates", url_prefix="/staff/rota")
guard(rota)

AHEAD = timedelta(weeks=4)  # how far a counsellor sees their own shifts


@dataclass(frozen=True, slots=True)
class MyShift:
    """One of my shifts."""

    words: str
    length: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A shift in a day's cell."""

    id: int
    hours: str
    is_night: bool


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody's week."""

    name: str
    days: tuple[tuple[Chip, ...], ...]
    total: str


@rota.get("")
def page() -> ResponseReturnValue:
    """My shifts, everybody's week, or both, by what somebody is here."""
    now, zone = clock.now(), _zone()
    week = _week(now, zone)
    with transaction() as session:
        me = queries.counsellor_of(session, staff_id=current_staff().id)
        mine = _mine(session, me.id, now, zone) if me else None
        everybody = _everybody(session, week, now) if holds(*PLANNERS) else None
    return render_template(
        "rota/rota.html", mine=mine, everybody=everybody, week=week, days=[day_title(day) for day in week.days]
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
    return [
        MyShift(span_words(shift.span, zone), length_words(shift.span.length), shift.span.covers(now))
        for shift in shifts
    ]


def _everybody(session: Session, week: Week, now: datetime) -> list[PersonLine]:
    """Everybody on the team, also those without a shift: nobody is overlooked."""
    shifts = queries.rostered(session, start=week.starts_at, end=week.ends_at)
    names = {row.id: row.staff.name for row in queries.team(session, today=now.astimezone(week.zone).date())}
    names |= {shift.counsellor_id: shift.name for shift in shifts}
    own: dict[int, list[PlannedShift]] = {person: [] for person in names}
    for shift in shifts:
        own[shift.counsellor_id].append(shift)
    by_name = sorted(names.items(), key=lambda each: each[1].casefold())
    return [_line(name, own[person], week) for person, name in by_name]


def _line(name: str, shifts: Sequence[PlannedShift], week: Week) -> PersonLine:
    clipped = [shift.span.clipped(week.starts_at, week.ends_at) for shift in shifts]
    total = sum((span.length for span in clipped if span), timedelta())
    return PersonLine(name, tuple(_chips(shifts, day, week) for day in week.days), length_words(total))


def _chips(shifts: Sequence[PlannedShift], day: date, week: Week) -> tuple[Chip, ...]:
    """The shifts that start on this day; one from the Sunday before stands on Monday, where it still runs."""
    bounds = week.bounds(day)
    first = day == week.monday
    return tuple(
        Chip(
            shift.id,
            (hours_words if bounds.covers(shift.starts_at) else until_words)(shift.span, week.zone),
            is_night=shift.ends_at.astimezone(week.zone).date() > shift.starts_at.astimezone(week.zone).date(),
        )
        for shift in shifts
        if bounds.covers(shift.starts_at) or (first and shift.starts_at < bounds.starts_at)
    )

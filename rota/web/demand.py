"""The page of demand: how many people each band of the week needs, from which day on, and the least on duty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import date_in_words, service_zone
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.coverage import DAY_MINUTES, MINIMUM_ON_DUTY, Coverage
from rota.domain.shifts import minutes
from rota.domain.wording import LANGUAGES, SKILLS
from rota.models import RequirementRow
from rota.operations import demand as operations
from rota.operations.demand import DemandRefused
from rota.web import wording
from rota.web.forms import NotUnderstood, read_band, read_day, read_number
from rota.web.week import week_of

demand = Blueprint("demand", __name__, template_folder="templates", url_prefix="/staff/coverage/demand")
guard(demand, *PLANNERS)

REFUSED = (NotUnderstood, DemandRefused)


@dataclass(frozen=True, slots=True)
class BandLine:
    """One band of one weekday."""

    id: int
    hours: str
    needed: str
    holds: str
    """From when, and until when, in words; empty when it has long held and holds for good."""
    is_ending: bool


@dataclass(frozen=True, slots=True)
class DayOfBands:
    """A weekday and its bands."""

    title: str
    bands: tuple[BandLine, ...]


@demand.get("")
def page() -> ResponseReturnValue:
    """The week's demand as it is, with a form for a new band, or for the band that the address names."""
    with transaction() as session:
        row = _chosen(session)
        return _page(session, _values(row) if row else {"first_day": _today().isoformat()}, {}, row)


@demand.post("")
def add() -> ResponseReturnValue:
    """Ask for people in a band."""
    try:
        band, weekdays, first_day = read_band(request.form, today=_today())
        with transaction() as session:
            operations.add_band(
                session,
                weekdays=weekdays,
                band=band,
                first_day=first_day,
                today=_today(),
                by=current_staff().id,
                now=clock.now(),
            )
    except REFUSED as refused:
        return _refused(refused)
    return _done(wording.DEMAND_ADDED)


@demand.post("/<int:requirement_id>")
def change(requirement_id: int) -> ResponseReturnValue:
    """Ask for something else from a day on."""
    try:
        band, _, first_day = read_band(request.form, today=_today())
        with transaction() as session:
            operations.change_band(
                session,
                requirement_id=requirement_id,
                band=band,
                first_day=first_day,
                today=_today(),
                by=current_staff().id,
                now=clock.now(),
            )
    except REFUSED as refused:
        return _refused(refused, requirement_id)
    return _done(wording.DEMAND_CHANGED)


@demand.post("/<int:requirement_id>/end")
def end(requirement_id: int) -> ResponseReturnValue:
    """Ask for it no more from a day on."""
    try:
        until_day = read_day(request.form.get("first_day", "") or _today().isoformat())
        if until_day is None:
            raise NotUnderstood({"first_day": wording.ENTER_A_DAY_IT_HOLDS})
        with transaction() as session:
            operations.end_band(
                session,
                requirement_id=requirement_id,
                until_day=until_day,
                today=_today(),
                by=current_staff().id,
                now=clock.now(),
            )
    except REFUSED as refused:
        return _refused(refused, requirement_id)
    return _done(wording.DEMAND_ENDED)


@demand.post("/minimum")
def minimum() -> ResponseReturnValue:
    """Say how many are on duty at least."""
    people = read_number(request.form.get("minimum", ""))
    first_day = read_day(request.form.get("minimum_from", "") or _today().isoformat())
    try:
        if people is None or first_day is None:
            raise NotUnderstood({"minimum": wording.ENTER_A_NUMBER})
        with transaction() as session:
            before = operations.set_minimum(
                session, people=people, first_day=first_day, today=_today(), by=current_staff().id, now=clock.now()
            )
    except REFUSED as refused:
        return _refused(refused)
    return _done(wording.minimum_set(people, before))


def _today() -> date:
    return clock.now().astimezone(service_zone()).date()


def _done(said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("demand.page"), HTTPStatus.SEE_OTHER)


def _refused(refused: NotUnderstood | DemandRefused, requirement_id: int | None = None) -> ResponseReturnValue:
    """The page again, with what was typed and what to change."""
    errors = refused.errors if isinstance(refused, NotUnderstood) else {refused.field: str(refused)}
    values: dict[str, Any] = dict(request.form) | {"weekdays": request.form.getlist("weekdays")}
    with transaction() as session:
        row = queries.lock_requirement(session, requirement_id=requirement_id) if requirement_id else None
        return _page(session, values, errors, row), HTTPStatus.UNPROCESSABLE_ENTITY


def _chosen(session: Session) -> RequirementRow | None:
    wanted = request.args.get("band", type=int)
    rows = queries.requirement_rows(session, day=_today())
    return next((row for row in rows if row.id == wanted), None)


def _values(row: RequirementRow) -> dict[str, Any]:
    return {
        "starts": _wall(row.starts),
        "ends": _wall(row.ends),
        "at_least": row.at_least,
        "skill": row.skill or "",
        "with_skill": row.with_skill or "",
        "language": row.language or "",
        "with_language": row.with_language or "",
        "first_day": _today().isoformat(),
    }


def _page(session: Session, values: Mapping[str, Any], errors: Mapping[str, str], row: RequirementRow | None) -> str:
    today = _today()
    rows = queries.requirement_rows(session, day=today)
    week = week_of(today, service_zone())
    asked = queries.against_demand(session, [], start=week.starts_at, end=week.ends_at, zone=week.zone)
    return render_template(
        "rota/demand.html",
        days=[
            DayOfBands(title, tuple(_line(each, today) for each in rows if each.weekday == number))
            for number, title in enumerate(wording.WEEKDAYS)
        ],
        values=values,
        errors=errors,
        chosen=f"{wording.WEEKDAYS[row.weekday]}, {_hours(row)}" if row else "",
        chosen_id=row.id if row else None,
        week_hours=_hours_needed(asked),
        minimum=_minimum(queries.minimums(session), today),
        planned=[(date_in_words(day), number) for day, number in queries.minimums(session).items() if day > today],
        weekdays=[(number, title) for number, title in enumerate(wording.WEEKDAYS)],
        skills=[("", "No special training"), *((skill.value, words) for skill, words in SKILLS.items())],
        languages=[("", "No special language"), *((code, words) for code, words in LANGUAGES.items() if code != "en")],
        today=today.isoformat(),
    )


def _hours_needed(asked: Coverage) -> int:
    """Hours of work that this week asks for, all people together."""
    needed = sum(segment.need.people * minutes(segment.span.length) for segment in asked.segments)
    return round(needed / 60)


def _minimum(minimums: Mapping[date, int], today: date) -> int:
    held = [number for day, number in sorted(minimums.items()) if day <= today]
    return held[-1] if held else MINIMUM_ON_DUTY


def _line(row: RequirementRow, today: date) -> BandLine:
    needed = [f"at least {row.at_least}"]
    if row.skill:
        needed.append(f"{row.with_skill} trained for {SKILLS[Skill(row.skill)]}")
    if row.language:
        needed.append(f"{row.with_language} who {wording.speaks(row.with_language)} {LANGUAGES.get(row.language)}")
    holds = []
    if row.first_day and row.first_day > today:
        holds.append(f"from {date_in_words(row.first_day)}")
    if row.until_day:
        holds.append(f"until {date_in_words(row.until_day - timedelta(days=1))}")
    return BandLine(row.id, _hours(row), ", ".join(needed), " ".join(holds), row.until_day is not None)


def _hours(row: RequirementRow) -> str:
    ends = "midnight" if row.ends == DAY_MINUTES else _wall(row.ends)
    return f"{_wall(row.starts)} to {ends}"


def _wall(minute: int) -> str:
    hour, rest = divmod(minute % DAY_MINUTES, 60)
    return f"{hour:02d}:{rest:02d}"

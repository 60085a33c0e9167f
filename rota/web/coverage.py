"""The coverage page: a week of need against cover, its gaps in words, and the forms that close them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard, holds, only
from foundation import clock
from foundation.database import transaction
from rota import queries
from rota.domain.coverage import CoverState
from rota.domain.shifts import ShiftRefused, Span
from rota.domain.wording import COVER, COVER_SIGNS, clocks_words, hours_words
from rota.models import ShiftRow
from rota.operations import shifts as operations
from rota.operations.check import check_shift
from rota.operations.judge import advice
from rota.operations.shifts import AlreadyOnShift, ShiftChangedMeanwhile
from rota.queries import PlannedShift
from rota.web import wording
from rota.web.forms import NotUnderstood, read_day, read_shift, read_time
from rota.web.shift_form import ShiftForm, choices_of_people, errors_of, form_for, inside, title_of
from rota.web.week import Gap, HourLine, Week, day_title, gap_hours, gaps, heat_map, week_named, week_of

coverage = Blueprint("coverage", __name__, template_folder="templates", url_prefix="/staff/coverage")
guard(coverage)

PREFILLED = ("counsellor", "day", "starts", "ends", "last_day")
"""What of a new shift the address may say."""


@dataclass(frozen=True, slots=True)
class ShiftLine:
    """One shift in the day's list."""

    id: int
    name: str
    hours: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class DayList:
    """A day's shifts; one that crosses midnight stands on the day it starts."""

    title: str
    shifts: tuple[ShiftLine, ...]
    is_today: bool


@dataclass(frozen=True, slots=True)
class CoveragePage:
    """Everything on the page."""

    week: Week
    days: Sequence[str]
    lines: Sequence[HourLine]
    gaps: Sequence[Gap]
    following: Week | None
    """The week after this one, when this is the week at hand: on a Friday its gaps are the soonest."""
    next_gaps: Sequence[Gap]
    percent: int
    gap_hours: str
    lists: Sequence[DayList]
    people: Sequence[tuple[str, str]]
    legend: Sequence[tuple[CoverState, str, str]]
    form: ShiftForm | None
    """None for people who only look."""


@coverage.get("")
def page() -> ResponseReturnValue:
    """The week at hand, or the one in the address, with the form for a new or a chosen shift."""
    now = clock.now()
    with transaction() as session:
        form = _chosen(session) or ShiftForm({key: request.args.get(key, "") for key in PREFILLED})
        return _page(session, _week(now), form, now)


@coverage.post("")
@only(*PLANNERS)
def add() -> ResponseReturnValue:
    """Add a shift."""
    now, zone = clock.now(), _zone()
    if "check" in request.form:
        return _checked(None, now)
    try:
        entry = read_shift(request.form, zone=zone)
        with transaction() as session:
            known = advice(session, counsellor_id=entry.counsellor_id, span=entry.span, zone=zone)
            shift = operations.add_shift(
                session,
                counsellor_id=entry.counsellor_id,
                span=entry.span,
                reason=entry.reason,
                zone=zone,
                by=current_staff().id,
                now=now,
            )
            name = shift.counsellor.staff.name
    except (NotUnderstood, ShiftRefused) as refused:
        return _refused(refused, now, shift_id=None)
    flash(wording.shift_added(name, entry.span, zone) + wording.worth_knowing(known))
    return _back_to(entry.span)


@coverage.post("/shifts/<int:shift_id>")
@only(*PLANNERS)
def move(shift_id: int) -> ResponseReturnValue:
    """Give a shift other times or another person."""
    now, zone = clock.now(), _zone()
    if "check" in request.form:
        return _checked(shift_id, now)
    try:
        with transaction() as session:
            old = queries.planned_shift(session, shift_id=shift_id)
            entry = read_shift(request.form, zone=zone, old=old.span if old else None)
            breaks = queries.break_rows(session, shift_ids=[shift_id])
            known = advice(session, counsellor_id=entry.counsellor_id, span=entry.span, zone=zone, besides=[shift_id])
            shift = operations.move_shift(
                session,
                shift_id=shift_id,
                counsellor_id=entry.counsellor_id,
                span=entry.span,
                version=entry.version,
                reason=entry.reason,
                zone=zone,
                by=current_staff().id,
                now=now,
            )
            said = wording.shift_moved(shift.counsellor.staff.name, entry.span, zone) + wording.worth_knowing(known)
            if breaks:
                said += _lacking_breaks(session, shift)
    except (NotUnderstood, ShiftRefused) as refused:
        return _refused(refused, now, shift_id=shift_id)
    except ShiftChangedMeanwhile:
        return _changed_meanwhile(shift_id, now)
    flash(said)
    return _back_to(entry.span)


@coverage.post("/shifts/<int:shift_id>/split")
@only(*PLANNERS)
def split(shift_id: int) -> ResponseReturnValue:
    """Cut a coming shift in two. Fields: `split_at` (wall time), `version`."""
    now, at = clock.now(), read_time(request.form.get("split_at", ""))
    if at is None:
        return _refused(NotUnderstood({"split_at": wording.ENTER_WHERE_TO_SPLIT}), now, shift_id=shift_id)
    try:
        with transaction() as session:
            old = queries.planned_shift(session, shift_id=shift_id)
            moment = inside(old.span, at, _zone()) if old else now
            version = request.form.get("version", 0, type=int)
            first, later = operations.split_shift(
                session, shift_id=shift_id, at=moment, version=version, by=current_staff().id, now=now
            )
            said = wording.shift_split(first.counsellor.staff.name, first.span(), later.span(), _zone())
            said += _lacking_breaks(session, first, later)
            span, later_id = first.span(), later.id
    except ShiftRefused as refused:
        return _refused(NotUnderstood({"split_at": str(refused)}), now, shift_id=shift_id)
    except ShiftChangedMeanwhile:
        return _changed_meanwhile(shift_id, now)
    flash(said)
    week = week_of(span.starts_at.astimezone(_zone()).date(), _zone())
    address = url_for("coverage.page", week=week.name, shift=later_id, _anchor="shift-form")
    return redirect(address, HTTPStatus.SEE_OTHER)


@coverage.post("/shifts/<int:shift_id>/removal")
@only(*PLANNERS)
def remove(shift_id: int) -> ResponseReturnValue:
    """Take a shift out of the rota."""
    now = clock.now()
    version = request.form.get("version", 0, type=int)
    try:
        with transaction() as session:
            shift = operations.remove_shift(session, shift_id=shift_id, version=version, by=current_staff().id, now=now)
            name, span = shift.counsellor.staff.name, shift.span()
    except ShiftRefused as refused:
        return _refused(refused, now, shift_id=shift_id)
    except ShiftChangedMeanwhile:
        return _changed_meanwhile(shift_id, now)
    flash(wording.shift_removed(name, span, _zone()))
    return _back_to(span)


def _lacking_breaks(session: Session, *shifts: ShiftRow) -> str:
    lacking = queries.without_their_break(session, shifts=[shift.as_shift() for shift in shifts])
    return wording.lacking_breaks(lacking, _zone())


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.config["ZONE"]
    return zone


def _week(now: datetime) -> Week:
    """The week that the address names; 404 when there is no such week."""
    named = request.args.get("week", "")
    week = week_named(named, _zone()) if named else week_of(now.astimezone(_zone()).date(), _zone())
    return week or abort(HTTPStatus.NOT_FOUND)


def _back_to(span: Span) -> ResponseReturnValue:
    week = week_of(span.starts_at.astimezone(_zone()).date(), _zone())
    return redirect(url_for("coverage.page", week=week.name), HTTPStatus.SEE_OTHER)


def _chosen(session: Session) -> ShiftForm | None:
    """The form for the shift that the address names, as the shift is now."""
    shift_id = request.args.get("shift", type=int)
    shift = queries.planned_shift(session, shift_id=shift_id) if shift_id is not None else None
    return form_for(shift, _zone()) if shift else None


def _checked(shift_id: int | None, now: datetime) -> ResponseReturnValue:
    """The page again with what saving would come to; nothing is written."""
    zone = _zone()
    try:
        with transaction() as session:
            old = queries.planned_shift(session, shift_id=shift_id) if shift_id is not None else None
            entry = read_shift(request.form, zone=zone, old=old.span if old else None)
            found = check_shift(
                session,
                shift_id=shift_id,
                version=entry.version,
                counsellor_id=entry.counsellor_id,
                span=entry.span,
                zone=zone,
                now=now,
            )
            title = title_of(old, zone) if old else ""
            verdict = [*wording.checked(found, entry.span, zone), *_clocks(zone)]
            form = ShiftForm(request.form, {}, shift_id, title, verdict, needs_reason=bool(found.against))
            return _page(session, _week(now), form, now)
    except (NotUnderstood, ShiftRefused) as refused:
        return _refused(refused, now, shift_id=shift_id)
    except ShiftChangedMeanwhile:
        return _changed_meanwhile(shift_id or 0, now)


def _clocks(zone: ZoneInfo) -> list[tuple[str, str]]:
    """What the clocks do to the times that were typed, when that is worth knowing."""
    day, last_day = read_day(request.form.get("day", "")), read_day(request.form.get("last_day", ""))
    starts, ends = read_time(request.form.get("starts", "")), read_time(request.form.get("ends", ""))
    if day is None or starts is None or ends is None:
        return []
    return [("calm", words) for words in clocks_words(day, starts, ends, zone, last_day=last_day)]


def _refused(refused: NotUnderstood | ShiftRefused, now: datetime, *, shift_id: int | None) -> ResponseReturnValue:
    """The page again, with what was typed and what to change."""
    errors = errors_of(refused)
    status = HTTPStatus.CONFLICT if isinstance(refused, AlreadyOnShift) else HTTPStatus.UNPROCESSABLE_ENTITY
    with transaction() as session:
        shift = queries.planned_shift(session, shift_id=shift_id) if shift_id is not None else None
        form = ShiftForm(request.form, errors, shift_id if shift else None, title_of(shift, _zone()) if shift else "")
        return _page(session, _week(now), form, now), status


def _changed_meanwhile(shift_id: int, now: datetime) -> ResponseReturnValue:
    """The shift as it is now, for whoever was second."""
    with transaction() as session:
        shift = queries.planned_shift(session, shift_id=shift_id)
        form = form_for(shift, _zone(), {"counsellor": wording.WAS_ENTERED}) if shift else None
        return _page(session, _week(now), form, now), HTTPStatus.CONFLICT


def _page(session: Session, week: Week, form: ShiftForm | None, now: datetime) -> str:
    today = now.astimezone(week.zone).date()
    found = queries.coverage(session, start=week.starts_at, end=week.ends_at, zone=week.zone)
    shifts = queries.rostered(session, start=week.starts_at, end=week.ends_at)
    following = week_of(today + timedelta(days=7), week.zone) if today in week.days else None
    shown = CoveragePage(
        week=week,
        days=[day_title(day) for day in week.days],
        lines=heat_map(found, week, now=now),
        gaps=gaps(found, week.zone, now=now),
        following=following,
        next_gaps=_gaps_of(session, following, now) if following else (),
        percent=found.percent,
        gap_hours=gap_hours(found),
        lists=_lists(shifts, week, today, now),
        people=choices_of_people(session, today),
        legend=[(state, COVER[state], COVER_SIGNS[state]) for state in CoverState],
        form=form if holds(*PLANNERS) else None,
    )
    return render_template("rota/coverage.html", page=shown)


def _gaps_of(session: Session, week: Week, now: datetime) -> Sequence[Gap]:
    found = queries.coverage(session, start=week.starts_at, end=week.ends_at, zone=week.zone)
    return gaps(found, week.zone, now=now)


def _lists(shifts: Sequence[PlannedShift], week: Week, today: date, now: datetime) -> list[DayList]:
    return [
        DayList(
            day_title(day),
            tuple(
                ShiftLine(shift.id, shift.name, hours_words(shift.span, week.zone), shift.ends_at <= now)
                for shift in shifts
                if shift.starts_at.astimezone(week.zone).date() == day
            ),
            is_today=day == today,
        )
        for day in week.days
    ]

"""The page of breaks: every long shift of a week, with its break or the form for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota import queries
from rota.domain.shifts import ShiftRefused, Span, instant_of
from rota.domain.wording import hours_words, length_words
from rota.operations import breaks as operations
from rota.queries import PlannedShift, ShiftDueABreak
from rota.web import wording
from rota.web.forms import NotUnderstood, read_time
from rota.web.week import Week, day_title, week_named, week_of

breaks = Blueprint("breaks", __name__, template_folder="templates", url_prefix="/staff/coverage/breaks")
guard(breaks, *PLANNERS)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BreakLine:
    """One long shift and its break."""

    id: int
    name: str
    hours: str
    due: str
    planned: str
    starts: str
    """Of the first break, for the form; empty when there is none."""
    ends: str
    is_over: bool


@breaks.get("")
def page() -> ResponseReturnValue:
    """The long shifts of the week at hand, or of the one in the address."""
    return _page({})


@breaks.post("/<int:shift_id>")
def set_break(shift_id: int) -> ResponseReturnValue:
    """Give a shift a break, or none."""
    now = clock.now()
    try:
        with transaction() as session:
            if request.form.get("answer") == "none":
                operations.remove_breaks(session, shift_id=shift_id, by=current_staff().id, now=now)
                said = wording.BREAK_REMOVED
            else:
                span = _entered(queries.planned_shift(session, shift_id=shift_id))
                operations.set_break(session, shift_id=shift_id, span=span, by=current_staff().id, now=now)
                said = wording.BREAK_SET
    except NotUnderstood as refused:
        return _page(refused.errors)
    except ShiftRefused as refused:
        return _page({f"starts-{shift_id}": str(refused)})
    return _done(said)


@breaks.post("/missing")
def plan_missing() -> ResponseReturnValue:
    """Plan every break that is missing in the week."""
    week = _week()
    with transaction() as session:
        number = operations.plan_breaks(
            session, start=week.starts_at, end=week.ends_at, zone=week.zone, by=current_staff().id, now=clock.now()
        )
    return _done(wording.breaks_planned(number))


def _entered(shift: PlannedShift | None) -> Span:
    """The break that was typed, on whichever side of midnight it lies in the shift. Raises NotUnderstood."""
    if shift is None:
        abort(HTTPStatus.NOT_FOUND)
    starts, ends = read_time(request.form.get("starts", "")), read_time(request.form.get("ends", ""))
    field = f"starts-{shift.id}"
    if starts is None or ends is None or starts == ends:
        raise NotUnderstood({field: wording.ENTER_A_BREAK})
    zone = service_zone()
    first = shift.starts_at.astimezone(zone).date()
    for day in (first, first + DAY):
        starts_at = instant_of(day, starts, zone)
        if starts_at >= shift.starts_at:
            ends_at = instant_of(day if ends > starts else day + DAY, ends, zone)
            return Span(starts_at, ends_at)
    raise NotUnderstood({field: wording.ENTER_A_BREAK})


def _done(said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("breaks.page", week=_week().name), HTTPStatus.SEE_OTHER)


def _week() -> Week:
    named, zone = request.args.get("week", ""), service_zone()
    week = week_named(named, zone) if named else week_of(clock.now().astimezone(zone).date(), zone)
    return week or abort(HTTPStatus.NOT_FOUND)


def _page(errors: Mapping[str, str]) -> ResponseReturnValue:
    week = _week()
    with transaction() as session:
        shifts = queries.shifts_due_a_break(session, start=week.starts_at, end=week.ends_at)
    days = [
        (day_title(day), [_line(shift) for shift in shifts if shift.starts_at.astimezone(week.zone).date() == day])
        for day in week.days
    ]
    missing = sum(1 for shift in shifts if not shift.breaks and shift.starts_at > clock.now())
    shown = render_template(
        "rota/breaks.html", week=week, days=days, missing=missing, errors=errors, values=request.form
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _line(shift: ShiftDueABreak) -> BreakLine:
    zone = service_zone()
    first = shift.breaks[0] if shift.breaks else None
    return BreakLine(
        shift.id,
        shift.name,
        hours_words(shift.span, zone),
        length_words(shift.break_length),
        ", ".join(hours_words(one, zone) for one in shift.breaks),
        f"{first.starts_at.astimezone(zone):%H:%M}" if first else "",
        f"{first.ends_at.astimezone(zone):%H:%M}" if first else "",
        shift.ends_at <= clock.now(),
    )

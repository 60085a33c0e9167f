"""The page on which somebody stands in for somebody, for a part of a shift or over several."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota import queries
from rota.domain.shifts import ShiftRefused
from rota.operations.shifts import AlreadyOnShift
from rota.operations.stand_in import stand_in
from rota.web import wording
from rota.web.forms import NotUnderstood, read_number, read_shift
from rota.web.shift_form import choices_of_people, errors_of
from rota.web.week import week_of

stand_ins = Blueprint("stand_ins", __name__, template_folder="templates", url_prefix="/staff/rota/stand-in")
guard(stand_ins, *PLANNERS)

NOBODY = "nobody"
"""What the form sends when nobody stands in."""


@stand_ins.get("")
def page() -> ResponseReturnValue:
    """The form; the address may say who, and when."""
    return _page({}, request.args), HTTPStatus.OK


@stand_ins.post("")
def save() -> ResponseReturnValue:
    """Fields: `absent`, `counsellor` (an id, or nobody), `day`, `starts`, `ends`, `last_day`, `reason`."""
    zone, is_nobody = service_zone(), request.form.get("counsellor") == NOBODY
    try:
        absent_id = _absent()
        entry = read_shift({**request.form, "counsellor": "0"} if is_nobody else request.form, zone=zone)
        with transaction() as session:
            pieces = stand_in(
                session,
                absent_id=absent_id,
                by_id=None if is_nobody else entry.counsellor_id,
                span=entry.span,
                reason=entry.reason,
                zone=zone,
                by=current_staff().id,
                now=clock.now(),
            )
            lacking = queries.without_their_break(session, shifts=pieces)
    except (NotUnderstood, ShiftRefused) as refused:
        status = HTTPStatus.CONFLICT if isinstance(refused, AlreadyOnShift) else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(errors_of(refused), request.form), status
    flash(wording.STOOD_IN + wording.lacking_breaks(lacking, zone))
    week = week_of(entry.span.starts_at.astimezone(zone).date(), zone)
    return redirect(url_for("rota.page", week=week.name), HTTPStatus.SEE_OTHER)


def _absent() -> int:
    """Raises NotUnderstood."""
    chosen = read_number(request.form.get("absent", ""))
    if chosen is None:
        raise NotUnderstood({"absent": wording.CHOOSE_WHO_IS_AWAY})
    return chosen


def _page(errors: Mapping[str, str], values: Mapping[str, str]) -> str:
    with transaction() as session:
        people = choices_of_people(session, clock.now().astimezone(service_zone()).date())
    return render_template("rota/stand_in.html", errors=errors, values=values, people=people, nobody=NOBODY)

"""The draft page: a supervisor prepares changes, sees what they come to for each person, publishes and undoes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota import queries
from rota.domain.shifts import ShiftRefused, Span
from rota.models import DraftLineRow, span_of
from rota.operations import drafts as operations
from rota.operations import publications
from rota.operations.drafts import DraftShift
from rota.operations.shifts import AlreadyOnShift, ShiftChangedMeanwhile
from rota.web import wording
from rota.web.draft_view import draft_page, line_form, line_title
from rota.web.forms import LONGEST_REASON, NotUnderstood, read_shift
from rota.web.shift_form import ShiftForm, errors_of, form_for, title_of
from rota.web.week import Week, week_named, week_of

drafts = Blueprint("drafts", __name__, template_folder="templates", url_prefix="/staff/rota/draft")
guard(drafts, *PLANNERS)


@drafts.get("")
def page() -> ResponseReturnValue:
    """My draft, with the form for a new or a chosen shift."""
    with transaction() as session:
        return _page(session, _chosen(session))


@drafts.post("/shifts")
def add() -> ResponseReturnValue:
    """Plan a new shift."""
    try:
        entry = read_shift(request.form, zone=service_zone())
        change = DraftShift(None, 0, entry.counsellor_id, entry.span, entry.reason)
    except NotUnderstood as refused:
        return _refused(refused)
    return _put(change, wording.DRAFTED, entry.span)


@drafts.post("/shifts/<int:shift_id>")
def move(shift_id: int) -> ResponseReturnValue:
    """Plan other times or another person for a published shift."""
    with transaction() as session:
        old = queries.planned_shift(session, shift_id=shift_id)
    try:
        entry = read_shift(request.form, zone=service_zone(), old=old.span if old else None)
        change = DraftShift(shift_id, entry.version, entry.counsellor_id, entry.span, entry.reason)
    except NotUnderstood as refused:
        return _refused(refused, shift_id)
    return _put(change, wording.DRAFTED, entry.span)


@drafts.post("/shifts/<int:shift_id>/removal")
def remove(shift_id: int) -> ResponseReturnValue:
    """Plan to take a published shift out of the rota. Field: `version`."""
    change = DraftShift(shift_id, request.form.get("version", 0, type=int), None, None)
    return _put(change, wording.DRAFTED_REMOVAL, None)


@drafts.post("/lines/<int:line_id>")
def change_line(line_id: int) -> ResponseReturnValue:
    """Give a planned shift other times or another person."""
    with transaction() as session:
        line = _my_line(session, line_id)
        old = span_of(line.during) if line is not None and line.during is not None else None
    try:
        entry = read_shift(request.form, zone=service_zone(), old=old)
    except NotUnderstood as refused:
        return _refused(refused, line_id=line_id)
    return _do(
        lambda session, draft_id, _by, now: operations.change_line(
            session,
            draft_id=draft_id,
            line_id=line_id,
            counsellor_id=entry.counsellor_id,
            span=entry.span,
            reason=entry.reason,
            zone=service_zone(),
            now=now,
        ),
        wording.DRAFTED,
        line_id=line_id,
        span=entry.span,
    )


@drafts.post("/lines/<int:line_id>/removal")
def drop(line_id: int) -> ResponseReturnValue:
    """Take one change out of the draft again."""
    return _do(
        lambda session, draft_id, _by, _now: operations.drop(session, draft_id=draft_id, line_id=line_id),
        wording.DROPPED,
    )


@drafts.post("/publication")
def publish() -> ResponseReturnValue:
    """Put the draft into force; each person whose shifts changed is told."""
    return _do(
        lambda session, draft_id, by, now: publications.publish(
            session, draft_id=draft_id, zone=service_zone(), by=by, now=now
        ),
        wording.PUBLISHED,
    )


@drafts.post("/discarding")
def discard() -> ResponseReturnValue:
    """Throw the draft away."""
    return _do(
        lambda session, draft_id, _by, now: operations.discard(session, draft_id=draft_id, now=now), wording.DISCARDED
    )


@drafts.post("/publications/<int:draft_id>/undoing")
def undo(draft_id: int) -> ResponseReturnValue:
    """Make the rota as it was before a publication. Field: `reason`, when a rule stands against it."""
    reason = request.form.get("undo_reason", "")[:LONGEST_REASON]
    return _do(
        lambda session, _mine, by, now: publications.undo(
            session, draft_id=draft_id, reason=reason, zone=service_zone(), by=by, now=now
        ),
        wording.UNDONE,
    )


def _put(change: DraftShift, said: str, span: Span | None) -> ResponseReturnValue:
    return _do(
        lambda session, draft_id, _by, now: operations.put(
            session, draft_id=draft_id, changes=[change], zone=service_zone(), now=now
        ),
        said,
        shift_id=change.shift_id,
        span=span,
    )


def _do(
    act: Callable[[Session, int, int, datetime], object],
    said: str,
    *,
    shift_id: int | None = None,
    line_id: int | None = None,
    span: Span | None = None,
) -> ResponseReturnValue:
    """Do one thing to my draft, or show the page again with what to change; a refused change is not half done."""
    try:
        with transaction() as session:
            by, now = current_staff().id, clock.now()
            act(session, operations.begin(session, by=by, now=now).id, by, now)
    except ShiftRefused as refused:
        return _refused(refused, shift_id, line_id)
    except ShiftChangedMeanwhile as changed:
        return _refused_with({"draft": str(changed)}, HTTPStatus.CONFLICT, shift_id, line_id)
    flash(said)
    week = week_of(span.starts_at.astimezone(service_zone()).date(), service_zone()) if span else _week()
    return redirect(url_for("drafts.page", week=week.name), HTTPStatus.SEE_OTHER)


def _refused(
    refused: NotUnderstood | ShiftRefused, shift_id: int | None = None, line_id: int | None = None
) -> ResponseReturnValue:
    status = HTTPStatus.CONFLICT if isinstance(refused, AlreadyOnShift) else HTTPStatus.UNPROCESSABLE_ENTITY
    return _refused_with(errors_of(refused), status, shift_id, line_id)


def _refused_with(
    errors: Mapping[str, str], status: HTTPStatus, shift_id: int | None, line_id: int | None = None
) -> ResponseReturnValue:
    """The page again, with what was typed and what to change."""
    with transaction() as session:
        shift = queries.planned_shift(session, shift_id=shift_id) if shift_id is not None else None
        line = _my_line(session, line_id) if line_id is not None else None
        title = title_of(shift, service_zone()) if shift else line_title(session, line, service_zone()) if line else ""
        form = ShiftForm(request.form, errors, shift.id if shift else None, title, line_id=line.id if line else None)
        return _page(session, form), status


def _my_line(session: Session, line_id: int) -> DraftLineRow | None:
    """A planned shift of my open draft."""
    draft = queries.open_draft(session, made_by=current_staff().id)
    lines = draft.lines if draft else []
    return next((line for line in lines if line.id == line_id and line.during is not None), None)


def _page(session: Session, form: ShiftForm) -> str:
    shown = draft_page(session, week=_week(), form=form, by=current_staff().id, now=clock.now())
    return render_template("rota/draft.html", page=shown)


def _chosen(session: Session) -> ShiftForm:
    """The form for the shift or the line that the address names, or for a new one."""
    shift_id = request.args.get("shift", type=int)
    shift = queries.planned_shift(session, shift_id=shift_id) if shift_id is not None else None
    if shift:
        return form_for(shift, service_zone())
    line_id = request.args.get("line", type=int)
    line = _my_line(session, line_id) if line_id is not None else None
    if line:
        return line_form(session, line, service_zone())
    return ShiftForm({key: request.args.get(key, "") for key in ("counsellor", "day", "starts", "ends")})


def _week() -> Week:
    """The week that the address names; 404 when there is no such week."""
    named, zone = request.args.get("week", ""), service_zone()
    week = week_named(named, zone) if named else week_of(clock.now().astimezone(zone).date(), zone)
    return week or abort(HTTPStatus.NOT_FOUND)

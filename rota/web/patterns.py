"""The pages of patterns: save one, say who is in it, see every shift that it comes to, and put them into the draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
from rota.domain.patterns import Turn
from rota.domain.rules import Limits
from rota.domain.shifts import ShiftRefused
from rota.domain.typed import read_day
from rota.domain.wording import finding_words, span_words
from rota.models import PatternKind, PatternRow, PatternSlotRow
from rota.operations import patterns as operations
from rota.operations.patterns import GONE, Preview, Unfilled
from rota.web import wording
from rota.web.forms import NotUnderstood
from rota.web.pattern_forms import read_groups, read_rotation, read_slots
from rota.web.shift_form import choices_of_people, errors_of

patterns = Blueprint("patterns", __name__, template_folder="templates", url_prefix="/staff/rota/patterns")
guard(patterns, *PLANNERS)

MOST_LINES = 60  # shifts of each kind on one page; the others are counted
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PatternLine:
    """One pattern in the list."""

    id: int
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class SlotLine:
    """One line of a grid."""

    id: int
    words: str


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """What filling from a pattern comes to, in words."""

    seats: int
    count: int
    there: int
    shifts: Sequence[str]
    unfilled: Sequence[tuple[str, str]]
    unfilled_count: int
    dropped: Sequence[str]
    first: str
    last: str


@patterns.get("")
def index() -> ResponseReturnValue:
    """Every pattern, and the forms for a new one."""
    return _index({})


@patterns.post("/grids")
def add_grid() -> ResponseReturnValue:
    """Begin a grid. Fields: `grid_name`, `grid_day`, `weeks`."""
    monday, weeks = read_day(request.form.get("grid_day", "")), request.form.get("weeks", type=int)
    if monday is None or weeks is None:
        errors = {"grid_day": wording.ENTER_A_MONDAY} if monday is None else {}
        return _index(errors | ({"weeks": wording.ENTER_WEEKS} if weeks is None else {}))
    try:
        with transaction() as session:
            row = operations.add_grid(
                session,
                name=request.form.get("grid_name", ""),
                monday=monday,
                weeks=weeks,
                by=current_staff().id,
                now=clock.now(),
            )
    except ShiftRefused as refused:
        return _index({"grid_name" if refused.field == "name" else refused.field: str(refused)})
    return _to(row.id, wording.PATTERN_ADDED)


@patterns.post("/rotations")
def add_rotation() -> ResponseReturnValue:
    """Save people who take turns."""
    try:
        with transaction() as session:
            first_day, turns = read_rotation(request.form)
            row = operations.add_rotation(
                session,
                name=request.form.get("name", ""),
                first_day=first_day,
                turns=turns,
                groups=read_groups(request.form.get("people", ""), _by_name(session)),
                by=current_staff().id,
                now=clock.now(),
            )
    except (NotUnderstood, ShiftRefused) as refused:
        return _index(errors_of(refused))
    return _to(row.id, wording.PATTERN_ADDED)


@patterns.get("/<int:pattern_id>")
def page(pattern_id: int) -> ResponseReturnValue:
    """One pattern, and what it comes to in the days that the address names (`first`, `last`)."""
    return _page(pattern_id, {})


@patterns.post("/<int:pattern_id>/slots")
def add_slots(pattern_id: int) -> ResponseReturnValue:
    """Give somebody the same hours on some weekdays."""
    try:
        slots = read_slots(request.form)
    except NotUnderstood as refused:
        return _page(pattern_id, errors_of(refused))
    return _do(
        pattern_id,
        lambda session, by, now: (
            operations.add_slots(
                session,
                pattern_id=pattern_id,
                counsellor_id=slots.counsellor_id,
                week=slots.week - 1,
                weekdays=slots.weekdays,
                starts=slots.starts,
                ends=slots.ends,
                by=by,
                now=now,
            ).id
        ),
        wording.PATTERN_CHANGED,
    )


@patterns.post("/<int:pattern_id>/slots/<int:slot_id>/removal")
def remove_slot(pattern_id: int, slot_id: int) -> ResponseReturnValue:
    """Take one line out of a grid."""
    return _do(
        pattern_id,
        lambda session, by, now: (
            operations.remove_slot(session, pattern_id=pattern_id, slot_id=slot_id, by=by, now=now).id
        ),
        wording.PATTERN_CHANGED,
    )


@patterns.post("/<int:pattern_id>/people")
def change_people(pattern_id: int) -> ResponseReturnValue:
    """Other people, or another order, from the next turn on. Field: `people`."""
    return _do(
        pattern_id,
        lambda session, by, now: (
            operations.change_people(
                session,
                pattern_id=pattern_id,
                groups=read_groups(request.form.get("people", ""), _by_name(session)),
                today=now.astimezone(service_zone()).date(),
                by=by,
                now=now,
            ).id
        ),
        wording.PATTERN_PEOPLE_CHANGED,
    )


@patterns.post("/<int:pattern_id>/draft")
def fill_draft(pattern_id: int) -> ResponseReturnValue:
    """Put into my draft what the page showed. Fields: `first`, `last`."""
    first, last = _days(request.form)
    if first is None or last is None:
        return _page(pattern_id, _day_errors(first, last))
    try:
        with transaction() as session:
            _, found = operations.fill_draft(
                session,
                pattern_id=pattern_id,
                first_day=first,
                until=last + DAY,
                zone=service_zone(),
                by=current_staff().id,
                now=clock.now(),
            )
    except ShiftRefused as refused:
        return _page(pattern_id, {"last": str(refused)})
    flash(wording.drafted_from_pattern(len(found.shifts), len(found.unfilled) + len(found.dropped)))
    return redirect(url_for("drafts.page"), HTTPStatus.SEE_OTHER)


@patterns.post("/<int:pattern_id>/removal")
def remove(pattern_id: int) -> ResponseReturnValue:
    """Forget a pattern."""
    with transaction() as session:
        operations.remove(session, pattern_id=pattern_id, by=current_staff().id, now=clock.now())
    flash(wording.PATTERN_REMOVED)
    return redirect(url_for("patterns.index"), HTTPStatus.SEE_OTHER)


def _do(pattern_id: int, act: Callable[[Session, int, datetime], int], said: str) -> ResponseReturnValue:
    try:
        with transaction() as session:
            changed_id = act(session, current_staff().id, clock.now())
    except (NotUnderstood, ShiftRefused) as refused:
        return _page(pattern_id, errors_of(refused))
    return _to(changed_id, said)


def _to(pattern_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("patterns.page", pattern_id=pattern_id), HTTPStatus.SEE_OTHER)


def _by_name(session: Session) -> dict[str, list[int]]:
    """The ids of everybody with a name, however it is capitalised."""
    found: dict[str, list[int]] = {}
    for row in queries.team(session, today=clock.now().astimezone(service_zone()).date()):
        found.setdefault(row.staff.name.casefold(), []).append(row.id)
    return found


def _days(values: Mapping[str, str]) -> tuple[date | None, date | None]:
    return read_day(values.get("first", "")), read_day(values.get("last", ""))


def _day_errors(first: date | None, last: date | None) -> dict[str, str]:
    errors = {"first": wording.ENTER_A_FIRST_DAY} if first is None else {}
    return errors | ({"last": wording.ENTER_A_LAST} if last is None else {})


def _values() -> dict[str, Any]:
    values = request.form if request.method == "POST" else request.args
    return dict(values) | {"weekdays": values.getlist("weekdays")}


def _index(errors: Mapping[str, str]) -> ResponseReturnValue:
    with transaction() as session:
        lines = [PatternLine(row.id, row.name, _in_words(row)) for row in queries.patterns(session)]
    shown = render_template(
        "rota/patterns.html",
        lines=lines,
        errors=errors,
        values=_values() if request.method == "POST" else {"weekdays": [str(day) for day in range(7)]},
        turns=[(turn.value, wording.TURNS[turn].capitalize()) for turn in Turn],
        weekdays=list(enumerate(wording.WEEKDAYS)),
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _page(pattern_id: int, errors: Mapping[str, str]) -> ResponseReturnValue:
    values, now = _values(), clock.now()
    with transaction() as session:
        row = operations.find(session, pattern_id)
        preview, problems = _preview(session, row, values) if "first" in values else (None, {})
        all_errors = dict(errors) | problems
        names = queries.names(session)
        shown = render_template(
            "rota/pattern.html",
            pattern=PatternLine(row.id, row.name, _in_words(row)),
            is_grid=row.kind == PatternKind.GRID.value,
            weeks=row.weeks,
            slots=[_slot(slot.id, names[slot.counsellor_id], slot, row.weeks) for slot in row.slots],
            people_in_turn=values.get("people", _people(row, names)),
            people=choices_of_people(session, now.astimezone(service_zone()).date()),
            weekdays=list(enumerate(wording.WEEKDAYS)),
            preview=preview,
            errors=all_errors,
            values=values,
        )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if all_errors else HTTPStatus.OK


def _preview(session: Session, row: PatternRow, values: Mapping[str, str]) -> tuple[PreviewPage | None, dict[str, str]]:
    first, last = _days(values)
    if first is None or last is None:
        return None, _day_errors(first, last)
    if last < first:
        return None, {"last": wording.LAST_BEFORE_FIRST}
    draft = queries.open_draft(session, made_by=current_staff().id)
    try:
        found = operations.preview(
            session,
            pattern_id=row.id,
            first_day=first,
            until=last + DAY,
            draft=draft,
            zone=service_zone(),
            now=clock.now(),
        )
    except ShiftRefused as refused:
        return None, {_place(refused, row): str(refused)}
    return _preview_page(session, found, first, last), {}


def _place(refused: ShiftRefused, row: PatternRow) -> str:
    """The field of this page that a refusal is about."""
    if refused.field == "until":
        return "last"
    return "counsellor" if refused.field == "people" and row.kind == PatternKind.GRID.value else refused.field


def _preview_page(session: Session, found: Preview, first: date, last: date) -> PreviewPage:
    names, sites = queries.names(session), queries.sites(session)
    in_force, zone = queries.limits(session), service_zone()
    return PreviewPage(
        seats=len(found.shifts) + len(found.unfilled) + len(found.dropped) + found.there,
        count=len(found.shifts),
        there=found.there,
        shifts=[f"{names[one.counsellor_id]}, {span_words(one.span, zone)}" for one in found.shifts[:MOST_LINES]],
        unfilled=[
            (f"{names[one.counsellor_id]}, {span_words(one.span, zone)}", _why(one, in_force[sites[one.counsellor_id]]))
            for one in found.unfilled[:MOST_LINES]
        ],
        unfilled_count=len(found.unfilled),
        dropped=[f"{names[one.counsellor_id]}, {date_in_words(one.day)}" for one in found.dropped],
        first=first.isoformat(),
        last=last.isoformat(),
    )


def _why(one: Unfilled, limits: Limits) -> str:
    if one.finding is not None:
        return finding_words(one.finding, limits, service_zone())
    return wording.WILL_BE_GONE if one.why == GONE else wording.IS_PAST


def _in_words(row: PatternRow) -> str:
    if row.starts is None or row.ends is None or row.turn is None:
        return wording.grid_words(row.weeks, date_in_words(row.first_day), len(row.slots))
    return wording.rotation_words(
        f"{row.starts:%H:%M} to {row.ends:%H:%M}",
        row.interval,
        Turn(row.turn),
        date_in_words(row.first_day),
        date_in_words(row.until) if row.until else "",
    )


def _slot(slot_id: int, name: str, slot: PatternSlotRow, weeks: int) -> SlotLine:
    week = f"week {slot.week + 1}, " if weeks > 1 else ""
    return SlotLine(
        slot_id, f"{name}, {week}{wording.WEEKDAYS[slot.weekday]}, {slot.starts:%H:%M} to {slot.ends:%H:%M}"
    )


def _people(row: PatternRow, names: Mapping[int, str]) -> str:
    """Who takes turns, as it is typed: one turn on each line."""
    groups: dict[int, list[str]] = {}
    for turn in row.turns:
        groups.setdefault(turn.position, []).append(names[turn.counsellor_id])
    return "\n".join(", ".join(group) for _, group in sorted(groups.items()))

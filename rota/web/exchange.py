"""People and shifts as tables: given out, and taken in after a dry run that shows every line that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota.domain.shifts import Span, instant_of
from rota.domain.table_files import MOST_BYTES, MOST_LINES, written
from rota.operations import exchange as operations
from rota.operations.exchange import PEOPLE, PEOPLE_BESIDES, SHIFTS, SHIFTS_BESIDES, Outcome
from rota.web import wording
from rota.web.forms import read_day

exchange = Blueprint("exchange", __name__, template_folder="templates", url_prefix="/staff/team/tables")


@exchange.before_request
def _room_for_a_file() -> None:
    """Before anything reads the form: a table is larger than any other form of ours."""
    request.max_content_length = request.max_form_memory_size = 2 * MOST_BYTES


guard(exchange, *PLANNERS)

MOST_SHOWN = 200  # problems on one page
WEEKS = timedelta(weeks=4)
A_YEAR = timedelta(days=366)
KINDS = ("people", "shifts")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a file, as the page shows it."""

    kind: str
    said: str
    problems: tuple[tuple[int, str], ...]
    number_of_problems: int
    remarks: tuple[tuple[int, str], ...]
    """Worth knowing before it is taken in."""
    table: str
    """The file, to be sent again when the dry run found nothing wrong; empty otherwise."""


@exchange.get("")
def page() -> ResponseReturnValue:
    """What can be taken in and given out."""
    return _page(None, {})


@exchange.post("/<kind>")
def take_in(kind: str) -> ResponseReturnValue:
    """Look at a table, or take it in."""
    _known(kind)
    data = _data()
    if not data.strip():
        return _page(None, {f"{kind}-file": wording.CHOOSE_A_FILE})
    is_dry_run = request.form.get("answer") != "keep"
    outcome = _run(kind, data, is_dry_run)
    if outcome.is_kept:
        flash(wording.taken_in(kind, outcome))
        return redirect(url_for("exchange.page"), HTTPStatus.SEE_OTHER)
    return _page(_result(kind, data, outcome), {})


@exchange.get("/people.csv")
def people() -> Response:
    """Everybody who works here."""
    now = clock.now()
    with transaction() as session:
        rows = operations.people_table(session, today=now.astimezone(service_zone()).date())
        operations.note_given_out(session, what="people", number=len(rows), by=current_staff().id, now=now)
    return _file("people", written((*PEOPLE, *PEOPLE_BESIDES), rows))


@exchange.get("/shifts.csv")
def shifts() -> ResponseReturnValue:
    """Published shifts, from a first to a last day."""
    now, zone = clock.now(), service_zone()
    first = read_day(request.args.get("first", "")) or now.astimezone(zone).date()
    last = read_day(request.args.get("last", "")) or first + WEEKS
    if not first <= last < first + A_YEAR:
        return _page(None, {"last": wording.LAST_BEFORE_FIRST if last < first else wording.A_YEAR_AT_MOST})
    span = Span(_midnight(first), _midnight(last + timedelta(days=1)))
    with transaction() as session:
        rows = operations.shifts_table(session, span=span, zone=zone)
        operations.note_given_out(session, what="shifts", number=len(rows), by=current_staff().id, now=now)
    return _file(f"shifts-{first.isoformat()}-{last.isoformat()}", written(("email", "name", *SHIFTS[1:]), rows))


def _known(kind: str) -> None:
    if kind not in KINDS:
        abort(HTTPStatus.NOT_FOUND)


def _data() -> bytes:
    """The file that was chosen, or the one that was looked at before."""
    if "table" in request.form:
        return request.form["table"].encode()
    file = request.files.get("file")
    return file.read() if file else b""


def _run(kind: str, data: bytes, is_dry_run: bool) -> Outcome:
    now, zone, by = clock.now(), service_zone(), current_staff().id
    with transaction() as session:
        if kind == "people":
            return operations.import_people(
                session,
                data=data,
                is_dry_run=is_dry_run,
                drama_allowed=current_app.config["DRAMA_ALLOWED"],
                today=now.astimezone(zone).date(),
                by=by,
                now=now,
            )
        return operations.import_shifts(session, data=data, is_dry_run=is_dry_run, zone=zone, by=by, now=now)


def _result(kind: str, data: bytes, outcome: Outcome) -> Result:
    problems = tuple((problem.line, problem.words) for problem in outcome.problems)
    remarks = tuple((remark.line, remark.words) for remark in outcome.remarks[:MOST_SHOWN])
    said = wording.looked_at(kind, outcome)
    table = "" if problems else data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    return Result(kind, said, problems[:MOST_SHOWN], len(problems), remarks, table)


def _midnight(day: date) -> datetime:
    return instant_of(day, time(), service_zone())


def _page(result: Result | None, errors: dict[str, str]) -> ResponseReturnValue:
    today = clock.now().astimezone(service_zone()).date()
    shown = render_template(
        "rota/tables.html",
        result=result,
        errors=errors,
        columns={"people": (PEOPLE, PEOPLE_BESIDES), "shifts": (SHIFTS, SHIFTS_BESIDES)},
        most_lines=MOST_LINES,
        first=request.args.get("first", today.isoformat()),
        last=request.args.get("last", (today + WEEKS).isoformat()),
    )
    wrong = bool(errors) or bool(result and result.problems)
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK


def _file(name: str, body: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(body, content_type="text/csv; charset=utf-8", headers=headers)

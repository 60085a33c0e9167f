"""The help lines that visitors' pages name: when each was last checked, by whom, and a way to put its number right."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from callbacks.operations import check_help_line as operation
from callbacks.operations.check_help_line import How, NoSuchLine, NotANumber, NumberIsFixed, check_help_line
from callbacks.web.help_lines import hear
from callbacks.web.staff import wording
from foundation import clock
from foundation.database import transaction
from foundation.web import help_lines as lines
from foundation.web.help_lines import HelpLine
from foundation.web.times import date_in_words, service_zone

help_lines = Blueprint("help_lines", __name__, template_folder="../templates", url_prefix="/staff/help-lines")
guard(help_lines, *PLANNERS)


@dataclass(frozen=True, slots=True)
class LineView:
    """One line and its last check."""

    key: str
    name: str
    number: str
    nation: str
    hours: str
    source_url: str
    checked: str
    is_stale: bool


@help_lines.get("")
def page() -> ResponseReturnValue:
    """All of them, as visitors find them."""
    hear()
    groups = [(title, [_view(line) for line in found]) for title, found in lines.grouped()]
    return render_template("staff/help_lines.html", groups=groups)


@help_lines.get("/<key>")
def check(key: str) -> ResponseReturnValue:
    """One line, to be rung."""
    line = _found(key)
    return _check_page(line, {}, number=line.number if line.number.isascii() else line.dial, how="")


@help_lines.post("/<key>")
def take_check(key: str) -> ResponseReturnValue:
    """Note that it was rung or read, and under which number."""
    line, number, how = _found(key), request.form.get("number", ""), request.form.get("how", "")
    if how not in set(How):
        return _check_page(line, {"how": wording.HOW_CHECKED}, number=number, how=how)
    try:
        with transaction() as session:
            check_help_line(
                session,
                key=key,
                number=number,
                how=How(how),
                staff_id=current_staff().id,
                zone=service_zone(),
                now=clock.now(),
            )
    except NotANumber:
        return _check_page(line, {"number": wording.ENTER_LINE_NUMBER}, number=number, how=how)
    except NumberIsFixed:
        return _check_page(line, {"number": wording.LINE_NUMBER_IS_FIXED}, number=number, how=how)
    hear()
    flash(wording.LINE_CHECKED.format(name=line.name))
    return redirect(url_for("help_lines.page"), HTTPStatus.SEE_OTHER)


def _check_page(line: HelpLine, errors: dict[str, str], *, number: str, how: str) -> ResponseReturnValue:
    shown = render_template(
        "staff/help_line.html", line=_view(line), number=number, how=how, ways=wording.WAYS_TO_CHECK, errors=errors
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _found(key: str) -> HelpLine:
    hear()
    try:
        return operation.find(key)
    except NoSuchLine:
        abort(HTTPStatus.NOT_FOUND)


def _view(line: HelpLine) -> LineView:
    today = clock.now().astimezone(service_zone()).date()
    return LineView(
        key=line.key,
        name=line.name,
        number=line.number,
        nation=line.nation,
        hours=line.hours,
        source_url=line.source_url,
        checked=f"{date_in_words(line.checked_on)} {line.checked_on.year}: {line.checked_by}",
        is_stale=bool(lines.stale([line], today=today)),
    )

"""The page of bank holidays: those of the calendar, and those that a supervisor adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import date_in_words, service_zone
from rota import queries
from rota.domain.bank_holidays import bank_holidays
from rota.domain.rules import Site
from rota.domain.wording import SITES
from rota.operations import holidays as operations
from rota.operations.holidays import HolidayRefused
from rota.web import wording
from rota.web.forms import read_day, read_number
from rota.web.week import FIRST_YEAR, LAST_YEAR

holidays = Blueprint("holidays", __name__, template_folder="templates", url_prefix="/staff/rota/holidays")
guard(holidays, *PLANNERS)


@dataclass(frozen=True, slots=True)
class HolidayLine:
    """One bank holiday and where it is one; `removals` are the sites at which it was added."""

    day: str
    in_words: str
    name: str
    where: str
    removals: tuple[tuple[str, str], ...]


@holidays.get("")
def page() -> ResponseReturnValue:
    """The bank holidays of a year."""
    return _page({"sites": [site.value for site in Site]}, {})


@holidays.post("")
def add() -> ResponseReturnValue:
    """Add a bank holiday."""
    day = read_day(request.form.get("day", ""))
    chosen = [Site(site) for site in request.form.getlist("sites") if site in set(Site)]
    if day is None:
        return _page(_typed(), {"day": wording.ENTER_A_HOLIDAY})
    try:
        with transaction() as session:
            operations.add_holiday(
                session,
                day=day,
                name=request.form.get("name", ""),
                sites=chosen,
                by=current_staff().id,
                now=clock.now(),
            )
    except HolidayRefused as refused:
        return _page(_typed(), {refused.field: str(refused)})
    flash(wording.HOLIDAY_ADDED)
    return redirect(url_for("holidays.page", year=day.year), HTTPStatus.SEE_OTHER)


@holidays.post("/removal")
def remove() -> ResponseReturnValue:
    """Take away a bank holiday that was added."""
    day, site = read_day(request.form.get("day", "")), request.form.get("site", "")
    if day is None or site not in set(Site):
        abort(HTTPStatus.NOT_FOUND)
    with transaction() as session:
        name = operations.remove_holiday(session, day=day, site=Site(site), by=current_staff().id, now=clock.now())
    flash(wording.holiday_removed(name))
    return redirect(url_for("holidays.page", year=day.year), HTTPStatus.SEE_OTHER)


def _typed() -> dict[str, Any]:
    return dict(request.form) | {"sites": request.form.getlist("sites")}


def _year() -> int:
    this_year = clock.now().astimezone(service_zone()).year
    year = read_number(request.args.get("year", "")) or this_year
    return year if FIRST_YEAR <= year <= LAST_YEAR else abort(HTTPStatus.NOT_FOUND)


def _page(values: Mapping[str, Any], errors: Mapping[str, str]) -> ResponseReturnValue:
    year = _year()
    with transaction() as session:
        added = queries.local_holidays(session)
    shown = render_template(
        "rota/holidays.html",
        year=year,
        first=FIRST_YEAR,
        last=LAST_YEAR,
        lines=_lines(year, added),
        values=values,
        errors=errors,
        sites=[(site.value, words) for site, words in SITES.items()],
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _lines(year: int, added: Mapping[Site, Mapping[date, str]]) -> list[HolidayLine]:
    """Each day and name once, with every site at which it is a bank holiday."""
    found: dict[tuple[date, str], list[Site]] = {}
    for site in Site:
        own = {day: name for day, name in added.get(site, {}).items() if day.year == year}
        for day, name in bank_holidays(site, years=[year], added=own).items():
            found.setdefault((day, name), []).append(site)
    return [
        HolidayLine(
            day.isoformat(),
            date_in_words(day),
            name,
            "everywhere" if len(sites) == len(Site) else ", ".join(SITES[site] for site in sites),
            tuple((site.value, SITES[site]) for site in sites if day in added.get(site, {})),
        )
        for (day, name), sites in sorted(found.items())
    ]

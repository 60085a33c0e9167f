"""The working-time report: every rule that a period's shifts do not keep, person by person, with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from http import HTTPStatus

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota import queries
from rota.domain.rests import MADE_UP_WITHIN, made_up
from rota.domain.rules import Finding, Limits, Rule, Site
from rota.domain.shifts import Span, instant_of
from rota.domain.typed import read_day
from rota.domain.wording import LAWS, SITES, finding_words, length_words
from rota.domain.working_time import together
from rota.web import wording

working_time = Blueprint("working_time", __name__, template_folder="templates", url_prefix="/staff/rota/working-time")
guard(working_time, *PLANNERS)

DAY = timedelta(days=1)
AHEAD = 8 * 7 * DAY  # shown unless another period is asked for
LONGEST = 366 * DAY
_TOLD_ELSEWHERE = frozenset({Rule.BREAK, Rule.OWED_REST})
"""Breaks have a page of their own; what makes up for a rest that was too short is told beside it."""
_RESTS = frozenset({Rule.DAILY_REST, Rule.WEEKLY_REST})


@dataclass(frozen=True, slots=True)
class PersonReport:
    """One person's findings."""

    name: str
    law: str
    against: tuple[str, ...]
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """The period that is shown."""

    first_day: date
    last_day: date


@working_time.get("")
def page() -> ResponseReturnValue:
    """The eight weeks from this Monday on, or the days in the address (`first`, `last`)."""
    days, errors = _days(clock.now())
    zone = service_zone()
    start, end = instant_of(days.first_day, time(), zone), instant_of(days.last_day + DAY, time(), zone)
    with transaction() as session:
        found = queries.findings(session, start=start, end=end, zone=zone)
        shifts = queries.spans_of(session, counsellor_ids=found, around=Span(start, end + MADE_UP_WITHIN))
        reports = _reports(session, found, shifts)
        worked_on = _worked_on(session, start, end)
    shown = render_template(
        "rota/working_time.html",
        period=days,
        errors=errors,
        reports=reports,
        worked_on=worked_on,
        broken=sum(bool(report.against) for report in reports),
        sites=[(SITES[site], LAWS[site]) for site in Site],
    )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _days(now: datetime) -> tuple[Days, Mapping[str, str]]:
    """The days in the address, or those at hand; what is wrong with them, by field."""
    today = now.astimezone(service_zone()).date()
    monday = today - timedelta(days=today.weekday())
    default = Days(monday, monday + AHEAD - DAY)
    if not request.args:
        return default, {}
    first, last = read_day(request.args.get("first", "")), read_day(request.args.get("last", ""))
    if first is None or last is None:
        said = {"first": (first, wording.ENTER_A_FIRST_DAY), "last": (last, wording.ENTER_A_LAST)}
        return default, {field: words for field, (day, words) in said.items() if day is None}
    if last < first:
        return default, {"last": wording.LAST_BEFORE_FIRST}
    if last - first >= LONGEST:
        return default, {"last": wording.A_YEAR_AT_MOST}
    return Days(first, last), {}


def _worked_on(session: Session, start: datetime, end: datetime) -> list[tuple[str, str]]:
    """Who worked on after shifts because a call was not over, and for how long in all, by name."""
    found = queries.overtime(session, start=start, end=end)
    return [
        (row.staff.name, length_words(sum((span.length for span in found[row.id]), timedelta())))
        for row in queries.people(session, ids=found)
    ]


def _reports(
    session: Session, found: Mapping[int, Sequence[Finding]], shifts: Mapping[int, Sequence[Span]]
) -> list[PersonReport]:
    """Those against whom a rule stands before those with advice only; breaks have a page of their own."""
    sites, in_force = queries.sites(session), queries.limits(session)
    reports = []
    for row in queries.people(session, ids=found):
        limits = in_force[sites[row.id]]
        said = [each for each in together(found[row.id]) if each.rule not in _TOLD_ELSEWHERE]
        if said:
            reports.append(_report(row.staff.name, limits, said, shifts[row.id]))
    return sorted(reports, key=lambda report: not report.against)


def _report(name: str, limits: Limits, said: Sequence[Finding], shifts: Sequence[Span]) -> PersonReport:
    rests = made_up([each for each in said if each.rule in _RESTS], shifts)
    words = [(finding.is_advice, _words(finding, limits, rests)) for finding in said]
    return PersonReport(
        name,
        SITES[limits.site],
        tuple(each for is_advice, each in words if not is_advice),
        tuple(each for is_advice, each in words if is_advice),
    )


def _words(finding: Finding, limits: Limits, rests: Mapping[Finding, Span | None]) -> str:
    """The finding, and for a rest that was too short, what makes up for it."""
    words = finding_words(finding, limits, service_zone())
    if finding not in rests:
        return words
    rest = rests[finding]
    return f"{words}. {wording.made_up(rest, service_zone()) if rest else wording.NOT_MADE_UP}"

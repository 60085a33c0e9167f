"""Reports for whoever answers for the rota: evidence of cover, and hours per person, as pages and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota import queries
from rota.domain.coverage import CoverState
from rota.domain.evidence import Evidence, evidence
from rota.domain.hours import balance
from rota.domain.shifts import Span, instant_of
from rota.domain.table_files import written
from rota.domain.wording import COVER, SITES, gap_words, length_words, shortfall_words
from rota.domain.working_time import Site
from rota.web import wording
from rota.web.forms import read_day

reports = Blueprint("rota_reports", __name__, template_folder="templates", url_prefix="/staff/rota")
guard(reports, *PLANNERS)

DAY = timedelta(days=1)
LONGEST = timedelta(days=366)  # a year of minutes is what one report can show


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, the last one included, as they were typed and as instants."""

    first_day: date
    last_day: date
    zone: ZoneInfo

    @property
    def span(self) -> Span:
        """From midnight to midnight."""
        return Span(instant_of(self.first_day, time(), self.zone), instant_of(self.last_day + DAY, time(), self.zone))


@dataclass(frozen=True, slots=True)
class HoursLine:
    """Somebody's hours."""

    name: str
    site: str
    total: str
    nights: str
    weekends: str
    bank_holidays: str
    has_none: bool


@reports.get("/evidence")
def evidence_page() -> ResponseReturnValue:
    """What proves or disproves "24 hours a day" for a period."""
    period, errors = _period(clock.now())
    found = _evidence(period)
    return render_template(
        "rota/evidence.html",
        period=period,
        errors=errors,
        found=found,
        states=[(COVER[state], length_words(found.in_state[state])) for state in CoverState],
        short=[(COVER[gap.state], gap_words(gap, period.zone)) for gap in found.short],
    )


@reports.get("/evidence.csv")
def evidence_csv() -> Response:
    """Every stretch of the period in which cover falls short, to the minute, in UTC."""
    period, _ = _period(clock.now())
    rows = [
        (gap.span.starts_at.isoformat(), gap.span.ends_at.isoformat(), gap.state.value, gap.on, gap.need.people,
         shortfall_words(gap))
        for gap in _evidence(period).short
    ]  # fmt: skip
    return _csv("evidence", period, ("starts_at", "ends_at", "state", "on", "needed", "words"), rows)


@reports.get("/hours")
def hours_page() -> ResponseReturnValue:
    """Everybody's hours in a period, and how evenly they are shared."""
    period, errors = _period(clock.now())
    with transaction() as session:
        people = queries.people_hours(session, start=period.span.starts_at, end=period.span.ends_at, zone=period.zone)
        lines = [
            HoursLine(
                row.staff.name,
                SITES[Site(row.site)],
                length_words(own.total),
                length_words(own.nights),
                length_words(own.weekends),
                length_words(own.bank_holidays),
                has_none=not own.total,
            )
            for row, own in people
        ]
    evenness = balance([own.total for _, own in people])
    return render_template("rota/hours.html", period=period, errors=errors, lines=lines, balance=evenness)


@reports.get("/hours.csv")
def hours_csv() -> Response:
    """The same, in minutes."""
    period, _ = _period(clock.now())
    with transaction() as session:
        people = queries.people_hours(session, start=period.span.starts_at, end=period.span.ends_at, zone=period.zone)
        rows = [
            (row.staff.name, row.site,
             *(part // timedelta(minutes=1) for part in (own.total, own.nights, own.weekends, own.bank_holidays)))
            for row, own in people
        ]  # fmt: skip
    head = ("name", "site", "minutes", "night_minutes", "weekend_minutes", "bank_holiday_minutes")
    return _csv("hours", period, head, rows)


def _evidence(period: Period) -> Evidence:
    with transaction() as session:
        found = queries.coverage(session, start=period.span.starts_at, end=period.span.ends_at, zone=period.zone)
    return evidence(found)


def _period(now: datetime) -> tuple[Period, dict[str, str]]:
    """The period in the address, or the four weeks at hand; what is wrong with it, by field."""
    zone = service_zone()
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    default = Period(monday, monday + 27 * DAY, zone)
    if not request.args:
        return default, {}
    first, last = read_day(request.args.get("first", "")), read_day(request.args.get("last", ""))
    errors = {
        field: words
        for field, day, words in (("first", first, wording.ENTER_A_FIRST_DAY), ("last", last, wording.ENTER_A_LAST))
        if day is None
    }
    if first is None or last is None:
        return default, errors
    if last < first:
        return default, {"last": wording.LAST_BEFORE_FIRST}
    if last - first >= LONGEST:
        return default, {"last": wording.A_YEAR_AT_MOST}
    return Period(first, last, zone), {}


def _csv(name: str, period: Period, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as a file."""
    file = f"{name}-{period.first_day.isoformat()}-{period.last_day.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(written(head, rows), content_type="text/csv; charset=utf-8", headers=headers)

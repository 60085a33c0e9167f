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
from rota.domain.coverage import Coverage, CoverState
from rota.domain.evidence import claim, evidence, ready_spans, stretches
from rota.domain.hours import Hours, balance
from rota.domain.rules import Site
from rota.domain.shifts import Span, instant_of, whole_minute
from rota.domain.table_files import written
from rota.domain.wording import COVER, SITES, gap_words, length_words
from rota.web import wording
from rota.web.forms import read_day

reports = Blueprint("rota_reports", __name__, template_folder="templates", url_prefix="/staff/rota")
guard(reports, *PLANNERS)

DAY = timedelta(days=1)
MOST_SHORT = 100  # stretches in one list; the file has them all
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
    overtime: str
    has_none: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A period's cover: what is over by the rota and by who was ready, and what is planned."""

    rota: Coverage
    ready: Coverage
    planned: Coverage


@reports.get("/evidence")
def evidence_page() -> ResponseReturnValue:
    """What proves or disproves "24 hours a day" for a period."""
    period, errors = _period(clock.now())
    found = _found(period)
    rota, ready, planned = evidence(found.rota), evidence(found.ready), evidence(found.planned)
    return render_template(
        "rota/evidence.html",
        period=period,
        errors=errors,
        claim=claim(rota, ready).value,
        rota=rota,
        ready=ready,
        planned=planned,
        nobody_ready=length_words(ready.in_state[CoverState.UNCOVERED]),
        states=[
            (COVER[state], *(length_words(each.in_state[state]) for each in (rota, ready, planned)))
            for state in CoverState
        ],
        lists=[
            (
                title,
                [(COVER[gap.state], gap_words(gap, period.zone)) for gap in each.short[:MOST_SHORT]],
                len(each.short),
            )
            for title, each in zip(wording.EVIDENCE_LISTS, (rota, ready, planned), strict=True)
            if each.length
        ],
    )


@reports.get("/evidence.csv")
def evidence_csv() -> Response:
    """The whole period to the minute, in UTC: by the rota, and for what is over by who was ready."""
    period, _ = _period(clock.now())
    found = _found(period)
    rows = [
        (each.span.starts_at.isoformat(), each.span.ends_at.isoformat(),
         "planned" if each.ready_state is None else "over", each.needed, each.on, each.state.value,
         "" if each.ready is None else each.ready, each.ready_state.value if each.ready_state else "")
        for each in (*stretches(found.rota, found.ready), *stretches(found.planned))
    ]  # fmt: skip
    head = ("starts_at", "ends_at", "when", "needed", "on_rota", "state_by_rota", "ready", "state_by_ready")
    return _csv("evidence", period, head, rows)


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
                length_words(own.overtime),
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
            (row.staff.name, row.site, *(part // timedelta(minutes=1) for part in _parts(own))) for row, own in people
        ]
    head = ("name", "site", "minutes", "night_minutes", "weekend_minutes", "bank_holiday_minutes", "overtime_minutes")
    return _csv("hours", period, head, rows)


def _parts(own: Hours) -> tuple[timedelta, ...]:
    return own.total, own.nights, own.weekends, own.bank_holidays, own.overtime


def _found(period: Period) -> Found:
    """The period in two: up to this minute, and from it on."""
    start, end = period.span.starts_at, period.span.ends_at
    this_minute = max(start, min(whole_minute(clock.now()), end))
    with transaction() as session:
        on = queries.on_duty(session, start=start, end=this_minute)
        were_ready = ready_spans(on, queries.presence_changes(session, start=start, end=this_minute))
        return Found(
            queries.against_demand(session, on, start=start, end=this_minute, zone=period.zone),
            queries.against_demand(session, were_ready, start=start, end=this_minute, zone=period.zone),
            queries.coverage(session, start=this_minute, end=end, zone=period.zone),
        )


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

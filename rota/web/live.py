"""Cover as it really is: who is there now, the gaps of the next day and of eight weeks, and who is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.operations.staff import NotAMobile, set_phone
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation import phone as phones
from foundation.database import transaction
from foundation.phone import NumberNotAllowed, Phone
from foundation.web.times import service_zone
from rota import queries
from rota.domain.coverage import CoverState
from rota.domain.shifts import minutes
from rota.domain.wording import ABSENT, COVER, gap_words, length_words
from rota.operations.offers_end import NotLastMinutes, end_offers
from rota.operations.watch_cover import AHEAD
from rota.web import wording
from rota.web.week import Week, week_of

live = Blueprint("rota_live", __name__, template_folder="templates", url_prefix="/staff/rota/live")
guard(live, *PLANNERS)

KINDS = {CoverState.COVERED: "good", CoverState.UNDERSTAFFED: "warn"}


@dataclass(frozen=True, slots=True)
class WeekAhead:
    """How one of the coming weeks stands, as far as it is still to come."""

    name: str
    title: str
    gaps: int
    short: str
    percent: int


@live.get("")
def page() -> ResponseReturnValue:
    """Cover now and ahead."""
    return _page({})


@live.post("/phone")
def change_phone() -> ResponseReturnValue:
    """Where I want alerts about cover. Field: `phone`; empty for none."""
    typed = request.form.get("phone", "").strip()
    try:
        mobile = phones.parse(typed, drama_allowed=current_app.config["DRAMA_ALLOWED"]) if typed else None
        with transaction() as session:
            me = current_staff()
            set_phone(session, staff=me, phone=mobile, by=me.id, now=clock.now())
    except NumberNotAllowed as refused:
        return _page({"phone": refused.detail})
    except NotAMobile as refused:
        return _page({"phone": str(refused)})
    flash(wording.ALERTS_COME if mobile else wording.NO_ALERTS)
    return redirect(url_for("rota_live.page"), HTTPStatus.SEE_OTHER)


@live.post("/last-minutes")
def change_last_minutes() -> ResponseReturnValue:
    """In how many last minutes of a shift no call is offered. Field: `minutes`."""
    typed = request.form.get("minutes", "").strip()
    try:
        with transaction() as session:
            before = int(typed) if typed.isdecimal() and typed.isascii() else -1
            end_offers(session, before=before, by=current_staff().id, now=clock.now())
    except NotLastMinutes as refused:
        return _page({"minutes": str(refused)})
    flash(wording.LAST_MINUTES_SET)
    return redirect(url_for("rota_live.page"), HTTPStatus.SEE_OTHER)


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    now, zone = clock.now(), service_zone()
    with transaction() as session:
        found = queries.live_cover(session, moment=now, zone=zone)
        here = found.coverage.segments[0]
        mine = current_staff().phone
        shown = render_template(
            "rota/live.html",
            errors=errors,
            values={
                "phone": request.form.get("phone", Phone(mine).spoken if mine else ""),
                "minutes": request.form.get("minutes", str(minutes(queries.last_minutes(session)))),
            },
            state=f"{COVER[here.state]} now: {here.on} there, {here.need.people} needed",
            kind=KINDS.get(here.state, "bad"),
            absent=[(name, ABSENT[why]) for name, why in found.absent],
            gaps=[gap_words(gap, zone) for gap in found.coverage.gaps],
            weeks=_weeks(session, now, zone),
            has_alerts=mine is not None,
        )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _weeks(session: Session, now: datetime, zone: ZoneInfo) -> list[WeekAhead]:
    """The coming eight weeks by the plan, this one first."""
    first = week_of(now.astimezone(zone).date(), zone)
    return [_week(session, first.moved(number), now, zone) for number in range(AHEAD // timedelta(weeks=1))]


def _week(session: Session, week: Week, now: datetime, zone: ZoneInfo) -> WeekAhead:
    start = max(week.starts_at, now.replace(second=0, microsecond=0))
    found = queries.coverage(session, start=start, end=week.ends_at, zone=zone)
    short_for = timedelta(minutes=found.gap_minutes)
    return WeekAhead(week.name, week.title, len(found.gaps), length_words(short_for), found.percent)

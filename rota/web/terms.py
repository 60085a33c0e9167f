"""Terms of work: the page of one person, and the page of each site's working-time numbers with who has opted out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import date_in_words, service_zone
from rota import queries
from rota.domain.rules import LIMITS, Limits, Site
from rota.domain.wording import LAWS, SITES
from rota.models import LONGEST_NOTICE, SHORTEST_NOTICE, CounsellorRow
from rota.operations import terms as operations
from rota.operations.team import CounsellorNotFound
from rota.operations.terms import TermsRefused
from rota.web import wording
from rota.web.forms import NotUnderstood, read_agreed, read_day, read_limits, read_number

terms = Blueprint("terms", __name__, template_folder="templates", url_prefix="/staff/team")
guard(terms, *PLANNERS)

REFUSED = (NotUnderstood, TermsRefused)
NIGHTS_AHEAD = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class OptOut:
    """Somebody's opt-out in words."""

    name: str
    counsellor_id: int
    words: str


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site with its numbers as a form shows them."""

    site: str
    title: str
    law: str
    values: Mapping[str, str]
    is_stricter: bool


@terms.get("/<int:counsellor_id>/terms")
def page(counsellor_id: int) -> ResponseReturnValue:
    """What was agreed with somebody."""
    return _page(counsellor_id, None, {})


@terms.post("/<int:counsellor_id>/terms")
def change(counsellor_id: int) -> ResponseReturnValue:
    """Write down what was agreed."""
    try:
        agreed = read_agreed(request.form)
        with transaction() as session:
            row = operations.set_terms(
                session, counsellor_id=counsellor_id, agreed=agreed, by=current_staff().id, now=clock.now()
            )
            name = row.staff.name
    except REFUSED as refused:
        return _page(counsellor_id, dict(request.form), _errors(refused))
    return _done(counsellor_id, wording.terms_saved(name))


@terms.post("/<int:counsellor_id>/opt-out")
def sign(counsellor_id: int) -> ResponseReturnValue:
    """Somebody opted out of 48 hours a week, in writing."""
    signed_on = read_day(request.form.get("signed_on", ""))
    notice_days = read_number(request.form.get("notice_days", "") or str(SHORTEST_NOTICE))
    try:
        if signed_on is None or notice_days is None:
            field = "signed_on" if signed_on is None else "notice_days"
            raise NotUnderstood({field: wording.ENTER_WHEN_SIGNED if signed_on is None else wording.ENTER_A_NUMBER})
        with transaction() as session:
            operations.sign_opt_out(
                session,
                counsellor_id=counsellor_id,
                signed_on=signed_on,
                notice_days=notice_days,
                today=_today(),
                by=current_staff().id,
                now=clock.now(),
            )
    except REFUSED as refused:
        return _page(counsellor_id, dict(request.form), _errors(refused))
    return _done(counsellor_id, wording.OPT_OUT_SIGNED)


@terms.post("/<int:counsellor_id>/opt-out/withdrawal")
def withdraw(counsellor_id: int) -> ResponseReturnValue:
    """Somebody takes their opt-out back."""
    withdrawn_on = read_day(request.form.get("withdrawn_on", ""))
    try:
        if withdrawn_on is None:
            raise NotUnderstood({"withdrawn_on": wording.ENTER_WHEN_WITHDRAWN})
        with transaction() as session:
            until = operations.withdraw_opt_out(
                session,
                counsellor_id=counsellor_id,
                withdrawn_on=withdrawn_on,
                today=_today(),
                by=current_staff().id,
                now=clock.now(),
            )
    except REFUSED as refused:
        return _page(counsellor_id, dict(request.form), _errors(refused))
    return _done(counsellor_id, wording.opt_out_ends(until))


@terms.get("/limits")
def sites() -> ResponseReturnValue:
    """The numbers of each site, who has opted out, and who works nights without a health assessment."""
    return _sites_page("", {}, {})


@terms.post("/limits/<site>")
def set_limits(site: str) -> ResponseReturnValue:
    """Make the numbers of a site stricter, or the law's again."""
    if site not in set(Site):
        abort(HTTPStatus.NOT_FOUND)
    try:
        as_law = request.form.get("answer") == "law"
        limits = LIMITS[Site(site)] if as_law else read_limits(request.form, site=Site(site))
        with transaction() as session:
            operations.set_limits(session, limits=limits, by=current_staff().id, now=clock.now())
    except REFUSED as refused:
        return _sites_page(site, dict(request.form), _errors(refused))
    flash(wording.LIMITS_SET)
    return redirect(url_for("terms.sites"), HTTPStatus.SEE_OTHER)


def _today() -> date:
    return clock.now().astimezone(service_zone()).date()


def _errors(refused: NotUnderstood | TermsRefused) -> dict[str, str]:
    return refused.errors if isinstance(refused, NotUnderstood) else {refused.field: str(refused)}


def _done(counsellor_id: int, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("terms.page", counsellor_id=counsellor_id), HTTPStatus.SEE_OTHER)


def _page(counsellor_id: int, typed: Mapping[str, Any] | None, errors: Mapping[str, str]) -> ResponseReturnValue:
    with transaction() as session:
        row = queries.find_counsellor(session, counsellor_id=counsellor_id)
        if row is None:
            raise CounsellorNotFound("There is no such counsellor")
        shown = render_template(
            "rota/terms.html",
            counsellor_id=row.id,
            name=row.staff.name,
            values=_values(row) | dict(typed or {}),
            errors=errors,
            sites=[(site.value, words) for site, words in SITES.items()],
            opt_out=_opt_out(row),
            can_withdraw=row.opted_out_from is not None and row.opt_out_withdrawn_on is None,
            shortest=SHORTEST_NOTICE,
            longest=LONGEST_NOTICE,
        )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _values(row: CounsellorRow) -> dict[str, Any]:
    return {
        "site": row.site,
        "kind": "volunteer" if row.is_volunteer else "worker",
        "contract": _hours_typed(row.contract_minutes),
        "cap": _hours_typed(row.cap_minutes),
        "health_checked_until": row.health_checked_until.isoformat() if row.health_checked_until else "",
        "notice_days": row.opt_out_notice_days,
    }


def _hours_typed(number: int | None) -> str:
    return "" if number is None else f"{number / 60:g}"


def _opt_out(row: CounsellorRow) -> str:
    if row.opted_out_from is None:
        return ""
    signed = wording.SIGNED.format(day=_dated(row.opted_out_from), notice=row.opt_out_notice_days)
    if row.opted_out_until is None:
        return signed
    withdrawn = _dated(row.opt_out_withdrawn_on) if row.opt_out_withdrawn_on else ""
    return f"{signed} {wording.WITHDRAWN.format(day=withdrawn, until=_dated(row.opted_out_until))}"


def _dated(day: date) -> str:
    return f"{date_in_words(day)} {day.year}"


def _sites_page(wrong: str, typed: Mapping[str, Any], errors: Mapping[str, str]) -> ResponseReturnValue:
    now, today = clock.now(), _today()
    with transaction() as session:
        in_force = queries.limits(session)
        lines = [
            SiteLine(
                site.value,
                SITES[site],
                LAWS[site],
                {**_numbers(in_force[site]), **(typed if site == wrong else {})},
                in_force[site] != LIMITS[site],
            )
            for site in Site
        ]
        shown = render_template(
            "rota/limits.html",
            lines=lines,
            wrong=wrong,
            errors={f"{wrong}-{field}": words for field, words in errors.items()},
            opt_outs=_opt_outs(session, today),
            unchecked=queries.nights_unchecked(session, start=now, end=now + NIGHTS_AHEAD, zone=service_zone()),
        )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _opt_outs(session: Session, today: date) -> list[OptOut]:
    """The up-to-date list of those who have opted out, which the law asks for."""
    return [
        OptOut(row.staff.name, row.id, _opt_out(row))
        for row in queries.team(session, today=today)
        if row.opted_out_from and (row.opted_out_until is None or row.opted_out_until > today)
    ]


def _numbers(limits: Limits) -> dict[str, str]:
    """As a form shows them: rests and hours in hours, breaks in minutes."""
    hours = ("daily_rest", "weekly_rest", "fortnight_rest", "average_hours", "night_work", "night_hours", "break_after")
    lengths = {name: f"{getattr(limits, name) / timedelta(hours=1):g}" for name in hours}
    return lengths | {
        "reference_weeks": str(limits.reference_weeks),
        "consecutive_days": str(limits.consecutive_days),
        "break_length": str(limits.break_length // timedelta(minutes=1)),
        "night_starts": _wall(limits.night_starts),
        "night_ends": _wall(limits.night_ends),
        "is_hazardous": "yes" if limits.is_hazardous else "",
    }


def _wall(wall: time) -> str:
    return f"{wall:%H:%M}"

"""The team page: who is here, what they are trained for, and whether their phone reaches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.passwords import PasswordNotAccepted, password_rule
from accounts.domain.roles import PLANNERS
from accounts.operations.staff import EmailNotUsable, EmailTaken, NameMissing
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.phone import Phone
from foundation.web.times import clock_time, date_in_words
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.phone_check import Checked
from rota.domain.wording import CHECKED_FOR, GENDERS, LANGUAGES, PRESENCE, SKILLS, languages_words, skills_words
from rota.models import CounsellorRow
from rota.operations import team as operations
from rota.operations.leaving import record_leaving
from rota.operations.phone_check import CheckRefused, begin_check
from rota.operations.team import CounsellorNotFound, PhoneTaken, VerifiedHow
from rota.queries import PresenceLine
from rota.web import wording
from rota.web.forms import NotUnderstood, read_day, read_details

team = Blueprint("team", __name__, template_folder="templates", url_prefix="/staff/team")
guard(team, *PLANNERS)

REFUSED = (NotUnderstood, PhoneTaken, EmailNotUsable, EmailTaken, NameMissing, PasswordNotAccepted)

FIELDS: dict[type[ValueError], str] = {
    PhoneTaken: "phone",
    EmailNotUsable: "email",
    EmailTaken: "email",
    NameMissing: "name",
    PasswordNotAccepted: "password",
}
"""The field at which each refusal is shown."""


@dataclass(frozen=True, slots=True)
class TeamLine:
    """Somebody on the team."""

    id: int
    name: str
    phone: str
    is_verified: bool
    fails: bool
    """The last call could not be connected to it."""
    skills: str
    languages: str
    presence: str
    state: str
    on_until: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's own page."""

    id: int
    name: str
    left: str


@dataclass(frozen=True, slots=True)
class TheirPhone:
    """Somebody's telephone, and what came of ringing it for a check."""

    id: int
    checked: str
    """When it was last checked, or empty."""
    is_ringing: bool
    said: str


@team.get("")
def page() -> ResponseReturnValue:
    """Everybody on the team."""
    now, zone = clock.now(), _zone()
    with transaction() as session:
        lines = [_line(line, zone) for line in queries.presence_board(session, moment=now)]
        former = [row.staff.name for row in queries.former_team(session, today=now.astimezone(zone).date())]
    return render_template("rota/team.html", lines=lines, former=former)


@team.get("/new")
def new() -> ResponseReturnValue:
    """The form for somebody new."""
    return _new_page({}, {}, HTTPStatus.OK)


@team.post("")
def add() -> ResponseReturnValue:
    """Add somebody with a sign-in."""
    now = clock.now()
    try:
        details = read_details(request.form, drama_allowed=current_app.config["DRAMA_ALLOWED"])
        with transaction() as session:
            operations.add_counsellor(
                session,
                email=request.form.get("email", ""),
                password=request.form.get("password", ""),
                details=details,
                joined_on=now.astimezone(_zone()).date(),
                by=current_staff().id,
                now=now,
            )
    except REFUSED as refused:
        return _new_page(_typed(), _errors(refused), HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(wording.counsellor_added(details.name))
    return redirect(url_for("team.page"), HTTPStatus.SEE_OTHER)


@team.get("/<int:counsellor_id>")
def person(counsellor_id: int) -> ResponseReturnValue:
    """What is known about somebody, to be corrected."""
    with transaction() as session:
        row = _row(queries.find_counsellor(session, counsellor_id=counsellor_id))
        return _person_page(session, row, _values(row), {}, HTTPStatus.OK)


@team.post("/<int:counsellor_id>")
def change(counsellor_id: int) -> ResponseReturnValue:
    """Correct what is known about somebody."""
    now = clock.now()
    try:
        details = read_details(request.form, drama_allowed=current_app.config["DRAMA_ALLOWED"])
        with transaction() as session:
            row = operations.change_counsellor(
                session, counsellor_id=counsellor_id, details=details, by=current_staff().id, now=now
            )
            needs_check = row.phone_verified_at is None
    except REFUSED as refused:
        with transaction() as session:
            row = _row(queries.find_counsellor(session, counsellor_id=counsellor_id))
            return _person_page(session, row, _typed(), _errors(refused), HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(wording.counsellor_changed(details.name, phone_needs_check=needs_check))
    return redirect(url_for("team.page"), HTTPStatus.SEE_OTHER)


@team.post("/<int:counsellor_id>/phone-check")
def phone_checked(counsellor_id: int) -> ResponseReturnValue:
    """A supervisor rang the number and spoke to the counsellor."""
    with transaction() as session:
        row = operations.verify_phone(
            session,
            counsellor_id=counsellor_id,
            how=VerifiedHow.RUNG_BY_SUPERVISOR,
            by=current_staff().id,
            now=clock.now(),
        )
        name = row.staff.name
    flash(wording.phone_checked(name))
    return redirect(url_for("team.page"), HTTPStatus.SEE_OTHER)


@team.post("/<int:counsellor_id>/phone-ringing")
def ring_phone(counsellor_id: int) -> ResponseReturnValue:
    """The service rings the number and asks for a key press."""
    try:
        with transaction() as session:
            begin_check(session, counsellor_id=counsellor_id, by=current_staff().id, now=clock.now())
    except CheckRefused as refused:
        with transaction() as session:
            row = _row(queries.find_counsellor(session, counsellor_id=counsellor_id))
            errors = {"phone_check": str(refused)}
            return _person_page(session, row, _values(row), errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(wording.THEIR_PHONE_IS_RUNG)
    return redirect(url_for("team.person", counsellor_id=counsellor_id), HTTPStatus.SEE_OTHER)


@team.get("/<int:counsellor_id>/phone")
def phone(counsellor_id: int) -> ResponseReturnValue:
    """Whether a telephone is checked; the page fetches it again while it rings."""
    with transaction() as session:
        row = _row(queries.find_counsellor(session, counsellor_id=counsellor_id))
        return render_template("rota/parts/their_phone.html", phone=_phone(session, row))


@team.post("/<int:counsellor_id>/leaving")
def leaving(counsellor_id: int) -> ResponseReturnValue:
    """Somebody leaves; their shifts from that day on are open."""
    left_on = read_day(request.form.get("left_on", ""))
    with transaction() as session:
        if left_on is None:
            row = _row(queries.find_counsellor(session, counsellor_id=counsellor_id))
            errors = {"left_on": wording.ENTER_A_LAST_DAY}
            return _person_page(session, row, _values(row), errors, HTTPStatus.UNPROCESSABLE_ENTITY)
        vacated = record_leaving(
            session,
            counsellor_id=counsellor_id,
            left_on=left_on,
            zone=_zone(),
            by=current_staff().id,
            now=clock.now(),
        )
        name = _row(queries.find_counsellor(session, counsellor_id=counsellor_id)).staff.name
    flash(wording.leaving_recorded(name, vacated))
    return redirect(url_for("team.page"), HTTPStatus.SEE_OTHER)


def _zone() -> ZoneInfo:
    zone: ZoneInfo = current_app.config["ZONE"]
    return zone


def _row(found: CounsellorRow | None) -> CounsellorRow:
    if found is None:
        raise CounsellorNotFound("there is no such counsellor")
    return found


def _line(line: PresenceLine, zone: ZoneInfo) -> TeamLine:
    person, presence = line.counsellor, line.presence
    return TeamLine(
        id=person.id,
        name=person.name,
        phone=person.phone.masked,
        is_verified=person.phone_verified,
        fails=person.phone_fails,
        skills=skills_words(person.skills),
        languages=languages_words(person.languages),
        presence=PRESENCE[presence.state],
        state=presence.state.value,
        on_until=clock_time(line.on_shift_until, zone=zone) if line.on_shift_until else "",
    )


def _typed() -> dict[str, Any]:
    """The form as it was typed, without the password."""
    typed: dict[str, Any] = {key: value for key, value in request.form.items() if key != "password"}
    return typed | {"skills": request.form.getlist("skills"), "languages": request.form.getlist("languages")}


def _values(row: CounsellorRow) -> dict[str, Any]:
    return {
        "name": row.staff.name,
        "phone": Phone(row.phone).spoken,
        "gender": row.gender or "",
        "skills": row.skills,
        "languages": row.languages,
    }


def _errors(refused: ValueError) -> dict[str, str]:
    if isinstance(refused, NotUnderstood):
        return refused.errors
    return {FIELDS[type(refused)]: str(refused)}


def _choices() -> dict[str, Sequence[tuple[str, str]]]:
    return {
        "skills": [(skill.value, SKILLS[skill].capitalize()) for skill in Skill],
        "languages": [(code, name) for code, name in LANGUAGES.items() if code != "en"],
        "genders": [*((gender.value, words) for gender, words in GENDERS.items()), ("", "Not said")],
    }


def _new_page(values: Mapping[str, Any], errors: Mapping[str, str], status: HTTPStatus) -> ResponseReturnValue:
    shown = render_template(
        "rota/new_counsellor.html", values=values, errors=errors, choices=_choices(), password_rule=password_rule()
    )
    return shown, status


def _phone(session: Session, row: CounsellorRow) -> TheirPhone:
    last = queries.last_phone_check(session, counsellor_id=row.id)
    said = CHECKED_FOR[Checked(last.result) if last.result else None] if last else ""
    return TheirPhone(row.id, _moment(row.phone_verified_at), last is not None and last.ended_at is None, said)


def _person_page(
    session: Session, row: CounsellorRow, values: Mapping[str, Any], errors: Mapping[str, str], status: HTTPStatus
) -> ResponseReturnValue:
    person = Person(
        id=row.id,
        name=row.staff.name,
        left=date_in_words(row.left_on) if row.left_on else "",
    )
    shown = render_template(
        "rota/counsellor.html",
        person=person,
        phone=_phone(session, row),
        values=values,
        errors=errors,
        choices=_choices(),
    )
    return shown, status


def _moment(at: datetime | None) -> str:
    zone = _zone()
    return f"{date_in_words(at.astimezone(zone).date())}, {clock_time(at, zone=zone)}" if at else ""

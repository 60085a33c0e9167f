"""What the rota's forms take: typed words become values, or a sentence for each field that could not be read.

Nothing typed is ever lost: a page that refuses shows the words again. The guard has checked the form's token before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from foundation import phone as phones
from foundation.phone import NumberNotAllowed, Phone
from rota.domain import typed
from rota.domain.counsellor import Gender, Skill
from rota.domain.rules import Limits, Site
from rota.domain.shifts import ShiftRefused, Span, entered
from rota.domain.wording import LANGUAGES
from rota.operations.demand import Band
from rota.operations.team import Details
from rota.operations.terms import Agreed
from rota.web import wording

LONGEST_NAME = 100  # characters; fits every page and every badge
LONGEST_REASON = 500  # characters; a few sentences for whoever reads the journal
read_day, read_time, read_hours, read_number = typed.read_day, typed.read_time, typed.read_hours, typed.read_number
"""What forms and files read alike."""


class NotUnderstood(ValueError):
    """Some fields could not be read; `errors` has a sentence for each, to be shown with what was typed."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("some fields could not be read")
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class ShiftEntry:
    """A shift as somebody typed it."""

    counsellor_id: int
    span: Span
    version: int
    """Of the shift that is being changed, as the page showed it; 0 for a new one."""
    reason: str = ""
    """Why a working-time rule is overridden."""


def read_shift(form: Mapping[str, str], *, zone: ZoneInfo, old: Span | None = None) -> ShiftEntry:
    """Raises NotUnderstood. What is typed as the form showed it stays what it was to the instant, `old`: a shift that
    ends in the hour that happens twice does not move when only its person changes.
    """
    counsellor_id, day = _number(form.get("counsellor", "")), read_day(form.get("day", ""))
    starts, ends = read_time(form.get("starts", "")), read_time(form.get("ends", ""))
    if counsellor_id is None or day is None or starts is None or ends is None:
        said = {
            "counsellor": (counsellor_id, wording.CHOOSE_A_COUNSELLOR),
            "day": (day, wording.ENTER_A_DAY),
            "starts": (starts, wording.ENTER_A_START),
            "ends": (ends, wording.ENTER_AN_END),
        }
        raise NotUnderstood({field: sentence for field, (value, sentence) in said.items() if value is None})
    last_day = read_day(form.get("last_day", ""))
    if last_day is None and form.get("last_day", "").strip():
        raise NotUnderstood({"last_day": wording.ENTER_THE_LAST_DAY})
    try:
        span = _kept(entered(day, starts, ends, zone, last_day=last_day), old, zone)
    except ShiftRefused as refused:
        raise NotUnderstood({refused.field: str(refused)}) from None
    reason = form.get("reason", "").strip()[:LONGEST_REASON]
    return ShiftEntry(counsellor_id, span, _number(form.get("version", "")) or 0, reason)


def _kept(typed: Span, old: Span | None, zone: ZoneInfo) -> Span:
    """The typed span, with the old instant wherever the wall shows the same for both."""
    if old is None:
        return typed
    return Span(_same(typed.starts_at, old.starts_at, zone), _same(typed.ends_at, old.ends_at, zone))


def _same(typed: datetime, old: datetime, zone: ZoneInfo) -> datetime:
    walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in (typed, old)]
    return old if walls[0] == walls[1] else typed


def read_details(form: MultiDict[str, str], *, drama_allowed: bool) -> Details:
    """Raises NotUnderstood. Skills and languages that are not on the list are left out."""
    errors: dict[str, str] = {}
    name = form.get("name", "").strip()
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = wording.ENTER_A_NAME
    phone = Phone("")
    try:
        phone = phones.parse(form.get("phone", ""), drama_allowed=drama_allowed)
    except NumberNotAllowed as refused:
        errors["phone"] = refused.detail
    if errors:
        raise NotUnderstood(errors)
    gender = form.get("gender", "")
    return Details(
        name=name,
        phone=phone,
        gender=Gender(gender) if gender in set(Gender) else None,
        skills=frozenset(skill for skill in Skill if skill in form.getlist("skills")),
        languages=frozenset({"en", *(code for code in form.getlist("languages") if code in LANGUAGES)}),
    )


def read_band(form: MultiDict[str, str], *, today: date) -> tuple[Band, frozenset[int], date]:
    """A band of the week's demand, the weekdays chosen, and the day it holds from. Raises NotUnderstood."""
    starts, ends = read_time(form.get("starts", "")), read_time(form.get("ends", ""))
    at_least, first_day = _number(form.get("at_least", "")), read_day(form.get("first_day", "") or today.isoformat())
    with_skill, with_language = _number(form.get("with_skill") or "0"), _number(form.get("with_language") or "0")
    said = {
        "starts": (starts, wording.ENTER_A_BAND_START),
        "ends": (ends, wording.ENTER_A_BAND_END),
        "at_least": (at_least, wording.ENTER_A_NUMBER),
        "with_skill": (with_skill, wording.ENTER_A_NUMBER),
        "with_language": (with_language, wording.ENTER_A_NUMBER),
        "first_day": (first_day, wording.ENTER_A_DAY_IT_HOLDS),
    }
    errors = {field: sentence for field, (value, sentence) in said.items() if value is None}
    if starts is None or ends is None or at_least is None or with_skill is None or with_language is None:
        raise NotUnderstood(errors)
    if first_day is None:
        raise NotUnderstood(errors)
    skill, language = form.get("skill", ""), form.get("language", "")
    band = Band(
        starts,
        ends,
        at_least,
        Skill(skill) if skill in set(Skill) else None,
        with_skill,
        language if language in LANGUAGES else None,
        with_language,
    )
    return band, frozenset(n for n in range(7) if str(n) in form.getlist("weekdays")), first_day


def read_agreed(form: Mapping[str, str]) -> Agreed:
    """Terms of work. Raises NotUnderstood."""
    site, checked = form.get("site", ""), form.get("health_checked_until", "").strip()
    contract, cap = read_hours(form.get("contract", "")), read_hours(form.get("cap", ""))
    errors: dict[str, str] = {}
    if site not in set(Site):
        errors["site"] = wording.CHOOSE_A_SITE
    for field, number in (("contract", contract), ("cap", cap)):
        if number is None and form.get(field, "").strip():
            errors[field] = wording.ENTER_HOURS
    if checked and read_day(checked) is None:
        errors["health_checked_until"] = wording.ENTER_UNTIL_WHEN
    if errors:
        raise NotUnderstood(errors)
    return Agreed(Site(site), form.get("kind") == "volunteer", contract, cap, read_day(checked))


_IN_HOURS = ("daily_rest", "weekly_rest", "fortnight_rest", "average_hours", "night_work", "night_hours", "break_after")


def read_limits(form: Mapping[str, str], *, site: Site) -> Limits:
    """A site's working-time numbers. Raises NotUnderstood."""
    errors: dict[str, str] = {}
    hours = {field: read_hours(form.get(field, "")) for field in _IN_HOURS}
    whole = {
        field: read_number(form.get(field, "")) for field in ("reference_weeks", "consecutive_days", "break_length")
    }
    walls = {field: read_time(form.get(field, "")) for field in ("night_starts", "night_ends")}
    for field, number in (*hours.items(), *whole.items()):
        if number is None:
            errors[field] = wording.ENTER_HOURS if field in hours else wording.ENTER_A_NUMBER
    errors |= {field: wording.ENTER_A_TIME for field, wall in walls.items() if wall is None}
    if errors:
        raise NotUnderstood(errors)
    lengths = {field: timedelta(minutes=number or 0) for field, number in hours.items()}
    return Limits(
        site=site,
        daily_rest=lengths["daily_rest"],
        weekly_rest=lengths["weekly_rest"],
        fortnight_rest=lengths["fortnight_rest"],
        average_hours=lengths["average_hours"],
        reference_weeks=whole["reference_weeks"] or 0,
        night_starts=walls["night_starts"] or time(),
        night_ends=walls["night_ends"] or time(),
        night_work=lengths["night_work"],
        night_hours=lengths["night_hours"],
        is_hazardous=form.get("is_hazardous") == "yes",
        consecutive_days=whole["consecutive_days"] or 0,
        break_after=lengths["break_after"],
        break_length=timedelta(minutes=whole["break_length"] or 0),
    )


def _number(word: str) -> int | None:
    return int(word) if re.fullmatch(r"[0-9]{1,9}", word) else None

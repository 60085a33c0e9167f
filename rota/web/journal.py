"""The journal: who did what to which thing, and how it was before and after, in words; nothing here can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts import queries as accounts
from accounts.domain.roles import PLANNERS
from accounts.models import JournalRow
from accounts.web.guard import guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import clock_time, date_in_words, service_zone
from rota import queries
from rota.domain.shifts import instant_of
from rota.web import wording
from rota.web.forms import read_day, read_number

journal = Blueprint("journal", __name__, template_folder="templates", url_prefix="/staff/journal")
guard(journal, *PLANNERS)

A_PAGE = 50
LONGEST_ID = 60  # characters; a reference, a number or a day
PEOPLE = frozenset({"counsellor_id", "taker_id", "owner_id", "absent_id"})
"""Where a value is a counsellor's number, and the page says the name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that became another; one of them is empty for what came or went."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal."""

    at: str
    who: str
    did: str
    what: str
    everything: str
    """The address of all lines about the same thing."""
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines are asked for, as it was typed."""

    values: Mapping[str, str]
    start: datetime | None = None
    end: datetime | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


@journal.get("")
def page() -> ResponseReturnValue:
    """The newest lines that fit, and the way to older ones."""
    asked = _asked()
    before_id = read_number(request.args.get("before", ""))
    with transaction() as session:
        rows = accounts.journal_page(
            session,
            actor_id=read_number(asked.values["who"]),
            subject_kind=asked.values["kind"],
            subject_id=asked.values["id"],
            start=asked.start,
            end=asked.end,
            before_id=before_id,
            limit=A_PAGE + 1,
        )
        names = accounts.staff_names(session)
        counsellors = _counsellors(session)
        lines = [_line(row, names, counsellors) for row in rows[:A_PAGE]]
    older = url_for("journal.page", **_kept(asked.values), before=rows[A_PAGE - 1].id) if len(rows) > A_PAGE else ""
    return render_template(
        "rota/journal.html",
        lines=lines,
        values=asked.values,
        errors=asked.errors,
        older=older,
        newest=url_for("journal.page", **_kept(asked.values)) if before_id else "",
        people=[("", "Anybody"), *((str(staff_id), name) for staff_id, name in names.items())],
        kinds=[("", "Anything"), *wording.JOURNAL_KINDS.items()],
    )


def _asked() -> Filter:
    values = {name: request.args.get(name, "").strip() for name in ("who", "kind", "id", "first", "last")}
    values["id"] = values["id"][:LONGEST_ID]
    errors = {name: wording.ENTER_A_FILTER_DAY for name in ("first", "last") if values[name] and not _day(values, name)}
    first, last = _day(values, "first"), _day(values, "last")
    start = _midnight(first) if first else None
    end = _midnight(last + timedelta(days=1)) if last else None
    return Filter(values, start, end, errors)


def _day(values: Mapping[str, str], name: str) -> date | None:
    return read_day(values[name]) if values[name] else None


def _midnight(day: date) -> datetime:
    return instant_of(day, time(), service_zone())


def _kept(values: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _counsellors(session: Session) -> Mapping[int, str]:
    return {row.id: row.staff.name for row in queries.everybody(session)}


def _line(row: JournalRow, names: Mapping[int, str], counsellors: Mapping[int, str]) -> Line:
    return Line(
        at=_moment(row.at),
        who=names.get(row.actor_id, wording.SOMEBODY) if row.actor_id is not None else wording.THE_SERVICE,
        did=row.action.replace("_", " ").capitalize(),
        what=_what(row, names, counsellors),
        everything=url_for("journal.page", kind=row.subject_kind, id=row.subject_id),
        changes=_changes(row.before or {}, row.after or {}, counsellors),
    )


def _what(row: JournalRow, names: Mapping[int, str], counsellors: Mapping[int, str]) -> str:
    """What it was about: a person's name, or the kind of thing and its number."""
    people = {"staff": names, "counsellor": counsellors}.get(row.subject_kind, {})
    number = read_number(row.subject_id)
    if number is not None and number in people:
        return people[number]
    return f"{wording.JOURNAL_KINDS.get(row.subject_kind, row.subject_kind)} {row.subject_id}"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], counsellors: Mapping[int, str]) -> tuple[Change, ...]:
    """Every value that is not the same before and after; what is said of one side only is left out beside the other."""
    told = after or before
    return tuple(
        Change(
            name.replace("_", " "),
            _words(name, before.get(name), counsellors),
            _words(name, after.get(name), counsellors),
        )
        for name in told
        if before.get(name) != after.get(name)
    )


def _words(name: str, value: Any, counsellors: Mapping[int, str]) -> str:
    """A value as people read it: names for numbers of people, local times for instants."""
    if value is None or value == []:
        return ""
    if name in PEOPLE and isinstance(value, int):
        return counsellors.get(value, str(value))
    if isinstance(value, list):
        return "; ".join(_words(name, each, counsellors) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key.replace('_', ' ')}: {_words(key, each, counsellors)}" for key, each in value.items())
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return _instant(str(value))


def _instant(value: str) -> str:
    """A moment in local words; everything else as it is."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return _moment(at) if at.tzinfo else value


def _moment(at: datetime) -> str:
    zone = service_zone()
    local = at.astimezone(zone)
    year = "" if local.year == clock.now().astimezone(zone).year else f" {local.year}"
    return f"{date_in_words(local.date())}{year}, {clock_time(at, zone=zone)}"

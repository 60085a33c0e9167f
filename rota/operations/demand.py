"""Say how many people the week needs: bands that hold from a day on, and the least that are on duty whatever they say.

Days that are over keep the demand they had: evidence about them must not change afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.coverage import DAY_MINUTES, MINIMUM_ON_DUTY
from rota.models import MinimumRow, RequirementRow
from rota.operations.note_that import note_that

MOST_PEOPLE = 50  # more at once than any helpline of ours has telephones
SUNDAY = 6


class DemandRefused(ValueError):
    """Demand cannot be like this; `field` names the answer to change, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class BandNotFound(LookupError):
    """There is no such band (any more); show those that there are."""


@dataclass(frozen=True, slots=True)
class Band:
    """What a band of the week asks for; an end that is not after the start is on the next day."""

    starts: time
    ends: time
    at_least: int
    skill: Skill | None = None
    with_skill: int = 0
    language: str | None = None
    with_language: int = 0


def add_band(
    session: Session,
    *,
    weekdays: Iterable[int],
    band: Band,
    first_day: date,
    today: date,
    by: int | None,
    now: datetime,
) -> list[RequirementRow]:
    """Ask for people on some weekdays from a day on; a band over midnight becomes two. Raises DemandRefused."""
    days = sorted(set(weekdays))
    if not days:
        raise DemandRefused("weekdays", "Choose at least one day of the week")
    _check(band)
    _check_day(first_day, today)
    rows = [row for weekday in days for row in _rows(weekday, band, first_day)]
    session.add_all(rows)
    session.flush()
    for row in rows:
        note_that(session, "demand_added", ("demand", row.id), before=None, after=_told(row), by=by, now=now)
    return rows


def end_band(
    session: Session, *, requirement_id: int, until_day: date, today: date, by: int | None, now: datetime
) -> RequirementRow:
    """Ask for it no more from a day on; the days before keep it. Raises BandNotFound or DemandRefused."""
    _check_day(until_day, today)
    row = _in_force(session, requirement_id, today)
    before = _told(row)
    row.until_day = max(until_day, row.first_day) if row.first_day else until_day
    session.flush()
    note_that(session, "demand_ended", ("demand", row.id), before=before, after=_told(row), by=by, now=now)
    return row


def change_band(
    session: Session,
    *,
    requirement_id: int,
    band: Band,
    first_day: date,
    today: date,
    by: int | None,
    now: datetime,
) -> list[RequirementRow]:
    """From a day on, ask for something else on the weekday of a band. Raises BandNotFound or DemandRefused."""
    _check(band)
    if _in_force(session, requirement_id, today).until_day is not None:
        raise DemandRefused("first_day", "This band ends already. Add a band for the time after it")
    old = end_band(session, requirement_id=requirement_id, until_day=first_day, today=today, by=by, now=now)
    return add_band(
        session,
        weekdays=[old.weekday],
        band=band,
        first_day=max(first_day, old.first_day or first_day),
        today=today,
        by=by,
        now=now,
    )


def set_minimum(session: Session, *, people: int, first_day: date, today: date, by: int | None, now: datetime) -> int:
    """Say how many are on duty at least from a day on; changes planned for later days fall away. What it was before.

    Raises DemandRefused.
    """
    if not 1 <= people <= MOST_PEOPLE:
        raise DemandRefused("minimum", f"Enter how many are on duty at least, 1 to {MOST_PEOPLE}")
    _check_day(first_day, today)
    planned = queries.minimums(session)
    before = max(((day, number) for day, number in planned.items() if day <= first_day), default=(None, None))[1]
    session.execute(delete(MinimumRow).where(MinimumRow.first_day > first_day))
    new = insert(MinimumRow).values(first_day=first_day, people=people)
    session.execute(new.on_conflict_do_update(index_elements=["first_day"], set_={"people": people}))
    note(
        session,
        actor_id=by,
        action="minimum_set",
        subject_kind="demand",
        subject_id="minimum",
        before={"people": before or MINIMUM_ON_DUTY},
        after={"people": people, "first_day": first_day.isoformat()},
        now=now,
    )
    return before or MINIMUM_ON_DUTY


def _in_force(session: Session, requirement_id: int, today: date) -> RequirementRow:
    row = queries.lock_requirement(session, requirement_id=requirement_id)
    if row is None or (row.until_day is not None and row.until_day <= today):
        raise BandNotFound("There is no such band any more")
    return row


def _check(band: Band) -> None:
    if not 0 <= band.at_least <= MOST_PEOPLE:
        raise DemandRefused("at_least", f"Enter how many people are needed, 0 to {MOST_PEOPLE}")
    if band.starts == band.ends and band.starts != time():
        raise DemandRefused("ends", "The band ends when it starts. Enter another end, or 00:00 twice for a whole day")
    for field, asked, number in (
        ("with_skill", band.skill, band.with_skill),
        ("with_language", band.language, band.with_language),
    ):
        if bool(asked) != bool(number):
            what = "Enter how many of them" if asked else "Choose what they need, or leave the number empty"
            raise DemandRefused(field, what)
        if number > band.at_least:
            raise DemandRefused(field, "No more of them can be needed than people in all. Enter a smaller number")


def _check_day(day: date, today: date) -> None:
    if day < today:
        raise DemandRefused("first_day", "Days that are over keep the demand they had. Enter today or a later day")


def _rows(weekday: int, band: Band, first_day: date) -> list[RequirementRow]:
    starts, ends = _minute(band.starts), _minute(band.ends) or DAY_MINUTES
    if starts < ends:
        return [_row(weekday, starts, ends, band, first_day)]
    next_day = 0 if weekday == SUNDAY else weekday + 1
    return [
        _row(weekday, starts, DAY_MINUTES, band, first_day),
        _row(next_day, 0, ends, band, first_day + timedelta(days=1)),
    ]


def _row(weekday: int, starts: int, ends: int, band: Band, first_day: date) -> RequirementRow:
    return RequirementRow(
        weekday=weekday,
        starts=starts,
        ends=ends,
        at_least=band.at_least,
        skill=band.skill.value if band.skill else None,
        with_skill=band.with_skill,
        language=band.language,
        with_language=band.with_language,
        first_day=first_day,
    )


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _told(row: RequirementRow) -> dict[str, Any]:
    return {
        "weekday": row.weekday,
        "from_minute": row.starts,
        "to_minute": row.ends,
        "at_least": row.at_least,
        "skill": row.skill,
        "with_skill": row.with_skill,
        "language": row.language,
        "with_language": row.with_language,
        "first_day": row.first_day.isoformat() if row.first_day else None,
        "until_day": row.until_day.isoformat() if row.until_day else None,
    }

"""Add a bank holiday that the calendar does not know, such as a day proclaimed once, and take it away again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota.domain.bank_holidays import bank_holidays
from rota.domain.rules import Site
from rota.models import LocalHolidayRow

LONGEST_NAME = 100  # characters


class HolidayRefused(ValueError):
    """A bank holiday cannot be like this; `field` names the answer to change, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class HolidayNotFound(LookupError):
    """Nobody added a bank holiday on this day (any more); show those that there are."""


def add_holiday(session: Session, *, day: date, name: str, sites: Iterable[Site], by: int | None, now: datetime) -> int:
    """Add a bank holiday at some sites; at how many it was not known yet. Raises HolidayRefused."""
    asked = sorted(set(sites))
    if not name.strip() or len(name.strip()) > LONGEST_NAME:
        raise HolidayRefused("name", "Enter the name of the day")
    if not asked:
        raise HolidayRefused("sites", "Choose where it is a bank holiday")
    new = [site for site in asked if day not in bank_holidays(site, years=[day.year])]
    new = [site for site in new if session.get(LocalHolidayRow, (day, site.value)) is None]
    if not new:
        raise HolidayRefused("day", "This day is a bank holiday there already. Enter another day")
    try:
        with session.begin_nested():
            session.add_all(LocalHolidayRow(day=day, site=site.value, name=name.strip()) for site in new)
            session.flush()
    except IntegrityError:
        raise HolidayRefused("day", "Somebody has just added this day. Open the page again") from None
    for site in new:
        _note(session, "holiday_added", day, {"name": name.strip(), "site": site.value}, by=by, now=now)
    return len(new)


def remove_holiday(session: Session, *, day: date, site: Site, by: int | None, now: datetime) -> str:
    """Take away a bank holiday that was added; its name. Raises HolidayNotFound."""
    row = session.get(LocalHolidayRow, (day, site.value), with_for_update=True)
    if row is None:
        raise HolidayNotFound("Nobody added a bank holiday on this day")
    session.delete(row)
    session.flush()
    _note(session, "holiday_removed", day, {"name": row.name, "site": site.value}, by=by, now=now)
    return row.name


def _note(session: Session, action: str, day: date, told: dict[str, str], *, by: int | None, now: datetime) -> None:
    is_added = action == "holiday_added"
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="holiday",
        subject_id=day.isoformat(),
        before=None if is_added else told,
        after=told if is_added else None,
        now=now,
    )

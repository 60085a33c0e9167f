"""Two supervisors at the same moment: real transactions, and never an error that nobody foresaw."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from foundation.database import db, transaction
from rota import queries
from rota.domain.rules import Limits, Site
from rota.domain.shifts import ShiftRefused
from rota.operations.breaks import set_break
from rota.operations.demand import DemandRefused, set_minimum
from rota.operations.exchange import import_people, import_shifts
from rota.operations.holidays import HolidayRefused, add_holiday
from rota.operations.terms import set_limits
from tests.rota.planning import LONDON, NOON, Team, hours

TODAY = NOON.date()
ME: dict[str, Any] = {"by": None, "now": NOON}
FORESEEN = (ShiftRefused, HolidayRefused, DemandRefused)

SHIFTS = b"email,day,starts,ends\nana@example.org,2026-11-27,22:00,06:00\nben@example.org,2026-11-27,22:00,06:00\n"
PEOPLE = "email,name,phone\nana@example.org,Ana {0},07700 900101\nben@example.org,Ben {0},07700 900102\n"
BACKWARDS = "email,name,phone\nben@example.org,Ben {0},07700 900102\nana@example.org,Ana {0},07700 900101\n"


def at_once(app: Flask, *acts: Callable[[Session], object]) -> list[object]:
    """Each in a transaction of its own, begun together; what came of each: a value, or a refusal."""
    together, found = threading.Barrier(len(acts)), {}

    def run(number: int) -> None:
        with app.app_context():
            try:
                with transaction() as session:
                    together.wait(timeout=10)
                    found[number] = acts[number](session)
            except FORESEEN as refused:
                found[number] = refused
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return [found[number] for number in range(len(acts))]


def test_two_minimums_for_one_day_leave_one(app: Flask, session: Session) -> None:
    at_once(app, *(lambda s, n=n: set_minimum(s, people=n, first_day=TODAY, today=TODAY, **ME) for n in (3, 4)))

    assert queries.minimums(session)[TODAY] in (3, 4)


def test_two_stricter_sites_leave_one(app: Flask, session: Session) -> None:
    def stricter(days: int) -> Callable[[Session], object]:
        return lambda s: set_limits(s, limits=Limits(Site.SCOTLAND, consecutive_days=days), **ME)

    at_once(app, stricter(4), stricter(5))

    assert queries.limits(session)[Site.SCOTLAND].consecutive_days in (4, 5)


def test_one_bank_holiday_is_added_once(app: Flask, session: Session) -> None:
    def add(session: Session) -> object:
        return add_holiday(session, day=date(2026, 6, 15), name="A day", sites=[Site.SCOTLAND], **ME)

    found = at_once(app, add, add)

    assert sorted(isinstance(each, HolidayRefused) for each in found) == [False, True]


def test_a_shift_gets_one_break(app: Flask, team: Team, session: Session) -> None:
    shift = team.shift(team.counsellor(), hours(1, 9))

    at_once(app, *(lambda s, n=n: set_break(s, shift_id=shift, span=hours(n, n + 0.5), **ME) for n in (4, 5)))

    assert len(queries.break_rows(session, shift_ids=[shift])) == 1


def test_the_same_table_of_shifts_is_published_once(app: Flask, team: Team, session: Session) -> None:
    team.counsellor("Ana Example")
    team.counsellor("Ben Example")

    def take_in(session: Session) -> object:
        return import_shifts(session, data=SHIFTS, is_dry_run=False, zone=LONDON, **ME).is_kept

    found = at_once(app, take_in, take_in)

    assert sorted(map(bool, found)) == [False, True]
    assert len(queries.rostered(session, start=NOON, end=hours(0, 200).ends_at)) == 2


@pytest.mark.parametrize("other", [PEOPLE, BACKWARDS])
def test_two_tables_of_the_same_people_do_not_stand_in_each_other_s_way(
    other: str, app: Flask, team: Team, session: Session
) -> None:
    team.counsellor("Ana Example")
    team.counsellor("Ben Example")

    def take_in(text: str) -> Callable[[Session], object]:
        return lambda s: (
            import_people(s, data=text.encode(), is_dry_run=False, drama_allowed=True, today=TODAY, **ME).is_kept
        )

    found = at_once(app, take_in(PEOPLE.format("One")), take_in(other.format("Two")))

    names = {row.staff.name.split()[1] for row in queries.team(session, today=TODAY)}
    assert found == [True, True]
    assert len(names) == 1

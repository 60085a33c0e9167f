"""Bank holidays that a supervisor adds: where they hold, counted once, journalled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from lxml import html
from sqlalchemy.orm import Session

from accounts import queries as journal
from accounts.domain.roles import Role
from rota import queries
from rota.domain.rules import Site
from rota.operations.holidays import HolidayRefused, add_holiday
from rota.operations.terms import Agreed, set_terms
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

SignIn = Callable[..., Browser]

PAGE = "/staff/rota/holidays"
FORM: dict[str, Any] = {"day": "2026-11-24", "name": "A day of thanks", "sites": ["scotland"]}


def test_a_day_that_was_added_counts_in_the_hours_of_its_site_only(
    team: Team, signed_in: SignIn, session: Session
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    set_terms(session, counsellor_id=ben, agreed=Agreed(site=Site.SCOTLAND), by=None, now=NOON)
    session.commit()
    for person in (ana, ben):
        team.shift(person, hours(-8, 0))

    answer = signed_in().send(PAGE, page=PAGE, **FORM)

    found = queries.people_hours(session, start=NOON - timedelta(days=1), end=NOON + timedelta(days=1), zone=LONDON)
    assert answer.status_code == 303
    assert [(row.staff.name, own.bank_holidays) for row, own in found] == [
        ("Ana Example", timedelta()), ("Ben Example", timedelta(hours=8)),
    ]  # fmt: skip


def test_it_can_be_taken_away_again_and_the_journal_has_both(signed_in: SignIn, session: Session) -> None:
    supervisor = signed_in()
    supervisor.send(PAGE, page=PAGE, **FORM)
    listed = supervisor.get(f"{PAGE}?year=2026").text

    gone = supervisor.send(f"{PAGE}/removal", page=PAGE, day="2026-11-24", site="scotland")
    twice = supervisor.send(f"{PAGE}/removal", page=PAGE, day="2026-11-24", site="scotland")

    lines = journal.journal_of(session, subject_kind="holiday", subject_id="2026-11-24")
    assert "A day of thanks" in listed
    assert (gone.status_code, twice.status_code) == (303, 404)
    assert queries.local_holidays(session) == {}
    assert [(line.action, line.before, line.after) for line in lines] == [
        ("holiday_added", None, {"name": "A day of thanks", "site": "scotland"}),
        ("holiday_removed", {"name": "A day of thanks", "site": "scotland"}, None),
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "31/02/2026"}, "Enter the day, like 2026-06-15"),
        ({"name": " "}, "Enter the name of the day"),
        ({"sites": []}, "Choose where it is a bank holiday"),
        ({"day": "2026-12-25"}, "This day is a bank holiday there already. Enter another day"),
    ],
)
def test_a_day_that_cannot_be_is_said_and_nothing_typed_is_lost(
    typed: dict[str, Any], said: str, signed_in: SignIn, session: Session
) -> None:
    fields = FORM | typed

    answer = signed_in().send(PAGE, page=PAGE, **fields)

    page = html.fromstring(answer.text)
    assert answer.status_code == 422
    assert [link.text_content() for link in page.cssselect(".error-summary a")] == [said]
    assert page.get_element_by_id("name").get("value") == fields["name"]
    assert queries.local_holidays(session) == {}


def test_a_day_that_is_a_holiday_at_one_site_is_added_at_the_others_only(session: Session) -> None:
    st_andrew = date(2026, 11, 30)

    number = add_holiday(session, day=st_andrew, name="St Andrew", sites=list(Site), by=None, now=NOON)
    with pytest.raises(HolidayRefused, match="already"):
        add_holiday(session, day=st_andrew, name="St Andrew", sites=list(Site), by=None, now=NOON)

    assert number == 2
    assert sorted(queries.local_holidays(session)) == [Site.ENGLAND_AND_WALES, Site.NORTHERN_IRELAND]


def test_the_page_shows_each_day_of_the_year_once(signed_in: SignIn) -> None:
    page = html.fromstring(signed_in().get(f"{PAGE}?year=2026").text)

    days = [" ".join(line.text_content().split()) for line in page.cssselect("main li .when")]
    assert days.count("Friday 25 December") == 1
    assert "Monday 30 November" in days


def test_years_that_no_calendar_of_ours_knows_are_not_found(signed_in: SignIn) -> None:
    supervisor = signed_in()

    assert supervisor.get(f"{PAGE}?year=1066").status_code == 404
    assert supervisor.get(f"{PAGE}?year=soon").status_code == 200


def test_bank_holidays_are_for_planners(signed_in: SignIn) -> None:
    assert signed_in(Role.COUNSELLOR).get(PAGE).status_code == 403

"""How many people the week needs: set by a supervisor, from a day on, kept for the days that are over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy.orm import Session

from accounts import queries as journal
from accounts.domain.roles import Role
from foundation.database import transaction
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.coverage import Requirement
from rota.operations.demand import Band, DemandRefused, add_band, change_band, end_band, set_minimum
from tests.rota.planning import LONDON, NOON, Browser, Team, hours, london

SignIn = Callable[..., Browser]

TODAY = NOON.date()
PAGE = "/staff/coverage/demand"
FORM: dict[str, Any] = {
    "weekdays": ["1", "2"],
    "starts": "08:00",
    "ends": "22:00",
    "at_least": "3",
    "skill": "crisis",
    "with_skill": "1",
    "language": "cy",
    "with_language": "1",
    "first_day": "2026-11-24",
}
ME: dict[str, Any] = {"today": TODAY, "by": None, "now": NOON}


def bands(app: Flask) -> list[Requirement]:
    with app.app_context(), transaction() as session:
        return queries.requirements(session)


def summary(page: str) -> list[str]:
    return [str(link.text_content()) for link in html.fromstring(page).cssselect(".error-summary a")]


def test_a_supervisor_says_what_the_week_needs_and_coverage_asks_for_it(
    app: Flask, team: Team, signed_in: SignIn, session: Session
) -> None:
    supervisor = signed_in()

    answer = supervisor.send(PAGE, page=PAGE, **FORM)

    assert (answer.status_code, answer.location) == (303, PAGE)
    assert bands(app) == [Requirement(weekday, 480, 1320, 3, Skill.CRISIS, 1, "cy", 1, TODAY) for weekday in (1, 2)]
    assert "at least 3, 1 trained for crisis, 1 who speaks Welsh" in supervisor.get(PAGE).text
    found = queries.coverage(session, start=NOON, end=NOON + timedelta(hours=1), zone=LONDON)
    assert [(one.need.people, one.need.skills, one.need.languages) for one in found.segments] == [
        (3, ((Skill.CRISIS, 1),), (("cy", 1),))
    ]


def test_a_band_over_midnight_belongs_to_the_night_that_it_starts_in(session: Session) -> None:
    add_band(session, weekdays=[6], band=Band(time(22), time(6), 2), first_day=date(2026, 11, 29), **ME)
    add_band(session, weekdays=[0], band=Band(time(), time(), 2), first_day=TODAY, **ME)

    assert sorted((one.weekday, one.starts, one.ends, one.first_day) for one in queries.requirements(session)) == [
        (0, 0, 360, date(2026, 11, 30)), (0, 0, 1440, TODAY), (6, 1320, 1440, date(2026, 11, 29)),
    ]  # fmt: skip


def test_a_changed_band_leaves_the_days_before_as_they_were(session: Session, team: Team) -> None:
    team.need(2)
    wednesday = queries.requirement_rows(session, day=TODAY)[2]

    change_band(session, requirement_id=wednesday.id, band=Band(time(), time(), 5), first_day=date(2026, 12, 2), **ME)

    found = queries.coverage(
        session, start=london("2026-11-25", "00:00"), end=london("2026-12-03", "00:00"), zone=LONDON
    )
    assert [(one.span.starts_at, one.need.people) for one in found.segments] == [
        (london("2026-11-25", "00:00"), 2), (london("2026-12-02", "00:00"), 5),
    ]  # fmt: skip


def test_a_band_that_ends_today_was_needed_yesterday(session: Session, team: Team) -> None:
    team.need(3)
    for row in queries.requirement_rows(session, day=TODAY):
        end_band(session, requirement_id=row.id, until_day=TODAY, **ME)

    found = queries.coverage(session, start=NOON - timedelta(days=1), end=NOON, zone=LONDON)

    assert [one.need.people for one in found.segments] == [3, 2]
    assert queries.requirement_rows(session, day=TODAY) == []


def test_the_minimum_on_duty_is_a_setting_that_holds_from_a_day_on(
    team: Team, signed_in: SignIn, session: Session
) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(-4, 4))
    supervisor = signed_in()

    answer = supervisor.send(f"{PAGE}/minimum", page=PAGE, minimum="1", minimum_from="2026-11-24")

    found = queries.coverage(session, start=hours(-1, 1).starts_at, end=hours(-1, 1).ends_at, zone=LONDON)
    assert answer.status_code == 303
    assert found.gaps == []
    assert "At least 1 on duty from that day on, where it was 2." in supervisor.get(PAGE).text


def test_every_change_of_demand_is_in_the_journal_with_how_it_was(session: Session) -> None:
    row = add_band(session, weekdays=[0], band=Band(time(8), time(9), 4), first_day=TODAY, **ME)[0]
    end_band(session, requirement_id=row.id, until_day=date(2026, 12, 1), **ME)
    set_minimum(session, people=3, first_day=TODAY, **ME)
    session.flush()

    lines = journal.journal_of(session, subject_kind="demand", subject_id=row.id)
    minimum = journal.journal_of(session, subject_kind="demand", subject_id="minimum")
    assert [line.action for line in lines] == ["demand_added", "demand_ended"]
    assert (lines[1].before or {})["until_day"] is None
    assert (lines[1].after or {})["until_day"] == "2026-12-01"
    assert [(line.before, (line.after or {})["people"]) for line in minimum] == [({"people": 2}, 3)]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"weekdays": []}, ["Choose at least one day of the week"]),
        ({"starts": "25"}, ["Enter when the band starts, like 08:00"]),
        ({"at_least": "many"}, ["Enter a whole number"]),
        ({"at_least": "51"}, ["Enter how many people are needed, 0 to 50"]),
        ({"with_skill": "4"}, ["No more of them can be needed than people in all. Enter a smaller number"]),
        ({"language": ""}, ["Choose what they need, or leave the number empty"]),
        ({"with_skill": ""}, ["Enter how many of them"]),
        ({"ends": "08:00"}, ["The band ends when it starts. Enter another end, or 00:00 twice for a whole day"]),
        ({"first_day": "2026-11-23"}, ["Days that are over keep the demand they had. Enter today or a later day"]),
        ({"first_day": "soon"}, ["Enter the first day on which it holds"]),
    ],
)
def test_demand_that_cannot_be_is_said_and_nothing_typed_is_lost(
    typed: dict[str, Any], said: list[str], app: Flask, signed_in: SignIn
) -> None:
    fields = FORM | typed

    answer = signed_in().send(PAGE, page=PAGE, **fields)

    assert (answer.status_code, summary(answer.text)) == (422, said)
    page = html.fromstring(answer.text)
    for name in ("starts", "ends", "at_least", "first_day", "with_skill"):
        assert page.get_element_by_id(name).get("value") == fields[name]
    assert bands(app) == []


def test_the_second_of_two_who_change_a_band_is_told_and_changes_nothing(
    app: Flask, team: Team, signed_in: SignIn, session: Session
) -> None:
    team.need(2)
    first = queries.requirement_rows(session, day=TODAY)[0]
    supervisor = signed_in()
    supervisor.send(f"{PAGE}/{first.id}", page=PAGE, **FORM)
    before = bands(app)

    answer = supervisor.send(f"{PAGE}/{first.id}", page=PAGE, **FORM | {"at_least": "9"})

    assert answer.status_code == 404
    assert "There is no such band any more" in answer.text
    assert bands(app) == before


def test_a_band_that_ends_later_is_not_changed_twice(session: Session, team: Team) -> None:
    team.need(2)
    row = queries.requirement_rows(session, day=TODAY)[0]
    later: dict[str, Any] = {"requirement_id": row.id, "band": Band(time(), time(), 4), "first_day": date(2026, 12, 7)}
    change_band(session, **later, **ME)

    with pytest.raises(DemandRefused, match="ends already"):
        change_band(session, **later, **ME)


def test_a_supervisor_changes_and_ends_a_band_on_the_page(
    app: Flask, team: Team, signed_in: SignIn, session: Session
) -> None:
    team.need(2)
    monday, tuesday = queries.requirement_rows(session, day=TODAY)[:2]
    supervisor = signed_in()

    form = supervisor.get(f"{PAGE}?band={monday.id}")
    changed = supervisor.send(f"{PAGE}/{monday.id}", page=PAGE, **FORM)
    ended = supervisor.send(f"{PAGE}/{tuesday.id}/end", page=PAGE)

    assert "Monday, 00:00 to midnight" in form.text
    assert (changed.status_code, ended.status_code) == (303, 303)
    in_force = [band for band in bands(app) if band.holds_on(TODAY)]
    assert [(band.weekday, band.at_least) for band in in_force if band.weekday < 2] == [(0, 3)]


def test_demand_is_for_planners(signed_in: SignIn) -> None:
    assert signed_in(Role.COUNSELLOR).get(PAGE).status_code == 403

"""What was agreed with each person, and numbers of a site that are stricter than the law: set on pages, judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from lxml import html
from sqlalchemy.orm import Session

from accounts import queries as journal
from accounts.domain.roles import Role
from rota import queries
from rota.domain.rules import LIMITS, Limits, Rule, Site, Terms
from rota.operations.judge import judge
from rota.operations.terms import Agreed, TermsRefused, set_limits, set_terms, sign_opt_out, withdraw_opt_out
from rota.web.forms import read_hours
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

SignIn = Callable[..., Browser]

TODAY = NOON.date()
ME: dict[str, Any] = {"by": None, "now": NOON}
HOUR = timedelta(hours=1)
FORM = {
    "site": "northern_ireland",
    "kind": "worker",
    "contract": "37.5",
    "cap": "",
    "health_checked_until": "2027-05-01",
}
SITES = "/staff/team/limits"


def terms_of(session: Session, person: int) -> Terms:
    session.expire_all()
    row = queries.find_counsellor(session, counsellor_id=person)
    assert row
    return row.as_terms()


def summary(page: str) -> list[str]:
    return [str(link.text_content()) for link in html.fromstring(page).cssselect(".error-summary a")]


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("37.5", 2250), ("37,5", 2250), ("37:30", 2250), ("37", 2220), ("0", 0), ("37:75", None), ("", None), ("x", None)],
)
def test_hours_are_read_as_people_write_them(typed: str, minutes: int | None) -> None:
    assert read_hours(typed) == minutes


def test_a_supervisor_writes_down_what_was_agreed(team: Team, signed_in: SignIn, session: Session) -> None:
    ana = team.counsellor()
    supervisor = signed_in()

    answer = supervisor.send(f"/staff/team/{ana}/terms", page=f"/staff/team/{ana}/terms", **FORM)

    row = queries.find_counsellor(session, counsellor_id=ana)
    assert row
    assert answer.status_code == 303
    assert (row.site, row.as_terms().contract, row.health_checked_until) == (
        "northern_ireland", timedelta(hours=37, minutes=30), date(2027, 5, 1),
    )  # fmt: skip
    assert 'value="37.5"' in supervisor.get(f"/staff/team/{ana}/terms").text
    noted = journal.journal_of(session, subject_kind="counsellor", subject_id=ana)[-1]
    assert (noted.action, (noted.before or {})["site"]) == ("terms_changed", "england_and_wales")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"site": "wales"}, ["Choose where they work"]),
        ({"contract": "much"}, ["Enter hours, like 37.5 or 37:30"]),
        ({"cap": "200"}, ["Enter hours in a week, 0 to 168, or leave it empty"]),
        ({"kind": "volunteer"}, ["A volunteer has no contract. Enter the hours that they offered instead"]),
        ({"health_checked_until": "soon"}, ["Enter until which day it holds, or leave it empty"]),
    ],
)
def test_terms_that_cannot_be_are_said_and_nothing_typed_is_lost(
    typed: dict[str, str], said: list[str], team: Team, signed_in: SignIn
) -> None:
    ana = team.counsellor()
    fields = FORM | typed

    answer = signed_in().send(f"/staff/team/{ana}/terms", page=f"/staff/team/{ana}/terms", **fields)

    page = html.fromstring(answer.text)
    assert (answer.status_code, summary(answer.text)) == (422, said)
    assert page.get_element_by_id("contract").get("value") == fields["contract"]
    assert page.get_element_by_id("cap").get("value") == fields["cap"]


def test_a_volunteer_s_own_limit_is_judged_by(team: Team, session: Session) -> None:
    ana = team.counsellor()
    set_terms(session, counsellor_id=ana, agreed=Agreed(is_volunteer=True, cap_minutes=240), **ME)
    person = queries.find_counsellor(session, counsellor_id=ana)
    assert person

    found = judge(session, person=person, span=hours(2, 7), zone=LONDON)

    assert [one.rule for one in found.against] == [Rule.OWN_CAP]


def test_an_opt_out_holds_from_the_day_it_was_signed_until_its_notice_is_over(team: Team, session: Session) -> None:
    ana = team.counsellor()
    sign_opt_out(session, counsellor_id=ana, signed_on=date(2026, 11, 2), notice_days=28, today=TODAY, **ME)

    until = withdraw_opt_out(session, counsellor_id=ana, withdrawn_on=date(2026, 11, 20), today=TODAY, **ME)

    terms = terms_of(session, ana)
    assert until == date(2026, 12, 18)
    assert [terms.is_opted_out_in(date(2026, *monday)) for monday in ((10, 26), (11, 2), (12, 14), (12, 21))] == [
        False, True, True, False,
    ]  # fmt: skip


def test_the_pages_record_an_opt_out_and_its_withdrawal_and_keep_the_list(
    team: Team, signed_in: SignIn, session: Session
) -> None:
    ana = team.counsellor("Ana Example")
    supervisor = signed_in()
    page = f"/staff/team/{ana}/terms"

    signed = supervisor.send(f"/staff/team/{ana}/opt-out", page=page, signed_on="2026-11-02", notice_days="7")
    listed = supervisor.get(SITES).text
    taken_back = supervisor.send(f"/staff/team/{ana}/opt-out/withdrawal", page=page, withdrawn_on="2026-11-24")

    assert (signed.status_code, taken_back.status_code) == (303, 303)
    assert "Signed on Monday 2 November 2026, with 7 days of notice." in listed
    assert terms_of(session, ana).opted_out_until == date(2026, 12, 1)
    assert "it holds no more from Tuesday 1 December 2026" in supervisor.get(page).text


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        ("opt-out", {"signed_on": ""}, "Enter the day on which they signed"),
        ("opt-out", {"signed_on": "2026-11-25"}, "An opt-out is signed before it is written down"),
        ("opt-out", {"signed_on": "2026-11-24", "notice_days": "93"}, "Enter the notice in days: 7 unless more"),
        ("opt-out/withdrawal", {"withdrawn_on": "2026-11-24"}, "There is no opt-out to take back"),
        ("opt-out/withdrawal", {"withdrawn_on": ""}, "Enter the day on which they took it back"),
    ],
)
def test_an_opt_out_that_cannot_be_is_refused_with_words(
    path: str, typed: dict[str, str], said: str, team: Team, signed_in: SignIn, session: Session
) -> None:
    ana = team.counsellor()

    answer = signed_in().send(f"/staff/team/{ana}/{path}", page=f"/staff/team/{ana}/terms", **typed)

    assert answer.status_code == 422
    assert said in summary(answer.text)[0]
    assert terms_of(session, ana).opted_out_from is None


def test_a_stricter_site_is_judged_by_its_own_numbers_and_the_others_by_the_law(team: Team, session: Session) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    set_terms(session, counsellor_id=ben, agreed=Agreed(site=Site.NORTHERN_IRELAND), **ME)
    for person in (ana, ben):
        team.shift(person, hours(1, 6))

    set_limits(session, limits=Limits(Site.NORTHERN_IRELAND, daily_rest=13 * HOUR), **ME)

    rules = []
    for person in (ana, ben):
        row = queries.find_counsellor(session, counsellor_id=person)
        assert row
        rules.append([one.rule for one in judge(session, person=row, span=hours(18, 22), zone=LONDON).against])
    assert rules == [[], [Rule.DAILY_REST]]
    found = queries.findings(session, start=NOON, end=NOON + 48 * HOUR, zone=LONDON)
    assert found == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("daily_rest", 10 * HOUR),
        ("weekly_rest", 34 * HOUR),
        ("fortnight_rest", 58 * HOUR),
        ("average_hours", 49 * HOUR),
        ("reference_weeks", 27),
        ("night_work", 4 * HOUR),
        ("night_hours", 9 * HOUR),
        ("consecutive_days", 13),
        ("break_after", 7 * HOUR),
        ("break_length", timedelta(minutes=19)),
        ("night_starts", time(19)),
        ("night_ends", time(4)),
        ("night_ends", time(5)),
    ],
)
def test_no_number_of_a_site_is_laxer_than_the_law(field: str, value: object, session: Session) -> None:
    laxer: Any = {field: value}
    limits = replace(LIMITS[Site.SCOTLAND], **laxer)

    with pytest.raises(TermsRefused) as refused:
        set_limits(session, limits=limits, **ME)

    assert refused.value.field == field
    assert queries.limits(session) == LIMITS


def test_a_supervisor_makes_a_site_stricter_and_goes_back_to_the_law(signed_in: SignIn, session: Session) -> None:
    supervisor = signed_in()
    form = {
        "daily_rest": "12", "weekly_rest": "36", "fortnight_rest": "59", "average_hours": "40", "night_work": "3",
        "night_hours": "8", "break_after": "4.5", "reference_weeks": "17", "consecutive_days": "5",
        "break_length": "30", "night_starts": "22:00", "night_ends": "06:00", "is_hazardous": "yes",
    }  # fmt: skip

    wrong = supervisor.send(f"{SITES}/scotland", page=SITES, **form | {"daily_rest": "8"})
    stricter = supervisor.send(f"{SITES}/scotland", page=SITES, **form)
    during = queries.limits(session)[Site.SCOTLAND]
    back = supervisor.send(f"{SITES}/scotland", page=SITES, answer="law")
    session.expire_all()

    assert (wrong.status_code, stricter.status_code, back.status_code) == (422, 303, 303)
    assert summary(wrong.text) == ["Enter 11 hours to 24 hours: stricter than the law, never laxer"]
    assert (during.daily_rest, during.break_after, during.is_hazardous) == (12 * HOUR, 4.5 * HOUR, True)
    assert queries.limits(session) == LIMITS
    actions = [line.action for line in journal.journal_of(session, subject_kind="site", subject_id="scotland")]
    assert actions == ["limits_set", "limits_set"]


def test_whoever_works_nights_without_a_health_assessment_is_named(
    team: Team, signed_in: SignIn, session: Session
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    for person in (ana, ben):
        team.shift(person, hours(10, 18))
    for person, until in ((ana, None), (ben, date(2027, 1, 1))):
        set_terms(session, counsellor_id=person, agreed=Agreed(health_checked_until=until), **ME)
    session.commit()

    found = queries.nights_unchecked(session, start=NOON, end=NOON + 48 * HOUR, zone=LONDON)

    assert found == [(ana, "Ana Example")]
    assert "Offer one before their next night" in signed_in().get(SITES).text


def test_terms_are_for_planners(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()

    assert signed_in(Role.COUNSELLOR).get(f"/staff/team/{ana}/terms").status_code == 403

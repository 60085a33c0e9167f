"""The rota's pages: what a supervisor sees and does, what a counsellor sees, and what is said when it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from lxml import html

from accounts.domain.roles import Role
from foundation.database import transaction
from rota import queries
from rota.domain.counsellor import Gender
from rota.domain.presence import PresenceState
from rota.domain.shifts import Span
from rota.queries import PlannedShift
from tests.rota.planning import NOON, Browser, Team, hours, london

SignIn = Callable[..., Browser]

WEEK = "/staff/coverage?week=2026-W48"
FORM = {"day": "2026-11-27", "starts": "22:00", "ends": "06:00"}
FRIDAY_NIGHT = Span(london("2026-11-27", "22:00"), london("2026-11-28", "06:00"))


def shifts(app: Flask) -> list[PlannedShift]:
    with app.app_context(), transaction() as session:
        return queries.rostered(session, start=NOON - timedelta(days=30), end=NOON + timedelta(days=30))


def summary(page: str) -> list[str]:
    """The sentences under "There is a problem"."""
    return [str(link.text_content()) for link in html.fromstring(page).cssselect(".error-summary a")]


def words(page: str) -> str:
    return " ".join(html.fromstring(page).text_content().split())


def test_a_supervisor_adds_a_shift_over_midnight(team: Team, signed_in: SignIn, app: Flask) -> None:
    ana = team.counsellor()
    supervisor = signed_in()

    answer = supervisor.send(WEEK, counsellor=str(ana), **FORM)

    assert (answer.status_code, answer.location) == (303, WEEK)
    assert [(shift.name, shift.span) for shift in shifts(app)] == [("Ana Example", FRIDAY_NIGHT)]
    assert (
        "Shift added: Ana Example, Friday 27 November, 22:00, to Saturday 28 November, 06:00 (8 h)."
        in supervisor.get(WEEK).text
    )


def test_the_week_at_hand_names_the_gaps_of_the_week_after_it_too(team: Team, signed_in: SignIn) -> None:
    team.need(1)
    supervisor = signed_in()

    at_hand, another = supervisor.get("/staff/coverage").text, supervisor.get("/staff/coverage?week=2026-W49").text

    assert "In the week after, 30 November to 6 December 2026" in words(at_hand)
    assert "week=2026-W49&amp;day=2026-11-30" in at_hand
    assert "In the week after" not in another


def test_a_supervisor_moves_and_removes_a_shift(team: Team, signed_in: SignIn, app: Flask) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, FRIDAY_NIGHT)
    supervisor = signed_in()

    moved = supervisor.send(
        f"/staff/coverage/shifts/{shift}", counsellor=str(ben), version="1", **FORM | {"ends": "04:00"}
    )
    after_move = shifts(app)
    removed = supervisor.send(f"/staff/coverage/shifts/{shift}/removal", version="2")

    assert (moved.status_code, removed.status_code) == (303, 303)
    assert [(one.name, one.ends_at) for one in after_move] == [("Ben Example", london("2026-11-28", "04:00"))]
    assert shifts(app) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        pytest.param({"counsellor": ""}, ["Choose a counsellor"], id="nobody-chosen"),
        pytest.param({"counsellor": "999"}, ["Choose a counsellor from the list"], id="nobody-such"),
        pytest.param({"day": "31/02/2026"}, ["Enter the day on which the shift starts"], id="no-such-day"),
        pytest.param({"starts": "25:00"}, ["Enter when the shift starts, like 14:00"], id="no-such-time"),
        pytest.param(
            {"ends": "22:00"},
            ["The shift ends when it starts. Enter a later end, or the day on which it ends"],
            id="zero-length",
        ),
        pytest.param(
            {"day": "2026-11-20"},
            ["The shift starts in the past, which is never rewritten. Enter a start from now on"],
            id="past",
        ),
        pytest.param(
            {"day": "2036-11-27"}, ["The shift starts more than two years ahead. Check the year"], id="another-year"
        ),
        pytest.param(
            {"day": "2027-03-28", "starts": "01:00", "ends": "02:00"},
            ["The clocks go forward over the whole of this shift. Enter other times"],
            id="skipped-hour",
        ),
    ],
)
def test_what_cannot_be_planned_is_said_and_nothing_typed_is_lost(
    typed: dict[str, str], said: list[str], team: Team, signed_in: SignIn, app: Flask
) -> None:
    fields = {"counsellor": str(team.counsellor()), **FORM} | typed

    answer = signed_in().send(WEEK, **fields)

    assert answer.status_code == 422
    assert summary(answer.text) == said
    assert answer.text.count("<title>Error: ") == 1
    page = html.fromstring(answer.text)
    for name in ("day", "starts", "ends"):
        assert page.get_element_by_id(name).get("value") == fields[name]
    assert shifts(app) == []


def test_a_person_who_is_busy_then_is_a_plain_conflict(team: Team, signed_in: SignIn, app: Flask) -> None:
    ana = team.counsellor()
    team.shift(ana, FRIDAY_NIGHT)

    answer = signed_in().send(WEEK, counsellor=str(ana), **FORM)

    assert answer.status_code == 409
    assert summary(answer.text) == ["Ana Example already has a shift at that time. Choose another time or person"]
    assert len(shifts(app)) == 1


def test_the_second_of_two_supervisors_sees_the_shift_as_it_is_now(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, FRIDAY_NIGHT)
    supervisor = signed_in()
    address = f"/staff/coverage/shifts/{shift}?week=2026-W48"
    supervisor.send(address, counsellor=str(ana), version="1", **FORM | {"ends": "05:00"})

    answer = supervisor.send(address, counsellor=str(ana), version="1", **FORM | {"ends": "03:00"})

    assert answer.status_code == 409
    assert summary(answer.text)[0].startswith("Somebody else changed this shift")
    assert html.fromstring(answer.text).get_element_by_id("ends").get("value") == "05:00"


def test_a_shift_that_is_gone_leads_back_to_the_rota(team: Team, signed_in: SignIn) -> None:
    answer = signed_in().send("/staff/coverage/shifts/99/removal", version="1")

    assert answer.status_code == 404
    assert "This shift is not in the rota any more" in answer.text


def test_gaps_are_named_in_words_and_each_leads_to_a_form_that_is_filled_in(team: Team, signed_in: SignIn) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    for person in (ana, ben):
        for day in range(-1, 7):
            start = london("2026-11-23", "00:00") + timedelta(days=day)
            ends = 4 if (person, day) == (ben, 5) else 24
            team.shift(person, Span(start, start + timedelta(hours=ends)))

    page = signed_in().get(WEEK).text

    assert "Saturday 28 November, 04:00 to midnight: only 1 on, 2 needed" in words(page)
    assert "day=2026-11-28&amp;starts=04:00&amp;ends=12:00" in page
    assert "94 % of the hours needed are covered" in words(page).replace("\xa0", " ")


def test_an_hour_is_told_by_number_sign_and_words_not_by_colour_alone(team: Team, signed_in: SignIn) -> None:
    team.shift(team.counsellor(), hours(24, 25))

    page = html.fromstring(signed_in().get(WEEK).text)

    cells = [cell.text_content() for cell in page.cssselect("table.week td.critical")]
    assert [" ".join(cell.split()) for cell in cells] == ["1/2 ! Critical: only 1 on, 2 needed. Add a shift"]
    assert len(page.cssselect("table.week td.uncovered")) == 7 * 24 - 1


@pytest.mark.parametrize(
    ("week", "lines", "holes"),
    [
        pytest.param("2026-W48", 24, 0, id="ordinary"),
        pytest.param("2026-W43", 25, 6, id="clocks-go-back"),
        pytest.param("2026-W13", 24, 1, id="clocks-go-forward"),
    ],
)
def test_each_day_has_the_hours_that_it_really_has(week: str, lines: int, holes: int, signed_in: SignIn) -> None:
    page = html.fromstring(signed_in().get(f"/staff/coverage?week={week}").text)

    assert len(page.cssselect("table.week tbody tr")) == lines
    assert len(page.cssselect("table.week td.none")) == holes
    labels = [label.text_content() for label in page.cssselect("table.week tbody th")]
    assert ("01:00 again" in labels) is (lines == 25)


@pytest.mark.parametrize("week", ["2026-W60", "2025-W53", "nonsense", "9999-W01", "2026-W00"])
def test_there_is_no_page_for_a_week_that_does_not_exist(week: str, signed_in: SignIn) -> None:
    assert signed_in().get(f"/staff/coverage?week={week}").status_code == 404


def test_a_year_of_53_weeks_leads_over_into_the_next(signed_in: SignIn) -> None:
    page = signed_in().get("/staff/coverage?week=2026-W53").text

    assert "28 December 2026 to 3 January 2027" in page
    assert "week=2026-W52" in page
    assert "week=2027-W01" in page


def test_a_counsellor_looks_at_the_cover_and_changes_nothing(team: Team, signed_in: SignIn, app: Flask) -> None:
    ana = team.counsellor()
    counsellor = signed_in(email="ana@example.org")

    page = counsellor.get(WEEK)
    answer = counsellor.send(WEEK, counsellor=str(ana), **FORM)

    assert page.status_code == 200
    assert "Add a shift" not in page.text
    assert answer.status_code == 403
    assert shifts(app) == []


def test_a_counsellor_sees_their_own_shifts(team: Team, signed_in: SignIn) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(-2, 6))
    team.shift(ana, FRIDAY_NIGHT)
    team.shift(ben, hours(3, 5))

    page = words(signed_in(email="ana@example.org").get("/staff/rota").text)

    assert "Tuesday 24 November, 10:00 to 18:00 8 h on now" in page
    assert "Friday 27 November, 22:00, to Saturday 28 November, 06:00 8 h" in page
    assert "15:00 to 17:00" not in page


def test_a_supervisor_sees_everybody_also_those_without_a_shift(team: Team, signed_in: SignIn) -> None:
    """COV06."""
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    team.shift(ana, hours(-2, 6))

    page = html.fromstring(signed_in().get("/staff/rota?week=2026-W48").text)

    lines = {
        row.cssselect("th")[0].text_content(): row.cssselect("td.num")[0].text_content()
        for row in page.cssselect("table.people tbody tr")
    }
    assert lines == {"Ana Example": "8 h", "Ben Example": "0 h"}


def presence_of(app: Flask, person: int) -> PresenceState:
    with app.app_context(), transaction() as session:
        return queries.lock_presence(session, counsellor_id=person).as_presence().state


def test_a_counsellor_says_whether_they_are_ready(team: Team, signed_in: SignIn, app: Flask) -> None:
    ana = team.counsellor(is_available=False)
    counsellor = signed_in(email="ana@example.org")

    ready = counsellor.send("/staff/presence", state="available")
    after_ready = presence_of(app, ana)
    away = counsellor.send("/staff/presence", state="away", next="/staff/rota")

    assert (ready.location, away.location) == ("/staff/queue", "/staff/rota")
    assert (after_ready, presence_of(app, ana)) == (PresenceState.AVAILABLE, PresenceState.AWAY)


@pytest.mark.parametrize("state", ["", "wrapping_up", "asleep"])
def test_a_counsellor_says_nothing_else_about_themselves(state: str, team: Team, signed_in: SignIn, app: Flask) -> None:
    ana = team.counsellor()

    answer = signed_in(email="ana@example.org").send("/staff/presence", state=state, next="//elsewhere.example")

    assert answer.location == "/staff/queue"
    assert presence_of(app, ana) is PresenceState.AVAILABLE


def test_a_supervisor_is_not_a_counsellor_who_could_be_ready(signed_in: SignIn) -> None:
    assert signed_in().send("/staff/presence", state="available").status_code == 403


NEW = {"name": "Cai Example", "phone": "07700 900 199", "email": "cai@example.org", "password": "a long password"}


def test_a_supervisor_adds_somebody_checks_their_phone_and_they_can_sign_in(
    signed_in: SignIn, team: Team, app: Flask
) -> None:
    supervisor = signed_in()

    added = supervisor.send("/staff/team", **NEW, skills=["crisis", "alcohol"], languages=["cy"], gender="male")
    before = words(supervisor.get("/staff/team").text)
    with app.app_context(), transaction() as session:
        person = queries.team(session, today=NOON.date())[0]
        known = person.as_counsellor()
    checked = supervisor.send(f"/staff/team/{person.id}/phone-check")
    after = words(supervisor.get("/staff/team").text)

    assert (added.status_code, checked.status_code) == (303, 303)
    assert "…199 Not checked alcohol, crisis English, Welsh" in before
    assert "…199 Checked" in after
    assert "900 199" not in before
    assert known.gender is Gender.MALE
    assert known.languages == {"en", "cy"}
    assert known.phone.e164 == "+447700900199"


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        pytest.param({"name": " "}, "name", "Enter the person's name", id="no-name"),
        pytest.param({"phone": "0909 879 0000"}, "phone", "We cannot ring premium", id="premium"),
        pytest.param({"phone": "07700 900101"}, "phone", "Another counsellor has this number", id="taken-phone"),
        pytest.param({"email": "cai"}, "email", "Enter an e-mail address", id="not-an-address"),
        pytest.param({"email": "ana@example.org"}, "email", "Somebody already signs in as ana", id="taken-address"),
        pytest.param({"password": "short"}, "password", "Use 10 to 128 characters", id="short-password"),
    ],
)
def test_somebody_who_cannot_be_added_is_said_at_the_field(
    typed: dict[str, str], field: str, said: str, team: Team, signed_in: SignIn
) -> None:
    team.counsellor("Ana Example")
    fields = NEW | typed

    answer = signed_in().send("/staff/team", **fields)

    page = html.fromstring(answer.text)
    assert answer.status_code == 422
    assert page.get_element_by_id(f"{field}-error").text_content().startswith(f"Error: {said}")
    assert page.get_element_by_id("name").get("value") == fields["name"]
    assert fields["password"] not in answer.text


def test_another_number_has_to_be_checked_again(team: Team, signed_in: SignIn, app: Flask) -> None:
    ana = team.counsellor()
    supervisor = signed_in()

    supervisor.send(f"/staff/team/{ana}", name="Ana Example", phone="07700 900 777")

    with app.app_context(), transaction() as session:
        row = queries.find_counsellor(session, counsellor_id=ana)
        assert row is not None
        assert row.phone_verified_at is None
    assert "Their phone needs to be checked" in supervisor.get("/staff/team").text


def test_whoever_leaves_opens_gaps_and_the_supervisor_is_told_how_many(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()
    team.shift(ana, FRIDAY_NIGHT)
    supervisor = signed_in()

    refused = supervisor.send(f"/staff/team/{ana}/leaving", left_on="soon")
    recorded = supervisor.send(f"/staff/team/{ana}/leaving", left_on="2026-11-27")

    assert summary(refused.text) == ["Enter the first day on which the person no longer works here"]
    assert recorded.status_code == 303
    assert "Ana Example leaves. One shift is open now: see the gaps." in supervisor.get("/staff/team").text


def test_no_page_of_the_rota_shows_a_whole_number_to_somebody_who_does_not_change_it(
    team: Team, signed_in: SignIn
) -> None:
    team.shift(team.counsellor(), hours(-1, 7))
    supervisor, counsellor = signed_in(Role.ADMIN), signed_in(email="ana@example.org")

    pages = [supervisor.get(address).text for address in ("/staff/team", "/staff/rota", WEEK)]
    pages += [counsellor.get(address).text for address in ("/staff/rota", WEEK)]

    assert not any(re.search(r"7700[ ]?900", page) for page in pages)

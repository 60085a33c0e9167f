"""The planner's desk: check first, cut, assign, stand in, four weeks, put back; over the pages, without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.models import JournalRow
from rota.domain.shifts import Shift
from rota.models import LeaveRow, ShiftRow
from rota.operations import swaps
from rota.operations.judge import RuleStandsAgainst
from rota.operations.shifts import AlreadyOnShift
from rota.operations.stand_in import NoEffect, SamePerson, stand_in
from tests.rota.planning import LONDON, NOON, Browser, Team, hours
from tests.rota.test_planning_rows import offered, resolved, rota, texts

SignIn = Callable[..., Browser]
COVERAGE, REQUESTS, STAND_IN = "/staff/coverage", "/staff/rota/requests", "/staff/rota/stand-in"
WEDNESDAY = {"day": "2026-11-25", "starts": "08:00", "ends": "16:00"}


# Check first


def test_checking_first_says_the_verdict_and_the_gaps_and_writes_nothing(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    team.need(1)
    ana = team.counsellor()
    team.shift(ana, hours(10, 14))

    answer = signed_in().send(COVERAGE, page=COVERAGE, counsellor=ana, check="yes", **WEDNESDAY)

    assert answer.status_code == 200
    assert "A rule stands against it" in answer.text
    assert "Only 6 h of rest, 11 h needed" in answer.text
    assert "gaps would be left on these days" in answer.text
    assert 'name="reason"' in answer.text
    assert 'value="08:00"' in answer.text
    assert (len(rota(session)), texts(session)) == (1, [])


def test_a_look_before_saving_says_what_the_clocks_do_to_the_times(team: Team, signed_in: SignIn) -> None:
    night = {"day": "2027-10-30", "starts": "22:00", "ends": "01:30"}

    answer = signed_in().send(COVERAGE, page=COVERAGE, counsellor=team.counsellor(), check="yes", **night)

    assert "01:30 comes twice on Sunday 31 October, because the clocks go back: the first 01:30 is taken" in answer.text


def test_checking_first_says_what_is_only_worth_knowing(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()

    answer = signed_in().send(COVERAGE, page=COVERAGE, counsellor=ana, check="yes", **WEDNESDAY)

    assert "No rule stands against it" in answer.text
    assert "A break of 20 min is due in this shift" in answer.text


def test_checking_a_change_first_is_not_in_its_own_way(session: Session, team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(20, 28))

    answer = signed_in().send(
        f"{COVERAGE}/shifts/{shift}", page=COVERAGE, counsellor=ana, check="yes", version=1, **WEDNESDAY
    )

    assert "No rule stands against it" in answer.text
    assert session.get_one(ShiftRow, shift).version == 1


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"day": "2026-11-20"}, 422, "in the past"),
        ({"counsellor": "999"}, 422, "Choose a counsellor from the list"),
        ({"starts": "x"}, 422, "Enter when the shift starts"),
    ],
)
def test_checking_what_cannot_be_says_what_to_change(
    typed: dict[str, str], status: int, words: str, team: Team, signed_in: SignIn
) -> None:
    fields = {"counsellor": str(team.counsellor()), "check": "yes", **WEDNESDAY} | typed

    answer = signed_in().send(COVERAGE, page=COVERAGE, **fields)

    assert (answer.status_code, words in answer.text) == (status, True)


def test_checking_a_shift_that_somebody_changed_meanwhile_shows_it_as_it_is(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(20, 28))

    answer = signed_in().send(
        f"{COVERAGE}/shifts/{shift}", page=COVERAGE, counsellor=ana, check="yes", version=7, **WEDNESDAY
    )

    assert answer.status_code == 409
    assert "This is how it is now" in answer.text


# Cut in two


def test_a_shift_is_cut_in_two_on_its_form_and_the_second_half_is_handed_on(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(10, 18))
    before, supervisor = resolved(session), signed_in()
    session.commit()

    cut = supervisor.send(f"{COVERAGE}/shifts/{shift}/split", page=COVERAGE, split_at="02:00", version=1)
    between = resolved(session)
    session.commit()
    supervisor.send(
        f"{COVERAGE}/shifts/{shift + 1}",
        page=COVERAGE,
        counsellor=ben,
        day="2026-11-25",
        starts="02:00",
        ends="06:00",
        version=1,
    )

    assert f"shift={shift + 1}" in cut.location
    assert between == before
    assert rota(session) == [("Ana Example", hours(10, 14)), ("Ben Example", hours(14, 18))]


@pytest.mark.parametrize(("at", "words"), [("", "Enter a time inside the shift"), ("09:00", "a time inside the shift")])
def test_a_shift_is_not_cut_outside_itself(
    at: str, words: str, session: Session, team: Team, signed_in: SignIn
) -> None:
    shift = team.shift(team.counsellor(), hours(10, 18))

    answer = signed_in().send(f"{COVERAGE}/shifts/{shift}/split", page=COVERAGE, split_at=at, version=1)

    assert (answer.status_code, words in answer.text, len(rota(session))) == (422, True, 1)


# Who could cover, and assigning


def test_a_gap_leads_to_who_could_cover_and_one_press_assigns_them(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    team.need(1)
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ben, hours(17, 19))
    supervisor = signed_in()

    gaps = supervisor.get(f"{COVERAGE}?week=2026-W48").text
    page = f"{REQUESTS}?day=2026-11-25&starts=09:00&ends=13:00"
    ranked = supervisor.get(page).text
    assigned = supervisor.send(COVERAGE, page=page, counsellor=ana, day="2026-11-25", starts="09:00", ends="13:00")

    assert "Who could cover?" in gaps
    assert f'name="counsellor" value="{ana}"' in ranked
    assert f'name="counsellor" value="{ben}"' not in ranked
    assert f"counsellor={ben}" in ranked  # with a reason
    assert assigned.status_code == 303
    assert ("Ana Example", hours(21, 25)) in rota(session)


def test_a_candidate_whom_a_rule_stops_is_assigned_with_a_reason_on_the_form(team: Team, signed_in: SignIn) -> None:
    ben = team.counsellor("Ben Example")

    form = signed_in().get(f"{COVERAGE}?week=2026-W48&counsellor={ben}&day=2026-11-25&starts=09:00&ends=13:00").text

    assert f'<option value="{ben}" selected>' in form
    assert "Who could cover this time?" in form


# Standing in


def replaced(
    session: Session, absent: int, by: int | None, starts: float, ends: float, reason: str = ""
) -> list[Shift]:
    return stand_in(
        session,
        absent_id=absent,
        by_id=by,
        span=hours(starts, ends),
        reason=reason,
        zone=LONDON,
        by=None,
        now=NOON,
    )


def test_one_of_five_is_replaced_and_the_others_stay(session: Session, team: Team) -> None:
    """OVR01."""
    people = [team.counsellor(f"P{number} Example") for number in range(1, 6)]
    other = team.counsellor("Q Example")
    for person in people:
        team.shift(person, hours(20, 28))

    replaced(session, people[0], other, 22, 24)

    on = {name for name, span in rota(session) if span.covers(hours(23, 24).starts_at)}
    assert on == {"P2 Example", "P3 Example", "P4 Example", "P5 Example", "Q Example"}


def test_a_replacement_for_somebody_who_is_not_on_is_refused_as_without_effect(session: Session, team: Team) -> None:
    """OVR03 and TMP03."""
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))

    with pytest.raises(NoEffect, match="would have no effect"):
        replaced(session, ben, ana, 40, 44)
    with pytest.raises(NoEffect, match="time is over"):
        replaced(session, ana, ben, -9, -2)
    with pytest.raises(SamePerson):
        replaced(session, ana, ana, 20, 28)

    assert rota(session) == [("Ana Example", hours(20, 28))]


def test_replacements_are_a_chain_and_each_hears_of_their_own_shifts(session: Session, team: Team) -> None:
    ana, ben, cai = (team.counsellor(f"{name} Example") for name in ("Ana", "Ben", "Cai"))
    team.shift(ana, hours(20, 28))

    replaced(session, ana, ben, 20, 24)
    replaced(session, ben, cai, 22, 23)
    replaced(session, cai, None, 22, 22.5)

    assert rota(session) == [
        ("Ben Example", hours(20, 22)), ("Cai Example", hours(22.5, 23)), ("Ben Example", hours(23, 24)),
        ("Ana Example", hours(24, 28)),
    ]  # fmt: skip
    assert [who for who, _ in texts(session)] == ["101", "102", "102", "103", "103"]


def test_two_added_stretches_that_touch_are_one(session: Session, team: Team) -> None:
    """OVR05."""
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))

    replaced(session, ana, ben, 22, 24)
    replaced(session, ana, ben, 24, 26)

    own = [(span.starts_at, span.ends_at) for span in resolved(session) if span.counsellor_id == ben]  # type: ignore[attr-defined]  # the helper answers in general terms
    assert own == [(hours(22, 26).starts_at, hours(22, 26).ends_at)]


def test_whoever_stands_in_is_judged_and_two_shifts_at_once_are_the_database_s(session: Session, team: Team) -> None:
    ana, ben, cai = (team.counsellor(f"{name} Example") for name in ("Ana", "Ben", "Cai"))
    team.shift(ana, hours(20, 28))
    team.shift(ben, hours(10, 16))
    team.shift(cai, hours(23, 25))

    with pytest.raises(RuleStandsAgainst, match="Only 4 h of rest"):
        replaced(session, ana, ben, 20, 24)
    with pytest.raises(AlreadyOnShift, match="Cai Example already has a shift"):
        replaced(session, ana, cai, 20, 24, "Flood")
    replaced(session, ana, ben, 20, 24, "Flood")

    noted = session.scalars(select(JournalRow).where(JournalRow.action == "rule_overridden")).all()
    assert [(row.after or {})["reason"] for row in noted][-1] == "Flood"


def test_what_was_worked_stays_with_whoever_worked_it(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(-4, 4))

    replaced(session, ana, ben, -4, 4)

    assert rota(session) == [("Ana Example", hours(-4, 0)), ("Ben Example", hours(0, 4))]


def test_standing_in_over_the_page(session: Session, team: Team, signed_in: SignIn) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))
    supervisor = signed_in()
    times = {"day": "2026-11-25", "starts": "08:00", "ends": "10:00"}

    nobody = supervisor.send(STAND_IN, page=STAND_IN, absent="", counsellor=ben, **times)
    useless = supervisor.send(STAND_IN, page=STAND_IN, absent=ben, counsellor=ana, **times)
    supervisor.send(STAND_IN, page=STAND_IN, absent=ana, counsellor=ben, **times)
    supervisor.send(
        STAND_IN, page=STAND_IN, absent=ana, counsellor="nobody", **times | {"starts": "15:00", "ends": "16:00"}
    )

    assert (nobody.status_code, useless.status_code) == (422, 422)
    assert "Choose who is away" in nobody.text
    assert "would have no effect" in useless.text
    assert rota(session) == [("Ben Example", hours(20, 22)), ("Ana Example", hours(22, 27))]


# Four weeks


def test_four_weeks_stand_beside_each_other_with_everybody_in_them(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))
    team.shift(ana, hours(24 * 26 + 10, 24 * 26 + 18))

    page = signed_in().get("/staff/rota?weeks=4").text

    assert page.count('<th scope="col"') == 30
    assert "Wednesday 25 November, " in page
    assert "22-06" in page
    assert "Ben Example" in page
    assert 'week=2026-W52&amp;weeks=4">Four weeks after' in page


# Requests


def test_an_approved_swap_is_put_back_from_the_page(session: Session, team: Team, signed_in: SignIn) -> None:
    swap, _, ben = offered(session, team, part=hours(22, 24))
    before = rota(session)
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON)
    session.commit()
    supervisor = signed_in()

    page = supervisor.get(REQUESTS).text
    supervisor.send(f"{REQUESTS}/swaps/{swap}/putting-back", page=REQUESTS)

    assert "Ana Example to Ben Example: Wednesday 25 November, 10:00 to 12:00" in page
    assert rota(session) == before
    assert "Put it back" not in supervisor.get(REQUESTS).text


def test_a_swap_against_a_rule_is_approved_with_a_reason(session: Session, team: Team, signed_in: SignIn) -> None:
    swap, _, ben = offered(session, team)
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    session.commit()
    team.shift(ben, hours(10, 14))
    supervisor, address = signed_in(), f"{REQUESTS}/swaps/{swap}"

    refused = supervisor.send(address, page=REQUESTS, answer="yes")
    supervisor.send(address, page=REQUESTS, answer="yes", reason="Flood")

    assert "Only 6 h of rest" in refused.text
    assert 'name="reason"' in refused.text
    assert ("Ben Example", hours(20, 32)) in rota(session)


def test_whoever_approves_leave_is_told_what_is_vacated_and_the_gaps(
    session: Session, team: Team, signed_in: SignIn
) -> None:
    """LEV03."""
    team.need(1)
    ana = team.counsellor("Ana Example")
    for day in (1, 2, 3):
        team.shift(ana, hours(24 * day, 24 * day + 8))
    row = LeaveRow(
        counsellor_id=ana,
        first_day=hours(24, 25).starts_at.date(),
        last_day=hours(96, 97).starts_at.date(),
        state="asked",
        asked_at=NOON,
    )
    session.add(row)
    session.commit()
    supervisor = signed_in()

    supervisor.send(f"{REQUESTS}/leave/{row.id}", page=REQUESTS, answer="yes")
    page = supervisor.get(REQUESTS).text

    assert page.count("12:00 to 20:00; ") >= 2
    assert "Gaps now: Wednesday 25 November, 12:00 to 20:00: nobody on" in page
    assert rota(session) == []


# Working time


def test_the_working_time_report_names_each_rule_that_is_not_kept(team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))
    team.shift(ana, hours(34, 40))
    supervisor = signed_in()

    page = supervisor.get("/staff/rota/working-time").text
    later = supervisor.get("/staff/rota/working-time?first=2026-12-07&last=2026-12-13").text
    wrong = supervisor.get("/staff/rota/working-time?first=2026-12-07&last=2026-12-01")

    assert "Only 6 h of rest, 11 h needed, between Wednesday 25 November" in page
    assert "Made up for by 16 h of rest from Thursday 26 November, 04:00 to 20:00" in page
    assert "Ben Example" not in page
    assert "Every rule is kept" in later
    assert (wrong.status_code, "later last day" in wrong.text) == (422, True)


def test_the_desk_is_for_planners(team: Team, signed_in: SignIn) -> None:
    team.counsellor("Ana Example")
    person, admin = signed_in(email="ana@example.org"), signed_in(Role.ADMIN)

    for address in (STAND_IN, "/staff/rota/working-time"):
        assert (person.get(address).status_code, admin.get(address).status_code) == (403, 200)
    assert person.send(f"{COVERAGE}/shifts/1/split", split_at="10:00").status_code == 403

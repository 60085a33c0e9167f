"""Somebody is ill: who is asked for cover, in which order and when, what answers mean, and what supervisors hear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from accounts.models import JournalRow, StaffRow
from accounts.operations.staff import set_phone
from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from foundation.sealed import digest
from notifications.models import OptOutRow, TextRow
from notifications.operations import gate
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.models import CounsellorRow, CoverRequestRow, LeaveRow, LeaveState, RequirementRow, SwapRow, range_of
from rota.operations import ladder, lapse, swaps
from rota.operations.shifts import ShiftNotFound, remove_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, hours, texts_to

MINE, REQUESTS = "/staff/rota/mine", "/staff/rota/requests"


def ill(session: Session, shift: int, later: timedelta = timedelta()) -> CoverRequestRow:
    return ladder.call_sick(session, shift_id=shift, version=1, by=None, now=NOON + later, zone=LONDON)


def asked(request: CoverRequestRow) -> list[int]:
    return [ask.counsellor_id for ask in request.asks]


def climb(session: Session, request: CoverRequestRow, **later: float) -> None:
    ladder.climb(session, request_id=request.id, zone=LONDON, now=NOON + timedelta(**later))


def yes(session: Session, number: str, **later: float) -> bool:
    phone_digest = digest(f"+447700900{number}")
    return ladder.said_yes(session, phone_digest=phone_digest, zone=LONDON, now=NOON + timedelta(**later))


def test_whoever_has_the_training_that_the_time_lacks_is_asked_first(session: Session, team: Team) -> None:
    sick = team.counsellor("Ill Example", Skill.CRISIS, Skill.ALCOHOL)
    plain, alcohol = team.counsellor("Ben Example"), team.counsellor("Cai Example", Skill.ALCOHOL)
    crisis = team.counsellor("Dan Example", Skill.CRISIS)
    session.add(
        RequirementRow(weekday=1, starts=0, ends=1440, at_least=2, skill="crisis", with_skill=1, with_language=0)
    )
    session.flush()

    request = ill(session, team.shift(sick, hours(2, 8)))
    climb(session, request, minutes=10)
    climb(session, request, minutes=20)

    assert asked(request) == [crisis, alcohol, plain]


def test_nobody_is_asked_who_is_ill_has_a_landline_wants_no_texts_or_was_never_checked(
    session: Session, team: Team
) -> None:
    sick, also_ill, landline, stopped = (team.counsellor(f"{name} Example") for name in ("Ill", "Zed", "Lou", "Sam"))
    team.counsellor("Una Example", is_verified=False)
    able = team.counsellor("Ben Example")
    team.shift(stopped, hours(-60, -59))
    session.get_one(CounsellorRow, landline).phone = "+441632960123"
    session.add(OptOutRow(phone_digest=session.get_one(CounsellorRow, stopped).phone_digest, opted_out_at=NOON))
    session.commit()
    first = ill(session, team.shift(also_ill, hours(20, 26)))

    request = ill(session, team.shift(sick, hours(2, 8)))
    climb(session, request, minutes=10)

    assert asked(first) == [sick]
    assert asked(request) == [able]
    assert request.state == "exhausted"


def test_a_yes_is_answered_with_what_stands_against_it_and_the_next_one_is_asked_at_once(
    session: Session, team: Team
) -> None:
    sick, busy, away, tired = (team.counsellor(f"{name} Example") for name in ("Ill", "Ben", "Cai", "Dan"))
    request = ill(session, team.shift(sick, hours(2, 8)))
    climb(session, request, minutes=10)
    climb(session, request, minutes=20)
    team.shift(busy, hours(4, 5))
    today = NOON.date()
    session.add(
        LeaveRow(
            counsellor_id=away, first_day=today, last_day=today, state=LeaveState.APPROVED.value,
            asked_at=NOON, decided_at=NOON,
        )
    )  # fmt: skip
    team.shift(tired, hours(14, 20))
    session.flush()

    for number in ("102", "103", "104"):
        assert yes(session, number, minutes=21)

    assert asked(request) == [busy, away, tired]
    assert [texts_to(session, number)[-1] for number in ("102", "103", "104")] == [
        "Thank you. You have another shift at that time, so it stays open for others: Tue 24 Nov 14:00-20:00.",
        "Thank you. You are on leave then, so it stays open for others: Tue 24 Nov 14:00-20:00.",
        "Thank you. You would not have enough rest, so it stays open for others: Tue 24 Nov 14:00-20:00.",
    ]
    assert request.next_at == NOON + timedelta(minutes=21)


def test_nobody_is_woken_for_a_shift_that_begins_well_after_the_night(
    session: Session, team: Team, supervisor: int
) -> None:
    sick, _, _ = (team.counsellor(f"{name} Example") for name in ("Ill", "Ben", "Cai"))
    tomorrow, early = team.shift(sick, hours(24, 30)), team.shift(sick, hours(18, 23))
    late = timedelta(hours=11)  # 23:00

    waits = ill(session, tomorrow, late)
    at_once = ill(session, early, late)
    quiet = (asked(waits), waits.next_at, len(asked(at_once)))
    climb(session, waits, hours=19)

    assert quiet == ([], NOON + timedelta(hours=19), 1)  # 07:00
    assert len(asked(waits)) == 1
    assert "Others are asked by text from 07:00 on." in texts_to(session, "990")[0]
    assert supervisor


def test_supervisors_hear_of_every_rung_without_a_name(session: Session, team: Team, supervisor: int) -> None:
    sick, _, _ = (team.counsellor(f"{name} Example") for name in ("Ill", "Ben", "Cai"))
    request = ill(session, team.shift(sick, hours(2, 8)))
    climb(session, request, minutes=10)
    climb(session, request, minutes=20)

    assert yes(session, "103", minutes=25)

    assert texts_to(session, "990") == [
        "Cover for Tue 24 Nov 14:00-20:00: 1 asked by text so far, nobody has said YES yet.",
        "Cover for Tue 24 Nov 14:00-20:00: 2 asked by text so far, nobody has said YES yet.",
        "Cover for Tue 24 Nov 14:00-20:00: everybody who may be asked by text was, without a YES. Please ring round.",
        "Cover for Tue 24 Nov 14:00-20:00 is found: somebody has said YES.",
    ]
    assert supervisor


def test_an_alert_goes_to_no_number_that_its_owner_has_taken_back(
    session: Session, team: Team, supervisor: int
) -> None:
    ill(session, team.shift(team.counsellor("Ill Example"), hours(2, 8)))
    (text,) = session.scalars(select(TextRow))
    gate.permit_text(session, text, now=NOON)

    set_phone(session, staff=session.get_one(StaffRow, supervisor), phone=None, by=supervisor, now=NOON)

    with pytest.raises(gate.Closed, match="not_wanted_any_more"):
        gate.permit_text(session, text, now=NOON)


def test_a_yes_long_after_the_shift_is_no_answer_to_it(session: Session, team: Team) -> None:
    sick, _ = team.counsellor("Ill Example"), team.counsellor("Ben Example")
    ill(session, team.shift(sick, hours(2, 8)))

    assert not yes(session, "102", days=30)


def test_one_ladder_that_fails_stands_in_nobody_s_way_and_is_tried_again(
    session: Session, app: Flask, team: Team
) -> None:
    sick, ben = team.counsellor("Ill Example"), team.counsellor("Ben Example")
    broken = CoverRequestRow(
        absent_id=sick,
        during=Range(NOON, None, bounds="[)"),  # a request without an end, which no code of ours makes
        state="asking",
        opened_at=NOON,
        next_at=NOON - timedelta(minutes=1),
    )
    fine = CoverRequestRow(absent_id=sick, during=range_of(hours(2, 8)), state="asking", opened_at=NOON, next_at=NOON)
    session.add_all([broken, fine])
    session.commit()

    doorbell.answer_of(Bell.ROTA)()

    for row in (broken, fine):
        session.refresh(row)
    assert asked(fine) == [ben]
    assert broken.next_at == NOON + timedelta(minutes=1)


def test_the_journal_says_how_a_request_for_cover_stood_before_and_after(session: Session, team: Team) -> None:
    sick, ben = team.counsellor("Ill Example"), team.counsellor("Ben Example")
    ill(session, team.shift(sick, hours(2, 8)))
    yes(session, "102")

    noted = session.scalars(select(JournalRow).where(JournalRow.subject_kind == "cover_request")).all()
    changes = [(row.action, (row.before or {}).get("state"), (row.after or {})["state"]) for row in noted]

    assert changes == [
        ("cover_wanted", None, "asking"),
        ("cover_asked", "asking", "asking"),
        ("cover_said_yes", "asking", "asking"),
        ("cover_filled", "asking", "filled"),
    ]
    assert [(row.before or {}).get("asked") for row in noted] == [None, [], [ben], [ben]]


def test_a_counsellor_who_is_ill_says_so_and_is_off_their_own_shift_only(
    team: Team, signed_in: Callable[..., Browser], session: Session
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    own, another = team.shift(ana, hours(2, 8)), team.shift(ben, hours(30, 36))
    person = signed_in(email="ana@example.org")

    not_mine = person.send(f"{MINE}/sickness", page=MINE, sick_shift=f"{another}.1")
    nothing = person.send(f"{MINE}/sickness", page=MINE, sick_shift="")
    done = person.send(f"{MINE}/sickness", page=MINE, sick_shift=f"{own}.1")

    assert (not_mine.status_code, nothing.status_code, done.status_code) == (404, 422, 303)
    assert "colleagues are being asked to take it" in person.get(MINE).text
    assert [shift.id for shift in queries.rostered(session, start=NOON, end=NOON + timedelta(days=9))] == [another]
    assert texts_to(session, "102")[0].startswith("Could you work Tue 24 Nov 14:00-20:00?")


def test_nobody_calls_in_sick_for_a_shift_of_somebody_else(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ben, hours(2, 8))

    with pytest.raises(ShiftNotFound):
        ladder.call_sick(session, shift_id=shift, version=1, owner_id=ana, by=None, now=NOON, zone=LONDON)


# -- offers of which nothing is left ---------------------------------------------------------------------------------


def offered(session: Session, team: Team, span: Span, part: Span | None = None) -> SwapRow:
    shift = team.shift(team.counsellor("Ana Example"), span)
    row = queries.lock_shift(session, shift_id=shift)
    assert row
    made = swaps.offer(session, shift_id=shift, owner_id=row.counsellor_id, part=part, by=None, now=NOON)
    session.commit()
    return made


def test_an_offer_whose_shift_has_begun_lapses(session: Session, team: Team) -> None:
    swap = offered(session, team, hours(2, 8))

    before = lapse.lapse_dead_offers(session, now=NOON + timedelta(minutes=119))
    after = lapse.lapse_dead_offers(session, now=NOON + timedelta(hours=2))

    assert (before, after, swap.state) == (0, 1, "lapsed")


def test_an_offer_of_a_part_lives_until_the_part_begins(session: Session, team: Team) -> None:
    swap = offered(session, team, hours(2, 8), part=hours(5, 8))

    assert lapse.lapse_dead_offers(session, now=NOON + timedelta(hours=4)) == 0
    assert lapse.lapse_dead_offers(session, now=NOON + timedelta(hours=5)) == 1
    assert swap.state == "lapsed"


def test_an_offer_of_a_shift_that_is_gone_is_shown_to_nobody_and_lapses(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    team.counsellor("Ben Example")
    with team.app.app_context(), transaction() as session:
        swap = offered(session, team, hours(20, 28)).id
    colleague, boss = signed_in(email="ben@example.org"), signed_in()
    shown = "Ana Example: Wednesday" in colleague.get(MINE).text and "Ana Example: Wednesday" in boss.get(REQUESTS).text

    with team.app.app_context(), transaction() as session:
        remove_shift(session, shift_id=session.get_one(SwapRow, swap).shift_id, version=1, by=None, now=NOON)

    assert shown
    assert "Ana Example" not in colleague.get(MINE).text
    assert "Ana Example: Wednesday" not in boss.get(REQUESTS).text
    with team.app.app_context(), transaction() as session:
        assert lapse.lapse_dead_offers(session, now=NOON) == 1
        assert session.get_one(SwapRow, swap).state == "lapsed"


def test_an_open_shift_that_begins_without_anybody_is_closed_when_the_bell_rings(
    session: Session, app: Flask, team: Team
) -> None:
    row = swaps.open_shift(session, span=hours(1, 5), zone=LONDON, by=None, now=NOON)
    session.commit()

    with clock.reading(lambda: NOON + timedelta(hours=1)):
        assert queries.is_rota_work_due(session, now=clock.now())
        doorbell.answer_of(Bell.ROTA)()
        due_again = queries.is_rota_work_due(session, now=clock.now())

    session.refresh(row)
    assert (row.state, due_again) == ("closed", False)


# -- my own planning -------------------------------------------------------------------------------------------------


def test_a_part_of_a_shift_over_midnight_is_offered_by_its_times_and_shown_as_such(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    shift = team.shift(ana, hours(10, 18))  # 22:00 to 06:00
    owner, taker = signed_in(email="ana@example.org"), signed_in(email="ben@example.org")
    parts = f"{MINE}/offers/parts"

    wrong = [
        owner.send(parts, page=MINE, **form)
        for form in (
            {"part_shift": "", "part_starts": "23:00", "part_ends": "01:00"},
            {"part_shift": str(shift), "part_starts": "", "part_ends": "01:00"},
            {"part_shift": str(shift), "part_starts": "23:00", "part_ends": "07:00"},
        )
    ]
    done = owner.send(parts, page=MINE, part_shift=str(shift), part_starts="01:00", part_ends="03:30")

    assert [answer.status_code for answer in wrong] == [422] * 3
    assert "Choose times that lie inside the shift" in wrong[2].text
    assert 'value="07:00"' in wrong[2].text  # nothing typed is lost
    assert done.status_code == 303
    assert "On offer: 01:00 to 03:30" in owner.get(MINE).text
    assert "Ana Example: Wednesday 25 November, 01:00 to 03:30" in taker.get(MINE).text


def test_my_hours_stand_beside_my_contract_week_by_week(team: Team, signed_in: Callable[..., Browser]) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(-3, 5))
    team.shift(ana, hours(168, 174))
    with team.app.app_context(), transaction() as session:
        session.get_one(CounsellorRow, ana).contract_minutes = 7 * 60

    page = signed_in(email="ana@example.org").get(MINE).text

    rows = [row for row in page.split("<tr>") if "data-label" in row]
    assert len(rows) == 8
    assert "You were not on the team" in rows[2]
    assert "this week" in rows[3]
    assert "8 h<" in rows[3]
    assert "1 h more than your contract" in rows[3]
    assert "1 h less than your contract" in rows[4]


def test_a_calendar_s_address_can_be_ended(team: Team, signed_in: Callable[..., Browser]) -> None:
    team.counsellor("Ana Example")
    person = signed_in(email="ana@example.org")
    shown = person.send(f"{MINE}/feed", page=MINE).text
    address = "/feeds/" + shown.partition("/feeds/")[2].partition("<")[0]
    works = person.get(address).status_code

    person.send(f"{MINE}/feed/end", page=MINE)

    assert (works, person.get(address).status_code) == (200, 404)
    assert "End this address" not in person.get(MINE).text

"""Cover as it really is: who counts as absent, what supervisors are told and when, reminders, and pages that agree."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff, set_phone
from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from foundation.phone import Phone
from notifications.models import TextRow
from notifications.operations import gate
from rota import queries
from rota.domain.coverage import CoverState
from rota.domain.presence import Absent
from rota.domain.shifts import entered
from rota.models import ShiftRow
from rota.operations import presence
from rota.operations.remind import remind
from rota.operations.shifts import add_shift, move_shift, remove_shift
from rota.operations.watch_cover import watch_ahead, watch_now, watch_today
from tests.rota.planning import LONDON, NOON, PASSWORD, SUPERVISOR, Browser, Team, hours, texts_to

LIVE, BOARD, COVERAGE = "/staff/rota/live", "/staff/board", "/staff/coverage"
ON_CALL = Phone("+447700900991")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def now_is(session: Session, at: datetime) -> None:
    watch_now(session, zone=LONDON, on_call=None, now=at)


def full(team: Team, *, days: int = 60) -> list[int]:
    """Two people at every hour, by four who take turns."""
    people = [team.counsellor(f"{name} Example") for name in ("Ana", "Ben", "Cai", "Dan")]
    for number in range(-1, days):
        for half, pair in enumerate((people[:2], people[2:])):
            for person in pair:
                team.shift(person, hours(24 * number + 12 * half, 24 * number + 12 * (half + 1)))
    return people


# -- who is there ----------------------------------------------------------------------------------------------------


def test_on_the_live_day_an_unchecked_telephone_and_two_missed_offers_count_as_absent(
    session: Session, team: Team
) -> None:
    team.counsellor("Ana Example")
    people = [team.counsellor("Ben Example"), team.counsellor("Una Example", is_verified=False)]
    team.shift(1, hours(-2, 6))
    for person in people:
        team.shift(person, hours(-2, 6))
        team.shift(person, hours(12, 14))
    for _ in range(2):
        presence.note_missed_offer(session, counsellor_id=people[0], now=NOON)

    found = queries.live_cover(session, moment=NOON, zone=LONDON)

    on = {segment.span: segment.on for segment in found.coverage.segments}
    assert on[hours(0, 6)] == 1
    assert on[hours(12, 14)] == 1  # Ben may be back by then; a telephone that nobody checked is not
    assert found.absent == (("Ben Example", Absent.NOT_RESPONDING), ("Una Example", Absent.PHONE_NOT_CHECKED))
    plan = queries.coverage(session, start=NOON, end=NOON + MINUTE, zone=LONDON)
    assert plan.segments[0].on == 3


def test_whoever_is_away_by_choice_is_there(session: Session, team: Team) -> None:
    for name in ("Ana Example", "Ben Example"):
        team.shift(team.counsellor(name, is_available=False), hours(-2, 6))

    found = queries.live_cover(session, moment=NOON, zone=LONDON)

    assert found.coverage.segments[0].state is CoverState.COVERED
    assert found.absent == ()


# -- what is told ----------------------------------------------------------------------------------------------------


def test_cover_now_is_told_on_every_change_of_state_and_only_then(
    session: Session, team: Team, supervisor: int
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    for person in (ana, ben):
        team.shift(person, hours(-2, 6))

    now_is(session, NOON)
    for _ in range(2):
        presence.note_missed_offer(session, counsellor_id=ana, now=NOON)
    now_is(session, NOON + MINUTE)
    now_is(session, NOON + 2 * MINUTE)
    for _ in range(2):
        presence.note_missed_offer(session, counsellor_id=ben, now=NOON)
    now_is(session, NOON + 3 * MINUTE)
    presence.set_available(session, counsellor_id=ana, by=None, now=NOON)
    presence.set_available(session, counsellor_id=ben, by=None, now=NOON)
    now_is(session, NOON + 4 * MINUTE)
    now_is(session, NOON + 5 * MINUTE)

    assert texts_to(session, SUPERVISOR) == [
        "Cover now: 1 there, 2 needed. Please look at the board.",
        "Cover now: 0 there, 2 needed. Please look at the board.",
        "Cover now is complete again.",
    ]
    assert supervisor


def test_what_nobody_heard_does_not_count_as_told(session: Session, team: Team) -> None:
    full(team, days=1)
    for look in (watch_now, watch_today):
        look(session, zone=LONDON, on_call=None, now=NOON + timedelta(hours=13))
    watch_ahead(session, zone=LONDON, now=NOON)
    assert texts_to(session, SUPERVISOR) == []
    boss = add_staff(session, email="sue@example.org", name="Sue", password=PASSWORD, role=Role.SUPERVISOR, now=NOON)

    set_phone(session, staff=boss, phone=Phone(SUPERVISOR), by=boss.id, now=NOON)
    watch_today(session, zone=LONDON, on_call=None, now=NOON)
    watch_ahead(session, zone=LONDON, now=NOON)

    assert len(texts_to(session, SUPERVISOR)) == 2


def test_whoever_is_on_call_hears_of_now_and_of_today_and_not_of_plans(
    session: Session, team: Team, supervisor: int
) -> None:
    full(team, days=1)

    watch_now(session, zone=LONDON, on_call=ON_CALL, now=NOON)
    watch_today(session, zone=LONDON, on_call=ON_CALL, now=NOON)
    watch_ahead(session, zone=LONDON, now=NOON)

    assert texts_to(session, "991") == []
    assert [re.sub(r":.*", "", words) for words in texts_to(session, SUPERVISOR)] == [
        "Cover falls short on 54 days, the first time Thu 26 Nov 00",
        "Cover falls short Wed 25 Nov 12",
    ]
    for row in session.scalars(select(ShiftRow).where(ShiftRow.during.contains(NOON + timedelta(hours=3)))):
        remove_shift(session, shift_id=row.id, version=1, by=None, now=NOON)
    watch_now(session, zone=LONDON, on_call=ON_CALL, now=NOON + MINUTE)
    assert texts_to(session, "991") == ["Cover now: 0 there, 2 needed. Please look at the board."]
    (alarm,) = session.scalars(select(TextRow).where(TextRow.purpose == "alarm"))
    assert gate.permit_text(session, alarm, now=NOON + MINUTE).subject_id == alarm.id
    assert supervisor


def test_a_gap_weeks_ahead_is_told_once_in_the_day_and_so_is_its_end(
    session: Session, team: Team, supervisor: int
) -> None:
    ana, *_ = full(team)
    watch_ahead(session, zone=LONDON, now=NOON)
    (shift,) = [one for one in queries.rostered(session, start=NOON, end=NOON + 60 * DAY, counsellor_id=ana)
                if one.span.covers(NOON + 30 * DAY + timedelta(hours=1))]  # fmt: skip
    assert texts_to(session, SUPERVISOR) == []

    remove_shift(session, shift_id=shift.id, version=1, by=None, now=NOON)
    told_at_night = watch_ahead(session, zone=LONDON, now=NOON + timedelta(hours=11))
    watch_ahead(session, zone=LONDON, now=NOON + timedelta(hours=1))
    watch_ahead(session, zone=LONDON, now=NOON + timedelta(hours=2))
    add_shift(session, counsellor_id=ana, span=shift.span, reason="Needed", zone=LONDON, by=None, now=NOON)
    watch_ahead(session, zone=LONDON, now=NOON + timedelta(hours=3))

    assert told_at_night == 0
    assert texts_to(session, SUPERVISOR) == [
        "Cover falls short Thu 24 Dec 12:00-00:00: 1 on, 2 needed. Please look at the coverage page.",
        "Cover on Thu 24 Dec is complete.",
    ]
    assert supervisor


def test_the_rest_of_today_is_told_at_any_hour_when_it_gets_worse_and_not_when_time_passes(
    session: Session, team: Team, supervisor: int
) -> None:
    full(team, days=3)
    evening = NOON + timedelta(hours=10.5)  # 22:30
    watch_today(session, zone=LONDON, on_call=None, now=evening)
    after_midnight = NOON + timedelta(hours=13)
    gone = [row.id for row in session.scalars(select(ShiftRow)) if row.span() == hours(24, 36)]

    for shift_id in gone[:1]:
        remove_shift(session, shift_id=shift_id, version=1, by=None, now=evening)
    asleep = watch_today(session, zone=LONDON, on_call=None, now=evening + MINUTE)
    worse = watch_today(session, zone=LONDON, on_call=None, now=after_midnight)
    again = [watch_today(session, zone=LONDON, on_call=None, now=after_midnight + timedelta(hours=hour))
             for hour in (1, 12, 13)]  # fmt: skip

    assert (asleep, worse) == (0, 1)
    assert [told for told in again if told] == []
    assert texts_to(session, SUPERVISOR) == [
        "Cover falls short Wed 25 Nov 12:00-00:00: 1 on, 2 needed. Please look at the coverage page."
    ]
    assert supervisor


def test_the_round_is_made_once_a_minute_however_often_the_bell_rings(
    session: Session, team: Team, supervisor: int
) -> None:
    team.need(2)

    for seconds in (0, 20, 40):
        with clock.reading(lambda seconds=seconds: NOON + timedelta(seconds=seconds)):  # type: ignore[misc]
            doorbell.answer_of(Bell.ROTA)()
    session.expire_all()

    said = texts_to(session, SUPERVISOR)
    assert len([words for words in said if words.startswith("Cover now")]) == 1
    assert not queries.is_rota_work_due(session, now=NOON + timedelta(seconds=59))
    assert queries.is_rota_work_due(session, now=NOON + MINUTE)
    assert supervisor


# -- reminders -------------------------------------------------------------------------------------------------------


def test_people_are_reminded_once_at_six_on_the_day_before(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))  # tomorrow, 08:00
    team.shift(ben, hours(44, 52))  # the day after
    six = NOON + timedelta(hours=6)

    counts = [remind(session, zone=LONDON, now=six + timedelta(minutes=minutes)) for minutes in (-1, 0, 1, 60, 300)]

    assert counts == [0, 1, 0, 0, 0]
    assert texts_to(session, "101") == ["Tomorrow you work Wed 25 Nov 08:00-16:00. If you cannot, please say so now."]
    assert texts_to(session, "102") == []


def test_whoever_gets_a_shift_after_the_reminders_hears_of_it_once(session: Session, team: Team) -> None:
    """REM01: the old person hears that it is no longer theirs, the new one hears of it, nobody twice."""
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift, six = team.shift(ana, hours(20, 28)), NOON + timedelta(hours=6)
    remind(session, zone=LONDON, now=six)

    move_shift(
        session, shift_id=shift, counsellor_id=ben, span=hours(20, 28), version=1, zone=LONDON, by=None,
        now=six + MINUTE,
    )  # fmt: skip
    remind(session, zone=LONDON, now=six + 2 * MINUTE)

    assert [words.partition(":")[0] for words in texts_to(session, "101")] == [
        "Tomorrow you work Wed 25 Nov 08", "This shift is no longer yours",
    ]  # fmt: skip
    assert [words.partition(":")[0] for words in texts_to(session, "102")] == ["You have a new shift"]


def test_a_reminder_across_a_change_of_clocks_comes_at_six_by_the_wall(session: Session, team: Team) -> None:
    """DST20."""
    ana = team.counsellor()
    starts_at = datetime.fromisoformat("2026-03-29T21:00Z")
    with_shift = team.shift(ana, hours(20, 28))
    row = session.get_one(ShiftRow, with_shift)
    length = timedelta(hours=8)
    row.during = type(row.during)(starts_at, starts_at + length, bounds="[)")
    row.published_at = starts_at - 10 * DAY
    session.flush()

    assert remind(session, zone=LONDON, now=datetime.fromisoformat("2026-03-28T17:59Z")) == 0
    assert remind(session, zone=LONDON, now=datetime.fromisoformat("2026-03-28T18:00Z")) == 1


# -- pages -----------------------------------------------------------------------------------------------------------


def test_the_page_says_who_is_there_what_is_ahead_and_keeps_what_was_typed(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    team.shift(team.counsellor("Una Example", is_verified=False), hours(-2, 6))
    boss = signed_in()

    page = boss.get(LIVE).text
    wrong = boss.send(f"{LIVE}/phone", page=LIVE, phone="01632 960 123")
    silly = boss.send(f"{LIVE}/phone", page=LIVE, phone="12")
    late = boss.send(f"{LIVE}/last-minutes", page=LIVE, minutes="soon")
    boss.send(f"{LIVE}/phone", page=LIVE, phone="07700 900990")
    boss.send(f"{LIVE}/last-minutes", page=LIVE, minutes="12")
    saved = boss.get(LIVE).text

    assert "Uncovered now: 0 there, 2 needed" in page
    assert re.search(r"Una Example</span> <span[^>]*>telephone not checked", page)
    assert "You get no alerts" in page
    assert page.count('data-label="Gaps"') == 8
    assert [answer.status_code for answer in (wrong, silly, late)] == [422, 422, 422]
    assert "Enter a mobile number" in wrong.text
    assert 'value="01632 960 123"' in wrong.text
    assert 'value="soon"' in late.text
    assert 'value="07700 900990"' in saved
    assert 'value="12"' in saved
    boss.send(f"{LIVE}/phone", page=LIVE, phone="")
    assert "You get no alerts" in boss.get(LIVE).text


def test_the_board_counts_nobody_whom_no_call_would_reach(team: Team, signed_in: Callable[..., Browser]) -> None:
    for name, is_verified in (("Ana Example", True), ("Una Example", False)):
        team.shift(team.counsellor(name, is_verified=is_verified), hours(-2, 6))

    board = signed_in().get(BOARD).text

    assert "Critical now: 1 there, 2 needed" in board
    assert "counted as absent: Una Example: telephone not checked" in board


def board_names(page: str) -> set[str]:
    """Who is on shift, as the board has it."""
    found = html.fromstring(page).xpath("//section[@aria-labelledby='b-people']//tbody/tr/th")
    return {each.text_content().strip() for each in found}


def coverage_names(page: str, moment: datetime) -> set[str]:
    """Who is on at a moment, by the times that the coverage page shows in its lists of shifts."""
    names = set()
    for day in html.fromstring(page).xpath("//details[@class='day-shifts']"):
        title = re.match(r"\w+ (\d+) (\w+)", day.find("summary").text_content().strip())
        assert title
        date = datetime.strptime(f"{title[1]} {title[2]} 2026 +0000", "%d %B %Y %z").date()
        for line in day.xpath(".//li"):
            when, name = (span.text_content() for span in line.xpath("./span")[:2])
            starts, ends = (time.fromisoformat(wall.replace("midnight", "00:00")) for wall in when.split(" to "))
            if entered(date, starts, ends, LONDON).covers(moment):
                names.add(name.strip())
    return names


@pytest.mark.parametrize("hour", [-23.5, -12, 0, 0.5, 5.99, 6, 11.5, 12, 30])
def test_the_board_the_coverage_page_and_who_is_on_agree_at_every_hour(
    team: Team, signed_in: Callable[..., Browser], hour: float
) -> None:
    """Nights over midnight, handovers to the minute, two in a row: one answer everywhere."""
    people = [team.counsellor(f"{name} Example") for name in ("Ana", "Ben", "Cai", "Dan", "Eve")]
    spans = [(-28, -20), (-16, -2), (-2, 6), (6, 12), (0, 11), (10, 18), (12, 20), (26, 34), (12, 14), (-12, 0)]
    for number, (starts, ends) in enumerate(spans):
        team.shift(people[number % 5], hours(starts, ends))
    moment = NOON + timedelta(hours=hour)
    with team.app.app_context(), transaction() as session:
        on = {person.name for person in queries.on_shift(session, moment=moment)}
        rostered = {shift.name for shift in queries.rostered(session, start=moment, end=moment + timedelta(seconds=1))}
        count = queries.coverage(session, start=moment, end=moment + MINUTE, zone=LONDON).segments[0].on

    with clock.reading(lambda: moment):
        boss = signed_in()
        board, coverage = boss.get(BOARD).text, boss.get(f"{COVERAGE}?week=2026-W48").text

    assert on
    assert on == rostered == board_names(board) == coverage_names(coverage, moment)
    assert count == len(on)

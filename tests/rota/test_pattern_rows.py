"""Patterns in the database and on their pages: every shift of one is planned or named, none by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.models import JournalRow
from rota.domain.patterns import FillsTooMuch, Turn
from rota.domain.rules import Rule
from rota.domain.shifts import Span
from rota.models import CounsellorRow, DraftLineRow, PatternRow
from rota.operations import drafts, patterns, publications
from rota.operations.patterns import NothingToFill, Preview, SlotRefused, Turns, TurnsRefused
from rota.operations.shifts import add_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, london
from tests.rota.test_planning_rows import actions, rota, texts

PATTERNS = "/staff/rota/patterns"
SignIn = Callable[..., Browser]
MONDAY = date(2026, 11, 30)
DAY = timedelta(days=1)
NIGHTS = Turns(time(22), time(6))


def a_rotation(session: Session, *groups: list[int], turns: Turns = NIGHTS, first_day: date = MONDAY) -> PatternRow:
    return patterns.add_rotation(
        session, name="Nights", first_day=first_day, turns=turns, groups=groups, by=None, now=NOON
    )


def a_grid(session: Session, person: int, days: list[int], starts: int = 9, ends: int = 17) -> PatternRow:
    row = patterns.add_grid(session, name="Days", monday=MONDAY, weeks=1, by=None, now=NOON)
    return patterns.add_slots(
        session,
        pattern_id=row.id,
        counsellor_id=person,
        week=0,
        weekdays=days,
        starts=time(starts),
        ends=time(ends),
        by=None,
        now=NOON,
    )


def seen(session: Session, row: PatternRow, days: int, first_day: date = MONDAY) -> Preview:
    return patterns.preview(
        session,
        pattern_id=row.id,
        first_day=first_day,
        until=first_day + days * DAY,
        draft=None,
        zone=LONDON,
        now=NOON,
    )


def filled(session: Session, row: PatternRow, days: int) -> Preview:
    _, found = patterns.fill_draft(
        session, pattern_id=row.id, first_day=MONDAY, until=MONDAY + days * DAY, zone=LONDON, by=None, now=NOON
    )
    return found


def publish(session: Session) -> None:
    draft = drafts.begin(session, by=None, now=NOON)
    publications.publish(session, draft_id=draft.id, zone=LONDON, by=None, now=NOON)


def spans(found: Preview) -> list[tuple[int, Span]]:
    return [(shift.counsellor_id, shift.span) for shift in found.shifts]


def on(day: date, starts: str, ends: str, *, overnight: bool = False) -> Span:
    return Span(london(day.isoformat(), starts), london((day + DAY * overnight).isoformat(), ends))


def test_a_pattern_plans_nothing_until_its_draft_is_published(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    row = a_rotation(session, [ana], [ben])

    filled(session, row, 4)
    before = (rota(session), texts(session))
    publish(session)

    assert before == ([], [])
    assert [name for name, _ in rota(session)] == ["Ana Example", "Ben Example", "Ana Example", "Ben Example"]
    assert len(texts(session)) == 2


def test_every_seat_of_a_pattern_is_planned_or_named_with_the_reason(session: Session, team: Team) -> None:
    """Others filled 273 of 1,365 seats and said nothing."""
    people = [team.counsellor(f"P{number} Example") for number in range(6)]
    bands = [Turns(time(starts), time(ends)) for starts, ends in ((6, 14), (14, 22), (22, 6))]
    rows = [a_rotation(session, people[:5], people[1:], turns=band) for band in bands]

    found = [seen(session, row, 14) for row in rows]

    for each in found:
        assert len(each.shifts) + len(each.unfilled) + len(each.dropped) + each.there == 5 * 14
        assert all(one.finding is not None for one in each.unfilled)
    assert {one.finding.rule for each in found for one in each.unfilled if one.finding} >= {Rule.CONSECUTIVE_DAYS}


def test_a_rule_that_stands_against_a_shift_of_a_pattern_leaves_out_that_shift_only(
    session: Session, team: Team
) -> None:
    ana = team.counsellor()
    team.shift(ana, on(MONDAY + DAY, "02:00", "06:00"))

    found = seen(session, a_grid(session, ana, [0, 1, 2]), 7)

    assert spans(found) == [(ana, on(MONDAY + 2 * DAY, "09:00", "17:00"))]
    assert [(one.span, one.finding and one.finding.rule) for one in found.unfilled] == [
        (on(MONDAY, "09:00", "17:00"), Rule.DAILY_REST),
        (on(MONDAY + DAY, "09:00", "17:00"), Rule.DAILY_REST),
    ]


def test_a_reason_that_overrode_a_rule_is_never_copied_into_a_pattern(session: Session, team: Team) -> None:
    ana = team.counsellor()
    row = a_grid(session, ana, [0], 9, 17)
    for week in range(2):
        team.shift(ana, on(MONDAY + (7 * week + 1) * DAY, "01:00", "05:00"))
    add_shift(
        session,
        counsellor_id=ana,
        span=on(MONDAY, "09:00", "17:00"),
        reason="Flood",
        zone=LONDON,
        by=None,
        now=NOON,
    )

    found = seen(session, row, 14)

    assert found.there == 1
    assert [one.span for one in found.unfilled] == [on(MONDAY + 7 * DAY, "09:00", "17:00")]
    with pytest.raises(NothingToFill):
        filled(session, row, 14)
    assert session.scalar(select(func.count()).where(DraftLineRow.reason != "")) == 0
    assert actions(session).count("rule_overridden") == 1


def test_a_shift_that_the_clocks_skip_is_dropped_and_named(session: Session, team: Team) -> None:
    """DST09."""
    ana = team.counsellor()
    spring = date(2027, 3, 28)
    row = a_rotation(session, [ana], turns=Turns(time(1), time(2)), first_day=spring - DAY)

    found = seen(session, row, 3, first_day=spring - DAY)

    assert [dropped.day for dropped in found.dropped] == [spring]
    assert len(found.shifts) == 2


def test_other_people_take_turns_from_the_next_handover_on_and_the_past_stays(session: Session, team: Team) -> None:
    """ROT07."""
    ana, ben, cai = (team.counsellor(f"{name} Example") for name in ("Ana", "Ben", "Cai"))
    weekly = Turns(time(9), time(15), Turn.WEEK, 1, frozenset(range(5)))
    row = a_rotation(session, [ana], [ben], turns=weekly)
    filled(session, row, 14)
    publish(session)
    before = rota(session)
    wednesday = MONDAY + 2 * DAY

    later = patterns.change_people(
        session, pattern_id=row.id, groups=[[ana], [cai], [ben]], today=wednesday, by=None, now=NOON
    )

    assert rota(session) == before
    old, new = seen(session, row, 28), seen(session, later, 28)
    assert (row.until, later.first_day) == (MONDAY + 7 * DAY, MONDAY + 7 * DAY)
    assert (old.there, len(old.shifts)) == (5, 0)  # Ana's week, which is worked already
    assert (new.there, [shift.counsellor_id for shift in new.shifts]) == (5, [ana] * 5 + [cai] * 5)  # Ben's is planned


def test_before_a_pattern_begins_its_people_change_at_once(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    row = a_rotation(session, [ana])

    same = patterns.change_people(session, pattern_id=row.id, groups=[[ben]], today=NOON.date(), by=None, now=NOON)

    assert same.id == row.id
    assert {shift.counsellor_id for shift in seen(session, row, 3).shifts} == {ben}


def test_filling_twice_plans_nothing_twice(session: Session, team: Team) -> None:
    row = a_grid(session, team.counsellor(), [0, 2, 4])
    first = filled(session, row, 7)

    with pytest.raises(NothingToFill):
        filled(session, row, 7)
    publish(session)
    again = seen(session, row, 14)

    assert (len(first.shifts), again.there, len(again.shifts)) == (3, 3, 3)


def test_what_has_begun_and_whoever_will_have_left_is_named(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    session.get_one(CounsellorRow, ben).left_on = NOON.date() + DAY
    row = a_rotation(session, [ana, ben], turns=Turns(time(9), time(15)), first_day=NOON.date())

    found = seen(session, row, 2, first_day=NOON.date())

    assert [(one.counsellor_id, one.why) for one in found.unfilled] == [
        (ana, patterns.PAST), (ben, patterns.PAST), (ben, patterns.GONE),
    ]  # fmt: skip


def test_a_pattern_that_would_fill_ten_years_is_refused_and_nothing_of_it_is_kept(session: Session, team: Team) -> None:
    row = a_rotation(session, [team.counsellor()])

    with pytest.raises(FillsTooMuch, match="at most a year"):
        filled(session, row, 3_650)

    assert session.scalar(select(func.count(DraftLineRow.id))) == 0


def test_patterns_that_cannot_be_are_refused_with_words(session: Session, team: Team) -> None:
    ana = team.counsellor()
    grid = a_grid(session, ana, [0])

    with pytest.raises(patterns.CycleRefused, match="from 1 to 53"):
        patterns.add_grid(session, name="Long", monday=MONDAY, weeks=54, by=None, now=NOON)
    with pytest.raises(patterns.NameIsMissing):
        patterns.add_grid(session, name=" ", monday=MONDAY, weeks=1, by=None, now=NOON)
    with pytest.raises(TurnsRefused):
        a_rotation(session, [])
    with pytest.raises(patterns.WeekdaysMissing):
        a_rotation(session, [ana], turns=Turns(time(9), time(15), weekdays=frozenset()))
    with pytest.raises(patterns.IntervalRefused):
        a_rotation(session, [ana], turns=Turns(time(9), time(15), interval=0))
    with pytest.raises(SlotRefused, match="already"):
        slots(session, grid, ana, week=0)
    with pytest.raises(SlotRefused, match="week from 1 to 1"):
        slots(session, grid, ana, week=1)


def slots(session: Session, row: PatternRow, person: int, week: int) -> None:
    patterns.add_slots(
        session,
        pattern_id=row.id,
        counsellor_id=person,
        week=week,
        weekdays=[0],
        starts=time(9),
        ends=time(17),
        by=None,
        now=NOON,
    )


def test_a_pattern_goes_from_its_page_into_the_draft(session: Session, team: Team, signed_in: SignIn) -> None:
    team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    supervisor = signed_in()

    added = supervisor.send(
        f"{PATTERNS}/rotations", page=PATTERNS, name="Evenings", first_day="2026-11-30", starts="14:00", ends="20:00",
        interval="1", turn="day", weekdays=["0", "1", "2", "3", "4"], people="Ana Example\nben example",
    )  # fmt: skip
    page = f"{PATTERNS}/1"
    shown = supervisor.get(f"{page}?first=2026-11-30&last=2026-12-06").text
    supervisor.send(f"{page}/draft", page=page, first="2026-11-30", last="2026-12-06")
    drafted = supervisor.get("/staff/rota/draft?week=2026-W49").text
    supervisor.send("/staff/rota/draft/publication", page="/staff/rota/draft")

    assert added.location == page
    assert "Ana Example, Monday 30 November, 14:00 to 20:00" in shown
    assert "5 shifts are in your draft. None was left out." in drafted
    assert [name[:3] for name, _ in rota(session)] == ["Ana", "Ben", "Ana", "Ben", "Ana"]


def test_a_grid_is_made_on_its_page_line_by_line(session: Session, team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor("Ana Example")
    supervisor = signed_in()
    page = f"{PATTERNS}/1"

    supervisor.send(f"{PATTERNS}/grids", page=PATTERNS, grid_name="Days", grid_day="2026-12-02", weeks="2")
    for week in ("1", "2"):
        supervisor.send(
            f"{page}/slots", page=page, counsellor=ana, week=week, starts="09:00", ends="15:00", weekdays=["1", "3"]
        )
    supervisor.send(f"{page}/slots/1/removal", page=page)
    shown = supervisor.get(f"{page}?first=2026-11-30&last=2026-12-13").text

    assert "Grid, a cycle of 2 weeks, from Monday 30 November: 3 lines" in shown
    assert "Ana Example, week 2, Thursday, 09:00 to 15:00" in shown
    assert "<b>3</b> <span>can be planned</span>" in shown
    noted = session.scalars(select(JournalRow).where(JournalRow.action == "pattern_changed")).all()
    assert [len((row.after or {})["slots"]) for row in noted] == [2, 4, 3]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"people": "Nobody Example"}, "Nobody on the team, or more than one person, is called Nobody Example"),
        ({"people": " "}, "Enter the people who take turns"),
        ({"weekdays": []}, "Choose at least one weekday"),
        ({"interval": "0"}, "Enter a number from 1 to 366"),
        ({"starts": "25:00"}, "Enter when the shift starts"),
        ({"first_day": ""}, "Enter the first day"),
        ({"name": ""}, "Enter a name"),
    ],
)
def test_turns_that_cannot_be_are_said_on_the_page_and_nothing_typed_is_lost(
    typed: dict[str, object], words: str, session: Session, team: Team, signed_in: SignIn
) -> None:
    team.counsellor("Ana Example")
    fields: dict[str, object] = {
        "name": "Evenings", "first_day": "2026-11-30", "starts": "14:00", "ends": "20:00", "interval": "1",
        "turn": "day", "weekdays": ["0", "1"], "people": "Ana Example",
    }  # fmt: skip

    answer = signed_in().send(f"{PATTERNS}/rotations", page=PATTERNS, **(fields | typed))

    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="20:00"' in answer.text
    assert session.scalar(select(func.count(PatternRow.id))) == 0


def test_a_period_that_cannot_be_filled_is_said_on_the_page(session: Session, team: Team, signed_in: SignIn) -> None:
    row = a_rotation(session, [team.counsellor("Ana Example")])
    session.commit()
    supervisor, page = signed_in(), f"{PATTERNS}/{row.id}"

    ten_years = supervisor.send(f"{page}/draft", page=page, first="2026-11-30", last="2036-11-30")
    backwards = supervisor.get(f"{page}?first=2026-12-30&last=2026-11-30")
    nothing = supervisor.get(f"{page}?first=&last=")

    for answer, words in ((ten_years, "at most a year"), (backwards, "later last day"), (nothing, "Enter the")):
        assert answer.status_code == 422
        assert words in answer.text
    assert session.scalar(select(func.count(DraftLineRow.id))) == 0


def test_patterns_are_for_planners(team: Team, signed_in: SignIn) -> None:
    team.counsellor("Ana Example")

    assert signed_in(email="ana@example.org").get(PATTERNS).status_code == 403
    assert signed_in(Role.ADMIN).get(f"{PATTERNS}/9").status_code == 404


def test_removing_a_pattern_leaves_what_was_planned_from_it(session: Session, team: Team, signed_in: SignIn) -> None:
    row = a_grid(session, team.counsellor(), [0])
    filled(session, row, 7)
    publish(session)
    session.commit()
    supervisor, page = signed_in(), f"{PATTERNS}/{row.id}"

    supervisor.send(f"{page}/removal", page=page)

    assert "There is no pattern yet" in supervisor.get(PATTERNS).text
    assert len(rota(session)) == 1

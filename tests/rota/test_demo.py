"""The demonstration rota: believable, legal, with exactly two gaps, and safe to load again."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foundation.phone import Phone
from rota import queries
from rota.domain.coverage import CoverState
from rota.domain.shifts import Span
from rota.domain.wording import gap_words
from rota.models import CounsellorRow, ShiftRow
from rota.operations.alert import is_anybody_alerted
from rota.operations.demo import load_demo
from tests.rota.planning import LONDON, NOON, london

TWO_WEEKS = Span(london("2026-11-23", "00:00"), london("2026-12-07", "00:00"))


@pytest.fixture
def _loaded(session: Session) -> None:
    load_demo(session, zone=LONDON, now=NOON)
    session.commit()


@pytest.mark.usefixtures("_loaded")
def test_two_weeks_are_covered_but_for_two_gaps(session: Session) -> None:
    found = queries.coverage(session, start=TWO_WEEKS.starts_at, end=TWO_WEEKS.ends_at, zone=LONDON)

    assert [(gap.state, gap_words(gap, LONDON)) for gap in found.gaps] == [
        (
            CoverState.CRITICAL,
            "Friday 27 November, 04:00 to 06:00: only 1 on, 2 needed; nobody on is trained for crisis",
        ),
        (CoverState.UNCOVERED, "Saturday 28 November, 06:00 to 08:00: nobody on, 2 needed"),
    ]


@pytest.mark.usefixtures("_loaded")
def test_nobody_in_it_is_overworked(session: Session) -> None:
    shifts = queries.rostered(session, start=TWO_WEEKS.starts_at, end=TWO_WEEKS.ends_at)
    own: dict[int, list[Span]] = {}
    for shift in shifts:
        own.setdefault(shift.counsellor_id, []).append(shift.span)

    rests = [two.starts_at - one.ends_at for spans in own.values() for one, two in pairwise(spans)]
    totals = [sum((span.length for span in spans), timedelta()) for spans in own.values()]
    assert min(rests) >= timedelta(hours=11)
    assert max(totals) <= timedelta(hours=2 * 40)


@pytest.mark.usefixtures("_loaded")
def test_somebody_is_free_at_every_hour_of_the_first_day(session: Session) -> None:
    free = [len(queries.counsellors_free(session, moment=NOON + timedelta(hours=hour))) for hour in range(18)]

    assert min(free) >= 2


@pytest.mark.usefixtures("_loaded")
def test_every_number_is_one_that_reaches_nobody(session: Session) -> None:
    assert all(Phone(number).is_drama for number in session.scalars(select(CounsellorRow.phone)))


@pytest.mark.usefixtures("_loaded")
@pytest.mark.parametrize("days", [0, 2, 5])
def test_loading_it_again_in_the_same_week_adds_nothing(days: int, session: Session) -> None:
    before = _counts(session)

    load_demo(session, zone=LONDON, now=NOON + timedelta(days=days))

    assert _counts(session) == before


def _counts(session: Session) -> list[int | None]:
    return [session.scalar(select(func.count()).select_from(table)) for table in (CounsellorRow, ShiftRow)]


@pytest.mark.usefixtures("_loaded")
def test_loading_it_a_week_later_grows_the_rota_without_a_seam(session: Session) -> None:
    load_demo(session, zone=LONDON, now=NOON + timedelta(days=7))

    third_week = Span(london("2026-12-07", "00:00"), london("2026-12-14", "00:00"))
    seam = Span(london("2026-12-06", "12:00"), london("2026-12-07", "12:00"))
    found = queries.coverage(session, start=third_week.starts_at, end=third_week.ends_at, zone=LONDON)
    at_seam = queries.coverage(session, start=seam.starts_at, end=seam.ends_at, zone=LONDON)
    assert len(found.gaps) == 2
    assert at_seam.gaps == []


def test_sign_ins_are_told_with_those_on_shift_first(session: Session) -> None:
    people = load_demo(session, zone=LONDON, now=NOON)

    on = [person.is_on_shift for person in people if person.role == "counsellor"]
    assert on == sorted(on, reverse=True)
    assert any(on)
    assert {str(person.role) for person in people} == {"counsellor", "supervisor", "admin"}
    assert all("@ringback.example" in str(person) for person in people)


@pytest.mark.parametrize("now", [london("2027-03-24", "12:00"), london("2027-10-27", "12:00")])
def test_it_also_fits_the_weeks_in_which_the_clocks_change(now: datetime, session: Session) -> None:
    load_demo(session, zone=LONDON, now=now)

    start = london("2027-03-22" if now.month == 3 else "2027-10-25", "00:00")
    found = queries.coverage(session, start=start, end=start + timedelta(days=13), zone=LONDON)
    assert len(found.gaps) == 2


@pytest.mark.parametrize("weekday", range(7))
def test_whatever_day_it_is_loaded_both_gaps_lie_ahead_in_this_week_and_the_next(
    weekday: int, session: Session
) -> None:
    now = TWO_WEEKS.starts_at + timedelta(days=weekday, hours=12)

    load_demo(session, zone=LONDON, now=now)

    found = queries.coverage(session, start=TWO_WEEKS.starts_at, end=TWO_WEEKS.ends_at, zone=LONDON)
    assert [gap.state for gap in found.gaps] == [CoverState.CRITICAL, CoverState.UNCOVERED]
    assert all(gap.span.starts_at > now for gap in found.gaps)


@pytest.mark.usefixtures("_loaded")
def test_hours_stand_beside_contracts_and_every_coming_shift_that_is_due_a_break_has_one(session: Session) -> None:
    week = Span(london("2026-11-30", "00:00"), london("2026-12-07", "00:00"))
    worked = {
        row.staff.name: (own.total, row.contract_minutes or row.cap_minutes)
        for row, own in queries.people_hours(session, start=week.starts_at, end=week.ends_at, zone=LONDON)
    }
    due = queries.shifts_due_a_break(session, start=NOON, end=TWO_WEEKS.ends_at)

    found = Counter((total > timedelta(minutes=most or 0)) - (total < timedelta(minutes=most or 0))
                    for total, most in worked.values())  # fmt: skip
    assert all(most for _, most in worked.values())
    assert found[0] > found[1] + found[-1] > 2
    assert due
    assert all(each.breaks for each in due)


@pytest.mark.usefixtures("_loaded")
def test_no_rule_stands_against_it_and_a_supervisor_is_alerted(session: Session) -> None:
    found = queries.findings(session, start=TWO_WEEKS.starts_at, end=TWO_WEEKS.ends_at, zone=LONDON)

    assert {finding.rule for own in found.values() for finding in own if not finding.is_advice} == set()
    assert is_anybody_alerted(session)

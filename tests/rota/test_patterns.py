"""Patterns: tiny tables of who works when, by the ids of the worked cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.web.times import clock_time
from rota.domain.notices import a_day_before, day_before
from rota.domain.patterns import FillsTooMuch, Grid, NobodyTakesTurns, Rotation, Slot, Turn, fill, handovers
from rota.domain.resolution import PersonSpan, resolve, who_is_on
from rota.domain.shifts import Span

LONDON = ZoneInfo("Europe/London")
A, B, C, D = 1, 2, 3, 4
NAMES = {A: "A", B: "B", C: "C", D: "D"}
WEEKDAYS = frozenset(range(5))
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def a_rotation(*groups: tuple[int, ...], first: str, **more: object) -> Rotation:
    defaults = {"starts": time(8), "ends": time(16)}
    return Rotation(groups, date.fromisoformat(first), **(defaults | more))  # type: ignore[arg-type]  # a builder


def table(pattern: Grid | Rotation, first: str, days: int) -> dict[str, str]:
    """Day → who starts on it."""
    found: dict[str, str] = {}
    first_day = date.fromisoformat(first)
    for shift in fill(pattern, first_day=first_day, until=first_day + days * DAY, zone=LONDON).shifts:
        day = shift.span.starts_at.astimezone(LONDON).date().isoformat()
        found[day] = found.get(day, "") + NAMES[shift.counsellor_id]
    return found


@pytest.mark.parametrize(("pattern", "first", "days", "expected"), [
    pytest.param(
        a_rotation((A,), (B,), (C,), first="2024-08-01", weekdays=frozenset({4})), "2024-08-01", 21,
        {"2024-08-02": "A", "2024-08-09": "B", "2024-08-16": "C"}, id="ROT01"),
    pytest.param(
        a_rotation((A,), (B,), (C,), (D,), first="2024-08-05", interval=2, weekdays=WEEKDAYS), "2024-08-05", 10,
        {"2024-08-05": "A", "2024-08-06": "A", "2024-08-07": "B", "2024-08-08": "B", "2024-08-09": "C",
         "2024-08-12": "C", "2024-08-13": "D", "2024-08-14": "D"}, id="ROT03"),
    pytest.param(
        a_rotation((A, B), (C,), first="2024-08-14"), "2024-08-14", 4,
        {"2024-08-14": "AB", "2024-08-15": "C", "2024-08-16": "AB", "2024-08-17": "C"}, id="ROT05"),
    pytest.param(a_rotation((A,), first="2024-08-14"), "2024-08-01", 13, {}, id="ROT09"),
    pytest.param(
        a_rotation((A,), (B,), (C,), first="2028-02-28"), "2028-02-28", 3,
        {"2028-02-28": "A", "2028-02-29": "B", "2028-03-01": "C"}, id="BND12"),
    pytest.param(
        Grid(date(2026, 12, 21), (Slot(A, 0, time(9), time(17)), Slot(B, 0, time(9), time(17), week=1)), weeks=2),
        "2026-12-21", 28,
        {"2026-12-21": "A", "2026-12-28": "B", "2027-01-04": "A", "2027-01-11": "B"}, id="a-fortnight-across-week-53"),
])  # fmt: skip
def test_who_starts_on_which_day(pattern: Grid | Rotation, first: str, days: int, expected: dict[str, str]) -> None:
    assert table(pattern, first, days) == expected


@pytest.mark.parametrize(("rotation", "expected"), [
    pytest.param(
        a_rotation((A,), (B,), first="2026-03-28", starts=time(1, 30), ends=time(1, 30)),
        ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"], id="DST07"),
    pytest.param(
        a_rotation((A,), (B,), (C,), first="2026-10-25", starts=time(0), ends=time(0), turn=Turn.HOUR),
        ["2026-10-24T23:00Z", "2026-10-25T00:00Z", "2026-10-25T02:00Z", "2026-10-25T03:00Z"], id="DST11"),
    pytest.param(
        a_rotation((A,), (B,), first="2026-03-23", starts=time(9), ends=time(9), turn=Turn.WEEK),
        ["2026-03-23T09:00Z", "2026-03-30T08:00Z"], id="DST05"),
    pytest.param(
        a_rotation((A,), (B,), first="2026-01-31", starts=time(0), ends=time(0), turn=Turn.MONTH),
        ["2026-01-31T00:00Z", "2026-02-28T00:00Z", "2026-03-30T23:00Z", "2026-04-29T23:00Z"], id="BND10"),
])  # fmt: skip
def test_turns_begin_at_the_same_wall_time_whatever_the_clocks_do(rotation: Rotation, expected: list[str]) -> None:
    found = handovers(rotation, number=len(expected), zone=LONDON)

    assert found == [utc(each) for each in expected]


def test_an_hourly_rotation_skips_nobody_on_the_night_the_clocks_go_back() -> None:
    """DST11."""
    rotation = a_rotation((A,), (B,), (C,), first="2026-10-25", starts=time(0), ends=time(3), turn=Turn.HOUR)

    shifts = fill(rotation, first_day=date(2026, 10, 25), until=date(2026, 10, 26), zone=LONDON).shifts

    assert [(NAMES[shift.counsellor_id], shift.span.length) for shift in shifts] == [
        ("A", timedelta(hours=1)), ("B", timedelta(hours=2)), ("C", timedelta(hours=1)),
    ]  # fmt: skip


def test_a_weekly_turn_over_the_spring_change_is_167_hours_of_one_person() -> None:
    """DST05."""
    rotation = a_rotation((A,), (B,), first="2026-03-23", starts=time(9), ends=time(9), turn=Turn.WEEK)

    shifts = fill(rotation, first_day=date(2026, 3, 23), until=date(2026, 3, 30), zone=LONDON).shifts
    whole = resolve(shifts, start=utc("2026-03-01T00:00Z"), end=utc("2026-05-01T00:00Z"))

    assert whole == [PersonSpan(A, utc("2026-03-23T09:00Z"), utc("2026-03-30T08:00Z"))]
    assert whole[0].ends_at - whole[0].starts_at == timedelta(hours=167)


def test_a_shift_that_the_clocks_skip_is_dropped_and_flagged() -> None:
    """DST09."""
    rotation = a_rotation((A,), first="2026-03-28", starts=time(1), ends=time(2))

    filled = fill(rotation, first_day=date(2026, 3, 28), until=date(2026, 3, 31), zone=LONDON)

    assert len(filled.shifts) == 2
    assert [(dropped.counsellor_id, dropped.day) for dropped in filled.dropped] == [(A, date(2026, 3, 29))]


def test_days_from_eight_to_eight_on_weekdays_are_one_stretch_from_monday_to_saturday() -> None:
    """BND03."""
    rotation = a_rotation((A,), first="2026-11-23", starts=time(8), ends=time(8), weekdays=WEEKDAYS)

    shifts = fill(rotation, first_day=date(2026, 11, 23), until=date(2026, 11, 30), zone=LONDON).shifts

    assert resolve(shifts, start=utc("2026-11-23T00:00Z"), end=utc("2026-12-01T00:00Z")) == [
        PersonSpan(A, utc("2026-11-23T08:00Z"), utc("2026-11-28T08:00Z"))
    ]


def test_whoever_worked_or_is_on_stays_when_the_members_change() -> None:
    """ROT07."""
    rotation = a_rotation((A,), (B,), (C,), first="2026-11-23", turn=Turn.WEEK)

    before, after = rotation.changed(((A,), (C,), (D,)), today=date(2026, 12, 2))

    assert table(before, "2026-11-23", 28) == {
        (date(2026, 11, 23) + n * DAY).isoformat(): "A" if n < 7 else "B" for n in range(14)
    }
    turns = [table(after, f"2026-12-{day:02d}", 1) for day in (1, 7, 14, 21)]
    assert turns == [{}, {"2026-12-07": "C"}, {"2026-12-14": "D"}, {"2026-12-21": "A"}]


@pytest.mark.parametrize(("day", "wall"), [
    pytest.param("2026-03-01", "17:00", id="winter"),
    pytest.param("2026-03-15", "18:00", id="only-there-is-it-summer"),
    pytest.param("2026-04-05", "17:00", id="summer"),
])  # fmt: skip
def test_a_handover_is_shown_in_the_viewer_s_own_zone(day: str, wall: str) -> None:
    """DST18."""
    rotation = a_rotation((A,), first=day, starts=time(22), ends=time(6))

    (handover,) = handovers(rotation, number=1, zone=LONDON)

    assert clock_time(handover, zone=ZoneInfo("America/New_York")) == wall


def test_a_reminder_is_a_day_before_by_the_clock_on_the_wall_or_by_elapsed_time() -> None:
    """DST20."""
    starts = utc("2026-03-29T21:00Z")

    assert a_day_before(starts) == utc("2026-03-28T21:00Z")
    assert day_before(starts, zone=LONDON) == utc("2026-03-28T18:00Z")


def test_a_pattern_that_would_fill_ten_years_is_refused_with_words() -> None:
    with pytest.raises(FillsTooMuch, match="Enter an earlier last day"):
        fill(a_rotation((A,), first="2026-01-01"), first_day=date(2026, 1, 1), until=date(2036, 1, 1), zone=LONDON)
    many = a_rotation(tuple(range(100)), first="2026-01-01")
    with pytest.raises(FillsTooMuch, match="20,000 shifts"):
        fill(many, first_day=date(2026, 1, 1), until=date(2026, 12, 1), zone=LONDON)


def test_a_pattern_needs_somebody() -> None:
    with pytest.raises(NobodyTakesTurns, match="at least one person"):
        a_rotation(first="2026-01-01")


rotations = st.builds(
    Rotation,
    groups=st.lists(st.tuples(st.integers(1, 6)), min_size=1, max_size=4).map(tuple),
    first_day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    starts=st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda wall: wall.replace(second=0, microsecond=0)),
    turn=st.sampled_from(Turn),
    interval=st.integers(1, 3),
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
)


@given(rotations, st.integers(0, 20), st.integers(0, 20))
def test_a_pattern_filled_in_two_parts_is_the_pattern_filled_at_once(pattern: Rotation, n: int, m: int) -> None:
    first, cut, last = pattern.first_day, pattern.first_day + n * DAY, pattern.first_day + (n + m) * DAY

    whole = fill(pattern, first_day=first, until=last, zone=LONDON).shifts
    parts = [fill(pattern, first_day=a, until=b, zone=LONDON).shifts for a, b in ((first, cut), (cut, last))]

    assert sorted(whole, key=str) == sorted(parts[0] + parts[1], key=str)


@given(rotations)
def test_who_is_on_a_filled_pattern_is_what_the_resolver_says(pattern: Rotation) -> None:
    shifts = fill(pattern, first_day=pattern.first_day, until=pattern.first_day + 5 * DAY, zone=LONDON).shifts
    start = datetime.combine(pattern.first_day, time(), UTC)

    for moment in (start + n * timedelta(minutes=97) for n in range(70)):
        spans = resolve(shifts, start=moment, end=moment + timedelta(minutes=1))
        assert who_is_on(shifts, moment=moment) == sorted({span.counsellor_id for span in spans})


@given(rotations.filter(lambda rotation: rotation.turn is not Turn.HOUR))
def test_turns_come_in_order_and_skip_nobody(pattern: Rotation) -> None:
    days = [pattern.first_day + n * DAY for n in range(200)]
    numbers = [pattern.turn_number(day) for day in days if day.weekday() in pattern.weekdays]

    if pattern.turn is Turn.DAY:
        assert all(later - earlier in (0, 1) for earlier, later in pairwise(numbers))
    assert numbers == sorted(numbers)


def test_a_span_is_half_open_so_that_two_turns_never_share_a_minute() -> None:
    rotation = a_rotation((A,), (B,), first="2026-11-23", starts=time(9), ends=time(9))

    first, second = fill(rotation, first_day=date(2026, 11, 23), until=date(2026, 11, 25), zone=LONDON).shifts

    assert first.span == Span(utc("2026-11-23T09:00Z"), second.span.starts_at)

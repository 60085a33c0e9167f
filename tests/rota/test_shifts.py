"""Wall times become instants, also on the nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from rota.domain.shifts import (
    EndsBeforeStart,
    InThePast,
    ShiftHasBegun,
    ShiftIsOver,
    Span,
    TooLong,
    ZeroLength,
    check_move,
    check_new,
    instant_of,
    planned,
)

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("day", "starts", "ends", "span", "length"),
    [
        pytest.param("2026-03-28", "22:00", "06:00", ("2026-03-28T22:00Z", "2026-03-29T05:00Z"), 7, id="DST01"),
        pytest.param("2026-03-29", "00:00", "00:00", ("2026-03-29T00:00Z", "2026-03-29T23:00Z"), 23, id="DST03"),
        pytest.param("2026-10-24", "22:00", "06:00", ("2026-10-24T21:00Z", "2026-10-25T06:00Z"), 9, id="autumn-night"),
        pytest.param("2026-10-25", "00:00", "00:00", ("2026-10-24T23:00Z", "2026-10-26T00:00Z"), 25, id="autumn-day"),
        pytest.param("2026-11-24", "06:00", "14:00", ("2026-11-24T06:00Z", "2026-11-24T14:00Z"), 8, id="winter"),
    ],
)
def test_a_planned_shift_lasts_as_long_as_the_clock_really_runs(
    day: str, starts: str, ends: str, span: tuple[str, str], length: float
) -> None:
    planned_span = planned(date.fromisoformat(day), time.fromisoformat(starts), time.fromisoformat(ends), LONDON)

    assert planned_span == Span(utc(span[0]), utc(span[1]))
    assert planned_span.length == hours(length)


@pytest.mark.parametrize(("day", "wall", "instant"), [
    pytest.param(date(2026, 3, 28), "01:30", "2026-03-28T01:30Z", id="DST07-the-night-before"),
    pytest.param(date(2026, 3, 29), "01:30", "2026-03-29T01:00Z", id="DST07-skipped"),
    pytest.param(date(2026, 3, 30), "01:30", "2026-03-30T00:30Z", id="DST07-the-night-after"),
    pytest.param(date(2026, 10, 25), "00:00", "2026-10-24T23:00Z", id="DST11-midnight"),
    pytest.param(date(2026, 10, 25), "01:00", "2026-10-25T00:00Z", id="DST11-first-of-two"),
    pytest.param(date(2026, 10, 25), "02:00", "2026-10-25T02:00Z", id="DST11-after"),
    pytest.param(date(2026, 3, 23), "09:00", "2026-03-23T09:00Z", id="DST05-winter"),
    pytest.param(date(2026, 3, 30), "09:00", "2026-03-30T08:00Z", id="DST05-summer"),
])  # fmt: skip
def test_a_skipped_wall_time_is_the_first_instant_after_the_gap_and_a_repeated_one_the_first_of_two(
    day: date, wall: str, instant: str
) -> None:
    assert instant_of(day, time.fromisoformat(wall), LONDON) == utc(instant)


def test_other_zones_follow_the_same_rule() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # its clocks move by half an hour

    assert instant_of(date(2026, 10, 4), time(2, 15), lord_howe) == utc("2026-10-03T15:30Z")


def test_a_shift_in_the_hour_that_does_not_exist_is_dropped() -> None:
    """DST09."""
    assert planned(date(2026, 3, 29), time(1), time(2), LONDON) is None


def test_fourteen_nights_over_the_autumn_change_are_113_hours() -> None:
    """DST17."""
    nights = [planned(date(2026, 10, 19) + timedelta(days=n), time(22), time(6), LONDON) for n in range(14)]

    assert sum((night.length for night in nights if night), timedelta()) == hours(113)


def test_same_zone_subtraction_does_not_fool_the_length() -> None:
    """DST15."""
    span = Span(datetime(2026, 3, 28, 22, tzinfo=LONDON), datetime(2026, 3, 29, 6, tzinfo=LONDON))

    assert span.length == hours(7)


def test_a_span_holds_its_start_and_not_its_end() -> None:
    """BND01."""
    span = Span(NOON, NOON + hours(8))

    assert span.covers(NOON)
    assert not span.covers(NOON + hours(8))


def test_a_span_that_ends_before_or_when_it_starts_is_refused_with_words() -> None:
    with pytest.raises(EndsBeforeStart, match="Enter a later end"):
        Span(NOON, NOON - hours(1))
    with pytest.raises(ZeroLength, match="Enter a later end"):
        Span(NOON, NOON)


def test_a_new_shift_may_begin_now_but_not_in_the_past() -> None:
    check_new(Span(NOON - timedelta(minutes=5), NOON + hours(1)), zone=LONDON, now=NOON)

    with pytest.raises(InThePast, match="never rewritten"):
        check_new(Span(NOON - timedelta(minutes=6), NOON + hours(1)), zone=LONDON, now=NOON)


def test_a_shift_may_last_a_whole_day_even_when_that_day_has_25_hours() -> None:
    long_day = Span(utc("2027-10-30T23:00Z"), utc("2027-11-01T00:00Z"))

    check_new(long_day, zone=LONDON, now=NOON)

    with pytest.raises(TooLong, match="two shifts"):
        check_new(Span(NOON, NOON + hours(24) + timedelta(minutes=1)), zone=LONDON, now=NOON)


def test_a_shift_that_is_over_stays_as_it_was() -> None:
    over = Span(NOON - hours(8), NOON)

    with pytest.raises(ShiftIsOver):
        check_move(over, Span(NOON, NOON + hours(8)), zone=LONDON, same_person=True, now=NOON)


def test_a_running_shift_can_end_earlier_or_later_and_nothing_else() -> None:
    running = Span(NOON - hours(2), NOON + hours(6))

    check_move(running, Span(running.starts_at, NOON), zone=LONDON, same_person=True, now=NOON)
    check_move(running, Span(running.starts_at, NOON + hours(8)), zone=LONDON, same_person=True, now=NOON)

    with pytest.raises(ShiftHasBegun):
        check_move(running, Span(NOON, NOON + hours(6)), zone=LONDON, same_person=True, now=NOON)
    with pytest.raises(ShiftHasBegun):
        check_move(running, running, zone=LONDON, same_person=False, now=NOON)
    with pytest.raises(ShiftHasBegun):
        check_move(running, Span(running.starts_at, NOON - hours(1)), zone=LONDON, same_person=True, now=NOON)

"""Instants in words, on ordinary days and on the two nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from foundation.web.times import between, clock_time, clocks_change_on, day_name, hours

LONDON = ZoneInfo("Europe/London")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "name"),
    [
        (NOON, "today"),
        (NOON + timedelta(hours=12), "tomorrow"),
        (NOON + timedelta(days=2), "Thursday 26 November"),
        (NOON - timedelta(days=1), "Monday 23 November"),
    ],
)
def test_days_near_at_hand_have_names(moment: datetime, name: str) -> None:
    assert day_name(moment, zone=LONDON, now=NOON) == name


def test_a_span_is_said_in_one_breath() -> None:
    assert between(NOON, NOON + HOUR, zone=LONDON, now=NOON) == "today between 12:00 and 13:00"


def test_a_span_over_midnight_names_both_days() -> None:
    late = datetime(2026, 11, 24, 23, 40, tzinfo=UTC)

    assert between(late, late + HOUR, zone=LONDON, now=NOON) == "today between 23:40 and 00:40 tomorrow"


@pytest.mark.parametrize(
    ("utc", "said"),
    [
        ((2026, 10, 24, 23, 30), "00:30"),
        ((2026, 10, 25, 0, 30), "01:30 (before the clocks go back)"),
        ((2026, 10, 25, 1, 30), "01:30 (after the clocks go back)"),
        ((2026, 10, 25, 2, 0), "02:00"),
        ((2026, 3, 29, 0, 59), "00:59"),
        ((2026, 3, 29, 1, 0), "02:00"),
    ],
)
def test_an_hour_that_comes_twice_says_which_it_is(utc: tuple[int, int, int, int, int], said: str) -> None:
    assert clock_time(datetime(*utc, tzinfo=UTC), zone=LONDON) == said


@pytest.mark.parametrize(
    ("utc", "said"),
    [
        ((2026, 10, 24, 23), "00:00 to 01:00"),
        ((2026, 10, 25, 0), "01:00 to 02:00 (before the clocks go back)"),
        ((2026, 10, 25, 1), "01:00 to 02:00 (after the clocks go back)"),
        ((2026, 10, 25, 2), "02:00 to 03:00"),
        ((2026, 3, 29, 0), "00:00 to 01:00"),
        ((2026, 3, 29, 1), "02:00 to 03:00"),
        ((2026, 11, 24, 23), "23:00 to 00:00"),
    ],
)
def test_every_hour_looks_like_an_hour(utc: tuple[int, int, int, int], said: str) -> None:
    starts = datetime(*utc, tzinfo=UTC)

    assert hours(starts, starts + HOUR, zone=LONDON) == said


@pytest.mark.parametrize(
    ("day", "longer"), [(date(2026, 10, 25), HOUR), (date(2026, 3, 29), -HOUR), (date(2026, 11, 24), timedelta())]
)
def test_a_day_knows_that_it_is_longer_or_shorter(day: date, longer: timedelta) -> None:
    assert clocks_change_on(day, zone=LONDON) == longer

"""Working time: one rule, minimal facts, the exact figure, by the ids of the worked cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.domain.bank_holidays import bank_holidays
from rota.domain.hours import Hours, balance, hours
from rota.domain.resolution import PersonSpan
from rota.domain.rules import Finding, Limits, Rule, Site, Terms
from rota.domain.shifts import Span, planned
from rota.domain.working_time import check, night_time, verdict

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)
LIMITS, TERMS = Limits(), Terms()
MONDAY = date(2026, 11, 23)


def wall(day: date, starts: str, ends: str) -> Span:
    span = planned(day, time.fromisoformat(starts), time.fromisoformat(ends), LONDON)
    assert span
    return span


def run(starts: str, ends: str, *days: int, first: date = MONDAY) -> list[Span]:
    return [wall(first + timedelta(days=day), starts, ends) for day in days]


def found(shifts: list[Span], rule: Rule, **more: Any) -> list[Finding]:
    settings: dict[str, Any] = {"terms": TERMS, "limits": LIMITS, "zone": LONDON} | more
    return [finding for finding in check(shifts, **settings) if finding.rule is rule]


def test_rest_over_the_spring_change_is_an_hour_shorter_than_the_walls_say() -> None:
    """DST13."""
    evening = wall(date(2026, 3, 28), "15:00", "23:00")
    morning = wall(date(2026, 3, 29), "10:00", "18:00")

    (finding,) = found([evening, morning], Rule.DAILY_REST)

    assert (finding.found, finding.limit, finding.shifts) == (10 * HOUR, 11 * HOUR, (evening, morning))


def test_eleven_hours_are_enough_and_a_minute_less_is_not() -> None:
    late = wall(MONDAY, "14:00", "22:00")

    assert not found([late, wall(MONDAY + timedelta(days=1), "09:00", "13:00")], Rule.DAILY_REST)
    assert found([late, wall(MONDAY + timedelta(days=1), "08:59", "13:00")], Rule.DAILY_REST)


def test_two_shifts_in_a_row_that_leave_no_eleven_hours_of_a_day_are_found() -> None:
    double = [wall(MONDAY, "06:00", "14:00"), wall(MONDAY, "14:00", "22:00")]

    (finding,) = found(double, Rule.DAILY_REST)

    assert finding.found == 8 * HOUR


def test_the_seventh_day_in_a_row_is_one_too_many() -> None:
    """WRK01."""
    assert not found(run("09:00", "13:00", *range(6)), Rule.CONSECUTIVE_DAYS)

    (finding,) = found(run("09:00", "13:00", *range(7)), Rule.CONSECUTIVE_DAYS)

    assert (finding.found.days, finding.limit.days, len(finding.shifts)) == (7, 6, 7)


@pytest.mark.parametrize(("day", "starts", "ends", "hours_at_night"), [
    pytest.param(MONDAY, "22:00", "10:00", 7, id="WRK03"),
    pytest.param(MONDAY, "23:00", "09:00", 7, id="all-of-a-night"),
    pytest.param(MONDAY, "05:00", "13:00", 1, id="the-end-of-one"),
    pytest.param(MONDAY, "08:00", "16:00", 0, id="a-day"),
    pytest.param(date(2026, 3, 28), "22:00", "06:00", 6, id="spring"),
    pytest.param(date(2026, 10, 24), "22:00", "06:00", 8, id="autumn"),
])  # fmt: skip
def test_night_time_is_from_23_to_6_by_the_clock_and_elapsed(
    day: date, starts: str, ends: str, hours_at_night: int
) -> None:
    assert night_time(wall(day, starts, ends), limits=LIMITS, zone=LONDON) == hours_at_night * HOUR


def test_a_week_needs_a_rest_of_thirty_five_hours() -> None:
    every_day = run("08:00", "12:00", *range(21))
    one_off = run("08:00", "12:00", 0, 1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13)

    assert [finding.found for finding in found(every_day, Rule.WEEKLY_REST)] == [20 * HOUR, 20 * HOUR]
    assert len(found(every_day[:14], Rule.WEEKLY_REST)) == 1  # nothing is planned yet in the week after the second
    assert not found(one_off, Rule.WEEKLY_REST)


def test_one_long_rest_in_a_fortnight_does_as_well() -> None:
    long_rest = run("08:00", "12:00", *range(7), 9, 10, 11, 12, 13)

    assert not found(long_rest, Rule.WEEKLY_REST)


def test_more_than_48_hours_on_average_need_an_opt_out() -> None:
    fifty = [span for week in range(17) for span in run("08:00", "18:00", *(7 * week + day for day in range(5)))]

    (finding,) = found(fifty, Rule.WEEKLY_HOURS)

    assert (finding.found, finding.limit) == (50 * HOUR, 48 * HOUR)
    assert not found(fifty, Rule.WEEKLY_HOURS, terms=Terms(opted_out_from=MONDAY))
    assert found(fifty, Rule.WEEKLY_HOURS, terms=Terms(opted_out_from=MONDAY, opted_out_until=MONDAY))


def test_days_of_leave_are_made_up_from_the_days_after() -> None:
    """(A + B) / C: a week off does not bring the average down."""
    weeks = [week for week in range(18) if week != 3]
    fifty = [span for week in weeks for span in run("08:00", "18:00", *(7 * week + day for day in range(5)))]
    away = Span(*(wall(MONDAY + timedelta(days=day), "00:00", "01:00").starts_at for day in (21, 28)))

    (finding,) = found(fifty, Rule.WEEKLY_HOURS, leave=[away])

    assert finding.found == 50 * HOUR
    assert not found(fifty, Rule.WEEKLY_HOURS)


def test_four_nights_of_twelve_hours_are_exactly_the_limit() -> None:
    """48 / 6 = 8.0."""
    four = [span for week in range(3) for span in run("19:00", "07:00", *(7 * week + day for day in range(4)))]
    five = [span for week in range(3) for span in run("19:00", "07:00", *(7 * week + day for day in range(5)))]

    assert not found(four, Rule.NIGHT_HOURS)
    assert [finding.found for finding in found(five, Rule.NIGHT_HOURS)] == [10 * HOUR]
    assert found(four, Rule.HAZARDOUS_NIGHT, limits=replace(LIMITS, is_hazardous=True))


def test_a_volunteer_s_own_cap_stands_against_and_a_contract_only_advises() -> None:
    shifts = run("10:00", "14:00", 0, 2)

    (cap,) = found(shifts, Rule.OWN_CAP, terms=Terms(is_volunteer=True, cap=4 * HOUR))
    (contract,) = found(shifts, Rule.CONTRACT, terms=Terms(contract=6 * HOUR))

    assert (cap.found, cap.is_advice, contract.found, contract.is_advice) == (8 * HOUR, False, 8 * HOUR, True)


def test_a_shift_of_more_than_six_hours_has_a_break() -> None:
    assert not found(run("08:00", "14:00", 0), Rule.BREAK)
    assert [finding.found for finding in found(run("08:00", "14:01", 0), Rule.BREAK)] == [timedelta(minutes=20)]


def judged(proposed: Span, others: list[Span], **more: Any) -> list[Rule]:
    settings: dict[str, Any] = {"terms": TERMS, "limits": LIMITS, "zone": LONDON} | more
    return [finding.rule for finding in verdict(proposed, others, **settings).against]


def test_a_verdict_is_what_the_new_shift_breaks_and_nothing_that_was_broken_before() -> None:
    broken = [wall(MONDAY, "14:00", "22:00"), wall(MONDAY + timedelta(days=1), "06:00", "10:00")]

    assert judged(wall(MONDAY + timedelta(days=3), "09:00", "13:00"), broken) == []
    assert judged(wall(MONDAY + timedelta(days=1), "20:00", "23:00"), broken) == [Rule.DAILY_REST]


@pytest.mark.parametrize(("starts", "ends", "is_clash"), [("12:00", "18:00", False), ("11:00", "13:00", True),
                                                          ("10:00", "15:00", True)])  # fmt: skip
def test_two_shifts_at_once_are_a_clash_and_shifts_that_touch_are_not(starts: str, ends: str, is_clash: bool) -> None:
    """WRK04."""
    has = [wall(MONDAY, "09:00", "12:00")]

    assert (judged(wall(MONDAY, starts, ends), has) == [Rule.ONE_AT_A_TIME]) is is_clash


def test_leave_stands_against_a_shift() -> None:
    """SWP07."""
    away = Span(datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))

    assert judged(wall(MONDAY, "20:00", "01:00"), [], leave=[away]) == [Rule.LEAVE]


starts = st.lists(st.tuples(st.integers(0, 27), st.sampled_from(["06:00", "14:00", "22:00"])), max_size=20, unique=True)


@given(starts)
def test_what_check_accepts_each_verdict_on_the_way_accepted(places: list[tuple[int, str]]) -> None:
    ends = {"06:00": "14:00", "14:00": "22:00", "22:00": "06:00"}
    rota: list[Span] = []
    for day, start in sorted(places):
        shift = wall(MONDAY + timedelta(days=day), start, ends[start])
        if not judged(shift, rota):
            rota.append(shift)

    left = check(rota, terms=TERMS, limits=LIMITS, zone=LONDON)
    assert [finding for finding in left if not finding.is_advice] == []


def on(person: int, span: Span) -> PersonSpan:
    return PersonSpan(person, span.starts_at, span.ends_at)


def test_somebody_who_was_never_placed_is_in_the_report_with_nothing() -> None:
    """COV06."""
    ten, twenty = run("09:00", "14:00", 0, 1), run("09:00", "14:00", 0, 1, 2, 3)

    report = hours(
        [on(1, span) for span in ten] + [on(2, span) for span in twenty],
        everybody=[1, 2, 3],
        bank_holidays=[],
        limits=LIMITS,
        zone=LONDON,
    )

    assert [report[person].total for person in (1, 2, 3)] == [10 * HOUR, 20 * HOUR, timedelta()]
    assert balance([each.total for each in report.values()]) < 100
    assert balance([HOUR, HOUR, HOUR]) == 100


def test_hours_say_how_much_was_at_night_at_a_weekend_and_on_a_bank_holiday() -> None:
    christmas_eve = wall(date(2026, 12, 24), "22:00", "06:00")
    boxing_day = wall(date(2026, 12, 26), "10:00", "14:00")
    festive = bank_holidays(Site.ENGLAND_AND_WALES, years=[2026])

    report = hours(
        [on(1, christmas_eve), on(1, boxing_day)], everybody=[], bank_holidays=festive, limits=LIMITS, zone=LONDON
    )

    assert report[1] == Hours(1, 12 * HOUR, nights=7 * HOUR, weekends=4 * HOUR, bank_holidays=6 * HOUR)


def test_a_substitute_day_counts_instead_of_the_day_it_stands_for_and_supervisors_add_what_is_missing() -> None:
    england = bank_holidays(Site.ENGLAND_AND_WALES, years=[2026])
    scotland = bank_holidays(Site.SCOTLAND, years=[2026], added={date(2026, 6, 15): "World Cup"})
    ireland = bank_holidays(Site.NORTHERN_IRELAND, years=[2026])

    assert date(2026, 12, 28) in england
    assert date(2026, 12, 26) not in england
    assert date(2026, 4, 6) in england
    assert date(2026, 4, 6) not in scotland
    assert scotland[date(2026, 6, 15)] == "World Cup"
    assert {date(2026, 3, 17), date(2026, 7, 13)} <= set(ireland)

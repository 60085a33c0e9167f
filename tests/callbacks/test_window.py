"""When a visitor's telephone may ring: safe times, quiet hours, and the two nights on which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.window import (
    ASAP_LASTS,
    ASKED_NOW_LASTS,
    QUIET_FROM,
    QUIET_UNTIL,
    Asap,
    Span,
    Wanted,
    WindowClosed,
    allowed,
    last_moment,
    may_ring,
    next_allowed,
    next_window,
)
from tests.conftest import NOON

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(starts: str, ends: str) -> Span:
    return Span(utc(starts), utc(ends))


def in_words(spans: list[Span]) -> list[str]:
    """Spans as a person in London reads them off the wall."""
    return [
        f"{each.starts_at.astimezone(LONDON):%d %H:%M%z} to {each.ends_at.astimezone(LONDON):%d %H:%M%z}"
        for each in spans
    ]


# -- asked for as soon as possible -----------------------------------------------------------------------------------

AS_SOON_AS_POSSIBLE = {
    # asked at (UTC): when we may ring (London)
    "2026-11-24T12:00": ["24 12:00+0000 to 24 21:00+0000", "25 08:00+0000 to 25 12:00+0000"],
    "2026-11-24T20:30": ["24 20:30+0000 to 24 22:30+0000", "25 08:00+0000 to 25 20:30+0000"],
    "2026-11-24T23:00": ["24 23:00+0000 to 25 01:00+0000", "25 08:00+0000 to 25 21:00+0000"],
    "2026-11-24T03:00": ["24 03:00+0000 to 24 05:00+0000", "24 08:00+0000 to 24 21:00+0000"],
    "2026-11-24T07:00": ["24 07:00+0000 to 24 21:00+0000"],
    # the clocks go back: the hour from 01:00 comes twice, and the day is an hour longer
    "2026-10-24T23:30": ["25 00:30+0100 to 25 01:30+0000", "25 08:00+0000 to 25 21:00+0000"],
    "2026-10-24T19:00": ["24 20:00+0100 to 24 22:00+0100", "25 08:00+0000 to 25 19:00+0000"],
    # the clocks go forward: the hour from 01:00 is missing
    "2026-03-29T00:30": ["29 00:30+0000 to 29 03:30+0100", "29 08:00+0100 to 29 21:00+0100"],
    "2026-03-28T18:00": ["28 18:00+0000 to 28 21:00+0000", "29 08:00+0100 to 29 19:00+0100"],
}


@pytest.mark.parametrize("asked_at", AS_SOON_AS_POSSIBLE)
def test_as_soon_as_possible_means_two_hours_and_then_daytime_for_a_day(asked_at: str) -> None:
    wanted = Wanted(asked_at=utc(asked_at), when=Asap())

    assert in_words(allowed(wanted, zone=LONDON)) == AS_SOON_AS_POSSIBLE[asked_at]


@pytest.mark.parametrize(("after", "rings"), [(0, True), (119, True), (120, False), (8 * 60, False), (9 * 60, True)])
def test_whoever_asks_at_night_is_rung_at_once_and_else_by_day(after: int, rings: bool) -> None:
    at_eleven = utc("2026-11-24T23:00")

    wanted = Wanted(asked_at=at_eleven, when=Asap())

    assert may_ring(wanted, now=at_eleven + timedelta(minutes=after), zone=LONDON) is rings


# -- times that the visitor named ------------------------------------------------------------------------------------


def test_a_time_that_was_named_is_taken_at_its_word_at_night_too() -> None:
    night = span("2026-11-25T02:00", "2026-11-25T03:00")

    assert allowed(Wanted(asked_at=NOON, when=night), zone=LONDON) == [night]


def test_safe_times_narrow_as_soon_as_possible_down_to_them() -> None:
    evening, tomorrow = span("2026-11-24T18:00", "2026-11-24T19:00"), span("2026-11-25T18:00", "2026-11-25T19:00")

    wanted = Wanted(asked_at=NOON, when=Asap(), safe_times=(tomorrow, evening))

    assert allowed(wanted, zone=LONDON) == [evening, tomorrow]


def test_safe_times_add_to_a_time_that_was_chosen() -> None:
    chosen, also = span("2026-11-24T18:00", "2026-11-24T19:00"), span("2026-11-24T18:30", "2026-11-24T20:00")

    wanted = Wanted(asked_at=NOON, when=chosen, safe_times=(also,))

    assert allowed(wanted, zone=LONDON) == [span("2026-11-24T18:00", "2026-11-24T20:00")]


def test_the_hour_that_happens_twice_is_two_real_hours() -> None:
    twice = span("2026-10-25T00:00", "2026-10-25T02:00")  # 01:00 to 02:00 on the wall, both times

    wanted = Wanted(asked_at=utc("2026-10-24T12:00"), when=twice)

    assert allowed(wanted, zone=LONDON) == [twice]
    assert may_ring(wanted, now=utc("2026-10-25T00:30"), zone=LONDON)
    assert may_ring(wanted, now=utc("2026-10-25T01:30"), zone=LONDON)


def test_nobody_is_rung_after_the_instant_they_named_whatever_else_they_said() -> None:
    chosen, later = span("2026-11-24T18:00", "2026-11-24T20:00"), span("2026-11-25T18:00", "2026-11-25T20:00")

    wanted = Wanted(asked_at=NOON, when=chosen, safe_times=(later,), not_after=utc("2026-11-24T19:00"))

    assert allowed(wanted, zone=LONDON) == [span("2026-11-24T18:00", "2026-11-24T19:00")]
    assert last_moment(wanted, zone=LONDON) == utc("2026-11-24T19:00")


def test_a_wish_that_leaves_no_moment_is_refused_in_so_many_words() -> None:
    wanted = Wanted(asked_at=NOON, when=Asap(), not_after=NOON)

    with pytest.raises(WindowClosed):
        last_moment(wanted, zone=LONDON)
    with pytest.raises(WindowClosed):
        next_allowed(wanted, after=NOON, zone=LONDON)


def test_the_next_window_is_never_the_one_at_hand() -> None:
    today, tomorrow = span("2026-11-24T11:00", "2026-11-24T14:00"), span("2026-11-25T11:00", "2026-11-25T14:00")
    wanted = Wanted(asked_at=NOON, when=Asap(), safe_times=(today, tomorrow))

    assert next_window(wanted, after=NOON, zone=LONDON) == tomorrow.starts_at
    with pytest.raises(WindowClosed):
        next_window(wanted, after=tomorrow.starts_at, zone=LONDON)


def test_a_span_covers_its_start_and_not_its_end() -> None:
    hour = Span(NOON, NOON + HOUR)

    assert hour.covers(NOON)
    assert not hour.covers(NOON + HOUR)
    with pytest.raises(ValueError, match="end after it starts"):
        Span(NOON, NOON)


# -- whatever was asked ----------------------------------------------------------------------------------------------

# winter, summer, and the days round both changes of the clocks
moments = st.sampled_from([utc("2026-01-15T00:00"), utc("2026-07-15T00:00")]).flatmap(
    lambda day: st.integers(0, 2879).map(lambda minute: day + timedelta(minutes=minute))
) | st.sampled_from([utc("2026-10-24T00:00"), utc("2026-03-28T00:00")]).flatmap(
    lambda day: st.integers(0, 4319).map(lambda minute: day + timedelta(minutes=minute))
)


@st.composite
def wishes(draw: st.DrawFn) -> Wanted:
    asked_at = draw(moments)

    def some_span() -> Span:
        starts = asked_at + timedelta(minutes=draw(st.integers(-120, 4000)))
        return Span(starts, starts + timedelta(minutes=draw(st.integers(1, 900))))

    when = draw(st.sampled_from(["asap", "span"]))
    safe_times = tuple(some_span() for _ in range(draw(st.integers(0, 3))))
    not_after = draw(st.none() | st.integers(-60, 4000).map(lambda m: asked_at + timedelta(minutes=m)))
    return Wanted(asked_at, Asap() if when == "asap" else some_span(), safe_times, not_after)


def was_named(wanted: Wanted, moment: datetime) -> bool:
    named = wanted.safe_times if isinstance(wanted.when, Asap) else (wanted.when, *wanted.safe_times)
    return any(each.starts_at <= moment < each.ends_at for each in named)


def is_quiet(moment: datetime) -> bool:
    wall = moment.astimezone(LONDON).time()
    return wall >= QUIET_FROM or wall < QUIET_UNTIL


@given(wishes(), st.integers(-200, 6000))
def test_nobody_is_ever_rung_at_a_moment_they_did_not_allow(wanted: Wanted, minutes: int) -> None:
    now = wanted.asked_at + timedelta(minutes=minutes)

    if may_ring(wanted, now=now, zone=LONDON):
        assert wanted.not_after is None or now < wanted.not_after
        if isinstance(wanted.when, Asap) and not wanted.safe_times:
            since = now - wanted.asked_at
            assert timedelta() <= since < ASAP_LASTS
            assert since < ASKED_NOW_LASTS or not is_quiet(now)
        else:
            assert was_named(wanted, now)


@given(wishes(), st.integers(-200, 6000))
def test_a_moment_that_was_named_is_never_lost(wanted: Wanted, minutes: int) -> None:
    now = wanted.asked_at + timedelta(minutes=max(minutes, 0))

    if was_named(wanted, now) and (wanted.not_after is None or now < wanted.not_after):
        assert may_ring(wanted, now=now, zone=LONDON)


@given(wishes(), st.integers(-200, 6000))
def test_the_next_moment_is_the_first_allowed_one(wanted: Wanted, minutes: int) -> None:
    after = wanted.asked_at + timedelta(minutes=minutes)
    spans = allowed(wanted, zone=LONDON)

    try:
        moment = next_allowed(wanted, after=after, zone=LONDON)
    except WindowClosed:
        assert all(each.ends_at <= after for each in spans)
    else:
        assert moment >= after
        assert may_ring(wanted, now=moment, zone=LONDON)
        assert not any(each.starts_at < moment and after < each.ends_at and not each.covers(moment) for each in spans)


@given(wishes())
def test_the_spans_are_sorted_apart_and_end_with_the_last_moment(wanted: Wanted) -> None:
    spans = allowed(wanted, zone=LONDON)

    assert all(one.ends_at < other.starts_at for one, other in pairwise(spans))
    if spans:
        assert last_moment(wanted, zone=LONDON) == spans[-1].ends_at
        assert not may_ring(wanted, now=spans[-1].ends_at, zone=LONDON)


def test_quiet_hours_are_wall_time() -> None:
    assert is_quiet(utc("2026-07-15T20:30"))  # half past nine on the wall in summer
    assert not may_ring(Wanted(asked_at=utc("2026-07-15T12:00"), when=Asap()), now=utc("2026-07-15T20:30"), zone=LONDON)

"""How long it will take: a range that is likely to be true, and none where nobody is on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.call_lengths import AFTERWARDS, PRIOR, TYPICAL, lengths
from callbacks.domain.promise import FLOOR, REACHING, at_once, is_somebody_spare, promise, without_place
from callbacks.domain.window import Span
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ALL_DAY = Span(NOON - HOUR, NOON + DAY)
ALWAYS = Span(NOON - HOUR, NOON + 60 * DAY)
HALF_AN_HOUR = timedelta(minutes=30)
HALF_HOURS = (HALF_AN_HOUR,)


def quoted(
    *,
    free_now: int = 1,
    cover: tuple[Span, ...] = (ALL_DAY,),
    ahead: int = 0,
    not_before_min: float = 0,
    not_after_h: float = 24,
    booked: tuple[datetime, ...] = (),
    takes: Sequence[timedelta] = PRIOR,
) -> Span | None:
    return promise(
        free_now=free_now,
        cover=cover,
        ahead=ahead,
        booked=booked,
        lengths=takes,
        not_before=NOON + not_before_min * MINUTE,
        not_after=NOON + not_after_h * HOUR,
        now=NOON,
    )


def certainly(span: Span | None) -> Span:
    assert span is not None
    return span


def test_with_somebody_free_the_call_is_promised_for_the_next_minutes() -> None:
    span = certainly(quoted())

    assert span.covers(NOON + 2 * MINUTE)
    assert span.ends_at <= NOON + 20 * MINUTE


def test_f12_where_nobody_is_on_nothing_is_promised() -> None:
    assert quoted(cover=(), free_now=0) is None
    assert quoted(cover=(Span(NOON + 5 * HOUR, NOON + DAY),), free_now=0, not_after_h=4) is None


def test_nothing_is_promised_before_the_next_shift_begins() -> None:
    span = certainly(quoted(cover=(Span(NOON + 5 * HOUR, NOON + DAY),), free_now=0))

    assert span.starts_at >= NOON + 5 * HOUR


def test_nothing_is_promised_before_a_safe_time() -> None:
    assert certainly(quoted(not_before_min=95)).starts_at >= NOON + 95 * MINUTE


def test_nothing_is_promised_after_the_last_safe_time() -> None:
    assert certainly(quoted(ahead=1, not_after_h=1)).ends_at <= NOON + HOUR
    assert quoted(ahead=3, not_after_h=1) is None


def test_with_everybody_in_a_call_the_promise_waits_for_the_first_to_end() -> None:
    span = certainly(quoted(free_now=0, takes=HALF_HOURS))

    assert NOON + 5 * MINUTE <= span.starts_at < span.ends_at <= NOON + 40 * MINUTE


LINES = [(1, 1), (1, 5), (3, 5), (3, 20)]


@pytest.mark.parametrize(("people", "ahead"), LINES)
def test_each_request_ahead_takes_a_turn_of_somebody(people: int, ahead: int) -> None:
    turns = ahead // people

    span = certainly(quoted(free_now=people, cover=(ALL_DAY,) * people, ahead=ahead, takes=HALF_HOURS))

    assert span.starts_at >= NOON + turns * HALF_AN_HOUR
    assert span.starts_at <= NOON + (turns + 1) * HALF_AN_HOUR + FLOOR


@given(
    st.integers(0, 4),
    st.lists(st.tuples(st.integers(-300, 900), st.integers(1, 900)), max_size=6),
    st.integers(0, 40),
    st.integers(0, 300),
    st.integers(1, 24 * 60),
)
def test_a_promise_is_a_range_that_lies_ahead_and_inside_what_is_allowed(
    free_now: int, cover: list[tuple[int, int]], ahead: int, not_before: int, lasts: int
) -> None:
    spans = tuple(Span(NOON + a * MINUTE, NOON + (a + b) * MINUTE) for a, b in cover if a + b > 0)

    span = promise(
        free_now=min(free_now, len(spans)),
        cover=spans,
        ahead=ahead,
        not_before=NOON + not_before * MINUTE,
        not_after=NOON + (not_before + lasts) * MINUTE,
        now=NOON,
    )

    if span is not None:
        assert spans
        assert span.starts_at >= NOON
        assert span.starts_at < span.ends_at <= NOON + (not_before + lasts) * MINUTE
        assert any(each.starts_at < span.ends_at for each in spans)


@given(st.integers(1, 5), st.integers(0, 30), st.integers(0, 30))
def test_whoever_comes_later_is_never_promised_an_earlier_call(people: int, ahead: int, more: int) -> None:
    earlier = certainly(quoted(free_now=people, cover=(ALWAYS,) * people, ahead=ahead, not_after_h=1000))
    later = certainly(quoted(free_now=people, cover=(ALWAYS,) * people, ahead=ahead + more, not_after_h=1000))

    assert later.starts_at >= earlier.starts_at
    assert later.ends_at >= earlier.ends_at


def test_nobody_is_promised_a_call_from_a_counsellor_who_has_gone_home_by_then() -> None:
    short = Span(NOON - HOUR, NOON + HOUR)

    assert quoted(cover=(short,), ahead=4, takes=HALF_HOURS) is None
    assert certainly(quoted(cover=(short, Span(NOON + 3 * HOUR, NOON + DAY)), ahead=4, takes=HALF_HOURS)).starts_at >= (
        NOON + 3 * HOUR
    )


def test_whoever_has_booked_a_time_is_served_before_those_who_ask_now() -> None:
    soon = NOON + 25 * MINUTE

    without = certainly(quoted(ahead=1, takes=HALF_HOURS))
    with_one = certainly(quoted(ahead=1, booked=(soon,), takes=HALF_HOURS))

    assert with_one.starts_at >= without.starts_at + HALF_AN_HOUR


def test_where_calls_are_short_the_promise_is_soon() -> None:
    short = lengths([timedelta(minutes=3)] * 400)
    long = lengths([timedelta(minutes=70)] * 400)

    assert certainly(quoted(free_now=0, takes=short)).ends_at < certainly(quoted(free_now=0, takes=long)).ends_at


def test_a_few_calls_of_our_own_change_little_and_many_change_everything() -> None:
    few, many = lengths([timedelta(minutes=3)] * 4), lengths([timedelta(minutes=3)] * 400)

    assert few[TYPICAL // 2] > timedelta(minutes=25)
    assert many[TYPICAL // 2] == timedelta(minutes=3) + AFTERWARDS
    assert lengths([]) == PRIOR


@pytest.mark.parametrize(("people", "ahead"), [(1, 3), (3, 5), (4, 20), (2, 6)])
def test_between_85_and_98_in_a_hundred_are_connected_by_the_end_of_the_range(people: int, ahead: int) -> None:
    """A service of its own, with other dice, judges what was promised: it knows nothing of how the promise is made."""
    span = certainly(quoted(free_now=0, cover=(ALWAYS,) * people, ahead=ahead, not_after_h=1000))
    dice = Random(f"{people}:{ahead}")
    kept, tries = 0, 2000
    for _ in range(tries):
        free_at = sorted(dice.choice(PRIOR) * dice.random() for _ in range(people))
        for _ in range(ahead):
            free_at = sorted([free_at[0] + dice.choice(PRIOR), *free_at[1:]])
        kept += NOON + free_at[0] + REACHING <= span.ends_at

    assert 0.85 <= kept / tries <= 0.98  # times are rounded up, so rather more than the 90 that the range aims at


def test_of_those_who_booked_an_hour_as_many_are_served_as_can_be() -> None:
    ana, ben = 1, 2

    assert without_place({10: {ana, ben}, 11: {ana}}) == frozenset()
    assert without_place({10: {ana}, 11: {ana}, 12: {ben}}) == {11}
    assert without_place({10: frozenset()}) == {10}
    assert without_place({n: {ana, ben} for n in range(5)}) == {2, 3, 4}


@given(st.integers(1, 6), st.integers(0, 8), st.integers(0, 6), st.lists(st.integers(-30, 90), max_size=4))
def test_the_short_way_for_somebody_who_is_spare_ends_where_the_walks_end(
    people: int, ahead: int, free_now: int, booked: list[int]
) -> None:
    places, not_after = sorted(NOON + n * MINUTE for n in booked), NOON + timedelta(hours=24)
    free_now = min(free_now, people)

    if is_somebody_spare(free_now=free_now, ahead=ahead, booked=places, now=NOON):
        walked = promise(
            free_now=free_now,
            cover=[ALWAYS] * people,
            ahead=ahead,
            booked=places,
            not_before=NOON,
            not_after=not_after,
            now=NOON,
        )
        assert at_once(not_before=NOON, not_after=not_after, now=NOON) == walked


def test_of_ten_thousand_who_are_ahead_only_those_are_reckoned_who_can_be_served() -> None:
    """In a flood nobody is to wait for arithmetic about calls after the last shift."""

    class Drawn(Sequence[timedelta]):
        times = 0

        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: Any) -> Any:
            self.times += 1
            return timedelta(minutes=30)

    drawn = Drawn()
    not_after = NOON + timedelta(hours=24)
    walked = promise(
        free_now=0,
        cover=[ALWAYS] * 2,
        ahead=10_000,
        lengths=drawn,
        not_before=NOON,
        not_after=not_after,
        now=NOON,
    )

    assert walked is None
    assert 40 * 2 * 24 < drawn.times < 40 * 2 * 60  # two people, two calls an hour each

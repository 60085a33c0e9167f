"""How long it will take: a range that is likely to be true, and none where nobody is on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.promise import CALL_TAKES, FLOOR, promise
from callbacks.domain.window import Span
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ALL_DAY = Span(NOON - HOUR, NOON + DAY)


def quoted(
    *,
    free_now: int = 1,
    cover: tuple[Span, ...] = (ALL_DAY,),
    ahead: int = 0,
    not_before_min: float = 0,
    not_after_h: float = 24,
) -> Span | None:
    return promise(
        free_now=free_now,
        cover=cover,
        ahead=ahead,
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
    assert certainly(quoted(free_now=0)).starts_at >= NOON + CALL_TAKES / 2


LINES = [(1, 1), (1, 5), (3, 5), (3, 20)]


@pytest.mark.parametrize(("people", "ahead"), LINES)
def test_each_request_ahead_takes_a_turn_of_somebody(people: int, ahead: int) -> None:
    turns = ahead // people

    span = certainly(quoted(free_now=people, cover=(ALL_DAY,) * people, ahead=ahead))

    assert span.starts_at >= NOON + turns * CALL_TAKES
    assert span.starts_at <= NOON + (turns + 1) * CALL_TAKES + FLOOR


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
    earlier = certainly(quoted(free_now=people, cover=(ALL_DAY,) * people, ahead=ahead, not_after_h=1000))
    later = certainly(quoted(free_now=people, cover=(ALL_DAY,) * people, ahead=ahead + more, not_after_h=1000))

    assert later.starts_at >= earlier.starts_at
    assert later.ends_at >= earlier.ends_at

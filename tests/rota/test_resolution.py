"""One resolver: who is on, over any stretch, always says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rota.domain.resolution import PersonSpan, anybody, merged, resolve, who_is_on
from rota.domain.shifts import Shift, Span

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
A, B = 1, 2


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


def a_shift(person: int, starts: float, ends: float) -> Shift:
    return Shift(person, Span(at(starts), at(ends)))


@st.composite
def minute_spans(draw: st.DrawFn) -> tuple[datetime, datetime]:
    starts = draw(st.integers(0, 3 * 1440))
    length = draw(st.integers(1, 1440))
    return MONDAY + timedelta(minutes=starts), MONDAY + timedelta(minutes=starts + length)


shifts = st.lists(
    st.builds(lambda person, span: Shift(person, Span(*span)), st.integers(1, 5), minute_spans()), max_size=20
)
moments = st.integers(0, 4 * 1440).map(lambda minute: MONDAY + timedelta(minutes=minute))


@given(shifts, moments)
def test_who_is_on_is_what_resolve_says_about_that_minute(rota: list[Shift], moment: datetime) -> None:
    by_resolve = {span.counsellor_id for span in resolve(rota, start=moment, end=moment + timedelta(minutes=1))}

    assert who_is_on(rota, moment=moment) == sorted(by_resolve)
    assert set(who_is_on(rota, moment=moment)) == {shift.counsellor_id for shift in rota if shift.span.covers(moment)}


@given(shifts, st.tuples(moments, moments, moments).map(sorted))
def test_slicing_changes_nothing(rota: list[Shift], cuts: list[datetime]) -> None:
    """BND06."""
    first, second, third = cuts

    whole = resolve(rota, start=first, end=third)

    assert whole == merged(resolve(rota, start=first, end=second) + resolve(rota, start=second, end=third))


@given(shifts, minute_spans())
def test_nobody_is_on_twice_at_once(rota: list[Shift], period: tuple[datetime, datetime]) -> None:
    resolved = resolve(rota, start=period[0], end=period[1])

    for person in {span.counsellor_id for span in resolved}:
        own = [span for span in resolved if span.counsellor_id == person]
        assert all(earlier.ends_at < later.starts_at for earlier, later in pairwise(own))


@given(shifts)
def test_hours_agree_with_looking_every_minute(rota: list[Shift]) -> None:
    """BND08, sampled by the quarter hour on shifts that begin and end on one."""
    quarters = [
        Shift(shift.counsellor_id, Span(_quarter(shift.span.starts_at), _quarter(shift.span.ends_at) + QUARTER))
        for shift in rota
    ]
    resolved = resolve(quarters, start=MONDAY, end=at(24 * 5))

    by_span = sum((span.ends_at - span.starts_at for span in resolved), timedelta())
    by_looking = sum(len(who_is_on(quarters, moment=MONDAY + n * QUARTER)) for n in range(4 * 24 * 5)) * QUARTER
    assert by_span == by_looking


QUARTER = timedelta(minutes=15)


def _quarter(moment: datetime) -> datetime:
    return moment - (moment - MONDAY) % QUARTER


def test_at_a_handover_only_the_next_person_is_on() -> None:
    """BND01."""
    rota = [a_shift(A, 22, 30), a_shift(B, 30, 38)]

    assert who_is_on(rota, moment=at(30)) == [B]
    assert who_is_on(rota, moment=at(30) - timedelta(seconds=1)) == [A]


def test_a_night_shift_on_monday_covers_tuesday_morning_and_not_monday_morning() -> None:
    rota = [a_shift(A, 22, 30)]

    assert who_is_on(rota, moment=at(26)) == [A]
    assert who_is_on(rota, moment=at(0.5)) == []


def test_two_shifts_in_a_row_are_one_stretch() -> None:
    """OVR05."""
    rota = [a_shift(A, 10, 12), a_shift(A, 12, 14)]

    assert resolve(rota, start=at(0), end=at(24)) == [PersonSpan(A, at(10), at(14))]


def test_cover_by_anybody_runs_through_a_handover_and_stops_at_a_hole() -> None:
    rota = resolve([a_shift(A, 6, 14), a_shift(B, 14, 22), a_shift(A, 23, 30)], start=at(0), end=at(48))

    assert anybody(rota) == [Span(at(6), at(22)), Span(at(23), at(30))]

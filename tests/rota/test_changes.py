"""Overrides, leave, temporary plans and swaps: what is left of a rota after changes, by the ids of the worked cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.domain.changes import Add, Change, Leave, Remove, Replace, Temporary, applied, conflicts, has_effect
from rota.domain.notices import CoverNotice, cover_notice, reassigned
from rota.domain.publishing import difference
from rota.domain.resolution import PersonSpan, resolve, who_is_on
from rota.domain.shifts import Shift, Span
from rota.domain.swaps import NotNow, SwapEvent, SwapState, move, part_of, swapped

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
A, B, C, Q = 1, 2, 3, 9


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


def span(starts: float, ends: float) -> Span:
    return Span(at(starts), at(ends))


def on(person: int, starts: float, ends: float) -> Shift:
    return Shift(person, span(starts, ends))


def told(shifts: list[Shift]) -> list[tuple[int, float, float]]:
    """(Person, from hour, to hour) as the resolver sees it."""
    hour = timedelta(hours=1)
    return [
        (each.counsellor_id, (each.starts_at - MONDAY) / hour, (each.ends_at - MONDAY) / hour)
        for each in resolve(shifts, start=at(0), end=at(48))
    ]


FIVE = [on(person, 8, 16) for person in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(("shifts", "changes", "expected"), [
    pytest.param(FIVE[:2], [Replace(1, Q, span(10, 12))],
                 [(1, 8, 10), (2, 8, 16), (Q, 10, 12), (1, 12, 16)], id="replace-one"),
    pytest.param([on(A, 8, 16)], [Replace(B, C, span(8, 20))], [(A, 8, 16)], id="OVR03"),
    pytest.param([], [Add(A, span(10, 12)), Add(A, span(12, 14))], [(A, 10, 14)], id="OVR05"),
    pytest.param([on(A, 8, 16)], [Replace(A, B, span(8, 16)), Replace(B, C, span(10, 12))],
                 [(B, 8, 10), (C, 10, 12), (B, 12, 16)], id="a-chain"),
    pytest.param([on(A, 8, 16)], [Replace(A, B, span(6, 10))], [(B, 8, 10), (A, 10, 16)], id="does-not-fill-gaps"),
    pytest.param([on(A, 8, 16), on(B, 8, 16)], [Remove(A, span(8, 16))], [(B, 8, 16)], id="remove-leaves-the-others"),
])  # fmt: skip
def test_what_changes_leave(
    shifts: list[Shift], changes: list[Change], expected: list[tuple[int, float, float]]
) -> None:
    assert told(applied(shifts, changes)) == expected


def test_replacing_one_of_five_leaves_the_other_four() -> None:
    """OVR01."""
    after = applied(FIVE, [Replace(1, Q, span(10, 12))])

    assert who_is_on(after, moment=at(11)) == [2, 3, 4, 5, Q]


def test_clearing_the_middle_of_a_temporary_plan_leaves_two() -> None:
    """TMP01."""
    foo, bar = A, B
    plan = Temporary(span(10, 20), (on(foo, 12, 18), on(bar, 12, 15)))

    left = plan.cleared(span(14, 16))

    assert [(each.span, sorted(each.shifts, key=lambda s: s.counsellor_id)) for each in left] == [
        (span(10, 14), [on(foo, 12, 14), on(bar, 12, 14)]),
        (span(16, 20), [on(foo, 16, 18)]),
    ]


def test_an_override_inside_a_temporary_plan_is_known_to_have_no_effect() -> None:
    """TMP03."""
    plan = Temporary(span(10, 20), (on(A, 10, 20),))

    assert not has_effect([on(B, 8, 16)], Replace(B, C, span(11, 12)), [plan])
    assert has_effect([on(B, 8, 16)], Replace(B, C, span(9, 12)), [plan])
    assert told(applied([on(B, 8, 16)], [Add(C, span(11, 12))], [plan])) == [(B, 8, 10), (A, 10, 20)]


def test_leave_meets_the_part_of_a_night_that_lies_in_its_days() -> None:
    """LEV01."""
    night = Span(datetime(2026, 4, 9, 21, tzinfo=UTC), datetime(2026, 4, 10, 5, tzinfo=UTC))
    leave = Leave(A, date(2026, 4, 10), date(2026, 4, 12))

    found = conflicts([Shift(A, night), Shift(B, night)], leave, LONDON)

    assert found == [Span(datetime(2026, 4, 9, 23, tzinfo=UTC), datetime(2026, 4, 10, 5, tzinfo=UTC))]


def test_a_part_of_a_shift_changes_hands_and_the_rest_stays() -> None:
    """SWP01."""
    assert swapped(on(A, 8, 20), span(10, 12), by=B) == [on(A, 8, 10), on(B, 10, 12), on(A, 12, 20)]


def test_an_offer_follows_its_shift() -> None:
    assert part_of(span(9, 21), None) == span(9, 21)
    assert part_of(span(11, 21), span(10, 12)) == span(11, 12)
    assert part_of(span(13, 21), span(10, 12)) is None


def test_an_offer_is_taken_once() -> None:
    taken = move(SwapState.OFFERED, SwapEvent.TAKE)

    with pytest.raises(NotNow, match="has taken this offer already"):
        move(taken, SwapEvent.TAKE)
    assert move(taken, SwapEvent.REFUSE) is SwapState.OFFERED


@pytest.mark.parametrize(("places", "filled", "needed", "last", "said"), [
    (5, 2, 3, None, CoverNotice.UNDERSTAFFED),
    (5, 2, 3, CoverNotice.UNDERSTAFFED, None),
    (5, 3, 3, CoverNotice.UNDERSTAFFED, CoverNotice.ALL_CLEAR),
    (1, 1, 1, CoverNotice.UNDERSTAFFED, CoverNotice.FULL),
    (5, 4, 3, None, None),
    (5, 5, 3, CoverNotice.FULL, None),
])  # fmt: skip
def test_notices_are_of_changes_only(
    places: int, filled: int, needed: int, last: CoverNotice | None, said: CoverNotice | None
) -> None:
    """COV05."""
    assert cover_notice(places=places, filled=filled, needed=needed, last=last) == said


def test_after_a_reassignment_each_hears_their_own_side_once() -> None:
    """REM01."""
    found = reassigned([on(A, 8, 16), on(C, 8, 16)], [on(B, 8, 16), on(C, 8, 16)])

    assert (found.no_longer, found.reminded) == ((A,), (B,))


def test_only_those_whose_minutes_change_are_in_the_difference() -> None:
    before = [on(A, 8, 16), on(B, 8, 16), on(C, 8, 16)]
    after = [on(A, 8, 12), on(A, 12, 16), on(B, 10, 16), on(Q, 8, 10), on(C, 8, 16)]

    changes = difference(before, after)

    assert [(each.counsellor_id, each.gained, each.lost) for each in changes] == [
        (B, (span(10, 16),), (span(8, 16),)),
        (Q, (span(8, 10),), ()),
    ]
    assert difference(after, after) == []


quarters = st.integers(0, 47).map(lambda n: at(n / 2))
spans = st.tuples(quarters, quarters).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Span(*pair))
people = st.integers(1, 4)
rotas = st.lists(st.builds(Shift, people, spans), max_size=8)
changes = st.one_of(
    st.builds(Add, people, spans), st.builds(Remove, people, spans), st.builds(Replace, people, people, spans)
)


@given(rotas, changes, quarters)
def test_a_change_is_felt_inside_its_span_only(rota: list[Shift], change: Change, moment: datetime) -> None:
    after = applied(rota, [change])

    if not change.span.covers(moment):
        assert who_is_on(after, moment=moment) == who_is_on(rota, moment=moment)


@given(rotas, people, people, spans, quarters)
def test_a_replacement_never_changes_how_many_are_on_or_fewer_when_they_were_both_on(
    rota: list[Shift], person: int, by: int, over: Span, moment: datetime
) -> None:
    before = set(who_is_on(rota, moment=moment))
    after = set(who_is_on(applied(rota, [Replace(person, by, over)]), moment=moment))

    assert after == ((before - {person} | {by}) if person in before and over.covers(moment) else before)


@given(st.builds(Shift, people, spans), spans)
def test_a_swap_and_its_return_restore_exactly(shift: Shift, part: Span) -> None:
    there = applied([shift], [Replace(shift.counsellor_id, Q, part)])
    back = applied(there, [Replace(Q, shift.counsellor_id, part)])

    assert resolve(back, start=at(0), end=at(48)) == [
        PersonSpan(shift.counsellor_id, shift.span.starts_at, shift.span.ends_at)
    ]

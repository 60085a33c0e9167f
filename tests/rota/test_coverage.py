"""Need against supply: never fewer than two, skills, and gaps in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.domain.breaks import without_breaks
from rota.domain.counsellor import Skill
from rota.domain.coverage import Coverage, CoverState, Requirement, cover
from rota.domain.resolution import PersonSpan, resolve
from rota.domain.shifts import Shift, Span, instant_of
from rota.domain.wording import gap_words

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)
A, B, C = 1, 2, 3
ALWAYS_TWO = [Requirement(weekday, 0, 1440, 2) for weekday in range(7)]


def at(hour: float, monday: date = MONDAY) -> datetime:
    return instant_of(monday, time(), LONDON) + timedelta(hours=hour)


def a_shift(person: int, starts: float, ends: float) -> Shift:
    return Shift(person, Span(at(starts), at(ends)))


def the_cover(
    shifts: list[Shift],
    requirements: list[Requirement],
    *,
    until: float = 24,
    skills: dict[int, frozenset[Skill]] | None = None,
    languages: dict[int, frozenset[str]] | None = None,
    minimum: int = 2,
    minimums: dict[date, int] | None = None,
) -> Coverage:
    start, end = at(0), at(until)
    return cover(
        resolve(shifts, start=start, end=end),
        requirements,
        skills=skills or {},
        languages=languages or {},
        start=start,
        end=end,
        zone=LONDON,
        minimum=minimum,
        minimums=minimums or {},
    )


def test_half_a_week_without_anybody_is_half_covered_and_never_100() -> None:
    """COV01."""
    halves = [a_shift(person, 24 * day, 24 * day + 12) for day in range(7) for person in (A, B)]
    one_is_enough = [Requirement(weekday, 0, 1440, 1) for weekday in range(7)]

    found = the_cover(halves, one_is_enough, until=168, minimum=1)

    assert found.percent == 50
    assert found.gap_minutes == 84 * 60


def test_one_person_is_never_enough_whatever_the_bands_say() -> None:
    found = the_cover([a_shift(A, 0, 24)], [Requirement(0, 0, 1440, 1)])

    assert [gap.state for gap in found.gaps] == [CoverState.CRITICAL]
    assert found.percent == 50


def test_a_missing_skill_is_understaffed_and_says_which() -> None:
    """COV03."""
    needs_crisis = [Requirement(0, 0, 1440, 2, Skill.CRISIS, 1)]

    found = the_cover([a_shift(A, 0, 24), a_shift(B, 0, 24)], needs_crisis, skills={A: frozenset({Skill.FAMILY})})

    assert [(gap.state, gap.missing) for gap in found.gaps] == [(CoverState.UNDERSTAFFED, ((Skill.CRISIS, 1),))]
    assert gap_words(found.gaps[0], LONDON) == (
        "Monday 23 November, 00:00 to midnight: 2 on, 2 needed; nobody on is trained for crisis"
    )


STATES = [
    pytest.param(0, CoverState.UNCOVERED, id="nobody"),
    pytest.param(1, CoverState.CRITICAL, id="alone"),
    pytest.param(2, CoverState.UNDERSTAFFED, id="two-of-three"),
    pytest.param(3, CoverState.COVERED, id="three-of-three"),
]


@pytest.mark.parametrize(("on", "state"), STATES)
def test_the_state_follows_from_how_many_are_on(on: int, state: CoverState) -> None:
    found = the_cover([a_shift(person, 0, 24) for person in range(on)], [Requirement(0, 0, 1440, 3)])

    assert [segment.state for segment in found.segments] == [state]


def test_a_missing_language_is_understaffed_and_says_which() -> None:
    welsh = [Requirement(0, 0, 1440, 2, language="cy", with_language=1)]
    both = [a_shift(A, 0, 24), a_shift(B, 0, 24)]

    lacking = the_cover(both, welsh, languages={A: frozenset({"en"}), B: frozenset({"en", "pl"})})
    spoken = the_cover(both, welsh, languages={A: frozenset({"en"}), B: frozenset({"en", "cy"})})

    assert [gap.state for gap in lacking.gaps] == [CoverState.UNDERSTAFFED]
    assert gap_words(lacking.gaps[0], LONDON) == (
        "Monday 23 November, 00:00 to midnight: 2 on, 2 needed; nobody on speaks Welsh"
    )
    assert spoken.gaps == []


def test_demand_holds_from_its_day_on_and_days_before_keep_what_they_had() -> None:
    tuesday = MONDAY + timedelta(days=1)
    bands = [
        *(Requirement(weekday, 0, 1440, 3, until_day=tuesday) for weekday in range(7)),
        *(Requirement(weekday, 0, 1440, 4, first_day=tuesday) for weekday in range(7)),
    ]

    found = the_cover([], bands, until=48)

    assert [(segment.need.people, segment.span.starts_at) for segment in found.segments] == [(3, at(0)), (4, at(24))]


def test_the_minimum_is_what_it_was_on_each_day() -> None:
    tuesday = MONDAY + timedelta(days=1)
    alone = [a_shift(A, 0, 72)]

    found = the_cover(alone, [], until=72, minimums={tuesday: 1, tuesday + timedelta(days=1): 3})

    assert [(segment.state, segment.need.minimum) for segment in found.segments] == [
        (CoverState.CRITICAL, 2), (CoverState.COVERED, 1), (CoverState.CRITICAL, 3),
    ]  # fmt: skip


def test_whoever_is_on_a_break_is_not_on_duty() -> None:
    spans = resolve([a_shift(A, 0, 8), a_shift(B, 0, 8)], start=at(0), end=at(24))
    a_break = PersonSpan(A, at(3), at(3.5))

    found = without_breaks(spans, [a_break, PersonSpan(B, at(10), at(11))])

    assert [(one.counsellor_id, one.starts_at, one.ends_at) for one in found] == [
        (A, at(0), at(3)), (A, at(3.5), at(8)), (B, at(0), at(8)),
    ]  # fmt: skip


def test_a_break_that_holds_the_whole_stretch_leaves_nothing_of_it() -> None:
    spans = [PersonSpan(A, at(1), at(2))]

    assert without_breaks(spans, [PersonSpan(A, at(0), at(2))]) == []


def test_gaps_are_named_in_words() -> None:
    tuesday_night = [a_shift(person, *hours) for person in (A, B) for hours in ((0, 26), (30, 168))]
    alone_on_sunday = [shift for shift in tuesday_night if shift.counsellor_id == A]

    found = the_cover(tuesday_night, ALWAYS_TWO, until=168)
    alone = the_cover(alone_on_sunday, ALWAYS_TWO, until=24)

    assert [gap_words(gap, LONDON) for gap in found.gaps] == [
        "Tuesday 24 November, 02:00 to 06:00: nobody on, 2 needed"
    ]
    assert gap_words(alone.gaps[0], LONDON) == "Monday 23 November, 00:00 to midnight: only 1 on, 2 needed"


def test_a_gap_at_the_end_of_every_week_is_found_each_time() -> None:
    """BND05."""
    until_eleven = [a_shift(person, 168 * week, 168 * week + 167) for week in range(2) for person in (A, B)]

    found = the_cover(until_eleven, ALWAYS_TWO, until=336)

    assert [(gap.span.starts_at, gap.span.ends_at) for gap in found.gaps] == [(at(167), at(168)), (at(335), at(336))]


def test_a_band_of_the_night_is_as_long_as_the_night_really_is() -> None:
    monday = date(2026, 10, 19)
    start, end = at(0, monday), instant_of(date(2026, 10, 26), time(), LONDON)
    small_hours = [Requirement(6, 60, 120, 4)]  # Sunday 01:00 to 02:00, which happens twice

    found = cover([], small_hours, skills={}, start=start, end=end, zone=LONDON)

    assert end - start == timedelta(hours=169)
    four = [segment.span.length for segment in found.segments if segment.need.people == 4]
    assert four == [timedelta(hours=2)]


def test_a_band_in_the_skipped_hour_asks_for_nothing() -> None:
    monday = date(2026, 3, 23)
    start, end = at(0, monday), instant_of(date(2026, 3, 30), time(), LONDON)

    found = cover([], [Requirement(6, 60, 120, 4)], skills={}, start=start, end=end, zone=LONDON)

    assert end - start == timedelta(hours=167)
    assert {segment.need.people for segment in found.segments} == {2}


@st.composite
def rotas(draw: st.DrawFn) -> list[Shift]:
    def one(person: int, starts: int, length: int) -> Shift:
        return Shift(person, Span(at(0) + timedelta(minutes=starts), at(0) + timedelta(minutes=starts + length)))

    return draw(st.lists(st.builds(one, st.integers(1, 6), st.integers(0, 2880), st.integers(1, 1440)), max_size=15))


@given(rotas(), st.lists(st.builds(Requirement, st.integers(0, 2), st.integers(0, 700), st.integers(701, 1440),
                                   st.integers(0, 5)), max_size=5))  # fmt: skip
def test_segments_fill_the_period_and_count_what_a_look_at_each_start_counts(
    rota: list[Shift], bands: list[Requirement]
) -> None:
    found = the_cover(rota, bands, until=72)

    edges = [segment.span for segment in found.segments]
    assert edges[0].starts_at == at(0)
    assert edges[-1].ends_at == at(72)
    assert all(one.ends_at == two.starts_at for one, two in pairwise(edges))
    for segment in found.segments:
        on = {shift.counsellor_id for shift in rota if shift.span.covers(segment.span.starts_at)}
        assert segment.on == len(on)
        assert segment.need.people >= 2
    assert (found.percent == 100) is all(segment.on >= segment.need.people for segment in found.segments)


def test_times_in_the_repeated_hour_say_which_one_they_mean() -> None:
    start, end = datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC)
    shifts = [Shift(person, Span(start, end - timedelta(minutes=30))) for person in (A, B)]

    found = cover(resolve(shifts, start=start, end=end), ALWAYS_TWO, skills={}, start=start, end=end, zone=LONDON)

    assert gap_words(found.gaps[0], LONDON) == (
        "Sunday 25 October, 01:30 (after the clocks go back) to 02:00: nobody on, 2 needed"
    )

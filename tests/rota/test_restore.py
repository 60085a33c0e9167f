"""Whatever was published and undone, or swapped and put back: every row is as it was, and so is everybody's cover."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from rota.domain.shifts import ShiftRefused, Span
from rota.models import ShiftRow, ShiftState, range_of
from rota.operations import drafts, publications, swaps
from rota.operations.drafts import DraftShift
from tests.counted import counted
from tests.rota.planning import LONDON, NOON, Team, hours
from tests.rota.test_planning_rows import resolved

A_FEW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
PEOPLE = 3

starts = st.integers(min_value=24, max_value=24 * 9)
lengths = st.integers(min_value=1, max_value=12)
spans = st.builds(lambda start, length: hours(start, start + length), starts, lengths)
people = st.integers(min_value=0, max_value=PEOPLE - 1)
rotas = st.lists(st.tuples(people, spans), min_size=1, max_size=6)
changes = st.lists(
    st.tuples(st.integers(min_value=-2, max_value=5), st.one_of(st.none(), st.tuples(people, spans))),
    min_size=1,
    max_size=6,
    unique_by=lambda change: change[0] if change[0] >= 0 else object(),
)
"""Which shift (negative: a new one), and what it becomes (None: it goes)."""


@pytest.fixture
def team_of_three(team: Team) -> list[int]:
    return [team.counsellor(f"P{number} Example") for number in range(PEOPLE)]


@contextmanager
def nothing_stays(session: Session) -> Iterator[None]:
    """What an example writes is gone before the next one."""
    with session.begin_nested() as example:
        yield
        example.rollback()


def planned(session: Session, team: list[int], rota: list[tuple[int, Span]]) -> list[int]:
    """Those of the shifts that do not stand in each other's way, in force; their ids."""
    rows: list[ShiftRow] = []
    for person, span in rota:
        if any(row.counsellor_id == team[person] and row.span().clipped(span.starts_at, span.ends_at) for row in rows):
            continue
        row = ShiftRow(
            counsellor_id=team[person],
            during=range_of(span),
            zone=LONDON.key,
            state=ShiftState.PUBLISHED.value,
            published_at=NOON,
            created_at=NOON,
        )
        session.add(row)
        session.flush()
        rows.append(row)
    return [row.id for row in rows]


def in_force(session: Session) -> list[tuple[int, int, Span]]:
    rows = session.scalars(select(ShiftRow).where(ShiftRow.state == ShiftState.PUBLISHED.value).order_by(ShiftRow.id))
    return [(row.id, row.counsellor_id, row.span()) for row in rows]


@A_FEW
@given(rota=rotas, asked=changes)
def test_publishing_and_undoing_restores_every_row_exactly(
    session: Session, team_of_three: list[int], rota: list[tuple[int, Span]], asked: list[tuple[int, object]]
) -> None:
    with nothing_stays(session):
        ids = planned(session, team_of_three, rota)
        before = (in_force(session), resolved(session))
        wanted = [_change(ids, team_of_three, number, what) for number, what in asked if number < len(ids)]
        draft = drafts.begin(session, by=None, now=NOON)
        try:
            drafts.put(session, draft_id=draft.id, changes=wanted, zone=LONDON, now=NOON)
            publications.publish(session, draft_id=draft.id, zone=LONDON, by=None, now=NOON)
        except ShiftRefused:
            return  # two shifts at once are never published; there is nothing to undo
        publications.undo(session, draft_id=draft.id, reason="It was wrong", zone=LONDON, by=None, now=NOON)

        assert (in_force(session), resolved(session)) == before


def _change(ids: list[int], team: list[int], number: int, what: object) -> DraftShift:
    shift_id = ids[number] if number >= 0 else None
    version = 1 if shift_id else 0
    if isinstance(what, tuple):
        person, span = what
        return DraftShift(shift_id, version, team[person], span, "It is needed")
    if shift_id is None:
        return DraftShift(None, 0, team[0], hours(24 * 20, 24 * 20 + 4), "It is needed")
    return DraftShift(shift_id, version, None, None)


@A_FEW
@given(span=spans, cut=st.tuples(st.integers(0, 11), st.integers(1, 12)), is_whole=st.booleans())
def test_a_swap_that_is_put_back_restores_every_row_exactly(
    session: Session, team_of_three: list[int], span: Span, cut: tuple[int, int], is_whole: bool
) -> None:
    owner, taker, _ = team_of_three
    with nothing_stays(session):
        (shift,) = planned(session, team_of_three, [(0, span)])
        before = (in_force(session), resolved(session))
        first = span.starts_at + min(timedelta(hours=cut[0]), span.length - timedelta(hours=1))
        part = None if is_whole else Span(first, min(first + timedelta(hours=cut[1]), span.ends_at))
        swap = swaps.offer(session, shift_id=shift, owner_id=owner, part=part, by=None, now=NOON)
        swaps.take(session, swap_id=swap.id, taker_id=taker, zone=LONDON, by=None, now=NOON)
        swaps.approve(session, swap_id=swap.id, zone=LONDON, by=None, now=NOON)
        between = in_force(session)
        swaps.withdraw(session, swap_id=swap.id, by=None, now=NOON)

        assert between != before[0]
        assert (in_force(session), resolved(session)) == before


def test_publishing_and_undoing_ask_no_more_for_many_shifts_than_for_few(
    session: Session, team_of_three: list[int]
) -> None:
    asked = []
    for days in (range(2, 6), range(10, 50)):  # forty times other times, and forty new ones
        changes = []
        for day in days:
            shift = planned(session, team_of_three, [(day % 2, hours(24 * day, 24 * day + 4))])[0]
            moved = hours(24 * day + 1, 24 * day + 5)
            changes.append(DraftShift(shift, 1, team_of_three[(day + 1) % 2], moved, "Because"))
            changes.append(DraftShift(None, 0, team_of_three[2], moved, "Because"))
        draft = drafts.begin(session, by=None, now=NOON)
        drafts.put(session, draft_id=draft.id, changes=changes, zone=LONDON, now=NOON)
        session.flush()
        with counted() as statements:
            publications.publish(session, draft_id=draft.id, zone=LONDON, by=None, now=NOON)
            publications.undo(session, draft_id=draft.id, reason="Because", zone=LONDON, by=None, now=NOON)
            session.flush()
        asked.append(len(statements))

    assert asked[1] <= asked[0] + 4, asked

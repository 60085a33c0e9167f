"""Who may be rung, by the rota: one answer everywhere, not in the last minutes, and each ring says by which shift."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import JournalRow
from callbacks import queries
from callbacks.models import AttemptRow
from callbacks.operations.explain import standing
from foundation.database import transaction
from rota import queries as rota
from rota.models import ShiftRow
from rota.operations.offers_end import NotLastMinutes, end_offers
from rota.operations.shifts import move_shift
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock
from tests.rota.planning import LONDON, hours


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


def test_each_ring_says_by_which_shift_of_the_rota_and_in_which_version(desk: Desk) -> None:
    desk.counsellor()
    with desk.app.app_context(), transaction() as session:
        (shift,) = session.scalars(select(ShiftRow))
        shift_id, person = shift.id, shift.counsellor_id
        move_shift(
            session,
            shift_id=shift_id,
            counsellor_id=person,
            span=hours(-2, 7),
            version=1,
            zone=LONDON,
            by=None,
            now=NOON,
        )

    reference = desk.ask()
    desk.match()

    with desk.app.app_context(), transaction() as session:
        (attempt,) = session.scalars(select(AttemptRow))
        callback = queries.by_reference(session, reference)
        assert callback
        said = [line.words for line in queries.history(session, callback.id)]
    assert (attempt.shift_id, attempt.shift_version) == (shift_id, 2)
    assert said[-1].startswith("Given to Ana Example: ")
    assert said[-1].endswith(f"On duty by shift {shift_id} of the rota, in its version 2.")


def test_the_last_minutes_are_as_many_as_a_supervisor_says_and_everything_reads_them(desk: Desk) -> None:
    desk.counsellor(shift=hours(-2, 0.25))
    desk.ask()

    def seen() -> tuple[int, int, bool]:
        with desk.app.app_context(), transaction() as session:
            found = standing(session, zone=LONDON, now=NOON)
            is_absent = found.absence_of(found.people[0]) is not None
            return len(rota.counsellors_free(session, moment=NOON)), queries.count_free(session, now=NOON), is_absent

    before = seen()
    with desk.app.app_context(), transaction() as session:
        end_offers(session, before=15, by=None, now=NOON)
    after = seen()
    desk.match()

    with desk.app.app_context(), transaction() as session:
        assert session.scalars(select(AttemptRow)).all() == []
        (noted,) = session.scalars(select(JournalRow).where(JournalRow.action == "offers_end_set"))
    assert (before, after) == ((1, 1, False), (0, 0, True))
    assert (noted.before, noted.after) == ({"minutes": 5}, {"minutes": 15})


@pytest.mark.parametrize("minutes", [-1, 61])
def test_last_minutes_that_make_no_sense_are_refused_with_words(session: Session, minutes: int) -> None:
    with pytest.raises(NotLastMinutes, match="from 0 to 60"):
        end_offers(session, before=minutes, by=None, now=NOON)


def test_the_number_of_the_free_is_the_number_of_those_who_would_be_rung_at_every_minute(
    session: Session, desk: Desk
) -> None:
    """Handovers, shifts that touch, last minutes, an unverified telephone and somebody away, over a day."""
    team, spans = desk.team, [(0, 4), (4, 8.05), (3.5, 12), (12, 20), (20, 24), (1, 2)]
    people = [team.counsellor(f"P{number} Example") for number in range(4)]
    people += [team.counsellor("Una Example", is_verified=False), team.counsellor("Away Example", is_available=False)]
    for number, (starts, ends) in enumerate(spans):
        team.shift(people[number % len(people)], hours(starts, ends))
    team.shift(people[0], hours(4, 6))
    team.shift(people[1], hours(8.05, 9))
    moments = [NOON + timedelta(minutes=number) for number in range(0, 24 * 60, 7)]

    free = [{one.counsellor.id for one in rota.counsellors_free(session, moment=moment)} for moment in moments]
    counted = [queries.count_free(session, now=moment) for moment in moments]
    among = [queries.count_free(session, among=frozenset(people[:2]), now=moment) for moment in moments]

    assert max(counted) >= 2
    assert counted == [len(one) for one in free]
    assert among == [len(one & set(people[:2])) for one in free]

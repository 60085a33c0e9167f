"""Shifts in the database: what is refused, who wins, and what the one resolver says about the rest."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import queries as journal
from foundation.database import transaction
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.presence import PresenceState
from rota.domain.shifts import InThePast, ShiftHasBegun, ShiftIsOver, ShiftRefused, Span, TooLong
from rota.models import ShiftRow, ShiftState
from rota.operations import presence
from rota.operations.leaving import record_leaving
from rota.operations.shifts import (
    AlreadyOnShift,
    NobodySuch,
    PersonHasLeft,
    ShiftChangedMeanwhile,
    ShiftNotFound,
    add_shift,
    move_shift,
    remove_shift,
)
from tests.rota.planning import LONDON, NOON, Team, hours


def add(session: Session, person: int, span: Span) -> ShiftRow:
    return add_shift(session, counsellor_id=person, span=span, zone=LONDON, by=None, now=NOON)


def move(session: Session, shift: int, person: int, span: Span, version: int = 1) -> ShiftRow:
    return move_shift(
        session, shift_id=shift, counsellor_id=person, span=span, version=version, zone=LONDON, by=None, now=NOON
    )


@pytest.mark.parametrize(
    ("span", "is_refused"),
    [
        pytest.param(hours(12, 18), False, id="WRK04-12-18"),
        pytest.param(hours(11, 13), True, id="WRK04-11-13"),
        pytest.param(hours(10, 15), True, id="WRK04-10-15"),
        pytest.param(hours(6, 9), False, id="until-it-begins"),
        pytest.param(hours(10, 11), True, id="inside"),
        pytest.param(hours(9, 12), True, id="the-same"),
    ],
)
def test_nobody_works_two_shifts_at_once(span: Span, is_refused: bool, session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(9, 12))

    if is_refused:
        with pytest.raises(AlreadyOnShift, match="Ana Example already has a shift at that time"):
            add(session, ana, span)
    else:
        add(session, ana, span)


def test_two_people_may_work_at_once_and_a_draft_or_removed_shift_is_in_nobody_s_way(
    session: Session, team: Team
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ben, hours(1, 8))
    team.shift(ana, hours(1, 8), ShiftState.DRAFT)
    team.shift(ana, hours(1, 8), ShiftState.REMOVED)

    add(session, ana, hours(1, 8))

    on = queries.on_shift(session, moment=NOON + timedelta(hours=2))
    assert [person.name for person in on] == ["Ana Example", "Ben Example"]


REFUSED: list[Any] = [
    pytest.param(hours(1, 26), TooLong, "two shifts", id="longer-than-a-day"),
    pytest.param(hours(-1, 7), InThePast, "never rewritten", id="in-the-past"),
]


@pytest.mark.parametrize(("span", "kind", "words"), REFUSED)
def test_a_shift_that_cannot_be_is_refused_with_words_that_say_what_to_do(
    span: Span, kind: type[ShiftRefused], words: str, session: Session, team: Team
) -> None:
    ana = team.counsellor()

    with pytest.raises(kind, match=words):
        add(session, ana, span)

    assert queries.rostered(session, start=NOON - timedelta(days=2), end=NOON + timedelta(days=2)) == []


def test_nobody_who_has_left_or_never_was_is_given_a_shift(session: Session, team: Team) -> None:
    ana = team.counsellor()
    record_leaving(
        session, counsellor_id=ana, left_on=(NOON + timedelta(days=3)).date(), zone=LONDON, by=None, now=NOON
    )

    add(session, ana, hours(24, 32))
    with pytest.raises(PersonHasLeft, match="Ana Example will have left by then"):
        add(session, ana, hours(72, 80))
    with pytest.raises(NobodySuch, match="from the list"):
        add(session, 999, hours(72, 80))


def test_whoever_leaves_has_no_shifts_afterwards_and_keeps_those_before(session: Session, team: Team) -> None:
    ana = team.counsellor()
    before, night_before, after = (
        team.shift(ana, hours(1, 8)),
        team.shift(ana, hours(10, 18)),
        team.shift(ana, hours(24, 32)),
    )

    vacated = record_leaving(
        session, counsellor_id=ana, left_on=(NOON + timedelta(days=1)).date(), zone=LONDON, by=None, now=NOON
    )

    kept = [shift.id for shift in queries.rostered(session, start=NOON, end=NOON + timedelta(days=9))]
    assert (vacated, kept) == (1, [before, night_before])
    assert after not in kept


def test_a_shift_is_moved_and_given_to_somebody_else(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(1, 8))

    moved = move(session, shift, ben, hours(2, 9))

    assert (moved.counsellor_id, moved.span(), moved.changed_after_publish) == (ben, hours(2, 9), True)
    line = journal.journal_of(session, subject_kind="shift", subject_id=shift)[-1]
    assert (line.action, line.before and line.before["counsellor_id"], line.after and line.after["counsellor_id"]) == (
        "shift_moved",
        ana,
        ben,
    )


def test_a_shift_moved_onto_another_of_the_same_person_stays_where_it_was(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(1, 4))
    team.shift(ana, hours(5, 9))

    with pytest.raises(AlreadyOnShift):
        move(session, shift, ana, hours(2, 6))

    session.rollback()
    found = queries.planned_shift(session, shift_id=shift)
    assert found is not None
    assert found.span == hours(1, 4)


def test_the_second_of_two_who_change_a_shift_is_told(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(1, 8))
    move(session, shift, ana, hours(2, 8), version=1)

    with pytest.raises(ShiftChangedMeanwhile):
        move(session, shift, ana, hours(3, 8), version=1)
    with pytest.raises(ShiftChangedMeanwhile):
        remove_shift(session, shift_id=shift, version=1, by=None, now=NOON)


def test_a_removed_shift_is_gone_for_everybody_and_stays_on_record(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(1, 8))

    remove_shift(session, shift_id=shift, version=1, by=None, now=NOON)

    assert queries.on_shift(session, moment=NOON + timedelta(hours=2)) == []
    assert session.get_one(ShiftRow, shift).state == ShiftState.REMOVED
    with pytest.raises(ShiftNotFound):
        remove_shift(session, shift_id=shift, version=2, by=None, now=NOON)


def test_a_running_shift_that_is_removed_ends_now(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(-3, 5))

    removed = remove_shift(session, shift_id=shift, version=1, by=None, now=NOON)

    assert removed.span() == hours(-3, 0)
    assert queries.on_shift(session, moment=NOON) == []
    assert len(queries.on_shift(session, moment=NOON - timedelta(minutes=1))) == 1


def test_what_was_worked_is_never_changed(session: Session, team: Team) -> None:
    ana = team.counsellor()
    over, running = team.shift(ana, hours(-20, -12)), team.shift(ana, hours(-4, 4))

    with pytest.raises(ShiftIsOver):
        move(session, over, ana, hours(1, 3))
    with pytest.raises(ShiftIsOver):
        remove_shift(session, shift_id=over, version=1, by=None, now=NOON)
    with pytest.raises(ShiftHasBegun):
        move(session, running, ana, hours(-3, 4))

    assert move(session, running, ana, hours(-4, 6)).span() == hours(-4, 6)


@pytest.mark.parametrize(
    ("during", "name"),
    [
        pytest.param("empty", "a_shift_starts_before_it_ends", id="empty"),
        pytest.param("[2026-11-24 12:00+00,)", "a_shift_starts_before_it_ends", id="endless"),
        pytest.param("[2026-11-24 12:00+00,2026-11-24 20:00+00]", "a_shift_starts_before_it_ends", id="closed"),
        pytest.param("[2026-11-24 12:00+00,2026-11-26 20:00+00)", "a_shift_is_at_most_a_day", id="long"),
        pytest.param("[2026-11-24 12:00:30+00,2026-11-24 20:00+00)", "a_shift_begins_and_ends_on", id="seconds"),
    ],
)
def test_the_database_holds_what_no_page_can_break(during: str, name: str, session: Session, team: Team) -> None:
    ana = team.counsellor()

    with pytest.raises(IntegrityError, match=name):
        session.execute(
            text(
                "insert into shift (counsellor_id, during, zone, state, published_at, changed_after_publish, "
                "created_at, version) values (:ana, cast(:during as tstzrange), 'Europe/London', 'published', now(), "
                "false, now(), 1)"
            ),
            {"ana": ana, "during": during},
        )
    session.rollback()


def test_two_supervisors_at_the_same_instant_exactly_one_wins(app: Flask, team: Team) -> None:
    """WRK06 and OVR07, with two real transactions that both have decided before either commits."""
    ana = team.counsellor()
    ready = threading.Barrier(2, timeout=10)
    came_of_it: list[str] = []

    def assign(span: Span) -> None:
        with app.app_context():
            try:
                with transaction() as session:
                    queries.find_counsellor(session, counsellor_id=ana)
                    ready.wait()
                    add(session, ana, span)
                came_of_it.append("added")
            except AlreadyOnShift as refused:
                came_of_it.append(str(refused))

    threads = [threading.Thread(target=assign, args=(span,)) for span in (hours(1, 8), hours(2, 9))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(came_of_it) == [
        "Ana Example already has a shift at that time. Choose another time or person",
        "added",
    ]


def test_free_are_those_on_shift_ready_verified_and_not_about_to_go_home(session: Session, team: Team) -> None:
    ready = team.counsellor("Ready Example", Skill.CRISIS)
    people = {
        "about to go home": (team.counsellor("Bea Example"), hours(-8, 0.05)),
        "away": (team.counsellor("Cai Example", is_available=False), hours(-2, 6)),
        "unverified": (team.counsellor("Dan Example", is_verified=False), hours(-2, 6)),
        "not on yet": (team.counsellor("Eve Example"), hours(1, 6)),
        "over": (team.counsellor("Fay Example"), hours(-6, 0)),
    }
    team.shift(ready, hours(-2, 6))
    for person, span in people.values():
        team.shift(person, span)

    free = queries.counsellors_free(session, moment=NOON)

    assert [(one.counsellor.name, one.on_shift_until) for one in free] == [("Ready Example", NOON + timedelta(hours=6))]
    assert free[0].counsellor.skills == {Skill.CRISIS}
    assert free[0].available_since == NOON


def test_whoever_works_two_shifts_in_a_row_is_free_through_the_handover(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, Span(NOON - timedelta(hours=4), NOON + timedelta(minutes=2)))
    team.shift(ana, Span(NOON + timedelta(minutes=2), NOON + timedelta(hours=4)))

    free = queries.counsellors_free(session, moment=NOON)

    assert [one.on_shift_until for one in free] == [NOON + timedelta(hours=4)]


def test_the_next_cover_is_one_stretch_through_handovers(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(2, 5))
    team.shift(ben, hours(4, 8))
    team.shift(ana, hours(9, 10))

    assert queries.next_cover(session, moment=NOON) == hours(2, 8)
    assert queries.next_cover(session, moment=NOON + timedelta(hours=3)) == hours(3, 8)
    assert queries.next_cover(session, moment=NOON + timedelta(hours=11)) is None


def test_a_week_of_cover_is_compared_with_the_week_s_need(session: Session, team: Team) -> None:
    team.need(2)
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    team.shift(ana, hours(0, 12))
    team.shift(ben, hours(0, 6))

    found = queries.coverage(session, start=NOON, end=NOON + timedelta(hours=12), zone=LONDON)

    assert [(segment.on, segment.need.people) for segment in found.segments] == [(2, 2), (1, 2)]
    assert found.percent == 75


def test_two_missed_offers_in_a_row_are_somebody_who_is_not_there(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(-1, 7))

    first = presence.note_missed_offer(session, counsellor_id=ana, now=NOON)
    still_free = len(queries.counsellors_free(session, moment=NOON))
    second = presence.note_missed_offer(session, counsellor_id=ana, now=NOON)

    assert (first.state, still_free) == (PresenceState.AVAILABLE, 1)
    assert second.state is PresenceState.NOT_RESPONDING
    assert queries.counsellors_free(session, moment=NOON) == []


def test_a_taken_offer_or_being_back_forgives_the_missed_one(session: Session, team: Team) -> None:
    ana = team.counsellor()

    presence.note_missed_offer(session, counsellor_id=ana, now=NOON)
    presence.note_taken_offer(session, counsellor_id=ana)
    after_taken = presence.note_missed_offer(session, counsellor_id=ana, now=NOON)
    presence.set_available(session, counsellor_id=ana, by=None, now=NOON)
    after_back = presence.note_missed_offer(session, counsellor_id=ana, now=NOON)

    assert after_taken.state is after_back.state is PresenceState.AVAILABLE


def test_whoever_said_they_are_away_stays_away_whatever_their_calls_do(session: Session, team: Team) -> None:
    ana = team.counsellor(is_available=False)

    presence.note_missed_offer(session, counsellor_id=ana, now=NOON)
    after_missing = presence.note_missed_offer(session, counsellor_id=ana, now=NOON)
    after_a_call = presence.start_wrapping_up(session, counsellor_id=ana, now=NOON)
    after_its_outcome = presence.finish_wrapping_up(session, counsellor_id=ana, by=None, now=NOON)

    assert after_missing.state is after_a_call.state is after_its_outcome.state is PresenceState.AWAY


def test_a_call_is_wrapped_up_and_its_outcome_makes_the_person_ready_again(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(-1, 7))

    presence.start_wrapping_up(session, counsellor_id=ana, now=NOON)
    free_meanwhile = queries.counsellors_free(session, moment=NOON)
    ready = presence.finish_wrapping_up(session, counsellor_id=ana, by=None, now=NOON)

    assert free_meanwhile == []
    assert ready.state is PresenceState.AVAILABLE


def test_saying_the_same_twice_changes_nothing(session: Session, team: Team) -> None:
    ana = team.counsellor()

    again = presence.set_available(session, counsellor_id=ana, by=None, now=NOON + timedelta(hours=1))

    assert again.since == NOON
    actions = [line.action for line in journal.journal_of(session, subject_kind="counsellor", subject_id=ana)]
    assert actions.count("presence_changed") == 1


def test_the_board_shows_everybody_and_until_when_they_are_on(session: Session, team: Team) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example", is_available=False)
    team.shift(ana, hours(-1, 7))

    board = queries.presence_board(session, moment=NOON)

    assert [(line.counsellor.name, line.presence.state, line.on_shift_until) for line in board] == [
        ("Ana Example", PresenceState.AVAILABLE, NOON + timedelta(hours=7)),
        ("Ben Example", PresenceState.AWAY, None),
    ]

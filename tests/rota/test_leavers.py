"""Whoever cannot sign in any more, or has left: nobody counts on them, and what they worked stays on record."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from accounts.operations.staff import end_access
from foundation.database import transaction
from rota import queries
from rota.domain.swaps import SwapState
from rota.models import CoverAskRow, CoverRequestRow, LadderState, LeaveRow, LeaveState, SwapRow, range_of
from rota.operations import leave, swaps
from rota.operations.leaving import GONE, record_leaving
from tests.rota.planning import LONDON, NOON, Team, hours


def end(app: Flask, email: str) -> None:
    with app.app_context(), transaction() as session:
        end_access(session, email=email, by=None, now=NOON)


def test_shifts_of_somebody_who_cannot_sign_in_any_more_cover_nothing_from_that_moment_on(
    app: Flask, team: Team, session: Session
) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(-4, 4))
    team.shift(ana, hours(20, 28))

    end(app, "ana@example.org")

    whole = {"start": NOON - timedelta(days=1), "end": NOON + timedelta(days=2)}
    assert [(one.starts_at, one.ends_at) for one in queries.resolved(session, **whole)] == [
        (NOON - timedelta(hours=4), NOON)
    ]
    assert queries.covered(session, start=NOON, end=NOON + timedelta(days=2)) == []
    assert queries.coverage(session, zone=LONDON, **whole).segments[-1].on == 0


def test_their_shifts_still_stand_in_the_rota_so_that_somebody_else_can_be_given_them(
    app: Flask, team: Team, session: Session
) -> None:
    ana = team.counsellor("Ana Example")
    shift = team.shift(ana, hours(20, 28))

    end(app, "ana@example.org")

    listed = queries.rostered(session, start=NOON, end=NOON + timedelta(days=2))
    assert [one.id for one in listed] == [shift]


def test_access_ends_once_and_since_when_stays_true(app: Flask, team: Team, session: Session) -> None:
    team.counsellor("Ana Example")
    end(app, "ana@example.org")

    with app.app_context(), transaction() as later:
        again = end_access(later, email="ana@example.org", by=None, now=NOON + timedelta(days=1))

    assert again.ended_at == NOON


def test_whoever_joined_and_left_inside_a_period_is_in_its_report_of_hours(
    app: Flask, team: Team, session: Session
) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(-4, -1))
    end(app, "ana@example.org")

    found = queries.people_hours(session, start=NOON - timedelta(days=7), end=NOON + timedelta(days=7), zone=LONDON)

    assert [(row.staff.name, own.total) for row, own in found] == [("Ana Example", timedelta(hours=3))]


def test_whoever_left_before_a_period_or_joins_after_it_is_not_in_its_report(team: Team, session: Session) -> None:
    team.counsellor("Ana Example")  # joins today
    gone = queries.find_counsellor(session, counsellor_id=team.counsellor("Ben Example"))
    assert gone
    gone.joined_on, gone.left_on = date(2026, 1, 5), date(2026, 11, 1)
    session.flush()

    def names(start: float, end: float) -> list[str]:
        days = {"start": NOON + timedelta(days=start), "end": NOON + timedelta(days=end)}
        return [row.staff.name for row, _ in queries.people_hours(session, zone=LONDON, **days)]

    assert (names(-60, -50), names(-10, -5), names(0, 5)) == (["Ben Example"], [], ["Ana Example"])


TOMORROW = NOON.date() + timedelta(days=1)


def test_nothing_waits_for_somebody_who_leaves(team: Team, session: Session) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    own, other = team.shift(ana, hours(24, 32)), team.shift(ben, hours(48, 56))
    offered = swaps.offer(session, shift_id=own, owner_id=ana, by=None, now=NOON)
    wanted = swaps.offer(session, shift_id=other, owner_id=ben, by=None, now=NOON)
    swaps.take(session, swap_id=wanted.id, taker_id=ana, zone=LONDON, by=None, now=NOON)
    request = CoverRequestRow(
        absent_id=ben, during=range_of(hours(24, 32)), state=LadderState.ASKING.value, opened_at=NOON,
        next_at=NOON + timedelta(minutes=10), asks=[CoverAskRow(counsellor_id=ana, asked_at=NOON)],
    )  # fmt: skip
    session.add(request)
    session.flush()

    record_leaving(session, counsellor_id=ana, left_on=TOMORROW, zone=LONDON, by=None, now=NOON)

    rows = {row.id: row for row in session.query(SwapRow)}
    assert rows[offered.id].state == SwapState.LAPSED
    assert (rows[wanted.id].state, rows[wanted.id].taker_id) == (SwapState.OFFERED, None)
    assert [ask.answer for ask in request.asks] == [GONE]
    assert request.next_at == NOON


def test_leave_ends_with_whoever_leaves(team: Team, session: Session) -> None:
    ana = team.counsellor("Ana Example")
    today = NOON.date()
    for first, last in ((today, date(2026, 11, 30)), (date(2026, 12, 7), date(2026, 12, 8))):
        leave.ask(session, counsellor_id=ana, first_day=first, last_day=last, by=None, today=today, now=NOON)

    record_leaving(session, counsellor_id=ana, left_on=TOMORROW, zone=LONDON, by=None, now=NOON)

    found = session.query(LeaveRow).order_by(LeaveRow.first_day)
    assert [(row.state, row.last_day) for row in found] == [
        (LeaveState.ASKED, today), (LeaveState.WITHDRAWN, date(2026, 12, 8)),
    ]  # fmt: skip


def test_whoever_has_left_is_not_counted_among_those_who_could_ring(app: Flask, team: Team, session: Session) -> None:
    leaves, stays, ended = (team.counsellor(name) for name in ("Ana Example", "Ben Example", "Cat Example"))
    for person in (leaves, stays, ended):
        row = queries.find_counsellor(session, counsellor_id=person)
        assert row
        row.languages = ["en", "pl"]
    session.commit()
    record_leaving(session, counsellor_id=leaves, left_on=TOMORROW, zone=LONDON, by=None, now=NOON)
    end(app, "cat@example.org")

    today, tomorrow = (set(queries.able_ids(session, language="pl", today=day)) for day in (NOON.date(), TOMORROW))

    assert (today, tomorrow) == ({leaves, stays}, {stays})


def test_a_language_is_offered_for_as_long_as_somebody_who_works_here_speaks_it(team: Team, session: Session) -> None:
    ana = queries.find_counsellor(session, counsellor_id=team.counsellor("Ana Example"))
    assert ana
    ana.languages = ["pl"]
    ana.left_on = TOMORROW
    session.flush()

    assert queries.languages_spoken(session, today=NOON.date()) == {"en", "pl"}
    assert queries.languages_spoken(session, today=TOMORROW) == {"en"}

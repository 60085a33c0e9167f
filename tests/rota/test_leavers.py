"""Whoever cannot sign in any more, or has left: nobody counts on them, and what they worked stays on record."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from accounts.operations.staff import end_access
from foundation.database import transaction
from rota import queries
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

"""A call that went on after a shift: time worked, told apart, and rest that was shorter for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.rules import Rule
from rota.domain.shifts import Span
from rota.domain.working_time import prolonged
from rota.operations.overtime import note_overtime
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

WEEK = {"start": NOON - timedelta(days=2), "end": NOON + timedelta(days=5)}


def worked_on(session: Session, team: Team, name: str = "Ana Example") -> int:
    """Somebody whose call lasted until twelve minutes after their shift, eleven hours before their next."""
    person = team.counsellor(name)
    team.shift(person, hours(-8, 0))
    team.shift(person, hours(11, 15))
    note_overtime(session, counsellor_id=person, span=hours(0, 0.2))
    session.commit()
    return person


def test_hours_count_it_and_tell_it_apart(session: Session, team: Team) -> None:
    worked_on(session, team)

    ((_, own),) = queries.people_hours(session, zone=LONDON, **WEEK)

    assert (own.total, own.overtime) == (timedelta(hours=12, minutes=12), timedelta(minutes=12))


def test_the_rest_after_it_is_shorter(session: Session, team: Team) -> None:
    ana = worked_on(session, team)

    found = {finding.rule: finding for finding in queries.findings(session, zone=LONDON, **WEEK)[ana]}

    assert found[Rule.DAILY_REST].found == timedelta(hours=10, minutes=48)
    assert found[Rule.DAILY_REST].shifts == (hours(-8, 0.2), hours(11, 15))


def test_it_reaches_no_further_than_the_next_shift() -> None:
    shifts = [hours(0, 4), hours(4.1, 8), hours(20, 24)]

    assert prolonged(shifts, [Span(shifts[0].ends_at, hours(5, 6).starts_at)]) == [hours(0, 4.1), *shifts[1:]]


def test_the_reports_say_so(team: Team, session: Session, signed_in: Callable[..., Browser]) -> None:
    worked_on(session, team)
    supervisor = signed_in()

    hours_page = supervisor.get("/staff/rota/hours?first=2026-11-23&last=2026-11-29").text
    rules = supervisor.get("/staff/rota/working-time?first=2026-11-23&last=2026-11-29").text

    assert "<td>12 min</td>" in hours_page
    assert ("Calls that went on after a shift" in rules, "Only 10 h 48 min of rest" in rules) == (True, True)


def test_my_own_weeks_say_so(team: Team, session: Session, signed_in: Callable[..., Browser]) -> None:
    worked_on(session, team)

    assert "12 h 12 min, 12 min of it after shifts" in signed_in(email="ana@example.org").get("/staff/rota/mine").text

"""What is owed to whoever works: a longer rest for one that was too short, and a health assessment before nights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import JournalRow
from rota.domain.rules import Finding, Limits, Rule, Terms
from rota.domain.shifts import Span
from rota.domain.working_time import check, verdict
from rota.models import CounsellorRow
from rota.operations.check import check_shift
from rota.operations.judge import RuleStandsAgainst, who_could_cover
from rota.operations.shifts import add_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

HOUR = timedelta(hours=1)
SHORT = (hours(10, 16), hours(22, 28))
"""Six hours of rest between them: eleven and the five that are missing are owed within a fortnight."""


def fifteen_apart(number: int, *, but: int) -> list[Span]:
    """Shifts of eight hours after fifteen of rest each, one of them left out."""
    return [hours(43 + 23 * n, 51 + 23 * n) for n in range(number) if n != but]


def judged(proposed: Span, others: list[Span], terms: Terms | None = None) -> dict[Rule, Finding]:
    found = verdict(proposed, others, terms=terms or Terms(), limits=Limits(), zone=LONDON)
    return {finding.rule: finding for finding in found.findings}


def test_a_shift_that_eats_into_a_rest_that_is_owed_is_refused_with_the_figures_and_the_shifts() -> None:
    eats = hours(43 + 23 * 5, 51 + 23 * 5)

    finding = judged(eats, [*SHORT, *fifteen_apart(20, but=5)])[Rule.OWED_REST]

    assert (finding.found, finding.limit, finding.is_advice) == (15 * HOUR, 16 * HOUR, False)
    assert finding.owed_for == SHORT
    assert eats in finding.shifts


def test_a_shift_that_leaves_the_rest_that_is_owed_breaks_nothing() -> None:
    beside = hours(43 + 23 * 5 + 1, 43 + 23 * 5 + 2)  # sixteen hours before it

    assert Rule.OWED_REST not in judged(beside, [*SHORT, *fifteen_apart(20, but=5)])


def test_nothing_is_owed_a_fortnight_later() -> None:
    late = 16  # begins 411 hours after NOON: the fortnight is over at 364
    eats = hours(43 + 23 * late, 51 + 23 * late)

    assert Rule.OWED_REST not in judged(eats, [*SHORT, *fifteen_apart(20, but=late)])


def test_a_weekly_rest_that_was_too_short_is_owed_as_well() -> None:
    every_day = [hours(24 * n, 24 * n + 8) for n in range(28)]

    owed = [
        each for each in check(every_day, terms=Terms(), limits=Limits(), zone=LONDON) if each.rule is Rule.OWED_REST
    ]

    assert {(each.found, each.limit) for each in owed} == {(16 * HOUR, 54 * HOUR)}  # 35, and the 19 that are missing


def test_a_reason_overrides_it_and_is_kept(team: Team, session: Session) -> None:
    ana = team.counsellor()
    for span in (*SHORT, *fifteen_apart(20, but=5)):
        team.shift(ana, span)
    eats = hours(43 + 23 * 5, 51 + 23 * 5)

    with pytest.raises(RuleStandsAgainst, match=r"A rest of 16 h is owed within 14 days, .*Tuesday 24 November, 22:00"):
        add_shift(session, counsellor_id=ana, span=eats, zone=LONDON, by=None, now=NOON)
    add_shift(session, counsellor_id=ana, span=eats, reason="Nobody else", zone=LONDON, by=None, now=NOON)

    kept = session.scalars(select(JournalRow.after).where(JournalRow.action == "rule_overridden")).one()
    assert kept
    assert (Rule.OWED_REST in kept["rules"], kept["reason"]) == (True, "Nobody else")


# Nights

NIGHT, DAY = hours(10, 18), [hours(48 + 48 * n, 54 + 48 * n) for n in range(3)]


@pytest.mark.parametrize(
    ("until", "others", "is_volunteer", "blocks"),
    [
        (None, [], False, True),
        (date(2026, 11, 23), [], False, True),
        (date(2026, 11, 24), [], False, None),  # holds on the day on which the night begins
        (None, DAY, False, False),  # a night now and then makes nobody a night worker
        (None, DAY[:2], False, True),  # a third of their shifts does
        (None, [], True, False),
    ],
)
def test_whoever_works_nights_without_a_health_assessment_is_refused_them_and_others_are_told_of_it(
    until: date | None, others: list[Span], is_volunteer: bool, blocks: bool | None
) -> None:
    terms = Terms(health_checked_until=until, is_volunteer=is_volunteer)

    found = judged(NIGHT, others, terms).get(Rule.HEALTH_CHECK)

    assert (None if found is None else not found.is_advice) == blocks
    assert found is None or (found.held_until, found.shifts) == (until, (NIGHT,))


def unchecked(session: Session, person: int, until: date | None = None) -> None:
    session.get_one(CounsellorRow, person).health_checked_until = until
    session.commit()


def test_the_verdict_names_the_day_until_which_it_held(team: Team, session: Session) -> None:
    ana = team.counsellor()
    unchecked(session, ana, date(2026, 11, 3))

    found = check_shift(session, shift_id=None, version=0, counsellor_id=ana, span=NIGHT, zone=LONDON, now=NOON)

    assert [each.partition(":")[0] for each in found.against] == [
        "The health assessment held until Tuesday 3 November, and this is night work"
    ]


def test_who_could_cover_says_who_has_no_health_assessment(
    team: Team, session: Session, signed_in: Callable[..., Browser]
) -> None:
    works_nights, works_days = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    for span in DAY:
        team.shift(works_days, span)
    for person in (works_nights, works_days):
        unchecked(session, person)

    found = {one.counsellor_id: one for one in who_could_cover(session, span=NIGHT, zone=LONDON, now=NOON)}
    page = signed_in().get("/staff/rota/requests?day=2026-11-24&starts=22:00&ends=06:00").text

    assert (found[works_nights].can, found[works_days].can) == (False, True)
    assert page.count("No health assessment is on record, and this is night work") == 2


def test_many_nights_without_a_health_assessment_are_one_finding(team: Team, session: Session) -> None:
    ana = team.counsellor()
    unchecked(session, ana)
    nights = [hours(10 + 48 * n, 16 + 48 * n) for n in range(5)]
    for span in nights[1:]:
        add_shift(session, counsellor_id=ana, span=span, reason="Offered, and declined", zone=LONDON, by=None, now=NOON)

    with pytest.raises(RuleStandsAgainst) as refused:
        add_shift(session, counsellor_id=ana, span=nights[0], zone=LONDON, by=None, now=NOON)

    assert [finding.shifts for finding in refused.value.verdict.against] == [(nights[0],)]


def test_what_stops_nobody_is_said_after_a_shift_was_saved_without_a_look(
    team: Team, session: Session, signed_in: Callable[..., Browser]
) -> None:
    ana, coverage = team.counsellor("Ana Example"), "/staff/coverage?week=2026-W48"
    for span in DAY:
        team.shift(ana, span)
    unchecked(session, ana)
    supervisor = signed_in()

    supervisor.send(coverage, page=coverage, counsellor=ana, day="2026-11-24", starts="22:00", ends="06:00")

    said = supervisor.get(coverage).text
    assert "Worth knowing: No health assessment is on record, and this is night work: Tuesday 24 November" in said

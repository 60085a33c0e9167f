"""Breaks: inside their shift, not cover, planned where they do the least harm, known to whoever has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from lxml import html
from sqlalchemy.orm import Session

from accounts import queries as journal
from foundation.database import transaction
from rota import queries
from rota.domain.breaks import place_break
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.models import DraftRow, RequirementRow, ShiftRow, span_of
from rota.operations import drafts, feed, publications, swaps
from rota.operations.breaks import BreakRefused, plan_breaks, remove_breaks, set_break
from rota.operations.drafts import DraftShift
from rota.operations.shifts import split_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

PAGE = "/staff/coverage/breaks?week=2026-W48"
ME: dict[str, Any] = {"by": None, "now": NOON}


def test_cover_counts_one_fewer_while_somebody_is_on_their_break(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(1, 9))
    team.shift(ben, hours(1, 9))

    set_break(session, shift_id=shift, span=hours(4, 4.5), **ME)

    found = queries.coverage(session, start=NOON + timedelta(hours=1), end=NOON + timedelta(hours=9), zone=LONDON)
    assert [(one.span, one.on) for one in found.segments] == [(hours(1, 4), 2), (hours(4, 4.5), 1), (hours(4.5, 9), 2)]


def test_a_new_break_takes_the_place_of_the_old_one_and_the_journal_has_both(session: Session, team: Team) -> None:
    shift = team.shift(team.counsellor(), hours(1, 9))

    set_break(session, shift_id=shift, span=hours(4, 4.5), **ME)
    set_break(session, shift_id=shift, span=hours(5, 5.5), **ME)
    remove_breaks(session, shift_id=shift, **ME)
    remove_breaks(session, shift_id=shift, **ME)

    lines = journal.journal_of(session, subject_kind="shift", subject_id=shift)
    assert queries.break_rows(session, shift_ids=[shift]) == []
    assert [(line.action, bool(line.before), bool(line.after)) for line in lines] == [
        ("break_set", False, True), ("break_set", True, True), ("break_removed", True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "span", "said"),
    [
        (hours(1, 9), hours(0, 0.5), "inside the shift"),
        (hours(1, 9), hours(1, 1.5), "inside the shift"),
        (hours(1, 9), hours(2, 5), "at most two hours"),
        (hours(-9, -1), hours(-4, -3.5), "is over"),
    ],
)
def test_a_break_that_cannot_be_is_refused_with_words(
    shift: Span, span: Span, said: str, session: Session, team: Team
) -> None:
    row = team.shift(team.counsellor(), shift)

    with pytest.raises(BreakRefused, match=said):
        set_break(session, shift_id=row, span=span, **ME)

    assert queries.break_rows(session, shift_ids=[row]) == []


def test_a_break_is_placed_where_most_can_be_missed_and_else_in_the_middle() -> None:
    shift, half = hours(0, 8), timedelta(minutes=30)

    middle = place_break(shift, half, spare=lambda _: 1)
    busy = place_break(shift, half, spare=lambda one: 0 if one.starts_at < NOON + timedelta(hours=5) else 1)

    assert (middle.starts_at, middle.length) == (NOON + timedelta(hours=3, minutes=40), half)
    assert busy.starts_at == NOON + timedelta(hours=5)


def test_the_missing_breaks_of_a_week_are_planned_one_after_another(session: Session, team: Team) -> None:
    people = [team.counsellor(name) for name in ("Ana Example", "Ben Example", "Cai Example")]
    for person in people:
        team.shift(person, hours(1, 9))
    team.shift(people[0], hours(20, 25))  # too short for one

    planned = plan_breaks(session, start=NOON, end=NOON + timedelta(days=3), zone=LONDON, **ME)
    again = plan_breaks(session, start=NOON, end=NOON + timedelta(days=3), zone=LONDON, **ME)

    found = sorted(
        (one.starts_at, one.ends_at) for one in queries.break_spans(session, start=NOON, end=hours(0, 72).ends_at)
    )
    assert (planned, again, len(found)) == (3, 0, 3)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(found))


def test_no_break_leaves_a_time_without_the_training_that_it_needs(session: Session, team: Team) -> None:
    """The only two who are trained meet for four hours: that is where each has their break, one after the other."""
    ana, ben = (team.counsellor(name, Skill.CRISIS) for name in ("Ana Example", "Ben Example"))
    cai, dan = (team.counsellor(name) for name in ("Cai Example", "Dan Example"))
    session.add_all(
        RequirementRow(weekday=day, starts=0, ends=1440, at_least=2, skill="crisis", with_skill=1) for day in range(7)
    )
    session.flush()
    team.shift(ana, hours(24, 32))
    team.shift(ben, hours(28, 36))
    for person in (cai, dan):
        team.shift(person, hours(24, 36))

    plan_breaks(session, start=NOON, end=NOON + timedelta(days=3), zone=LONDON, **ME)

    found = queries.coverage(session, start=hours(24, 36).starts_at, end=hours(24, 36).ends_at, zone=LONDON)
    own = {each.counsellor_id: each.breaks for each in queries.shifts_due_a_break(
        session, start=NOON, end=NOON + timedelta(days=3))}  # fmt: skip
    assert all(len(breaks) == 1 for breaks in own.values())
    assert not [gap for gap in found.gaps if gap.missing]
    assert all(hours(28, 32).covers(own[person][0].starts_at) for person in (ana, ben))


def test_a_supervisor_plans_and_takes_away_breaks_on_the_page(
    team: Team, signed_in: Callable[..., Browser], session: Session
) -> None:
    shift = team.shift(team.counsellor(), hours(10, 18))  # 22:00 to 06:00
    supervisor = signed_in()

    wrong = supervisor.send(f"/staff/coverage/breaks/{shift}?week=2026-W48", page=PAGE, starts="soon", ends="02:00")
    set_it = supervisor.send(f"/staff/coverage/breaks/{shift}?week=2026-W48", page=PAGE, starts="01:40", ends="02:00")
    page = supervisor.get(PAGE).text
    gone = supervisor.send(f"/staff/coverage/breaks/{shift}?week=2026-W48", page=PAGE, answer="none")
    planned = supervisor.send("/staff/coverage/breaks/missing?week=2026-W48", page=PAGE)

    assert wrong.status_code == 422
    assert [link.text_content() for link in html.fromstring(wrong.text).cssselect(".error-summary a")] == [
        "Enter when the break starts and ends, like 01:40 and 02:00"
    ]
    assert (set_it.status_code, gone.status_code, planned.status_code) == (303, 303, 303)
    assert "Break 01:40 to 02:00" in page
    assert len(queries.break_rows(session, shift_ids=[shift])) == 1


def test_the_calendar_says_when_the_break_is_and_counts_the_change(app: Flask, client: FlaskClient, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(10, 18))
    with app.app_context(), transaction() as session:
        token = feed.renew(session, counsellor_id=ana, by=None, now=NOON)
        set_break(session, shift_id=shift, span=hours(13.5, 14), **ME)

    found: Any = Calendar.from_ical(client.get(f"/feeds/{token}.ics").data)

    assert [(str(one["description"]), int(one["sequence"])) for one in found.walk("VEVENT")] == [
        ("Break 01:30 to 02:00", 1)
    ]


def test_my_shifts_say_when_my_breaks_are(team: Team, signed_in: Callable[..., Browser], session: Session) -> None:
    shift = team.shift(team.counsellor("Ana Example"), hours(10, 18))
    set_break(session, shift_id=shift, span=hours(13.5, 14), **ME)
    session.commit()

    assert "8 h. Break 01:30 to 02:00" in signed_in(email="ana@example.org").get("/staff/rota").text


# A shift that is cut


def breaks_of(session: Session, shift: int) -> list[Span]:
    return [span_of(row.during) for row in queries.break_rows(session, shift_ids=[shift])]


@pytest.mark.parametrize(
    ("at", "first", "second"),
    [
        (3, [], [hours(4, 4.5)]),
        (6, [hours(4, 4.5)], []),
        (4.25, [hours(4, 4.5)], []),  # the cut goes through it
    ],
)
def test_a_break_goes_with_the_piece_that_contains_it(
    at: float, first: list[Span], second: list[Span], session: Session, team: Team
) -> None:
    shift = team.shift(team.counsellor(), hours(1, 9))
    set_break(session, shift_id=shift, span=hours(4, 4.5), **ME)

    _, later = split_shift(session, shift_id=shift, at=hours(at, 9).starts_at, version=2, **ME)

    assert (breaks_of(session, shift), breaks_of(session, later.id)) == (first, second)


def test_whoever_takes_the_part_with_the_break_has_it_and_gives_it_back_with_the_swap(
    session: Session, team: Team
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 32))
    set_break(session, shift_id=shift, span=hours(26, 26.5), **ME)
    swap = swaps.offer(session, shift_id=shift, owner_id=ana, part=hours(24, 32), **ME)
    swaps.take(session, swap_id=swap.id, taker_id=ben, zone=LONDON, **ME)
    swaps.approve(session, swap_id=swap.id, zone=LONDON, **ME)
    (made,) = swap.made
    handed_on = breaks_of(session, made)

    swaps.withdraw(session, swap_id=swap.id, zone=LONDON, **ME)

    assert (handed_on, breaks_of(session, made), breaks_of(session, shift)) == (
        [hours(26, 26.5)], [], [hours(26, 26.5)],
    )  # fmt: skip


def test_a_piece_that_is_due_a_break_and_has_none_is_told(
    team: Team, signed_in: Callable[..., Browser], session: Session
) -> None:
    shift = team.shift(team.counsellor("Ana Example"), hours(20, 32))  # 08:00 to 20:00
    set_break(session, shift_id=shift, span=hours(21, 21.5), **ME)
    session.commit()
    supervisor, coverage = signed_in(), "/staff/coverage?week=2026-W48"

    answer = supervisor.send(f"/staff/coverage/shifts/{shift}/split", page=coverage, split_at="13:00", version=2)
    page = supervisor.get(answer.headers["Location"]).text

    assert "Ana Example, Wednesday 25 November, 13:00 to 20:00, is due a break of 20 min and has none." in page
    assert "08:00 to 13:00, is due" not in page


def test_a_shift_that_moves_away_from_its_break_has_none_any_more(
    team: Team, signed_in: Callable[..., Browser], session: Session
) -> None:
    ana = team.counsellor("Ana Example")
    shift = team.shift(ana, hours(20, 28))
    set_break(session, shift_id=shift, span=hours(24, 24.5), **ME)
    session.commit()
    supervisor, coverage = signed_in(), "/staff/coverage?week=2026-W48"

    supervisor.send(
        f"/staff/coverage/shifts/{shift}", page=coverage, counsellor=ana, day="2026-11-26", starts="08:00",
        ends="16:00", version=2,
    )  # fmt: skip
    page = supervisor.get(coverage).text

    assert "Thursday 26 November, 08:00 to 16:00, is due a break of 20 min and has none." in page
    assert queries.break_spans(session, start=NOON, end=hours(0, 96).ends_at) == []


def drafted(session: Session, shift: int, span: Span) -> DraftRow:
    row = session.get_one(ShiftRow, shift)
    change = DraftShift(shift, row.version, row.counsellor_id, span, "so that it is planned at all")
    draft = drafts.begin(session, **ME)
    return drafts.put(session, draft_id=draft.id, changes=[change], zone=LONDON, now=NOON)


def counted(session: Session) -> list[Span]:
    found = queries.break_spans(session, start=NOON, end=hours(0, 96).ends_at)
    return [Span(one.starts_at, one.ends_at) for one in found]


@pytest.mark.parametrize(
    ("moved_to", "has"),
    [
        (hours(44, 52), [hours(48, 48.5)]),  # the next day: as far into the shift as before
        (hours(45, 50), [hours(49, 49.5)]),
        (hours(22, 30), [hours(24, 24.5)]),  # it is inside still, and stays
        (hours(44, 47), []),  # it does not fit any more
    ],
)
def test_a_published_draft_carries_the_break_along_and_undoing_it_puts_it_back(
    moved_to: Span, has: list[Span], session: Session, team: Team
) -> None:
    shift = team.shift(team.counsellor(), hours(20, 28))
    set_break(session, shift_id=shift, span=hours(24, 24.5), **ME)
    draft = drafted(session, shift, moved_to)

    publications.publish(session, draft_id=draft.id, zone=LONDON, **ME)
    while_published = counted(session)
    publications.undo(session, draft_id=draft.id, zone=LONDON, **ME)

    assert (while_published, breaks_of(session, shift)) == (has, [hours(24, 24.5)])


def test_a_break_that_was_carried_along_goes_along_again_and_comes_back_to_where_it_was(
    session: Session, team: Team
) -> None:
    shift = team.shift(team.counsellor(), hours(20, 28))
    set_break(session, shift_id=shift, span=hours(24, 24.5), **ME)
    for moved_to in (hours(44, 52), hours(68, 76), hours(20, 28)):
        publications.publish(session, draft_id=drafted(session, shift, moved_to).id, zone=LONDON, **ME)

    assert counted(session) == [hours(24, 24.5)]


def test_a_draft_says_that_a_break_does_not_fit_into_its_shift_any_more(
    team: Team, signed_in: Callable[..., Browser], session: Session
) -> None:
    ana = team.counsellor("Ana Example")
    shift = team.shift(ana, hours(20, 30))  # 08:00 to 18:00
    set_break(session, shift_id=shift, span=hours(28, 28.5), **ME)
    session.commit()
    supervisor, draft = signed_in(), "/staff/rota/draft?week=2026-W48"
    moved: dict[str, Any] = {"page": draft, "counsellor": ana, "day": "2026-11-26", "starts": "08:00"}

    supervisor.send(f"/staff/rota/draft/shifts/{shift}", ends="15:00", version=2, **moved)
    too_short = supervisor.get(draft).text
    supervisor.send("/staff/rota/draft/lines/1", ends="17:00", **moved)
    long_enough = supervisor.get(draft).text

    assert "The break 16:00 to 16:30 does not fit inside any more." in too_short
    assert "does not fit inside" not in long_enough

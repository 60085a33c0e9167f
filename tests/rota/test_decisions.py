"""Each decision is right when it counts: judged against everything, at the moment of writing, whoever else decides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.models import JournalRow
from accounts.operations.staff import add_staff, set_phone
from foundation.database import transaction
from foundation.phone import Phone
from notifications.models import TextRow
from rota.domain.counsellor import Skill
from rota.domain.rests import made_up
from rota.domain.rules import Finding, Limits, Rule, Terms
from rota.domain.shifts import Shift, Span
from rota.domain.shifts import planned as planned_on
from rota.domain.swaps import NotNow
from rota.domain.working_time import check, verdict
from rota.models import CounsellorRow, DraftRow, LeaveRow, ShiftRow
from rota.operations import drafts, leave, publications, swaps
from rota.operations.drafts import DraftShift
from rota.operations.judge import RuleStandsAgainst, who_could_cover
from rota.operations.judge_draft import RulesStandAgainstDraft
from rota.operations.publications import CannotBeUndone
from rota.operations.shifts import AlreadyOnShift, PersonHasLeft, add_shift, move_shift, remove_shift, vacate
from rota.web.wording import INSTEAD
from tests.rota.planning import LONDON, NOON, PASSWORD, Browser, Team, hours, london
from tests.rota.test_planning_rows import a_draft, actions, at_once, offered, planned, rota, texts

MONDAY = date(2026, 11, 23)
TODAY = NOON.date()


def asked_for_leave(session: Session, person: int, first: int, last: int) -> LeaveRow:
    days = [TODAY + timedelta(days=number) for number in (first, last)]
    return leave.ask(session, counsellor_id=person, first_day=days[0], last_day=days[1], by=None, today=TODAY, now=NOON)


def weeks(number: int, days: int, starts: int, ends: int) -> list[Span]:
    """So many weeks from Monday with the same days."""
    spans = [
        planned_on(MONDAY + timedelta(days=7 * week + day), time(starts), time(ends), LONDON)
        for week in range(number)
        for day in range(days)
    ]
    return [span for span in spans if span]


# Drafts


def test_the_lines_of_a_draft_are_judged_against_each_other(session: Session, team: Team) -> None:
    ana = team.counsellor()

    with pytest.raises(RuleStandsAgainst, match="Only 2 h of rest"):
        a_draft(session, DraftShift(None, 0, ana, hours(20, 28)), DraftShift(None, 0, ana, hours(30, 36)))


def test_a_reason_for_one_line_of_a_draft_is_asked_for_once_and_journalled_when_it_is_published(
    session: Session, team: Team
) -> None:
    ana = team.counsellor()
    draft = a_draft(session, DraftShift(None, 0, ana, hours(20, 28)), DraftShift(None, 0, ana, hours(30, 36), "Flood"))
    drafts.put(session, draft_id=draft, changes=[DraftShift(None, 0, ana, hours(96, 100))], zone=LONDON, now=NOON)
    before = actions(session)

    publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)

    assert "rule_overridden" not in before
    noted = session.scalars(select(JournalRow).where(JournalRow.action == "rule_overridden")).all()
    assert [(row.after or {})["reason"] for row in noted] == ["Flood"]


def test_a_draft_that_is_thrown_away_overrides_nothing(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(1, 9))
    draft = a_draft(session, DraftShift(None, 0, ana, hours(17, 23), "Flood"))

    drafts.discard(session, draft_id=draft, now=NOON)

    assert "rule_overridden" not in actions(session)


def test_leave_that_was_approved_after_drafting_stands_against_publishing(session: Session, team: Team) -> None:
    ana = team.counsellor()
    draft = a_draft(session, DraftShift(None, 0, ana, hours(24, 30)))
    leave.approve(session, leave_id=asked_for_leave(session, ana, 1, 1).id, zone=LONDON, by=None, now=NOON)

    with pytest.raises(RulesStandAgainstDraft, match="Ana Example: On leave"):
        publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)

    assert rota(session) == []


def test_two_shifts_at_once_in_one_draft_are_not_published(session: Session, team: Team) -> None:
    ana = team.counsellor()
    draft = a_draft(session, DraftShift(None, 0, ana, hours(20, 28)), DraftShift(None, 0, ana, hours(24, 30), "Flood"))

    with pytest.raises(AlreadyOnShift, match="Two shifts at once"):
        publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)


def test_undoing_a_publication_gives_nobody_a_shift_in_their_leave(session: Session, team: Team) -> None:
    ana = team.counsellor()
    draft = a_draft(session, DraftShift(team.shift(ana, hours(24, 30)), 1, None, None))
    publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)
    leave.approve(session, leave_id=asked_for_leave(session, ana, 1, 1).id, zone=LONDON, by=None, now=NOON)

    with pytest.raises(RulesStandAgainstDraft, match="On leave"):
        publications.undo(session, draft_id=draft, reason="I want to", zone=LONDON, by=None, now=NOON)

    assert rota(session) == []


def test_undoing_a_publication_gives_no_shift_to_somebody_who_leaves(session: Session, team: Team) -> None:
    ana = team.counsellor()
    draft = a_draft(session, DraftShift(team.shift(ana, hours(24, 30)), 1, None, None))
    publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)
    session.get_one(CounsellorRow, ana).left_on = TODAY + timedelta(days=1)

    with pytest.raises(PersonHasLeft):
        publications.undo(session, draft_id=draft, zone=LONDON, by=None, now=NOON)


def test_a_publication_of_which_a_shift_was_changed_since_is_not_undone(session: Session, team: Team) -> None:
    ana = team.counsellor()
    draft = a_draft(session, DraftShift(None, 0, ana, hours(24, 30)))
    publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)
    (shift,) = planned(session)
    move_shift(
        session, shift_id=shift.id, counsellor_id=ana, span=hours(25, 30), version=1, zone=LONDON, by=None, now=NOON
    )

    with pytest.raises(CannotBeUndone, match="changed since"):
        publications.undo(session, draft_id=draft, zone=LONDON, by=None, now=NOON)


def test_two_drafts_of_the_same_shifts_in_another_order_do_not_wait_for_each_other(
    session: Session, app: Flask, team: Team
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    one, two = team.shift(ana, hours(20, 28)), team.shift(ben, hours(20, 28))
    first = a_draft(session, DraftShift(one, 1, ana, hours(21, 28)), DraftShift(two, 1, ben, hours(21, 28)))
    staff = session.get_one(CounsellorRow, ana).staff_id
    second = drafts.begin(session, by=staff, now=NOON).id
    changes = [DraftShift(two, 1, ben, hours(22, 28)), DraftShift(one, 1, ana, hours(22, 28))]
    drafts.put(session, draft_id=second, changes=changes, zone=LONDON, now=NOON)
    session.commit()

    came = at_once(app, *(publishing(draft) for draft in (first, second)))

    assert came == ["Somebody else changed a shift of this draft. Look at it again", "done"]


def publishing(draft: int) -> Callable[[Session], object]:
    return lambda session: publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)


def test_a_planner_has_one_open_draft(session: Session) -> None:
    first = drafts.begin(session, by=None, now=NOON)

    assert drafts.begin(session, by=None, now=NOON).id == first.id
    session.add(DraftRow(made_at=NOON))
    with pytest.raises(IntegrityError, match="one_open_draft_for_each_planner"):
        session.flush()


# Two at once


def test_a_shift_in_leave_that_is_being_approved_is_not_added_at_the_same_moment(
    session: Session, app: Flask, team: Team
) -> None:
    ana = team.counsellor()
    row = asked_for_leave(session, ana, 1, 1).id
    session.commit()
    both = together()

    came = at_once(
        app,
        both(lambda session: leave.approve(session, leave_id=row, zone=LONDON, by=None, now=NOON)),
        both(lambda session: adding(session, ana, hours(24, 30))),
    )

    assert rota(session) == []
    assert "done" in came


def test_two_shifts_without_rest_between_them_are_not_added_at_the_same_moment(
    session: Session, app: Flask, team: Team
) -> None:
    ana = team.counsellor()
    both = together()

    came = at_once(
        app,
        both(lambda session: adding(session, ana, hours(1, 9))),
        both(lambda session: adding(session, ana, hours(11, 19))),
    )

    assert len(rota(session)) == 1
    assert "Only 2 h of rest" in came[0]


def adding(session: Session, person: int, span: Span) -> ShiftRow:
    return add_shift(session, counsellor_id=person, span=span, zone=LONDON, by=None, now=NOON)


def together() -> Callable[[Callable[[Session], object]], Callable[[Session], object]]:
    """Both have written, as far as they are let, before either commits."""
    written = threading.Barrier(2, timeout=1)

    def wrapped(act: Callable[[Session], object]) -> Callable[[Session], object]:
        def acting(session: Session) -> None:
            act(session)
            try:
                written.wait()
            except threading.BrokenBarrierError:
                return  # the other one waits for this commit, which is what is wanted

        return acting

    return wrapped


# Leave


def test_leave_from_tomorrow_ends_tonight_s_shift_at_midnight_and_not_now(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(-1, 14))

    vacated = leave.approve(session, leave_id=asked_for_leave(session, ana, 1, 1).id, zone=LONDON, by=None, now=NOON)

    assert rota(session) == [("Ana Example", hours(-1, 12))]
    assert vacated == [hours(12, 14)]


def test_a_night_shift_that_reaches_into_leave_is_cut_at_midnight_on_both_sides(session: Session, team: Team) -> None:
    """LEV01."""
    ana = team.counsellor()
    team.shift(ana, hours(8, 18))
    team.shift(ana, hours(56, 66))

    vacated = leave.approve(session, leave_id=asked_for_leave(session, ana, 1, 2).id, zone=LONDON, by=None, now=NOON)

    assert [span for _, span in rota(session)] == [hours(8, 12), hours(60, 66)]
    assert vacated == [hours(12, 18), hours(56, 60)]


def test_whoever_asked_for_leave_hears_what_became_of_it_once(session: Session, team: Team) -> None:
    ana = team.counsellor()
    for day in (1, 2):
        team.shift(ana, hours(24 * day, 24 * day + 6))

    leave.approve(session, leave_id=asked_for_leave(session, ana, 1, 2).id, zone=LONDON, by=None, now=NOON)
    leave.refuse(session, leave_id=asked_for_leave(session, ana, 5, 5).id, zone=LONDON, by=None, now=NOON)

    assert [body for _, body in texts(session)] == [
        "You are off: Wed 25 Nov to Thu 26 Nov. 2 shifts in it are no longer yours. Your shifts are on your page.",
        "You could not be given these days off: Sun 29 Nov. Please talk to whoever plans the shifts.",
    ]


def test_the_other_supervisors_hear_once_that_leave_left_shifts_without_anybody(
    app: Flask, session: Session, team: Team
) -> None:
    ana, supervisors = team.counsellor(), []
    for number in (1, 2):
        with app.app_context(), transaction() as staff:
            email = f"sue{number}@example.org"
            row = add_staff(staff, email=email, name="Sue", password=PASSWORD, role=Role.SUPERVISOR, now=NOON)
            set_phone(staff, staff=row, phone=Phone(f"+44770090080{number}"), by=row.id, now=NOON)
            supervisors.append(row.id)
    for day in (1, 2):
        team.shift(ana, hours(24 * day, 24 * day + 6))

    for first, last in ((1, 2), (5, 5)):  # of the second nothing is vacated
        asked = asked_for_leave(session, ana, first, last)
        leave.approve(session, leave_id=asked.id, zone=LONDON, by=supervisors[0], now=NOON)

    ((who, body),) = [(who, body) for who, body in texts(session) if who.startswith("80")]
    assert who == "802"
    assert body.startswith("Leave was approved: 2 shifts have nobody any more, the first Wed 25 Nov 12:00-18:00.")


def test_the_journal_says_what_leave_a_swap_and_an_open_shift_were_before(session: Session, team: Team) -> None:
    swap, ana, ben = offered(session, team)
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    leave.approve(session, leave_id=asked_for_leave(session, ana, 5, 5).id, zone=LONDON, by=None, now=NOON)
    opened = swaps.open_shift(session, span=hours(100, 104), zone=LONDON, by=None, now=NOON)
    swaps.close_open(session, open_shift_id=opened.id, by=None, now=NOON)

    noted = session.scalars(
        select(JournalRow).where(JournalRow.action.in_(["swap_taken", "leave_approved", "open_shift_closed"]))
    )

    assert {row.action: ((row.before or {})["state"], (row.after or {})["state"]) for row in noted} == {
        "swap_taken": ("offered", "taken"),
        "leave_approved": ("asked", "approved"),
        "open_shift_closed": ("open", "closed"),
    }


# Swaps


def test_a_swap_of_which_a_piece_went_on_to_somebody_else_is_not_put_back(session: Session, team: Team) -> None:
    swap, _, ben = offered(session, team, part=hours(22, 24))
    cai = team.counsellor("Cai Example")
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON)
    piece = next(shift for shift in planned(session) if shift.counsellor_id == ben)
    move_shift(
        session,
        shift_id=piece.id,
        counsellor_id=cai,
        span=piece.span,
        version=piece.version,
        zone=LONDON,
        by=None,
        now=NOON,
    )

    with pytest.raises(NotNow, match="changed since"):
        swaps.withdraw(session, swap_id=swap, by=None, now=NOON)


def test_a_swap_is_not_put_back_into_somebody_s_leave(session: Session, team: Team) -> None:
    swap, ana, ben = offered(session, team)
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON)
    leave.approve(session, leave_id=asked_for_leave(session, ana, 1, 1).id, zone=LONDON, by=None, now=NOON)

    with pytest.raises(RuleStandsAgainst, match="On leave"):
        swaps.withdraw(session, swap_id=swap, by=None, now=NOON)


def test_both_hear_of_an_approved_swap_and_of_its_being_put_back(session: Session, team: Team) -> None:
    swap, _, ben = offered(session, team)
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)

    swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON)
    swaps.withdraw(session, swap_id=swap, by=None, now=NOON)

    shift = "Wed 25 Nov 08:00-20:00"
    gone, new = f"This shift is no longer yours: {shift}", f"You have a new shift: {shift}"
    assert sorted((who, body.partition(". ")[0]) for who, body in texts(session)) == [
        ("101", gone), ("101", new), ("102", gone), ("102", new),
    ]  # fmt: skip


# Shifts changed directly


def test_whoever_gets_loses_or_keeps_a_moved_shift_hears_of_it(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = adding(session, ana, hours(20, 28))
    move_shift(
        session, shift_id=shift.id, counsellor_id=ben, span=hours(21, 28), version=1, zone=LONDON, by=None, now=NOON
    )
    remove_shift(session, shift_id=shift.id, version=2, by=None, now=NOON)

    assert sorted((who, body.partition(". ")[0]) for who, body in texts(session)) == [
        ("101", "This shift is no longer yours: Wed 25 Nov 08:00-16:00"),
        ("101", "You have a new shift: Wed 25 Nov 08:00-16:00"),
        ("102", "This shift is no longer yours: Wed 25 Nov 09:00-16:00"),
        ("102", "You have a new shift: Wed 25 Nov 09:00-16:00"),
    ]


def test_whoever_leaves_hears_once_however_many_shifts_they_had(session: Session, team: Team) -> None:
    ana = team.counsellor()
    for day in range(2, 8):
        team.shift(ana, hours(24 * day, 24 * day + 6))

    vacated = vacate(session, counsellor_id=ana, start=hours(60, 61).starts_at, by=None, now=NOON)

    assert (vacated, len(rota(session))) == (5, 1)
    assert [body for _, body in texts(session)] == [
        "Your shifts have changed: 0 new, 5 gone, the first on Fri 27 Nov 12:00-18:00. They are on your page."
    ]


@pytest.mark.parametrize(("starts", "due"), [(40, 19), (14, 10)])
def test_nobody_is_woken_by_a_text_about_a_shift_that_begins_well_after_the_night(
    session: Session, team: Team, starts: int, due: int
) -> None:
    ana, night = team.counsellor(), NOON + timedelta(hours=10)

    add_shift(session, counsellor_id=ana, span=hours(starts, starts + 6), zone=LONDON, by=None, now=night)

    assert session.scalars(select(TextRow.due_at)).all() == [NOON + timedelta(hours=due)]


# Working time


def test_a_single_shift_of_a_day_leaves_no_rest(session: Session, team: Team) -> None:
    ana = team.counsellor()

    with pytest.raises(RuleStandsAgainst, match="Only 0 h of rest"):
        adding(session, ana, hours(12, 36))


@pytest.mark.parametrize(
    ("after", "rest"),
    [
        ([hours(44, 50)], (28, 44)),  # 16 hours: 11, and the 5 that were missing
        ([hours(40, 46), hours(57, 63)], (63, 79)),  # nothing else is planned after that
        ([Span(NOON + timedelta(hours=28 + 12 * n), NOON + timedelta(hours=36 + 12 * n)) for n in range(40)], None),
    ],
)
def test_a_rest_that_was_too_short_is_made_up_for_by_a_longer_one_within_a_fortnight(
    after: list[Span], rest: tuple[int, int] | None
) -> None:
    earlier, later = hours(8, 16), hours(22, 28)
    short = Finding(Rule.DAILY_REST, timedelta(hours=6), timedelta(hours=11), (earlier, later))

    assert made_up([short], [earlier, later, *after]) == {short: hours(*rest) if rest else None}


def test_no_hour_of_rest_makes_up_for_two_that_were_too_short() -> None:
    rest = timedelta(hours=11)
    first = Finding(Rule.DAILY_REST, timedelta(hours=9), rest, (hours(0, 8), hours(17, 25)))
    second = Finding(Rule.DAILY_REST, timedelta(hours=9), rest, (hours(17, 25), hours(34, 42)))
    later = [hours(56 + 13 * n, 58 + 13 * n) for n in range(40)]  # after 14 hours, and then 11 hours between them

    found = made_up([first, second], [hours(0, 8), hours(17, 25), hours(34, 42), *later])

    assert found == {first: Span(hours(42, 43).starts_at, later[0].starts_at), second: None}


def test_an_opt_out_counts_from_the_week_in_which_it_is_signed() -> None:
    fifty = weeks(34, 5, 8, 18)
    terms = Terms(opted_out_from=MONDAY + timedelta(days=72))
    saturday = planned_on(MONDAY + timedelta(days=82), time(8), time(14), LONDON)
    assert saturday

    found = verdict(saturday, fifty, terms=terms, limits=Limits(), zone=LONDON)

    assert Rule.WEEKLY_HOURS not in {finding.rule for finding in found.against}


@pytest.mark.parametrize(
    ("terms", "is_over"),
    [
        (Terms(), False),  # eight weeks of 65 hours in a reference period of seventeen
        (Terms(joined_on=MONDAY), True),  # and in one of eight, because there are no more
        (Terms(joined_on=MONDAY - timedelta(weeks=8)), False),
        (Terms(opted_out_from=MONDAY), False),
        (Terms(opted_out_from=MONDAY, opted_out_until=MONDAY + timedelta(weeks=2)), True),
    ],
)
def test_whoever_is_new_has_an_average_of_as_many_weeks_as_they_have_been_here(terms: Terms, is_over: bool) -> None:
    found = check(weeks(8, 5, 7, 20), terms=terms, limits=Limits(), zone=LONDON)

    assert (Rule.WEEKLY_HOURS in {finding.rule for finding in found}) is is_over


def test_whoever_will_have_left_or_has_no_checked_phone_cannot_cover(session: Session, team: Team) -> None:
    leaver, unheard = team.counsellor("Ana Example"), team.counsellor("Ben Example", is_verified=False)
    able = team.counsellor("Cai Example", Skill.CRISIS)
    session.get_one(CounsellorRow, leaver).left_on = TODAY + timedelta(days=2)
    session.flush()

    ranked = who_could_cover(session, span=hours(120, 126), zone=LONDON, now=NOON)

    assert [(one.counsellor_id, one.will_have_left, one.is_verified) for one in ranked] == [
        (able, False, True), (leaver, True, True), (unheard, False, False),
    ]  # fmt: skip
    assert [one.can for one in ranked] == [True, False, False]


def test_a_candidate_in_northern_ireland_is_judged_by_the_law_there(
    team: Team, session: Session, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(10, 16))
    session.get_one(CounsellorRow, ana).site = "northern_ireland"
    session.commit()

    page = signed_in().get("/staff/rota/requests?day=2026-11-25&starts=08:00&ends=12:00").text

    assert "(Northern Ireland) 2016" in page


# What is typed


COVERAGE = "/staff/coverage?week=2026-W48"


def test_every_rule_that_can_stand_against_a_shift_says_what_to_do_instead() -> None:
    asks_somebody = set(Rule) - {Rule.ONE_AT_A_TIME, Rule.CONTRACT, Rule.BREAK}  # never a reason; only advice

    assert set(INSTEAD) == asks_somebody


def test_a_whole_day_can_be_typed_and_asks_for_a_reason(
    session: Session, team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor()
    supervisor = signed_in()
    typed = {"counsellor": ana, "day": "2026-11-26", "starts": "00:00", "ends": "00:00"}

    asked = supervisor.send(COVERAGE, page=COVERAGE, **typed)
    supervisor.send(COVERAGE, page=COVERAGE, reason="Flood", **typed)

    assert asked.status_code == 422
    assert "Only 0 h of rest" in asked.text
    assert "Choose a later start, an earlier end or somebody else. Or say why it is needed" in asked.text
    assert 'name="reason"' in asked.text
    assert rota(session) == [("Ana Example", hours(36, 60))]


@pytest.mark.parametrize(
    ("last_day", "ends", "words"),
    [
        ("2026-11-27", "10:00", "longer than a day"),
        ("2026-11-25", "10:00", "ends before it starts"),
        ("2026-11-26", "09:00", "ends when it starts"),
        ("", "09:00", "ends when it starts"),
        ("soon", "10:00", "Enter the day on which the shift ends"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_with_what_to_change(
    session: Session, team: Team, signed_in: Callable[..., Browser], last_day: str, ends: str, words: str
) -> None:
    ana = team.counsellor()

    answer = signed_in().send(
        COVERAGE, page=COVERAGE, counsellor=ana, day="2026-11-26", starts="09:00", ends=ends, last_day=last_day
    )

    assert answer.status_code == 422
    assert words in answer.text
    assert rota(session) == []


def test_a_shift_that_ends_in_the_hour_that_happens_twice_does_not_move_when_its_person_changes(
    session: Session, team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    span = Span(london("2027-10-30", "22:00"), datetime.fromisoformat("2027-10-31T01:30:00+00:00"))
    shift = team.shift(ana, span)
    address = "/staff/coverage?week=2027-W43"

    signed_in().send(
        f"/staff/coverage/shifts/{shift}?week=2027-W43",
        page=address,
        counsellor=ben,
        day="2027-10-30",
        starts="22:00",
        ends="01:30",
        version=1,
    )

    assert session.get_one(ShiftRow, shift).as_shift() == Shift(ben, span)

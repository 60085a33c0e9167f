"""Planning in the database: verdicts, leave, swaps, open shifts, drafts and asking for cover."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import JournalRow
from foundation.database import transaction
from foundation.sealed import digest
from notifications.models import TextRow
from rota import queries
from rota.domain import wording
from rota.domain.counsellor import Skill
from rota.domain.shifts import ShiftRefused, Span
from rota.domain.swaps import NotNow, OfferedAlready, OwnOffer
from rota.models import CounsellorRow, LeaveRow, ShiftRow, ShiftState
from rota.operations import drafts, ladder, leave, publications, swaps
from rota.operations.drafts import DraftShift, NothingChanges
from rota.operations.judge import RuleStandsAgainst, judge, who_could_cover
from rota.operations.leave import LeaveRefused
from rota.operations.publications import CannotBeUndone
from rota.operations.shifts import AlreadyOnShift, ShiftChangedMeanwhile, add_shift, move_shift, split_shift
from rota.queries import PlannedShift
from tests.rota.planning import LONDON, NOON, Team, hours

FAR = timedelta(days=60)


def rota(session: Session) -> list[tuple[str, Span]]:
    """Everybody's published shifts, as names and spans."""
    return [(shift.name, shift.span) for shift in planned(session)]


def planned(session: Session) -> list[PlannedShift]:
    return queries.rostered(session, start=NOON - FAR, end=NOON + FAR)


def resolved(session: Session) -> list[object]:
    return list(queries.resolved(session, start=NOON - FAR, end=NOON + FAR))


def texts(session: Session) -> list[tuple[str, str]]:
    return [(row.phone[-3:], row.body) for row in session.scalars(select(TextRow).order_by(TextRow.created_at))]


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(JournalRow.action).order_by(JournalRow.id)))


def at_once(app: Flask, *acts: Callable[[Session], object]) -> list[str]:
    """Each act in a thread and a transaction of its own, all begun before any commits: what came of them."""
    ready = threading.Barrier(len(acts), timeout=10)
    came: list[str] = []

    def run(act: Callable[[Session], object]) -> None:
        with app.app_context():
            try:
                with transaction() as session:
                    session.execute(select(1))
                    ready.wait()
                    act(session)
                came.append("done")
            except (ShiftRefused, ShiftChangedMeanwhile) as refused:
                came.append(str(refused))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return sorted(came)


def test_a_rule_stands_against_a_shift_until_a_reason_is_given_and_the_reason_is_in_the_journal(
    session: Session, team: Team
) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(1, 9))

    with pytest.raises(RuleStandsAgainst, match=r"Only 8 h of rest, 11 h needed.*Working Time Regulations 1998"):
        add_shift(session, counsellor_id=ana, span=hours(17, 23), zone=LONDON, by=None, now=NOON)
    add_shift(session, counsellor_id=ana, span=hours(17, 23), reason="Flood", zone=LONDON, by=None, now=NOON)

    (noted,) = session.scalars(select(JournalRow).where(JournalRow.action == "rule_overridden"))
    assert noted.after
    assert (noted.after["rules"], noted.after["reason"]) == (["daily_rest"], "Flood")


def test_in_northern_ireland_the_verdict_names_the_law_there(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(1, 9))
    session.get_one(CounsellorRow, ana).site = "northern_ireland"

    with pytest.raises(RuleStandsAgainst, match=r"\(Northern Ireland\) 2016"):
        add_shift(session, counsellor_id=ana, span=hours(17, 23), zone=LONDON, by=None, now=NOON)


def test_moving_a_shift_is_not_in_its_own_way(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(10, 18))

    verdict = judge(
        session, person=session.get_one(CounsellorRow, ana), span=hours(12, 20), zone=LONDON, besides=[shift]
    )

    assert verdict.is_allowed


def test_who_could_cover_begins_with_whoever_worked_least_and_says_why_the_others_cannot(
    session: Session, team: Team
) -> None:
    tired, busy, fresh, trained = (team.counsellor(f"{name} Example") for name in ("Tia", "Bo", "Flo", "Cai"))
    team.shift(tired, hours(-8, -1))
    team.shift(busy, hours(1, 4))
    team.shift(trained, hours(-60, -52))
    session.get_one(CounsellorRow, trained).skills = [Skill.CRISIS.value]

    ranked = who_could_cover(session, span=hours(1, 8), zone=LONDON, now=NOON)
    skilled = who_could_cover(session, span=hours(1, 8), skill=Skill.CRISIS, zone=LONDON, now=NOON)

    assert [(one.name, one.blocked.rule.value if one.blocked else None) for one in ranked] == [
        ("Flo Example", None), ("Cai Example", None), ("Bo Example", "one_at_a_time"), ("Tia Example", "daily_rest"),
    ]  # fmt: skip
    assert [one.counsellor_id for one in skilled if one.can] == [trained]
    assert fresh


def test_a_shift_is_cut_in_two_without_changing_anybody_s_minutes(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift, before = team.shift(ana, hours(1, 9)), None
    before = resolved(session)

    split_shift(session, shift_id=shift, at=NOON + timedelta(hours=5), version=1, by=None, now=NOON)

    assert [span for _, span in rota(session)] == [hours(1, 5), hours(5, 9)]
    assert resolved(session) == before


def test_approved_leave_vacates_three_shifts_and_leaves_the_past_alone(session: Session, team: Team) -> None:
    """LEV03."""
    ana = team.counsellor()
    team.shift(ana, hours(-20, -12))
    for day in (1, 2, 3):
        team.shift(ana, hours(24 * day, 24 * day + 8))
    today = NOON.date()
    asked = leave.ask(
        session,
        counsellor_id=ana,
        first_day=today + timedelta(days=1),
        last_day=today + timedelta(days=6),
        by=None,
        today=today,
        now=NOON,
    )

    vacated = leave.approve(session, leave_id=asked.id, zone=LONDON, by=None, now=NOON)

    assert len(vacated) == 3
    assert [span for _, span in rota(session)] == [hours(-20, -12)]
    assert actions(session).count("shift_removed") == 3
    with pytest.raises(RuleStandsAgainst, match="On leave"):
        add_shift(session, counsellor_id=ana, span=hours(48, 54), zone=LONDON, by=None, now=NOON)


def test_leave_that_cannot_be_is_refused_with_words(session: Session, team: Team) -> None:
    ana = team.counsellor()

    def ask(first: int, last: int) -> LeaveRow:
        day = NOON.date()
        return leave.ask(
            session,
            counsellor_id=ana,
            first_day=day + timedelta(days=first),
            last_day=day + timedelta(days=last),
            by=None,
            today=day,
            now=NOON,
        )

    ask(1, 3)
    for first, last, words in ((5, 4, "later last day"), (-1, 2, "later first day"), (1, 800, "at most a year")):
        with pytest.raises(LeaveRefused, match=words):
            ask(first, last)
    with pytest.raises(LeaveRefused, match="already"), session.begin_nested():
        ask(3, 4)


def offered(session: Session, team: Team, part: Span | None = None) -> tuple[int, int, int]:
    """Ana's shift of tomorrow on offer, and Ben: (swap, Ana, Ben)."""
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 32))
    row = swaps.offer(session, shift_id=shift, owner_id=ana, part=part, by=None, now=NOON)
    session.commit()
    return row.id, ana, ben


def test_a_swap_of_a_part_changes_hands_when_it_is_approved_and_put_back_it_is_exactly_as_before(
    session: Session, team: Team
) -> None:
    """SWP01."""
    swap, _, ben = offered(session, team, part=hours(22, 24))
    before, before_resolved = rota(session), resolved(session)

    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    assert rota(session) == before
    swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON)
    assert rota(session) == [
        ("Ana Example", hours(20, 22)), ("Ben Example", hours(22, 24)), ("Ana Example", hours(24, 32)),
    ]  # fmt: skip
    swaps.withdraw(session, swap_id=swap, by=None, now=NOON)

    assert (rota(session), resolved(session)) == (before, before_resolved)


def test_nobody_takes_their_own_offer_or_offers_the_same_hours_twice(session: Session, team: Team) -> None:
    """SWP03 and SWP05."""
    swap, ana, _ = offered(session, team, part=hours(22, 24))
    shift = planned(session)[0]

    with pytest.raises(OwnOffer, match="your own offer"):
        swaps.take(session, swap_id=swap, taker_id=ana, zone=LONDON, by=None, now=NOON)
    with pytest.raises(OfferedAlready, match="on offer already"):
        swaps.offer(session, shift_id=shift.id, owner_id=ana, part=hours(23, 25), by=None, now=NOON)
    with pytest.raises(OfferedAlready, match="on offer already"):
        swaps.offer(session, shift_id=shift.id, owner_id=ana, by=None, now=NOON)
    swaps.offer(session, shift_id=shift.id, owner_id=ana, part=hours(24, 25), by=None, now=NOON)


def test_an_offer_that_would_break_somebody_s_rest_is_refused_with_the_reason(session: Session, team: Team) -> None:
    """SWP07."""
    swap, _, ben = offered(session, team)
    team.shift(ben, hours(9, 13))

    with pytest.raises(RuleStandsAgainst, match="Only 7 h of rest"):
        swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)

    assert len(rota(session)) == 2


def test_an_offer_of_a_whole_shift_moves_with_it(session: Session, team: Team) -> None:
    swap, ana, ben = offered(session, team)
    shift = planned(session)[0]
    move_shift(
        session, shift_id=shift.id, counsellor_id=ana, span=hours(24, 36), version=1, zone=LONDON, by=None, now=NOON
    )

    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON)

    assert rota(session) == [("Ben Example", hours(24, 36))]


def test_a_swap_is_taken_by_one_person_however_many_press_at_once(session: Session, app: Flask, team: Team) -> None:
    swap, _, ben = offered(session, team)
    cai = team.counsellor("Cai Example")

    came = at_once(
        app,
        *(
            lambda session, who=who: swaps.take(session, swap_id=swap, taker_id=who, zone=LONDON, by=None, now=NOON)
            for who in (ben, cai)
        ),
    )

    assert came == ["Somebody has taken this offer already. Look for another one", "done"]


def test_a_supervisor_who_moves_a_shift_and_a_swap_of_it_at_once_leave_one_of_the_two(
    session: Session, app: Flask, team: Team
) -> None:
    swap, ana, ben = offered(session, team)
    swaps.take(session, swap_id=swap, taker_id=ben, zone=LONDON, by=None, now=NOON)
    session.commit()
    shift = planned(session)[0]
    session.rollback()

    came = at_once(
        app,
        lambda session: swaps.approve(session, swap_id=swap, zone=LONDON, by=None, now=NOON),
        lambda session: move_shift(
            session, shift_id=shift.id, counsellor_id=ana, span=hours(40, 48), version=1, zone=LONDON, by=None, now=NOON
        ),
    )

    assert came.count("done") in (1, 2)  # the move may come first: a whole offer follows its shift
    assert len(rota(session)) == 1
    assert rota(session)[0] in [("Ben Example", hours(20, 32)), ("Ben Example", hours(40, 48))]


def test_leave_and_a_new_shift_at_once_never_leave_somebody_on_during_their_leave(
    session: Session, app: Flask, team: Team
) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(24, 32))
    day = NOON.date() + timedelta(days=1)
    asked = leave.ask(session, counsellor_id=ana, first_day=day, last_day=day, by=None, today=NOON.date(), now=NOON)
    session.commit()

    came = at_once(
        app,
        lambda session: leave.approve(session, leave_id=asked.id, zone=LONDON, by=None, now=NOON),
        lambda session: leave.approve(session, leave_id=asked.id, zone=LONDON, by=None, now=NOON),
    )

    assert came == ["Somebody has decided about this leave already", "done"]
    assert rota(session) == []


def test_an_open_shift_is_taken_once_and_only_by_whoever_may(session: Session, app: Flask, team: Team) -> None:
    ana, ben, cai = (team.counsellor(f"{name} Example", Skill.CRISIS) for name in ("Ana", "Ben", "Cai"))
    dan = team.counsellor("Dan Example")
    team.shift(cai, hours(10, 14))
    row = swaps.open_shift(session, span=hours(20, 28), skill=Skill.CRISIS, zone=LONDON, by=None, now=NOON)
    session.commit()
    open_id = row.id

    def take(session: Session, who: int) -> object:
        return swaps.take_open(session, open_shift_id=open_id, taker_id=who, zone=LONDON, by=None, now=NOON)

    with pytest.raises(swaps.LacksSkill, match="training"):
        take(session, dan)
    with pytest.raises(RuleStandsAgainst, match="Only 6 h of rest"):
        take(session, cai)
    session.rollback()
    came = at_once(app, lambda session: take(session, ana), lambda session: take(session, ben))

    assert came[1] == "done"
    assert "taken this shift already" in came[0]
    assert len(rota(session)) == 2


def a_draft(session: Session, *changes: DraftShift) -> int:
    draft = drafts.begin(session, by=None, now=NOON)
    drafts.put(session, draft_id=draft.id, changes=changes, zone=LONDON, now=NOON)
    return draft.id


def test_a_draft_counts_for_nothing_until_it_is_published_and_then_each_hears_once(
    session: Session, team: Team
) -> None:
    ana, ben, _ = team.counsellor("Ana Example"), team.counsellor("Ben Example"), team.counsellor("Cai Example")
    shift = team.shift(ana, hours(20, 28))
    before = rota(session)
    draft = a_draft(
        session, DraftShift(shift, 1, ben, hours(20, 28)), DraftShift(None, 0, ana, hours(48, 56)),
    )  # fmt: skip

    assert (rota(session), texts(session)) == (before, [])
    publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)

    assert rota(session) == [("Ben Example", hours(20, 28)), ("Ana Example", hours(48, 56))]
    assert sorted(texts(session)) == [
        ("101", "Your shift Wed 25 Nov 08:00-16:00 is now Thu 26 Nov 12:00-20:00. Your shifts are on your page."),
        ("102", "You have a new shift: Wed 25 Nov 08:00-16:00. Your shifts are on your page."),
    ]


def test_publishing_nothing_tells_nobody(session: Session, team: Team) -> None:
    ana = team.counsellor()
    shift = team.shift(ana, hours(20, 28))
    with pytest.raises(NothingChanges, match="how the shift is already"):
        a_draft(session, DraftShift(shift, 1, ana, hours(20, 28)))
    draft = drafts.begin(session, by=None, now=NOON).id

    assert publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON) == []
    assert texts(session) == []


def test_two_people_change_places_in_one_publication_and_its_undoing_restores_exactly(
    session: Session, team: Team
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    early, late = team.shift(ana, hours(20, 28)), team.shift(ben, hours(24, 32))
    gone = team.shift(ben, hours(100, 104))
    before, before_resolved = rota(session), resolved(session)
    draft = a_draft(
        session,
        DraftShift(early, 1, ben, hours(20, 28)),
        DraftShift(late, 1, ana, hours(24, 32)),
        DraftShift(gone, 1, None, None),
        DraftShift(None, 0, ana, hours(60, 66)),
    )

    publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)
    between = rota(session)
    publications.undo(session, draft_id=draft, zone=LONDON, by=None, now=NOON)

    assert between == [
        ("Ben Example", hours(20, 28)), ("Ana Example", hours(24, 32)), ("Ana Example", hours(60, 66)),
    ]  # fmt: skip
    assert (rota(session), resolved(session)) == (before, before_resolved)
    with pytest.raises(CannotBeUndone, match="undone already"):
        publications.undo(session, draft_id=draft, zone=LONDON, by=None, now=NOON)


def test_of_two_drafts_of_one_shift_the_second_is_told_and_nothing_of_it_is_kept(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    draft = a_draft(session, DraftShift(None, 0, ben, hours(40, 44)), DraftShift(shift, 1, ben, hours(20, 28)))
    move_shift(
        session, shift_id=shift, counsellor_id=ana, span=hours(21, 28), version=1, zone=LONDON, by=None, now=NOON
    )
    session.commit()

    with pytest.raises(ShiftChangedMeanwhile, match="Look at it again"), transaction() as again:
        publications.publish(again, draft_id=draft, zone=LONDON, by=None, now=NOON)

    assert rota(session) == [("Ana Example", hours(21, 28))]


def test_two_publications_that_clash_leave_one(session: Session, app: Flask, team: Team) -> None:
    """OVR07 and WRK06."""
    ana = team.counsellor()
    first = a_draft(session, DraftShift(None, 0, ana, hours(20, 28)))
    staff = session.get_one(CounsellorRow, ana).staff_id
    second = drafts.begin(session, by=staff, now=NOON)
    drafts.put(
        session,
        draft_id=second.id,
        changes=[DraftShift(None, 0, ana, hours(22, 30))],
        zone=LONDON,
        now=NOON,
    )
    session.commit()

    came = at_once(
        app,
        *(
            lambda session, draft=draft: publications.publish(session, draft_id=draft, zone=LONDON, by=None, now=NOON)
            for draft in (first, second.id)
        ),
    )

    assert came[1] == "done"
    assert "Two shifts at once" in came[0]
    assert len(rota(session)) == 1


def yes(session: Session, number: int, later: timedelta = timedelta()) -> bool:
    return ladder.said_yes(session, phone_digest=digest(f"+447700900{number}"), zone=LONDON, now=NOON + later)


def test_whoever_is_ill_is_covered_by_the_first_who_says_yes(session: Session, team: Team) -> None:
    ill, _, _ = (team.counsellor(f"{name} Example") for name in ("Ill", "Ben", "Cai"))
    resting = team.counsellor("Dan Example")
    team.shift(resting, hours(-6, -1))
    shift = team.shift(ill, hours(2, 8))

    request = ladder.call_sick(session, shift_id=shift, version=1, by=None, now=NOON, zone=LONDON)
    ladder.climb(session, request_id=request.id, zone=LONDON, now=NOON + timedelta(minutes=9))
    one_asked = texts(session)
    ladder.climb(session, request_id=request.id, zone=LONDON, now=NOON + timedelta(minutes=10))
    ladder.climb(session, request_id=request.id, zone=LONDON, now=NOON + timedelta(minutes=20))

    assert one_asked == [("102", "Could you work Tue 24 Nov 14:00-20:00? Reply YES to take it. The first YES has it.")]
    assert request.state == "exhausted"  # Dan would not have had 11 hours of rest
    assert yes(session, 103, timedelta(minutes=25))
    assert yes(session, 102, timedelta(minutes=26))
    assert not yes(session, 102, timedelta(minutes=27))
    assert rota(session) == [("Dan Example", hours(-6, -1)), ("Cai Example", hours(2, 8))]
    assert texts(session)[-2:] == [
        ("103", "Thank you. It is yours: Tue 24 Nov 14:00-20:00."),
        ("102", "Thank you. Somebody else has taken it, so you are not needed: Tue 24 Nov 14:00-20:00."),
    ]


def test_a_yes_that_would_break_the_rest_rules_is_answered_with_thanks(session: Session, team: Team) -> None:
    ill, ben = team.counsellor("Ill Example"), team.counsellor("Ben Example")
    request = ladder.call_sick(
        session, shift_id=team.shift(ill, hours(2, 8)), version=1, by=None, now=NOON, zone=LONDON
    )
    team.shift(ben, hours(12, 16))

    assert yes(session, 102)

    assert rota(session) == [("Ben Example", hours(12, 16))]
    assert request.state == "asking"
    assert "You would not have enough rest" in texts(session)[-1][1]


def test_two_who_say_yes_at_once_are_not_both_on(session: Session, app: Flask, team: Team) -> None:
    ill, _, _ = (team.counsellor(f"{name} Example") for name in ("Ill", "Ben", "Cai"))
    shift = team.shift(ill, hours(2, 8))
    request = ladder.call_sick(session, shift_id=shift, version=1, by=None, now=NOON, zone=LONDON)
    ladder.climb(session, request_id=request.id, zone=LONDON, now=NOON + timedelta(minutes=10))
    session.commit()

    at_once(app, *(lambda session, number=number: yes(session, number) for number in (102, 103)))

    assert len(rota(session)) == 1


def test_a_yes_from_somebody_who_was_not_asked_is_not_an_answer(session: Session, team: Team) -> None:
    team.counsellor()

    assert not yes(session, 101)


def test_removed_shifts_and_shifts_of_others_stay_known_for_the_calendar(session: Session, team: Team) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    move_shift(
        session, shift_id=shift, counsellor_id=ben, span=hours(20, 28), version=1, zone=LONDON, by=None, now=NOON
    )

    assert session.get_one(ShiftRow, shift).state == ShiftState.PUBLISHED
    with pytest.raises(NotNow):
        swaps.withdraw(session, swap_id=offered_and_withdrawn(session, shift, ben), by=None, now=NOON)


def offered_and_withdrawn(session: Session, shift: int, owner: int) -> int:
    row = swaps.offer(session, shift_id=shift, owner_id=owner, by=None, now=NOON)
    swaps.withdraw(session, swap_id=row.id, owner_id=owner, by=None, now=NOON)
    return row.id


def test_somebody_who_is_on_already_is_refused_by_the_database_with_words(session: Session, team: Team) -> None:
    ana = team.counsellor()
    team.shift(ana, hours(20, 28))

    with pytest.raises(AlreadyOnShift, match="Ana Example already has a shift at that time"):
        add_shift(session, counsellor_id=ana, span=hours(22, 26), reason="Needed", zone=LONDON, by=None, now=NOON)


GSM = set("@£$¥èéùìòÇ _ !\"#%&'()*+,-./0123456789:;<=>?") | set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize("name", [name for name in dir(wording) if name.startswith("TEXT_")])
def test_a_text_to_a_counsellor_fits_into_one_segment_and_says_nothing_about_what_they_do(name: str) -> None:
    shift = "Wed 25 Nov 08:00-16:00"
    days, shifts = "Wed 25 Nov to Wed 30 Dec", "12 shifts in it are"
    said = getattr(wording, name).format(
        shift=shift,
        old=shift,
        new=shift,
        gained=12,
        lost=12,
        first=shift,
        asked=12,
        morning="07:00",
        days=days,
        on=12,
        needed=12,
        gap=shift,
        day="Wed 25 Nov",
        shifts=shifts,
    )

    assert len(said) <= 160
    assert set(said) <= GSM
    assert not any(word in said.lower() for word in ("helpline", "counsel", "addict", "drug", "crisis", "visitor"))

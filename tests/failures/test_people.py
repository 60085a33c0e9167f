"""What people do, and what is done to them: long queues, quiet hours, counsellors who do not answer, strangers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

import callbacks.jobs
from callbacks import queries
from callbacks.domain import wording as in_history
from callbacks.domain.answers import Answered, has_dropped
from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.matching import Block
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations import breaker
from callbacks.operations.follow_call import CallFollower
from callbacks.operations.withdraw import withdraw
from callbacks.web.staff import wording
from foundation.database import transaction
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.domain import wording as calls
from notifications.models import CallRow, TextRow
from notifications.operations import arrow
from rota import queries as rota
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.models import CounsellorRow
from rota.operations.follow import RotaFollower
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock, Town
from tests.journeys.conftest import ANA, BEN, TAKES, TALKS, VISITOR, People
from tests.rota.planning import LONDON, Browser, Team, hours

MINUTE = timedelta(minutes=1)
DANGER = {"immediate_danger": "yes"}


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))


@dataclass
class Crowd:
    """Many requests at once, copied from one that was really asked."""

    app: Flask

    def of(self, reference: str, count: int, **changed: Any) -> None:
        """So many more like this one, with these columns changed."""
        names = [column.name for column in CallbackRow.__table__.columns if column.name != "id"]
        unlike = {
            "reference": "'N' || n",
            "token_digest": "decode(md5(n::text), 'hex')",
            "phone_digest": "decode(md5('p' || n), 'hex')",
        } | changed
        listed = ", ".join(names)
        copied = ", ".join(unlike.get(name, name) for name in names)
        with self.app.app_context(), transaction() as session:
            session.execute(
                text(
                    f"insert into callback ({listed}) select {copied} from callback, generate_series(1, :count) as n"
                    " where reference = :reference"
                ),
                {"count": count, "reference": reference},
            )


# -- B4: a long queue ------------------------------------------------------------------------------------------------


def test_an_emergency_is_rung_first_however_many_asked_before(desk: Desk) -> None:
    desk.counsellor()
    first = desk.ask()
    Crowd(desk.app).of(first, 600)
    desk.clock.on(minutes=5)
    urgent = desk.ask(flags=DANGER)

    desk.match()

    assert desk.row(urgent).status == "assigned"


def test_those_who_may_not_be_rung_now_are_in_nobodys_way(desk: Desk) -> None:
    desk.counsellor()
    closed = desk.ask(
        flags={"pregnant": "yes"},
        safe_times=(desk.span(NOON, NOON + MINUTE), desk.span(NOON + timedelta(hours=4), NOON + timedelta(hours=5))),
    )
    Crowd(desk.app).of(closed, 600)
    desk.clock.on(minutes=5)
    routine = desk.ask()

    desk.match()

    assert desk.row(routine).status == "assigned"
    assert desk.row(closed).next_try_at == NOON + timedelta(hours=4)


def test_those_whom_nobody_on_shift_may_ring_are_in_nobodys_way(desk: Desk) -> None:
    desk.counsellor()
    theirs = desk.ask(flags={"under_18": "yes"})
    Crowd(desk.app).of(theirs, 600)
    routine = desk.ask()

    desk.match()

    assert desk.row(routine).status == "assigned"


def test_the_database_serves_in_the_order_of_the_rules(desk: Desk) -> None:
    asked = {
        "old": desk.ask(),
        "urgent": desk.ask(flags={"pregnant": "yes"}),
        "emergency": desk.ask(flags=DANGER),
        "failed": desk.ask(flags={"pregnant": "yes"}),
        "new": desk.ask(),
    }
    by = {reference: name for name, reference in asked.items()}
    with desk.app.app_context(), transaction() as session:
        for name, hours_ago, goes_first in (("old", 9, False), ("failed", 0, True)):
            row = session.get_one(CallbackRow, desk.row(asked[name]).id)
            row.asked_at, row.goes_first = NOON - timedelta(hours=hours_ago), goes_first
    with desk.app.app_context(), transaction() as session:
        served = [by[row.reference] for row in queries.waiting(session, now=NOON)]
        looked_at = [by[row.reference] for row in queries.to_be_rung(session, now=NOON)]

    assert served == looked_at == ["emergency", "old", "failed", "urgent", "new"]


def test_why_nobody_rings_is_right_for_the_last_of_a_long_queue(desk: Desk) -> None:
    desk.counsellor()
    supervisor = desk.supervisor()
    later = desk.ask(safe_times=(desk.span(NOON + timedelta(hours=3), NOON + timedelta(hours=4)),))
    Crowd(desk.app).of(later, 600, next_try_at="next_try_at - interval '1 hour'")

    answer = supervisor.get(f"/staff/callbacks/{later}/why").text

    assert "Not due until" in answer


# -- F11, F12, F32, F33, F35: nobody can be rung, and somebody is told -----------------------------------------------


def watch(desk: Desk, *, is_thorough: bool = True) -> dict[str, str | None]:
    """What the timekeeper's look finds, and why."""
    with desk.app.app_context():
        callbacks.jobs.watch_over_everything(is_thorough=is_thorough)
        with transaction() as session:
            return {row.kind: row.because for row in notifications.troubles(session)}


def test_f12_somebody_waits_and_nobody_is_on_shift(desk: Desk) -> None:
    desk.counsellor(shift=hours(5, 9))
    desk.ask()
    at_once = watch(desk)

    desk.clock.on(seconds=61)

    assert (at_once, watch(desk)) == ({}, {"nobody_on": None})


def test_f12_the_visitor_is_told_that_no_time_can_be_said_and_what_else_they_can_do(desk: Desk) -> None:
    reference = desk.ask()
    visitor = desk.app.test_client()

    page = html.fromstring(visitor.get(f"/c/{desk.row(reference).token}").text)
    said = " ".join(page.xpath("//main")[0].text_content().split())
    offered = visitor.get("/api/v1/availability").get_json()

    assert "We cannot say yet at what time we will ring." in said
    assert "We will ring you" not in said
    assert all(choice in said for choice in ("Change", "Cancel the call"))
    assert "Others you can talk to" in page.text_content()
    assert (offered["state"], offered["as_soon_as_possible"], offered["slots"]) == ("closed", None, [])


def test_f12_nobody_is_told_of_whoever_may_not_be_rung_yet(desk: Desk) -> None:
    desk.ask(safe_times=(desk.span(NOON + timedelta(hours=3), NOON + timedelta(hours=4)),))

    desk.clock.on(minutes=10)

    assert watch(desk) == {}


def test_f35_only_men_are_on_and_a_woman_was_asked_for(desk: Desk) -> None:
    desk.counsellor()
    desk.counsellor("Cat Example", shift=hours(5, 9))
    with desk.app.app_context(), transaction() as session:
        session.get_one(CounsellorRow, 2).gender = "female"
    waiting = desk.ask(gender=GenderWish(Gender.FEMALE, Strength.ONLY))
    desk.match()
    desk.clock.on(seconds=61)

    found = watch(desk)

    assert found == {"blocked": "The rule in the way: They asked to speak only to a woman, or only to a man."}
    assert desk.row(waiting).status == "queued"  # nobody is substituted


def test_f12_the_first_rule_of_most_is_named(desk: Desk) -> None:
    for name in ("Ana Example", "Ben Example"):
        desk.counsellor(name, is_available=False)
    desk.counsellor("Cat Example", is_verified=False)
    desk.ask()
    desk.clock.on(seconds=61)

    assert watch(desk) == {"blocked": "The rule in the way: Away."}


def test_f12_a_busy_team_is_no_trouble(desk: Desk) -> None:
    desk.counsellor()
    desk.ask()
    desk.match()
    desk.ask()

    desk.clock.on(minutes=5)

    assert watch(desk) == {}


def test_f12_a_busy_team_that_could_not_ring_them_anyway_is_one(desk: Desk) -> None:
    desk.counsellor()
    desk.counsellor("Cat Example", Skill.YOUNG_PEOPLE, shift=hours(5, 9))
    desk.ask()
    desk.match()
    desk.ask(flags={"under_18": "yes"})

    desk.clock.on(minutes=5)

    assert list(watch(desk)) == ["blocked"]


def test_f32_the_lead_hears_of_a_counsellor_who_does_not_answer(desk: Desk) -> None:
    desk.counsellor()
    reference = desk.ask()
    for _ in range(2):
        desk.match()
        desk.pass_on(reference)
        desk.clock.on(minutes=1)

    silent = watch(desk)
    desk.team.ready(1)

    assert "counsellor_silent" in silent
    assert "counsellor_silent" not in watch(desk)


def test_f11_a_telephone_that_cannot_be_connected_is_told_and_flagged(town: Town, people: People) -> None:
    town.expects(ANA, BEN, VISITOR)
    ana, _ = people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, picks_up="unreachable")
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    supervisor = Desk(town.app, town.clock).supervisor()
    asked = people.ask()
    town.until(lambda: asked.results()[-1:] == ["finished"])

    with town.app.app_context():
        callbacks.jobs.watch_over_everything()
        with transaction() as session:
            told = [row.kind for row in notifications.troubles(session)]

    assert asked.results() == ["unreached", "finished"]
    assert told == ["number_fails"]
    assert "Cannot be connected" in supervisor.get("/staff/team").text
    supervisor.send(f"/staff/team/{ana}/phone-check", page=f"/staff/team/{ana}")
    assert "Cannot be connected" not in supervisor.get("/staff/team").text


# -- F40: our number is taken for spam -------------------------------------------------------------------------------


def test_f40_a_drop_is_less_than_half_of_the_usual_share_of_enough_rings() -> None:
    usually = Answered(rings=200, answers=120)

    assert has_dropped(Answered(20, 5), usually)
    assert not has_dropped(Answered(20, 6), usually)
    assert not has_dropped(Answered(19, 0), usually)
    assert not has_dropped(Answered(20, 0), Answered(99, 60))


def test_f40_far_fewer_answer_than_usual_and_the_lead_hears_of_it(desk: Desk) -> None:
    desk.counsellor()
    reference = desk.talked()
    rung = Rung(desk, desk.attempts(reference)[0].id)
    rung.more(120, "finished", days_ago=10)
    rung.more(60, "no_answer", days_ago=10)

    rung.more(25, "finished", days_ago=0)
    desk.clock.on(minutes=1)
    as_usual = watch(desk)
    rung.more(60, "no_answer", days_ago=0)

    assert "answers_drop" not in as_usual
    assert "answers_drop" in watch(desk)


@dataclass
class Rung:
    """Many attempts at once, copied from one that really was made."""

    desk: Desk
    attempt_id: int

    def more(self, count: int, result: str, *, days_ago: int) -> None:
        """So many more rings that ended like this."""
        of_calls = [column.name for column in CallRow.__table__.columns if column.name != "id"]
        attempts = [column.name for column in AttemptRow.__table__.columns if column.name != "id"]
        unlike = {
            "call_id": "new.id",
            "number": "(select max(number) from attempt) + row_number() over ()",
            "rang_visitor_at": "rang_visitor_at - :ago",
            "result": ":result",
        }
        copied = ", ".join(unlike.get(name, f"attempt.{name}") for name in attempts)
        with self.desk.app.app_context(), transaction() as session:
            session.execute(
                text(
                    f"with new as (insert into call (id, {', '.join(of_calls)})"
                    f" select gen_random_uuid(), {', '.join('call.' + name for name in of_calls)}"
                    " from call, attempt, generate_series(1, :count)"
                    " where call.id = attempt.call_id and attempt.id = :attempt returning id)"
                    f" insert into attempt ({', '.join(attempts)}) select {copied} from attempt, new"
                    " where attempt.id = :attempt"
                ),
                {"count": count, "attempt": self.attempt_id, "result": result, "ago": timedelta(days=days_ago)},
            )


# -- conservation ----------------------------------------------------------------------------------------------------


def test_a_request_cannot_be_deleted(desk: Desk) -> None:
    desk.ask()

    with desk.app.app_context(), pytest.raises(IntegrityError, match="receipt"), transaction() as session:
        session.execute(text("delete from callback"))


def test_a_receipt_cannot_be_changed_or_deleted(desk: Desk) -> None:
    desk.ask()

    for doing in ("delete from receipt", "update receipt set received_at = now()"):
        with desk.app.app_context(), pytest.raises(IntegrityError, match="append-only"), transaction() as session:
            session.execute(text(doing))


def unaccounted(desk: Desk) -> str:
    """What the figures for whoever watches from outside say."""
    figures = desk.app.test_client().get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.7"}).text
    return next(line for line in figures.splitlines() if line.startswith("ringback_callbacks_unaccounted_for"))


@contextmanager
def gone(desk: Desk) -> Iterator[None]:
    """Somebody with every right on the database deletes a row: a hand at a console, a wrong restore."""
    name = "receipt_belongs_to_callback_by_callback_id"
    with desk.app.app_context(), transaction() as session:
        session.execute(text(f"alter table receipt drop constraint {name}"))
        session.execute(text("create table put_by as select * from callback where id = 1"))
        session.execute(text("delete from callback where id = 1"))
    try:
        yield
    finally:
        with desk.app.app_context(), transaction() as session:
            session.execute(text("insert into callback overriding system value select * from put_by"))
            session.execute(text("drop table put_by"))
            session.execute(
                text(f"alter table receipt add constraint {name} foreign key (callback_id) references callback (id)")
            )


def test_a_request_that_is_gone_for_all_that_is_missed_until_it_is_back(desk: Desk) -> None:
    desk.counsellor()
    supervisor = desk.supervisor()
    for _ in range(2):
        desk.ask()

    with gone(desk):
        while_it_is_gone = watch(desk), unaccounted(desk), supervisor.get("/staff/board").text

    assert "requests_unaccounted" in while_it_is_gone[0]
    assert while_it_is_gone[1].endswith(" 1.0")
    assert "A request may be lost." in while_it_is_gone[2]
    assert "requests_unaccounted" not in watch(desk)
    assert unaccounted(desk).endswith(" 0.0")
    assert "A request may be lost." not in supervisor.get("/staff/board").text


def test_what_was_received_long_ago_is_missed_by_a_thorough_look_and_then_by_every_one_until_it_is_back(
    desk: Desk,
) -> None:
    desk.ask()
    desk.clock.on(hours=2)

    with gone(desk):
        missed = ["requests_unaccounted" in watch(desk, is_thorough=each) for each in (False, True, False)]

    assert missed == [False, True, True]
    assert "requests_unaccounted" not in watch(desk, is_thorough=False)


def test_a_request_is_not_closed_without_what_came_of_it(desk: Desk) -> None:
    desk.ask()

    with desk.app.app_context(), pytest.raises(IntegrityError, match="says_what_came"), transaction() as session:
        session.execute(text("update callback set status = 'completed', closed_at = now(), due_by = null"))


def test_a_request_that_ran_out_says_that_they_were_not_reached(desk: Desk) -> None:
    reference = desk.ask()
    desk.clock.on(hours=25)

    with desk.app.app_context():
        callbacks.jobs.keep_deadlines()

    assert (desk.row(reference).status, desk.row(reference).case_outcome) == ("expired", "not_reached")


# -- why did nobody ring, asked the day after ------------------------------------------------------------------------


def test_what_stood_in_the_way_is_kept_and_can_be_asked_when_all_is_over(desk: Desk) -> None:
    desk.counsellor(is_available=False)
    supervisor = desk.supervisor()
    reference = desk.ask()
    watch(desk)
    desk.clock.on(minutes=1)
    watch(desk)
    desk.clock.on(minutes=1)
    desk.team.ready(1)
    watch(desk)
    desk.clock.on(hours=30)
    with desk.app.app_context():
        callbacks.jobs.keep_deadlines()

    request = supervisor.get(f"/staff/callbacks/{reference}").text
    page = html.fromstring(supervisor.get(f"/staff/callbacks/{reference}/why").text)
    kept = [tuple(cell.text_content().strip() for cell in row) for row in page.cssselect("tbody tr")]

    assert f"/staff/callbacks/{reference}/why" in request
    assert [(who, rule) for _, who, rule in kept] == [
        ("The request itself", "Nothing"),
        ("Ana Example", "Away"),
        ("Ana Example", "Nothing"),
    ]


def kept_lines(supervisor: Browser, reference: str) -> list[tuple[str, str, str]]:
    """What stood in the way before: since when, whom, and which rule."""
    page = html.fromstring(supervisor.get(f"/staff/callbacks/{reference}/why").text)
    table = page.xpath("//table[caption[starts-with(., 'The first rule, from when on')]]")[0]
    at, who, rule = (
        [cell.text_content().strip() for cell in table.cssselect(f"tbody tr > :nth-child({n})")] for n in (1, 2, 3)
    )
    return list(zip(at, who, rule, strict=True))


def test_it_is_kept_that_somebody_went_off_shift_and_that_nobody_was_on_whatever_the_rota_says_later(
    desk: Desk,
) -> None:
    desk.counsellor("Ana Example", shift=hours(-1, 1), is_available=False)
    desk.counsellor("Ben Example", shift=hours(-1, 2), is_available=False)
    supervisor = desk.supervisor()
    reference = desk.ask()
    for _ in range(6):
        watch(desk)
        desk.clock.on(minutes=30)
    for person in (1, 2):
        desk.team.shift(person, hours(2, 4))  # as if they had been on all along

    kept = kept_lines(supervisor, reference)

    assert kept == [
        ("12:00", "The request itself", "Nothing"),
        ("12:00", "Ana Example", "Away"),
        ("12:00", "Ben Example", "Away"),
        ("13:00", "Ana Example", "Not on shift"),
        ("14:00", "Everybody", "Not on shift"),
        ("14:00", "Ben Example", "Not on shift"),
    ]


def test_why_the_gate_stopped_a_call_is_said(desk: Desk) -> None:
    desk.counsellor()
    supervisor = desk.supervisor()
    reference = desk.ask()
    desk.match()
    with desk.app.app_context(), transaction() as session:
        session.execute(text("update call set withheld = 'outside_safe_times'"))

    answer = supervisor.get(f"/staff/callbacks/{reference}/why").text

    assert wording.WITHHELD["outside_safe_times"] in answer


# -- F9: somebody else, or a machine, answers ------------------------------------------------------------------------


@pytest.fixture
def everybody_presses_1(town: Town) -> Iterator[None]:
    """The service has decided that whoever answers is connected only after pressing 1."""
    of_calls = CallFollower(zone=LONDON, screens_everybody=True)
    follower = RotaFollower(zone=LONDON, then=of_calls)
    before = arrow.follower()
    arrow.draw(follower, listener=follower)
    yield
    assert isinstance(before, RotaFollower)
    arrow.draw(before, listener=before)


@pytest.mark.usefixtures("everybody_presses_1")
@pytest.mark.parametrize("answers", ["person", "voicemail"])
def test_f09_whoever_does_not_press_1_hears_nothing_and_is_not_connected(
    town: Town, people: People, answers: str
) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up=answers)
    asked = people.ask(name="Sam")

    town.until(lambda: asked.results() not in ([], [None]))

    said = [entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == VISITOR]
    assert said == [calls.VISITOR_SCREENING]
    assert asked.attempts()[0].bridged_at is None


@pytest.mark.usefixtures("everybody_presses_1")
def test_f09_whoever_presses_1_is_connected(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, presses=["1"], **TALKS)
    asked = people.ask()

    town.until(lambda: asked.results() == ["finished"])

    assert asked.attempts()[0].owes_outcome


# -- F18: whoever rings us may be helped otherwise -------------------------------------------------------------------


def test_f18_a_request_of_somebody_who_was_helped_is_closed_and_nobody_rings(desk: Desk) -> None:
    desk.counsellor(is_available=False)
    supervisor = desk.supervisor()
    reference = desk.ask()
    page = f"/staff/callbacks/{reference}"

    answer = supervisor.send(f"{page}/helped", page=page, closing="info_given")
    desk.team.ready(1)
    desk.match()

    assert answer.status_code == 303
    assert (desk.row(reference).status, desk.row(reference).case_outcome) == ("completed", "info_given")
    assert desk.attempts(reference) == []


def test_f18_a_request_that_is_being_rung_is_not_closed_by_hand(desk: Desk) -> None:
    desk.counsellor()
    supervisor = desk.supervisor()
    reference = desk.ask()
    desk.match()
    page = f"/staff/callbacks/{reference}"

    assert "They need no call any more" not in supervisor.get(page).text
    assert supervisor.send(f"{page}/helped", page="/staff/board", closing="info_given").status_code == 409


# -- F27, F28, F29: shifts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "is_rung"), [("23:59", True), ("00:00", True), ("05:54", True), ("05:56", False), ("06:00", False)]
)
def test_f28_a_night_shift_rings_until_its_last_minutes(desk: Desk, at: str, is_rung: bool) -> None:
    desk.counsellor(shift=hours(10, 18))
    hour, minute = (int(part) for part in at.split(":"))
    desk.clock.to(NOON.replace(hour=hour, minute=minute) + timedelta(days=hour < 12))

    reference = desk.ask()
    desk.match()

    assert bool(desk.attempts(reference)) is is_rung


def test_f29_a_call_goes_on_after_the_shift_and_is_noted_as_overtime(desk: Desk) -> None:
    desk.counsellor(shift=hours(-2, 0.5))
    supervisor = desk.supervisor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)
    desk.clock.on(minutes=42)

    desk.hang_up(reference, talked_s=2500)

    assert desk.attempts(reference)[0].overtime_s == 12 * 60
    with desk.app.app_context(), transaction() as session:
        noted = rota.overtime(session, start=NOON, end=NOON + timedelta(days=1))
    assert list(noted.values()) == [[hours(0.5, 0.7)]]
    assert "12 min after the shift was over" in supervisor.get(f"/staff/callbacks/{reference}").text


def test_f29_a_call_within_the_shift_is_no_overtime(desk: Desk) -> None:
    desk.counsellor()

    assert desk.attempts(desk.talked())[0].overtime_s == 0


# -- F44: an outcome that nobody writes down -------------------------------------------------------------------------


def test_f44_the_counsellor_is_reminded_once_and_then_a_supervisor_is_asked(desk: Desk) -> None:
    desk.counsellor()
    reference = desk.talked()
    seen: list[tuple[str, list[str]]] = []

    for _ in range(3):
        desk.clock.on(minutes=16)
        with desk.app.app_context():
            callbacks.jobs.keep_deadlines()
        with desk.app.app_context(), transaction() as session:
            texts = [row.body for row in session.scalars(select(TextRow)) if row.purpose == "rota"]
        seen.append((desk.row(reference).status, texts))

    reminder = [calls.TEXT_OUTCOME_OWED]
    assert seen == [("in_call", reminder), ("needs_review", reminder), ("needs_review", reminder)]
    assert desk.row(reference).review_reason == "outcome_missing"
    assert desk.row(reference).case_outcome is None  # nothing is assumed


def test_f44_whoever_has_written_it_down_is_not_reminded(desk: Desk) -> None:
    counsellor = desk.counsellor()
    reference = desk.talked()
    page = f"/staff/callbacks/{reference}/outcome"
    attempt = desk.attempts(reference)[0].id
    done = counsellor.send(page, page=page, attempt=attempt, contact="answered_right_person", case="info_given")
    assert done.status_code == 303, done.text

    desk.clock.on(minutes=20)
    with desk.app.app_context():
        callbacks.jobs.keep_deadlines()

    with desk.app.app_context(), transaction() as session:
        assert [row for row in session.scalars(select(TextRow)) if row.purpose == "rota"] == []


# -- F21, F22: floods, and somebody who is pestered ------------------------------------------------------------------


def test_f21_the_lead_hears_of_a_flood_and_it_ends_by_itself(desk: Desk) -> None:
    desk.counsellor()
    first = desk.ask(requester=b"a network")
    Crowd(desk.app).of(first, breaker.FLOOD)

    flooded = watch(desk)
    desk.clock.on(minutes=61)

    assert "spending" in flooded
    assert "spending" not in watch(desk)


def test_f22_the_sixth_request_for_one_number_in_a_day_waits_for_a_supervisor_whoever_asks(desk: Desk) -> None:
    desk.counsellor(is_available=False)
    target = Phone("+447700900977")
    for n in range(5):
        earlier = desk.ask(phone=target, requester=f"network {n}".encode())
        with desk.app.app_context(), transaction() as session:
            withdraw(session, token=desk.row(earlier).token, now=desk.clock())
        desk.clock.on(minutes=10)

    last = desk.row(desk.ask(phone=target, requester=b"another network"))
    with desk.app.app_context(), transaction() as session:
        withdraw(session, token=last.token, now=desk.clock())
    desk.clock.on(hours=24)
    a_day_later = desk.row(desk.ask(phone=target, requester=b"another network"))

    assert (last.status, last.review_reason) == ("needs_review", "asked_often")
    assert (a_day_later.status, a_day_later.review_reason) == ("queued", None)


# -- F23: somebody who asks very often -------------------------------------------------------------------------------

OFTEN_HERE = Phone("+447700900976")


@pytest.fixture
def agreed(desk: Desk) -> Browser:
    """It was agreed that Ben rings them, between 17:00 and 21:00; the supervisor who noted it."""
    desk.counsellor("Ana Example")
    desk.counsellor("Ben Example")
    supervisor = desk.supervisor()
    page = f"/staff/callbacks/{desk.ask(phone=OFTEN_HERE)}"
    noted = supervisor.send(
        f"{page}/plan", page=page, plan_counsellor="2", plan_hours="evening", plan_note="They like a slow start."
    )
    assert noted.status_code == 303, noted.text
    assert "Ben Example rings them, between 17:00 and 21:00." in supervisor.get(page).text
    with desk.app.app_context(), transaction() as session:
        withdraw(session, token=desk.row(page.rsplit("/", 1)[1]).token, now=desk.clock())
    return supervisor


@pytest.mark.usefixtures("agreed")
def test_f23_they_are_rung_at_the_agreed_times_by_whom_was_agreed(desk: Desk) -> None:
    reference = desk.ask(phone=OFTEN_HERE)
    at_noon = desk.row(reference).next_try_at
    desk.clock.to(NOON.replace(hour=17, minute=1))
    desk.match()

    assert at_noon == NOON.replace(hour=17)
    assert [attempt.counsellor_id for attempt in desk.attempts(reference)] == [2]


@pytest.mark.usefixtures("agreed")
def test_f23_none_of_their_requests_is_held_however_many(desk: Desk) -> None:
    statuses = set()
    for n in range(9):
        reference = desk.ask(phone=OFTEN_HERE, requester=f"network {n}".encode())
        statuses.add(desk.row(reference).status)
        with desk.app.app_context(), transaction() as session:
            withdraw(session, token=desk.row(reference).token, now=desk.clock())

    assert statuses == {"queued"}


@pytest.mark.usefixtures("agreed")
def test_f23_after_half_an_hour_anybody_rings(desk: Desk) -> None:
    urgent = desk.ask(phone=OFTEN_HERE, flags={"pregnant": "yes"})
    with desk.app.app_context(), transaction() as session:
        row = session.get_one(CounsellorRow, 2)
        row.languages = ["pl"]  # on shift, and cannot ring them after all

    desk.clock.on(minutes=29)
    desk.match()
    by_then = desk.attempts(urgent)
    desk.clock.on(minutes=2)
    desk.match()

    assert by_then == []
    assert [attempt.counsellor_id for attempt in desk.attempts(urgent)] == [1]


def test_f23_what_is_urgent_does_not_wait_for_the_agreed_time(desk: Desk, agreed: Browser) -> None:
    urgent = desk.ask(phone=OFTEN_HERE, flags={"pregnant": "yes"})
    why = agreed.get(f"/staff/callbacks/{urgent}/why").text

    desk.match()

    assert wording.BLOCKS[Block.NAMED] in why
    assert [attempt.counsellor_id for attempt in desk.attempts(urgent)] == [2]


def test_f23_an_emergency_is_rung_by_whoever_is_free(desk: Desk, agreed: Browser) -> None:
    reference = desk.ask(phone=OFTEN_HERE, flags=DANGER)

    assert wording.BLOCKS[Block.NAMED] not in agreed.get(f"/staff/callbacks/{reference}/why").text


@pytest.mark.usefixtures("agreed")
def test_f23_when_nothing_is_left_of_the_agreed_times_they_are_rung_all_the_same(desk: Desk) -> None:
    soon = (desk.span(NOON, NOON + timedelta(hours=2)),)

    assert desk.row(desk.ask(phone=OFTEN_HERE, safe_times=soon)).next_try_at == NOON


def test_f23_an_agreement_ends(desk: Desk, agreed: Browser) -> None:
    reference = desk.ask(phone=OFTEN_HERE)
    page = f"/staff/callbacks/{reference}"

    agreed.send(f"{page}/plan-over", page=page)

    assert "Agreed with them" not in agreed.get(page).text
    with desk.app.app_context(), transaction() as session:
        withdraw(session, token=desk.row(reference).token, now=desk.clock())
    assert desk.row(desk.ask(phone=OFTEN_HERE)).next_try_at == NOON


@pytest.mark.parametrize("typed", [{"plan_counsellor": "99"}, {"plan_counsellor": "x"}, {"plan_hours": "night"}])
def test_f23_what_cannot_be_agreed_is_said(desk: Desk, typed: dict[str, str]) -> None:
    supervisor = desk.supervisor()
    page = f"/staff/callbacks/{desk.ask()}"

    answer = supervisor.send(f"{page}/plan", page=page, **({"plan_counsellor": "", "plan_hours": ""} | typed))

    assert answer.status_code == 422
    assert wording.CHOOSE_PLAN in answer.text


# -- F15: the visitor takes it back while the counsellor's telephone rings -------------------------------------------


def test_f15_the_counsellors_telephone_stops_at_once_and_it_is_noted_why(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")

    asked.withdraw()
    town.passes(2)

    assert town.phones.state(ANA)["state"] == "idle"
    assert asked.results() == ["cancelled"]
    assert in_history.WITHDRAWN in asked.history()


def test_f15_a_counsellor_who_has_just_answered_is_told_why_nobody_is_there(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    with town.app.app_context(), transaction() as session:
        withdraw(session, token=asked.token, now=town.clock())

    town.phones.act(ANA, "answer")
    town.passes(3)

    said = [entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == ANA]
    assert said == [calls.COUNSELLOR_TOO_LATE]
    assert asked.results() == ["cancelled"]


# -- F27: the night in which an hour comes twice ---------------------------------------------------------------------


@pytest.mark.parametrize("half_past_one", ["00:30", "01:30"])
def test_f27_both_times_that_it_is_half_past_one_somebody_rings(desk: Desk, half_past_one: str) -> None:
    hour, minute = (int(part) for part in half_past_one.split(":"))
    night = datetime(2027, 10, 31, tzinfo=UTC)  # London's clocks go back at 01:00 UTC
    desk.counsellor(shift=Span(night - timedelta(hours=3), night + timedelta(hours=6)))
    desk.clock.to(night + timedelta(hours=hour, minutes=minute))

    reference = desk.ask()
    desk.match()

    assert desk.clock.at.astimezone(LONDON).strftime("%H:%M") == "01:30"
    assert desk.attempts(reference)
    assert desk.row(reference).promised_from == desk.clock.at


# -- F31: a counsellor who is not there any more ---------------------------------------------------------------------


def test_f31_whoever_does_not_answer_holds_a_request_for_a_minute_at_most(town: Town, people: People) -> None:
    town.expects(ANA, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, picks_up="nobody")
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    asked = people.ask()

    town.until(lambda: asked.results() == ["unreached", "finished"])

    first, second = asked.attempts()
    assert second.started_at - first.started_at <= timedelta(seconds=60)


# -- F34: old and calm, new and urgent -------------------------------------------------------------------------------


def test_f34_waiting_lifts_a_request_above_newer_ones_and_never_above_an_emergency(desk: Desk) -> None:
    desk.counsellor()
    old = desk.ask(safe_times=(desk.span(NOON, NOON + timedelta(hours=20)),))
    desk.clock.to(NOON + timedelta(hours=5))
    newer = desk.ask(flags={"pregnant": "yes"})
    with desk.app.app_context(), transaction() as session:
        by_urgency = [row.reference for row in queries.waiting(session, now=NOON + timedelta(hours=5))]
    emergency = desk.ask(flags=DANGER)

    desk.match()

    assert by_urgency == [old, newer]
    assert desk.row(emergency).status == "assigned"
    assert desk.row(old).status == desk.row(newer).status == "queued"

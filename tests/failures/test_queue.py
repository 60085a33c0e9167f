"""Calls that wait their turn, here or at the telephone company: the most urgent first, and none outlives its reason."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from foundation import clock
from foundation.database import transaction
from foundation.doorbell import Bell
from foundation.sealed import digest
from notifications import queries as notifications
from notifications.models import CallRow, OnTheLineRow
from notifications.operations import place
from notifications.telephony.port import CallOrder
from rota.domain.shifts import Span
from rota.models import CounsellorRow, ShiftRow, range_of
from rota.operations.presence import set_away
from tests.conftest import ACCOUNT, AUTH_TOKEN, NOON, Clock, Town
from tests.failures.conftest import an_account
from tests.journeys.conftest import ANA, BEN, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team

SOMEBODY_ELSE, THEIR_NUMBER = "+447700900777", "+441632960999"
URGENT_VISITOR = "+447700900983"


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example", "Ben Example")
    for number in (ANA, BEN):
        town.phones.habit(number, **TAKES)
    for number in (VISITOR, URGENT_VISITOR):
        town.phones.habit(number, **TALKS)
    return here


def states(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return list(session.scalars(select(CallRow.state).order_by(CallRow.created_at)))


def was_dialled(town: Town, number: str) -> bool:
    entries = [entry for entry in town.phones.log() if entry["kind"] == "call" and entry["to"] == number]
    return any(entry["status"] == "initiated" for entry in entries)


def call_of(town: Town) -> CallRow:
    """The first call of ours."""
    with town.app.app_context(), transaction() as session:
        return session.scalars(select(CallRow).order_by(CallRow.created_at)).all()[0]


def failures_in_a_row(town: Town) -> int:
    with town.app.app_context(), transaction() as session:
        return notifications.dialling_failures(session)


def ana_goes_away(town: Town) -> None:
    with town.app.app_context(), transaction() as session:
        set_away(session, counsellor_id=1, by=None, now=town.clock())


def ana_is_taken_off_shift(town: Town) -> None:
    """The planner moves her shifts to other days, and she has not noticed yet."""
    with town.app.app_context(), transaction() as session:
        for shift in session.scalars(select(ShiftRow).where(ShiftRow.counsellor_id == 1)):
            shift.during = range_of(Span(NOON + timedelta(days=shift.id + 7), NOON + timedelta(days=shift.id + 8)))


def another_program_calls(town: Town) -> str:
    """Another program of the account places a call; the company's id of it."""
    url = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    order: dict[str, Any] = {"To": SOMEBODY_ELSE, "From": THEIR_NUMBER, "Twiml": "<Response><Hangup/></Response>"}
    town.phones.habit(SOMEBODY_ELSE, picks_up="person")
    answer = requests.post(url, data=order, auth=(ACCOUNT, AUTH_TOKEN), timeout=10)
    answer.raise_for_status()
    return str(answer.json()["sid"])


def the_company_is_slow(town: Town) -> None:
    """It places one call in fifty seconds, and has just placed one for another program of the account."""
    town.phones.faults(network={"calls_per_second": 0.02})
    another_program_calls(town)


def test_the_most_urgent_call_goes_first_though_it_was_decided_last(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, BEN, URGENT_VISITOR, in_turn=False)
    routine = people.ask()
    town.answer(Bell.MATCH)
    urgent = people.ask(URGENT_VISITOR, flags={"immediate_danger": "yes"})
    town.answer(Bell.MATCH)

    with town.app.app_context(), transaction() as session:
        first = notifications.next_waiting_call(session, now=town.clock())
        assert first is not None
        assert (first.counsellor_phone, first.visitor_phone) == (BEN, URGENT_VISITOR)
    town.until(lambda: routine.results() == urgent.results() == ["finished"])


def test_after_a_rest_two_calls_do_not_go_at_once(session: Session, a_clock: Clock) -> None:
    now = a_clock()

    waits = [place.reserve_pace(session, per_second=1, now=now) for _ in range(2)]
    session.commit()

    assert waits == [0.0, 1.0]


@pytest.mark.parametrize("per_second", [0.4, 1, 1.5, 30])
def test_no_stretch_of_time_sees_more_calls_than_the_pace_allows_whenever_they_come(
    session: Session, a_clock: Clock, per_second: float
) -> None:
    chance = random.Random(per_second)
    placed: list[float] = []
    start = now = a_clock()
    while len(placed) < 60:
        if place.reserve_pace(session, per_second=per_second, now=now) == 0.0:
            placed.append((now - start).total_seconds())
        rests = 3 / per_second if chance.random() < 0.1 else 0.0  # a worker that was held up, a quiet moment
        now += timedelta(seconds=rests + chance.random() * 0.4 / per_second)
    session.commit()

    for first, moment in enumerate(placed):
        for count, later in enumerate(placed[first:]):
            assert later - moment >= (count - 1) / per_second  # as many as fit, and the one that begins the stretch
            assert later - moment >= count / per_second - 0.1001


def test_workers_on_two_hosts_share_one_pace_of_thirty_a_second(app: Flask) -> None:
    ends = time.monotonic() + 1.5
    placed: list[float] = []

    def work() -> None:
        with app.app_context():
            while time.monotonic() < ends:
                with transaction() as session:
                    wait_s = place.reserve_pace(session, per_second=30, now=clock.now())
                if wait_s == 0.0:
                    placed.append(time.monotonic())
                time.sleep(wait_s)

    with ThreadPoolExecutor(6) as hands:
        for hand in [hands.submit(work) for _ in range(6)]:
            hand.result()

    assert 20 <= len(placed) <= 47  # forty-five, and the one that begins; fewer where processor time is short


def test_a_worker_whose_clock_is_a_moment_behind_anothers_waits_its_turn_and_does_not_give_up(
    town: Town, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(ANA, VISITOR)
    monkeypatch.setitem(town.app.config, "CALLS_PER_SECOND", 30)
    asked = people.ask()
    town.answer(Bell.MATCH)
    with town.app.app_context(), transaction() as session:
        pace = notifications.lock_pace(session, now=town.clock())
        pace.next_at = town.clock() + timedelta(seconds=1 / 30 + 0.05)

    town.answer(Bell.DIAL)

    assert states(town) != ["waiting"]
    town.until(lambda: asked.results() == ["finished"])


def test_a_call_that_could_not_be_placed_keeps_its_place_before_less_urgent_ones(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, BEN, URGENT_VISITOR, in_turn=False)
    routine = people.ask()
    town.answer(Bell.MATCH)
    urgent = people.ask(URGENT_VISITOR, flags={"immediate_danger": "yes"})
    town.answer(Bell.MATCH)

    with town.app.app_context(), transaction() as session:
        order = place.claim_call(session, now=town.clock())
        assert isinstance(order, CallOrder)
        place.call_not_placed(session, call_id=order.call_id, now=town.clock())
        again = place.claim_call(session, now=town.clock())
        assert isinstance(again, CallOrder)
        place.call_not_placed(session, call_id=again.call_id, now=town.clock())

    assert order.to.e164 == again.to.e164 == BEN
    town.until(lambda: routine.results() == urgent.results() == ["finished"])


def test_a_call_that_is_a_little_late_delays_no_other(session: Session, a_clock: Clock) -> None:
    now = a_clock()
    for _ in range(3):
        assert place.reserve_pace(session, per_second=1, now=now) == 0.0
        now += timedelta(seconds=1.05)

    wait_s = place.reserve_pace(session, per_second=1, now=now - timedelta(seconds=0.1))
    session.commit()

    assert wait_s == 0.0  # the fourth second has come, though each of the three before was late


def test_a_call_withdrawn_in_the_companys_queue_is_never_dialled(town: Town, people: People) -> None:
    town.expects(SOMEBODY_ELSE, ANA)
    the_company_is_slow(town)
    asked = people.ask()
    town.until(lambda: states(town) == ["placed"])

    answered = asked.withdraw()
    town.passes(60)

    assert (answered, asked.status, asked.results()) == (200, "withdrawn", ["cancelled"])
    assert not was_dialled(town, ANA)


def test_a_call_that_stays_in_the_companys_queue_is_taken_back_and_nobody_has_missed_it(
    town: Town, people: People
) -> None:
    town.expects(SOMEBODY_ELSE, ANA, ANA, VISITOR)
    the_company_is_slow(town)
    asked = people.ask()

    town.until(lambda: asked.results()[:1] == ["cancelled"], within_s=45)
    dialled_in_vain = was_dialled(town, ANA)
    town.phones.faults()
    town.until(lambda: asked.results() == ["cancelled", "finished"])

    assert not dialled_in_vain
    with town.app.app_context(), transaction() as session:
        assert session.get_one(CounsellorRow, 1).misses == 0


def test_a_call_is_left_in_the_companys_queue_for_no_more_than_twenty_seconds(town: Town, people: People) -> None:
    town.expects(SOMEBODY_ELSE, ANA)
    the_company_is_slow(town)
    asked = people.ask()
    town.until(lambda: states(town) == ["placed"])

    town.passes(19)
    before = states(town)
    town.phones.faults(rest={"fails_before": 1, "methods": ["POST"]})  # nothing else is placed, or stopped, yet
    town.passes(2)
    withheld = call_of(town).cancelled_at is not None
    town.phones.faults()
    town.until(lambda: asked.results()[:1] == ["cancelled"], within_s=20)
    asked.withdraw()

    assert (before, withheld) == (["placed"], True)
    assert failures_in_a_row(town) == 1  # whatever is placed next joins the same queue: all workers wait a while


def test_a_call_whose_ring_was_not_reported_is_looked_at_and_not_taken_back(town: Town, people: People) -> None:
    town.expects(SOMEBODY_ELSE, ANA, VISITOR)
    town.phones.habit(ANA, **{**TAKES, "after_s": 19})
    town.phones.faults(network={"calls_per_second": 0.2}, webhooks={"kinds": ["status"], "drop": 1})
    another_program_calls(town)

    asked = people.ask()
    town.until(lambda: states(town)[:1] == ["ringing"], within_s=40)
    looked_at = call_of(town)
    town.phones.faults()
    town.until(lambda: asked.results() == ["finished"])

    assert (looked_at.cancelled_at, looked_at.withheld) == (None, None)


def test_a_call_is_taken_back_from_the_companys_queue_when_it_is_no_longer_safe_to_ring(
    town: Town, people: People
) -> None:
    town.expects(SOMEBODY_ELSE, ANA)
    until = town.clock() + timedelta(minutes=10)
    asked = people.ask(safe_times=[{"from": town.clock().isoformat(), "to": until.isoformat()}])
    town.phones.advance(590)
    town.clock.on(seconds=590)
    the_company_is_slow(town)

    town.until(lambda: asked.results()[:1] == ["cancelled"], within_s=40)

    assert call_of(town).withheld == "outside_safe_times"
    assert not was_dialled(town, ANA)


GONE = pytest.mark.parametrize(
    ("ana_is_gone", "because"), [(ana_goes_away, "counsellor_away"), (ana_is_taken_off_shift, "counsellor_off_shift")]
)


@GONE
def test_a_counsellor_who_is_gone_before_their_telephone_is_rung_is_not_rung(
    town: Town, people: People, ana_is_gone: Callable[[Town], None], because: str
) -> None:
    town.expects(BEN, VISITOR)
    asked = people.ask()
    town.answer(Bell.MATCH)

    ana_is_gone(town)
    town.until(lambda: asked.results() == ["withheld", "finished"])

    assert call_of(town).withheld == because


@GONE
def test_a_call_in_the_companys_queue_is_taken_back_when_its_counsellor_is_gone(
    town: Town, people: People, ana_is_gone: Callable[[Town], None], because: str
) -> None:
    town.expects(SOMEBODY_ELSE, ANA, BEN, VISITOR)
    the_company_is_slow(town)
    asked = people.ask()
    town.until(lambda: states(town) == ["placed"])

    ana_is_gone(town)
    town.until(lambda: asked.results()[:1] == ["cancelled"], within_s=30)
    town.phones.faults()
    town.until(lambda: asked.results() == ["cancelled", "finished"])

    assert call_of(town).withheld == because
    assert not was_dialled(town, ANA)


def test_a_call_that_has_waited_for_two_minutes_is_not_placed_any_more_and_goes_back_to_matching(
    town: Town, people: People
) -> None:
    town.expects()
    asked = people.ask()
    town.answer(Bell.MATCH)
    with town.app.app_context(), transaction() as session:
        place.claim_call(session, now=town.clock() + timedelta(minutes=2))

    assert (asked.status, asked.results(), call_of(town).withheld) == ("queued", ["withheld"], "too_late")


def the_visitor_rings_us(town: Town) -> None:
    with town.app.app_context(), transaction() as session:
        session.add(OnTheLineRow(phone_digest=digest(VISITOR), until=town.clock() + timedelta(minutes=1)))


def test_a_call_that_waits_its_turn_is_not_placed_when_the_visitor_rings_us_meanwhile(
    town: Town, people: People
) -> None:
    town.expects()
    asked = people.ask()
    town.answer(Bell.MATCH)

    the_visitor_rings_us(town)
    town.until(lambda: asked.results() == ["withheld"])

    assert (asked.status, call_of(town).withheld) == ("queued", "on_the_line")


def test_a_call_is_taken_back_from_the_companys_queue_when_the_visitor_rings_us(town: Town, people: People) -> None:
    town.expects(SOMEBODY_ELSE, ANA)
    the_company_is_slow(town)
    asked = people.ask()
    town.until(lambda: states(town) == ["placed"])

    the_visitor_rings_us(town)
    town.until(lambda: asked.results()[:1] == ["cancelled"], within_s=30)
    asked.withdraw()

    assert call_of(town).withheld == "on_the_line"
    assert not was_dialled(town, ANA)


def test_how_long_a_call_has_waited_is_what_the_company_says_or_how_old_it_is(town: Town) -> None:
    town.expects(SOMEBODY_ELSE, SOMEBODY_ELSE)
    town.phones.faults(network={"calls_per_second": 1 / 25})
    another_program_calls(town)
    waits = another_program_calls(town)
    company = an_account(town)

    town.phones.advance(10)
    town.clock.on(seconds=10)
    in_line = company.call(waits)
    town.phones.advance(30)
    town.clock.on(seconds=30)
    dialled = company.call(waits)

    assert in_line.status == "queued"
    assert round(in_line.has_waited_s(now=town.clock())) in (40, 41)
    assert (dialled.queued_s, dialled.has_waited_s(now=town.clock())) == (25, 25)

"""Many at once: the same key, the last place, the same call, the same counsellors. Exactly one wins each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from sqlalchemy import func, select

from callbacks.domain.asking import CONSENT_VERSION
from callbacks.models import AttemptRow, BookingRow, CallbackRow
from foundation.database import Row, transaction
from foundation.doorbell import Bell
from notifications.models import CallRow
from tests.conftest import NOON, Town
from tests.journeys.conftest import ANA, BEN, CAT, TAKES, VISITOR, People

AT_ONCE = 20


def all_at_once(*works: Callable[[], Any]) -> list[Any]:
    """Let everybody start at the same moment; what each came back with."""
    start, found, went_wrong = threading.Barrier(len(works)), [], []

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 - a thread's failure must fail the test, not vanish
            went_wrong.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert went_wrong == []
    return found


def count(town: Town, kind: type[Row]) -> int:
    with town.app.app_context(), transaction() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def post(town: Town, phone: str, key: str | None = None, **fields: Any) -> requests.Response:
    body = {"phone": phone, "consent": {"version": CONSENT_VERSION, "given": True}} | fields
    headers = {"Idempotency-Key": key} if key else {}
    return requests.post(f"{town.base}/api/v1/callbacks", json=body, headers=headers, timeout=30)


def test_f17_twenty_times_the_same_request_at_once_are_one_request(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example")

    answers = all_at_once(*[lambda: post(town, VISITOR, key="one key")] * AT_ONCE)

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert count(town, CallbackRow) == 1


def test_twenty_who_want_the_last_place_of_an_hour_are_one_who_gets_it(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example", "Ben Example")  # one of the two is kept free for those who need a call now
    hour = {
        "from": (NOON + timedelta(hours=3)).isoformat(),
        "to": (NOON + timedelta(hours=4)).isoformat(),
    }

    answers = all_at_once(*[lambda n=n: post(town, f"+4477009003{n:02}", when=hour) for n in range(AT_ONCE)])

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {answer["code"] for answer in refused} == {"time_not_offered"}
    assert all(answer["alternatives"] for answer in refused)
    assert (count(town, CallbackRow), count(town, BookingRow)) == (1, 1)


def test_f02_two_workers_on_one_waiting_call_are_one_ring(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="nobody")
    people.ask()
    town.answer(Bell.MATCH)

    all_at_once(*[lambda: town.answer(Bell.DIAL)] * 4)
    town.passes(5)

    assert count(town, CallRow) == 1


def test_matching_many_times_at_once_gives_each_counsellor_one_call_and_each_request_one(
    town: Town, people: People
) -> None:
    visitors = [f"+4477009004{n:02}" for n in range(6)]
    town.expects(ANA, BEN, CAT, in_turn=False)
    people.on("Ana Example", "Ben Example", "Cat Example")
    for visitor in visitors:
        people.ask(visitor)

    all_at_once(*[lambda: town.answer(Bell.MATCH)] * 6)
    town.answer(Bell.DIAL)
    town.passes(3)

    with town.app.app_context(), transaction() as session:
        attempts = list(session.scalars(select(AttemptRow)))
    assert len(attempts) == 3
    assert len({attempt.counsellor_id for attempt in attempts}) == 3
    assert len({attempt.callback_id for attempt in attempts}) == 3


def test_a_withdrawal_and_a_press_of_1_at_the_same_moment_agree_on_what_happened(town: Town, people: People) -> None:
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")
    town.phones.habit(VISITOR, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    town.phones.act(ANA, "answer")
    town.passes(2)

    all_at_once(asked.withdraw, lambda: town.phones.act(ANA, "press", keys="1"))
    town.passes(20)

    was_rung = VISITOR in town.contacted()["rung"]
    town.expects(*[ANA, VISITOR] if was_rung else [ANA])
    assert (asked.status, asked.results()) == ("withdrawn", ["cancelled"])
    assert asked.row().rings_made >= was_rung
    assert town.phones.state(VISITOR)["state"] == "idle"


def test_f19_requests_for_one_number_at_once_ring_it_for_one_of_them_at_a_time(town: Town, people: People) -> None:
    people.on("Ana Example", "Ben Example", "Cat Example")
    for number in (ANA, BEN, CAT):
        town.phones.habit(number, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=30)

    answers = all_at_once(*[lambda: post(town, VISITOR)] * AT_ONCE)
    town.passes(30)

    assert {answer.status_code for answer in answers} == {201}
    rung = town.contacted()["rung"]
    assert rung.count(VISITOR) == 1
    town.expects(*rung)

"""Many at once: the same key, the last place, the same call, the same counsellors. Exactly one wins each."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from callbacks.domain.asking import CONSENT_VERSION
from callbacks.models import AttemptRow, BookingRow, CallbackRow
from foundation.database import Row, transaction
from foundation.doorbell import Bell
from notifications.domain import wording
from notifications.models import CallRow
from notifications.operations.place import claim_call
from notifications.telephony.port import CallOrder
from rota.domain.shifts import Span
from tests.conftest import NOON, Town
from tests.journeys.conftest import ANA, BEN, CAT, TAKES, VISITOR, People
from tests.rota.planning import Team

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


def test_f02_a_thousand_claims_of_three_waiting_calls_are_won_three_times(town: Town, people: People) -> None:
    people.on("Ana Example", "Ben Example", "Cat Example")
    for number in range(3):
        people.ask(f"+4477009004{number:02}")
    town.answer(Bell.MATCH)

    def claim_fifty_times() -> list[UUID]:
        won = []
        for _ in range(50):
            with town.app.app_context(), transaction() as session:
                order = claim_call(session, now=town.clock())
            if isinstance(order, CallOrder):
                won.append(order.call_id)
        return won

    claims = all_at_once(*[claim_fifty_times] * 20)

    won = [call_id for mine in claims for call_id in mine]
    assert len(won) == len(set(won)) == 3
    town.expects()  # nobody dialled what they had won


def twenty_counsellors(town: Town) -> list[str]:
    """On shift and ready; their numbers."""
    team = Team(town.app)
    for number in range(AT_ONCE):
        person = team.counsellor(f"N{number} Example")
        team.shift(person, Span(NOON - timedelta(hours=1), NOON + timedelta(hours=23)))
    return [f"+447700900{101 + number}" for number in range(AT_ONCE)]


def test_twenty_counsellors_and_thirty_requests_matched_many_times_at_once_are_twenty_pairs(
    town: Town, people: People
) -> None:
    counsellors = twenty_counsellors(town)
    town.expects(*counsellors, in_turn=False)
    for number in range(30):
        people.ask(f"+4477009004{number:02}")

    all_at_once(*[lambda: town.answer(Bell.MATCH)] * 6)
    all_at_once(*[lambda: town.answer(Bell.DIAL)] * 3)
    town._advance(3)

    with town.app.app_context(), transaction() as session:
        attempts = list(session.scalars(select(AttemptRow)))
    assert len(attempts) == AT_ONCE
    assert len({attempt.counsellor_id for attempt in attempts}) == AT_ONCE
    assert len({attempt.callback_id for attempt in attempts}) == AT_ONCE


def test_f01_a_press_of_1_that_comes_twenty_times_at_once_is_one_ring_and_no_other_leg_can_press_it(
    town: Town, people: People
) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    town.phones.act(ANA, "answer")
    town.passes(2)
    url = f"{town.app.config['PUBLIC_BASE_URL']}/webhooks/twilio/voice/accept?at={asked.attempts()[0].call_id.hex}"
    signer = RequestValidator(town.app.config["TWILIO_AUTH_TOKEN"])

    anas = town.phones.state(ANA)["call"]["call"]

    def press(leg: int) -> tuple[bool, str]:
        form = {"CallSid": anas if leg % 2 else f"CA{leg:032x}", "CallStatus": "in-progress", "Digits": "1"}
        signed = {"X-Twilio-Signature": signer.compute_signature(url, form)}
        return form["CallSid"] == anas, requests.post(url, data=form, headers=signed, timeout=60).text

    answers = all_at_once(*[lambda leg=leg: press(leg) for leg in range(AT_ONCE)])

    same = [answer for is_anas, answer in answers if is_anas]
    other = [answer for is_anas, answer in answers if not is_anas]
    assert Counter("<Dial" in answer for answer in same) == {True: AT_ONCE // 2}  # asked again, answered the same
    assert ["<Dial" in answer for answer in other] == [False] * (AT_ONCE // 2)
    assert {wording.COUNSELLOR_TAKEN in answer for answer in other} == {True}
    assert asked.row().rings_made == 1


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

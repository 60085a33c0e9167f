"""The wire breaks while a call is handed over: nobody is rung twice, nobody forgotten. Kills: test_crash_matrix.py."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from rq import Queue

from foundation import doorbell
from foundation.doorbell import Bell
from tests.conftest import NOON, eventually
from tests.failures.conftest import ANA, NETWORK_SPEED, VISITOR, Born, House

pytestmark = pytest.mark.operations


def handed_over(house: House) -> bool:
    return house.states() == ["placing"]


def caught_waiting_for_the_answer(house: House, fault: str, **more: Any) -> Born:
    """A worker that has handed the one call over and waits for an answer that does not come."""
    house.phones.faults(rest={"next": [fault], "times_out_s": 60}, **more)
    worker = house.worker()
    house.ask()
    eventually(lambda: any(entry["kind"] == "fault" for entry in house.phones.log()))
    assert handed_over(house) or fault == "times_out"  # a report may have come already
    return worker


def test_f03_a_worker_is_killed_before_it_knows_and_no_report_ever_comes_so_the_list_must_tell(only_ana: House) -> None:
    only_ana.phones.habit(ANA, picks_up="nobody")
    worker = caught_waiting_for_the_answer(only_ana, "times_out", webhooks={"drop": 1})

    only_ana.kill(worker)
    only_ana.later(seconds=16)
    only_ana.work()
    only_ana.later(seconds=46)
    only_ana.work()

    assert only_ana.states()[0] == "unreached"
    assert only_ana.placed()[ANA] == len(only_ana.states())


def test_f39_the_list_is_behind_and_nobody_is_dialled_to_find_out(only_ana: House) -> None:
    only_ana.phones.faults(rest={"next": ["answer_lost"], "list_lag_s": 40}, webhooks={"drop": 1})
    only_ana.phones.habit(ANA, picks_up="nobody")

    only_ana.ask()
    only_ana.work()
    assert only_ana.states() == ["unknown"]
    only_ana.later(seconds=16)
    only_ana.work()
    assert only_ana.states() == ["unknown"]
    only_ana.later(seconds=46)
    only_ana.work()

    assert only_ana.states()[0] == "unreached"
    assert only_ana.placed()[ANA] == len(only_ana.states())


WIRE_FAULTS = ["answer_lost", "fails_after", "fails_before", "too_many_requests"]


@pytest.mark.parametrize("fault", WIRE_FAULTS)
def test_f03_the_wire_breaks(only_ana: House, fault: str) -> None:
    only_ana.phones.faults(rest={"next": [fault]})

    only_ana.ask()
    for _ in range(12):
        only_ana.work()
        if only_ana.states()[-1] != "lost" and only_ana.states()[-1] != "unknown":
            break
        only_ana.later(seconds=46)
    only_ana.later(seconds=6)  # the back-off after "too many requests"
    only_ana.work_until(lambda: only_ana.states()[-1] == "finished")

    assert only_ana.rang() == {ANA: 1, VISITOR: 1}


def most_within(house: House, *, seconds: int) -> int:
    """The most calls that the telephone company was given in a stretch of so many seconds."""
    moments = sorted(
        datetime.fromisoformat(entry["at"])
        for entry in house.phones.log()
        if entry["kind"] == "call" and entry["status"] == "initiated" and entry["parent"] is None
    )
    stretch = timedelta(seconds=seconds)
    return max(sum(1 for other in moments if moment <= other < moment + stretch) for moment in moments)


def test_f02_two_workers_and_a_hundred_bells_for_the_same_requests(house: House) -> None:
    visitors = [f"01632 960{number:03d}" for number in range(12)]
    house.environment["TWILIO_CALLS_PER_SECOND"] = "1"
    house.set_clocks(NOON, speed=NETWORK_SPEED)  # the pace is measured on the network, so both have one time
    house.worker(), house.worker()
    for number in (ANA, "+447700900102", "+447700900103"):
        house.phones.habit(number, picks_up="person", after_s=0.1, presses=["1"], press_after_s=0.05)
    for visitor in visitors:
        house.phones.habit("+44" + visitor.replace(" ", "")[1:], picks_up="busy", after_s=0.1)
    for visitor in visitors:
        house.ask(visitor)

    def all_rung() -> bool:
        for bell in (Bell.MATCH, Bell.DIAL, Bell.SETTLE):  # past the mark that keeps one job for each bell
            Queue("calls", connection=doorbell.connection()).enqueue(doorbell.answer_of(bell))
        time.sleep(0.2)
        return len(house.rang()) == len(visitors) + 3

    eventually(all_rung, within_s=120)

    rang = house.rang()
    assert {rang["+44" + visitor.replace(" ", "")[1:]] for visitor in visitors} == {1}
    assert sum(house.placed().values()) == len(house.calls())
    assert most_within(house, seconds=5) <= 7  # one a second for both workers, and a ring that was held up on its way

"""What the telephone company tells us, doubled, disordered, late or never: the same end, and one ring."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from callbacks import queries as callbacks
from foundation.database import transaction
from notifications.models import ReportRow
from rota.models import CounsellorRow
from tests.failures.conftest import ANA, VISITOR, House


def a_call_with(house: House, **fault: Any) -> None:
    """Somebody is rung while every report of a leg meets this fault; the end and the rings are as ever."""
    house.phones.faults(seed=4, webhooks={"kinds": ["status"], **fault})

    house.ask()
    house.work_until(lambda: house.states() == ["finished"])

    assert house.rang() == {ANA: 1, VISITOR: 1}
    assert [attempt.owes_outcome for attempt in house.attempts()] == [True]


def reports_told(house: House) -> list[dict[str, Any]]:
    """Every time that the telephone company told us how a leg stands."""
    return [entry for entry in house.phones.log() if entry["kind"] == "webhook" and entry["what"] == "status"]


def test_f04_a_status_report_arrives_twice(only_ana: House) -> None:
    a_call_with(only_ana, double=1)
    only_ana.until(lambda: len(reports_told(only_ana)) == 2 * 8)  # four of each leg, and each once more

    with only_ana.app.app_context(), transaction() as session:
        lines = [line.words for line in callbacks.history(session, only_ana.callbacks()[0].id)]
        stored = session.scalar(select(func.count()).select_from(ReportRow).where(ReportRow.kind.startswith("leg:")))
        misses = session.get_one(CounsellorRow, 1).misses
    assert (stored, only_ana.callbacks()[0].rings_made, misses) == (8, 1, 0)
    assert len(lines) == len(set(lines))


def test_f05_status_reports_arrive_out_of_order(only_ana: House) -> None:
    a_call_with(only_ana, reorder=0.7, reorder_window_s=1.5)


def test_f05_status_reports_arrive_late(only_ana: House) -> None:
    a_call_with(only_ana, delay=1, delay_s=[0.2, 2.5])


def test_f06_no_status_report_ever_arrives(only_ana: House) -> None:
    only_ana.phones.faults(webhooks={"kinds": ["status"], "drop": 1})

    only_ana.ask()
    only_ana.work_until(lambda: only_ana.states() == ["visitor_answered"])
    only_ana.work_until(lambda: only_ana.phones.state(VISITOR)["state"] == "idle")
    only_ana.later(seconds=65)
    only_ana.work()

    assert only_ana.states() == ["finished"]
    assert only_ana.rang() == {ANA: 1, VISITOR: 1}


def test_f01_the_press_of_1_arrives_twice_at_once(only_ana: House) -> None:
    only_ana.phones.faults(webhooks={"kinds": ["twiml"], "double": 1})

    only_ana.ask()
    only_ana.work_until(lambda: only_ana.states() == ["finished"])

    assert only_ana.rang() == {ANA: 1, VISITOR: 1}

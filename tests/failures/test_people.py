"""What people do, and what is done to them: long queues, quiet hours, counsellors who do not answer, strangers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from callbacks import queries
from callbacks.models import CallbackRow
from foundation.database import transaction
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock

MINUTE = timedelta(minutes=1)
DANGER = {"immediate_danger": "yes"}


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


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

"""F12, F34: an emergency that could be given to nobody is told to the lead within a minute, and shown first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select

import callbacks.jobs
from callbacks.domain.attempts import EMERGENCY_LOOKED_AT_WITHIN
from foundation.database import transaction
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.models import TextRow
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock
from tests.rota.planning import hours

DANGER: dict[str, Any] = {"flags": {"immediate_danger": "yes"}}
LEAD = "+447700900555"
ANOTHER = Phone("+447700900983")


@pytest.fixture
def desk(app: Flask, a_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setitem(app.config, "ON_CALL_PHONE", Phone(LEAD))
    return Desk(app, a_clock)


def watch(desk: Desk) -> list[str]:
    """What the timekeeper's look finds, the first first."""
    with desk.app.app_context():
        callbacks.jobs.watch_over_everything()
        with transaction() as session:
            return [row.kind for row in notifications.troubles(session)]


def told_of(desk: Desk, kind: str = "emergency_waits") -> int:
    """How many texts about it were ordered for the lead."""
    with desk.app.app_context(), transaction() as session:
        texts = session.scalars(select(TextRow).where(TextRow.purpose == "alarm")).all()
        assert {text.phone for text in texts} <= {LEAD}
        return sum(1 for text in texts if f":{kind}:" in text.reason_key)


def watched_for(desk: Desk, seconds: int) -> list[str]:
    """What is found when the timekeeper has looked every fifteen seconds for so long."""
    found: list[str] = []
    for _ in range(0, seconds, 15):
        desk.clock.on(seconds=15)
        desk.match()
        found = watch(desk)
    return found


def test_f12_an_emergency_at_a_time_when_nobody_is_on_is_told_within_a_minute(desk: Desk) -> None:
    desk.counsellor(shift=hours(5, 9))
    desk.ask(**DANGER)

    found = watched_for(desk, 45)

    assert found[0] == "emergency_waits"
    assert told_of(desk) == 1


def test_f12_an_emergency_that_finds_everybody_on_the_telephone_is_told_too(desk: Desk) -> None:
    desk.counsellor()
    desk.ask()
    desk.match()
    desk.ask(phone=ANOTHER, **DANGER)

    assert watched_for(desk, 45) == ["emergency_waits"]


def test_f12_an_emergency_that_nobody_on_the_team_can_take_is_told_at_once_and_looked_at_in_minutes(
    desk: Desk,
) -> None:
    desk.counsellor()
    reference = desk.ask(language="pl", **DANGER)

    found = watch(desk)

    row = desk.row(reference)
    assert (row.status, row.review_reason) == ("needs_review", "nobody_able")
    assert row.due_by is not None
    assert row.due_by - desk.clock.at <= EMERGENCY_LOOKED_AT_WITHIN
    assert found == ["emergency_waits"]
    assert told_of(desk) == 1


def test_f12_an_emergency_that_one_after_another_does_not_take_is_told(desk: Desk) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name)
    reference, found = desk.ask(**DANGER), list[str]()

    for _ in range(3):
        desk.match()
        desk.clock.on(seconds=18)
        found = watch(desk)
        desk.pass_on(reference)

    assert found == ["emergency_waits"]


def test_f12_each_emergency_is_told_and_none_of_them_twice(desk: Desk) -> None:
    desk.counsellor()
    desk.ask(language="pl", **DANGER)
    watched_for(desk, 60)
    first = told_of(desk)

    desk.ask(language="pl", phone=ANOTHER, **DANGER)
    watched_for(desk, 60)

    assert (first, told_of(desk)) == (1, 2)


def test_f12_an_emergency_that_is_rung_in_time_wakes_nobody(desk: Desk) -> None:
    desk.counsellor()
    reference = desk.ask(**DANGER)
    desk.match()
    desk.take(reference)

    assert watched_for(desk, 90) == []
    assert told_of(desk) == 0


def test_f12_it_is_over_when_somebody_was_given_it(desk: Desk) -> None:
    person = desk.counsellor(is_available=False)
    desk.ask(**DANGER)
    waited = watched_for(desk, 45)
    desk.team.ready(1)
    desk.match()

    assert person.get("/staff/queue").status_code == 200
    assert (waited[0], "emergency_waits" in watch(desk)) == ("emergency_waits", False)


def test_f12_whoever_may_not_be_rung_yet_waits_for_nobody(desk: Desk) -> None:
    desk.counsellor()
    desk.ask(safe_times=(desk.span(NOON + timedelta(hours=3), NOON + timedelta(hours=4)),), **DANGER)

    assert watched_for(desk, 60) == []


def test_f34_a_held_emergency_stands_above_whatever_was_held_before_it(desk: Desk) -> None:
    desk.counsellor()
    supervisor = desk.supervisor()
    older = desk.ask(language="pl")
    desk.clock.on(minutes=3)
    emergency = desk.ask(language="pl", phone=ANOTHER, **DANGER)
    desk.clock.on(minutes=6)
    watch(desk)

    page = html.fromstring(supervisor.get("/staff/board").text)
    text = page.text_content()

    assert text.index(emergency) < text.index(older)
    assert "Somebody in an emergency waits" in text

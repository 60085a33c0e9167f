"""Somebody is ill, a colleague texts YES, and the shift is filled: with a real network and signed webhooks."""

from __future__ import annotations

from datetime import timedelta

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff, set_phone
from foundation.database import transaction
from foundation.phone import Phone
from rota import queries
from rota.operations import ladder
from tests.conftest import NOON, Town
from tests.journeys.conftest import ANA, BEN, CAT, People
from tests.rota.planning import LONDON, PASSWORD, hours

SUPERVISOR = "+447700900990"


def on_from_two(town: Town) -> list[str]:
    """Who is on from two to eight."""
    with town.app.app_context(), transaction() as session:
        span = hours(2, 8)
        return [shift.name for shift in queries.rostered(session, start=span.starts_at, end=span.ends_at)]


def test_the_first_colleague_who_texts_yes_has_the_shift_and_the_supervisor_hears_of_each_step(
    town: Town, people: People
) -> None:
    about_cover = 3  # now, tomorrow and the weeks ahead: nobody else is planned
    town.expects(texts=[BEN, CAT, CAT, BEN, *[SUPERVISOR] * (3 + about_cover)], in_turn=False)
    ana = people.team.counsellor("Ana Example")
    for name in ("Ben Example", "Cat Example"):
        people.team.counsellor(name)
    shift = people.team.shift(ana, hours(2, 8))
    with town.app.app_context(), transaction() as session:
        boss = add_staff(
            session, email="sue@example.org", name="Sue", password=PASSWORD, role=Role.SUPERVISOR, now=NOON
        )
        set_phone(session, staff=boss, phone=Phone(SUPERVISOR), by=boss.id, now=NOON)
        ladder.call_sick(session, shift_id=shift, version=1, by=boss.id, now=NOON, zone=LONDON)
    town.look()

    town.sleeps(minutes=10)
    town.phones.act(CAT, "text", body="Yes", to="+447700900000")
    town.until(lambda: on_from_two(town))
    town.phones.act(BEN, "text", body="YES", to="+447700900000")
    town.passes(3)

    said = {
        number: [entry["body"] for entry in town.phones.log() if entry["kind"] == "text" and entry["to"] == number]
        for number in (ANA, BEN, CAT, SUPERVISOR)
    }
    assert on_from_two(town) == ["Cat Example"]
    assert said[ANA] == []
    assert said[CAT][-1].startswith("Thank you. It is yours")
    assert said[BEN][-1].startswith("Thank you. Somebody else has taken it")
    assert said[SUPERVISOR][-1].startswith("Cover for Tue 24 Nov 14:00-20:00 is found")
    assert timedelta(minutes=10) <= town.clock() - NOON < timedelta(minutes=11)

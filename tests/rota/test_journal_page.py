"""The journal in words: who, what, before and after, for planners only, page by page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.operations.journal import note
from foundation.database import transaction
from rota.operations.shifts import add_shift, move_shift
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

SignIn = Callable[..., Browser]

PAGE = "/staff/journal"
ME: dict[str, Any] = {"zone": LONDON, "by": None, "now": NOON}


def lines(text: str) -> list[str]:
    return [" ".join(line.text_content().split()) for line in html.fromstring(text).cssselect(".timeline > li")]


def test_a_moved_shift_says_whose_it_was_and_whose_it_is_in_local_time(
    app: Flask, team: Team, signed_in: SignIn
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    with app.app_context(), transaction() as session:
        shift = add_shift(session, counsellor_id=ana, span=hours(20, 28), **ME)
        move_shift(session, shift_id=shift.id, counsellor_id=ben, span=hours(21, 28), version=1, **ME)

    found = lines(signed_in().get(f"{PAGE}?kind=shift").text)

    assert found[0].startswith("Tuesday 24 November, 12:00 Shift moved: Shift 1, by the service itself")
    assert "counsellor id: before Ana Example →, after Ben Example" in found[0]
    assert "before Wednesday 25 November, 08:00 →, after Wednesday 25 November, 09:00" in found[0]
    assert "ends at" not in found[0]
    assert "Shift added" in found[1]


def test_lines_are_chosen_by_person_kind_thing_and_day(app: Flask, team: Team, signed_in: SignIn) -> None:
    ana = team.counsellor("Ana Example")
    supervisor = signed_in()
    supervisor.send(f"/staff/team/{ana}/phone-check", page=f"/staff/team/{ana}")
    with app.app_context(), transaction() as session:
        note(session, actor_id=None, action="leave_asked", subject_kind="leave", subject_id=3,
             now=NOON - timedelta(days=9))  # fmt: skip

    page = supervisor.get(PAGE)
    who = html.fromstring(page.text).xpath("//select[@id='who']/option[text()='A supervisor']/@value")[0]

    assert any("Phone verified: Ana Example, by A supervisor" in line for line in lines(page.text))
    assert {line.split(", by ")[-1].split(" how")[0] for line in lines(supervisor.get(f"{PAGE}?who={who}").text)} == {
        "A supervisor"
    }
    assert len(lines(supervisor.get(f"{PAGE}?kind=leave").text)) == 1
    assert all("Ana Example" in line for line in lines(supervisor.get(f"{PAGE}?kind=counsellor&id={ana}").text))
    assert len(lines(supervisor.get(f"{PAGE}?last=2026-11-20").text)) == 1
    assert lines(supervisor.get(f"{PAGE}?first=2026-11-25").text) == []


def test_old_lines_are_reached_page_by_page_and_each_is_shown_once(session: Session, signed_in: SignIn) -> None:
    for number in range(120):
        note(session, actor_id=None, action="shift_moved", subject_kind="shift", subject_id=number, now=NOON)
    session.commit()
    supervisor = signed_in()

    seen, address = [], f"{PAGE}?kind=shift"
    while address:
        text = supervisor.get(address).text
        seen += lines(text)
        address = next(iter(html.fromstring(text).xpath("//a[text()='Older lines']/@href")), "")

    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("value", [{"starts_at": "T"}, {"words": ["a", "b"]}, {"how": {"far": None}}, {"is": False}])
def test_whatever_was_noted_can_be_shown(value: dict[str, Any], session: Session, signed_in: SignIn) -> None:
    note(session, actor_id=None, action="something_done", subject_kind="thing", subject_id="x", after=value, now=NOON)
    session.commit()

    assert "Something done: thing x" in " | ".join(lines(signed_in().get(PAGE).text))


def test_a_day_that_is_none_is_said(signed_in: SignIn) -> None:
    assert "Enter a day, like 2026-11-24, or leave it empty" in signed_in().get(f"{PAGE}?first=soon").text


def test_the_journal_is_for_planners_and_in_their_navigation(signed_in: SignIn) -> None:
    assert 'href="/staff/journal"' in signed_in().get("/staff/team").text
    assert signed_in(Role.COUNSELLOR).get(PAGE).status_code == 403

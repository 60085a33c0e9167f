"""The board's figures, its promises against the rota, and what it says when the machine itself stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from lxml import html

from tests.callbacks.desk import Desk, summary, words
from tests.conftest import NOON, Clock
from tests.rota.planning import hours

BOARD = "/staff/board"


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


def tiles(page: str) -> dict[str, int]:
    found = html.fromstring(page).cssselect(".tile")
    return {str(tile[1].text_content()): int(tile[0].text_content()) for tile in found}


def test_the_board_counts_what_there_is(desk: Desk) -> None:
    desk.counsellor()
    desk.counsellor("Ben Example", is_available=False)
    sue = desk.supervisor()
    talking = desk.ask()
    desk.match()
    desk.take(talking)
    desk.ask()
    later = NOON + timedelta(hours=3)
    desk.ask(safe_times=(desk.span(later, later + timedelta(hours=1)),))

    counts = tiles(sue.get(f"{BOARD}/live").text)

    assert counts == {
        "due now": 1,
        "for later": 1,
        "later than promised": 0,
        "promises in danger": 0,
        "in a call": 1,
        "free of 2 on shift": 0,
        "outcomes missing": 0,
        "for you to decide": 0,
    }


def test_a_promise_is_endangered_when_time_runs_out_and_late_afterwards(desk: Desk) -> None:
    desk.counsellor(is_available=False)
    sue = desk.supervisor()
    reference = desk.ask()
    until = desk.row(reference).promised_until
    assert until is not None

    desk.clock.to(until - timedelta(minutes=5))
    endangered = words(sue.get(f"{BOARD}/live").text)
    desk.clock.to(until)
    late = sue.get(f"{BOARD}/live").text

    assert "Endangered" in endangered
    assert "Late" in words(late)
    assert tiles(late)["later than promised"] == 1


def test_a_promise_is_endangered_as_soon_as_nobody_is_on_the_rota_for_it(desk: Desk) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name, is_available=False)
    sue = desk.supervisor()
    later = NOON + timedelta(hours=3)
    desk.ask(when=desk.span(later, later + timedelta(hours=1)))
    before = words(sue.get(f"{BOARD}/live").text)

    desk.end_every_shift(NOON + timedelta(hours=2))

    assert "Endangered" not in before
    assert "Endangered" in words(sue.get(f"{BOARD}/live").text)


def test_a_matching_that_does_not_run_is_a_notice_too(desk: Desk) -> None:
    desk.counsellor()
    sue = desk.supervisor()
    desk.ask()

    desk.clock.on(minutes=2)

    assert "Ana Example: nothing stands in the way: matching has not run." in words(sue.get(f"{BOARD}/live").text)


def test_nobody_is_starved_outside_their_safe_times(desk: Desk) -> None:
    desk.counsellor(shift=hours(-2, 20))
    sue = desk.supervisor()
    desk.ask()

    desk.clock.to(NOON + timedelta(hours=10))

    assert "Somebody waits and somebody is free." not in words(sue.get(f"{BOARD}/live").text)


def test_a_request_is_found_by_its_reference_however_it_is_typed(desk: Desk) -> None:
    sue = desk.supervisor()
    reference = desk.ask()

    found = sue.get(f"{BOARD}/find?reference=%20{reference.lower()}")
    unknown = sue.get(f"{BOARD}/find?reference=NOSUCH1")

    assert (found.status_code, found.location) == (303, f"/staff/callbacks/{reference}")
    assert (unknown.status_code, len(summary(unknown.text))) == (404, 1)


def test_help_lines_that_nobody_has_checked_for_a_quarter_are_named(desk: Desk) -> None:
    sue = desk.supervisor()
    fresh = words(sue.get(BOARD).text)

    desk.clock.on(days=120)
    sue = desk.sign_in("supervisor@example.org")

    assert "Nobody has checked these help lines" not in fresh
    assert "Samaritans" in words(sue.get(BOARD).text)

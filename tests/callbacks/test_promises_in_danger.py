"""Promises that the rota can no longer keep: the supervisor sees them at once, the visitor is told before, and once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select

from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.domain.window import Span as Window
from callbacks.operations.apologise import apologise
from foundation.database import transaction
from notifications.models import TextRow
from rota.models import CounsellorRow
from tests.callbacks.desk import LONDON, Desk, words
from tests.conftest import NOON, Clock
from tests.rota.planning import Browser, hours

BOARD = "/staff/board/live"
TEXTS = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE)
AT_THREE = Window(NOON + timedelta(hours=3), NOON + timedelta(hours=4))


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


@pytest.fixture
def supervisor(desk: Desk) -> Browser:
    return desk.supervisor()


def dangers(supervisor: Browser) -> list[str]:
    """The references under "Promises in danger"."""
    page = html.fromstring(supervisor.get(BOARD).text)
    return [str(cell.text_content()).strip() for cell in page.cssselect(".b-dangers tbody th")]


def say_sorry(desk: Desk) -> int:
    with desk.app.app_context(), transaction() as session:
        return apologise(session, zone=LONDON, now=desk.clock.at)


def texts(desk: Desk) -> list[str]:
    with desk.app.app_context(), transaction() as session:
        return [row.body for row in session.scalars(select(TextRow).order_by(TextRow.created_at, TextRow.id))]


def own_page(desk: Desk, reference: str) -> str:
    return words(desk.app.test_client().get(f"/c/{desk.row(reference).token}").text)


def test_f30_a_change_of_the_rota_lists_the_promises_that_it_endangers_within_five_seconds(
    desk: Desk, supervisor: Browser
) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name, is_available=False)
    booked = [desk.ask(when=AT_THREE), desk.ask(when=AT_THREE)]
    soon = desk.ask()
    before = dangers(supervisor)

    desk.end_every_shift(NOON + timedelta(hours=2))
    changed_at = time.monotonic()
    after = dangers(supervisor)

    assert before == []
    assert after == booked
    assert soon not in after
    assert time.monotonic() - changed_at < 5


def test_f30_whoever_booked_first_keeps_the_place_when_only_one_is_left(desk: Desk, supervisor: Browser) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name, shift=hours(-2, 6), is_available=False)
    first, second = desk.ask(when=AT_THREE), desk.ask(when=AT_THREE)

    desk.end_every_shift(NOON + timedelta(hours=2))
    desk.counsellor("Dan Example", shift=hours(2, 6), is_available=False)

    assert dangers(supervisor) == [second]
    assert first not in dangers(supervisor)


def test_a_promise_that_nobody_left_on_the_rota_may_keep_is_in_danger(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor("Ana Example", shift=hours(-2, 1), is_available=False)
    with desk.app.app_context(), transaction() as session:
        session.scalars(select(CounsellorRow)).one().languages = ["en", "cy"]
    desk.counsellor("Ben Example", shift=hours(-2, 6), is_available=False)
    welsh = desk.ask(language="cy")

    desk.end_every_shift(NOON + timedelta(minutes=1))
    desk.counsellor("Cat Example", shift=hours(0, 6), is_available=False)
    desk.clock.on(minutes=1)

    assert dangers(supervisor) == [welsh]


def test_the_visitor_is_told_before_the_time_is_over_once_and_with_another_time(desk: Desk) -> None:
    desk.counsellor(is_available=False)
    reference = desk.ask(safe_contact=TEXTS)
    until = desk.row(reference).promised_until
    assert until is not None

    desk.clock.to(until - timedelta(minutes=6))
    too_early = say_sorry(desk)
    desk.clock.to(until - timedelta(minutes=4))
    told = say_sorry(desk), say_sorry(desk)

    assert (too_early, told) == (0, (1, 0))
    assert "It may be later than we said: today between" in texts(desk)[-1]
    assert len(texts(desk)) == 2  # the confirmation, and this
    assert "We may be later than we said, and we are sorry. Now we expect to ring you" in own_page(desk, reference)
    assert "The visitor is told that it may be later than we promised." in desk.history(reference)


def test_whoever_chose_an_hour_that_is_gone_is_told_at_once_and_can_choose_another(desk: Desk) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name, is_available=False)
    reference = desk.ask(when=AT_THREE, safe_contact=SafeContact())

    desk.end_every_shift(NOON + timedelta(hours=2))

    assert say_sorry(desk) == 1
    assert texts(desk) == []  # they allowed none: their page says it
    assert "You can choose another time below" in own_page(desk, reference)


def test_the_board_says_who_was_told(desk: Desk, supervisor: Browser) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name, is_available=False)
    desk.ask(when=AT_THREE)
    desk.end_every_shift(NOON + timedelta(hours=2))
    before = words(supervisor.get(BOARD).text)

    say_sorry(desk)

    assert "not told yet" in before
    assert "told 12:00" in words(supervisor.get(BOARD).text)


def test_an_emergency_is_promised_before_what_is_less_urgent_and_waits(desk: Desk) -> None:
    desk.counsellor(is_available=False)
    for _ in range(4):
        desk.ask()
    routine = desk.row(desk.ask())

    emergency = desk.row(desk.ask(flags={"overdose_now": "yes"}))

    assert routine.promised_until is not None
    assert emergency.promised_until is not None
    assert emergency.promised_until < routine.promised_until - timedelta(hours=1)

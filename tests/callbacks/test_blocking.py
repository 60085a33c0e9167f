"""A supervisor blocks a number: it is neither rung nor texted, whoever asks, and nobody who asks is told."""

from __future__ import annotations

import pytest
from flask import Flask

from accounts.domain.roles import Role
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, SafeContact
from foundation.phone import Phone
from tests.callbacks.desk import Desk
from tests.conftest import Clock
from tests.rota.planning import Browser

THEIRS = Phone("+447700900555")
TEXTS = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE)


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


@pytest.fixture
def supervisor(desk: Desk) -> Browser:
    return desk.supervisor()


def block(supervisor: Browser, reference: str, *, because: str = "pestered", lasts: str = "for_good") -> str:
    page = f"/staff/callbacks/{reference}"
    return supervisor.send(f"{page}/block", page=page, because=because, lasts=lasts).text


def test_a_blocked_number_is_rung_for_no_request_and_whoever_asks_reads_what_everybody_reads(
    desk: Desk, supervisor: Browser
) -> None:
    waiting = desk.ask(phone=THEIRS)
    block(supervisor, waiting)
    desk.counsellor()

    later = desk.ask(phone=THEIRS, safe_contact=TEXTS)
    desk.match()

    for reference in (waiting, later):
        assert (desk.row(reference).status, desk.row(reference).review_reason) == (Status.NEEDS_REVIEW, "blocked")
    answer = desk.app.test_client().get(f"/api/v1/callbacks/{desk.row(later).token}")
    assert answer.get_json()["status"] == "queued"


def test_a_call_that_rings_a_counsellor_for_it_is_stopped(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask(phone=THEIRS)
    desk.match()
    desk.ring(reference)

    block(supervisor, reference)

    assert desk.row(reference).status == Status.NEEDS_REVIEW


def test_what_is_blocked_cannot_be_put_back_before_the_block_is_lifted(desk: Desk, supervisor: Browser) -> None:
    reference = desk.ask(phone=THEIRS)
    block(supervisor, reference)
    page = f"/staff/callbacks/{reference}"

    refused = supervisor.send(f"{page}/release", page=page)
    supervisor.send(f"{page}/unblock", page=page)
    released = supervisor.send(f"{page}/release", page=page)

    assert refused.status_code == 409
    assert "lift the block first" in refused.text
    assert released.status_code == 303
    assert desk.row(reference).status == Status.QUEUED


@pytest.mark.parametrize(("lasts", "hours"), [("a_day", 24), ("a_month", 24 * 30)])
def test_a_block_with_an_end_ends(desk: Desk, supervisor: Browser, a_clock: Clock, lasts: str, hours: int) -> None:
    block(supervisor, desk.ask(phone=THEIRS), lasts=lasts)

    a_clock.on(hours=hours, minutes=-1)
    during = desk.ask(phone=THEIRS)
    a_clock.on(minutes=1)
    after = desk.ask(phone=THEIRS)

    assert desk.row(during).review_reason == "blocked"
    assert desk.row(after).review_reason != "blocked"


def test_the_page_says_why_and_until_when_and_asks_for_a_reason(desk: Desk, supervisor: Browser) -> None:
    reference = desk.ask(phone=THEIRS)

    refused = block(supervisor, reference, because="")
    block(supervisor, reference)

    assert refused.count("Choose why the number is blocked") == 2
    assert "blocked until somebody lifts it" in supervisor.get(f"/staff/callbacks/{reference}").text


def test_a_counsellor_cannot_block_a_number(desk: Desk) -> None:
    counsellor = desk.counsellor()
    reference = desk.ask(phone=THEIRS)

    answer = counsellor.send(f"/staff/callbacks/{reference}/block", page="/staff/queue", because="other", lasts="a_day")

    assert answer.status_code in (403, 404)
    assert desk.row(reference).status == Status.QUEUED


def test_the_journal_says_who_blocked_it(desk: Desk) -> None:
    admin = desk.supervisor(Role.ADMIN)
    reference = desk.ask(phone=THEIRS)

    block(admin, reference)

    assert desk.journal("number_blocked") == [(reference, {"because": "pestered", "lasts": "for_good"})]

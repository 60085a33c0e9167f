"""What a visitor reads, and may do, between the end of a call and what follows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from callbacks.domain.codes import ContactOutcome
from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.operations import not_them
from callbacks.operations.expire import keep_deadlines
from callbacks.operations.follow_call import OUTCOME_WITHIN
from callbacks.operations.withdraw import withdraw
from foundation.database import transaction
from foundation.phone import Phone
from notifications.domain import wording as texts
from notifications.domain.leg import LegStatus
from notifications.models import TextRow
from rota.models import CounsellorRow
from rota.operations.presence import set_available
from tests.callbacks.desk import Desk, words
from tests.conftest import Clock

TEXTS_ALLOWED = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE)


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    made = Desk(app, a_clock)
    made.counsellor()
    return made


def rung_in_vain(desk: Desk, **what: Any) -> str:
    """A request for which the visitor's telephone rang and nobody answered; its token."""
    reference = desk.ask(safe_contact=TEXTS_ALLOWED, **what)
    desk.match()
    desk.take(reference)
    desk.hang_up(reference, LegStatus.NO_ANSWER)
    return desk.row(reference).token


def last_text(desk: Desk) -> str:
    with desk.app.app_context(), transaction() as session:
        return session.scalars(select(TextRow).where(TextRow.purpose == "tried")).one().body


def only_for(desk: Desk, minutes: int) -> dict[str, Any]:
    """Safe for so many minutes from now, and not later."""
    return {"safe_times": (desk.span(desk.clock.at, desk.clock.at + timedelta(minutes=minutes)),)}


def test_after_the_conversation_the_visitor_is_not_told_that_it_goes_on(desk: Desk, client: FlaskClient) -> None:
    token = desk.row(desk.talked()).token

    page = words(client.get(f"/c/{token}").text)
    answer = client.get(f"/api/v1/callbacks/{token}").get_json()

    assert "Your call is over" in page
    assert "Cancel" not in page
    assert not answer["can_withdraw"]


def test_nobody_who_has_talked_is_promised_a_call_because_the_notes_are_late(desk: Desk, client: FlaskClient) -> None:
    reference = desk.talked()
    token = desk.row(reference).token
    desk.clock.on(minutes=OUTCOME_WITHIN / timedelta(minutes=1) + 1)
    with desk.app.app_context(), transaction() as session:
        keep_deadlines(session, now=desk.clock.at)

    page = words(client.get(f"/c/{token}").text)
    answer = client.get(f"/api/v1/callbacks/{token}").get_json()
    changed = client.patch(f"/api/v1/callbacks/{token}", json={"when": "asap"})

    assert desk.row(reference).review_reason == "outcome_missing"
    assert "Your call is over" in page
    assert "later than we said" not in page
    assert "Change" not in page
    assert (answer["status"], answer["can_change"], answer["can_withdraw"]) == ("in_call", False, False)
    assert changed.status_code == 409


def test_when_another_ring_follows_the_text_and_the_page_say_so(desk: Desk, client: FlaskClient) -> None:
    token = rung_in_vain(desk)

    answer = client.get(f"/api/v1/callbacks/{token}").get_json()

    assert last_text(desk) == texts.TEXT_TRIED
    assert (answer["status"], answer["needs_new_time"]) == ("retry_due", False)


def test_f26_when_no_safe_time_is_left_the_text_and_the_page_ask_for_another_and_promise_nothing(
    desk: Desk, client: FlaskClient
) -> None:
    token = rung_in_vain(desk, **only_for(desk, minutes=25))

    pages = [words(client.get(f"/c/{token}").text)]
    answer = client.get(f"/api/v1/callbacks/{token}").get_json()
    desk.clock.on(hours=2)
    pages.append(words(client.get(f"/c/{token}").text))

    assert last_text(desk) == texts.TEXT_TRIED_NEW_TIME
    assert all("Choose another time" in page for page in pages)
    assert not any(said in page for page in pages for said in ("We will ring you between", "later than we said"))
    assert (answer["status"], answer["needs_new_time"]) == ("retry_due", True)
    assert "You do not need to do anything" not in answer["message"]


def test_f26_another_time_puts_the_request_back_into_the_queue_without_a_supervisor(
    desk: Desk, client: FlaskClient
) -> None:
    token = rung_in_vain(desk, **only_for(desk, minutes=25))
    desk.clock.on(hours=2)
    later = desk.span(desk.clock.at + timedelta(minutes=10), desk.clock.at + timedelta(minutes=70))
    safe = [{"from": later.starts_at.isoformat(), "to": later.ends_at.isoformat()}]

    too_early = client.patch(f"/api/v1/callbacks/{token}", json={"when": "asap"})
    answer = client.patch(f"/api/v1/callbacks/{token}", json={"safe_times": safe}).get_json()

    assert too_early.get_json()["code"] == "window_closed"
    assert (answer["status"], answer["needs_new_time"]) == ("queued", False)
    assert answer["next_try_at"] == "2026-11-24T14:10:00Z"


def with_a_number_that_fails(desk: Desk, **what: Any) -> str:
    """A request for which the visitor's number could not be connected; its reference."""
    reference = desk.ask(**what)
    desk.match()
    desk.take(reference)
    desk.cannot_be_connected(reference)
    assert desk.row(reference).review_reason == "number_fails"
    return reference


def test_when_the_number_cannot_be_reached_the_page_says_so_and_asks_for_another(
    desk: Desk, client: FlaskClient
) -> None:
    token = desk.row(with_a_number_that_fails(desk)).token

    page = words(client.get(f"/c/{token}").text)
    answer = client.get(f"/api/v1/callbacks/{token}").get_json()

    assert "Give us another number" in page
    assert not any(said in page for said in ("We will ring you between", "You do not need to do anything"))
    assert (answer["status"], answer["needs_new_number"]) == ("retry_due", True)
    assert client.get(f"/c/{token}/call.ics").status_code == 303


def test_another_number_puts_the_request_back_into_the_queue_and_rings_there(desk: Desk, client: FlaskClient) -> None:
    reference = with_a_number_that_fails(desk)
    token = desk.row(reference).token

    client.post(f"/c/{token}/number", data={"phone": "01632 960 123"})
    page = words(client.get(f"/c/{token}").text)
    desk.clock.on(minutes=10)
    with desk.app.app_context(), transaction() as session:
        set_available(
            session, counsellor_id=session.scalars(select(CounsellorRow.id)).one(), by=None, now=desk.clock.at
        )
    desk.match()

    assert "We will ring you today between" in page
    assert desk.row(reference).status == "assigned"
    assert desk.row(reference).phone == "+441632960123"
    assert "back in the queue" in desk.history(reference)[-2]


def test_the_same_number_again_changes_nothing(desk: Desk, client: FlaskClient) -> None:
    reference = with_a_number_that_fails(desk)
    row = desk.row(reference)

    client.post(f"/c/{row.token}/number", data={"phone": row.phone})

    assert desk.row(reference).review_reason == "number_fails"


def test_another_number_after_the_last_safe_time_asks_for_a_time_next(desk: Desk, client: FlaskClient) -> None:
    reference = with_a_number_that_fails(desk, **only_for(desk, minutes=25))
    token = desk.row(reference).token
    desk.clock.on(hours=2)

    client.post(f"/c/{token}/number", data={"phone": "01632 960 123"})

    assert "Choose another time" in words(client.get(f"/c/{token}").text)


def test_another_number_whose_owner_did_not_ask_is_held_without_a_word(desk: Desk, client: FlaskClient) -> None:
    theirs = desk.ask(phone=Phone("+441632960123"), requester=b"here")
    with desk.app.app_context(), transaction() as session:
        not_them.remember(session, session.merge(desk.row(theirs)), now=desk.clock.at)
        withdraw(session, token=desk.row(theirs).token, now=desk.clock.at)
    reference = with_a_number_that_fails(desk, requester=b"here")

    client.post(f"/c/{desk.row(reference).token}/number", data={"phone": "01632 960 123"})

    assert desk.row(reference).review_reason == "not_them"
    assert "We have your request" in words(client.get(f"/c/{desk.row(reference).token}").text)


def test_how_a_pest_was_turned_away_is_not_told(desk: Desk, client: FlaskClient) -> None:
    reference = with_a_number_that_fails(desk)
    with desk.app.app_context(), transaction() as session:
        session.merge(desk.attempts(reference)[-1]).contact_outcome = ContactOutcome.ABUSIVE_OR_HOAX

    assert "another number" not in words(client.get(f"/c/{desk.row(reference).token}").text)

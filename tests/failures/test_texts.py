"""Texts that cannot go, or go nowhere: never twice, never to who wants none, and never silently."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask, render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from callbacks import queries as callbacks
from callbacks.domain.safe_contact import MessageRule
from callbacks.web.staff.board_view import board as board_of
from callbacks.web.staff.queue_view import queue as queue_of
from callbacks.web.staff.viewer import Viewer
from foundation import sealed
from foundation.database import db, transaction
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.domain.text import TextState, advance
from notifications.domain.trouble import PAUSES_AFTER
from notifications.models import TextRow
from notifications.operations import opt_out, order, place, trouble
from notifications.telephony.port import TextOrder
from tests.conftest import Clock, Town
from tests.failures.conftest import an_account
from tests.journeys.conftest import ANA, TAKES, VISITOR, People
from tests.rota.planning import LONDON, Team

ALLOWED = {"sms": "neutral_message"}


@pytest.fixture
def people(town: Town) -> People:
    here = People(town, Team(town.app))
    here.on("Ana Example", is_available=False)
    town.phones.habit(ANA, **TAKES)
    return here


def texts(town: Town) -> list[TextRow]:
    with town.app.app_context(), transaction() as session:
        return list(session.scalars(select(TextRow).order_by(TextRow.created_at)))


def states(town: Town) -> list[str]:
    return [text.state for text in texts(town)]


def orders(town: Town) -> list[dict[str, Any]]:
    """Every text that the telephone company was asked to send."""
    return [
        entry
        for entry in town.phones.log()
        if entry["kind"] == "rest" and entry["method"] == "POST" and entry["path"].endswith("/Messages.json")
    ]


def test_f24_word_of_a_stop_is_lost_and_the_refusal_of_the_next_text_tells(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    town.phones.habit(VISITOR, picks_up="nobody", replies="STOP")
    town.phones.faults(webhooks={"kinds": ["inbound"], "drop": 1})
    asked = people.ask(safe_contact=ALLOWED)
    town.until(lambda: states(town) == ["delivered"])
    people.team.ready(1)

    town.until(lambda: states(town) == ["delivered", "refused"])
    again = people.ask(safe_contact=ALLOWED)
    town.passes(5)

    with town.app.app_context(), transaction() as session:
        assert notifications.has_opted_out(session, phone_digest=sealed.digest(VISITOR))
        assert callbacks.contact_in_force(session, again.row()).sms is MessageRule.NO
    assert asked.status == "retry_due"  # calls follow their own consent
    assert "The visitor replied STOP: no more texts. Calls go on as agreed." in asked.history()
    assert [entry["status"] for entry in orders(town)] == [201, 400]  # refused once, and never asked again


def troubles(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return [row.kind for row in notifications.troubles(session)]


def test_f38_texts_that_cannot_be_sent_wait_longer_each_time_it_is_said_and_they_go_in_the_end(
    town: Town, people: People
) -> None:
    town.expects(texts=[VISITOR])
    town.phones.faults(rest={"too_many_requests": 1, "resources": ["Messages"]})
    people.ask(safe_contact=ALLOWED)

    town.until(lambda: troubles(town) == ["texts_fail"])
    town.passes(60)
    in_vain = len(orders(town))
    town.phones.faults()
    town.until(lambda: states(town) == ["delivered"])

    assert PAUSES_AFTER <= in_vain <= PAUSES_AFTER + 5  # each pause is twice as long, up to half a minute
    assert troubles(town) == []


def test_f38_a_text_of_an_account_that_is_refused_is_kept_and_it_is_said(
    town: Town, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(texts=[VISITOR])
    with monkeypatch.context() as patch:
        patch.setitem(town.app.extensions, "telephony", an_account(town, auth_token="another token, longer than 16"))
        people.ask(safe_contact=ALLOWED)
        town.until(lambda: "credentials_refused" in troubles(town))

    town.until(lambda: states(town) == ["delivered"])

    assert troubles(town) == []


def test_the_network_is_told_to_drop_a_text_that_would_come_too_late(town: Town, people: People) -> None:
    town.expects(texts=[VISITOR])

    people.ask(safe_contact=ALLOWED)
    town.until(lambda: states(town) == ["delivered"])

    assert [order["fields"]["ValidityPeriod"] for order in orders(town)] == [["600"]]


OTHER, LANDLINE = "+447700900983", "+441632960123"


@pytest.mark.parametrize("number", [OTHER, LANDLINE])
def test_a_text_that_waits_goes_to_nobody_once_the_number_is_another_one(
    town: Town, people: People, number: str
) -> None:
    town.expects()
    town.phones.faults(rest={"too_many_requests": 1, "resources": ["Messages"]})
    asked = people.ask(safe_contact=ALLOWED)
    town.passes(3)
    waits = states(town)

    town.app.test_client().patch(f"/api/v1/callbacks/{asked.token}", json={"phone": number})
    town.phones.faults()
    town.until(lambda: states(town) == ["withheld"])

    assert waits == ["waiting"]
    assert [text.withheld for text in texts(town)] == ["another_number"]


def test_a_landline_is_sent_no_text_whoever_it_is_for(town: Town) -> None:
    town.expects()
    with town.app.app_context(), transaction() as session:
        order.order_text(
            session,
            to=Phone(LANDLINE),
            body="Please look at the board.",
            purpose=order.ALARM,
            reason_key="alarm:1",
            give_up_at=town.clock() + timedelta(minutes=5),
            now=town.clock(),
        )

    town.passes(2)

    assert [text.withheld for text in texts(town)] == ["landline"]


def to_the_lead(session: Session, key: str, *, now: datetime) -> None:
    order.order_text(
        session,
        to=Phone(OTHER),
        body="Please look at the board.",
        purpose=order.ALARM,
        reason_key=key,
        give_up_at=now + timedelta(minutes=5),
        now=now,
    )


def test_f02_two_workers_never_send_the_same_text(app: Flask, a_clock: Clock) -> None:
    with app.app_context():
        with transaction() as session:
            to_the_lead(session, "1", now=a_clock())
            to_the_lead(session, "2", now=a_clock())
        with Session(db.engine) as one, Session(db.engine) as another:
            claimed = [place.claim_text(session, now=a_clock()) for session in (one, another, another)]

    orders = [order.text_id for order in claimed if isinstance(order, TextOrder)]
    assert len(orders) == len(set(orders)) == 2
    assert claimed[2] is None


def test_f17_a_text_is_ordered_once_for_each_reason(app: Flask, a_clock: Clock) -> None:
    with app.app_context(), transaction() as session:
        to_the_lead(session, "1", now=a_clock())
        to_the_lead(session, "1", now=a_clock())

        assert len(session.scalars(select(TextRow)).all()) == 1


def test_f38_while_the_company_takes_no_texts_no_other_text_tries(app: Flask, a_clock: Clock) -> None:
    with app.app_context(), transaction() as session:
        to_the_lead(session, "1", now=a_clock())
        trouble.texting_failed(session, now=a_clock())

        rests = place.claim_text(session, now=a_clock())
        goes = place.claim_text(session, now=a_clock() + timedelta(seconds=2))

    assert rests is None
    assert isinstance(goes, TextOrder)


def test_a_text_that_could_not_be_sent_in_time_is_not_sent_later(town: Town, people: People) -> None:
    town.expects()
    people.ask(safe_contact=ALLOWED)
    with town.app.app_context(), transaction() as session:
        place.claim_text(session, now=town.clock() + timedelta(minutes=11))

    assert [(text.state, text.withheld) for text in texts(town)] == [("withheld", "too_late")]


NEWS = [TextState.LOST, TextState.SENT, TextState.UNCONFIRMED, TextState.UNDELIVERED, TextState.DELIVERED]
"""Each corrects those before it: a receipt that comes after all, what was asked for, and what was heard at last."""


def test_f05_in_whatever_order_the_news_of_a_text_comes_it_ends_the_same_and_never_goes_back() -> None:
    for count in range(1, len(NEWS) + 1):
        for heard in itertools.permutations(NEWS, count):
            passed = list(itertools.accumulate(heard, advance, initial=TextState.SENDING))
            states = [state for state, _ in itertools.groupby(passed)]
            assert states[-1] is max(heard, key=NEWS.index)
            assert len(set(states)) == len(states)  # none comes again


def test_f04_news_of_a_text_that_comes_twice_changes_nothing() -> None:
    assert [state for state in TextState if advance(state, state) is not state] == []


@pytest.mark.parametrize("purpose", [order.ALARM, "anything"])
def test_f24_whoever_replied_stop_is_sent_no_text_whatever_it_is_about(town: Town, purpose: str) -> None:
    """A counsellor and the lead on call, too: the telephone company would refuse it, and nobody hears of that."""
    town.expects()
    with town.app.app_context(), transaction() as session:
        opt_out.opt_out(session, phone_digest=sealed.digest(OTHER), now=town.clock())
        order.order_text(
            session,
            to=Phone(OTHER),
            body="Please look at the board.",
            purpose=purpose,
            reason_key="1",
            give_up_at=town.clock() + timedelta(minutes=5),
            now=town.clock(),
        )

    town.passes(2)

    assert [text.withheld for text in texts(town)] == ["opted_out"]


def test_f24_a_text_that_waits_when_the_stop_comes_is_not_sent(town: Town, people: People) -> None:
    town.expects()
    town.phones.faults(rest={"too_many_requests": 1, "resources": ["Messages"]})
    people.ask(safe_contact=ALLOWED)
    town.passes(3)
    waits = states(town)
    with town.app.app_context(), transaction() as session:
        opt_out.opt_out(session, phone_digest=sealed.digest(VISITOR), now=town.clock())

    town.phones.faults()
    town.until(lambda: states(town) == ["withheld"])

    assert waits == ["waiting"]
    assert [text.withheld for text in texts(town)] == ["opted_out"]


def board(town: Town) -> str:
    """The live part of the supervisors' board."""
    with town.app.test_request_context(), transaction() as session:
        return render_template("staff/parts/board.html", board=board_of(session, zone=LONDON, now=town.clock()))


def queue(town: Town) -> str:
    """Who is next, for the one counsellor."""
    ana = Viewer(staff_id=1, name="Ana Example", counsellor_id=1, sees_all=False)
    with town.app.test_request_context(), transaction() as session:
        return render_template("staff/parts/waiting.html", queue=queue_of(session, ana, zone=LONDON, now=town.clock()))


@pytest.mark.parametrize("becomes", ["undelivered", "failed"])
def test_f25_a_text_that_did_not_arrive_is_seen_at_a_glance(town: Town, people: People, becomes: str) -> None:
    town.expects(texts=[VISITOR])
    town.phones.habit(VISITOR, receives=becomes)
    people.ask(safe_contact=ALLOWED)
    before = board(town) + queue(town)

    town.until(lambda: states(town) == ["undelivered"])

    assert "Could not text" not in before
    assert "Could not text" in board(town)
    assert "Could not text" in queue(town)

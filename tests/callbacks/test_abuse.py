"""Machines, pests and wrong numbers: what keeps them from ringing strangers, and lets honest people through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from callbacks import queries
from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.models import CallbackRow
from callbacks.operations import breaker, not_them
from callbacks.operations.ask import OFTEN, ask
from callbacks.operations.ask_from_outside import WITH_WORK, WITHOUT, AskedTooOften, ask_from_outside
from callbacks.operations.match import _LOOKS_AT_WITHOUT_ANYBODY, match_waiting
from callbacks.operations.withdraw import withdraw
from callbacks.web.proof import BITS, zeros
from foundation.database import transaction
from foundation.phone import Phone, parse
from notifications.models import TextRow
from rota.models import PresenceRow
from tests.callbacks.test_visitor_pages import fill_in
from tests.conftest import NOON, Clock

pytestmark = pytest.mark.usefixtures("a_rota")

LONDON = ZoneInfo("Europe/London")
PHONE = parse("07700 900982", drama_allowed=True)


def wish(phone: Phone = PHONE, *, requester: bytes | None = b"here", **more: object) -> Ask:
    contact = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE)
    return Ask(phone, CONSENT_VERSION, safe_contact=contact, requester=requester, **more)  # type: ignore[arg-type]  # its own fields


def asked(session: Session, what: Ask) -> CallbackRow:
    token = ask(session, what, idempotency=None, zone=LONDON, now=NOON).token
    row = queries.by_token(session, token)
    assert row is not None
    return row


def denied(session: Session) -> None:
    row = asked(session, wish())
    not_them.remember(session, row, now=NOON)
    withdraw(session, token=row.token, now=NOON)


def test_a_number_whose_owner_did_not_ask_is_not_rung_for_the_same_requester_again(session: Session) -> None:
    denied(session)

    again = asked(session, wish())

    assert (again.status, again.review_reason) == (Status.NEEDS_REVIEW, "not_them")


def test_whoever_asks_again_is_told_just_what_a_stranger_is_told(session: Session) -> None:
    stranger = ask(session, wish(parse("07700 900983", drama_allowed=True)), idempotency=None, zone=LONDON, now=NOON)
    denied(session)

    again = ask(session, wish(), idempotency=None, zone=LONDON, now=NOON)

    assert (again.promise, again.window) == (stranger.promise, stranger.window)


def test_somebody_else_can_still_ask_for_the_same_number(session: Session) -> None:
    denied(session)

    assert asked(session, wish(requester=b"elsewhere")).status == Status.QUEUED


def test_an_emergency_is_looked_at_by_a_person_even_then(session: Session) -> None:
    denied(session)

    again = asked(session, wish(flags={"overdose_now": "yes"}))

    assert (again.status, again.review_reason) == (Status.NEEDS_REVIEW, "not_them")


def test_a_request_moved_to_a_number_whose_owner_did_not_ask_is_held_without_a_word(
    app: Flask, client: FlaskClient
) -> None:
    fill_in(client)
    client.post("/check")
    with app.app_context(), transaction() as session:
        row = session.scalars(select(CallbackRow)).one()
        token = row.token
        not_them.remember(session, row, now=NOON)
    client.post(f"/c/{token}/number", data={"phone": "01632 960 001"})

    answer = client.post(f"/c/{token}/number", data={"phone": "07700 900 982"})

    assert answer.status_code == 303
    with app.app_context(), transaction() as session:
        assert session.scalars(select(CallbackRow)).one().review_reason == "not_them"


def test_a_number_that_is_asked_for_again_and_again_is_held_and_texted_no_more(session: Session) -> None:
    rows = []
    for _ in range(OFTEN + 2):
        rows.append(asked(session, wish()))
        withdraw(session, token=rows[-1].token, now=NOON)
    held = asked(session, wish())

    assert (held.status, held.review_reason) == (Status.NEEDS_REVIEW, "asked_often")
    assert session.scalar(select(func.count()).select_from(TextRow)) == OFTEN


def from_outside(session: Session, what: Ask, *, has_worked: bool = False) -> CallbackRow:
    """A request that comes over a page or from a program without a key."""
    kept = ask_from_outside(
        session,
        what,
        idempotency=None,
        has_worked=has_worked,
        is_limited=True,
        budget=3000,
        zone=LONDON,
        now=NOON,
    )
    row = queries.by_token(session, kept.token)
    assert row is not None
    return row


def flood(session: Session, *, has_worked: bool, requester: bytes) -> int:
    """How many requests get through from one network within one moment."""
    numbers = (Phone(f"+44770090{n:04d}") for n in count(1000))
    for got_through, number in enumerate(numbers):
        try:
            from_outside(session, wish(number, requester=requester), has_worked=has_worked)
        except AskedTooOften as refused:
            return got_through if refused.again_at == NOON + timedelta(hours=1) else -1
    return -1


@pytest.mark.parametrize(("has_worked", "most"), [(False, WITHOUT), (True, WITH_WORK)])
def test_one_network_can_ask_only_so_often_and_others_do_not_notice(
    session: Session, has_worked: bool, most: int
) -> None:
    assert flood(session, has_worked=has_worked, requester=b"one") == most
    assert flood(session, has_worked=has_worked, requester=b"other") == most


def test_an_emergency_is_refused_by_no_limit_and_a_person_looks_before_anybody_is_rung(session: Session) -> None:
    flood(session, has_worked=False, requester=b"here")

    row = from_outside(session, wish(Phone("+447700900999"), flags={"overdose_now": "yes"}))

    assert (row.status, row.review_reason) == (Status.NEEDS_REVIEW, "asked_often")


NOBODYS = ["0909 879 0000", "+1 202 555 0123", "118 500", "070 1234 5678", "999", "x" * 500]


def test_f21_a_flood_to_numbers_that_are_never_rung_keeps_nothing_and_delays_nobody(
    app: Flask, client: FlaskClient
) -> None:
    consent = {"version": CONSENT_VERSION, "given": True}
    for n in range(300):
        bad = client.post("/api/v1/callbacks", json={"phone": NOBODYS[n % len(NOBODYS)], "consent": consent})
        assert bad.status_code in (422, 429)

    good = client.post("/api/v1/callbacks", json={"phone": "07700 900123", "consent": consent})

    assert good.status_code == 201
    with app.app_context(), transaction() as session:
        match_waiting(session, zone=LONDON, now=NOON)
        assert [row.phone for row in session.scalars(select(CallbackRow))] == ["+447700900123"]


NIGHT = NOON + timedelta(hours=10)
"""The two hours that whoever asked at noon meant by "now" are over, and we do not ring."""


def a_line_of(number: int, session: Session) -> None:
    session.add_all(_many_requests(session, number, channel="web"))
    session.flush()


def put_off(session: Session) -> int:
    """How many wait for the next safe time by now, in nobody's way."""
    waiting = session.scalars(select(CallbackRow.next_try_at).where(CallbackRow.status == Status.QUEUED))
    return sum(next_try_at > NIGHT for next_try_at in waiting)


def test_while_nobody_is_free_only_so_many_of_a_long_line_are_looked_at_in_one_go(session: Session) -> None:
    a_line_of(_LOOKS_AT_WITHOUT_ANYBODY + 10, session)
    session.execute(delete(PresenceRow))

    seen = []
    for _ in range(2):
        match_waiting(session, zone=LONDON, now=NIGHT)
        seen.append(put_off(session))

    assert seen == [_LOOKS_AT_WITHOUT_ANYBODY, _LOOKS_AT_WITHOUT_ANYBODY + 10]


def test_while_somebody_is_free_a_long_line_is_looked_at_as_a_whole(session: Session) -> None:
    a_line_of(_LOOKS_AT_WITHOUT_ANYBODY + 10, session)

    match_waiting(session, zone=LONDON, now=NIGHT)

    assert put_off(session) == _LOOKS_AT_WITHOUT_ANYBODY + 10


@pytest.fixture
def limited(app: Flask) -> Iterator[None]:
    before = dict(app.config)
    app.config.update(RATELIMIT_ENABLED=True, SPARES_LOOPBACK=False)
    yield
    app.config.update(before)


def worked(page: TestResponse) -> str:
    """What the script on the page finds."""
    found = re.search(r'data-work="([^"]+)"', page.text)
    assert found
    return next(text for n in count() if zeros(text := f"{found[1]}:{n}") >= BITS)


def ask_on_pages(app: Flask, *, phone: str, works: bool = False, work: str = "") -> TestResponse:
    client = app.test_client()
    fill_in(client)
    client.post("/number", data={"phone": phone})
    return client.post("/check", data={"work": worked(client.get("/check")) if works else work})


@pytest.mark.usefixtures("limited")
def test_whoever_has_no_script_asks_under_tighter_limits_and_whoever_has_is_let_through(app: Flask) -> None:
    without = [ask_on_pages(app, phone=f"07700 900 {n}") for n in range(100, 100 + WITHOUT + 1)]
    with_work = ask_on_pages(app, works=True, phone="07700 900 200")

    assert [page.status_code for page in without] == [303] * WITHOUT + [429]
    assert "Nothing of yours was lost" in without[-1].text
    assert with_work.headers["Location"] == "/done"


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    "work", ["", "x", "1-2:3", f"{int(NOON.timestamp())}-{'0' * 32}:5", "9" * 30 + "-a:1", "²-a:²"]
)
def test_work_that_was_not_done_counts_for_nothing(app: Flask, work: str) -> None:
    for n in range(WITHOUT):
        ask_on_pages(app, phone=f"07700 900 {100 + n}")

    assert ask_on_pages(app, phone="07700 900 300", work=work).status_code == 429


@pytest.mark.usefixtures("limited")
def test_work_cannot_be_used_for_somebody_elses_request_or_kept_for_later(app: Flask, a_clock: Clock) -> None:
    one, other = app.test_client(), app.test_client()
    fill_in(one)
    fill_in(other)
    done = worked(one.get("/check"))
    for n in range(WITHOUT):
        ask_on_pages(app, phone=f"07700 900 {100 + n}")

    assert other.post("/check", data={"work": done}).status_code == 429
    a_clock.on(minutes=-1)
    assert one.post("/check", data={"work": done}).status_code == 429


def test_a_field_that_nobody_sees_gives_a_machine_away(app: Flask, client: FlaskClient) -> None:
    fill_in(client)

    answer = client.post("/check", data={"website": "https://example.org"})

    assert answer.status_code == 400
    with app.app_context(), transaction() as session:
        assert session.scalars(select(CallbackRow)).all() == []


@pytest.mark.usefixtures("limited")
def test_a_program_without_a_key_meets_the_limits_too(client: FlaskClient) -> None:
    def post(n: int) -> TestResponse:
        consent = {"version": CONSENT_VERSION, "given": True}
        return client.post("/api/v1/callbacks", json={"phone": f"07700 900 {n}", "consent": consent})

    answers = [post(100 + n) for n in range(WITHOUT + 1)]

    assert [answer.status_code for answer in answers] == [201] * WITHOUT + [429]
    assert answers[-1].get_json()["code"] == "asked_too_often"


@pytest.mark.usefixtures("limited")
def test_a_program_that_lost_the_last_answer_gets_it_again_and_not_the_limit(client: FlaskClient) -> None:
    consent = {"version": CONSENT_VERSION, "given": True}
    bodies = [{"phone": f"07700 900 {100 + n}", "consent": consent} for n in range(WITHOUT)]
    kept = [
        client.post("/api/v1/callbacks", json=body, headers={"Idempotency-Key": str(n)})
        for n, body in enumerate(bodies)
    ]

    again = client.post("/api/v1/callbacks", json=bodies[-1], headers={"Idempotency-Key": str(len(bodies) - 1)})
    other = client.post("/api/v1/callbacks", json=bodies[-1], headers={"Idempotency-Key": "0"})
    new = client.post("/api/v1/callbacks", json=bodies[-1], headers={"Idempotency-Key": "new"})
    new_again = client.post("/api/v1/callbacks", json=bodies[-1], headers={"Idempotency-Key": "new"})

    assert (again.status_code, again.get_json()) == (201, kept[-1].get_json())
    assert (other.status_code, other.get_json()["code"]) == (409, "key_used_differently")
    assert (new.status_code, new_again.status_code) == (429, 429)


@pytest.mark.usefixtures("limited")
def test_a_double_click_at_the_limit_leads_to_the_confirmation_twice(app: Flask) -> None:
    for n in range(WITHOUT - 1):
        ask_on_pages(app, phone=f"07700 900 {100 + n}")
    client = app.test_client()
    fill_in(client)
    cookie = client.get_cookie("draft")
    assert cookie is not None

    first = client.post("/check")
    client.set_cookie("draft", cookie.value)  # the answer was lost, and with it the new cookie
    second = client.post("/check")

    assert [page.headers.get("Location") for page in (first, second)] == ["/done", "/done"]


@pytest.mark.usefixtures("limited")
def test_a_demonstration_spares_whoever_sits_at_its_machine_and_nobody_else(app: Flask, client: FlaskClient) -> None:
    app.config["SPARES_LOOPBACK"] = True
    consent = {"version": CONSENT_VERSION, "given": True}

    def post(n: int, **where: str) -> int:
        body = {"phone": f"07700 900 {n}", "consent": consent}
        return client.post("/api/v1/callbacks", json=body, environ_base=where).status_code

    here = [post(100 + n) for n in range(25)]
    elsewhere = [post(200 + n, REMOTE_ADDR="203.0.113.7") for n in range(WITHOUT + 1)]

    assert set(here) == {201}
    assert elsewhere == [201] * WITHOUT + [429]


def test_f21_a_flood_holds_what_looks_made_and_nobody_is_turned_away(session: Session) -> None:
    def ask_in(channel: str, n: int, *, has_worked: bool, **more: Any) -> str:
        what = wish(Phone(f"+44770090{n:04d}"), requester=f"network {n}".encode(), channel=channel, **more)
        row = from_outside(session, what, has_worked=has_worked)
        return row.review_reason or row.status

    session.add_all(_many_requests(session, breaker.FLOOD, channel="api"))
    session.flush()
    on_pages = ask_in("web", 1, has_worked=False)
    session.add_all(_many_requests(session, breaker.FLOOD, channel="web", first=5000))
    session.flush()

    assert on_pages == "queued"  # no program makes those wait who come without a script
    assert ask_in("api", 2, has_worked=False) == "looks_made"
    assert ask_in("web", 3, has_worked=False) == "looks_made"
    assert ask_in("web", 4, has_worked=True) == "queued"
    assert ask_in("web", 5, has_worked=False, flags={"immediate_danger": "yes"}) == "queued"


def test_f21_a_spent_budget_holds_what_looks_made_too(session: Session) -> None:
    asked(session, wish())

    assert breaker.is_open(session, channels=breaker.CHANNELS, budget=0, now=NOON)
    assert not breaker.is_open(session, channels=breaker.CHANNELS, budget=3000, now=NOON)
    for n, (budget, has_worked, becomes) in enumerate(
        [(3000, False, "queued"), (0, False, "looks_made"), (0, True, "queued")]
    ):
        what = wish(Phone(f"+44770090{n:04d}"), requester=f"network {n}".encode(), channel="api")
        made = ask_from_outside(
            session,
            what,
            idempotency=None,
            has_worked=has_worked,
            is_limited=True,
            budget=budget,
            zone=LONDON,
            now=NOON,
        )
        row = queries.by_reference(session, made.reference)
        assert row is not None
        assert (row.review_reason or row.status) == becomes


@pytest.mark.parametrize(
    "number", ["+12025550143", "+447011123456", "0909 879 0123", "0871 222 3333", "112", "+8821234"]
)
def test_f21_premium_and_foreign_numbers_are_refused_before_anything_is_kept(client: FlaskClient, number: str) -> None:
    body = {"phone": number, "consent": {"version": CONSENT_VERSION, "given": True}}

    assert client.post("/api/v1/callbacks", json=body).status_code == 422


def _many_requests(session: Session, how_many: int, *, channel: str, first: int = 0) -> list[CallbackRow]:
    """Requests of as many networks, without the work of asking for each."""
    like = asked(session, wish(channel=channel))
    kept = {column.key: getattr(like, column.key) for column in CallbackRow.__table__.columns if column.key != "id"}
    return [
        CallbackRow(**kept | {"reference": f"R{n:06d}", "token_digest": n.to_bytes(4), "requester": n.to_bytes(4)})
        for n in range(first, first + how_many - 1)
    ]

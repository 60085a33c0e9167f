"""The visitor asks to be forgotten: nothing of theirs can be read afterwards, and the counts are still right."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.domain.codes import CaseOutcome, ContactOutcome, ReferralType
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, SafeContact
from callbacks.models import AttemptRow, CallbackRow, IdempotencyRow, ReferralRow
from callbacks.operations.ask import ask
from callbacks.operations.erase import NotYet, erase
from callbacks.operations.match import match_waiting
from callbacks.operations.record_outcome import record_outcome
from callbacks.operations.refer import refer
from callbacks.operations.visit import UnknownToken, visit
from foundation.phone import parse
from notifications.domain.leg import LegStatus
from notifications.models import CallRow, IssuedRow, TextRow
from notifications.operations import hear
from notifications.operations.place import claim_text
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock

pytestmark = pytest.mark.usefixtures("a_rota")

LONDON = ZoneInfo("Europe/London")
PHONE = parse("07700 900982", drama_allowed=True)
LATER = NOON + timedelta(minutes=20)


def a_request(session: Session) -> str:
    """A request with everything in it that somebody could say."""
    contact = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE, safe_word="boiler")
    what = Ask(
        PHONE,
        CONSENT_VERSION,
        name="Sam Secret",
        message="Something private",
        substances=("alcohol",),
        flags={"pregnant": "yes"},
        safe_contact=contact,
        requester=b"network",
    )
    return ask(session, what, idempotency=None, zone=LONDON, now=NOON).token


def a_call(session: Session, *, answered: bool) -> AttemptRow:
    """A counsellor is rung, presses 1, and the visitor answers or does not; then it is over."""
    match_waiting(session, zone=LONDON, now=NOON)
    attempt = session.scalars(select(AttemptRow)).one()
    hear.counsellor_answered(session, call_id=attempt.call_id, provider_id="CA1", now=NOON)
    hear.counsellor_pressed(session, call_id=attempt.call_id, provider_id="CA1", digits="1", now=NOON)
    hear.answer_once(session, provider_id="CA1", step="accept", xml="<Say>Sam Secret</Say>", now=NOON)
    if answered:
        hear.visitor_answered(session, call_id=attempt.call_id, provider_id="CA2", now=NOON)
    hear.dial_over(
        session,
        call_id=attempt.call_id,
        visitor_leg_id="CA2",
        status=LegStatus.COMPLETED if answered else LegStatus.NO_ANSWER,
        duration_s=600 if answered else 0,
        bridged=answered,
        now=NOON,
    )
    return attempt


def conclude(session: Session, attempt: AttemptRow, case: CaseOutcome) -> None:
    staff = session.execute(text("select id from staff limit 1")).scalar_one()
    refer(
        session,
        callback_id=attempt.callback_id,
        kind=ReferralType.GP,
        provider="Dr Private",
        consent_given=True,
        note="A note",
        staff_id=staff,
        now=NOON,
    )
    record_outcome(
        session,
        attempt_id=attempt.id,
        counsellor_id=attempt.counsellor_id,
        staff_id=staff,
        staff_name="Ana",
        contact=ContactOutcome.ANSWERED_RIGHT_PERSON,
        case=case,
        note="They told me something",
        zone=LONDON,
        now=NOON,
    )


def test_everything_that_says_who_they_are_is_gone_and_the_counts_stay(session: Session) -> None:
    token = a_request(session)
    attempt = a_call(session, answered=True)
    conclude(session, attempt, CaseOutcome.INFO_GIVEN)

    erase(session, token=token, now=LATER)
    session.flush()
    session.expire_all()

    row = session.scalars(select(CallbackRow)).one()
    assert (row.name, row.phone, row.message, row.safe_word, row.token) == ("", "", "", None, "")
    assert (row.flags, row.substances, row.requester) == ({}, [], None)
    assert attempt.note is None
    assert session.scalars(select(IssuedRow)).all() == []
    call = session.scalars(select(CallRow)).one()
    assert (call.visitor_phone, call.whisper) == ("", "")
    assert {(sent.phone, sent.body) for sent in session.scalars(select(TextRow))} == {("", "")}
    referral = session.scalars(select(ReferralRow)).one()
    assert (referral.provider, referral.note, referral.kind) == ("", None, ReferralType.GP)
    assert (row.status, row.case_outcome, row.urgency) == (Status.ERASED, CaseOutcome.INFO_GIVEN, "urgent")
    assert all(reply.answer is None for reply in session.scalars(select(IdempotencyRow)))
    assert queries.unaccounted_for(session) == 0


def test_an_open_request_is_withdrawn_first_and_its_text_is_not_sent(session: Session) -> None:
    token = a_request(session)

    erase(session, token=token, now=NOON)

    assert session.scalars(select(CallbackRow)).one().status == Status.ERASED
    assert claim_text(session, now=NOON) is None
    assert match_waiting(session, zone=LONDON, now=NOON).matches == ()


def test_nobody_is_rung_for_an_erased_request_even_while_a_counsellor_is_being_rung(session: Session) -> None:
    token = a_request(session)
    match_waiting(session, zone=LONDON, now=NOON)
    attempt = session.scalars(select(AttemptRow)).one()
    hear.counsellor_answered(session, call_id=attempt.call_id, provider_id="CA1", now=NOON)

    erased = erase(session, token=token, now=NOON)

    assert erased.call_id == attempt.call_id
    assert hear.counsellor_pressed(session, call_id=attempt.call_id, provider_id="CA1", digits="1", now=NOON) is None


def test_while_a_safeguarding_concern_is_recorded_it_is_kept_and_used_for_nothing_else(session: Session) -> None:
    token = a_request(session)
    conclude(session, a_call(session, answered=True), CaseOutcome.SAFEGUARDING_RAISED)

    erased = erase(session, token=token, now=LATER)
    again = erase(session, token=token, now=LATER)

    row = session.scalars(select(CallbackRow)).one()
    assert erased.is_kept
    assert again.is_kept
    assert (row.name, row.restricted_because, row.restricted_at) == ("Sam Secret", "safeguarding", LATER)
    assert visit(session, token=token, now=NOON).is_kept


def test_what_the_counsellor_has_yet_to_write_down_comes_first(session: Session) -> None:
    token = a_request(session)
    a_call(session, answered=True)

    with pytest.raises(NotYet):
        erase(session, token=token, now=LATER)


def test_an_erased_address_is_like_one_that_never_was(session: Session) -> None:
    token = a_request(session)
    erase(session, token=token, now=NOON)
    session.flush()

    with pytest.raises(UnknownToken):
        visit(session, token=token, now=NOON)
    with pytest.raises(UnknownToken):
        erase(session, token=token, now=NOON)


def asked_on_pages(app: Flask, client: FlaskClient) -> str:
    wanted = {"phone": "07700 900982", "consent": {"version": CONSENT_VERSION, "given": True}}
    token: str = client.post("/api/v1/callbacks", json=wanted).get_json()["token"]
    return token


def test_the_pages_erase_and_say_the_same_as_for_any_unknown_address(app: Flask, client: FlaskClient) -> None:
    token = asked_on_pages(app, client)

    asked = client.get(f"/c/{token}/erase")
    done = client.post(f"/c/{token}/erase")
    erased, unknown = client.get(f"/c/{token}"), client.get("/c/nothing-has-this-token")

    assert "We cancel the call" in asked.text
    assert done.headers["Location"] == "/finished"
    assert client.get("/finished").status_code == 200
    assert (erased.status_code, erased.data) == (unknown.status_code, unknown.data) == (404, unknown.data)
    for path in ("/time", "/number", "/contact", "/cancel", "/erase", "/call.ics"):
        assert client.get(f"/c/{token}{path}").data == unknown.data


def test_staff_can_still_open_what_was_erased(app: Flask, client: FlaskClient, a_clock: Clock) -> None:
    token = asked_on_pages(app, client)
    with app.app_context():
        reference = client.get(f"/api/v1/callbacks/{token}").get_json()["reference"]
    client.post(f"/c/{token}/erase")

    supervisor = Desk(app, a_clock).supervisor()

    assert supervisor.get(f"/staff/callbacks/{reference}").status_code == 200
    assert supervisor.get("/staff/board").status_code == 200


def test_a_calendar_entry_says_phone_call_and_not_a_word_more(app: Flask, client: FlaskClient) -> None:
    token = asked_on_pages(app, client)

    entry = client.get(f"/c/{token}/call.ics")

    assert entry.mimetype == "text/calendar"
    lines = entry.text.split("\r\n")
    assert "SUMMARY:Phone call" in lines
    assert "DTSTART:20261124T120000Z" in lines
    assert not any(line.startswith(("DESCRIPTION", "LOCATION", "URL", "ORGANIZER")) for line in lines)
    assert token not in entry.text
    assert "Example Line" not in entry.text


def test_a_call_without_a_time_has_no_calendar_entry(app: Flask, client: FlaskClient) -> None:
    token = asked_on_pages(app, client)
    client.post(f"/c/{token}/cancel")

    assert client.get(f"/c/{token}/call.ics").status_code == 303

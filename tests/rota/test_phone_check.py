"""The service rings a counsellor and asks for a key press: what that proves, and when it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import JournalRow
from foundation.database import transaction
from foundation.sealed import digest
from notifications.domain.call import CallState
from notifications.models import CallRow, TextRow
from notifications.operations import hear, order, place
from rota import queries
from rota.models import CounsellorRow, PhoneCheckRow
from rota.operations import phone_check, presence
from rota.operations.forget_texts import forget_old_texts
from rota.operations.phone_check import CheckRefused
from rota.operations.remind import remind
from tests.rota.planning import LONDON, NOON, Browser, Team, hours

MINE = "/staff/rota/mine"
LEG = "CA" + "c" * 32


def begun(session: Session, person: int, **later: float) -> CallRow:
    """A check that was asked for; its call."""
    row = phone_check.begin_check(session, counsellor_id=person, by=None, now=NOON + timedelta(**later))
    session.commit()
    return session.get_one(CallRow, row.call_id)


def answered(session: Session, call: CallRow, digits: str) -> CallRow:
    """The telephone is rung and answered, and these keys are pressed."""
    place.claim_call(session, now=NOON)
    assert hear.counsellor_answered(session, call_id=call.id, provider_id=LEG, now=NOON)
    hear.counsellor_pressed(session, call_id=call.id, provider_id=LEG, digits=digits, now=NOON)
    session.commit()
    return call


def is_checked(session: Session, person: int) -> bool:
    return session.get_one(CounsellorRow, person).phone_verified_at is not None


def test_a_press_of_1_confirms_the_number_and_the_person_can_be_rung(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    team.shift(ana, hours(-1, 7))
    before = queries.counsellors_free(session, moment=NOON)

    call = answered(session, begun(session, ana), "1")

    assert call.state == CallState.CONFIRMED
    assert is_checked(session, ana)
    assert before == []
    assert [one.counsellor.id for one in queries.counsellors_free(session, moment=NOON)] == [ana]
    (noted,) = session.scalars(select(JournalRow).where(JournalRow.action == "phone_verified"))
    assert noted.after == {"how": "key_pressed"}


@pytest.mark.parametrize("digits", ["2", ""])
def test_whoever_presses_another_key_or_none_confirms_nothing(session: Session, team: Team, digits: str) -> None:
    ana = team.counsellor(is_verified=False)

    call = answered(session, begun(session, ana), digits)

    assert call.state == CallState.NOT_TAKEN
    assert not is_checked(session, ana)
    last = queries.last_phone_check(session, counsellor_id=ana)
    assert last
    assert last.result == "no_key"


def test_a_number_that_was_changed_while_it_rang_is_not_confirmed(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    call = begun(session, ana)
    place.claim_call(session, now=NOON)
    hear.counsellor_answered(session, call_id=call.id, provider_id=LEG, now=NOON)
    row = session.get_one(CounsellorRow, ana)
    row.phone, row.phone_digest = "+447700900777", digest("+447700900777")
    session.flush()

    hear.counsellor_pressed(session, call_id=call.id, provider_id=LEG, digits="1", now=NOON)

    assert not is_checked(session, ana)
    assert call.press is None
    assert call.cancelled_at is not None


def test_the_gate_stops_a_check_of_a_number_that_is_not_theirs_any_more(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    call = begun(session, ana)
    session.get_one(CounsellorRow, ana).phone_digest = digest("+447700900777")
    session.commit()

    assert place.claim_call(session, now=NOON) == call.id

    assert (call.state, call.withheld, call.rings) == ("withheld", "another_number", 0)


def test_a_check_waits_for_every_visitor(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    check = begun(session, ana)

    assert check.priority > 50
    assert (check.purpose, check.visitor_phone, check.whisper) == (order.CHECK, "", "")


def test_nobody_is_rung_for_checks_again_and_again_or_twice_at_once(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    begun(session, ana)
    with pytest.raises(CheckRefused, match="being rung already"):
        phone_check.begin_check(session, counsellor_id=ana, by=None, now=NOON)
    session.rollback()
    for minutes in (0, 5, 10):
        if minutes:
            begun(session, ana, minutes=minutes)
        for row in session.scalars(select(PhoneCheckRow).where(PhoneCheckRow.ended_at.is_(None))):
            row.ended_at, row.result = NOON, "not_reached"
        session.commit()

    with pytest.raises(CheckRefused, match="three times within an hour"):
        phone_check.begin_check(session, counsellor_id=ana, by=None, now=NOON + timedelta(minutes=15))
    assert begun(session, ana, minutes=61).state == CallState.WAITING


def test_whoever_may_get_a_call_at_any_moment_is_not_rung_for_a_check(session: Session, team: Team) -> None:
    ana = team.counsellor()

    with pytest.raises(CheckRefused, match="Set yourself away first"):
        phone_check.begin_check(session, counsellor_id=ana, by=None, now=NOON)
    presence.set_away(session, counsellor_id=ana, by=None, now=NOON)

    assert begun(session, ana).state == CallState.WAITING


def test_my_page_rings_me_and_says_what_came_of_it(team: Team, signed_in: Callable[..., Browser]) -> None:
    ana = team.counsellor("Ana Example", is_verified=False)
    me = signed_in(email="ana@example.org")

    before = me.get(MINE).text
    asked = me.send(f"{MINE}/phone-check", page=MINE)
    ringing = me.get(f"{MINE}/phone").text
    twice = me.send(f"{MINE}/phone-check", page=MINE)
    with team.app.app_context(), transaction() as session:
        (call,) = session.scalars(select(CallRow))
        answered(session, call, "1")
        assert is_checked(session, ana)

    assert "Not checked" in before
    assert asked.status_code == 303
    assert "about to ring" in ringing
    assert (twice.status_code, "being rung already" in twice.text) == (422, True)
    assert "You answered and pressed 1" in me.get(MINE).text
    assert "Not checked" not in me.get(f"{MINE}/phone").text


def test_old_texts_to_staff_and_old_checks_are_forgotten(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    call = answered(session, begun(session, ana), "1")
    team.shift(ana, hours(20, 28))
    remind(session, zone=LONDON, now=NOON + timedelta(hours=6))
    (text,) = session.scalars(select(TextRow))

    kept = forget_old_texts(session, before=NOON, now=NOON)
    gone = forget_old_texts(session, before=NOON + timedelta(days=1), now=NOON)
    again = forget_old_texts(session, before=NOON + timedelta(days=1), now=NOON)

    assert (kept, gone, again) == (0, 2, 0)
    assert (text.phone, text.body, call.whisper) == ("", "", "")
    last = queries.last_phone_check(session, counsellor_id=ana)
    assert last
    assert (last.phone_digest, last.result) == (b"", "confirmed")
    assert is_checked(session, ana)


def test_a_supervisor_lets_the_service_ring_somebody_within_the_same_limits(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana, busy = team.counsellor("Ana Example", is_verified=False), team.counsellor("Ben Example")
    page = signed_in()

    asked = page.send(f"/staff/team/{ana}/phone-ringing")
    ringing = page.get(f"/staff/team/{ana}/phone").text
    twice = page.send(f"/staff/team/{ana}/phone-ringing")
    not_now = page.send(f"/staff/team/{busy}/phone-ringing")
    with team.app.app_context(), transaction() as session:
        (call,) = session.scalars(select(CallRow))
        answered(session, call, "1")
        assert is_checked(session, ana)
        noted = session.scalars(select(JournalRow).where(JournalRow.subject_id == str(ana)).order_by(JournalRow.id))
        did = [(line.action, line.actor_id is not None) for line in noted]

    assert asked.status_code == 303
    assert "Their telephone is about to ring" in ringing
    assert (twice.status_code, "Their telephone is being rung already" in twice.text) == (422, True)
    assert (not_now.status_code, "Ask them to set themselves away first" in not_now.text) == (422, True)
    assert "They answered and pressed 1" in page.get(f"/staff/team/{ana}").text
    assert did[-2:] == [("phone_check_asked", True), ("phone_verified", True)]


def test_nobody_is_rung_for_a_check_who_has_left(session: Session, team: Team) -> None:
    ana = team.counsellor(is_verified=False)
    session.get_one(CounsellorRow, ana).left_on = NOON.date()

    with pytest.raises(CheckRefused, match="does not work here any more"):
        phone_check.begin_check(session, counsellor_id=ana, by=None, now=NOON)

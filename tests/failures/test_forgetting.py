"""F43: what is old is forgotten, here and at the telephone company; what is open, held or kept for safety is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from flask import Flask
from sqlalchemy import select, text

import callbacks.jobs
from callbacks.domain.codes import CaseOutcome, ContactOutcome, ReferralType
from callbacks.models import CallbackRow
from callbacks.operations.erase import erase
from callbacks.operations.finish_call import Outcome, Referral
from callbacks.operations.withdraw import withdraw
from foundation.database import transaction
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.domain.trouble import Trouble
from notifications.models import ProviderRecordRow, TextRow
from rota.operations import phone_check
from rota.operations.forget_texts import forget_old_texts
from tests.callbacks.desk import Desk
from tests.conftest import ACCOUNT, AUTH_TOKEN, HELPLINE, Clock, Town
from tests.journeys.conftest import ANA, TAKES, TALKS, VISITOR, Asked, People
from tests.rota.planning import Team

LEAD, SOMEBODY_ELSE = "+447700900555", "+447700900777"


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


def tidy(app: Flask) -> None:
    """What a worker does every few minutes."""
    with app.app_context():
        callbacks.jobs.tidy_up()


def at_the_company(town: Town, kind: str) -> set[str]:
    """The ids of the calls or texts of which the telephone company has a record."""
    answer = requests.get(
        f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/{kind}.json", auth=(ACCOUNT, AUTH_TOKEN), timeout=10
    )
    return {record["sid"] for record in answer.json()[kind.lower()]}


def says_who(row: CallbackRow) -> bool:
    return bool(row.phone or row.name or row.message)


def a_finished_call(town: Town, people: People) -> Asked:
    """Somebody who allowed texts was rung, talked, and said what came of it."""
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    asked = people.ask(name="Sam", safe_contact={"sms": "neutral_message"})
    town.until(lambda: asked.results() == ["finished"])
    asked.record(Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.INFO_GIVEN, note="about their son"))
    town.passes(5)
    return asked


def test_f43_what_is_old_is_forgotten_here_and_at_the_telephone_company(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    asked = a_finished_call(town, people)
    there = at_the_company(town, "Calls"), at_the_company(town, "Messages")

    town.clock.on(days=29)
    tidy(town.app)
    after_a_month_less_a_day = at_the_company(town, "Calls"), at_the_company(town, "Messages")
    town.clock.on(days=2)
    tidy(town.app)
    after_a_month = at_the_company(town, "Calls"), at_the_company(town, "Messages")
    still_named = says_who(asked.row())
    town.clock.on(days=152)
    tidy(town.app)

    assert (len(there[0]), len(there[1])) == (2, 1)
    assert after_a_month_less_a_day == there
    assert after_a_month == (set(), set())
    assert still_named
    assert (asked.status, says_who(asked.row())) == ("erased", False)
    assert asked.attempts()[0].note is None
    with town.app.app_context(), transaction() as session:
        proof = session.scalars(select(ProviderRecordRow)).all()
        kept = [session.scalar(text(f"select count(*) from {name}")) for name in ("report", "issued_instructions")]
    assert {row.provider_id for row in proof if row.gone_at} == there[0] | there[1]
    assert kept == [0, 0]


def test_f43_a_record_that_cannot_be_deleted_is_tried_again_and_the_board_says_so(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    a_finished_call(town, people)
    town.clock.on(days=31)
    town.phones.faults(rest={"too_many_requests": 1, "methods": ["DELETE"]})

    for _ in range(9):
        tidy(town.app)
        town.clock.on(minutes=30)
    with town.app.app_context(), transaction() as session:
        said = [row.kind for row in notifications.troubles(session)]
    town.phones.faults()
    for _ in range(3):
        town.clock.on(hours=1)
        tidy(town.app)

    assert said == [Trouble.RECORDS_REMAIN]
    assert at_the_company(town, "Calls") == set()
    with town.app.app_context(), transaction() as session:
        assert notifications.troubles(session) == []


def test_f43_a_visitor_who_asks_is_forgotten_at_the_telephone_company_too(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    asked = a_finished_call(town, people)

    with town.app.app_context(), transaction() as session:
        erase(session, token=asked.token, now=town.clock())
    tidy(town.app)

    assert (at_the_company(town, "Calls"), at_the_company(town, "Messages")) == (set(), set())


def test_f43_alarms_checks_of_telephones_and_stray_calls_are_forgotten_at_the_telephone_company_too(
    town: Town, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(SOMEBODY_ELSE, ANA, texts=[LEAD, LEAD])  # of the stray, and that nobody who is on can be rung
    (ana,) = people.on("Ana Example", is_available=False)
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(SOMEBODY_ELSE, picks_up="person")
    monkeypatch.setitem(town.app.config, "ON_CALL_PHONE", Phone(LEAD))
    stray = {"To": SOMEBODY_ELSE, "From": HELPLINE, "Twiml": "<Response><Pause length='600'/></Response>"}
    calls = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    requests.post(calls, data=stray, auth=(ACCOUNT, AUTH_TOKEN), timeout=10).raise_for_status()
    with town.app.app_context(), transaction() as session:
        phone_check.begin_check(session, counsellor_id=ana, by=None, now=town.clock())
    town.passes(45)
    with town.app.app_context():
        callbacks.jobs.watch_over_everything()  # the stray was ended, and the lead is told
    town.passes(5)
    there = len(at_the_company(town, "Calls")), len(at_the_company(town, "Messages"))

    town.clock.on(days=31)
    with town.app.app_context(), transaction() as session:
        forget_old_texts(session, before=town.clock() - timedelta(days=30), now=town.clock())
    for _ in range(2):  # what the one finds to be deleted, the other deletes
        tidy(town.app)

    assert there == (2, 2)
    assert (at_the_company(town, "Calls"), at_the_company(town, "Messages")) == (set(), set())
    with town.app.app_context(), transaction() as session:
        assert [row.kind for row in session.scalars(select(ProviderRecordRow)) if row.gone_at is None] == []
        assert session.scalars(select(TextRow.phone)).all() == ["", ""]


@pytest.mark.parametrize(("days", "is_forgotten"), [(29, False), (31, True)])
def test_f43_a_request_that_was_never_rung_is_kept_for_a_month(desk: Desk, days: int, is_forgotten: bool) -> None:
    reference = desk.ask()
    desk.clock.on(hours=25)
    with desk.app.app_context():
        callbacks.jobs.keep_deadlines()

    desk.clock.on(days=days)
    tidy(desk.app)

    assert says_who(desk.row(reference)) is not is_forgotten


def test_f43_what_is_open_is_never_forgotten(desk: Desk) -> None:
    desk.counsellor()
    reference = desk.talked()

    desk.clock.on(days=4000)
    tidy(desk.app)

    assert says_who(desk.row(reference))


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (31, False)])
def test_f43_a_draft_of_an_outcome_that_is_never_recorded_is_forgotten_and_the_outcome_stays_owed(
    desk: Desk, days: int, is_kept: bool
) -> None:
    desk.counsellor()
    reference = desk.talked()
    with desk.app.app_context(), transaction() as session:
        session.merge(desk.attempts(reference)[0]).draft = "what they said"
        withdraw(session, token=desk.row(reference).token, now=desk.clock())

    desk.clock.on(days=days)
    tidy(desk.app)

    (attempt,) = desk.attempts(reference)
    assert (attempt.draft is not None, attempt.owes_outcome, attempt.contact_outcome) == (is_kept, True, None)


def test_f43_a_referral_is_kept_for_years(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    asked = people.ask(name="Sam")
    town.until(lambda: asked.results() == ["finished"])
    referral = Referral(ReferralType.GP, "The surgery", consent_given=True)
    asked.record(Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.REFERRED_CONSENT), referral)

    town.clock.on(days=2000)
    tidy(town.app)
    kept = says_who(asked.row())
    town.clock.on(days=600)
    tidy(town.app)

    assert (kept, says_who(asked.row())) == (True, False)


def test_f43_what_is_held_for_the_law_is_neither_forgotten_nor_erased(desk: Desk) -> None:
    supervisor = desk.supervisor()
    reference = desk.ask()
    token = desk.row(reference).token
    page = f"/staff/callbacks/{reference}"
    assert supervisor.send(f"{page}/keep", page=page, held_because="").status_code == 422
    assert supervisor.send(f"{page}/keep", page=page, held_because="complaint").status_code == 303

    with desk.app.app_context(), transaction() as session:
        erased = erase(session, token=token, now=desk.clock())
    desk.clock.on(days=4000)
    tidy(desk.app)
    while_held = says_who(desk.row(reference))
    shown = supervisor.get(page).text
    supervisor.send(f"{page}/keep-no-longer", page=page)
    tidy(desk.app)

    assert erased.is_kept
    assert "A complaint, or a claim" in shown
    assert (while_held, says_who(desk.row(reference))) == (True, False)


def test_f43_a_counsellor_cannot_hold_anything(desk: Desk) -> None:
    counsellor = desk.counsellor()
    reference = desk.talked()
    page = f"/staff/callbacks/{reference}"

    assert counsellor.send(f"{page}/keep", page=page, held_because="complaint").status_code == 403


def test_f43_a_safeguarding_concern_that_was_to_be_erased_is_kept(desk: Desk) -> None:
    reference = desk.ask()
    desk.clock.on(hours=25)
    with desk.app.app_context():
        callbacks.jobs.keep_deadlines()
        with transaction() as session:
            row = session.get_one(CallbackRow, desk.row(reference).id)
            row.restricted_at, row.restricted_because = desk.clock(), "safeguarding"

    desk.clock.on(days=4000)
    tidy(desk.app)

    assert says_who(desk.row(reference))

"""One request for staff: who may open it, what it says, and the forms that move it on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from accounts.domain.roles import Role
from callbacks import queries
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import CaseOutcome, ContactOutcome, PhoneOwner
from callbacks.domain.lifecycle import Status
from callbacks.domain.promise import PromiseState
from callbacks.domain.safe_contact import MessageRule, Refused, SafeContact
from callbacks.domain.triage import RULES, Advice, Urgency
from callbacks.web.staff import wording
from foundation.database import transaction
from foundation.phone import Phone
from notifications.domain.call import CallState
from notifications.domain.leg import LegStatus
from notifications.domain.text import TextState
from rota import queries as rota
from tests.callbacks.desk import Desk, field_value, summary, words
from tests.conftest import Clock
from tests.rota.planning import Browser

SPOKE = {"contact": "answered_right_person", "case": "info_given", "note": "", "then": "ready"}


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


def page_of(reference: str) -> str:
    return f"/staff/callbacks/{reference}"


def record(who: Browser, reference: str, **fields: Any) -> TestResponse:
    """Open the outcome form and send it."""
    address = f"{page_of(reference)}/outcome"
    attempt = field_value(who.get(address).text, "attempt")
    return who.send(address, page=address, attempt=attempt, **(SPOKE | fields))


def presence(desk: Desk, name: str) -> str:
    with desk.app.app_context(), transaction() as session:
        board = rota.presence_board(session, moment=desk.clock.at)
        return next(str(line.presence.state) for line in board if line.counsellor.name == name)


@pytest.mark.parametrize(
    ("codes", "words_for"),
    [
        (Status, wording.STATUS),
        (ReviewReason, wording.REVIEW),
        (Urgency, wording.URGENCY),
        (Advice, wording.ADVICE),
        (CallState, wording.CALL_STATES),
        (TextState, wording.TEXT_STATES),
        (PromiseState, wording.PROMISE),
        (PhoneOwner, wording.PHONE_OWNERS),
    ],
)
def test_every_code_has_its_words(codes: type[StrEnum], words_for: Mapping[Any, Any]) -> None:
    assert set(words_for) == set(codes)


def test_every_triage_rule_has_its_words() -> None:
    assert set(wording.RULES) == {rule.id for rule in RULES} | {"T14", "T15"}


# Who may open it


def test_a_counsellor_opens_what_they_hold_or_held_and_the_journal_says_so(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    answer = ana.get(page_of(reference))

    assert answer.status_code == 200
    assert desk.journal("callback_opened") == [(reference, None)]


def test_a_counsellor_does_not_open_what_was_never_theirs(desk: Desk) -> None:
    ana, ben = desk.counsellor(), desk.counsellor("Ben Example", is_available=False)
    reference = desk.talked(message="Something private")

    pages = [ben.get(page_of(reference) + rest) for rest in ("", "/live", "/outcome")]
    sent = [ben.send(page_of(reference) + rest, **SPOKE) for rest in ("/outcome", "/referrals")]

    assert [page.status_code for page in (*pages, *sent)] == [403] * 5
    assert all("This request is not yours to open" in page.text for page in pages)
    assert all("Something private" not in page.text for page in (*pages, *sent))
    assert ana.get(page_of(reference)).status_code == 200


def test_a_missed_offer_opens_nothing(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.pass_on(reference)

    assert ana.get(page_of(reference)).status_code == 403


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
def test_whoever_looks_after_everything_opens_everything(desk: Desk, role: Role) -> None:
    desk.counsellor()
    reference = desk.ask()

    assert desk.supervisor(role).get(page_of(reference)).status_code == 200


def test_an_unknown_reference_is_said_to_be_unknown(desk: Desk) -> None:
    answer = desk.supervisor().get(page_of("NOSUCH1"))

    assert answer.status_code == 404
    assert "There is no such request" in answer.text


# What it says


def test_it_says_what_happened_in_words_with_times(desk: Desk) -> None:
    desk.counsellor()
    sue = desk.supervisor()
    reference = desk.talked(safe_contact=SafeContact(sms=MessageRule.NEUTRAL_MESSAGE))

    said = words(sue.get(page_of(reference)).text)

    for piece in (
        "The call is over: its outcome is missing",
        "Promise: kept",
        "Rung so far1 of at most 4 times",
        "12:00:00 Given to Ana Example",
        "12:00:00 Ana Example pressed 1.",
        "They talked, 5 min 0 s.",
        "Confirmation, 12:00: waits to be sent",
        "Number …981",
    ):
        assert piece in said, piece


def test_it_says_why_no_text_was_sent(desk: Desk) -> None:
    desk.counsellor()
    sue = desk.supervisor()
    allowed = SafeContact(sms=MessageRule.NEUTRAL_MESSAGE)

    landline = desk.ask(phone=Phone("+441632960123"), safe_contact=allowed)
    never = desk.ask(safe_contact=SafeContact())

    assert "Could not text: it is a landline" in sue.get(page_of(landline)).text
    assert "None: they allow no texts." in sue.get(page_of(never)).text


def test_it_says_of_each_text_what_became_of_it(desk: Desk) -> None:
    desk.counsellor()
    sue = desk.supervisor()
    reference = desk.ask(safe_contact=SafeContact(sms=MessageRule.NEUTRAL_MESSAGE))
    said = {}
    for state in TextState:
        with desk.app.app_context(), transaction() as session:
            session.execute(text("update text_message set state = :state, deadline_at = now()"), {"state": str(state)})
        said[state] = words(sue.get(page_of(reference)).text)

    assert [state for state in TextState if f": {wording.TEXT_STATES[state]}" not in said[state]] == []
    assert len(set(wording.TEXT_STATES.values())) == len(TextState)


def test_it_says_why_a_text_did_not_go(desk: Desk) -> None:
    desk.counsellor()
    sue = desk.supervisor()
    reference = desk.ask(safe_contact=SafeContact(sms=MessageRule.NEUTRAL_MESSAGE))
    with desk.app.app_context(), transaction() as session:
        session.execute(text("update text_message set state = 'withheld', withheld = 'another_number'"))

    assert "not sent: they have given another number since" in words(sue.get(page_of(reference)).text)
    assert {str(each) for each in Refused} <= set(wording.TEXT_WITHHELD)


def test_the_safe_word_is_on_the_active_card_and_nowhere_else(desk: Desk) -> None:
    ana = desk.counsellor()
    sue = desk.supervisor()
    reference = desk.talked(safe_contact=SafeContact(safe_word="bluebird"))

    pages = [who.get(page_of(reference) + rest) for who in (ana, sue) for rest in ("", "/outcome", "/live")]

    assert all(page.status_code == 200 for page in pages)
    assert not any("bluebird" in page.text for page in pages)


def test_a_possible_duplicate_leads_to_the_other(desk: Desk) -> None:
    sue = desk.supervisor()
    first = desk.ask(phone=Phone("+447700900999"))
    second = desk.ask(phone=Phone("+447700900999"))

    page = sue.get(page_of(second)).text

    assert f'href="{page_of(first)}"' in page
    assert "For review because" in page


# The outcome


def test_an_outcome_finishes_the_request(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    answer = record(ana, reference, note="Mornings are best.")

    assert (answer.status_code, answer.location) == (303, "/staff/queue")
    assert "Saved. The request is finished." in ana.get("/staff/queue").text
    row, attempt = desk.row(reference), desk.attempts(reference)[0]
    assert (row.status, row.case_outcome) == (Status.COMPLETED, CaseOutcome.INFO_GIVEN)
    assert (attempt.contact_outcome, attempt.note) == (ContactOutcome.ANSWERED_RIGHT_PERSON, "Mornings are best.")
    assert presence(desk, "Ana Example") == "available"


def test_the_note_is_stored_sealed(desk: Desk, app: Flask) -> None:
    ana = desk.counsellor()
    record(ana, desk.talked(), note="Mornings are best.")

    with app.app_context(), transaction() as session:
        stored = session.execute(text("select note::text from attempt")).scalar_one()

    assert "Mornings" not in stored


def test_whoever_needs_a_break_stays_away(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    desk.ask(name="Next")

    record(ana, reference, then="away")
    desk.match()

    assert presence(desk, "Ana Example") == "away"
    assert "Take the time you need." in ana.get("/staff/queue").text
    assert "You have no call at the moment." in ana.get("/staff/queue/live").text


def test_a_referral_is_kept_with_its_consent(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    record(
        ana,
        reference,
        case="referred_consent",
        kind="detox_inpatient",
        provider="The Example Unit",
        consent="yes",
        referral_note="Weekdays",
    )

    page = words(ana.get(page_of(reference)).text)
    assert "Inpatient detox: The Example Unit Consent recorded" in page
    assert [subject for subject, _ in desk.journal("referral_made")] == [reference]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"contact": ""}, ["Choose what happened when we rang"], id="no-contact"),
        pytest.param({"contact": "no_answer"}, ["Choose what happened when we rang"], id="not-on-the-list"),
        pytest.param({"case": ""}, ["Choose what came of the request"], id="no-case"),
        pytest.param(
            {"contact": "answered_other_person", "case": "info_given"},
            ["You did not speak to them, so this cannot be what came of it. Choose another, or leave it open"],
            id="no-talk",
        ),
        pytest.param(
            {"kind": "gp", "provider": "A surgery"},
            ["Tick this only if they agreed. Without their agreement there is no referral"],
            id="no-consent",
        ),
        pytest.param(
            {"provider": "A surgery", "consent": "yes"},
            ["Choose what kind of help they were referred to"],
            id="no-kind",
        ),
        pytest.param({"kind": "gp", "consent": "yes"}, ["Enter the name of the service"], id="no-provider"),
        pytest.param(
            {"case": "referred_consent"},
            ["You chose “referred, with their consent”. Add the referral, or choose another outcome"],
            id="no-referral",
        ),
        pytest.param({"note": "x" * 4001}, ["Use 4,000 characters or fewer"], id="long-note"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(desk: Desk, fields: dict[str, str], said: list[str]) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    answer = record(ana, reference, **({"note": "Typed with care."} | fields))

    assert answer.status_code == 422
    assert summary(answer.text) == said
    assert answer.text.count("<title>Error: ") == 1
    for value in ("Typed with care.", fields.get("provider", "")) if "note" not in fields else ():
        assert value in answer.text
    assert desk.attempts(reference)[0].contact_outcome is None
    assert desk.row(reference).status == Status.IN_CALL


def test_nothing_is_kept_of_an_outcome_whose_referral_is_refused(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    record(ana, reference, kind="gp", provider="A surgery")

    assert desk.attempts(reference)[0].contact_outcome is None


def test_not_safe_to_talk_waits_for_the_next_safe_time(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    record(ana, reference, contact="answered_not_safe", case="")

    assert desk.row(reference).status == Status.RETRY_DUE
    assert "We will try again at a safe time." in ana.get("/staff/queue").text


def test_recording_twice_is_a_plain_message(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    address = f"{page_of(reference)}/outcome"
    attempt = field_value(ana.get(address).text, "attempt")
    ana.send(address, page=address, attempt=attempt, **SPOKE)

    again = ana.send(address, page="/staff/queue", attempt=attempt, **SPOKE)
    form = ana.get(address)

    assert (again.status_code, form.status_code) == (409, 409)
    assert "The outcome of this call is recorded already" in again.text
    assert len([line for line in desk.history(reference) if "recorded" in line]) == 1


def test_nobody_speaks_for_another_counsellor(desk: Desk) -> None:
    ana, ben = desk.counsellor(), desk.counsellor("Ben Example", is_available=False)
    hers = desk.talked()
    ana.send("/staff/presence", page="/staff/queue", state="away")
    ben.send("/staff/presence", page="/staff/queue", state="available")
    his = desk.talked()
    attempt = str(desk.attempts(hers)[0].id)

    answer = ben.send(f"{page_of(his)}/outcome", page="/staff/queue", attempt=attempt, **SPOKE)

    assert answer.status_code == 403
    assert "This was not your call" in answer.text
    assert desk.attempts(hers)[0].contact_outcome is None


def test_a_supervisor_says_it_for_a_counsellor_who_cannot(desk: Desk) -> None:
    desk.counsellor()
    sue = desk.supervisor()
    reference = desk.talked()

    answer = record(sue, reference)

    assert (answer.status_code, answer.location) == (303, page_of(reference))
    assert desk.row(reference).status == Status.COMPLETED


def test_notes_can_be_written_while_the_call_goes_on_and_saved_after_it(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)

    early = record(ana, reference, note="They live alone.")
    desk.hang_up(reference)
    later = record(ana, reference, note="They live alone.")

    assert (early.status_code, later.status_code) == (409, 303)
    assert summary(early.text) == ["The call is not over yet. What you wrote is below: save it when the call has ended"]
    assert "They live alone." in early.text


def test_an_unanswered_call_has_no_outcome_to_record(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)
    desk.hang_up(reference, LegStatus.NO_ANSWER, talked_s=0)

    answer = ana.get(f"{page_of(reference)}/outcome")

    assert answer.status_code == 409
    assert "There is nothing to record" in answer.text


def test_an_outcome_without_the_forms_token_is_refused(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    answer = ana.client.post(f"{page_of(reference)}/outcome", data=SPOKE)

    assert answer.status_code in (400, 403)
    assert desk.attempts(reference)[0].contact_outcome is None


# A referral later


def test_another_referral_can_be_added_later(desk: Desk, app: Flask) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    record(ana, reference)
    address = f"{page_of(reference)}/referrals"

    refused = ana.send(address, page=page_of(reference), kind="gp", provider="A surgery")
    saved = ana.send(address, page=page_of(reference), kind="gp", provider="A surgery", consent="yes")

    assert (refused.status_code, saved.status_code) == (422, 303)
    assert "A surgery" in refused.text
    with app.app_context(), transaction() as session:
        assert len(queries.referrals(session, desk.row(reference).id)) == 1


# What supervisors decide


@pytest.fixture
def a_hoax(desk: Desk) -> tuple[Browser, str]:
    """A supervisor, and a request that waits for a decision."""
    ana = desk.counsellor()
    sue = desk.supervisor()
    reference = desk.talked()
    record(ana, reference, contact="abusive_or_hoax", case="spam")
    assert desk.row(reference).status == Status.NEEDS_REVIEW
    return sue, reference


def test_a_supervisor_puts_a_request_back(desk: Desk, a_hoax: tuple[Browser, str]) -> None:
    sue, reference = a_hoax

    answer = sue.send(f"{page_of(reference)}/release", page=page_of(reference))

    assert (answer.status_code, desk.row(reference).status) == (303, Status.QUEUED)
    assert "It is back in the queue." in sue.get(page_of(reference)).text


def test_a_supervisor_closes_a_request(desk: Desk, a_hoax: tuple[Browser, str]) -> None:
    sue, reference = a_hoax
    address = f"{page_of(reference)}/closing"

    unsaid = sue.send(address, page=page_of(reference), closing="")
    closed = sue.send(address, page=page_of(reference), closing="spam")

    assert (unsaid.status_code, summary(unsaid.text)) == (422, ["Choose how it ended"])
    assert (closed.status_code, desk.row(reference).status) == (303, Status.REJECTED)


def test_deciding_twice_says_how_it_stands(desk: Desk, a_hoax: tuple[Browser, str]) -> None:
    sue, reference = a_hoax
    sue.send(f"{page_of(reference)}/release", page=page_of(reference))

    again = sue.send(f"{page_of(reference)}/release", page=page_of(reference))
    closed = sue.send(f"{page_of(reference)}/closing", page=page_of(reference), closing="spam")

    for answer in (again, closed):
        assert answer.status_code == 409
        assert summary(answer.text) == ["It has moved on since you opened this page. This is how it stands now"]


def test_what_stands_in_the_way_of_a_release_is_said(desk: Desk, a_hoax: tuple[Browser, str]) -> None:
    sue, reference = a_hoax
    desk.clock.on(days=2)
    sue = desk.sign_in("supervisor@example.org")

    answer = sue.send(f"{page_of(reference)}/release", page=page_of(reference))

    assert answer.status_code == 409
    assert summary(answer.text) == ["None of the times at which they may be rung is left. Close it"]


def test_a_counsellor_decides_nothing(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()

    answers = [ana.send(f"{page_of(reference)}/{what}") for what in ("release", "closing", "urgency")]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert ana.get(f"{page_of(reference)}/why").status_code == 403


def test_urgency_is_raised_without_a_reason_and_lowered_with_one(desk: Desk) -> None:
    sue = desk.supervisor()
    reference = desk.ask()
    address, page = f"{page_of(reference)}/urgency", page_of(reference)

    raised = sue.send(address, page=page, urgency="very_urgent")
    refused = sue.send(address, page=page, urgency="routine")
    after_refusal = desk.row(reference).as_urgency
    lowered = sue.send(address, page=page, urgency="urgent", reason="spoke_to_them")

    assert (raised.status_code, refused.status_code, lowered.status_code) == (303, 422, 303)
    assert after_refusal is Urgency.VERY_URGENT
    assert summary(refused.text) == ["Choose why it is less urgent"]
    assert desk.history(reference)[-2:] == [
        "The urgency was raised from “routine” to “very urgent”.",
        "The urgency was lowered from “very urgent” to “urgent”: somebody has spoken to them.",
    ]
    assert desk.journal("urgency_changed")[-1] == (reference, {"urgency": "urgent", "reason": "spoke_to_them"})


def test_the_urgency_of_a_closed_request_stays(desk: Desk, a_hoax: tuple[Browser, str]) -> None:
    sue, reference = a_hoax
    sue.send(f"{page_of(reference)}/closing", page=page_of(reference), closing="spam")

    answer = sue.send(f"{page_of(reference)}/urgency", page=page_of(reference), urgency="emergency")

    assert answer.status_code == 409
    assert desk.row(reference).as_urgency is Urgency.ROUTINE


def test_a_late_promise_is_called_late_and_then_broken(desk: Desk) -> None:
    ana = desk.counsellor(is_available=False)
    sue = desk.supervisor()
    reference = desk.ask()
    until = desk.row(reference).promised_until
    assert until is not None

    desk.clock.to(until + timedelta(minutes=1))
    late = words(sue.get(f"{page_of(reference)}/live").text)
    ana.send("/staff/presence", page="/staff/queue", state="available")
    desk.match()
    desk.take(reference)
    broken = words(sue.get(f"{page_of(reference)}/live").text)

    assert "Promise: late" in late
    assert "Promise: broken" in broken

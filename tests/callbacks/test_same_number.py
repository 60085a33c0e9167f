"""Two open requests for one number, which may be one person's, or not: nobody learns of the other."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callbacks import queries
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Event
from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from foundation.database import transaction
from foundation.phone import Phone
from tests.callbacks.desk import Desk
from tests.conftest import Clock
from tests.counted import counted

THEIRS = Phone("+447700900555")
UNKNOWN = Phone("+447700900556")

ALLOWS_ALL = SafeContact(
    voicemail=MessageRule.MESSAGE_WITH_NAME, sms=MessageRule.NEUTRAL_MESSAGE, third_party=ThirdParty.ASK_FOR_NAME_ONLY
)


def in_force(app: Flask, desk: Desk, reference: str) -> SafeContact:
    with app.app_context(), transaction() as session:
        return queries.contact_in_force(session, desk.row(reference))


def test_whoever_knows_a_number_cannot_stop_the_call_that_its_owner_asked_for(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    wanted = desk.ask(phone=THEIRS, safe_contact=SafeContact(sms=MessageRule.NEUTRAL_MESSAGE))

    meddling = desk.ask(phone=THEIRS, safe_contact=SafeContact(do_not_contact_after=a_clock.at + timedelta(minutes=10)))

    assert in_force(app, desk, wanted).do_not_contact_after is None
    assert desk.row(wanted).status == "queued"
    assert desk.row(meddling).status == "needs_review"


def test_of_two_requests_for_a_number_the_strictest_wishes_are_in_force_for_both(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    lax = desk.ask(phone=THEIRS, safe_contact=ALLOWS_ALL)
    strict = desk.ask(phone=THEIRS, safe_contact=SafeContact(third_party=ThirdParty.HANG_UP))

    for reference in (lax, strict):
        allowed = in_force(app, desk, reference)
        assert (allowed.voicemail, allowed.sms, allowed.third_party) == (
            MessageRule.NO,
            MessageRule.NO,
            ThirdParty.HANG_UP,
        )


def test_the_stricter_wishes_of_a_request_that_was_the_same_persons_stay_in_force(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    first = desk.ask(phone=THEIRS, safe_contact=ALLOWS_ALL)
    second = desk.ask(phone=THEIRS)
    with app.app_context(), transaction() as session:
        row = queries.by_reference(session, second)
        assert row is not None
        row.case_outcome = CaseOutcome.DUPLICATE
        row.move(Event.REFUSE, due_by=None, now=a_clock.at)

    assert in_force(app, desk, first).sms is MessageRule.NO


def test_a_request_for_somebody_elses_number_shows_nothing_of_what_they_allowed_and_changes_nothing_of_theirs(
    app: Flask, a_clock: Clock, client: FlaskClient
) -> None:
    desk = Desk(app, a_clock)
    theirs = desk.ask(phone=THEIRS, safe_contact=SafeContact(third_party=ThirdParty.HANG_UP))
    before = client.get(f"/api/v1/callbacks/{desk.row(theirs).token}").get_json()

    meddling = desk.ask(phone=THEIRS, safe_contact=ALLOWS_ALL)
    stranger = desk.ask(phone=UNKNOWN, safe_contact=ALLOWS_ALL)

    pages = [client.get(f"/c/{desk.row(reference).token}").text for reference in (meddling, stranger)]
    for reference, page in zip((meddling, stranger), (0, 1), strict=True):
        pages[page] = pages[page].replace(desk.row(reference).token, "TOKEN").replace(reference, "REFERENCE")
    assert pages[0].replace("555", "556") == pages[1]
    assert client.get(f"/api/v1/callbacks/{desk.row(theirs).token}").get_json() == before


def statements(app: Flask, deed: Callable[[], object]) -> list[str]:
    """What the database was asked meanwhile, without the values and the conditions."""
    with app.app_context(), counted() as seen:
        deed()
    return [statement.partition("(")[0].partition("WHERE")[0][:60] for statement in seen]


def test_asking_for_a_known_number_takes_no_more_questions_than_for_an_unknown_one(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    desk.ask(phone=THEIRS)
    desk.ask(phone=Phone("+447700900557"))  # warms what is only asked once

    unknown = statements(app, lambda: desk.ask(phone=UNKNOWN))
    known = statements(app, lambda: desk.ask(phone=THEIRS))

    assert known == unknown


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_token_that_was_erased_takes_the_very_questions_of_one_that_never_was(
    app: Flask, a_clock: Clock, client: FlaskClient, method: str
) -> None:
    desk = Desk(app, a_clock)
    token = desk.row(desk.ask(phone=THEIRS)).token
    assert client.post(f"/c/{token}/erase").status_code == 303
    answers = []

    def open_(address: str) -> None:
        answer = client.open(f"/api/v1/callbacks/{address}", method=method, json={"name": "Sam"})
        answers.append((answer.status_code, answer.get_json()))

    client.get("/api/v1/callbacks/" + "x" * 43)
    erased = statements(app, lambda: open_(token))
    never = statements(app, lambda: open_("A" * 43))

    assert erased == never
    assert answers[0] == answers[1]
    assert answers[0][0] == 404

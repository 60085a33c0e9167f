"""What a counsellor has written so far is kept until the outcome is recorded, on whatever computer they go on."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from callbacks.domain.codes import CaseOutcome, ContactOutcome
from callbacks.operations.withdraw import withdraw
from callbacks.web.staff.wording import NOTE_TOO_LONG
from foundation.database import transaction
from foundation.phone import Phone
from notifications.domain.leg import LegStatus
from tests.callbacks.desk import Desk, words
from tests.conftest import Clock
from tests.rota.planning import Browser

NOTE = "Their sister may ring. Wants Tuesdays."
FILLED = {"contact": "answered_right_person", "note": NOTE, "kind": "gp", "provider": "The surgery", "consent": "yes"}


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


def attempt_of(desk: Desk, reference: str) -> str:
    return str(desk.attempts(reference)[0].id)


def keeps(desk: Desk, who: Browser, reference: str, **fields: str) -> int:
    """Press “Keep for now”; the status of the answer."""
    page = f"/staff/callbacks/{reference}"
    form = {"attempt": attempt_of(desk, reference), **fields}
    return who.send(f"{page}/draft", page=page, **form).status_code


def in_the_table(desk: Desk) -> list[bytes | None]:
    with desk.app.app_context(), transaction() as session:
        return list(session.scalars(text("select draft from attempt order by id")))


def test_f31_what_was_written_during_a_call_is_there_on_another_computer(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)

    answered = keeps(desk, ana, reference, **FILLED)
    desk.hang_up(reference)
    elsewhere = desk.sign_in("ana@example.org")
    page = elsewhere.get(f"/staff/callbacks/{reference}/outcome").text

    assert answered == 303
    assert NOTE in page
    assert 'value="The surgery"' in page
    assert 'value="answered_right_person" checked' in page.replace('checked=""', "checked").replace("  ", " ")


def test_f31_the_page_keeps_it_by_itself_and_wants_no_other_page(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    page = f"/staff/callbacks/{reference}"
    ana.client.environ_base["HTTP_X_FRAGMENT"] = "yes"

    answer = ana.send(f"{page}/draft", page=f"{page}/outcome", attempt=attempt_of(desk, reference), note=NOTE)

    assert (answer.status_code, answer.text) == (204, "")


def test_f31_a_draft_is_sealed_and_goes_when_the_outcome_is_recorded(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    keeps(desk, ana, reference, note=NOTE)
    kept = in_the_table(desk)[0]
    page = f"/staff/callbacks/{reference}"

    ana.send(
        f"{page}/outcome",
        page=f"{page}/outcome",
        attempt=attempt_of(desk, reference),
        contact=ContactOutcome.ANSWERED_RIGHT_PERSON,
        case=CaseOutcome.INFO_GIVEN,
        note=NOTE,
    )

    assert kept is not None
    assert b"sister" not in bytes(kept)
    assert in_the_table(desk) == [None]
    assert desk.attempts(reference)[0].note == NOTE
    assert keeps(desk, ana, reference, note="too late") == 409


def test_f31_a_draft_of_a_call_that_nobody_answered_is_not_kept(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)
    keeps(desk, ana, reference, note=NOTE)

    desk.hang_up(reference, LegStatus.NO_ANSWER)

    assert in_the_table(desk) == [None]


def test_f31_an_empty_form_forgets_what_was_kept(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    keeps(desk, ana, reference, note=NOTE)

    keeps(desk, ana, reference, note="")

    assert in_the_table(desk) == [None]


def test_f31_nobody_keeps_words_for_the_call_of_another(desk: Desk) -> None:
    desk.counsellor()
    reference = desk.talked()
    ben = desk.counsellor("Ben Example")
    mine = desk.talked(phone=Phone("+447700900983"))
    page = f"/staff/callbacks/{mine}"

    answer = ben.send(f"{page}/draft", page=f"{page}/outcome", attempt=attempt_of(desk, reference), note=NOTE)

    assert answer.status_code == 403
    assert in_the_table(desk) == [None, None]


def test_f31_words_that_are_too_many_to_be_kept_are_not_lost(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    page = f"/staff/callbacks/{reference}"

    answer = ana.send(
        f"{page}/draft", page=f"{page}/outcome", attempt=attempt_of(desk, reference), note=NOTE + "x" * 4_000
    )

    assert answer.status_code == 422
    assert NOTE in answer.text
    assert NOTE_TOO_LONG in words(answer.text)


def test_f31_a_supervisor_who_records_it_for_them_reads_what_they_wrote(desk: Desk) -> None:
    ana, supervisor = desk.counsellor(), desk.supervisor()
    reference = desk.talked()
    keeps(desk, ana, reference, note=NOTE)

    assert NOTE in supervisor.get(f"/staff/callbacks/{reference}/outcome").text


def test_f31_whoever_withdraws_meanwhile_takes_no_draft_away(desk: Desk) -> None:
    ana = desk.counsellor()
    reference = desk.talked()
    keeps(desk, ana, reference, note=NOTE)

    with desk.app.app_context(), transaction() as session:
        withdraw(session, token=desk.row(reference).token, now=desk.clock.at)

    assert NOTE in ana.get(f"/staff/callbacks/{reference}/outcome").text

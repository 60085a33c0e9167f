"""The telephone company cannot carry a call, or will not: nobody is blamed for it, and nothing of theirs is used up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from sqlalchemy import select

import callbacks.jobs
from foundation.database import transaction
from foundation.doorbell import Bell
from notifications import queries as notifications
from notifications.domain.trouble import PAUSES_AFTER
from notifications.models import CallRow, LegRow
from rota.models import CounsellorRow
from tests.conftest import ACCOUNT, AUTH_TOKEN, Town
from tests.failures.conftest import an_account
from tests.journeys.conftest import ANA, BEN, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team

SOMEBODY_ELSE, THEIR_NUMBER = "+447700900777", "+441632960999"
NO_PERMISSION_FOR_THE_COUNTRY, NO_SUCH_NUMBER = "+15005550003", "+15005550001"  # Twilio's own numbers for tests


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))


@pytest.fixture
def ana_and_visitor(town: Town, people: People) -> People:
    """Ana takes calls, and the visitor talks."""
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    return people


def troubles(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return [row.kind for row in notifications.troubles(session)]


def failures_in_a_row(town: Town) -> int:
    with town.app.app_context(), transaction() as session:
        return notifications.dialling_failures(session)


def misses(town: Town, person: int = 1) -> int:
    with town.app.app_context(), transaction() as session:
        return session.get_one(CounsellorRow, person).misses


def states(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return list(session.scalars(select(CallRow.state).order_by(CallRow.created_at)))


def has_rung(town: Town, number: str) -> int:
    """How often a telephone has really rung."""
    calls = [entry for entry in town.phones.log() if entry["kind"] == "call"]
    return sum(1 for entry in calls if entry["to"] == number and entry["status"] == "ringing")


def rest(town: Town, method: str, path: str, **fields: Any) -> requests.Response:
    """Ask something of the telephone company directly, as another program of the same account would."""
    url = f"{town.phones.base}/2010-04-01/Accounts/{ACCOUNT}/{path}.json"
    answer = requests.request(method, url, data=fields, auth=(ACCOUNT, AUTH_TOKEN), timeout=10)
    answer.raise_for_status()
    return answer


def lines_are_taken(town: Town, *, but: int) -> None:
    """Another program of the account holds a line, and the account may have so many more at once."""
    town.phones.habit(SOMEBODY_ELSE, picks_up="person")
    long_talk = "<Response><Pause length='600'/></Response>"
    rest(town, "POST", "Calls", To=SOMEBODY_ELSE, From=THEIR_NUMBER, Twiml=long_talk)
    town.phones.advance(5)
    town.phones.faults(network={"concurrent_calls": 1 + but})


# -- too many calls at once ------------------------------------------------------------------------------------------


def test_f38_the_counsellors_leg_is_not_carried_and_they_have_missed_nothing(
    town: Town, ana_and_visitor: People
) -> None:
    town.expects(SOMEBODY_ELSE, ANA, ANA, VISITOR)
    lines_are_taken(town, but=0)

    asked = ana_and_visitor.ask()
    town.until(lambda: asked.results()[:1] == ["not_carried"])
    at_first = (has_rung(town, ANA), misses(town), failures_in_a_row(town))
    town.phones.faults()
    town.until(lambda: asked.results() == ["not_carried", "finished"])

    assert at_first == (0, 0, 1)
    assert failures_in_a_row(town) == 0


def test_f38_the_visitors_leg_is_not_carried_and_the_request_stays_as_it_was(
    town: Town, ana_and_visitor: People
) -> None:
    town.expects(SOMEBODY_ELSE, ANA, VISITOR, ANA, VISITOR)
    lines_are_taken(town, but=1)

    asked = ana_and_visitor.ask()
    town.until(lambda: asked.results()[:1] == ["not_carried"])
    at_first, page = asked.row(), town.app.test_client().get(f"/c/{asked.token}").text
    town.phones.faults()
    town.until(lambda: asked.results() == ["not_carried", "finished"])

    assert (at_first.status, at_first.rings_made, at_first.review_reason) == ("retry_due", 0, None)
    assert "would not let us ring you" in page
    assert (asked.row().rings_made, has_rung(town, VISITOR)) == (1, 1)
    assert [each["words"] for each in town.phones.log() if each["kind"] == "said" and each["number"] == ANA][
        2
    ] == "The number could not be connected. Goodbye."


@pytest.mark.parametrize("but", [0, 1], ids=["no leg is carried", "only counsellors' legs are carried"])
def test_f38_dialling_pauses_when_nothing_is_carried_and_nobody_is_rung_without_end(
    town: Town, ana_and_visitor: People, but: int
) -> None:
    lines_are_taken(town, but=but)

    asked = ana_and_visitor.ask()
    while troubles(town) != ["dialling_fails"] and len(asked.results()) < 3 * PAUSES_AFTER:
        town.sleeps(seconds=15)
    in_vain = asked.results()
    town.phones.faults()
    while asked.results()[-1] != "finished" and len(asked.results()) < 3 * PAUSES_AFTER:
        town.sleeps(seconds=15)

    each_time = [ANA, VISITOR][: 1 + but]
    town.expects(SOMEBODY_ELSE, *each_time * (len(asked.results()) - 1), ANA, VISITOR)
    assert in_vain[:PAUSES_AFTER] == ["not_carried"] * PAUSES_AFTER
    assert (misses(town), troubles(town), asked.row().rings_made) == (0, [], 1)


def test_f06_a_leg_of_which_nothing_is_heard_is_asked_about_once_at_each_deadline(
    town: Town, ana_and_visitor: People
) -> None:
    town.expects(ANA)
    town.phones.habit(ANA, picks_up="busy", after_s=15)
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})
    asked = ana_and_visitor.ask()
    town.until(lambda: asked.results()[:1] == ["unreached"], within_s=60)
    asked.withdraw()

    with town.app.app_context(), transaction() as session:
        leg = session.scalars(select(LegRow.provider_id)).first()
    looks = [entry for entry in town.phones.log() if entry["kind"] == "rest" and f"/Calls/{leg}" in entry["path"]]
    assert [look["method"] for look in looks] == ["GET"]  # the twenty seconds in which it should have rung are over


def test_f06_word_of_why_a_leg_failed_is_lost_and_nobody_is_blamed(town: Town, ana_and_visitor: People) -> None:
    town.expects(ANA, ANA, VISITOR)
    town.phones.habit(ANA, picks_up="unreachable")
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})

    asked = ana_and_visitor.ask()
    town.until(lambda: asked.results()[:1] == ["not_carried"])
    town.phones.faults()
    town.phones.habit(ANA, **TAKES)
    town.until(lambda: asked.results() == ["not_carried", "finished"])

    assert misses(town) == 0


# -- the telephone company will not place it ---------------------------------------------------------------------------


def give_ana(town: Town, number: str) -> None:
    with town.app.app_context(), transaction() as session:
        session.get_one(CounsellorRow, 1).phone = number


def test_a_number_that_our_account_may_not_ring_is_nobodys_fault_and_the_next_one_rings(
    town: Town, people: People
) -> None:
    town.expects(BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    give_ana(town, NO_PERMISSION_FOR_THE_COUNTRY)

    asked = people.ask()
    town.until(lambda: asked.results() == ["not_carried", "finished"])

    assert misses(town) == 0


def test_f11_a_number_that_does_not_exist_is_the_counsellors(town: Town, people: People) -> None:
    town.expects(BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    give_ana(town, NO_SUCH_NUMBER)

    asked = people.ask()
    town.until(lambda: asked.results() == ["refused", "finished"])
    with town.app.app_context():
        callbacks.jobs.watch_over_everything()

    assert misses(town) == 1
    assert troubles(town) == ["number_fails"]


def test_f38_a_token_that_was_rotated_stops_dialling_is_said_and_costs_nobody_anything(
    town: Town, ana_and_visitor: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(ANA, VISITOR)
    asked = ana_and_visitor.ask()
    with monkeypatch.context() as patch:
        patch.setitem(town.app.extensions, "telephony", an_account(town, auth_token="another token, longer than 16"))
        town.until(lambda: "credentials_refused" in troubles(town))
        town.passes(60)
        meanwhile = (misses(town), asked.row().rings_made)

    town.until(lambda: asked.results()[-1] == "finished")

    assert meanwhile == (0, 0)
    assert troubles(town) == []


# -- asking how a call stands ------------------------------------------------------------------------------------------


def test_one_call_about_which_nothing_can_be_learnt_keeps_no_other_waiting(town: Town, people: People) -> None:
    town.expects(ANA, BEN, BEN, ANA, in_turn=False)
    people.on("Ana Example", "Ben Example")
    for number in (ANA, BEN):
        town.phones.habit(number, picks_up="nobody")
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})
    people.ask(), people.ask("+447700900983")
    town.until(lambda: states(town) == ["placed"] * 2)
    town.phones.advance(25)
    faults = {"methods": ["GET"], "resources": ["Calls"], "next": ["fails_before"]}  # the first that is asked about
    town.phones.faults(rest=faults, webhooks={"kinds": ["status"], "drop": 1})

    town.clock.on(seconds=40)
    town.look()

    assert sorted(states(town)[:2]) == ["placed", "unreached"]
    town.passes(12)
    assert states(town)[:2] == ["unreached"] * 2


def test_when_no_call_can_be_asked_about_it_is_said_the_states_stay_and_it_ends_by_itself(
    town: Town, ana_and_visitor: People
) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=300)
    asked = ana_and_visitor.ask()
    town.until(lambda: states(town) == ["bridged"])
    town.phones.faults(rest={"methods": ["GET"], "fails_before": 1})

    town.until(lambda: "settling_fails" in troubles(town), within_s=200)
    meanwhile = states(town)
    asked_often = sum(
        1
        for each in town.phones.log()
        if each["kind"] == "rest" and each["status"] == 500 and "/Calls/" in each["path"]
    )
    town.phones.faults()
    town.until(lambda: troubles(town) == [])

    assert meanwhile == ["bridged"]
    assert asked_often <= 4
    town.until(lambda: asked.results() == ["finished"], within_s=300)


def test_a_call_that_the_company_has_forgotten_is_nobodys_miss(town: Town, ana_and_visitor: People) -> None:
    town.expects(ANA, ANA, VISITOR)
    town.phones.habit(ANA, picks_up="nobody")
    asked = ana_and_visitor.ask()
    town.until(lambda: states(town) == ["ringing"])
    town.phones.faults(webhooks={"kinds": ["status"], "drop": 1})
    town.phones.advance(25)
    with town.app.app_context(), transaction() as session:
        leg = session.scalars(select(LegRow.provider_id)).one()
    rest(town, "DELETE", f"Calls/{leg}")

    town.phones.faults()
    town.phones.habit(ANA, **TAKES)
    town.until(lambda: asked.results()[:1] == ["not_carried"])
    town.until(lambda: asked.results() == ["not_carried", "finished"])

    assert misses(town) == 0


class _SpeaksInRiddles(BaseHTTPRequestHandler):
    """A telephone company that has a new word for how a call stands."""

    def do_GET(self) -> None:
        body = json.dumps({"sid": "CA" + "0" * 32, "status": "teleported", "calls": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""


@contextmanager
def speaking(manner: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a telephone company with these manners."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), manner)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def test_a_word_of_the_company_that_we_do_not_know_changes_nothing_and_stops_nothing(
    town: Town, ana_and_visitor: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(ANA, VISITOR)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=60)
    asked = ana_and_visitor.ask()
    town.until(lambda: states(town) == ["bridged"])

    with speaking(_SpeaksInRiddles) as riddles, monkeypatch.context() as patch:
        patch.setitem(town.app.extensions, "telephony", an_account(town, api_base_url=riddles))
        town.clock.on(seconds=61)
        town.look()
        meanwhile = states(town)

    town.until(lambda: asked.results() == ["finished"])
    assert meanwhile == ["bridged"]


class _IsBusy(BaseHTTPRequestHandler):
    """A telephone company that wants to be left alone for seventeen seconds."""

    def do_POST(self) -> None:
        body = json.dumps({"code": 20429, "message": "Too Many Requests", "status": 429}).encode()
        self.send_response(429)
        self.send_header("Retry-After", "17")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""


def test_a_company_that_says_how_long_it_is_busy_is_left_alone_for_so_long(
    town: Town, ana_and_visitor: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(ANA, VISITOR)
    asked = ana_and_visitor.ask()
    with speaking(_IsBusy) as busy, monkeypatch.context() as patch:
        patch.setitem(town.app.extensions, "telephony", an_account(town, api_base_url=busy))
        town.answer(Bell.MATCH)
        before = town.clock()
        town.answer(Bell.DIAL)
        with town.app.app_context(), transaction() as session:
            left_alone_for = notifications.lock_pace(session, now=before).next_at - before

    town.until(lambda: asked.results() == ["finished"])
    assert left_alone_for.total_seconds() >= 17

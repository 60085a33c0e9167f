"""The telephone company is away, cannot reach us, or is not who it says; and a visitor rings us while we ring them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from sqlalchemy import delete, select
from twilio.request_validator import RequestValidator
from werkzeug import Request, Response
from werkzeug.serving import make_server

import callbacks.jobs
from callbacks.web import wording
from foundation.database import db, transaction
from foundation.doorbell import Bell
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.domain.trouble import LONGEST_PAUSE, PAUSES_AFTER, WORDS, Trouble, pause_after
from notifications.models import CallRow
from notifications.operations import place, trouble
from rota.models import CounsellorRow, PresenceRow
from tests.callbacks.test_visitor_pages import ANSWERS
from tests.conftest import NOON, Town
from tests.journeys.conftest import ANA, BEN, TAKES, TALKS, VISITOR, People
from tests.rota.planning import Team

LEAD = "+447700900555"


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))


class Pager:
    """A server that takes messages, or does not."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.answers = 204

        @Request.application
        def take(request: Request) -> Response:
            self.heard.append(request.get_json())
            return Response(status=self.answers)

        self.server = make_server("127.0.0.1", 0, take)
        self.address = f"http://127.0.0.1:{self.server.server_port}/alarm"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def troubles(town: Town) -> list[str]:
    with town.app.app_context(), transaction() as session:
        return [row.kind for row in notifications.troubles(session)]


def watch(town: Town) -> None:
    """What the timekeeper does every few seconds."""
    with town.app.app_context():
        callbacks.jobs.watch_over_everything()


def placed(town: Town) -> int:
    return len({entry["call"] for entry in town.phones.log() if entry["kind"] == "call" and entry["parent"] is None})


def test_every_trouble_can_be_noted_and_has_words_that_end_as_a_sentence(town: Town) -> None:
    town.expects()
    with town.app.app_context(), transaction() as session:
        for kind in Trouble:
            trouble.begin(session, kind, because="A word more.", now=town.clock())

    assert sorted(troubles(town)) == sorted(Trouble)
    assert [kind for kind in Trouble if not WORDS[kind].endswith(".")] == []


# -- F38: the telephone company is away ------------------------------------------------------------------------------


def test_f38_dialling_pauses_when_nothing_gets_through_and_goes_on_by_itself(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    town.phones.faults(rest={"too_many_requests": 1})
    asked = people.ask()

    town.until(lambda: troubles(town) == ["dialling_fails"])
    tries = sum(1 for entry in town.phones.log() if entry["kind"] == "fault")
    town.passes(120)
    tried_again = sum(1 for entry in town.phones.log() if entry["kind"] == "fault") - tries
    town.phones.faults()
    town.until(lambda: asked.results()[-1] == "finished")

    assert 2 <= tried_again <= 8  # one call at a time, and not every second
    assert asked.status == "in_call"
    assert troubles(town) == []


def test_f38_one_call_tries_whether_it_works_again_and_every_other_waits_for_what_comes_of_it(town: Town) -> None:
    town.expects()
    with town.app.app_context(), transaction() as session:
        for _ in range(PAUSES_AFTER):
            trouble.dialling_failed(session, now=town.clock())
        now = town.clock.on(seconds=30)
        first = place.reserve_pace(session, per_second=30, now=now)
        others = [place.reserve_pace(session, per_second=30, now=now + timedelta(seconds=s)) for s in (0, 1, 29)]
        trouble.dialling_works(session, now=now + timedelta(seconds=29))
        after = [place.reserve_pace(session, per_second=30, now=now + timedelta(seconds=s)) for s in (29, 29.04, 29.08)]

    assert (first, others) == (0.0, [30.0, 29.0, 1.0])
    assert after == [0.0, 0.0, 0.0]


def test_f38_no_worker_dials_before_the_pause_is_over_and_no_two_pauses_are_alike(town: Town) -> None:
    town.expects()
    waits = set()
    with town.app.app_context(), transaction() as session:
        for _ in range(20):
            now = town.clock.on(hours=1)
            trouble.dialling_failed(session, now=now)
            waits.add(place.reserve_pace(session, per_second=1, now=now))

    assert min(waits) > 0
    assert len(waits) > 10


def test_f38_the_lead_on_call_is_told_once(town: Town, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    town.expects(texts=[LEAD])
    monkeypatch.setitem(town.app.config, "ON_CALL_PHONE", Phone(LEAD))
    people.on("Ana Example", "Ben Example")
    town.phones.faults(rest={"too_many_requests": 1, "resources": ["Calls"]})
    people.ask()

    town.until(lambda: troubles(town) == ["dialling_fails"])
    for _ in range(3):
        watch(town)
        town.passes(20)

    assert town.phones.state(LEAD)["texts"][0]["body"].startswith("Callback service:")


@pytest.fixture
def pager() -> Iterator[Pager]:
    """An address of the operator's, outside the telephone company."""
    made = Pager()
    yield made
    made.server.shutdown()


def test_f38_the_lead_is_told_another_way_when_texts_are_what_fails(
    town: Town, people: People, pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects()
    monkeypatch.setitem(town.app.config, "ON_CALL_PHONE", Phone(LEAD))
    monkeypatch.setitem(town.app.config, "ALARM_WEBHOOK_URL", pager.address)
    people.on("Ana Example")
    town.phones.faults(rest={"too_many_requests": 1})
    asked = people.ask()
    town.until(lambda: "dialling_fails" in troubles(town))

    watch(town)
    town.passes(30)
    watch(town)

    assert {message["trouble"] for message in pager.heard} == {"dialling_fails", "texts_fail"}
    assert set(pager.heard[0]) == {"trouble", "since", "words"}
    assert asked.reference not in str(pager.heard)


def test_f38_an_alarm_that_nobody_hears_is_told_again_and_the_board_says_so(
    town: Town, people: People, pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects()
    monkeypatch.setitem(town.app.config, "ALARM_WEBHOOK_URL", pager.address)
    pager.answers = 503
    people.on("Ana Example")
    with town.app.app_context(), transaction() as session:
        trouble.begin(session, Trouble.ORPHANS, now=town.clock())

    for _ in range(4):
        watch(town)
        town.sleeps(minutes=2)
    assert troubles(town) == ["orphans", "alarm_unheard"]
    pager.answers = 204
    town.sleeps(minutes=5)
    watch(town)
    watch(town)

    assert len(pager.heard) == 3
    assert troubles(town) == ["orphans"]


def test_f38_a_text_that_does_not_arrive_is_sent_again(
    town: Town, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.expects(texts=[LEAD, LEAD])
    monkeypatch.setitem(town.app.config, "ON_CALL_PHONE", Phone(LEAD))
    people.on("Ana Example", "Ben Example")
    town.phones.habit(LEAD, receives="undelivered")
    with town.app.app_context(), transaction() as session:
        trouble.begin(session, Trouble.ORPHANS, now=town.clock())
    watch(town)
    town.passes(10)
    town.phones.habit(LEAD, receives="delivered")

    town.sleeps(minutes=5)
    watch(town)
    town.passes(10)
    watch(town)
    town.sleeps(minutes=20)
    watch(town)

    assert len(town.phones.state(LEAD)["texts"]) == 1  # the other never arrived; town.expects counts both


def test_f38_each_failure_doubles_the_pause_up_to_half_a_minute_and_chance_spreads_it() -> None:
    pauses = [pause_after(failures, dice=1.0) for failures in range(1, 12)]

    assert pauses[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert pauses[-1] == LONGEST_PAUSE
    assert pause_after(3, dice=0.0) == timedelta(seconds=2)


def test_f38_while_nobody_can_be_rung_no_visitor_is_told_a_time(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example")
    first = people.ask()
    assert first.row().promise is not None
    town.phones.faults(rest={"too_many_requests": 1})
    town.until(lambda: troubles(town) == ["dialling_fails"])
    visitor = town.app.test_client()

    second = people.ask("+447700900983")
    offered = visitor.get("/api/v1/availability").get_json()
    said = visitor.get(f"/api/v1/callbacks/{first.token}").get_json()

    assert second.row().promise is None
    assert second.status == "queued"
    assert (offered["state"], offered["as_soon_as_possible"]) == ("open", None)
    assert offered["message"] == wording.CANNOT_RING_NEW
    assert said["promise"] is None
    for asked in (first, second):
        page = visitor.get(f"/c/{asked.token}").text
        assert wording.CANNOT_RING in page
        assert "We will ring you" not in page
    for path, answers in ANSWERS[:5]:
        assert "Likely" not in visitor.get(path).text
        assert visitor.post(path, data=answers).status_code == 303
    times = visitor.get("/time").text
    assert "As soon as possible" in times
    assert "Likely" not in times
    assert "We cannot ring anybody at this moment." in times


def test_f38_when_nobody_waits_any_more_dialling_is_soon_not_known_to_fail_and_the_next_failure_is_told(
    town: Town, people: People
) -> None:
    town.expects()
    people.on("Ana Example")
    town.phones.faults(rest={"too_many_requests": 1, "resources": ["Calls"]})
    asked = people.ask()
    town.until(lambda: troubles(town) == ["dialling_fails"])
    asked.withdraw()

    town._advance(9 * 60)
    watch(town)
    by_then = troubles(town)
    town._advance(2 * 60)
    watch(town)
    after = troubles(town)
    people.ask("+447700900983")
    town.answer(Bell.MATCH)
    town.answer(Bell.DIAL)

    assert (by_then, after, troubles(town)) == (["dialling_fails"], [], ["dialling_fails"])


def test_f38_a_company_that_wants_to_be_left_alone_for_longer_is_still_away(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example")
    with town.app.app_context(), transaction() as session:
        for _ in range(PAUSES_AFTER):
            trouble.dialling_failed(session, leave_alone_s=3600, now=town.clock())

    town._advance(30 * 60)
    watch(town)

    assert troubles(town) == ["dialling_fails"]


def test_f38_a_time_that_is_still_far_off_stands(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example", "Ben Example")
    tomorrow = {"from": (NOON + timedelta(hours=24)).isoformat(), "to": (NOON + timedelta(hours=25)).isoformat()}
    later = people.ask(when=tomorrow)
    with town.app.app_context(), transaction() as session:
        trouble.begin(session, Trouble.DIALLING_FAILS, now=town.clock())

    page = town.app.test_client().get(f"/c/{later.token}").text

    assert "We will ring you" in page


# -- F7: the telephone company cannot reach us -----------------------------------------------------------------------


def test_f07_we_are_away_when_the_counsellor_answers(town: Town, people: People) -> None:
    town.expects(ANA, BEN, VISITOR)
    ana, _ = people.on("Ana Example", "Ben Example")
    for number in (ANA, BEN):
        town.phones.habit(number, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    town.phones.faults(webhooks={"kinds": ["twiml"], "next": ["drop"]})
    asked = people.ask()

    town.until(lambda: asked.results()[:1] == ["abandoned"])
    town.until(lambda: asked.results()[-1] == "finished")

    assert asked.row().rings_made == 1  # nothing of the visitor's was used up
    with town.app.app_context(), transaction() as session:
        assert session.get_one(CounsellorRow, ana).misses == 0  # and the counsellor has missed nothing
    said = [entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == ANA]
    assert said[0].startswith("Sorry, we could not connect this call.")
    assert said[1].startswith("Mae’n ddrwg gennym ni")


# -- F18: the visitor rings us while we are about to ring them -------------------------------------------------------


def inbound(town: Town, number: str) -> None:
    url = f"{town.app.config['PUBLIC_BASE_URL']}/webhooks/twilio/voice/inbound"
    form = {"CallSid": "CA" + "9" * 32, "From": number, "To": town.app.config["TWILIO_CALLER_ID"]}
    signed = RequestValidator(town.app.config["TWILIO_AUTH_TOKEN"]).compute_signature(url, form)
    answer = requests.post(url, data=form, headers={"X-Twilio-Signature": signed}, timeout=10)
    assert answer.ok
    assert answer.text.index("Thank you for ringing") < answer.text.index('<Say language="cy-GB"')
    assert "Diolch am ffonio" in answer.text


def test_f18_whoever_rings_us_is_not_rung_meanwhile(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    inbound(town, VISITOR)
    asked = people.ask()
    town.passes(50)
    assert asked.attempts() == []
    town.until(lambda: asked.results() == ["finished"])


def test_f18_nor_when_the_counsellor_has_just_answered(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")
    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    town.phones.act(ANA, "answer")
    town.passes(1)

    inbound(town, VISITOR)
    town.phones.act(ANA, "press", keys="1")
    town.phones.habit(ANA, picks_up="nobody")
    town.passes(10)

    assert asked.results() == ["cancelled"]
    assert asked.status == "queued"
    with town.app.app_context(), transaction() as session:
        assert session.scalars(select(CallRow.withheld)).all() == ["on_the_line"]  # for whoever asks why nobody rang


# -- F33, F41 and conservation: what the timekeeper sees -------------------------------------------------------------


def test_f33_somebody_waits_while_somebody_is_free_and_it_is_said(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example")
    people.ask()

    town._advance(90)  # nobody looks at the tables: every worker is gone
    watch(town)

    assert troubles(town) == ["starving"]
    with town.app.app_context(), transaction() as session:
        session.execute(delete(PresenceRow))
    watch(town)
    assert troubles(town) == ["nobody_on"]  # now that is what is wrong


def test_f41_a_strangers_message_wakes_nobody(town: Town) -> None:
    town.expects()

    for at in ("0", "f" * 32):
        for path in ("calls", "messages", "voice/answer", "inbound-message"):
            assert requests.post(f"{town.base}/webhooks/twilio/{path}?at={at}", timeout=10).status_code == 403
    watch(town)

    assert troubles(town) == []


def test_f41_refused_messages_about_our_calls_are_said_and_forgotten_again(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    asked = people.ask()
    town.until(asked.results)
    asked.withdraw()
    call = asked.attempts()[0].call_id.hex
    requests.post(f"{town.base}/webhooks/twilio/calls?at={call}&leg=counsellor", timeout=10)
    watch(town)
    assert troubles(town) == ["webhooks_refused"]

    town._advance(11 * 60)
    watch(town)

    assert troubles(town) == []


def test_a_request_that_is_nowhere_raises_the_alarm(town: Town, people: People) -> None:
    town.expects()
    people.ask()
    with town.app.app_context():
        db.session.execute(db.text("alter table callback drop constraint an_open_callback_has_a_deadline"))
        db.session.execute(db.text("update callback set due_by = null"))
        db.session.commit()
    try:
        watch(town)

        assert troubles(town) == ["requests_unaccounted"]
    finally:
        with town.app.app_context():
            db.session.execute(db.text("update callback set due_by = next_try_at"))
            db.session.execute(
                db.text(
                    "alter table callback add constraint an_open_callback_has_a_deadline"
                    " check (closed_at is not null or due_by is not null)"
                )
            )
            db.session.commit()

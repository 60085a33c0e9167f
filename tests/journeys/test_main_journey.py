"""From "please call me" to what came of it, with real tables, a real network and every way in which it can go.

Every test ends with the town's own look at its log: nobody was rung or texted but those whom the test names.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from callbacks import queries
from callbacks.domain.codes import CaseOutcome, ContactOutcome, ReferralType
from callbacks.domain.safe_contact import MessageRule
from callbacks.operations.finish_call import Outcome, Referral
from foundation.database import transaction
from rota import queries as rota
from rota.domain.shifts import Span
from rota.operations import phone_check
from rota.operations.offers_end import end_offers
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Town
from tests.journeys.conftest import ANA, BEN, LANDLINE, TAKES, TALKS, VISITOR, People

SPOKE = Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.REFERRED_CONSENT)


def heard(town: Town, number: str) -> str:
    """Everything that was said on a line."""
    return " ".join(
        entry["words"] for entry in town.phones.log() if entry["kind"] == "said" and entry["number"] == number
    )


# -- as it should be -------------------------------------------------------------------------------------------------


def test_a_request_becomes_a_conversation_an_outcome_and_a_referral(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask(name="Sam")
    town.until(lambda: asked.attempts() and asked.attempts()[0].bridged_at)
    talking = asked.status
    town.until(lambda: asked.results() == ["finished"])
    asked.record(SPOKE, Referral(ReferralType.MUTUAL_AID_SMART, "Tuesday group", consent_given=True))

    [attempt] = asked.attempts()
    assert (talking, asked.status) == ("in_call", "completed")
    assert 12 <= attempt.talked_s <= 20
    assert asked.row().case_outcome == "referred_consent"
    assert asked.row().rings_made == 1
    history = [re.sub(r"has (waited|just come in).*", "…", line) for line in asked.history()]
    assert history == [
        "The request arrived through the API.",
        "Rules T15 gave it the urgency “routine”.",
        "Given to Ana Example: This request is routine and …",
        "Ana Example's telephone rings.",
        "Ana Example's telephone was answered.",
        "Ana Example pressed 1.",
        "The visitor's telephone rings.",
        "The visitor's telephone was answered.",
        "The two are connected.",
        history[9],
        "Ana Example recorded: spoke to the person.",
        "Finished: referred them, with their consent.",
        "Referred with consent: smart or other support group.",
    ]
    assert history[9].startswith("The call is over. It lasted 1")


def test_what_is_said_on_each_line_gives_nobody_away(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask(name="Sam", message="It is about my drinking")
    town.until(lambda: asked.results() == ["finished"])

    before_the_key, _, after_it = heard(town, ANA).partition("pass it on.")
    assert "Sam" not in before_the_key
    assert "They like to be called Sam." in after_it
    assert "drinking" not in heard(town, ANA)
    assert heard(town, VISITOR) == "Hello. If this call is not for you, press 9. One moment, please."


def test_a_counsellor_who_has_said_what_came_of_it_takes_the_next_call(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, ANA, "+447700900983")
    [ana] = people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    town.phones.habit("+447700900983", **TALKS)

    first, second = people.ask(), people.ask("+447700900983")
    town.until(lambda: first.results() == ["finished"])
    writing_down = people.presence(ana)
    town.passes(5)
    waiting = second.status
    first.record(SPOKE)
    town.until(lambda: second.results() == ["finished"])

    assert (writing_down, waiting) == ("wrapping_up", "queued")


# -- the visitor -----------------------------------------------------------------------------------------------------

NOT_REACHED: dict[str, tuple[dict[str, Any], str, str]] = {
    # what the visitor's telephone does: how the attempt ends, what the counsellor hears
    "busy": ({"picks_up": "busy"}, "busy", "The line is engaged."),
    "declines": ({"picks_up": "busy", "after_s": 4}, "busy", "The line is engaged."),
    "rings out": ({"picks_up": "nobody"}, "no_answer", "There is no answer."),
}


@pytest.mark.parametrize("how", NOT_REACHED)
def test_a_visitor_who_is_not_reached_is_tried_again_half_an_hour_later(town: Town, people: People, how: str) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR)
    people.on("Ana Example")
    habit, result, words = NOT_REACHED[how]
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **habit)

    asked = people.ask()
    town.until(lambda: asked.results() == [result])
    tried_at, due_at = town.clock(), asked.row().next_try_at
    town.passes(5)
    told, status = heard(town, ANA), asked.status
    town.phones.habit(VISITOR, **TALKS)
    town.sleeps(minutes=20)
    still_waiting = asked.results()
    town.sleeps(minutes=11)
    town.until(lambda: asked.results() == [result, "finished"])

    assert words in told
    assert status == "retry_due"
    assert timedelta(minutes=29) < due_at - tried_at <= timedelta(minutes=30)
    assert still_waiting == [result]


def test_f08_a_visitors_voicemail_is_for_the_counsellor_to_judge(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="voicemail")

    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"])
    before = asked.status
    asked.record(Outcome(ContactOutcome.VOICEMAIL_REACHED_NONE_LEFT, None))

    assert (before, asked.status) == ("in_call", "retry_due")


def test_a_visitor_who_hangs_up_in_the_greeting_is_not_rung_again_by_itself(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", hangs_up_after_s=1)

    asked = people.ask()
    town.until(lambda: asked.results() == ["hung_up"])
    town.sleeps(minutes=45)
    town.passes(3)

    assert (asked.status, asked.row().review_reason) == ("needs_review", "outcome_missing")


def test_a_number_that_does_not_work_is_for_a_supervisor(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="unreachable")

    asked = people.ask()
    town.until(lambda: asked.results() == ["visitor_failed"])
    town.sleeps(hours=1)

    assert (asked.status, asked.row().review_reason) == ("needs_review", "number_fails")


def test_a_visitor_is_rung_four_times_at_most_and_then_the_request_is_closed(town: Town, people: People) -> None:
    town.expects(*[ANA, VISITOR] * 4)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="nobody")

    asked = people.ask()
    for ring in range(1, 5):
        town.until(lambda ring=ring: asked.results() == ["no_answer"] * ring)  # type: ignore[misc]
        town.sleeps(minutes=31)
    town.sleeps(hours=3)

    assert (asked.status, asked.row().case_outcome) == ("closed_no_contact", "not_reached")
    assert asked.row().rings_made == 4
    assert asked.history()[-1] == "Every allowed ring was made. The request is closed."


def test_f26_a_safe_time_that_ends_while_a_retry_waits_is_kept(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, ANA, VISITOR, texts=[ANA])  # a reminder of her shift tomorrow
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="nobody")
    today = {"from": NOON.isoformat(), "to": (NOON + timedelta(minutes=20)).isoformat()}
    tonight = {"from": (NOON + timedelta(hours=6)).isoformat(), "to": (NOON + timedelta(hours=7)).isoformat()}

    asked = people.ask(safe_times=[today, tonight])
    town.until(lambda: asked.results() == ["no_answer"])
    for _ in range(11):
        town.sleeps(minutes=30)
    before = asked.results()
    town.sleeps(minutes=30)
    town.until(lambda: len(asked.results()) == 2 and asked.results()[1] is not None)

    assert before == ["no_answer"]


def test_nobody_is_rung_at_night_who_asked_by_day(town: Town, people: People) -> None:
    town.expects(texts=[ANA, BEN], in_turn=False)  # reminders of their shifts tomorrow
    people.on("Ana Example", "Ben Example")
    tomorrow = NOON + timedelta(hours=20)  # eight o'clock
    when = {"from": tomorrow.isoformat(), "to": (tomorrow + timedelta(hours=1)).isoformat()}

    asked = people.ask(when=when)
    for _ in range(19):
        town.sleeps(hours=1)

    assert (asked.status, asked.attempts()) == ("queued", [])


def test_whoever_asks_at_night_is_rung_at_night(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)
    town.sleeps(hours=11)

    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"])

    assert asked.attempts()[0].rang_visitor_at.hour == 23  # type: ignore[union-attr]


def test_a_request_that_nobody_could_ring_in_time_is_closed_as_our_failure(town: Town, people: People) -> None:
    town.expects(texts=[ANA])  # a reminder of her shift tomorrow
    people.on("Ana Example", is_available=False)

    asked = people.ask()
    for _ in range(25):
        town.sleeps(hours=1)

    assert asked.status == "expired"
    assert asked.history()[-1].endswith("This is our failure.")


# -- the counsellor --------------------------------------------------------------------------------------------------


def test_f32_a_counsellor_who_does_not_answer_gives_way_to_the_next_and_after_two_misses_is_absent(
    town: Town, people: People
) -> None:
    town.expects(ANA, BEN, VISITOR, ANA)
    ana, _ = people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, picks_up="nobody")
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, picks_up="person")

    first = people.ask()
    town.until(lambda: first.results()[:1] == ["unreached"])
    town.until(lambda: town.phones.state(VISITOR)["state"] == "in_call")
    after_one = people.presence(ana)
    second = people.ask("+447700900983")
    town.until(lambda: second.results()[:1] == ["unreached"])
    town.passes(60)

    assert (after_one, people.presence(ana)) == ("available", "not_responding")
    assert second.status == "queued"


def test_f10_a_counsellors_voicemail_never_takes_a_call(town: Town, people: People) -> None:
    town.expects(ANA, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, picks_up="voicemail")
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask(name="Sam")
    town.until(lambda: asked.results() == ["not_taken", "finished"])

    assert "Sam" not in heard(town, ANA)


def test_f10_a_counsellor_whose_voicemail_answered_twice_is_not_rung_a_third_time(town: Town, people: People) -> None:
    town.expects(ANA, ANA)
    [ana] = people.on("Ana Example")
    town.phones.habit(ANA, picks_up="voicemail")

    asked = people.ask()
    town.until(lambda: asked.results() == ["not_taken", "not_taken"])
    town.passes(60)

    assert (people.presence(ana), asked.status) == ("not_responding", "queued")


def test_a_counsellor_passes_a_call_on_with_2(town: Town, people: People) -> None:
    town.expects(ANA, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, picks_up="person", presses=["2"])
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask()
    town.until(lambda: asked.results() == ["not_taken", "finished"])

    assert heard(town, ANA).endswith("It goes to somebody else.")


@pytest.mark.parametrize("how", ["busy", "unreachable"])
def test_f11_a_counsellor_whose_telephone_is_busy_or_off_gives_way_at_once(
    town: Town, people: People, how: str
) -> None:
    town.expects(ANA, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, picks_up=how)
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask()
    town.until(lambda: len(asked.attempts()) == 2, within_s=5)
    town.until(lambda: asked.results() == ["unreached", "finished"])

    first, second = asked.attempts()
    assert (first.rang_visitor_at, first.counsellor_id == second.counsellor_id) == (None, False)


def moment_of(town: Town, number: str, status: str) -> datetime:
    """When the first call to a number got so far, on the network."""
    calls = (entry for entry in town.phones.log() if entry["kind"] == "call")
    return next(
        datetime.fromisoformat(entry["at"]) for entry in calls if entry["to"] == number and entry["status"] == status
    )


@pytest.mark.parametrize("hangs_up_after_s", [8, 11])
def test_f13_a_counsellor_who_drops_out_leaves_no_visitor_alone_and_the_next_one_rings(
    town: Town, people: People, hangs_up_after_s: int
) -> None:
    town.expects(ANA, VISITOR, BEN, VISITOR)
    people.on("Ana Example", "Ben Example")
    town.phones.habit(ANA, **TAKES, hangs_up_after_s=hangs_up_after_s)
    town.phones.habit(BEN, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", after_s=6, talks_for_s=12)

    asked = people.ask()
    town.until(lambda: asked.results()[:1] == ["abandoned"])
    away_first = asked.row().goes_first
    town.until(lambda: asked.results() == ["abandoned", "finished"])

    assert away_first
    assert moment_of(town, BEN, "ringing") - moment_of(town, ANA, "completed") <= timedelta(seconds=10)


# -- withdrawing -----------------------------------------------------------------------------------------------------


def test_f16_a_request_withdrawn_while_the_counsellors_telephone_rings_never_rings_the_visitor(
    town: Town, people: People
) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="person", after_s=8, presses=["1"])
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    answered = asked.withdraw()
    town.passes(30)

    assert (answered, asked.status, asked.results()) == (200, "withdrawn", ["cancelled"])
    assert town.phones.state(ANA)["state"] == "idle"


def test_a_request_withdrawn_at_the_prompt_never_rings_the_visitor(town: Town, people: People) -> None:
    town.expects(ANA)
    people.on("Ana Example")
    town.phones.habit(ANA, picks_up="manual")

    asked = people.ask()
    town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    town.phones.act(ANA, "answer")
    town.phones.advance(2)
    asked.withdraw()
    if town.phones.state(ANA)["state"] == "in_call":  # faster than we can hang up
        town.phones.act(ANA, "press", keys="1")
    town.passes(20)

    assert (asked.status, asked.results()) == ("withdrawn", ["cancelled"])


def test_a_request_withdrawn_while_the_visitors_telephone_rings_stops_ringing(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="manual")

    asked = people.ask()
    town.until(lambda: town.phones.state(VISITOR)["state"] == "ringing")
    asked.withdraw()
    town.passes(3)

    assert town.phones.state(VISITOR)["state"] == "idle"
    assert (asked.status, asked.results()) == ("withdrawn", ["cancelled"])


def test_a_request_withdrawn_between_two_rings_is_never_rung_again(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="nobody")

    asked = people.ask()
    town.until(lambda: asked.results() == ["no_answer"])
    asked.withdraw()
    for _ in range(3):
        town.sleeps(minutes=31)

    assert asked.status == "withdrawn"


def test_whoever_asks_in_welsh_is_greeted_and_texted_in_welsh(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask(name="Sam", locale="cy", safe_contact=ALLOWED)
    town.until(lambda: asked.results() == ["finished"])

    assert heard(town, VISITOR) == "Helo. Os nad yw’r alwad hon i chi, gwasgwch 9. Un eiliad, os gwelwch yn dda."
    assert "They like to be called Sam." in heard(town, ANA)
    [text] = [each["body"] for each in town.phones.state(VISITOR)["texts"]]
    assert text.startswith("Helo, gofynnoch chi am alwad. Dylai ddod heddiw rhwng 12:")


# -- texts -----------------------------------------------------------------------------------------------------------

ALLOWED = {"sms": "neutral_message"}


def test_whoever_allows_texts_gets_the_promise_and_word_of_a_ring(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR, VISITOR])
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="nobody")

    asked = people.ask(safe_contact=ALLOWED)
    town.until(lambda: asked.results() == ["no_answer"])
    town.passes(5)

    said = [each["body"] for each in town.phones.state(VISITOR)["texts"]]
    assert said[0].startswith("Hello, you asked for a call. It should come today between 12:")
    assert said[1].startswith("Hello, you asked for a call. We rang and will try again")


@pytest.mark.parametrize(
    ("phone", "contact"),
    [(VISITOR, {}), (VISITOR, {"sms": "no"}), (LANDLINE, ALLOWED)],
    ids=["unsaid", "no", "landline"],
)
def test_f25_nobody_else_gets_a_text(town: Town, people: People, phone: str, contact: dict[str, str]) -> None:
    town.expects(ANA, phone)
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(phone, picks_up="nobody")

    asked = people.ask(phone, safe_contact=contact)
    town.until(lambda: asked.results() == ["no_answer"])
    town.passes(5)

    assert asked.status == "retry_due"


def test_f24_whoever_replies_stop_gets_no_more_texts_and_is_still_rung(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[VISITOR])
    people.on("Ana Example", is_available=False)
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="nobody", replies="STOP")

    asked = people.ask(safe_contact=ALLOWED)
    town.until(lambda: "STOP" in " ".join(asked.history()))
    people.team.ready(1)
    town.until(lambda: asked.results() == ["no_answer"])
    town.passes(5)

    with town.app.app_context(), transaction() as session:
        assert queries.contact_in_force(session, asked.row()).sms is MessageRule.NO
    sent = [entry for entry in town.phones.log() if entry["kind"] == "rest" and entry["path"].endswith("Messages.json")]
    assert [entry["status"] for entry in sent] == [201]  # none is sent only to be refused with 21610
    page = Desk(town.app, town.clock).supervisor().get(f"/staff/callbacks/{asked.reference}").text
    assert "The visitor replied STOP: no more texts." in page


# -- the outcome that never comes ------------------------------------------------------------------------------------


def test_f44_an_outcome_that_is_never_given_is_asked_for_and_never_assumed(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR, texts=[ANA])
    people.on("Ana Example")
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, **TALKS)

    asked = people.ask()
    town.until(lambda: asked.results() == ["finished"])
    for _ in range(20):
        town.sleeps(minutes=10)
    late = asked.row()
    asked.record(Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.INFO_GIVEN))

    assert (late.status, late.review_reason, late.case_outcome) == ("needs_review", "outcome_missing", None)
    assert asked.status == "completed"


def test_a_shift_that_ends_in_the_middle_of_a_call_does_not_end_the_call(town: Town, people: People) -> None:
    town.expects(ANA, VISITOR)
    ana = people.team.counsellor("Ana Example")
    people.team.shift(ana, Span(NOON - timedelta(hours=8), NOON + timedelta(minutes=1)))
    with town.app.app_context(), transaction() as session:
        end_offers(session, before=0, by=None, now=NOON)
    town.phones.habit(ANA, **TAKES)
    town.phones.habit(VISITOR, picks_up="person", talks_for_s=70)

    asked = people.ask()
    town.until(lambda: asked.attempts() and asked.attempts()[0].bridged_at)
    town.until(lambda: town.clock() > NOON + timedelta(seconds=65))
    still_on = asked.status
    town.until(lambda: asked.results() == ["finished"])

    [attempt] = asked.attempts()
    assert still_on == "in_call"
    assert attempt.talked_s >= 70
    assert people.presence(ana) == "wrapping_up"


def test_a_counsellor_s_telephone_is_checked_by_a_call_that_rings_nobody_else(town: Town, people: People) -> None:
    town.expects(ANA, ANA)
    ana = people.team.counsellor("Ana Example", is_verified=False)
    people.team.shift(ana, Span(NOON, NOON + timedelta(hours=8)))

    def check() -> None:
        with town.app.app_context(), transaction() as session:
            phone_check.begin_check(session, counsellor_id=ana, by=None, now=town.clock())

    def result() -> str | None:
        with town.app.app_context(), transaction() as session:
            last = rota.last_phone_check(session, counsellor_id=ana)
            return last.result if last else None

    town.phones.habit(ANA, picks_up="voicemail")
    check()
    town.until(lambda: result() == "no_key")
    town.passes(30)
    town.phones.habit(ANA, **TAKES)
    check()
    town.until(lambda: result() == "confirmed")
    town.passes(10)

    assert "This is a check of your telephone. Press 1 to confirm it." in heard(town, ANA)
    assert heard(town, ANA).endswith("Thank you. Your telephone is confirmed. Goodbye.")
    assert people.presence(ana) == "available"  # a check is no offer, so nothing was missed
    with town.app.app_context(), transaction() as session:
        assert [one.counsellor.id for one in rota.counsellors_free(session, moment=town.clock())] == [ana]

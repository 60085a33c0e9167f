"""A callback from the first ring to the last word: who is rung, what they hear, and what the customer is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from werkzeug.wrappers import Response

from tests.simulator.stage import (
    ASHA,
    CONNECTING,
    HELPLINE,
    ROBIN,
    Customer,
    Simulator,
    error_code,
    follow,
    ring,
)

TAKES_IT = {"picks_up": "person", "presses": ["1"]}


def test_a_callback_connects_the_counsellor_who_presses_1_with_the_visitor(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, {"picks_up": "person", "after_s": 4, "talks_for_s": 60})

    sid = ring(twilio, helpline)
    simulator.advance(120)

    done = helpline.at("/done")[0].fields
    assert (done["DialCallStatus"], done["DialCallDuration"], done["DialBridged"]) == ("completed", "64", "true")
    assert done["DialCallSid"] == twilio.calls.list(parent_call_sid=sid)[0].sid
    assert twilio.calls(sid).fetch().status == "completed"
    assert simulator.broken() == set()


def test_each_party_hears_its_own_words(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, {"picks_up": "person", "talks_for_s": 5})

    follow(simulator, twilio, helpline)

    assert simulator.heard(ASHA) == [
        "Helpline. A callback is waiting. Press 1 to take it, 2 to pass it on.",
        "Thank you.",
        "The call is over.",
    ]
    assert simulator.heard(ROBIN) == ["Hello. This is the call you asked for. Connecting you now."]


def test_the_visitor_sees_the_helplines_number(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, TAKES_IT)

    ring(twilio, helpline)
    simulator.advance(15)

    visitor = simulator.phone(ROBIN)
    assert (visitor["state"], visitor["call"]["caller_id"]) == ("ringing", HELPLINE)


@pytest.mark.parametrize("habit", [{"picks_up": "person", "presses": ["2"]}, {"picks_up": "voicemail"}])
def test_nobody_rings_the_visitor_without_a_key_1(
    simulator: Simulator, twilio: Client, helpline: Customer, habit: dict[str, Any]
) -> None:
    simulator.habit(ASHA, habit)

    told = follow(simulator, twilio, helpline)

    assert told == {}
    assert simulator.statuses(ROBIN) == []
    assert simulator.statuses(ASHA)[-1] == "completed"


@pytest.mark.parametrize(
    ("picks_up", "status", "sip"),
    [("busy", "busy", 486), ("nobody", "no-answer", 487), ("unreachable", "failed", 404)],
)
def test_a_visitor_who_cannot_be_reached_ends_as(
    simulator: Simulator, twilio: Client, helpline: Customer, picks_up: str, status: str, sip: int
) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, picks_up)

    told = follow(simulator, twilio, helpline)

    assert (told["DialCallStatus"], told["DialBridged"]) == (status, "false")
    last = [call.fields for call in helpline.at("/status") if call.fields["To"] == ROBIN][-1]
    assert (last["CallStatus"], last["SipResponseCode"], last["CallDuration"]) == (status, str(sip), "0")


def test_a_dialled_number_rings_for_the_dials_timeout(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "nobody")

    follow(simulator, twilio, helpline)

    at = {call["status"]: datetime.fromisoformat(call["at"]) for call in simulator.log("call") if call["to"] == ROBIN}
    assert at["no-answer"] - at["ringing"] == timedelta(seconds=25)


def test_voicemail_counts_as_answered_and_the_counsellor_hears_its_greeting(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, {**TAKES_IT, "talks_for_s": 8})
    simulator.habit(ROBIN, {"picks_up": "voicemail", "greeting": "This is Robin's telephone."})

    ring(twilio, helpline)
    simulator.advance(60)

    assert "This is Robin's telephone. (beep)" in simulator.heard(ASHA)
    assert simulator.statuses(ROBIN)[-1] == "completed"


def test_a_counsellor_who_hangs_up_stops_the_visitors_telephone_ringing(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, {**TAKES_IT, "hangs_up_after_s": 5})
    simulator.habit(ROBIN, "nobody")

    told = follow(simulator, twilio, helpline)

    assert told == {}
    assert simulator.statuses(ROBIN)[-2:] == ["ringing", "canceled"]
    assert simulator.phone(ROBIN)["state"] == "idle"


def test_a_counsellor_who_hangs_up_during_the_talk_ends_the_visitors_call(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, {**TAKES_IT, "talks_for_s": 30})
    simulator.habit(ROBIN, "person")

    told = follow(simulator, twilio, helpline)

    assert told == {}
    assert simulator.statuses(ROBIN)[-1] == "completed"


def test_star_lets_the_counsellor_drop_the_visitor_and_go_on(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "person")
    ring(twilio, helpline)
    simulator.advance(20)

    simulator.post(f"/phones/{ASHA}/press", {"keys": "*"})
    simulator.advance(10)

    assert helpline.fields("/done", "DialCallStatus") == ["completed"]
    assert simulator.heard(ASHA)[-1] == "The call is over."


def test_star_stops_the_ringing_too(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "nobody")
    ring(twilio, helpline)
    simulator.advance(10)

    simulator.post(f"/phones/{ASHA}/press", {"keys": "5*"})
    simulator.advance(10)

    assert helpline.fields("/done", "DialCallStatus") == ["canceled"]


def test_a_dials_time_limit_ends_the_talk(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/accept", CONNECTING.replace('timeLimit="5400"', 'timeLimit="30"'))
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "person")

    told = follow(simulator, twilio, helpline)

    assert (told["DialCallStatus"], told["DialCallDuration"]) == ("completed", "34")


def test_a_visitor_may_be_asked_for_a_key_before_being_connected(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/hello", '<Gather numDigits="1" action="/yes" timeout="6"><Say>Press 1.</Say></Gather><Hangup/>')
    helpline.says("/yes", "")
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, {"picks_up": "person", "presses": ["1"], "talks_for_s": 5})

    told = follow(simulator, twilio, helpline)

    assert (told["DialBridged"], helpline.fields("/yes", "Digits")) == ("true", ["1"])
    assert simulator.broken() == set()


def test_voicemail_that_is_asked_for_a_key_is_never_connected(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/hello", '<Gather numDigits="1" action="/yes" timeout="6"><Say>Press 1.</Say></Gather><Hangup/>')
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "voicemail")

    told = follow(simulator, twilio, helpline)

    assert (told["DialCallStatus"], told["DialBridged"]) == ("completed", "false")
    assert simulator.log("bridged") == []


def test_a_dial_cannot_stand_in_what_the_callee_hears(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/hello", f"<Dial>{HELPLINE}</Dial>")
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "person")

    told = follow(simulator, twilio, helpline)

    assert told["DialBridged"] == "false"
    assert "application error" in simulator.heard(ROBIN)[-1]


def test_numbers_in_one_dial_ring_together_and_the_first_to_answer_wins(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    late = "+447700900003"
    helpline.says("/accept", f'<Dial action="/done"><Number>{ROBIN}</Number><Number>{late}</Number></Dial>')
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, {"picks_up": "person", "after_s": 3, "talks_for_s": 10})
    simulator.habit(late, {"picks_up": "person", "after_s": 9})

    told = follow(simulator, twilio, helpline)

    assert told["DialCallStatus"] == "completed"
    assert (simulator.statuses(ROBIN)[-1], simulator.statuses(late)[-1]) == ("completed", "canceled")


def test_numbers_dialled_in_sequence_ring_one_after_the_other(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    second = "+447700900003"
    numbers = f"<Number>{ROBIN}</Number><Number>{second}</Number>"
    helpline.says("/accept", f'<Dial sequential="true" timeout="10" action="/done">{numbers}</Dial>')
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "nobody")
    simulator.habit(second, {"picks_up": "person", "talks_for_s": 10})

    told = follow(simulator, twilio, helpline)

    assert told["DialBridged"] == "true"
    assert simulator.statuses(ROBIN)[-1] == "no-answer"


def test_a_callee_already_in_a_call_is_busy(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ROBIN, "person")
    twilio.calls.create(to=ROBIN, from_=HELPLINE, url=helpline.says("/long", '<Pause length="300"/>'))
    simulator.advance(10)
    simulator.habit(ASHA, TAKES_IT)

    told = follow(simulator, twilio, helpline)

    assert told["DialCallStatus"] == "busy"
    assert simulator.broken() == {"I2"}


def test_a_dialled_number_that_is_none_fails_without_ringing_anybody(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/accept", '<Dial action="/done"><Number>07700900002</Number></Dial>')
    simulator.habit(ASHA, TAKES_IT)

    told = follow(simulator, twilio, helpline)

    assert told["DialCallStatus"] == "failed"
    assert [entry["code"] for entry in simulator.log("dial refused")] == [13223]


def test_new_instructions_take_a_call_out_of_its_talk(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    simulator.habit(ASHA, TAKES_IT)
    simulator.habit(ROBIN, "person")
    sid = ring(twilio, helpline)
    simulator.advance(30)

    twilio.calls(sid).update(url=helpline.says("/instead", "<Say>Something else.</Say>"))
    simulator.advance(30)

    assert simulator.heard(ASHA)[-1] == "Something else."
    assert simulator.statuses(ROBIN)[-1] == "completed"


def test_two_calls_in_a_conference_hear_each_other_until_the_one_who_ends_it_leaves(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    room = '<Dial action="/left"><Conference endConferenceOnExit="{}" statusCallback="/room"'
    room += ' statusCallbackEvent="start end join leave" participantLabel="{}">talk-1</Conference></Dial>'
    customer.says("/asha", room.format("true", "counsellor"))
    customer.says("/robin", room.format("false", "visitor"))
    customer.says("/left", "<Say>Goodbye.</Say>")
    simulator.habit(ASHA, {"picks_up": "person", "talks_for_s": 20})
    simulator.habit(ROBIN, {"picks_up": "person", "after_s": 5})
    twilio.calls.create(to=ASHA, from_=HELPLINE, url=customer.url("/asha"))
    twilio.calls.create(to=ROBIN, from_=HELPLINE, url=customer.url("/robin"))

    simulator.advance(10)
    talking = twilio.conferences.list(friendly_name="talk-1")[0]
    labels = {participant.label for participant in twilio.conferences(talking.sid).participants.list()}
    simulator.post(f"/phones/{ASHA}/say", {"words": "Hello Robin."})
    simulator.advance(60)

    assert (talking.status, labels) == ("in-progress", {"counsellor", "visitor"})
    assert simulator.heard(ROBIN) == ["Hello Robin.", "Goodbye."]
    assert customer.fields("/room", "StatusCallbackEvent") == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-leave",
        "conference-end",
        "participant-leave",
    ]
    assert twilio.conferences(talking.sid).fetch().reason_conference_ended.startswith("participant-with-end")
    assert twilio.conferences(talking.sid).participants.list() == []


def in_a_room(simulator: Simulator, twilio: Client, customer: Customer) -> tuple[str, str, str]:
    """Asha and Robin are rung for a conference and talk; its sid, and those of their calls."""
    for number in (ASHA, ROBIN):
        simulator.habit(number, "person")
    more: dict[str, Any] = {
        "conference_status_callback": customer.url("/room"),
        "conference_status_callback_event": ["start", "end", "join", "leave", "mute", "hold"],
        "end_conference_on_exit": True,
    }
    asha = twilio.conferences("talk-1").participants.create(from_=HELPLINE, to=ASHA, label="counsellor", **more)
    robin = twilio.conferences(asha.conference_sid).participants.create(from_=HELPLINE, to=ROBIN)
    simulator.advance(10)
    return asha.conference_sid, asha.call_sid, robin.call_sid


def test_whoever_is_rung_for_a_conference_joins_it_when_they_answer(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    room, _, robin = in_a_room(simulator, twilio, customer)

    simulator.post(f"/phones/{ASHA}/say", {"words": "Hello Robin."})

    assert simulator.heard(ROBIN) == ["Hello Robin."]
    assert twilio.conferences(room).fetch().status == "in-progress"
    assert twilio.conferences(room).participants(robin).fetch().status == "connected"


def test_whoever_is_muted_is_not_heard_and_whoever_is_on_hold_hears_music(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    room, _, robin = in_a_room(simulator, twilio, customer)
    participants = twilio.conferences(room).participants

    participants(robin).update(muted=True)
    simulator.post(f"/phones/{ROBIN}/say", {"words": "Can you hear me?"})
    participants(robin).update(muted=False, hold=True)
    simulator.post(f"/phones/{ASHA}/say", {"words": "Are you there?"})
    held = twilio.conferences(room).participants.list(hold=True)
    participants("counsellor").update(hold=False)
    participants(robin).update(hold=False)
    simulator.post(f"/phones/{ROBIN}/say", {"words": "Now I am."})
    simulator.advance(1)  # until every report has arrived

    assert (simulator.heard(ASHA), simulator.heard(ROBIN)) == (["Now I am."], [])
    assert [one.call_sid for one in held] == [robin]
    assert customer.fields("/room", "StatusCallbackEvent")[-4:] == [
        "participant-mute",
        "participant-unmute",
        "participant-hold",
        "participant-unhold",
    ]


def test_whoever_is_sent_away_leaves_and_the_conference_ends_as_it_was_told_to(
    simulator: Simulator, twilio: Client, customer: Customer
) -> None:
    room, asha, _ = in_a_room(simulator, twilio, customer)

    assert twilio.conferences(room).participants(asha).delete()
    simulator.advance(5)

    ended = twilio.conferences(room).fetch()
    assert ended.reason_conference_ended == "participant-with-end-conference-on-exit-kicked"
    assert (simulator.statuses(ASHA)[-1], simulator.statuses(ROBIN)[-1]) == ("completed", "completed")


def test_a_conference_for_which_nobody_answers_ends(simulator: Simulator, twilio: Client) -> None:
    simulator.habit(ASHA, "busy")

    rung = twilio.conferences("talk-3").participants.create(from_=HELPLINE, to=ASHA)
    simulator.advance(5)

    assert twilio.conferences(rung.conference_sid).fetch().status == "completed"
    with pytest.raises(TwilioRestException) as problem:
        twilio.conferences(rung.conference_sid).participants.create(from_=HELPLINE, to=ASHA)
    assert error_code(problem) == (404, 20404)


def test_a_conference_cannot_be_recorded_unseen(simulator: Simulator, twilio: Client) -> None:
    twilio.conferences("talk-4").participants.create(from_=HELPLINE, to=ASHA, conference_record="true")

    assert "I5" in simulator.broken()


def test_a_customer_without_instructions_is_an_application_error(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/answer", Response("broken", status=500))
    simulator.habit(ASHA, "person")

    sid = ring(twilio, helpline)
    simulator.advance(30)

    assert simulator.heard(ASHA) == ["We are sorry, an application error has occurred. Goodbye."]
    assert twilio.calls(sid).fetch().status == "completed"


def test_a_fallback_address_takes_over_and_learns_why(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/answer", Response("<Response><Say>Unclosed</Response>", content_type="text/xml"))
    helpline.says("/fallback", "<Say>We are sorry. We will ring again.</Say>")
    simulator.habit(ASHA, "person")

    ring(twilio, helpline, fallback_url=helpline.url("/fallback"))
    simulator.advance(30)

    assert simulator.heard(ASHA) == ["We are sorry. We will ring again."]
    assert helpline.fields("/fallback", "ErrorCode") == ["12100"]
    assert helpline.fields("/fallback", "ErrorUrl") == [helpline.url("/answer?at=a1")]


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Response("<Response/>", content_type="application/json"), 12300),
        (Response("<Html/>", content_type="text/xml"), 12200),
        ("<Enqueue>a</Enqueue>", 12200),
        ('<Gather timeout="soon"/>', 12200),
        (Response("<!DOCTYPE a><Response/>", content_type="text/xml"), 12100),
        (Response("<Response>" + " " * 70_000 + "</Response>", content_type="text/xml"), 11750),
        (Response(status=302, headers={"Location": "/elsewhere"}), 11200),
    ],
)
def test_instructions_that_twilio_would_refuse_are_refused(
    simulator: Simulator, twilio: Client, helpline: Customer, page: str | Response, code: int
) -> None:
    helpline.says("/answer", page)
    simulator.habit(ASHA, "person")

    ring(twilio, helpline)
    simulator.advance(30)

    assert [problem["code"] for problem in simulator.log("twiml problem")] == [code]


def test_instructions_that_run_in_a_circle_end(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/answer", "<Redirect>/answer</Redirect>")
    simulator.habit(ASHA, "person")

    sid = ring(twilio, helpline)
    simulator.advance(30)

    assert twilio.calls(sid).fetch().status == "completed"
    assert simulator.log("application error")[0]["why"] == "the instructions run in a circle"


def test_a_call_that_exceeds_its_time_limit_is_ended(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    helpline.says("/answer", '<Pause length="3600"/>')
    simulator.habit(ASHA, {"picks_up": "person", "after_s": 1})

    sid = ring(twilio, helpline, time_limit=90)
    simulator.advance(200)

    assert (twilio.calls(sid).fetch().status, twilio.calls(sid).fetch().duration) == ("completed", "90")


def test_a_habit_list_serves_successive_calls_and_the_last_one_stays(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, ["nobody", {"picks_up": "busy"}])
    endings = []

    for _ in range(3):
        sid = ring(twilio, helpline)
        simulator.advance(60)
        endings.append(twilio.calls(sid).fetch().status)

    assert endings == ["no-answer", "busy", "busy"]

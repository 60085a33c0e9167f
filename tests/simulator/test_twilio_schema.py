"""Twilio's own OpenAPI file judges our answers, where it is at hand."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from requests import Response
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, ring
from tests.twilio_files import OPENAPI

pytestmark = pytest.mark.skipif(OPENAPI is None, reason="Twilio's OpenAPI file is not at hand: set TWILIO_OPENAPI")


@pytest.fixture(scope="module")
def judge() -> OpenAPI:
    assert OPENAPI is not None
    return OpenAPI.from_dict(yaml.safe_load(OPENAPI.read_text(encoding="utf-8")))


def judged(judge: OpenAPI, simulator: Simulator, answer: Response) -> Any:
    """Have a request and its answer judged as if Twilio itself had been asked."""
    asked = answer.request
    assert asked.url is not None
    asked.url = asked.url.replace(simulator.address, "https://api.twilio.com")
    request = RequestsOpenAPIRequest(asked)
    judge.validate_request(request)
    judge.validate_response(request, RequestsOpenAPIResponse(answer))
    return answer.json()


@pytest.mark.parametrize("seconds", [0, 1, 20, 200])
def test_calls_have_twilios_shape_at_every_stage(
    simulator: Simulator, helpline: Customer, judge: OpenAPI, seconds: float
) -> None:
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    simulator.habit(ROBIN, {"picks_up": "person", "talks_for_s": 30})
    order = {"To": ASHA, "From": HELPLINE, "Url": helpline.url("/answer")}

    call = judged(judge, simulator, simulator.rest("POST", "/Calls.json", data=order))
    simulator.advance(seconds)

    fetched = judged(judge, simulator, simulator.rest("GET", f"/Calls/{call['sid']}.json"))
    listed = judged(judge, simulator, simulator.rest("GET", "/Calls.json", params={"PageSize": 1}))
    assert (fetched["sid"], len(listed["calls"])) == (call["sid"], 1)


@pytest.mark.parametrize("sender", [{"From": HELPLINE}, {"MessagingServiceSid": "MG" + "0" * 32}])
def test_messages_have_twilios_shape(simulator: Simulator, judge: OpenAPI, sender: dict[str, str]) -> None:
    order = {"To": ROBIN, "Body": "Hello", **sender}

    text = judged(judge, simulator, simulator.rest("POST", "/Messages.json", data=order))
    simulator.advance(5)

    fetched = judged(judge, simulator, simulator.rest("GET", f"/Messages/{text['sid']}.json"))
    listed = judged(judge, simulator, simulator.rest("GET", "/Messages.json"))
    assert (fetched["status"], len(listed["messages"])) == ("delivered", 1)


def test_conferences_have_twilios_shape(
    simulator: Simulator, twilio: Client, helpline: Customer, judge: OpenAPI
) -> None:
    helpline.says("/answer", "<Dial><Conference>talk-1</Conference></Dial>")
    simulator.habit(ASHA, "person")
    ring(twilio, helpline)
    simulator.advance(10)

    listed = judged(judge, simulator, simulator.rest("GET", "/Conferences.json"))
    sid = listed["conferences"][0]["sid"]
    participants = judged(judge, simulator, simulator.rest("GET", f"/Conferences/{sid}/Participants.json"))
    ended = judged(judge, simulator, simulator.rest("POST", f"/Conferences/{sid}.json", data={"Status": "completed"}))

    assert len(participants["participants"]) == 1
    assert ended["reason_conference_ended"] == "conference-ended-via-api"


def test_participants_have_twilios_shape_from_the_first_ring_to_the_last_word(
    simulator: Simulator, judge: OpenAPI
) -> None:
    simulator.habit(ASHA, "person")
    simulator.habit(ROBIN, "manual")
    order = {"From": HELPLINE, "To": ASHA, "Label": "counsellor", "StatusCallbackEvent": ["ringing", "completed"]}

    first = judged(judge, simulator, simulator.rest("POST", "/Conferences/talk-2/Participants.json", data=order))
    room = f"/Conferences/{first['conference_sid']}"
    simulator.advance(10)
    second = judged(
        judge,
        simulator,
        simulator.rest("POST", f"{room}/Participants.json", data={"From": HELPLINE, "To": ROBIN, "Muted": "true"}),
    )
    simulator.advance(2)
    listed = judged(judge, simulator, simulator.rest("GET", f"{room}/Participants.json"))
    change = {"Muted": "true", "Hold": "true"}
    held = judged(judge, simulator, simulator.rest("POST", f"{room}/Participants/counsellor.json", data=change))
    gone = simulator.rest("DELETE", f"{room}/Participants/{second['call_sid']}.json")

    assert [one["status"] for one in listed["participants"]] == ["ringing", "connected"]
    assert (first["status"], held["muted"], held["hold"], gone.status_code) == ("queued", True, True, 204)

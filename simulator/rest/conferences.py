"""Conferences over REST: looked at, listed and ended; who is in them is rung, muted, held and sent away."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from aiohttp import web

from simulator.calls import CallStatus, Order, Source
from simulator.conferences import Conference, ConferenceStatus, Participant
from simulator.keys import SIMULATION
from simulator.rest import forms
from simulator.rest.calls import CREATE_FIELDS as CALL_FIELDS
from simulator.rest.calls import MAX_TIME_LIMIT_S, MAX_TIMEOUT_S, check_numbers, note_recording
from simulator.rest.errors import bad_request, not_found
from simulator.rest.paging import check_filters, envelope, passes_dates
from simulator.rest.resources import conference_as_json, participant_as_json
from simulator.simulation import Simulation
from simulator.twiml import Dial, Room, parse

UPDATE_FIELDS: dict[str, forms.Check] = {
    "Status": forms.one_of("completed"),
    "AnnounceUrl": forms.url,
    "AnnounceMethod": forms.method,
}
CONFERENCE_EVENTS = ("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
_OF_THE_CALL = (
    "From To StatusCallback StatusCallbackMethod StatusCallbackEvent Timeout Record RecordingChannels"
    " RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent RecordingTrack Trim"
    " SipAuthUsername SipAuthPassword Byoc CallerId CallReason CallToken TimeLimit ClientNotificationUrl"
    " MachineDetection MachineDetectionTimeout MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold"
    " MachineDetectionSilenceTimeout"
)
PARTICIPANT_FIELDS: dict[str, forms.Check] = {
    **{name: CALL_FIELDS[name] for name in _OF_THE_CALL.split()},
    "Label": forms.text,
    "Muted": forms.boolean,
    "Beep": forms.one_of("true", "false", "onEnter", "onExit"),
    "StartConferenceOnEnter": forms.boolean,
    "EndConferenceOnExit": forms.boolean,
    "WaitUrl": forms.url,
    "WaitMethod": forms.method,
    "EarlyMedia": forms.boolean,
    "MaxParticipants": forms.whole,
    "ConferenceRecord": forms.text,
    "ConferenceTrim": forms.text,
    "ConferenceStatusCallback": forms.callback_url,
    "ConferenceStatusCallbackMethod": forms.method,
    "ConferenceStatusCallbackEvent": forms.one_of(*CONFERENCE_EVENTS),
    "ConferenceRecordingStatusCallback": forms.callback_url,
    "ConferenceRecordingStatusCallbackMethod": forms.method,
    "ConferenceRecordingStatusCallbackEvent": forms.text,
    "Region": forms.text,
    "Coaching": forms.boolean,
    "CallSidToCoach": forms.sid("CA"),
    "JitterBufferSize": forms.text,
    "AmdStatusCallback": forms.callback_url,
    "AmdStatusCallbackMethod": forms.method,
    "CallerDisplayName": forms.text,
}
REPEATED = frozenset(
    {
        "StatusCallbackEvent",
        "RecordingStatusCallbackEvent",
        "ConferenceStatusCallbackEvent",
        "ConferenceRecordingStatusCallbackEvent",
    }
)
PARTICIPANT_UPDATE_FIELDS: dict[str, forms.Check] = {
    "Muted": forms.boolean,
    "Hold": forms.boolean,
    "HoldUrl": forms.url,
    "HoldMethod": forms.method,
    "AnnounceUrl": forms.url,
    "AnnounceMethod": forms.method,
    "WaitUrl": forms.url,
    "WaitMethod": forms.method,
    "BeepOnExit": forms.boolean,
    "EndConferenceOnExit": forms.boolean,
    "Coaching": forms.boolean,
    "CallSidToCoach": forms.sid("CA"),
}
_AS_TWIML = {
    "Label": "participantLabel",
    "Muted": "muted",
    "Beep": "beep",
    "StartConferenceOnEnter": "startConferenceOnEnter",
    "EndConferenceOnExit": "endConferenceOnExit",
    "WaitUrl": "waitUrl",
    "WaitMethod": "waitMethod",
    "MaxParticipants": "maxParticipants",
    "ConferenceStatusCallback": "statusCallback",
    "ConferenceStatusCallbackMethod": "statusCallbackMethod",
    "CallSidToCoach": "coach",
}
_SID = re.compile(r"^CF[0-9a-fA-F]{32}$")
LIST_FILTERS = frozenset(
    {"FriendlyName", "Status"} | {f"{name}{mark}" for name in ("DateCreated", "DateUpdated") for mark in ("", "<", ">")}
)


async def fetch(request: web.Request) -> web.Response:
    return web.json_response(conference_as_json(_conference(request)))


async def list_all(request: web.Request) -> web.Response:
    check_filters(request, LIST_FILTERS)
    query = request.query
    found = [
        conference
        for conference in reversed(request.app[SIMULATION].network.conferences.by_sid.values())
        if query.get("FriendlyName") in (None, "", conference.name)
        and query.get("Status") in (None, "", conference.status.value)
        and passes_dates(query, "DateCreated", conference.created_at)
        and passes_dates(query, "DateUpdated", conference.updated_at)
    ]
    return envelope(request, "conferences", found, conference_as_json)


async def update(request: web.Request) -> web.Response:
    conference = _conference(request)
    form = await forms.read(request, UPDATE_FIELDS)
    conferences = request.app[SIMULATION].network.conferences
    if address := form.get("AnnounceUrl"):
        conferences.announce(conference.participants, address)
    if form.get("Status"):
        conferences.close(conference, because="conference-ended-via-api")
    return web.json_response(conference_as_json(conference))


async def list_participants(request: web.Request) -> web.Response:
    """Who is in the room now, or being rung for it; a completed conference lists nobody."""
    conference = _conference(request)
    check_filters(request, frozenset({"Muted", "Hold", "Coaching"}))
    query = request.query
    present = [
        one
        for one in reversed([*conference.participants, *conference.invited])
        if _is(query.get("Muted"), one.is_muted)
        and _is(query.get("Hold"), one.is_held)
        and _is(query.get("Coaching"), one.coaches is not None)
    ]
    return envelope(request, "participants", present, lambda one: participant_as_json(conference, one))


def _is(wanted: str | None, value: bool) -> bool:
    return wanted in (None, "") or (wanted == "true") is value


async def fetch_participant(request: web.Request) -> web.Response:
    conference = _conference(request)
    return web.json_response(participant_as_json(conference, _participant(request, conference)))


async def create_participant(request: web.Request) -> web.Response:
    """Ring somebody for a conference, named by its sid or, if it may be a new one, by its name."""
    simulation = request.app[SIMULATION]
    wanted = request.match_info["sid"]
    is_sid = _SID.match(wanted) is not None
    found = simulation.network.conferences.by_sid.get(wanted) if is_sid else None
    if is_sid and (found is None or found.status is ConferenceStatus.COMPLETED):
        raise not_found(request.path)
    form = await forms.read(request, PARTICIPANT_FIELDS, repeated=REPEATED)
    check_numbers(simulation, form)
    if form.is_true("Coaching") and form.get("CallSidToCoach") is None:
        raise bad_request(forms.INVALID_PARAMETER, "Coaching needs a CallSidToCoach")
    conference, participant = _ring(simulation, form, name=found.name if found else wanted)
    return web.json_response(participant_as_json(conference, participant), status=201)


def _ring(simulation: Simulation, form: forms.Form, *, name: str) -> tuple[Conference, Participant]:
    twiml = _instructions(form, name)
    network, room = simulation.network, _room(twiml)
    conference = network.conferences.open(room, "", account_sid=simulation.settings.account_sid)
    order = Order(
        to=form.get("To") or "",
        sender=form.get("From") or "",
        source=Source(inline=twiml),
        subscription=form.subscription(
            "StatusCallback", events=frozenset(form.all("StatusCallbackEvent")) or frozenset({"completed"})
        ),
        timeout_s=form.seconds("Timeout", 60.0, most=MAX_TIMEOUT_S),
        time_limit_s=form.seconds("TimeLimit", 14_400.0, most=MAX_TIME_LIMIT_S),
    )
    call = network.place(order)
    note_recording(simulation, form, call)
    return conference, network.conferences.invite(conference, call, room)


def _instructions(form: forms.Form, name: str) -> str:
    """What whoever was rung does when they answer, as if they had been called with it."""
    response = Element("Response")
    given = {attribute: form.get(field) for field, attribute in _AS_TWIML.items()}
    given["statusCallbackEvent"] = " ".join(form.all("ConferenceStatusCallbackEvent"))
    attributes = {attribute: value for attribute, value in given.items() if value}
    SubElement(SubElement(response, "Dial"), "Conference", attributes).text = name
    return tostring(response, encoding="unicode")


def _room(twiml: str) -> Room:
    rooms = [verb.room for verb in parse(twiml).verbs if isinstance(verb, Dial) and verb.room is not None]
    return rooms[0]


async def update_participant(request: web.Request) -> web.Response:
    """Mute or hold somebody, play something to them, or say whom they coach."""
    conference = _conference(request)
    participant = _participant(request, conference)
    form = await forms.read(request, PARTICIPANT_UPDATE_FIELDS)
    conferences = request.app[SIMULATION].network.conferences
    if address := form.get("AnnounceUrl"):
        conferences.announce([participant], address)
    coaches = form.get("CallSidToCoach")
    if form.get("Coaching") and not form.is_true("Coaching"):
        coaches = ""
    conferences.change(
        conference,
        participant,
        muted=_flag(form, "Muted"),
        held=_flag(form, "Hold"),
        ends_on_exit=_flag(form, "EndConferenceOnExit"),
        coaches=coaches,
    )
    return web.json_response(participant_as_json(conference, participant))


def _flag(form: forms.Form, name: str) -> bool | None:
    return form.is_true(name) if form.get(name) else None


async def delete_participant(request: web.Request) -> web.Response:
    """Send somebody out of the room; their call goes on with whatever follows in its instructions."""
    conference = _conference(request)
    participant = _participant(request, conference)
    if not participant.is_here:
        request.app[SIMULATION].network.end(participant.call, CallStatus.CANCELED)
    participant.sent_away.set()
    return web.Response(status=204)


def _participant(request: web.Request, conference: Conference) -> Participant:
    """Whoever is meant by the call's sid or the label."""
    wanted = request.match_info["call_sid"]
    for one in (*conference.participants, *conference.invited):
        if wanted in (one.call.sid, one.room.label):
            return one
    raise not_found(request.path)


def _conference(request: web.Request) -> Conference:
    conference = request.app[SIMULATION].network.conferences.by_sid.get(request.match_info["sid"])
    if conference is None:
        raise not_found(request.path)
    return conference

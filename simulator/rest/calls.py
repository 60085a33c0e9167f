"""Calls over REST: made, looked at, listed, ended, redirected and deleted."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from simulator.calls import Call, CallStatus, Detection, Order, Source
from simulator.dialplan import MAGIC_CALL_FAULTS, MAGIC_SENDER, MAGIC_SENDER_FAULTS, is_e164, is_within
from simulator.keys import SIMULATION
from simulator.rest import forms
from simulator.rest.errors import bad_request, not_found
from simulator.rest.paging import check_filters, envelope, passes_dates
from simulator.rest.resources import call_as_json, shown_status
from simulator.simulation import Simulation
from simulator.twiml import BadDocument, parse

CALL_EVENTS = ("initiated", "ringing", "answered", "completed")
MAX_TIMEOUT_S = 600.0
MAX_TIME_LIMIT_S = 86_400.0
LIVE = ("queued", "ringing", "in-progress")
INVALID_CALL_STATE = 21220

CREATE_FIELDS: dict[str, forms.Check] = {
    "To": forms.text,
    "From": forms.text,
    "Url": forms.url,
    "Twiml": forms.text,
    "Method": forms.method,
    "FallbackUrl": forms.url,
    "FallbackMethod": forms.method,
    "StatusCallback": forms.callback_url,
    "StatusCallbackEvent": forms.one_of(*CALL_EVENTS),
    "StatusCallbackMethod": forms.method,
    "SendDigits": forms.text,
    "Timeout": forms.whole,
    "TimeLimit": forms.whole,
    "Record": forms.boolean,
    "RecordingChannels": forms.text,
    "RecordingStatusCallback": forms.callback_url,
    "RecordingStatusCallbackMethod": forms.method,
    "RecordingStatusCallbackEvent": forms.text,
    "RecordingTrack": forms.text,
    "Trim": forms.text,
    "SipAuthUsername": forms.text,
    "SipAuthPassword": forms.text,
    "CallerId": forms.text,
    "CallReason": forms.text,
    "CallToken": forms.text,
    "Byoc": forms.sid("BY"),
    "ClientNotificationUrl": forms.url,
    "MachineDetection": forms.one_of("Enable", "DetectMessageEnd"),
    "MachineDetectionTimeout": forms.whole,
    "MachineDetectionSpeechThreshold": forms.whole,
    "MachineDetectionSpeechEndThreshold": forms.whole,
    "MachineDetectionSilenceTimeout": forms.whole,
    "AsyncAmd": forms.one_of("true", "false"),
    "AsyncAmdStatusCallback": forms.callback_url,
    "AsyncAmdStatusCallbackMethod": forms.method,
}
REPEATED = frozenset({"StatusCallbackEvent", "RecordingStatusCallbackEvent"})
UPDATE_FIELDS: dict[str, forms.Check] = {
    "Status": forms.one_of("canceled", "completed"),
    "Url": forms.url,
    "Twiml": forms.text,
    "Method": forms.method,
    "FallbackUrl": forms.url,
    "FallbackMethod": forms.method,
    "StatusCallback": forms.callback_url,
    "StatusCallbackMethod": forms.method,
    "TimeLimit": forms.whole,
}
LIST_FILTERS = frozenset(
    {"To", "From", "Status", "ParentCallSid"}
    | {f"{name}{mark}" for name in ("StartTime", "EndTime") for mark in ("", "<", ">")}
)


async def create(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    form = await forms.read(request, CREATE_FIELDS, repeated=REPEATED)
    check_numbers(simulation, form)
    source = _source(form)
    if source is None:
        raise bad_request(forms.INVALID_URL, "Url parameter is required.")
    call = simulation.network.place(_order(form, source))
    note_recording(simulation, form, call)
    answer = call_as_json(call)
    if simulation.faults.network.callback_before_answer:
        await simulation.network.first_report(call)
    return web.json_response(answer, status=201)


async def fetch(request: web.Request) -> web.Response:
    return web.json_response(call_as_json(_call(request)))


async def list_all(request: web.Request) -> web.Response:
    """Newest first; a list may lag behind (fault ``list_lag_s``)."""
    simulation = request.app[SIMULATION]
    check_filters(request, LIST_FILTERS)
    query = request.query
    visible_until = simulation.clock.now() - simulation.faults.rest.list_lag_s
    network = simulation.network
    candidates = network.open if query.get("Status") in LIVE else network.calls
    found = (
        call
        for call in reversed(candidates.values())
        if call.created_at <= visible_until
        and query.get("To") in (None, "", call.to)
        and query.get("From") in (None, "", call.sender)
        and query.get("Status") in (None, "", shown_status(call))
        and query.get("ParentCallSid") in (None, "", call.parent.sid if call.parent else None)
        and passes_dates(query, "StartTime", call.dialled_at)
        and passes_dates(query, "EndTime", call.ended_at)
    )
    return envelope(request, "calls", found, call_as_json)


async def update(request: web.Request) -> web.Response:
    """End a call (``canceled`` before the answer, ``completed`` at any time) or give it new instructions."""
    simulation = request.app[SIMULATION]
    call = _call(request)
    form = await forms.read(request, UPDATE_FIELDS)
    status, source = form.get("Status"), _source(form)
    if not call.is_live:
        raise bad_request(INVALID_CALL_STATE, "Call is not in-progress. Cannot redirect.")
    if status == "canceled" and call.status is CallStatus.IN_PROGRESS:
        raise bad_request(INVALID_CALL_STATE, "Invalid call state: an answered call cannot be canceled.")
    if source is not None and status is None and call.status is not CallStatus.IN_PROGRESS:
        raise bad_request(INVALID_CALL_STATE, "Call is not in-progress. Cannot redirect.")
    if callback := form.subscription("StatusCallback", events=frozenset({"completed"})):
        call.subscription = callback
    if fallback := form.get("FallbackUrl"):
        call.fallback = Source(url=fallback, method=form.method("FallbackMethod"))
    if form.get("TimeLimit"):
        simulation.network.limit(call, form.seconds("TimeLimit", 0.0, most=MAX_TIME_LIMIT_S))
    if status is not None:
        simulation.network.end(call, CallStatus.CANCELED)
    elif source is not None:
        simulation.network.redirect(call, source)
    return web.json_response(call_as_json(call))


async def delete(request: web.Request) -> web.Response:
    call = _call(request)
    if call.is_live:
        raise bad_request(20409, "A call that is not over cannot be deleted.")
    request.app[SIMULATION].network.forget(call)
    return web.Response(status=204)


def note_recording(simulation: Simulation, form: forms.Form, call: Call) -> None:
    """Nothing is ever recorded here; who asks for it is to be known."""
    asked = (form.get("RecordingStatusCallback"), form.get("ConferenceRecordingStatusCallback"))
    if form.is_true("Record") or any(asked) or form.get("ConferenceRecord") not in (None, "false", "do-not-record"):
        simulation.trace.note("recording asked", call=call.sid, how="asked with the call")


def _call(request: web.Request) -> Call:
    call = request.app[SIMULATION].network.calls.get(request.match_info["sid"])
    if call is None:
        raise not_found(request.path)
    return call


def check_numbers(simulation: Simulation, form: forms.Form) -> None:
    to, sender = form.get("To"), form.get("From")
    if to is None:
        raise bad_request(21201, "No 'To' number is specified")
    if sender is None:
        raise bad_request(21213, "'From' phone number missing: a 'From' number is required")
    if to in MAGIC_CALL_FAULTS:
        raise bad_request(*MAGIC_CALL_FAULTS[to])
    if not is_e164(to):
        raise bad_request(21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if sender in MAGIC_SENDER_FAULTS or not is_e164(sender):
        raise bad_request(21212, f"The phone number {sender} provided as 'From' is not valid.")
    if sender != MAGIC_SENDER and not simulation.network.may_show(sender):
        raise bad_request(21210, f"The source phone number provided, {sender}, is not yet verified for your account.")
    if sender != MAGIC_SENDER and not is_within(to, simulation.settings.countries):
        raise bad_request(
            21215, f"Account not authorized to call {to}. Perhaps you need to enable some geo permissions."
        )


def _source(form: forms.Form) -> Source | None:
    twiml, address = form.get("Twiml"), form.get("Url")
    if address is not None:
        if not urlsplit(address).netloc:
            raise bad_request(forms.INVALID_URL, f"Url is not a valid URL: {address}")
        return Source(url=address, method=form.method("Method"))
    if twiml is None:
        return None
    try:
        parse(twiml)
    except BadDocument as problem:
        raise bad_request(problem.code, f"Invalid Twiml: {problem}") from None
    return Source(inline=twiml)


def _order(form: forms.Form, source: Source) -> Order:
    events = frozenset(form.all("StatusCallbackEvent")) or frozenset({"completed"})
    fallback = form.get("FallbackUrl")
    return Order(
        to=form.get("To") or "",
        sender=form.get("From") or "",
        source=source,
        fallback=Source(url=fallback, method=form.method("FallbackMethod")) if fallback else None,
        subscription=form.subscription("StatusCallback", events=events),
        timeout_s=form.seconds("Timeout", 60.0, most=MAX_TIMEOUT_S),
        time_limit_s=form.seconds("TimeLimit", 14_400.0, most=MAX_TIME_LIMIT_S),
        detection=_detection(form),
    )


def _detection(form: forms.Form) -> Detection | None:
    if form.get("MachineDetection") is None:
        return None
    return Detection(
        is_asynchronous=form.is_true("AsyncAmd"),
        callback=form.subscription("AsyncAmdStatusCallback", events=frozenset()),
    )

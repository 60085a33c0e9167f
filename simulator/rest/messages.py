"""Messages over REST: sent, looked at, listed, taken back and deleted."""

from __future__ import annotations

from aiohttp import web

from simulator.dialplan import (
    ALPHANUMERIC_SENDER,
    MAGIC_SENDER,
    MAGIC_SENDER_FAULTS,
    MAGIC_TEXT_FAULTS,
    is_e164,
    is_within,
)
from simulator.keys import SIMULATION
from simulator.rest import forms
from simulator.rest.errors import bad_request, not_found
from simulator.rest.paging import check_filters, envelope, passes_dates
from simulator.rest.resources import text_as_json
from simulator.simulation import Simulation
from simulator.texts import TERMINAL, Text, TextStatus

MAX_BODY_LENGTH = 1_600

CREATE_FIELDS: dict[str, forms.Check] = {
    "To": forms.text,
    "From": forms.text,
    "MessagingServiceSid": forms.sid("MG"),
    "Body": forms.text,
    "StatusCallback": forms.callback_url,
    "ApplicationSid": forms.sid("AP"),
    "MaxPrice": forms.decimal,
    "ProvideFeedback": forms.boolean,
    "Attempt": forms.whole,
    "ValidityPeriod": forms.whole,
    "ForceDelivery": forms.boolean,
    "ContentRetention": forms.one_of("retain", "discard"),
    "AddressRetention": forms.one_of("retain", "obfuscate"),
    "SmartEncoded": forms.boolean,
    "TrafficType": forms.one_of("free"),
    "ShortenUrls": forms.boolean,
    "SendAsMms": forms.boolean,
    "RiskCheck": forms.one_of("enable", "disable"),
    "FallbackFrom": forms.text,
}
UPDATE_FIELDS: dict[str, forms.Check] = {"Body": forms.text, "Status": forms.one_of("canceled")}
LIST_FILTERS = frozenset({"To", "From", "DateSent", "DateSent<", "DateSent>"})


async def create(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    form = await forms.read(request, CREATE_FIELDS)
    service = form.get("MessagingServiceSid")
    sender = form.get("From") or (simulation.settings.messaging_sender if service else None)
    to, body = _check(simulation, form, sender, service)
    text = simulation.network.texts.send(
        to=to,
        sender=sender or "",
        body=body,
        messaging_service_sid=service,
        subscription=form.subscription("StatusCallback", events=frozenset()),
    )
    return web.json_response(text_as_json(text), status=201)


async def fetch(request: web.Request) -> web.Response:
    return web.json_response(text_as_json(_text(request)))


async def list_all(request: web.Request) -> web.Response:
    simulation = request.app[SIMULATION]
    check_filters(request, LIST_FILTERS)
    query = request.query
    visible_until = simulation.clock.now() - simulation.faults.rest.list_lag_s
    found = [
        text
        for text in reversed(simulation.network.texts.by_sid.values())
        if text.created_at <= visible_until
        and query.get("To") in (None, "", text.to)
        and query.get("From") in (None, "", text.sender)
        and passes_dates(query, "DateSent", text.sent_at)
    ]
    return envelope(request, "messages", found, text_as_json)


async def update(request: web.Request) -> web.Response:
    """Take a text back, or empty its body once it has arrived."""
    text = _text(request)
    form = await forms.read(request, UPDATE_FIELDS)
    if form.get("Status") and not request.app[SIMULATION].network.texts.cancel(text):
        raise bad_request(30409, "The message has left already and cannot be canceled.")
    if "Body" in form.values:
        if text.status not in TERMINAL | {TextStatus.SENT, TextStatus.RECEIVED}:
            raise bad_request(20009, "The message is still on its way; its body cannot be changed.")
        text.body = ""
    return web.json_response(text_as_json(text))


async def delete(request: web.Request) -> web.Response:
    text = _text(request)
    if text.status not in TERMINAL | {TextStatus.SENT, TextStatus.RECEIVED}:
        raise bad_request(20009, "Cannot delete this message because it is still on its way.")
    del request.app[SIMULATION].network.texts.by_sid[text.sid]
    return web.Response(status=204)


def _text(request: web.Request) -> Text:
    text = request.app[SIMULATION].network.texts.by_sid.get(request.match_info["sid"])
    if text is None:
        raise not_found(request.path)
    return text


def _check(simulation: Simulation, form: forms.Form, sender: str | None, service: str | None) -> tuple[str, str]:
    """The number and the body, or the refusal that Twilio would give."""
    to, body = form.get("To"), form.get("Body")
    if to is None:
        raise bad_request(21604, "A 'To' phone number is required.")
    if sender is None:
        raise bad_request(21603, "A 'From' phone number is required.")
    if body is None:
        raise bad_request(21602, "Message body is required.")
    if len(body) > MAX_BODY_LENGTH:
        raise bad_request(21617, "The concatenated message body exceeds the 1600 character limit.")
    _check_sender(simulation, sender)
    if to in MAGIC_TEXT_FAULTS:
        raise bad_request(*MAGIC_TEXT_FAULTS[to])
    if not is_e164(to):
        raise bad_request(21211, f"The 'To' number {to} is not a valid phone number.")
    if sender != MAGIC_SENDER and not is_within(to, simulation.settings.countries):
        raise bad_request(21408, "Permission to send an SMS has not been enabled for the region of the 'To' number.")
    if simulation.network.texts.has_opted_out(to, sender, service):
        raise bad_request(21610, "Attempt to send to unsubscribed recipient")
    return to, body


def _check_sender(simulation: Simulation, sender: str) -> None:
    if sender in MAGIC_SENDER_FAULTS:
        raise bad_request(*MAGIC_SENDER_FAULTS[sender])
    if not is_e164(sender):
        if ALPHANUMERIC_SENDER.match(sender) is None:
            raise bad_request(21212, f"The 'From' number {sender} is not a valid phone number or sender ID.")
        return
    own = {MAGIC_SENDER, simulation.settings.messaging_sender}
    if sender not in own and not simulation.network.may_show(sender):
        raise bad_request(21606, f"The 'From' phone number {sender} is not a sender of this account.")

"""What the telephone company asks and tells. Signed or refused; stored once; then read as evidence.

A question (voice/…) is answered with TwiML; news (calls, messages) with 204 and no body.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

import structlog
from flask import Blueprint, Response, abort, current_app, request
from sqlalchemy.orm import Session

from foundation import clock, phone, sealed
from foundation.database import transaction
from foundation.language import said, speaking
from foundation.phone import Phone
from notifications import queries
from notifications.domain import wording
from notifications.domain.call import CallState
from notifications.domain.leg import NO_REASON, LegStatus
from notifications.domain.trouble import Trouble
from notifications.models import CallRow
from notifications.operations import arrow, hear, trouble
from notifications.operations.order import CHECK
from notifications.telephony import signature
from notifications.web import twiml

log = structlog.get_logger()

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")

_ROLES = ("counsellor", "visitor")


@webhooks.before_request
def only_from_the_telephone_company() -> None:
    """Verify the signature before anything else, against the public address and the raw request target."""
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    genuine = signature.is_genuine(
        auth_tokens=[current_app.config["TWILIO_AUTH_TOKEN"], *current_app.config["TWILIO_AUTH_TOKEN_FALLBACKS"]],
        url=current_app.config["PUBLIC_BASE_URL"] + target,
        form=request.form,
        signature=request.headers.get("X-Twilio-Signature", ""),
    )
    if not genuine:
        log.warning("webhook_refused", because="signature", endpoint=request.endpoint)
        _note_refusal()
        abort(403)


def _note_refusal() -> None:
    """Say so when a refused message names a call or text of ours: then our address or token is wrong and no call can
    go on. Anything else is a stranger's, who must not be able to wake anybody.
    """
    try:
        subject_id = UUID(hex=request.args["at"])
    except (KeyError, ValueError):
        return  # it names nothing: the log has it
    with transaction() as session:
        if queries.is_ours(session, subject_id):
            trouble.begin(session, Trouble.WEBHOOKS_REFUSED, now=clock.now())


def _subject() -> UUID:
    """The call or text that an address belongs to."""
    try:
        return UUID(hex=request.args["at"])
    except (KeyError, ValueError):
        abort(404)


def _address(path: str, call_id: UUID, **more: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in {"at": call_id.hex, **more}.items())
    return f"{current_app.config['PUBLIC_BASE_URL']}/webhooks/twilio/{path}?{query}"


def _xml(document: str) -> Response:
    return Response(document, content_type="text/xml; charset=utf-8")


def _no_content() -> Response:
    return Response(status=204)


def _keep(session: Session, kind: str, subject_id: UUID | None, now: datetime) -> bool:
    """Store the report at hand; False when it was stored before."""
    return hear.is_news(
        session,
        kind=kind,
        subject_id=subject_id,
        provider_id=request.form.get("CallSid") or request.form.get("MessageSid"),
        fields=list(request.form.items(multi=True)),
        now=now,
    )


def _number(name: str) -> int:
    value = request.form.get(name, "")
    return int(value) if value.isdecimal() else 0


def _timestamp() -> datetime | None:
    try:
        return parsedate_to_datetime(request.form.get("Timestamp", "")).astimezone(UTC)
    except ValueError:
        return None


def _leg_status(value: str) -> LegStatus | None:
    try:
        return LegStatus("completed" if value == "answered" else value)
    except ValueError:
        return None


@webhooks.post("/voice/answer")
def voice_answer() -> Response:
    """The counsellor's telephone was answered: ask for a key press, saying nothing about anybody."""
    call_id, leg_id, now = _subject(), request.form.get("CallSid", ""), clock.now()
    with transaction() as session:
        _keep(session, "answer", call_id, now)
        wanted = hear.counsellor_answered(session, call_id=call_id, provider_id=leg_id, now=now)
        if wanted is None:
            return _xml(twiml.say_and_hang_up(_why_too_late(queries.lock_call(session, call_id))))
    return _xml(
        twiml.ask_for_a_key(
            prompt=wording.PHONE_CHECK_PROMPT if wanted.purpose == CHECK else wording.COUNSELLOR_PROMPT,
            no_key=wording.COUNSELLOR_NO_KEY,
            action=_address("voice/accept", call_id),
        )
    )


@webhooks.post("/voice/accept")
def voice_accept() -> Response:
    """The counsellor pressed a key, or none. The same question asked again gets the same answer."""
    call_id, leg_id, digits, now = (
        _subject(),
        request.form.get("CallSid", ""),
        request.form.get("Digits", ""),
        clock.now(),
    )
    with transaction() as session:
        _keep(session, "accept", call_id, now)
        call = queries.lock_call(session, call_id)
        if before := queries.issued(session, provider_id=leg_id, step="accept"):
            return _xml(before)
        is_check = call is not None and call.purpose == CHECK
        taken = hear.counsellor_pressed(session, call_id=call_id, provider_id=leg_id, digits=digits, now=now)
        if is_check:
            document = twiml.say_and_hang_up(wording.PHONE_CHECK_DONE if taken else wording.PHONE_CHECK_NOT_DONE)
        elif taken is None:
            words = _why_too_late(call) if digits == "1" else wording.COUNSELLOR_PASSED
            document = twiml.say_and_hang_up(words)
        else:
            document = _ring_the_visitor(taken)
        return _xml(hear.answer_once(session, provider_id=leg_id, step="accept", xml=document, now=now))


def _why_too_late(call: CallRow | None) -> str:
    """What a counsellor hears whose press of 1 came too late: nobody wants it, or another telephone has it."""
    if call is None or call.purpose == CHECK or call.cancelled_at is not None or call.withheld is not None:
        return wording.COUNSELLOR_TOO_LATE
    return wording.COUNSELLOR_TAKEN


def _ring_the_visitor(call: CallRow) -> str:
    return twiml.ring_the_visitor(
        whisper=call.whisper,
        visitor=call.rings_visitor,
        caller_id=current_app.config["TWILIO_CALLER_ID"],
        greeting=_address("voice/hello", call.id),
        status=_address("calls", call.id, leg="visitor"),
        action=_address("voice/done", call.id),
    )


@webhooks.post("/voice/hello")
def voice_hello() -> Response:
    """The visitor's telephone was answered: greet at once, and connect, or ask for a key first."""
    call_id, leg_id, now = _subject(), request.form.get("CallSid", ""), clock.now()
    with transaction() as session:
        _keep(session, "hello", call_id, now)
        wanted = hear.visitor_answered(session, call_id=call_id, provider_id=leg_id, now=now)
        screens = wanted and arrow.follower().screens_call(session, call_id=call_id)
        first = _said_first(session, call_id, now=now) if wanted else ""
        language = _visitors_language(session, call_id)
    if not wanted:
        return _xml(twiml.hang_up())
    action = _address("voice/key", call_id)
    with speaking(language):
        if screens:
            return _xml(twiml.screen(said(wording.VISITOR_SCREENING), action=action, language=language))
        greeting, then = said(wording.VISITOR_GREETING), said(first or wording.VISITOR_CONNECTING)
        return _xml(twiml.greet(greeting, then=then, action=action, language=language))


def _said_first(session: Session, call_id: UUID, *, now: datetime) -> str:
    """What has to be said before the counsellor speaks: an apology to whoever was cut off a moment ago, or nothing."""
    return wording.VISITOR_CUT_OFF if arrow.follower().was_cut_off(session, call_id=call_id, now=now) else ""


def _visitors_language(session: Session, call_id: UUID) -> str:
    return twiml.speaks(arrow.follower().language_of_call(session, call_id=call_id))


def _after_a_key(key: hear.VisitorsKey, first: str, language: str) -> str:
    with speaking(language):
        match key:
            case hear.VisitorsKey.GOODBYE:
                return twiml.say_and_hang_up(said(wording.VISITOR_DENIED), language=language)
            case hear.VisitorsKey.CONNECT:
                return twiml.connect(said(first) if first else "", language=language)
            case hear.VisitorsKey.HANG_UP:
                return twiml.hang_up()


@webhooks.post("/voice/key")
def voice_key() -> Response:
    """Whoever answered the visitor's telephone pressed a key: to be connected, or because the call is not for them."""
    call_id, leg_id, now = _subject(), request.form.get("CallSid", ""), clock.now()
    with transaction() as session:
        _keep(session, "key", call_id, now)
        key = hear.visitor_pressed(
            session, call_id=call_id, provider_id=leg_id, digits=request.form.get("Digits", ""), now=now
        )
        first = _said_first(session, call_id, now=now)
        language = _visitors_language(session, call_id)
    return _xml(_after_a_key(key, first, language))


_AFTERWARDS = {
    CallState.BUSY: wording.VISITOR_BUSY,
    CallState.NO_ANSWER: wording.VISITOR_NO_ANSWER,
    CallState.VISITOR_FAILED: wording.VISITOR_FAILED,
    CallState.NOT_CARRIED: wording.VISITOR_FAILED,
}


@webhooks.post("/voice/done")
def voice_done() -> Response:
    """The visitor's leg is over and the counsellor is still there: say what happened, and end."""
    call_id, now = _subject(), clock.now()
    status = _leg_status(request.form.get("DialCallStatus", ""))
    with transaction() as session:
        _keep(session, "done", call_id, now)
        call = queries.lock_call(session, call_id)
        is_denied = call is not None and call.denied_at is not None
        state = hear.dial_over(
            session,
            call_id=call_id,
            visitor_leg_id=request.form.get("DialCallSid"),
            status=status or LegStatus.FAILED,
            duration_s=_number("DialCallDuration"),
            bridged=request.form.get("DialBridged") == "true",
            is_back=request.form.get("CallStatus") == "in-progress",
            now=now,
        )
    if state is CallState.CLOSING and status is LegStatus.FAILED:
        state = CallState.VISITOR_FAILED  # why it failed is told a moment later; what the counsellor hears is the same
    words = _AFTERWARDS.get(state, wording.CALL_OVER) if state else wording.CALL_OVER
    if is_denied:
        words = wording.SAID_NOT_THEM
    return _xml(twiml.say_and_hang_up(words))


@webhooks.post("/voice/fallback")
def voice_fallback() -> Response:
    """Something of ours failed mid-call: a kind sentence that names nobody."""
    return _xml(twiml.say_in_turn_and_hang_up(_in_every_language(wording.FALLBACK_APOLOGY)))


@webhooks.post("/voice/inbound")
def voice_inbound() -> Response:
    """Somebody rings back the number they saw: a neutral greeting."""
    now = clock.now()
    with transaction() as session:
        if _keep(session, "inbound", None, now) and (caller := _caller()):
            hear.somebody_rings(session, phone=caller.e164, now=now)
    return _xml(twiml.say_in_turn_and_hang_up(_in_every_language(wording.INBOUND_GREETING)))


def _in_every_language(sentence: str) -> dict[str, str]:
    """A sentence for somebody of whom we know nothing, by language."""
    spoken = {}
    for language in twiml.spoken():
        with speaking(language):
            spoken[language] = said(sentence)
    return spoken


@webhooks.post("/calls")
def call_news() -> Response:
    """News of one leg of a call."""
    call_id, role, now = _subject(), request.args.get("leg", ""), clock.now()
    status = _leg_status(request.form.get("CallStatus", ""))
    if role not in _ROLES:
        abort(404)
    with transaction() as session:
        if _keep(session, f"leg:{role}", call_id, now) and status is not None:
            hear.leg_status(
                session,
                call_id=call_id,
                role=role,
                provider_id=request.form.get("CallSid", ""),
                status=status,
                duration_s=_number("CallDuration"),
                sip_code=request.form.get("SipResponseCode") or (NO_REASON if status is LegStatus.FAILED else None),
                at=_timestamp(),
                now=now,
            )
    return _no_content()


@webhooks.post("/messages")
def text_news() -> Response:
    """News of a text."""
    text_id, now = _subject(), clock.now()
    with transaction() as session:
        if _keep(session, "text", text_id, now):
            hear.text_status(
                session,
                text_id=text_id,
                provider_id=request.form.get("MessageSid", ""),
                status=request.form.get("MessageStatus", ""),
                code=request.form.get("ErrorCode"),
                now=now,
            )
    return _no_content()


def _caller() -> Phone | None:
    """Who rings or texts us; None for a number that we would not ring or text."""
    try:
        return phone.parse(request.form.get("From", ""), drama_allowed=True)
    except phone.NumberNotAllowed:
        return None  # withheld, a short code, or from abroad


_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_NOT_ME = frozenset({"NOT ME", "NOTME", "NID FI", "WRONG NUMBER", "WRONG PERSON"})
_YES = "YES"
_START = frozenset({"START", _YES, "UNSTOP"})


@webhooks.post("/inbound-message")
def inbound_text() -> Response:
    """Somebody texts us: STOP, START and NOT ME are heard; nothing is answered, because the provider answers."""
    word = " ".join((request.form.get("OptOutType") or request.form.get("Body", "")).upper().split()).rstrip(".!")
    now = clock.now()
    sender = _caller()
    if sender is None:
        return _xml(twiml.reply())
    with transaction() as session:
        if _keep(session, "inbound_text", None, now):
            if word in _STOP:
                hear.stop_texts(session, phone=sender.e164, now=now)
            elif word in _NOT_ME:
                hear.not_me(session, phone=sender.e164, now=now)
            elif word == _YES and arrow.said_yes(session, phone_digest=sealed.digest(sender.e164), now=now):
                log.info("answer_heard")
            elif word in _START:
                hear.start_texts(session, phone=sender.e164)
    return _xml(twiml.reply())

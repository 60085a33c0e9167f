"""Texts: messages from and to handsets, their life after they were accepted, and the STOP keywords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.calls import Subscription
from simulator.clock import Clock
from simulator.dialplan import is_uk_landline
from simulator.habits import Receives
from simulator.phones import Phones
from simulator.trace import Trace
from simulator.twiml import BadDocument, Message, parse
from simulator.webhooks import Answer, Courier, DeliveryFailed, Kind, Webhook

SENDING_S, SENT_S, DELIVERED_S = 0.1, 0.2, 0.8  # after the status before
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("^{}\\[~]|€\f")  # cost two characters each

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
KEYWORD_ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number."
    " Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help."
    " Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


class TextStatus(StrEnum):
    ACCEPTED = "accepted"  # by a messaging service, which has yet to choose a sender
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVED = "received"  # by the customer
    CANCELED = "canceled"


TERMINAL = frozenset({TextStatus.DELIVERED, TextStatus.UNDELIVERED, TextStatus.FAILED, TextStatus.CANCELED})
UNHAPPY_ENDS = {
    Receives.UNDELIVERED: (TextStatus.UNDELIVERED, 30003, "Unreachable destination handset"),
    Receives.FAILED: (TextStatus.FAILED, 30008, "Unknown error"),
}


@dataclass(eq=False, kw_only=True)
class Text:
    sid: str
    account_sid: str
    to: str
    sender: str
    body: str
    direction: str  # outbound-api, outbound-reply, outbound-call or inbound
    status: TextStatus
    created_at: float
    updated_at: float
    messaging_service_sid: str | None = None
    subscription: Subscription | None = None
    sent_at: float | None = None
    error_code: int | None = None
    error_message: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.sid,
            "direction": self.direction,
            "to": self.to,
            "from": self.sender,
            "body": self.body,
            "status": self.status,
        }


def segments(body: str) -> int:
    """How many parts a text is sent in: GSM-7 160 then 153 each, UCS-2 70 then 67."""
    if all(character in GSM or character in GSM_EXTENDED for character in body):
        length = sum(2 if character in GSM_EXTENDED else 1 for character in body)
        alone, joined = 160, 153
    else:
        length = len(body.encode("utf-16-le")) // 2
        alone, joined = 70, 67
    return 1 if length <= alone else -(-length // joined)


def keyword(body: str) -> str | None:
    """STOP, START or HELP if the whole text is one of Twilio's words for it."""
    word = body.strip().upper()
    for name, words in (("STOP", STOP_WORDS), ("START", START_WORDS), ("HELP", HELP_WORDS)):
        if word in words:
            return name
    return None


class Texts:
    """All texts of the account, and who has opted out of whose."""

    def __init__(
        self,
        *,
        clock: Clock,
        trace: Trace,
        courier: Courier,
        phones: Phones,
        new_sid: Callable[[str], str],
        account_sid: str,
        inbound_url: str | None,
    ) -> None:
        self._clock = clock
        self._trace = trace
        self._courier = courier
        self._phones = phones
        self._new_sid = new_sid
        self._account_sid = account_sid
        self.inbound_url = inbound_url
        self.by_sid: dict[str, Text] = {}
        self._opted_out: set[tuple[str, str]] = set()
        self._services: dict[str, str] = {}  # sender → the messaging service that last used it

    def clear(self) -> None:
        self.by_sid.clear()
        self._opted_out.clear()
        self._services.clear()

    def has_opted_out(self, number: str, sender: str, messaging_service_sid: str | None) -> bool:
        return (number, messaging_service_sid or sender) in self._opted_out

    def send(
        self,
        *,
        to: str,
        sender: str,
        body: str,
        direction: str = "outbound-api",
        messaging_service_sid: str | None = None,
        subscription: Subscription | None = None,
    ) -> Text:
        """Accept a text to a handset; what becomes of it follows by itself."""
        first = TextStatus.ACCEPTED if messaging_service_sid else TextStatus.QUEUED
        text = self._new_text(to, sender, body, direction, first, messaging_service_sid, subscription)
        if messaging_service_sid:
            self._services[sender] = messaging_service_sid
            self._clock.later(SENDING_S / 2, lambda: self._queued(text))
        self._clock.later(SENDING_S, lambda: self._sending(text))
        return text

    def cancel(self, text: Text) -> bool:
        """Take back a text that has not left yet; False if it has."""
        if text.status not in (TextStatus.ACCEPTED, TextStatus.QUEUED):
            return False
        self._move(text, TextStatus.CANCELED)
        return True

    async def receive(self, *, number: str, to: str, body: str) -> None:
        """A handset texts the customer: keywords take effect, then the customer's server is told."""
        text = self._new_text(to, number, body, "inbound", TextStatus.RECEIVED, self._services.get(to), None)
        word = keyword(body)
        if word is not None:
            self._obey(text, word)
        if self.inbound_url is None:
            return
        webhook = Webhook(
            kind=Kind.INBOUND, url=self.inbound_url, method="POST", fields=_inbound_fields(text, word), about=text.sid
        )
        try:
            self._reply(text, await self._courier.ask(webhook))
        except DeliveryFailed:
            self._trace.note("inbound text lost", text=text.sid)

    def _new_text(
        self,
        to: str,
        sender: str,
        body: str,
        direction: str,
        status: TextStatus,
        messaging_service_sid: str | None,
        subscription: Subscription | None,
    ) -> Text:
        now = self._clock.now()
        text = Text(
            sid=self._new_sid("SM"),
            account_sid=self._account_sid,
            to=to,
            sender=sender,
            body=body,
            direction=direction,
            status=status,
            created_at=now,
            updated_at=now,
            messaging_service_sid=messaging_service_sid,
            subscription=subscription,
        )
        self.by_sid[text.sid] = text
        self._trace.note("text", **text.as_json())
        return text

    def _queued(self, text: Text) -> None:
        self._move(text, TextStatus.QUEUED)

    def _sending(self, text: Text) -> None:
        if self._move(text, TextStatus.SENDING):
            self._clock.later(SENT_S, lambda: self._sent(text))

    def _sent(self, text: Text) -> None:
        text.sent_at = self._clock.now()
        self._move(text, TextStatus.SENT)
        self._clock.later(DELIVERED_S, lambda: self._arrive(text))

    def _arrive(self, text: Text) -> None:
        handset = self._phones.at(text.to)
        receives = handset.habit.receives
        if receives in UNHAPPY_ENDS:
            status, text.error_code, text.error_message = UNHAPPY_ENDS[receives]
            self._move(text, status)
            return
        is_read_aloud = is_uk_landline(text.to)
        if is_read_aloud:
            self._trace.note("text read aloud", text=text.sid, to=text.to, body=text.body)
        if receives is Receives.DELIVERED:
            self._move(text, TextStatus.DELIVERED)
        handset.gets_text(text.sender, text.body, is_read_aloud=is_read_aloud)

    def _move(self, text: Text, status: TextStatus) -> bool:
        """Give the text its next status and report it; False if the text is past all that."""
        if text.status in TERMINAL:
            return False
        text.status = status
        text.updated_at = self._clock.now()
        self._trace.note("text", **text.as_json())
        if text.subscription is not None:
            self._courier.report(
                Webhook(
                    kind=Kind.MESSAGE,
                    url=text.subscription.url,
                    method=text.subscription.method,
                    fields=_status_fields(text),
                    about=text.sid,
                )
            )
        return True

    def _obey(self, text: Text, word: str) -> None:
        pair = (text.sender, self._services.get(text.to, text.to))
        if word == "STOP":
            self._opted_out.add(pair)
        elif word == "START":
            self._opted_out.discard(pair)
        self._trace.note("keyword", word=word, number=text.sender, sender=text.to)
        self._phones.at(text.sender).gets_text(text.to, KEYWORD_ANSWERS[word], is_read_aloud=False)

    def _reply(self, text: Text, answer: Answer) -> None:
        """Send what the customer's server answered with `<Message>`."""
        if not answer.body.strip() or answer.content_type == "text/plain":
            return
        try:
            document = parse(answer.body, content_type=answer.content_type)
        except BadDocument as problem:
            self._trace.note("twiml problem", text=text.sid, code=problem.code, why=str(problem))
            return
        for verb in document.verbs:
            if isinstance(verb, Message) and not self.has_opted_out(text.sender, text.to, text.messaging_service_sid):
                self.send(to=verb.to or text.sender, sender=text.to, body=verb.body, direction="outbound-reply")


def _status_fields(text: Text) -> dict[str, str]:
    fields = {
        "MessageSid": text.sid,
        "SmsSid": text.sid,
        "MessageStatus": text.status.value,
        "SmsStatus": text.status.value,
        "AccountSid": text.account_sid,
        "From": text.sender,
        "To": text.to,
        "ApiVersion": "2010-04-01",
        "AddedWithoutNotice": "it's & <new> £",
    }
    if text.messaging_service_sid:
        fields["MessagingServiceSid"] = text.messaging_service_sid
    if text.error_code is not None:
        fields["ErrorCode"] = str(text.error_code)
    return fields


def _inbound_fields(text: Text, word: str | None) -> dict[str, str]:
    fields = {
        "MessageSid": text.sid,
        "SmsSid": text.sid,
        "SmsMessageSid": text.sid,
        "SmsStatus": "received",
        "AccountSid": text.account_sid,
        "From": text.sender,
        "To": text.to,
        "Body": text.body,
        "NumMedia": "0",
        "NumSegments": str(segments(text.body)),
        "FromCountry": "GB",
        "FromCity": "",  # empty fields are signed too
        "ApiVersion": "2010-04-01",
    }
    if text.messaging_service_sid:
        fields["MessagingServiceSid"] = text.messaging_service_sid
        if word is not None:
            fields["OptOutType"] = word
    return fields

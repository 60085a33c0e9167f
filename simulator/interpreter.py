"""The interpreter: fetches TwiML and carries it out on a call, verb by verb."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urljoin

from simulator.calls import Call, CallStatus, Order, Sound, Source, Subscription
from simulator.clock import Clock, Signal
from simulator.dialplan import is_e164
from simulator.loopback import is_loopback_url
from simulator.reports import voice_fields
from simulator.schemas import Schemas
from simulator.trace import Trace
from simulator.twiml import (
    BadDocument,
    Dial,
    Document,
    Gather,
    Hangup,
    Message,
    Number,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Room,
    Say,
    Verb,
    parse,
)
from simulator.webhooks import Courier, DeliveryFailed, Kind, Webhook

APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
MAX_DOCUMENTS = 500  # a call that asked for so many runs in a circle
ENDLESS = 1_000  # how often `loop="0"` repeats; nobody stays on the line longer


class CallOver(Exception):
    """The call ended while something was waiting on it; the catcher lets go."""


class CallRedirected(Exception):
    """The REST side gave the call new instructions; the catcher starts on them."""


class ApplicationError(Exception):
    """No usable instructions could be had; the caller is told so and the call ends."""


class Ending(StrEnum):
    RAN_OUT = "ran out"  # the document ended: a callee is now connected, any other call is over
    HUNG_UP = "hung up"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class DialOutcome:
    """What a Dial's action is told."""

    status: str
    sid: str = ""
    duration_s: int = 0
    was_bridged: bool = False

    def as_fields(self) -> dict[str, str]:
        fields = {
            "DialCallStatus": self.status,
            "DialCallDuration": str(self.duration_s),
            "DialBridged": "true" if self.was_bridged else "false",
        }
        return fields | {"DialCallSid": self.sid} if self.sid else fields


class Lines(Protocol):
    """What the interpreter asks of the network."""

    def answer_inbound(self, call: Call) -> None: ...
    def set_sound(self, call: Call, sound: Sound) -> None: ...
    def say(self, call: Call, words: str) -> None: ...
    def ask_for_keys(self, call: Call, prompt: str) -> None: ...
    def may_show(self, caller_id: str) -> bool: ...
    def dial(self, parent: Call, order: Order) -> Call: ...
    def bridge(self, parent: Call, child: Call) -> None: ...
    def end(self, call: Call, status: CallStatus) -> None: ...
    def send_text(self, sender: str, to: str, body: str) -> None: ...
    async def meet(self, call: Call, room: Room, base: str) -> float: ...


async def wait(clock: Clock, call: Call, seconds: float | None, *signals: Signal) -> Signal | None:
    """Wait on a call; None says that the time passed. Raises when the call ends or is redirected."""
    happened = await clock.first(call.ended, call.redirected, *signals, within_s=seconds)
    if call.ended.happened:
        raise CallOver
    if call.redirected.happened:
        raise CallRedirected
    return happened


class Interpreter:
    def __init__(self, *, clock: Clock, trace: Trace, courier: Courier, lines: Lines, schemas: Schemas) -> None:
        self._schemas = schemas
        self._clock = clock
        self._trace = trace
        self._courier = courier
        self._lines = lines

    async def converse(self, call: Call, source: Source) -> Ending:
        """Carry out the instructions at ``source`` and wherever they lead; raises CallOver or CallRedirected."""
        try:
            return await self._follow(call, source)
        except ApplicationError as error:
            self._trace.note("application error", call=call.sid, why=str(error))
            self._lines.answer_inbound(call)
            await self._say(call, Say(words=APPLICATION_ERROR))
            return Ending.HUNG_UP

    async def _follow(self, call: Call, source: Source) -> Ending:
        for _ in range(MAX_DOCUMENTS):
            document, base = await self._document(call, source)
            following = await self._perform(call, document, base)
            if isinstance(following, Ending):
                return following
            source = following
        raise ApplicationError("the instructions run in a circle")

    # Fetching.

    async def _document(self, call: Call, source: Source) -> tuple[Document, str]:
        try:
            return await self._fetch(call, source), source.url
        except (DeliveryFailed, BadDocument) as problem:
            self._trace.note("twiml problem", call=call.sid, url=source.url, code=problem.code, why=str(problem))
            fallback = call.fallback
            if fallback is None or not fallback.url:
                raise ApplicationError(str(problem)) from None
            reason = {"ErrorCode": str(problem.code), "ErrorUrl": source.url}
        try:
            rescue = Source(url=fallback.url, method=fallback.method, fields=reason)
            return await self._fetch(call, rescue), fallback.url
        except (DeliveryFailed, BadDocument) as problem:
            self._trace.note("twiml problem", call=call.sid, url=fallback.url, code=problem.code, why=str(problem))
            raise ApplicationError(f"the fallback failed too: {problem}") from None

    async def _fetch(self, call: Call, source: Source) -> Document:
        if source.inline is not None:
            document = parse(source.inline)
        else:
            self._lines.set_sound(call, Sound.FETCHING)
            webhook = Webhook(
                kind=Kind.INBOUND if call.status is CallStatus.RINGING else Kind.TWIML,
                url=source.url,
                method=source.method,
                fields=voice_fields(call) | source.fields,
                about=call.sid,
            )
            try:
                answer = await self._courier.ask(webhook)
            finally:
                self._lines.set_sound(call, Sound.SILENCE)
            document = parse(answer.body, content_type=answer.content_type)
            for why in self._schemas.document(answer.body):
                self._trace.note("schema", what="twiml", about=source.url, why=why)
        if call.ended.happened:
            raise CallOver
        for warning in document.warnings:
            self._trace.note("twiml warning", call=call.sid, url=source.url, code=12200, why=warning)
        for wish in document.asks_to_record:
            self._trace.note("recording asked", call=call.sid, how=wish)
        return document

    # Performing.

    async def _perform(self, call: Call, document: Document, base: str) -> Source | Ending:
        for verb in document.verbs:
            if not isinstance(verb, Reject):
                self._lines.answer_inbound(call)
            following = await self._do(call, verb, base)
            if following is not None:
                return following
        return Ending.RAN_OUT

    async def _do(self, call: Call, verb: Verb, base: str) -> Source | Ending | None:
        """Carry out one verb; None says that the next one follows."""
        match verb:
            case Say() | Play() | Pause():
                await self._sound(call, verb)
            case Gather():
                return await self._gather(call, verb, base)
            case Dial():
                return await self._dial(call, verb, base)
            case Redirect():
                return Source(url=urljoin(base, verb.url), method=verb.method)
            case Hangup():
                return Ending.HUNG_UP
            case Reject():
                return Ending.REJECTED
            case Record():
                raise ApplicationError("this network does not record")
            case Message():
                self._lines.send_text(verb.sender or call.line_number, verb.to or call.handset_number, verb.body)
        return None

    async def _sound(self, call: Call, verb: Say | Play | Pause, *interruptions: Signal) -> Signal | None:
        """Make one sound, or silence, to its end or to an interruption (which is returned)."""
        match verb:
            case Say():
                return await self._say(call, verb, *interruptions)
            case Play():
                return await self._speak(call, f"(plays {verb.url})", verb.seconds, verb.loop, *interruptions)
            case Pause():
                return await wait(self._clock, call, verb.seconds, *interruptions)

    async def _say(self, call: Call, say: Say, *interruptions: Signal) -> Signal | None:
        return await self._speak(call, say.words, say.seconds, say.loop, *interruptions)

    async def _speak(self, call: Call, words: str, seconds: float, loop: int, *interruptions: Signal) -> Signal | None:
        try:
            for _ in range(loop or ENDLESS):
                self._lines.set_sound(call, Sound.SPEECH)
                self._lines.say(call, words)
                interruption = await wait(self._clock, call, seconds, *interruptions)
                if interruption is not None:
                    return interruption
            return None
        finally:
            self._lines.set_sound(call, Sound.SILENCE)

    async def _gather(self, call: Call, gather: Gather, base: str) -> Source | None:
        """Collect keys; None says that there were none and the next verb is due."""
        call.keypad.clear()
        self._lines.ask_for_keys(call, " ".join(verb.words for verb in gather.prompt if isinstance(verb, Say)))
        has_prompted = False
        for verb in gather.prompt:
            if await self._sound(call, verb, call.keypad.pressed) is not None:
                break
            has_prompted = has_prompted or not isinstance(verb, Pause)
        self._lines.set_sound(call, Sound.ASKED if has_prompted else Sound.SILENCE)
        digits = await self._collect(call, gather)
        self._lines.set_sound(call, Sound.SILENCE)
        self._trace.note("gathered", call=call.sid, digits=digits)
        if not digits and not gather.posts_empty_result:
            return None
        fields = {"Digits": digits, "msg": "Gather End"}
        url = urljoin(base, gather.action) if gather.action else base
        return Source(url=url, method=gather.method, fields=fields)

    async def _collect(self, call: Call, gather: Gather) -> str:
        digits = ""
        while gather.num_digits is None or len(digits) < gather.num_digits:
            key = call.keypad.take()
            if key is None:
                if await wait(self._clock, call, gather.timeout_s, call.keypad.pressed) is None:
                    break
                continue
            if key in gather.finish_on_key:
                break
            digits += key
        return digits

    # Dialling.

    async def _dial(self, call: Call, dial: Dial, base: str) -> Source | None:
        if call.is_child:
            raise ApplicationError("Dial may not stand in what a dialled number hears before it is connected")
        if dial.room is not None:
            seconds = await self._lines.meet(call, dial.room, base)
            outcome = DialOutcome(status="answered", duration_s=round(seconds))
        else:
            outcome = await self._ring_numbers(call, dial, base)
        self._lines.set_sound(call, Sound.SILENCE)
        if dial.action is None:
            return None
        return Source(url=urljoin(base, dial.action), method=dial.method, fields=outcome.as_fields())

    async def _ring_numbers(self, call: Call, dial: Dial, base: str) -> DialOutcome:
        caller_id = dial.caller_id or call.line_number
        if not self._lines.may_show(caller_id):
            return self._refused(call, 13214, f"the callerId {caller_id} is not the customer's")
        wrong = next((number for number in dial.numbers if not self._can_dial(number, base)), None)
        if wrong is not None or not dial.numbers:
            return self._refused(call, 13223, "a number to dial, or an address given with it, is not valid")
        rounds = [(number,) for number in dial.numbers] if dial.is_sequential else [dial.numbers]
        outcome = DialOutcome(status="failed")
        call.keypad.clear()
        for numbers in rounds:
            orders = [self._order(number, dial, caller_id, base) for number in numbers]
            outcome = await self._ring(call, dial, orders)
            if outcome.was_bridged:
                break
        return outcome

    def _refused(self, call: Call, code: int, why: str) -> DialOutcome:
        self._trace.note("dial refused", call=call.sid, code=code, why=why)
        return DialOutcome(status="failed")

    def _can_dial(self, number: Number, base: str) -> bool:
        addresses = [urljoin(base, address) for address in (number.url, number.status_callback) if address]
        return is_e164(number.number) and all(is_loopback_url(address) for address in addresses)

    def _order(self, number: Number, dial: Dial, caller_id: str, base: str) -> Order:
        source = Source(url=urljoin(base, number.url), method=number.method) if number.url else None
        subscription = None
        if number.status_callback:
            subscription = Subscription(
                url=urljoin(base, number.status_callback),
                method=number.status_callback_method,
                events=number.status_callback_events,
            )
        return Order(
            to=number.number,
            sender=caller_id,
            source=source,
            subscription=subscription,
            timeout_s=dial.timeout_s,
        )

    async def _ring(self, call: Call, dial: Dial, orders: list[Order]) -> DialOutcome:
        """Ring the numbers at once; the first that is ready is connected, the others stop ringing."""
        children = [self._lines.dial(call, order) for order in orders]
        self._lines.set_sound(call, Sound.RINGING)
        was_bridged = False
        try:
            chosen = await self._first_ready(call, dial, children)
            for child in children:
                if child is not chosen:
                    self._let_go(child)
            if chosen is not None:
                was_bridged = True
                await self._talk(call, dial, chosen)
        except CallRedirected:
            for child in children:
                self._let_go(child)
            raise
        child = chosen or children[-1]
        return DialOutcome(
            status=child.status.value, sid=child.sid, duration_s=child.duration_s, was_bridged=was_bridged
        )

    def _let_go(self, child: Call) -> None:
        self._lines.end(child, CallStatus.CANCELED if child.answered_at is None else CallStatus.COMPLETED)

    async def _first_ready(self, call: Call, dial: Dial, children: list[Call]) -> Call | None:
        while live := [child for child in children if child.is_live]:
            ready = next((child for child in live if child.ready.happened), None)
            if ready is not None:
                return ready
            signals = [signal for child in live for signal in (child.ready, child.ended)]
            await wait(self._clock, call, None, *signals, *self._star(call, dial))
            if self._pressed_star(call, dial):
                return None
        return None

    async def _talk(self, call: Call, dial: Dial, child: Call) -> None:
        self._lines.bridge(call, child)
        ends_at = self._clock.now() + dial.time_limit_s
        while child.is_live:
            left_s = ends_at - self._clock.now()
            happened = await wait(self._clock, call, left_s, child.ended, *self._star(call, dial))
            if happened is None or self._pressed_star(call, dial):
                self._let_go(child)

    def _star(self, call: Call, dial: Dial) -> tuple[Signal, ...]:
        return (call.keypad.pressed,) if dial.hangs_up_on_star else ()

    def _pressed_star(self, call: Call, dial: Dial) -> bool:
        if not dial.hangs_up_on_star:
            return False
        while key := call.keypad.take():
            if key == "*":
                return True
        return False

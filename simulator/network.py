"""The network: carries calls between the customer's instructions and the handsets."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine
from typing import Any

from simulator.calls import SIP_CODES, TERMINAL, Call, CallStatus, Direction, Order, Sound, Source
from simulator.clock import Clock
from simulator.conferences import Conferences
from simulator.faults import AmdFault, Faults
from simulator.habits import Verdict
from simulator.interpreter import CallOver, CallRedirected, Ending, Interpreter
from simulator.phones import Handset, NotPossible, Phones, State
from simulator.reports import Reports
from simulator.schemas import Schemas
from simulator.settings import Settings
from simulator.texts import Texts
from simulator.trace import Trace
from simulator.twiml import Room
from simulator.webhooks import Courier

SET_UP_S = 0.1  # from accepting a call to dialling it, so that the answer to the create usually comes first
POST_DIAL_S = 0.4  # from dialling to ringing
VERDICT_S = {Verdict.HUMAN: 1.5, Verdict.MACHINE: 3.5, Verdict.FAX: 3.0, Verdict.UNKNOWN: 5.0}
LATE_VERDICT_S = 10.0
FIRST_REPORT_S = 5.0  # real; with standing time no report may come at all
OPPOSITE = {Verdict.HUMAN: Verdict.MACHINE, Verdict.MACHINE: Verdict.HUMAN}


class Network:
    """Every call and handset, and the only place where a call's status moves."""

    def __init__(
        self, *, settings: Settings, clock: Clock, trace: Trace, faults: Faults, courier: Courier, schemas: Schemas
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._trace = trace
        self._faults = faults
        self._sids = random.Random(f"sids {settings.seed}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._live: set[Call] = set()  # dialled and not over
        self._next_turn_at = 0.0
        self.calls: dict[str, Call] = {}
        self.open: dict[str, Call] = {}  # those that are not over, so that a list of them costs no look at all others
        self.phones = Phones(clock=clock, line=self, default_habit=settings.default_habit)
        self.texts = Texts(
            clock=clock,
            trace=trace,
            courier=courier,
            phones=self.phones,
            new_sid=self.new_sid,
            account_sid=settings.account_sid,
            inbound_url=settings.inbound_message_url,
        )
        self.conferences = Conferences(clock=clock, trace=trace, courier=courier, ears=self)
        self._reports = Reports(clock=clock, courier=courier, faults=faults)
        for number, label in settings.labels:
            self.phones.at(number).label = label
        self._interpreter = Interpreter(clock=clock, trace=trace, courier=courier, lines=self, schemas=schemas)

    # Calls begin and end.

    def new_sid(self, prefix: str) -> str:
        return f"{prefix}{self._sids.getrandbits(128):032x}"

    def place(self, order: Order) -> Call:
        """Accept a call made through the REST API."""
        call = self._new_call(order, Direction.OUTBOUND_API)
        self._spawn(self._carry_from_api(call))
        return call

    def dial(self, parent: Call, order: Order) -> Call:
        """Start a child call for a Dial."""
        call = self._new_call(order, Direction.OUTBOUND_DIAL, parent)
        parent.children.append(call)
        self.tell(parent, "(ringing)")
        self._spawn(self._carry(call))
        return call

    def call_in(self, number: str, to: str) -> Call:
        """A person rings the customer's number, whose server says what happens; raises NotPossible."""
        handset = self.phones.at(number)
        if handset.state is not State.IDLE:
            raise NotPossible("this handset is already in a call")
        source = Source(url=self._settings.inbound_call_url or "")
        call = self._new_call(Order(to=to, sender=number, source=source), Direction.INBOUND)
        handset.calls_out(call)
        self._spawn(self._carry_inbound(call))
        return call

    def end(self, call: Call, status: CallStatus) -> None:
        """End a call and its children, unless it is over already; an answered call always ends as completed."""
        if not call.is_live:
            return
        self._unbridge(call)
        for child in call.children:
            self.end(child, CallStatus.CANCELED)
        self._move(call, status if call.answered_at is None else CallStatus.COMPLETED)
        for timer in call.timers:
            timer.cancel()
        call.timers.clear()
        self._live.discard(call)
        self.open.pop(call.sid, None)
        self.phones.at(call.handset_number).released(call)
        call.ended.set()
        self.conferences.not_reached(call)

    def redirect(self, call: Call, source: Source) -> None:
        """Give a call in progress new instructions."""
        call.redirect = source
        call.redirected.set()

    def limit(self, call: Call, seconds: float) -> None:
        """End the call that many seconds from now at the latest."""
        call.timers.append(self._clock.later(seconds, lambda: self.end(call, CallStatus.CANCELED)))

    async def first_report(self, call: Call) -> None:
        """Wait until the first status callback has been answered, or a few real seconds."""
        if call.subscription is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_REPORT_S):
                await self._clock.first(call.reported, call.ended)

    def forget(self, call: Call) -> None:
        del self.calls[call.sid]

    async def clear(self) -> None:
        """Stop everything and forget all calls, texts and habits."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.calls.clear()
        self.open.clear()
        self._live.clear()
        self._next_turn_at = 0.0
        self.texts.clear()
        self.conferences.by_sid.clear()
        self.phones.clear()

    def reseed(self, seed: int) -> None:
        self._sids = random.Random(f"sids {seed}")

    # What a handset does (phones.Line).

    def pick_up(self, call: Call) -> None:
        if call.status is not CallStatus.RINGING:
            return
        self._move(call, CallStatus.IN_PROGRESS)
        call.timers.append(self._clock.later(call.order.time_limit_s, lambda: self.end(call, CallStatus.COMPLETED)))
        self.phones.at(call.handset_number).connected_to_line(call)
        call.picked_up.set()

    def press(self, call: Call, keys: str) -> None:
        self._trace.note("pressed", call=call.sid, number=call.handset_number, keys=keys)
        call.keypad.press(keys)

    def put_down(self, call: Call) -> None:
        self._trace.note("put down", call=call.sid, number=call.handset_number)
        self.end(call, CallStatus.CANCELED if call.direction is Direction.INBOUND else CallStatus.BUSY)

    def speak(self, call: Call, words: str) -> None:
        self._trace.note("spoke", call=call.sid, number=call.handset_number, words=words)
        for listener in [call.partner] if call.partner else self.conferences.others(call):
            self.phones.at(listener.handset_number).hear("person", words)

    def text_from(self, number: str, to: str, body: str) -> None:
        self._spawn(self.texts.receive(number=number, to=to, body=body))

    # What the interpreter and the conferences do (interpreter.Lines, conferences.Ears).

    def answer_inbound(self, call: Call) -> None:
        if call.direction is Direction.INBOUND:
            self.pick_up(call)

    def set_sound(self, call: Call, sound: Sound) -> None:
        if call.sound is not sound and call.is_live:
            call.sound = sound
            self._trace.note("sound", call=call.sid, sound=sound)

    def say(self, call: Call, words: str) -> None:
        self._trace.note("said", call=call.sid, number=call.handset_number, words=words)
        self.phones.at(call.handset_number).hear("line", words)

    def tell(self, call: Call, words: str) -> None:
        self.phones.at(call.handset_number).hear("note", words)

    def ask_for_keys(self, call: Call, prompt: str) -> None:
        self.phones.at(call.handset_number).is_asked_for_keys(call, prompt)

    def may_show(self, caller_id: str) -> bool:
        return not self._settings.caller_ids or caller_id in self._settings.caller_ids

    def bridge(self, parent: Call, child: Call) -> None:
        parent.partner, child.partner = child, parent
        self._trace.note("bridged", call=parent.sid, child=child.sid)
        for call in (parent, child):
            self.set_sound(call, Sound.BRIDGE)
            self.bridged(call)

    def bridged(self, call: Call) -> None:
        self.phones.at(call.handset_number).bridged(call)

    def send_text(self, sender: str, to: str, body: str) -> None:
        self.texts.send(to=to, sender=sender, body=body, direction="outbound-call")

    async def meet(self, call: Call, room: Room, base: str) -> float:
        return await self.conferences.meet(call, room, base)

    # Carrying.

    def _new_call(self, order: Order, direction: Direction, parent: Call | None = None) -> Call:
        call = Call(
            sid=self.new_sid("CA"),
            account_sid=self._settings.account_sid,
            direction=direction,
            order=order,
            created_at=self._clock.now(),
            parent=parent,
        )
        self.calls[call.sid] = self.open[call.sid] = call
        self._trace.note("call", **call.as_json())
        return call

    def _move(self, call: Call, status: CallStatus) -> None:
        now = self._clock.now()
        call.status, call.updated_at = status, now
        if status is CallStatus.INITIATED:
            call.dialled_at = now
        elif status is CallStatus.IN_PROGRESS:
            call.answered_at = now
        elif status in TERMINAL:
            call.ended_at = now
            call.sip_code = call.sip_code or SIP_CODES[status]
        self._trace.note("call", **call.as_json(), **({"sip": call.sip_code} if call.sip_code else {}))
        self._reports.tell(call)

    async def _carry_from_api(self, call: Call) -> None:
        turn_s = max(0.0 if self._settings.rings_at_once else SET_UP_S, self._wait_for_turn_s())
        if await self._clock.first(call.ended, within_s=turn_s) is None:
            await self._carry(call)

    def _wait_for_turn_s(self) -> float:
        """Calls beyond the account's calls per second wait in line."""
        rate = self._faults.network.calls_per_second or self._settings.calls_per_second
        if not rate:
            return 0.0
        now = self._clock.now()
        turn_at = max(now, self._next_turn_at)
        self._next_turn_at = turn_at + 1 / rate
        return turn_at - now

    async def _carry(self, call: Call) -> None:
        """Dial, ring, and let the two ends talk; returns when the call is over."""
        is_full = self._is_full()
        self._live.add(call)
        self._move(call, CallStatus.INITIATED)
        post_dial_s = 0.0 if self._settings.rings_at_once else POST_DIAL_S
        if await self._clock.first(call.ended, within_s=post_dial_s) is not None:
            return
        if is_full:
            call.sip_code = 503
            self._trace.note("call refused", call=call.sid, code=10004, why="too many calls at once")
            self.end(call, CallStatus.FAILED)
            return
        handset = self.phones.at(call.to)
        refusal = handset.takes(call)
        if refusal is not None:
            self.end(call, refusal)
            return
        self._move(call, CallStatus.RINGING)
        handset.rings(call)
        await self._clock.first(call.picked_up, call.ended, within_s=call.order.timeout_s)
        if call.picked_up.happened:
            await self._talk(call)
        else:
            self.end(call, CallStatus.NO_ANSWER)

    async def _carry_inbound(self, call: Call) -> None:
        self._live.add(call)
        self._move(call, CallStatus.RINGING)
        self.phones.at(call.sender).hear("note", "(ringing)")
        await self._talk(call)

    def _is_full(self) -> bool:
        limit = self._faults.network.concurrent_calls or self._settings.concurrent_calls
        return limit is not None and len(self._live) >= limit

    async def _talk(self, call: Call) -> None:
        """Carry out the instructions for a call, and new ones whenever the REST side gives some."""
        source = call.order.source
        try:
            await self._detect(call)
            while True:
                try:
                    ending = await self._interpreter.converse(call, source) if source else Ending.RAN_OUT
                except CallRedirected:
                    source = call.redirect
                    call.redirected.clear()
                    continue
                if ending is Ending.RAN_OUT and call.is_child:
                    call.ready.set()
                    await self._clock.first(call.ended)
                    return
                self.end(call, CallStatus.BUSY if ending is Ending.REJECTED else CallStatus.COMPLETED)
                return
        except CallOver:
            return

    async def _detect(self, call: Call) -> None:
        """Answering machine detection: the call waits for the verdict, or it is posted meanwhile."""
        detection = call.order.detection
        if detection is None or self._faults.network.amd == AmdFault.NEVER:
            return
        verdict = self._verdict(self.phones.at(call.to))
        after_s = VERDICT_S[verdict] + (LATE_VERDICT_S if self._faults.network.amd == AmdFault.LATE else 0.0)

        def judge() -> None:
            call.answered_by = verdict.value
            self._trace.note("machine detection", call=call.sid, verdict=verdict, to=call.to)
            self._reports.tell_verdict(call, verdict, after_s=after_s)

        if detection.is_asynchronous:
            call.timers.append(self._clock.later(after_s, judge))
        elif await self._clock.first(call.ended, within_s=after_s) is None:
            judge()

    def _verdict(self, handset: Handset) -> Verdict:
        verdict = handset.sounds_like
        return OPPOSITE.get(verdict, verdict) if self._faults.network.amd == AmdFault.WRONG else verdict

    def _unbridge(self, call: Call) -> None:
        partner = call.partner
        if partner is None:
            return
        call.partner = partner.partner = None
        self._trace.note("unbridged", call=call.sid, partner=partner.sid)
        for party in (call, partner):
            self.set_sound(party, Sound.SILENCE)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._trace.note("simulator fault", why=repr(error))
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a call broke the simulator", "exception": error, "task": task}
            )

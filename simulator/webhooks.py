"""Webhooks: how the network calls the customer's server, signed, retried, and never off this machine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from simulator.clock import Clock, Signal
from simulator.faults import Faults, Mishap
from simulator.loopback import NotLoopback, check_url
from simulator.trace import Trace

MAX_BODY_BYTES = 65_536  # Twilio error 11750: a longer TwiML document is refused
ORDERLY_WAIT_S = 2.0  # a report waits this long (real) for the one before it; then it overtakes
MAX_CONNECTIONS = 256  # enough for 100 calls with two reports and a TwiML request each at once


class Kind(StrEnum):
    TWIML = "twiml"  # synchronous: the call waits for the answer
    STATUS = "status"
    MESSAGE = "message"
    AMD = "amd"
    INBOUND = "inbound"
    CONFERENCE = "conference"


class DeliveryFailed(Exception):
    """The customer's server gave no usable answer; the catcher turns to the fallback or gives up.

    ``reason`` is one of ct (could not connect), rt (no answer in time), 4xx, 5xx, refused.
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(f"{reason} ({code})")
        self.reason = reason
        self.code = code  # of Twilio's error catalogue


@dataclass(frozen=True, kw_only=True)
class Webhook:
    kind: Kind
    url: str
    method: str
    fields: Mapping[str, str]
    about: str  # the sid of the call or text


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    content_type: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Connection settings in a URL's fragment: ``#rc=3&rp=all&rt=2000``."""

    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, url: str) -> Overrides:
        """Twilio's documented bounds: ct 100-10000, rt 100-15000, tt up to 15000 (ms), rc 0-5."""
        given = dict(parse_qsl(urlsplit(url).fragment))
        policies = frozenset(given.get("rp", "ct").split(","))
        return cls(
            connect_s=_bounded(given.get("ct"), 100, 10_000, 5_000) / 1000,
            read_s=_bounded(given.get("rt"), 100, 15_000, 15_000) / 1000,
            total_s=_bounded(given.get("tt"), 100, 15_000, 15_000) / 1000,
            retries=_bounded(given.get("rc"), 0, 5, 1),
            retry_on=frozenset({"ct", "rt", "4xx", "5xx"}) if "all" in policies else policies,
        )


def _bounded(text: str | None, least: int, most: int, default: int) -> int:
    if text is None or not text.isdigit():
        return default
    return min(max(int(text), least), most)


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and each field's name and value, sorted by name."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def prepared(webhook: Webhook) -> tuple[str, bytes | None, Mapping[str, str]]:
    """The URL, the body and the signed fields: a GET carries its fields in the query and signs the URL alone."""
    url = urldefrag(webhook.url).url
    if webhook.method == "GET":
        parts = urlsplit(url)
        query = "&".join(filter(None, (parts.query, urlencode(dict(webhook.fields)))))
        return urlunsplit(parts._replace(query=query)), None, {}
    return url, urlencode(dict(webhook.fields)).encode(), webhook.fields


class Courier:
    """Carries webhooks. Reports about one call travel in order unless the fault plan says otherwise."""

    _session: aiohttp.ClientSession  # between `open` and `close`

    def __init__(self, *, clock: Clock, trace: Trace, faults: Faults, auth_token: str, seed: int) -> None:
        self._clock = clock
        self._trace = trace
        self._faults = faults
        self._auth_token = auth_token
        self._tokens = random.Random(f"tokens {seed}")
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, list[Signal]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        # A fresh connection each time: a kept-alive one may be closed under a POST, which nobody may repeat.
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, force_close=True)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    def reseed(self, seed: int) -> None:
        self._tokens = random.Random(f"tokens {seed}")

    async def close(self) -> None:
        await self.abandon()
        await self._session.close()

    async def abandon(self) -> None:
        """Forget every report that is still on its way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._latest.clear()
        self._held.clear()

    async def ask(self, webhook: Webhook) -> Answer:
        """Ask the customer's server for instructions and wait for them."""
        mishap = self._faults.for_webhook(webhook.kind, webhook.about)
        if mishap.delay_s:
            await self._clock.sleep(mishap.delay_s)
        if mishap.is_dropped:
            raise DeliveryFailed("ct", 11205)
        token = self._new_token()
        if mishap.is_doubled:
            await self._deliver(webhook, token)
        return await self._deliver(webhook, token)

    def report(self, webhook: Webhook, *, later_s: float = 0.0, delivered: Signal | None = None) -> None:
        """Send news and do not wait for the answer. ``delivered`` is set when it has been answered or given up."""
        mishap = self._faults.for_webhook(webhook.kind, webhook.about)
        self._release(webhook.about)
        if mishap.is_dropped:
            if delivered is not None:
                delivered.set()
            return
        earlier = self._latest.get(webhook.about) if mishap.is_on_time and not later_s else None
        sending = self._send(webhook, mishap, earlier, later_s, delivered)
        task = asyncio.get_running_loop().create_task(sending)
        self._tasks.add(task)
        if mishap.is_on_time and not later_s:
            self._latest[webhook.about] = task
        task.add_done_callback(lambda done: self._finished(webhook.about, done))

    def _finished(self, about: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._latest.get(about) is task:
            del self._latest[about]

    def _release(self, about: str) -> None:
        """Let the reports go that were held back to be overtaken."""
        for held in self._held.pop(about, []):
            held.set()

    async def _send(
        self,
        webhook: Webhook,
        mishap: Mishap,
        earlier: asyncio.Task[None] | None,
        later_s: float,
        delivered: Signal | None,
    ) -> None:
        if mishap.held_for_s:
            overtaken = Signal()
            self._held.setdefault(webhook.about, []).append(overtaken)
            if await self._clock.first(overtaken, within_s=mishap.held_for_s):
                await self._clock.sleep(mishap.held_for_s / 10)  # so that the one overtaking arrives first
        if mishap.delay_s or later_s:
            await self._clock.sleep(mishap.delay_s + later_s)
        if earlier is not None:
            await asyncio.wait({earlier}, timeout=ORDERLY_WAIT_S)
        token = self._new_token()
        try:
            await self._deliver(webhook, token)
            if mishap.is_doubled:
                await self._deliver(webhook, token)
        except DeliveryFailed:
            pass  # each attempt is in the trace; Twilio gives up as quietly
        finally:
            if delivered is not None:
                delivered.set()

    async def _deliver(self, webhook: Webhook, token: str) -> Answer:
        overrides = Overrides.of(webhook.url)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(webhook, token, overrides, attempt)
            except DeliveryFailed as failure:
                if attempt > overrides.retries or failure.reason not in overrides.retry_on:
                    raise

    async def _attempt(self, webhook: Webhook, token: str, overrides: Overrides, attempt: int) -> Answer:
        with self._clock.busy():
            if not self._clock.is_virtual:
                return await self._post(webhook, token, overrides, attempt)
            async with self._one_at_a_time:  # so that virtual time repeats exactly
                return await self._post(webhook, token, overrides, attempt)

    async def _post(self, webhook: Webhook, token: str, overrides: Overrides, attempt: int) -> Answer:
        try:
            answer = await self._exchange(webhook, token, overrides)
        except DeliveryFailed as failure:
            self._note(webhook, attempt, outcome=failure.reason, code=failure.code)
            raise
        self._note(webhook, attempt, outcome=answer.status)
        if answer.status >= 300:  # redirections are not followed here; Twilio would, and a webhook needs none
            reason = "5xx" if answer.status >= 500 else "4xx"
            raise DeliveryFailed(reason, 11200)
        return answer

    async def _exchange(self, webhook: Webhook, token: str, overrides: Overrides) -> Answer:
        url, body, signed_fields = prepared(webhook)
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "X-Twilio-Signature": signature(self._auth_token, url, signed_fields),
            "I-Twilio-Idempotency-Token": token,
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        timeout = aiohttp.ClientTimeout(
            total=overrides.total_s, sock_connect=overrides.connect_s, sock_read=overrides.read_s
        )
        try:
            address = URL(check_url(url), encoded=True)  # as written: the signature covers this exact text
            async with self._session.request(
                webhook.method, address, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                content = await response.read()
                if len(content) > MAX_BODY_BYTES:
                    raise DeliveryFailed("refused", 11750)
                text = content.decode(response.charset or "utf-8", errors="replace")
                return Answer(status=response.status, content_type=response.content_type, body=text)
        except NotLoopback:
            raise DeliveryFailed("refused", 11205) from None
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError):
            raise DeliveryFailed("ct", 11205) from None
        except TimeoutError:
            raise DeliveryFailed("rt", 11205) from None
        except (aiohttp.ClientError, ValueError):
            raise DeliveryFailed("ct", 11205) from None

    def _note(self, webhook: Webhook, attempt: int, **outcome: str | int) -> None:
        self._trace.note(
            "webhook",
            what=webhook.kind,
            about=webhook.about,
            method=webhook.method,
            url=webhook.url,
            attempt=attempt,
            **outcome,
            fields=dict(webhook.fields),
        )

    def _new_token(self) -> str:
        return f"{self._tokens.getrandbits(128):032x}"

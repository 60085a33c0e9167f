"""The stage for the simulator's tests: a real simulator, a real web server of its customer, and their vocabulary."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.wrappers import Request, Response

from simulator.server import serve
from simulator.settings import Settings

ACCOUNT = "AC" + "0a" * 16
TOKEN = "a-token-for-tests"
HELPLINE = "+447700900100"
ASHA = "+447700900001"  # a counsellor
ROBIN = "+447700900002"  # a visitor
LANDLINE = "+441632960001"

Instructions = str | Response | Callable[[Request], str | Response]


@dataclass(frozen=True)
class Call:
    """One webhook as the customer's server received it."""

    path: str
    url: str
    fields: dict[str, str]
    headers: dict[str, str]
    is_signed: bool

    @property
    def token(self) -> str:
        return self.headers["I-Twilio-Idempotency-Token"]


@dataclass
class Customer:
    """The customer's web server: TwiML by path, and a memory of every webhook."""

    address: str = ""
    pages: dict[str, Instructions] = field(default_factory=dict)
    received: list[Call] = field(default_factory=list)

    def url(self, path: str) -> str:
        return self.address + path

    def says(self, path: str, twiml: Instructions) -> str:
        """Answer ``path`` with TwiML (the inside of Response), a response, or what a function returns."""
        self.pages[path] = twiml
        return self.url(path)

    def fields(self, path: str, name: str) -> list[str]:
        return [call.fields.get(name, "") for call in self.received if call.path == path]

    def at(self, path: str) -> list[Call]:
        return [call for call in self.received if call.path == path]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        target = str(environ["REQUEST_URI"])
        url = self.address + target
        posted = request.form if request.method == "POST" else {}
        signature = request.headers.get("X-Twilio-Signature", "")
        self.received.append(
            Call(
                path=request.path,
                url=url,
                fields=request.values.to_dict(),
                headers=dict(request.headers),
                is_signed=RequestValidator(TOKEN).validate(url, posted, signature),
            )
        )
        page = self.pages.get(request.path, Response(status=204))
        answer = page(request) if callable(page) and not isinstance(page, Response) else page
        if isinstance(answer, str):
            answer = Response(f"<Response>{answer}</Response>", content_type="text/xml")
        return answer(environ, start_response)


@dataclass
class Simulator:
    """A running simulator, as scripts and Twilio's library see it."""

    address: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.session.get(self.address + path, params=query, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.session.post(self.address + path, json=body if body is not None else {}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def rest(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """A raw request to Twilio's side, with the right credentials."""
        arguments.setdefault("auth", (ACCOUNT, TOKEN))
        url = f"{self.address}/2010-04-01/Accounts/{ACCOUNT}{path}"
        return self.session.request(method, url, timeout=10, **arguments)

    def habit(self, number: str, habit: Any) -> None:
        self.post(f"/phones/{number}/habit", habit)

    def advance(self, seconds: float) -> None:
        self.post("/clock", {"advance_s": seconds})

    def phone(self, number: str) -> Any:
        return self.get(f"/phones/{number}")

    def heard(self, number: str) -> list[str]:
        return [line["words"] for line in self.phone(number)["hears"] if line["kind"] != "note"]

    def log(self, *kinds: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get("/log", kind=list(kinds))["log"]
        return entries

    def statuses(self, number: str) -> list[str]:
        """The statuses that calls to a number went through."""
        return [entry["status"] for entry in self.log("call") if entry["to"] == number]

    def broken(self) -> set[str]:
        """The invariants that this run has broken."""
        return {name for name, judgement in self.get("/invariants")["judged"].items() if not judgement["holds"]}


@contextmanager
def running(**settings: Any) -> Iterator[Simulator]:
    """Run a simulator in a thread of its own."""
    given = Settings(**{"port": 0, "account_sid": ACCOUNT, "auth_token": TOKEN, "seed": 1, **settings})
    is_up, address = threading.Event(), []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serve(given) as server:
            address.append(server.address)
            is_up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert is_up.wait(10), "the simulator did not start"
    try:
        with requests.Session() as session:
            yield Simulator(address[0], session)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
        loop.close()


class LoopbackHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library ships no types
    """Twilio's own HTTP client, sent to the simulator instead of api.twilio.com."""

    def __init__(self, address: str) -> None:
        super().__init__(timeout=10)
        self._address = address

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> TwilioResponse:
        return super().request(method, url.replace("https://api.twilio.com", self._address), *arguments, **named)


def client_of(simulator: Simulator) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=LoopbackHttpClient(simulator.address))


def error_code(problem: pytest.ExceptionInfo[TwilioRestException]) -> tuple[int, int]:
    return problem.value.status, problem.value.code


SCREENING = (
    '<Gather numDigits="1" timeout="8" action="/accept?at=a1" actionOnEmptyResult="true">'
    "<Say>Helpline. A callback is waiting. Press 1 to take it, 2 to pass it on.</Say></Gather><Hangup/>"
)
CONNECTING = (
    f'<Say>Thank you.</Say><Dial callerId="{HELPLINE}" timeout="25" timeLimit="5400" action="/done"'
    ' hangupOnStar="true">'
    '<Number url="/hello" statusCallback="/status?leg=v" statusCallbackEvent="initiated ringing answered completed">'
    f"{ROBIN}</Number></Dial>"
)
GREETING = "<Say>Hello. This is the call you asked for. Connecting you now.</Say>"


def ring(twilio: Client, customer: Customer, **more: Any) -> str:
    """Start a callback to Asha; the call's sid."""
    order = {
        "to": ASHA,
        "from_": HELPLINE,
        "url": customer.url("/answer?at=a1"),
        "status_callback": customer.url("/status?leg=c"),
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        "timeout": 20,
    }
    return str(twilio.calls.create(**{**order, **more}).sid)


def follow(simulator: Simulator, twilio: Client, helpline: Customer, seconds: float = 200) -> dict[str, str]:
    """Run one whole callback; what the Dial's action was told (empty if it was never asked)."""
    ring(twilio, helpline)
    simulator.advance(seconds)
    told = helpline.at("/done")
    return told[0].fields if told else {}

"""The front door of the REST side: who may come in, what goes wrong on purpose, and which handler answers."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from aiohttp import web

from simulator.faults import RestFault
from simulator.keys import SIMULATION
from simulator.rest import account, calls, conferences, messages
from simulator.rest.errors import Refused, internal_error, not_found, too_many_requests, unauthorised
from simulator.settings import Settings
from simulator.simulation import Simulation

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ACCOUNT = "/2010-04-01/Accounts/{account}"
RETRY_AFTER_S = 1
IS_GARBLED = web.RequestKey("is_garbled", bool)
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", ".json", account.fetch),
    ("GET", "/Balance.json", account.balance),
    ("GET", "/IncomingPhoneNumbers.json", account.numbers),
    ("POST", "/Calls.json", calls.create),
    ("GET", "/Calls.json", calls.list_all),
    ("GET", "/Calls/{sid}.json", calls.fetch),
    ("POST", "/Calls/{sid}.json", calls.update),
    ("DELETE", "/Calls/{sid}.json", calls.delete),
    ("POST", "/Messages.json", messages.create),
    ("GET", "/Messages.json", messages.list_all),
    ("GET", "/Messages/{sid}.json", messages.fetch),
    ("POST", "/Messages/{sid}.json", messages.update),
    ("DELETE", "/Messages/{sid}.json", messages.delete),
    ("GET", "/Conferences.json", conferences.list_all),
    ("GET", "/Conferences/{sid}.json", conferences.fetch),
    ("POST", "/Conferences/{sid}.json", conferences.update),
    ("GET", "/Conferences/{sid}/Participants.json", conferences.list_participants),
    ("POST", "/Conferences/{sid}/Participants.json", conferences.create_participant),
    ("GET", "/Conferences/{sid}/Participants/{call_sid}.json", conferences.fetch_participant),
    ("POST", "/Conferences/{sid}/Participants/{call_sid}.json", conferences.update_participant),
    ("DELETE", "/Conferences/{sid}/Participants/{call_sid}.json", conferences.delete_participant),
)


def add_routes(app: web.Application) -> None:
    desk = Desk()
    for method, path, handler in ROUTES:
        app.router.add_route(method, ACCOUNT + path, desk.guarded(handler))
    app.router.add_get("/v2/PhoneNumbers/{number}", desk.guarded(account.lookup))
    app.router.add_route("*", "/2010-04-01/{rest:.*}", desk.guarded(_nothing_here))


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    raise not_found(request.path)


class Desk:
    """Counts the requests in hand and answers each with Twilio's manners and the plan's faults."""

    def __init__(self) -> None:
        self._in_hand = 0

    def guarded(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self._in_hand += 1
            try:
                response = await self._answer(request, handler)
            except Refused as refusal:
                response = refusal.as_response()
            finally:
                self._in_hand -= 1
            await self._sign_off(request, response)
            return _page_from_nowhere(response) if request.get(IS_GARBLED) else response

        return handle

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        simulation = request.app[SIMULATION]
        check_credentials(request, simulation.settings)
        fault = simulation.faults.for_rest(request.method, _resource(request))
        if simulation.faults.rest.slow_s:
            await asyncio.sleep(simulation.faults.rest.slow_s)
        await self._fail_before(request, simulation, fault)
        response = await handler(request)
        await self._fail_after(request, simulation, fault)
        return response

    async def _fail_before(self, request: web.Request, simulation: Simulation, fault: RestFault | None) -> None:
        if fault is RestFault.TOO_MANY_REQUESTS:
            raise too_many_requests()
        if fault is RestFault.FAILS_BEFORE:
            raise internal_error()
        if fault is RestFault.TIMES_OUT_BEFORE:
            await asyncio.sleep(simulation.faults.rest.times_out_s)
            _close(request)

    async def _fail_after(self, request: web.Request, simulation: Simulation, fault: RestFault | None) -> None:
        if fault is RestFault.FAILS_AFTER:
            raise internal_error()
        if fault is RestFault.TIMES_OUT:
            await asyncio.sleep(simulation.faults.rest.times_out_s)
        if fault in (RestFault.TIMES_OUT, RestFault.ANSWER_LOST):
            _close(request)
        request[IS_GARBLED] = fault is RestFault.GARBLED

    async def _sign_off(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Twilio-Concurrent-Requests"] = str(self._in_hand + 1)
        if response.status == Refused(429, 0, "").status:
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        if response.status == unauthorised().status:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        posted = await request.post()  # read before, by the handler; an upload would be no text
        fields = {name: [str(value) for value in posted.getall(name)] for name in posted}
        request.app[SIMULATION].trace.note(
            "rest", method=request.method, path=request.path_qs, status=response.status, fields=fields
        )
        if response.status < 400:  # what was refused has been told so
            await _hold_against_schemas(request, response)


async def _hold_against_schemas(request: web.Request, response: web.StreamResponse) -> None:
    """Note what in a request, or in our own answer to it, is not as Twilio describes it."""
    simulation, path = request.app[SIMULATION], request.path_qs
    wrong = {"request": simulation.schemas.request(request.method, path, dict(request.headers), await _body(request))}
    if isinstance(response, web.Response) and isinstance(response.body, bytes) and response.body:
        wrong["answer"] = simulation.schemas.answer(
            request.method, path, response.status, response.content_type, response.body
        )
    for what, reasons in wrong.items():
        for why in reasons:
            simulation.trace.note("schema", what=what, about=f"{request.method} {path}", why=why)


async def _body(request: web.Request) -> bytes:
    """The form as it was posted."""
    posted = await request.post()
    return urlencode([(name, str(value)) for name, value in posted.items()]).encode()


def check_credentials(request: web.Request, settings: Settings) -> None:
    """Basic authentication with the account's sid and token, for the account in the path; raises Refused."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise unauthorised() from None
    expected = f"{settings.account_sid}:{settings.auth_token}".encode()
    if scheme.lower() != "basic" or not hmac.compare_digest(given, expected):
        raise unauthorised()
    if request.match_info.get("account", settings.account_sid) != settings.account_sid:
        raise not_found(request.path)


def _resource(request: web.Request) -> str:
    """``Calls`` for ``/2010-04-01/Accounts/AC…/Calls/CA….json``."""
    parts = request.path.removesuffix(".json").split("/")
    return parts[4] if len(parts) > len(ACCOUNT.split("/")) else "Accounts"


def _page_from_nowhere(response: web.StreamResponse) -> web.Response:
    """What arrives in place of an answer when a machine on the way has its own words; the status stays."""
    return web.Response(status=response.status, text="<html>Please wait.</html>", content_type="text/html")


def _close(request: web.Request) -> None:
    """Cut the line without an answer, as a network does."""
    if request.transport is not None:
        request.transport.abort()
    raise Refused(500, 20500, "The answer was lost on purpose.")  # nobody receives this

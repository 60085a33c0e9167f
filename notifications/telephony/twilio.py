"""The telephone company Twilio, or anything that speaks its REST API.

Twilio's create calls are not idempotent, so each failure is sorted by one question: was anything placed? No: safe to
try again. Yes or perhaps: never try again, find out from its records.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from foundation.phone import Phone
from notifications.domain.call_deadlines import COUNSELLOR_RINGS_S, TALK_LIMIT_S
from notifications.domain.leg import LegStatus
from notifications.domain.text import VALID_FOR_S, TextState, from_provider
from notifications.telephony.port import (
    CallOrder,
    NoSuchCall,
    NumberRefused,
    OutcomeUnknown,
    ProviderCall,
    ProviderRefusesUs,
    ProviderUnavailable,
    TextOrder,
    TurnedAway,
)

TIMEOUT_S = 10  # the library's own default is to wait for ever
ANSWERS_WITHIN_S = 5  # a question is asked again; an order is not, and is given longer

_TWILIO = "https://api.twilio.com"
_OUR_FAULT = frozenset({20003, 20005, 20006, 20008, 20404, 21205, 21210, 21212, 21603, 21606, 90010})
"""Codes about our credentials, account, sender and addresses: no order can go through until somebody looks."""

_THE_NUMBERS_FAULT = frozenset({13223, 13224, 21211, 21214, 21216, 21217, 21610, 21612, 21614})
"""Codes that blame the number dialled. Any other, 21215 (no permission for the country) above all, may be ours."""

_LIVE = ("queued", "ringing", "in-progress")
_LIVE_AT_MOST = 500  # of each; ten times what the largest helpline has at once

_REFUSES_US = frozenset({401, 403, 404})
_LIMITED = 429
_NO_CONTENT = 204
_CLIENT_ERROR = 400
_SERVER_ERROR = 500
_NOT_FOUND = 404
_ALREADY_OVER = 21220


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """What we need to know to use an account."""

    account_sid: str
    auth_token: str
    caller_id: str
    text_sender: dict[str, str]
    public_base_url: str
    api_base_url: str = ""
    fallback_url: str = ""
    """Who speaks when we cannot: instructions on another host. Empty: our own address, which helps less."""


class _TooMany(TwilioException):
    """429: nothing was accepted. The library forgets the headers, which say for how long it wants to be left alone."""

    def __init__(self, leave_alone_s: float) -> None:
        super().__init__("429: too many requests")
        self.leave_alone_s = leave_alone_s


class _Garbled(TwilioException):
    """An answer that says neither yes nor no: a page of some machine on the way, or half of what was sent."""


class _HttpClient(TwilioHttpClient):
    """Twilio's HTTP client, with a time-out and, for the simulator, another address."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=TIMEOUT_S, pool_connections=True)
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send one request. Raises _TooMany, and what the library raises."""
        if method.upper() == "GET":
            kwargs["timeout"] = kwargs.get("timeout") or ANSWERS_WITHIN_S
        answer = super().request(method, url.replace(_TWILIO, self._base_url or _TWILIO, 1), *args, **kwargs)
        if answer.status_code == _LIMITED:
            wait = str((answer.headers or {}).get("Retry-After", ""))
            raise _TooMany(float(wait) if wait.isdecimal() else 0.0)
        if answer.status_code < _CLIENT_ERROR and answer.status_code != _NO_CONTENT and not _is_object(answer.text):
            raise _Garbled(f"status {answer.status_code}, and no JSON object")
        return answer


def _is_object(body: str) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _never_left(error: requests.RequestException) -> bool:
    """Whether the connection was never made, so that nothing can have been placed."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    text = repr(error)
    return isinstance(error, requests.ConnectionError) and (
        "NewConnectionError" in text or "NameResolutionError" in text
    )


def _sorted_out(error: Exception) -> Exception:
    """Our name for what went wrong with a create call."""
    if isinstance(error, requests.RequestException):
        because = type(error).__name__
        return ProviderUnavailable(because) if _never_left(error) else OutcomeUnknown(because)
    if isinstance(error, _TooMany):
        return ProviderUnavailable(str(error), retry_after_s=2.0, leave_alone_s=error.leave_alone_s)
    status = int(getattr(error, "status", 0) or 0)
    code = int(getattr(error, "code", 0) or 0)
    if status >= _SERVER_ERROR or status == 0:
        return OutcomeUnknown(f"status {status}")
    if status in _REFUSES_US or code in _OUR_FAULT:
        return ProviderRefusesUs(f"{status}, code {code}", retry_after_s=30.0)
    if code in _THE_NUMBERS_FAULT:
        return NumberRefused(str(code))
    return TurnedAway(str(code or status))


def _cannot_tell(error: Exception) -> ProviderUnavailable:
    return ProviderUnavailable(type(error).__name__)


_FAILURES = (TwilioException, TwilioServiceException, requests.RequestException)


def _leg_status(word: str) -> LegStatus | None:
    try:
        return LegStatus(word)
    except ValueError:
        return None


def _record(call: Any) -> ProviderCall:
    return ProviderCall(
        provider_id=call.sid,
        status=_leg_status(call.status),
        created_at=_utc(call.date_created),
        ended_at=_utc(call.end_time),
        duration_s=int(call.duration or 0),
        to=Phone(str(call.to)),
        parent_id=call.parent_call_sid or None,
        dialled_at=_utc(call.start_time),
        queued_s=int(call.queue_time or 0) / 1000,  # told in thousandths of a second
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None


def _id_of(made: Any) -> str:
    """The id of what was just made. Raises OutcomeUnknown when the answer has none."""
    if not made.sid:
        raise OutcomeUnknown("an answer without an id")
    return str(made.sid)


def _delete(record: Any) -> None:
    try:
        record.delete()
    except TwilioRestException as error:
        if error.status != _NOT_FOUND:
            raise _cannot_tell(error) from None
    except _FAILURES as error:
        raise _cannot_tell(error) from None


class Twilio:
    """The adapter; see `port.Telephony`."""

    def __init__(self, account: TwilioAccount) -> None:
        self._account = account
        self._client = Client(account.account_sid, account.auth_token, http_client=_HttpClient(account.api_base_url))

    def _address(self, path: str, **query: str) -> str:
        return f"{self._account.public_base_url}/webhooks/twilio/{path}?{urlencode(query)}"

    def place_call(self, order: CallOrder) -> str:
        """See `port.Telephony`."""
        at = order.call_id.hex
        try:
            call = self._client.calls.create(
                to=order.to.e164,
                from_=self._account.caller_id,
                url=self._address("voice/answer", at=at),
                fallback_url=self._account.fallback_url or self._address("voice/fallback", at=at),
                status_callback=self._address("calls", at=at, leg="counsellor"),
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                timeout=COUNSELLOR_RINGS_S,
                time_limit=TALK_LIMIT_S,
            )
        except _FAILURES as error:
            raise _sorted_out(error) from None
        return _id_of(call)

    def send_text(self, order: TextOrder) -> tuple[str, TextState]:
        """See `port.Telephony`."""
        try:
            message = self._client.messages.create(
                to=order.to.e164,
                body=order.body,
                status_callback=self._address("messages", at=order.text_id.hex),
                validity_period=VALID_FOR_S,
                **self._account.text_sender,
            )
        except _FAILURES as error:
            raise _sorted_out(error) from None
        return _id_of(message), from_provider(str(message.status)) or TextState.SENT

    def call(self, provider_id: str) -> ProviderCall:
        """See `port.Telephony`."""
        try:
            return _record(self._client.calls(provider_id).fetch())
        except TwilioRestException as error:
            if error.status == _NOT_FOUND:
                raise NoSuchCall(provider_id) from None
            raise _cannot_tell(error) from None
        except _FAILURES as error:
            raise _cannot_tell(error) from None

    def second_leg(self, provider_id: str) -> ProviderCall | None:
        """See `port.Telephony`."""
        try:
            children = self._client.calls.list(parent_call_sid=provider_id, limit=5)
        except _FAILURES as error:
            raise _cannot_tell(error) from None
        return _record(children[0]) if children else None

    def calls_to(self, to: Phone) -> list[ProviderCall]:
        """See `port.Telephony`."""
        try:  # never filtered by start time: a queued call has none
            calls = self._client.calls.list(to=to.e164, from_=self._account.caller_id, limit=20)
        except _FAILURES as error:
            raise _cannot_tell(error) from None
        return [_record(call) for call in calls]

    def latest_calls(self, limit: int) -> list[ProviderCall]:
        """See `port.Telephony`."""
        try:
            calls = self._client.calls.list(from_=self._account.caller_id, limit=limit, page_size=limit)
        except _FAILURES as error:
            raise _cannot_tell(error) from None
        return [_record(call) for call in calls]

    def live_calls(self) -> list[ProviderCall]:
        """See `port.Telephony`."""
        found: list[ProviderCall] = []
        for status in _LIVE:
            try:
                calls = self._client.calls.list(status=status, from_=self._account.caller_id, limit=_LIVE_AT_MOST)
            except _FAILURES as error:
                raise _cannot_tell(error) from None
            found += [_record(call) for call in calls]
        return found

    def end_call(self, provider_id: str) -> None:
        """See `port.Telephony`: first as a call that rings, then as one that was answered."""
        for status in ("canceled", "completed"):
            try:
                ended = self._client.calls(provider_id).update(status=status)
            except TwilioRestException as error:
                if error.code == _ALREADY_OVER or error.status == _NOT_FOUND:
                    continue
                raise _cannot_tell(error) from None
            except _FAILURES as error:
                raise _cannot_tell(error) from None
            if str(ended.status) in ("canceled", "completed"):
                return

    def text_state(self, provider_id: str) -> TextState | None:
        """See `port.Telephony`."""
        try:
            return from_provider(str(self._client.messages(provider_id).fetch().status))
        except TwilioRestException as error:
            if error.status == _NOT_FOUND:
                return None
            raise _cannot_tell(error) from None
        except _FAILURES as error:
            raise _cannot_tell(error) from None

    def delete_call(self, provider_id: str) -> None:
        """See `port.Telephony`."""
        _delete(self._client.calls(provider_id))

    def delete_text(self, provider_id: str) -> None:
        """See `port.Telephony`."""
        _delete(self._client.messages(provider_id))

    def check_account(self) -> None:
        """Ask for one call record: proves the address, the credentials and the account. ProviderUnavailable if not."""
        try:
            self._client.calls.list(limit=1)
        except _FAILURES as error:
            raise _cannot_tell(error) from None

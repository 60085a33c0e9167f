"""The account over REST: itself, its balance, its numbers, and looking a number up."""

from __future__ import annotations

from aiohttp import web

from simulator.dialplan import is_e164, is_uk_landline
from simulator.keys import SIMULATION
from simulator.rest.paging import envelope
from simulator.rest.resources import account_path


async def fetch(request: web.Request) -> web.Response:
    sid = request.app[SIMULATION].settings.account_sid
    body: dict[str, object] = {
        "sid": sid,
        "friendly_name": "The simulated account",
        "status": "active",
        "type": "Full",
        "owner_account_sid": sid,
        "date_created": "Tue, 01 Jan 2019 00:00:00 +0000",
        "date_updated": "Tue, 01 Jan 2019 00:00:00 +0000",
        "auth_token": None,  # a secret that nobody needs to read back
        "uri": f"{account_path(sid)}.json",
        "subresource_uris": {},
    }
    return web.json_response(body)


async def balance(request: web.Request) -> web.Response:
    sid = request.app[SIMULATION].settings.account_sid
    return web.json_response({"account_sid": sid, "balance": "100.00", "currency": "USD"})


async def numbers(request: web.Request) -> web.Response:
    """The caller ids given at the start, as incoming phone numbers."""
    settings = request.app[SIMULATION].settings
    wanted = request.query.get("PhoneNumber")
    found = [number for number in settings.caller_ids if wanted in (None, "", number)]
    return envelope(
        request,
        "incoming_phone_numbers",
        found,
        lambda number: {
            "account_sid": settings.account_sid,
            "phone_number": number,
            "friendly_name": number,
            "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
            "sms_url": settings.inbound_message_url,
            "voice_url": settings.inbound_call_url,
        },
    )


async def lookup(request: web.Request) -> web.Response:
    """Lookups v2, as far as the number itself tells."""
    number = request.match_info["number"]
    is_valid = is_e164(number)
    line = {"type": "landline" if is_uk_landline(number) else "mobile", "error_code": None}
    body: dict[str, object] = {
        "phone_number": number,
        "valid": is_valid,
        "validation_errors": [] if is_valid else ["NOT_A_NUMBER"],
        "calling_country_code": "44" if number.startswith("+44") else None,
        "country_code": "GB" if number.startswith("+44") else None,
        "national_format": number,
        "line_type_intelligence": line if is_valid else None,
        "url": f"https://lookups.twilio.com/v2/PhoneNumbers/{number}",
    }
    return web.json_response(body)

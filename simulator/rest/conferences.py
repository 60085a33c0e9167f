"""Conferences over REST: looked at, listed and ended, with who is in them."""

from __future__ import annotations

from aiohttp import web

from simulator.conferences import Conference
from simulator.keys import SIMULATION
from simulator.rest import forms
from simulator.rest.errors import not_found
from simulator.rest.paging import check_filters, envelope, passes_dates
from simulator.rest.resources import conference_as_json, participant_as_json

UPDATE_FIELDS: dict[str, forms.Check] = {"Status": forms.one_of("completed")}
LIST_FILTERS = frozenset(
    {"FriendlyName", "Status"} | {f"{name}{mark}" for name in ("DateCreated", "DateUpdated") for mark in ("", "<", ">")}
)


async def fetch(request: web.Request) -> web.Response:
    return web.json_response(conference_as_json(_conference(request)))


async def list_all(request: web.Request) -> web.Response:
    check_filters(request, LIST_FILTERS)
    query = request.query
    found = [
        conference
        for conference in reversed(request.app[SIMULATION].network.conferences.by_sid.values())
        if query.get("FriendlyName") in (None, "", conference.name)
        and query.get("Status") in (None, "", conference.status.value)
        and passes_dates(query, "DateCreated", conference.created_at)
        and passes_dates(query, "DateUpdated", conference.updated_at)
    ]
    return envelope(request, "conferences", found, conference_as_json)


async def update(request: web.Request) -> web.Response:
    conference = _conference(request)
    form = await forms.read(request, UPDATE_FIELDS)
    if form.get("Status"):
        request.app[SIMULATION].network.conferences.close(conference, because="conference-ended-via-api")
    return web.json_response(conference_as_json(conference))


async def list_participants(request: web.Request) -> web.Response:
    """Who is in the room now; a completed conference lists nobody."""
    conference = _conference(request)
    check_filters(request, frozenset({"Muted", "Hold", "Coaching"}))
    present = list(reversed(conference.participants))
    return envelope(request, "participants", present, lambda one: participant_as_json(conference, one))


async def fetch_participant(request: web.Request) -> web.Response:
    conference = _conference(request)
    wanted = request.match_info["call_sid"]
    for participant in conference.participants:
        if wanted in (participant.call.sid, participant.room.label):
            return web.json_response(participant_as_json(conference, participant))
    raise not_found(request.path)


def _conference(request: web.Request) -> Conference:
    conference = request.app[SIMULATION].network.conferences.by_sid.get(request.match_info["sid"])
    if conference is None:
        raise not_found(request.path)
    return conference

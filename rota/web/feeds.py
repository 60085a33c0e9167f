"""The address that calendars subscribe to. No sign-in: the token in it is the key, and can be changed or ended."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, abort, current_app, request

from foundation import clock, sealed
from foundation.database import transaction
from rota import queries
from rota.domain.calendar_feed import calendar
from rota.web import wording

feeds = Blueprint("feeds", __name__, url_prefix="/feeds")

PAST = timedelta(weeks=4)  # how far back a calendar keeps what was


@feeds.get("/<token>.ics")
def feed(token: str) -> Response:
    """One person's shifts."""
    now = clock.now()
    with transaction() as session:
        owner = queries.feed_owner(
            session, token_digest=sealed.digest(token), today=now.astimezone(current_app.config["ZONE"]).date()
        )
        if owner is None:
            abort(HTTPStatus.NOT_FOUND)
        events = queries.feed_events(session, counsellor_id=owner.id, start=now - PAST)
    host = request.host.partition(":")[0]
    body = calendar(events, name=wording.CALENDAR_NAME, summary=wording.CALENDAR_SHIFT, domain=host)
    return Response(body, content_type="text/calendar; charset=utf-8")

"""The address that calendars subscribe to. No sign-in: the token in it is the key, and can be changed or ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app
from sqlalchemy.orm import Session

from foundation import clock, sealed
from foundation.database import transaction
from foundation.web.times import service_zone
from rota import queries
from rota.domain.calendar_feed import FeedEvent, calendar
from rota.domain.wording import break_words
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
        events = _with_breaks(session, queries.feed_events(session, counsellor_id=owner.id, start=now - PAST))
    body = calendar(events, name=wording.CALENDAR_NAME, summary=wording.CALENDAR_SHIFT, domain=_domain())
    return Response(body, content_type="text/calendar; charset=utf-8")


def _domain() -> str:
    """What UIDs end in: the service's own address, however the feed was reached, so that a shift keeps its UID."""
    return urlsplit(current_app.config["PUBLIC_BASE_URL"]).hostname or "localhost"


def _with_breaks(session: Session, events: list[FeedEvent]) -> list[FeedEvent]:
    """Each shift with its breaks in words."""
    zone = service_zone()
    found = queries.breaks_of(session, spans={event.shift_id: event.span for event in events if not event.is_cancelled})
    notes = {shift_id: ", ".join(break_words(span, zone) for span in spans) for shift_id, spans in found.items()}
    return [event if event.is_cancelled else replace(event, note=notes.get(event.shift_id, "")) for event in events]

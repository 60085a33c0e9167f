"""What a worker does for requests when a bell rings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog
from flask import current_app

from callbacks.operations import apologise, expire, watch
from callbacks.operations.match import match_waiting as match_now
from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from notifications.jobs import tell_of_troubles

log = structlog.get_logger()


@doorbell.answers(Bell.MATCH)
def match_waiting() -> None:
    """Give due requests to free counsellors."""
    doorbell.answering(Bell.MATCH)
    zone: ZoneInfo = current_app.config["ZONE"]
    with transaction() as session:
        plan = match_now(session, zone=zone, now=clock.now())
    if plan.matches:
        log.info("matched", requests=len(plan.matches))


def watch_over_everything() -> None:
    """Look for what is wrong with the service as a whole, and tell people of it once."""
    config = current_app.config
    with transaction() as session:
        watch.watch(session, zone=config["ZONE"], now=clock.now())
    with transaction() as session:
        told = apologise.apologise(session, zone=config["ZONE"], now=clock.now())
    if told:
        log.info("promises_endangered", requests=told)
    tell_of_troubles(on_call=config["ON_CALL_PHONE"], address=config["ALARM_WEBHOOK_URL"])


@doorbell.answers(Bell.DEADLINES)
def keep_deadlines() -> None:
    """Move requests whose deadline has passed."""
    doorbell.answering(Bell.DEADLINES)
    with transaction() as session:
        expire.keep_deadlines(session, now=clock.now())
        expire.forget_keys(session, now=clock.now())

"""What a worker does for requests when a bell rings."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog
from flask import current_app

from callbacks.domain.keeping import Kept
from callbacks.operations import apologise, expire, tidy, watch
from callbacks.operations.match import match_waiting as match_now
from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from notifications.jobs import delete_records, tell_of_troubles

log = structlog.get_logger()

_TIDIES_AT_MOST = 20  # transactions in one run: the bell rings again, and no job may hold a worker for long


@doorbell.answers(Bell.MATCH)
def match_waiting() -> None:
    """Give due requests to free counsellors."""
    doorbell.answering(Bell.MATCH)
    zone: ZoneInfo = current_app.config["ZONE"]
    with transaction() as session:
        plan = match_now(session, zone=zone, now=clock.now())
    if plan.matches:
        log.info("matched", requests=len(plan.matches))


def watch_over_everything(*, is_thorough: bool = True) -> None:
    """Look for what is wrong with the service as a whole, and tell people of it once."""
    config = current_app.config
    with transaction() as session:
        watch.watch(
            session, budget=config["BUDGET_PER_DAY"], zone=config["ZONE"], is_thorough=is_thorough, now=clock.now()
        )
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


@doorbell.answers(Bell.TIDY)
def tidy_up() -> None:
    """Forget what has been kept for as long as it was needed, here and at the telephone company."""
    doorbell.answering(Bell.TIDY)
    kept: Kept = current_app.config["KEPT"]
    with transaction() as session:
        tidy.begin(session, now=clock.now())
    forgotten = 0
    for _ in range(_TIDIES_AT_MOST):
        with transaction() as session:
            if not (count := tidy.tidy(session, kept=kept, now=clock.now())):
                break
        forgotten += count
    if forgotten:
        log.info("forgotten", requests=forgotten)
    with transaction() as session:
        tidy.tidy_records(session, kept=kept, now=clock.now())
        tidy.tidy_drafts(session, kept=kept, now=clock.now())
    delete_records()

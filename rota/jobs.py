"""What a worker does for the rota when its bell rings: ask the next one for cover, and look over what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import structlog
from flask import current_app
from sqlalchemy.orm import Session

from foundation import clock, doorbell
from foundation.database import transaction
from foundation.doorbell import Bell
from rota import queries
from rota.operations import ladder
from rota.operations.forget_texts import forget_old_texts
from rota.operations.lapse import lapse_dead_offers
from rota.operations.remind import remind
from rota.operations.round import begin_round
from rota.operations.watch_cover import watch_ahead, watch_now, watch_today

log = structlog.get_logger()

Act = Callable[[Session], object]


@doorbell.answers(Bell.ROTA)
def look_after_the_rota() -> None:
    """Climb every ladder whose time has come, and once a minute look over the rota."""
    doorbell.answering(Bell.ROTA)
    now, zone = clock.now(), current_app.config["ZONE"]
    with transaction() as session:
        due = queries.due_cover_requests(session, now=now)
    for request_id in due:
        if not _apart(partial(ladder.climb, request_id=request_id, zone=zone, now=now)):
            _apart(partial(ladder.postpone, request_id=request_id, now=now))
    with transaction() as session:
        is_due, is_ahead_due = begin_round(session, now=now)
    for act in _round(now, is_ahead_due=is_ahead_due) if is_due else ():
        _apart(act)


def _round(now: datetime, *, is_ahead_due: bool) -> Iterator[Act]:
    """What is looked at, each in a transaction of its own."""
    zone, on_call = current_app.config["ZONE"], current_app.config["ON_CALL_PHONE"]
    yield partial(lapse_dead_offers, now=now)
    yield partial(remind, zone=zone, now=now)
    yield partial(watch_now, zone=zone, on_call=on_call, now=now)
    yield partial(watch_today, zone=zone, on_call=on_call, now=now)
    if is_ahead_due:
        yield partial(watch_ahead, zone=zone, now=now)
        yield partial(forget_old_texts, before=now - current_app.config["KEPT"].call_records, now=now)


def _apart(act: Act) -> bool:
    """Do one thing by itself: when it fails, the others are done all the same. Whether it was done."""
    try:
        with transaction() as session:
            act(session)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not stand in the way of the others
        log.error("rota_work_failed", because=type(error).__name__)  # noqa: TRY400 - a traceback may quote a row
        return False
    return True

"""Record that somebody leaves: their shifts from that day on are vacated, and nothing waits for them any more."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.shifts import instant_of
from rota.domain.swaps import SwapEvent, SwapState, move
from rota.models import LadderState, LeaveState
from rota.operations.note_that import note_that
from rota.operations.shifts import vacate
from rota.operations.team import find, told

GONE = "gone"
"""The answer of whoever was asked for cover and has left since."""


def record_leaving(
    session: Session, *, counsellor_id: int, left_on: date, zone: ZoneInfo, by: int | None, now: datetime
) -> int:
    """Record the first day on which somebody no longer works here; their shifts from then on are vacated and counted.

    Their leave ends with them, their offers of those shifts and their wishes for others' end, and nobody waits for
    their answer about cover. Raises CounsellorNotFound.
    """
    row = find(session, counsellor_id)
    before = told(row)
    row.left_on = max(left_on, row.joined_on)
    start = instant_of(row.left_on, time(), zone)
    _settle_swaps(session, counsellor_id, start, by=by, now=now)
    vacated = vacate(session, counsellor_id=counsellor_id, start=start, by=by, now=now)
    _end_leave(session, counsellor_id, row.left_on, by=by, now=now)
    _settle_asks(session, counsellor_id, start, by=by, now=now)
    session.flush()
    note_that(session, "counsellor_left", ("counsellor", row.id), before=before, after=told(row), by=by, now=now)
    return vacated


def _settle_swaps(session: Session, counsellor_id: int, start: datetime, *, by: int | None, now: datetime) -> None:
    """Their own offers lapse; what they wanted of others is on offer again."""
    for swap_id in queries.open_swaps_of(session, counsellor_id=counsellor_id, start=max(start, now)):
        row = queries.lock_swap(session, swap_id=swap_id)
        if row is None or SwapState(row.state) not in (SwapState.OFFERED, SwapState.TAKEN):
            continue  # somebody settled it at the same moment
        event = SwapEvent.LAPSE if row.owner_id == counsellor_id else SwapEvent.REFUSE
        before = {"state": row.state, "taker_id": row.taker_id}
        row.state, row.state_at = move(SwapState(row.state), event).value, now
        if event is SwapEvent.REFUSE:
            row.taker_id = None
        session.flush()
        after = {"state": row.state, "taker_id": row.taker_id}
        action = "swap_lapsed" if event is SwapEvent.LAPSE else "swap_refused"
        note_that(session, action, ("swap", row.id), before=before, after=after, by=by, now=now)


def _end_leave(session: Session, counsellor_id: int, left_on: date, *, by: int | None, now: datetime) -> None:
    """Leave from then on is withdrawn; leave that runs into it ends the day before."""
    for each in queries.leave_of(session, counsellor_id=counsellor_id, since=left_on):
        row = queries.lock_leave(session, leave_id=each.id)
        if row is None or row.state not in (LeaveState.ASKED.value, LeaveState.APPROVED.value):
            continue
        before = {"state": row.state, "last_day": row.last_day.isoformat()}
        if row.first_day >= left_on:
            row.state, row.decided_at, row.decided_by = LeaveState.WITHDRAWN.value, None, None
        else:
            row.last_day = left_on - timedelta(days=1)
        session.flush()
        after = {"state": row.state, "last_day": row.last_day.isoformat()}
        note_that(session, "leave_ended", ("leave", row.id), before=before, after=after, by=by, now=now)


def _settle_asks(session: Session, counsellor_id: int, start: datetime, *, by: int | None, now: datetime) -> None:
    """Cover that they were asked for is asked of the next at once."""
    for ask in queries.open_asks_of(session, counsellor_id=counsellor_id, start=start):
        request = queries.lock_cover_request(session, request_id=ask.request_id)
        session.refresh(ask)  # read under the lock: a YES of theirs may have come at the same moment
        if request is None or ask.answer is not None:
            continue
        ask.answer, ask.answered_at = GONE, now
        if request.state == LadderState.ASKING.value:
            request.next_at = now
        session.flush()
        note_that(
            session,
            "cover_ask_ended",
            ("cover_request", request.id),
            before=None,
            after={"counsellor_id": counsellor_id},
            by=by,
            now=now,
        )

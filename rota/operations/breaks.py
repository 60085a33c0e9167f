"""Give a shift its break, take it away, and plan the breaks that are missing where they do the least harm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.breaks import Spare, place_break
from rota.domain.shifts import ShiftRefused, Span
from rota.models import ShiftBreakRow, ShiftRow, ShiftState, range_of, span_of
from rota.operations.note_that import note_that
from rota.operations.overlap import refusing_overlap
from rota.operations.shifts import ShiftNotFound

LONGEST = timedelta(hours=2)


class BreakRefused(ShiftRefused):
    """A break cannot be like this; the message says what to change."""

    field = "starts"


def set_break(session: Session, *, shift_id: int, span: Span, by: int | None, now: datetime) -> ShiftBreakRow:
    """Give a shift a break, instead of those it has. Raises ShiftNotFound or BreakRefused."""
    shift = _open(session, shift_id, now)
    whole = shift.span()
    if span.starts_at <= whole.starts_at or span.ends_at >= whole.ends_at:
        raise BreakRefused("A break lies inside the shift, with work before and after it. Enter another time")
    if span.length > LONGEST:
        raise BreakRefused("A break is at most two hours. Enter an earlier end, or cut the shift in two")
    before = _remove(session, shift_id)
    row = ShiftBreakRow(shift_id=shift_id, during=range_of(span))
    _add(session, [row])
    shift.note_change(now)
    session.flush()
    note_that(session, "break_set", ("shift", shift_id), before=before, after=_told(span), by=by, now=now)
    return row


def remove_breaks(session: Session, *, shift_id: int, by: int | None, now: datetime) -> None:
    """A shift without a break. Raises ShiftNotFound or BreakRefused."""
    shift = _open(session, shift_id, now)
    before = _remove(session, shift_id)
    if before is None:
        return  # it has none: there is nothing to change and nothing to note
    shift.note_change(now)
    session.flush()
    note_that(session, "break_removed", ("shift", shift_id), before=before, after=None, by=by, now=now)


def plan_breaks(
    session: Session, *, start: datetime, end: datetime, zone: ZoneInfo, by: int | None, now: datetime
) -> int:
    """A break for every coming shift that is due one and has none; how many were planned.

    Each is put where most are on beyond the need, and where somebody else has the training and the languages that are
    needed; breaks that are planned already are counted.
    """
    due = [row for row in queries.shifts_due_a_break(session, start=start, end=end) if row.starts_at > now]
    missing = [row for row in due if not row.breaks]
    if not missing:
        return 0
    start, end = missing[0].starts_at, max(row.ends_at for row in due)
    people = queries.on_duty(session, start=start, end=end)
    found = queries.against_demand(session, people, start=start, end=end, zone=zone)
    spare = Spare(found, people, queries.able(session))
    shifts = queries.lock_shifts(session, shift_ids=[row.id for row in missing])
    planned = []
    for row in missing:
        span = place_break(row.span, row.break_length, spare=spare.without(row.counsellor_id, row.span))
        planned.append(ShiftBreakRow(shift_id=row.id, during=range_of(span)))
        shifts[row.id].note_change(now)
        note_that(session, "break_set", ("shift", row.id), before=None, after=_told(span), by=by, now=now)
        spare.take(row.counsellor_id, span)
    _add(session, planned)
    return len(missing)


def _open(session: Session, shift_id: int, now: datetime) -> ShiftRow:
    shift = queries.lock_shift(session, shift_id=shift_id)
    if shift is None or shift.state != ShiftState.PUBLISHED.value:
        raise ShiftNotFound("This shift is not in the rota any more")
    if shift.span().ends_at <= now:
        raise BreakRefused("This shift is over. What was worked is never changed")
    return shift


def _remove(session: Session, shift_id: int) -> dict[str, Any] | None:
    """Take its breaks away; the last of them, for the journal."""
    rows = queries.break_rows(session, shift_ids=[shift_id])
    for row in rows:
        session.delete(row)
    session.flush()
    return _told(span_of(rows[-1].during)) if rows else None


def _add(session: Session, rows: Iterable[ShiftBreakRow]) -> None:
    refused = BreakRefused("Somebody has just given this shift a break. Look at it again")
    with refusing_overlap(refused), session.begin_nested():
        session.add_all(rows)
        session.flush()


def _told(span: Span) -> dict[str, Any]:
    return {"starts_at": span.starts_at.isoformat(), "ends_at": span.ends_at.isoformat()}

"""Ask for days off, and decide: approved leave vacates the shifts in it and leaves gaps that planners see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.changes import Remove, applied
from rota.domain.notices import asked_at
from rota.domain.shifts import ShiftRefused, Span, whole_minute
from rota.models import LeaveRow, LeaveState, ShiftState
from rota.operations.alert import alert
from rota.operations.overlap import refusing_overlap
from rota.operations.shifts import cut, note_shift
from rota.operations.team import CounsellorNotFound
from rota.operations.tell import STALE_AFTER, leave_words, tell, vacated_words

LONGEST = timedelta(days=366)


class LeaveRefused(ShiftRefused):
    """Leave cannot be asked for or decided like this; the message says what to change."""

    field = "first_day"


class DecidedAlready(LeaveRefused):
    """A supervisor has said yes or no, or the person withdrew it; show it as it is."""

    field = "leave"


class LeaveNotFound(LookupError):
    """There is no such application (any more); show those that there are."""


def ask(
    session: Session, *, counsellor_id: int, first_day: date, last_day: date, by: int | None, today: date, now: datetime
) -> LeaveRow:
    """Ask for days off, the last one included. Raises LeaveRefused or CounsellorNotFound."""
    if queries.find_counsellor(session, counsellor_id=counsellor_id) is None:
        raise CounsellorNotFound("There is no such counsellor")
    if last_day < first_day:
        raise LeaveRefused("The last day comes before the first. Enter a later last day")
    if last_day - first_day >= LONGEST:
        raise LeaveRefused("Leave is at most a year. Enter an earlier last day")
    if first_day < today:
        raise LeaveRefused("Leave starts today or later. Enter a later first day")
    row = LeaveRow(
        counsellor_id=counsellor_id, first_day=first_day, last_day=last_day, state=LeaveState.ASKED.value, asked_at=now
    )
    refused = LeaveRefused("You have asked for some of these days already. Withdraw that first")
    with refusing_overlap(refused), session.begin_nested():
        session.add(row)
        session.flush()
    _note(session, "leave_asked", row, by=by, now=now)
    return row


def approve(session: Session, *, leave_id: int, zone: ZoneInfo, by: int | None, now: datetime) -> list[Span]:
    """Say yes: what lies in those days is vacated, to the minute; what was worked stays. The times that nobody has
    any more, which the page shows to whoever decided; the person and the other supervisors hear once.

    Raises LeaveNotFound or LeaveRefused.
    """
    row = _asked(session, leave_id)
    queries.lock_counsellors(session, ids=[row.counsellor_id])  # nobody plans for them meanwhile
    days = row.as_leave().span(zone)
    minute = whole_minute(now)
    still = days.clipped(minute, days.ends_at) if days.ends_at > minute else None
    vacated = _vacate(session, row.counsellor_id, still, by=by, now=now) if still else []
    _decide(session, row, LeaveState.APPROVED, by=by, now=now)
    _tell(session, row, leave_words(row.as_leave(), is_approved=True, vacated=len(vacated)), zone=zone, now=now)
    if vacated:
        _tell_supervisors(session, row, vacated, zone=zone, by=by, now=now)
    return vacated


def refuse(session: Session, *, leave_id: int, zone: ZoneInfo, by: int | None, now: datetime) -> LeaveRow:
    """Say no; the person hears. Raises LeaveNotFound or LeaveRefused."""
    row = _asked(session, leave_id)
    _decide(session, row, LeaveState.REFUSED, by=by, now=now)
    _tell(session, row, leave_words(row.as_leave(), is_approved=False), zone=zone, now=now)
    return row


def withdraw(session: Session, *, leave_id: int, counsellor_id: int, by: int | None, now: datetime) -> LeaveRow:
    """The person does not want it any more; vacated shifts stay vacated, for a supervisor to give back.

    Raises LeaveNotFound or LeaveRefused.
    """
    row = queries.lock_leave(session, leave_id=leave_id)
    if row is None or row.counsellor_id != counsellor_id:
        raise LeaveNotFound("There is no such application for leave")
    if row.state not in (LeaveState.ASKED.value, LeaveState.APPROVED.value):
        raise LeaveRefused("This application is closed already")
    was = row.state
    row.state, row.decided_at, row.decided_by = LeaveState.WITHDRAWN.value, None, None
    session.flush()
    _note(session, "leave_withdrawn", row, was=was, by=by, now=now)
    return row


def _vacate(session: Session, counsellor_id: int, away: Span, *, by: int | None, now: datetime) -> list[Span]:
    """Cut a stretch out of somebody's shifts; what of the shifts lay in it."""
    found = queries.rostered(session, start=away.starts_at, end=away.ends_at, counsellor_id=counsellor_id)
    rows = queries.lock_shifts(session, shift_ids=[shift.id for shift in found])
    change = Remove(counsellor_id, away)
    vacated = []
    for row in rows.values():
        part = row.span().clipped(away.starts_at, away.ends_at)
        if part and row.state == ShiftState.PUBLISHED.value and row.counsellor_id == counsellor_id:
            before = row.as_shift()
            pieces = sorted(applied([before], [change]), key=lambda piece: piece.span)
            cut(session, row, pieces, by=by, now=now)
            note_shift(
                session, "shift_removed", row, before=before, after=pieces[0] if pieces else None, by=by, now=now
            )
            vacated.append(part)
    return sorted(vacated)


def _tell(session: Session, row: LeaveRow, body: str, *, zone: ZoneInfo, now: datetime) -> None:
    days = row.as_leave().span(zone)
    when = asked_at(now, starts_at=days.starts_at, zone=zone)
    tell(
        session,
        person=row.counsellor,
        body=body,
        reason_key=f"rota_leave:{row.id}.{row.state}",
        give_up_at=min(days.ends_at, when + STALE_AFTER),
        not_before=when,
        now=now,
    )


def _tell_supervisors(
    session: Session, row: LeaveRow, vacated: Sequence[Span], *, zone: ZoneInfo, by: int | None, now: datetime
) -> None:
    """That shifts have nobody any more, not whose they were: it is read on a locked screen."""
    when = asked_at(now, starts_at=vacated[0].starts_at, zone=zone)
    alert(
        session,
        body=vacated_words(vacated, zone),
        reason_key=f"rota_vacated:{row.id}",
        give_up_at=min(vacated[-1].ends_at, when + STALE_AFTER),
        not_before=when,
        besides=by,
        now=now,
    )


def _asked(session: Session, leave_id: int) -> LeaveRow:
    row = queries.lock_leave(session, leave_id=leave_id)
    if row is None:
        raise LeaveNotFound("There is no such application for leave")
    if row.state != LeaveState.ASKED.value:
        raise DecidedAlready("Somebody has decided about this leave already")
    return row


def _decide(session: Session, row: LeaveRow, state: LeaveState, *, by: int | None, now: datetime) -> None:
    was = row.state
    row.state, row.decided_at, row.decided_by = state.value, now, by
    session.flush()
    _note(session, f"leave_{state.value}", row, was=was, by=by, now=now)


def _note(
    session: Session, action: str, row: LeaveRow, *, was: str | None = None, by: int | None, now: datetime
) -> None:
    days = {
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "counsellor_id": row.counsellor_id,
    }
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="leave",
        subject_id=row.id,
        before=days | {"state": was} if was else None,
        after=days | {"state": row.state},
        now=now,
    )

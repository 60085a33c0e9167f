"""Who is away, and who asked to be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from rota.domain.shifts import Span
from rota.models import LeaveRow, LeaveState
from rota.queries.selects import locked


def leave_spans(
    session: Session, *, counsellor_ids: Iterable[int], around: Span, zone: ZoneInfo
) -> dict[int, list[Span]]:
    """Each person's approved leave that touches a stretch."""
    wanted = select(LeaveRow).where(
        LeaveRow.state == LeaveState.APPROVED.value,
        LeaveRow.counsellor_id.in_(list(counsellor_ids)),
        LeaveRow.first_day <= around.ends_at.astimezone(zone).date(),
        LeaveRow.last_day >= around.starts_at.astimezone(zone).date(),
    )
    found: dict[int, list[Span]] = {}
    for row in session.scalars(wanted):
        found.setdefault(row.counsellor_id, []).append(row.as_leave().span(zone))
    return found


def leave_of(session: Session, *, counsellor_id: int, since: date) -> list[LeaveRow]:
    """One person's applications for leave that end on or after a day, by first day."""
    wanted = select(LeaveRow).where(LeaveRow.counsellor_id == counsellor_id, LeaveRow.last_day >= since)
    return list(session.scalars(wanted.order_by(LeaveRow.first_day, LeaveRow.id)))


def leave_to_decide(session: Session) -> list[LeaveRow]:
    """Applications for leave that nobody has decided about, by first day."""
    wanted = select(LeaveRow).where(LeaveRow.state == LeaveState.ASKED.value)
    return list(session.scalars(wanted.order_by(LeaveRow.first_day, LeaveRow.id)))


def lock_leave(session: Session, *, leave_id: int) -> LeaveRow | None:
    """One application for leave, locked until the transaction ends, or None."""
    return locked(session, select(LeaveRow).where(LeaveRow.id == leave_id))

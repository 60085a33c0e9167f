"""Who is asked for cover, and what of the rota is due to be looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from rota.domain.shifts import Span
from rota.models import CounsellorRow, CoverAskRow, CoverRequestRow, LadderState, RotaRoundRow
from rota.queries.selects import locked


def cover_requests(session: Session, *, since: datetime) -> list[CoverRequestRow]:
    """Requests for cover since a moment, newest first."""
    wanted = select(CoverRequestRow).where(CoverRequestRow.opened_at >= since)
    return list(session.scalars(wanted.order_by(CoverRequestRow.id.desc())))


def lock_cover_request(session: Session, *, request_id: int) -> CoverRequestRow | None:
    """One request for cover, locked until the transaction ends, or None."""
    return locked(session, select(CoverRequestRow).where(CoverRequestRow.id == request_id))


def due_cover_requests(session: Session, *, now: datetime) -> list[int]:
    """Requests for cover of which the next rung is due."""
    return list(session.scalars(_due_cover(now).order_by(CoverRequestRow.next_at)))


def is_rota_work_due(session: Session, *, now: datetime) -> bool:
    """Whether somebody is to be asked for cover now, or the rota is to be looked over."""
    has_been = select(RotaRoundRow.id).where(RotaRoundRow.next_at > now)
    return bool(session.scalar(select(or_(_due_cover(now).exists(), ~has_been.exists()))))


def _due_cover(now: datetime) -> Select[int]:
    return select(CoverRequestRow.id).where(
        CoverRequestRow.state == LadderState.ASKING.value, CoverRequestRow.next_at <= now
    )


def open_ask(session: Session, *, phone_digest: bytes, now: datetime) -> CoverAskRow | None:
    """The latest question about cover that the owner of this number has not answered; of a shift that is over, none."""
    return session.scalar(
        select(CoverAskRow)
        .join(CounsellorRow, CounsellorRow.id == CoverAskRow.counsellor_id)
        .join(CoverRequestRow, CoverRequestRow.id == CoverAskRow.request_id)
        .where(
            CounsellorRow.phone_digest == phone_digest,
            CounsellorRow.left_on.is_(None),
            CoverAskRow.answer.is_(None),
            func.upper(CoverRequestRow.during) > now,
        )
        .order_by(CoverAskRow.id.desc())
        .limit(1)
    )


def open_asks_of(session: Session, *, counsellor_id: int, start: datetime) -> list[CoverAskRow]:
    """Questions about cover from a moment on that somebody has not answered."""
    wanted = (
        select(CoverAskRow)
        .join(CoverRequestRow, CoverRequestRow.id == CoverAskRow.request_id)
        .where(
            CoverAskRow.counsellor_id == counsellor_id,
            CoverAskRow.answer.is_(None),
            func.upper(CoverRequestRow.during) > start,
        )
    )
    return list(session.scalars(wanted.order_by(CoverAskRow.request_id)))


def called_in_sick(session: Session, *, around: Span) -> set[int]:
    """Who was taken off a shift in this time because they are ill."""
    touching = CoverRequestRow.during.overlaps(Range(around.starts_at, around.ends_at, bounds="[)"))
    return set(session.scalars(select(CoverRequestRow.absent_id).where(touching)))


def lock_round(session: Session) -> RotaRoundRow:
    """The one row that says when the rota is looked over, locked until the transaction ends."""
    return session.scalars(select(RotaRoundRow).with_for_update().execution_options(populate_existing=True)).one()

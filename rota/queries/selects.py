"""What several questions begin with: who there is, which shifts are in force, one row and its lock."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, contains_eager

from accounts.models import StaffRow
from rota.domain.counsellor import Counsellor
from rota.models import CounsellorRow, ShiftRow, ShiftState, counsellor_of

T = TypeVar("T")


def locked(session: Session, wanted: Select[T]) -> T | None:
    """The one row that a select asks for, locked until the transaction ends and read afresh, or None."""
    return session.scalar(wanted.with_for_update().execution_options(populate_existing=True))


def all_counsellors() -> Select[CounsellorRow]:
    """Everybody who works here or has, by name."""
    return (
        select(CounsellorRow)
        .join(CounsellorRow.staff)
        .join(CounsellorRow.presence)
        .options(contains_eager(CounsellorRow.staff), contains_eager(CounsellorRow.presence))
        .order_by(func.lower(StaffRow.name), CounsellorRow.id)
    )


def counsellors_here(today: date) -> Select[CounsellorRow]:
    """Those who work here: not left, and allowed to sign in."""
    return all_counsellors().where(or_(CounsellorRow.left_on.is_(None), CounsellorRow.left_on > today), StaffRow.active)


def as_counsellors(session: Session, wanted: Select[CounsellorRow]) -> list[Counsellor]:
    """These people as values; only what a value holds is read: it costs a third of what whole rows do."""
    rows = session.execute(
        wanted.with_only_columns(
            CounsellorRow.id,
            StaffRow.name,
            CounsellorRow.phone,
            CounsellorRow.gender,
            CounsellorRow.skills,
            CounsellorRow.languages,
            CounsellorRow.phone_verified_at,
            CounsellorRow.phone_fails_since,
            CounsellorRow.left_on,
        )
    )
    return [counsellor_of(row, name=row.name) for row in rows]


def published_in(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """That a shift is published and touches [start, end)."""
    return ShiftRow.state == ShiftState.PUBLISHED, ShiftRow.during.overlaps(Range(start, end, bounds="[)"))

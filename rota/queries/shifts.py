"""Which shifts are in force, and who is on: every answer comes from the one resolver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row as ResultRow
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session, joinedload

from accounts.models import StaffRow
from rota.domain.counsellor import Counsellor
from rota.domain.resolution import A_MINUTE, PersonSpan, resolve, who_is_on
from rota.domain.shifts import Shift, Span, whole_minute
from rota.models import CounsellorRow, ShiftRow, ShiftState, span_of
from rota.queries.selects import as_counsellors, counsellors_here, published_in


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A published shift as the pages show it."""

    id: int
    counsellor_id: int
    name: str
    span: Span
    version: int

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return self.span.starts_at

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.span.ends_at


def published_shifts(
    session: Session, *, start: datetime, end: datetime, counsellor_ids: Iterable[int] | None = None
) -> list[Shift]:
    """Published shifts that touch [start, end), as the resolver takes them.

    Once somebody cannot sign in any more, nobody counts on them: their shifts end at that moment.
    """
    wanted = select(ShiftRow.counsellor_id, func.lower(ShiftRow.during), func.upper(ShiftRow.during)).where(
        *published_in(start, end)
    )
    if counsellor_ids is not None:
        wanted = wanted.where(ShiftRow.counsellor_id.in_(list(counsellor_ids)))
    ended = _ended(session)
    shifts = []
    for person, starts_at, ends_at in session.execute(wanted):
        gone_at = ended.get(person)
        if gone_at is None:
            shifts.append(Shift(person, Span(starts_at, ends_at)))
        elif gone_at > max(start, starts_at):
            shifts.append(Shift(person, Span(starts_at, min(ends_at, gone_at))))
    return shifts


def _ended(session: Session) -> dict[int, datetime]:
    """When the few who cannot sign in any more went; asked apart, because a join costs every question of everybody."""
    question = (
        select(CounsellorRow.id, StaffRow.ended_at)
        .join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
        .where(StaffRow.ended_at.is_not(None))
    )
    return {person: ended_at for person, ended_at in session.execute(question) if ended_at is not None}


def resolved(session: Session, *, start: datetime, end: datetime) -> list[PersonSpan]:
    """Everybody's unbroken cover inside [start, end)."""
    return resolve(published_shifts(session, start=start, end=end), start=start, end=end)


def rostered(
    session: Session, *, start: datetime, end: datetime, counsellor_id: int | None = None
) -> list[PlannedShift]:
    """Published shifts that touch [start, end), with names, by start."""
    wanted = _planned_shifts().where(*published_in(start, end))
    if counsellor_id is not None:
        wanted = wanted.where(ShiftRow.counsellor_id == counsellor_id)
    return [_planned(row) for row in session.execute(wanted)]


def planned_shift(session: Session, *, shift_id: int) -> PlannedShift | None:
    """One published shift, with its name."""
    row = session.execute(_planned_shifts().where(ShiftRow.id == shift_id)).one_or_none()
    return _planned(row) if row else None


def _planned_shifts() -> Select[int, int, str, Range[datetime], int]:
    return (
        select(ShiftRow.id, ShiftRow.counsellor_id, StaffRow.name, ShiftRow.during, ShiftRow.version)
        .join(CounsellorRow, CounsellorRow.id == ShiftRow.counsellor_id)
        .join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
        .where(ShiftRow.state == ShiftState.PUBLISHED)
        .order_by(func.lower(ShiftRow.during), StaffRow.name, ShiftRow.id)
    )


def _planned(row: ResultRow[int, int, str, Range[datetime], int]) -> PlannedShift:
    shift_id, counsellor_id, name, during, version = row
    return PlannedShift(shift_id, counsellor_id, name, span_of(during), version)


def on_shift(session: Session, *, moment: datetime) -> list[Counsellor]:
    """Everybody on a published shift at this moment, by name."""
    minute = whole_minute(moment)
    shifts = published_shifts(session, start=minute, end=minute + A_MINUTE)
    return as_counsellors(
        session, counsellors_here(moment.date()).where(CounsellorRow.id.in_(who_is_on(shifts, moment=moment)))
    )


def starting(session: Session, *, start: datetime, end: datetime) -> list[ShiftRow]:
    """Published shifts that start in (start, end], by start, with whose they are."""
    wanted = (
        select(ShiftRow)
        .where(*published_in(start, end), func.lower(ShiftRow.during) > start)
        .options(joinedload(ShiftRow.counsellor, innerjoin=True))
    )
    return list(session.scalars(wanted.order_by(func.lower(ShiftRow.during), ShiftRow.id)))


def shift_rows(session: Session, *, ids: Iterable[int]) -> dict[int, ShiftRow]:
    """These shifts, in whatever state, by id."""
    return {row.id: row for row in session.scalars(select(ShiftRow).where(ShiftRow.id.in_(list(ids))))}


def lock_shift(session: Session, *, shift_id: int) -> ShiftRow | None:
    """One shift, locked until the transaction ends, or None."""
    locked = select(ShiftRow).where(ShiftRow.id == shift_id).with_for_update(of=ShiftRow)
    return session.scalar(locked.execution_options(populate_existing=True))


def lock_shifts(session: Session, *, shift_ids: Iterable[int]) -> dict[int, ShiftRow]:
    """These shifts, locked in the order of their ids until the transaction ends."""
    wanted = select(ShiftRow).where(ShiftRow.id.in_(sorted(set(shift_ids)))).order_by(ShiftRow.id)
    locked = wanted.with_for_update(of=ShiftRow).execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(locked)}


def spans_of(
    session: Session, *, counsellor_ids: Iterable[int] | None, around: Span, besides: Iterable[int] = ()
) -> dict[int, list[Span]]:
    """Each person's published shifts that touch a stretch, in order, as planned; None asks for everybody's."""
    wanted = select(ShiftRow.counsellor_id, func.lower(ShiftRow.during), func.upper(ShiftRow.during)).where(
        *published_in(around.starts_at, around.ends_at)
    )
    if counsellor_ids is not None:
        wanted = wanted.where(ShiftRow.counsellor_id.in_(list(counsellor_ids)))
    if besides := list(besides):
        wanted = wanted.where(ShiftRow.id.not_in(besides))
    found: dict[int, list[Span]] = {}
    for person, starts_at, ends_at in session.execute(wanted.order_by(func.lower(ShiftRow.during))):
        found.setdefault(person, []).append(Span(starts_at, ends_at))
    return found


def spans_by_id(session: Session, *, counsellor_id: int, shift_ids: Iterable[int]) -> list[Span]:
    """Those of the shifts that are this person's, in order."""
    wanted = select(ShiftRow.during).where(
        ShiftRow.id.in_(list(shift_ids)),
        ShiftRow.counsellor_id == counsellor_id,
        ShiftRow.state == ShiftState.PUBLISHED.value,
    )
    return sorted(span_of(during) for during in session.scalars(wanted))

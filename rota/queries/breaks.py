"""When the people on shift are not on duty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from rota.domain.resolution import PersonSpan
from rota.domain.rules import Site
from rota.domain.shifts import Shift, Span
from rota.models import CounsellorRow, ShiftBreakRow, ShiftRow, ShiftState, span_of
from rota.queries.shifts import rostered
from rota.queries.working_time import limits


@dataclass(frozen=True, slots=True)
class ShiftDueABreak:
    """A published shift that is so long that a break is due in it."""

    id: int
    counsellor_id: int
    name: str
    span: Span
    break_length: timedelta
    breaks: tuple[Span, ...]

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return self.span.starts_at

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.span.ends_at


def break_spans(session: Session, *, start: datetime, end: datetime) -> list[PersonSpan]:
    """Breaks that touch [start, end), with whose shift each is in."""
    wanted = (
        select(ShiftRow.counsellor_id, ShiftBreakRow.during)
        .join(ShiftRow, ShiftRow.id == ShiftBreakRow.shift_id)
        .where(
            ShiftRow.state == ShiftState.PUBLISHED.value,
            ShiftBreakRow.during.overlaps(Range(start, end, bounds="[)")),
            ShiftBreakRow.during.overlaps(ShiftRow.during),  # one of a shift that moved away from it is none
        )
    )
    spans = ((person, span_of(during)) for person, during in session.execute(wanted))
    return [PersonSpan(person, span.starts_at, span.ends_at) for person, span in spans]


def shifts_due_a_break(session: Session, *, start: datetime, end: datetime) -> list[ShiftDueABreak]:
    """Published shifts that begin in [start, end) and in which a break is due where its person works, by start."""
    begins = [shift for shift in rostered(session, start=start, end=end) if shift.starts_at >= start]
    in_force = limits(session)
    site = dict(session.execute(select(CounsellorRow.id, CounsellorRow.site)).all())
    rows = breaks_of(session, spans={shift.id: shift.span for shift in begins})
    return [
        ShiftDueABreak(
            shift.id,
            shift.counsellor_id,
            shift.name,
            shift.span,
            own.break_length,
            tuple(rows.get(shift.id, ())),
        )
        for shift in begins
        if shift.span.length > (own := in_force[Site(site[shift.counsellor_id])]).break_after or shift.id in rows
    ]


def breaks_of(session: Session, *, spans: Mapping[int, Span]) -> dict[int, list[Span]]:
    """The breaks of some shifts, by shift, in order; one of a shift that moved away from it is none."""
    found: dict[int, list[Span]] = {}
    for row in break_rows(session, shift_ids=spans):
        span, whole = span_of(row.during), spans[row.shift_id]
        if span.clipped(whole.starts_at, whole.ends_at):
            found.setdefault(row.shift_id, []).append(span)
    return found


def without_their_break(session: Session, *, shifts: Iterable[Shift]) -> list[ShiftDueABreak]:
    """Those of some published shifts in which a break is due and none is planned, by start."""
    wanted = set(shifts)
    if not wanted:
        return []
    start, end = min(each.span.starts_at for each in wanted), max(each.span.ends_at for each in wanted)
    due = shifts_due_a_break(session, start=start, end=end)
    return [each for each in due if not each.breaks and Shift(each.counsellor_id, each.span) in wanted]


def break_rows(session: Session, *, shift_ids: Iterable[int]) -> list[ShiftBreakRow]:
    """The breaks of some shifts, by start."""
    wanted = select(ShiftBreakRow).where(ShiftBreakRow.shift_id.in_(list(shift_ids)))
    return list(session.scalars(wanted.order_by(func.lower(ShiftBreakRow.during))))

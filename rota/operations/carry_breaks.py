"""A published draft carries breaks along with the shifts that it moves; undoing it leaves them as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import delete
from sqlalchemy.orm import Session

from rota import queries
from rota.domain.breaks import carried
from rota.domain.rules import Site
from rota.domain.shifts import Span
from rota.models import DraftLineRow, DraftRow, ShiftBreakRow, range_of, span_of


def carry(session: Session, draft: DraftRow) -> None:
    """Give each shift that leaves its break behind the same one again, where it still fits.

    The old ones stay where they were: outside their shift they count for nothing, and undoing finds them there.
    """
    for line, breaks, span in _left_behind(session, draft.lines):
        for each in carried(breaks, span_of(line.before), span) if line.before else ():
            session.add(ShiftBreakRow(shift_id=line.shift_id, during=range_of(each), carried_by=draft.id))
    session.flush()


def leave_again(session: Session, draft: DraftRow) -> None:
    """Undone: the shifts are back where their breaks are, and need no others."""
    session.execute(delete(ShiftBreakRow).where(ShiftBreakRow.carried_by == draft.id))


def lost(session: Session, lines: Iterable[DraftLineRow]) -> dict[int, Span]:
    """By line: the break that its shift leaves behind, that fits nowhere in it, and that is due in it."""
    in_force = queries.limits(session)
    moved = list(_left_behind(session, lines))
    site = {
        row.id: Site(row.site)
        for row in queries.people(session, ids={line.counsellor_id for line, _, _ in moved if line.counsellor_id})
    }
    return {
        line.id: breaks[0]
        for line, breaks, span in moved
        if line.before and line.counsellor_id and not carried(breaks, span_of(line.before), span)
        if span.length > in_force[site[line.counsellor_id]].break_after
    }


def _left_behind(session: Session, lines: Iterable[DraftLineRow]) -> Iterator[tuple[DraftLineRow, list[Span], Span]]:
    """The lines that move a shift away from all of its breaks, each with those and with its new time."""
    moved = {line.shift_id: line for line in lines if line.shift_id is not None and line.before and line.during}
    planned: dict[int, list[Span]] = {}
    for row in queries.break_rows(session, shift_ids=moved):
        planned.setdefault(row.shift_id, []).append(span_of(row.during))
    for shift_id, breaks in planned.items():
        line = moved[shift_id]
        if line.before and line.during:
            old, new = span_of(line.before), span_of(line.during)
            own = [each for each in breaks if each.clipped(old.starts_at, old.ends_at)]
            if own and not any(each.clipped(new.starts_at, new.ends_at) for each in breaks):
                yield line, own, new

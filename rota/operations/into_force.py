"""Write the lines of a draft into the rota, and take them back: in a few statements, however many shifts there are.

The rows are locked and judged by whoever calls this; the database refuses two shifts at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from rota.models import DraftLineRow, DraftRow, HandedOverRow, ShiftRow, ShiftState

SET_WISE = {"synchronize_session": False}  # thousands of rows in one statement; they are read afresh afterwards
FIRST_VERSION = 1  # what the mapper gives a new row


def apply(session: Session, draft: DraftRow, rows: dict[int, ShiftRow], *, by: int | None, now: datetime) -> None:
    """Write every line; what each has become is kept in it, for undoing."""
    was = {shift_id: row.version for shift_id, row in rows.items()}
    _out_of_the_way(session, rows, now=now)
    _place(session, draft, _Side(DraftLineRow.counsellor_id, DraftLineRow.during), now=now)
    _read_afresh(session, rows)
    for line in draft.lines:
        if line.shift_id is not None:
            line.version = was[line.shift_id] + (1 if line.during is None else 2)  # out of the way, and placed
    _make(session, [line for line in draft.lines if line.shift_id is None], by=by, now=now)
    session.flush()


def restore(session: Session, draft: DraftRow, rows: dict[int, ShiftRow], *, now: datetime) -> None:
    """Make every shift of a draft as its lines say that it was before."""
    _out_of_the_way(session, rows, now=now)
    _place(session, draft, _Side(DraftLineRow.before_counsellor_id, DraftLineRow.before), now=now)
    _read_afresh(session, rows)


def _out_of_the_way(session: Session, ids: Iterable[int], *, now: datetime) -> None:
    """Two shifts that change places would stand in each other's way for a moment: none counts until all are placed."""
    session.execute(
        update(ShiftRow)
        .where(ShiftRow.id.in_(list(ids)))
        .values(
            state=ShiftState.REMOVED.value, changed_after_publish=True, changed_at=now, version=ShiftRow.version + 1
        ),
        execution_options=SET_WISE,
    )


def _make(session: Session, lines: Sequence[DraftLineRow], *, by: int | None, now: datetime) -> None:
    """The shifts that are new, a thousand in a statement."""
    if not lines:
        return
    wanted = [
        {
            "counsellor_id": line.counsellor_id,
            "during": line.during,
            "zone": line.zone,
            "state": ShiftState.PUBLISHED.value,
            "published_at": now,
            "created_at": now,
            "created_by": by,
            "version": FIRST_VERSION,
        }
        for line in lines
    ]
    made = session.scalars(insert(ShiftRow).returning(ShiftRow.id, sort_by_parameter_order=True), wanted)
    for line, shift_id in zip(lines, made, strict=True):
        line.shift_id, line.version = shift_id, FIRST_VERSION


@dataclass(frozen=True, slots=True)
class _Side:
    """Where a line says whose a shift is and when: as it was drafted, or as it was before."""

    person: InstrumentedAttribute[int | None]
    during: InstrumentedAttribute[Range[datetime] | None]


def _place(session: Session, draft: DraftRow, side: _Side, *, now: datetime) -> None:
    """Put the shifts that are there into force as one side of the lines has them, all at once."""
    about = (DraftLineRow.draft_id == draft.id, DraftLineRow.shift_id == ShiftRow.id, side.during.is_not(None))
    _hand_over(session, about, side, now=now)
    placed: dict[str, Any] = {
        "state": ShiftState.PUBLISHED.value,
        "counsellor_id": side.person,
        "during": side.during,
        "version": ShiftRow.version + 1,
        "zone": DraftLineRow.zone,
    }
    session.execute(update(ShiftRow).where(*about).values(placed), execution_options=SET_WISE)


def _hand_over(session: Session, about: Sequence[ColumnElement[bool]], side: _Side, *, now: datetime) -> None:
    """Before shifts get other people: remember whose they were, so that their calendars can show them as cancelled."""
    theirs_again = select(ShiftRow.id, side.person).where(*about)
    session.execute(
        delete(HandedOverRow).where(tuple_(HandedOverRow.shift_id, HandedOverRow.counsellor_id).in_(theirs_again)),
        execution_options=SET_WISE,
    )
    columns = (ShiftRow.id, ShiftRow.counsellor_id, ShiftRow.during, ShiftRow.version + 1, literal(now))
    gone = select(*columns).where(*about, ShiftRow.counsellor_id != side.person)
    kept = insert(HandedOverRow).from_select(["shift_id", "counsellor_id", "during", "version", "at"], gone)
    anew = {name: kept.excluded[name] for name in ("during", "version", "at")}
    session.execute(kept.on_conflict_do_update(index_elements=["shift_id", "counsellor_id"], set_=anew))


def _read_afresh(session: Session, rows: dict[int, ShiftRow]) -> None:
    """Whoever asks a row from now on asks the database, which was written without it."""
    for row in rows.values():
        session.expire(row)

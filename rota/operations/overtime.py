"""Write down that somebody worked on after their cover was over."""

from __future__ import annotations

from sqlalchemy.orm import Session

from rota.domain.shifts import Span
from rota.models import OvertimeRow, range_of


def note_overtime(session: Session, *, counsellor_id: int, span: Span) -> None:
    """From the end of somebody's cover to the end of the call that went on."""
    session.add(OvertimeRow(counsellor_id=counsellor_id, during=range_of(span)))
    session.flush()

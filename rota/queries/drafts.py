"""What is being planned, from which patterns, and what was published."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from rota.models import DraftRow, PatternRow
from rota.queries.selects import locked


def open_draft(session: Session, *, made_by: int | None) -> DraftRow | None:
    """The draft that a planner has not published or discarded yet."""
    return session.scalar(
        select(DraftRow)
        .where(DraftRow.made_by == made_by, DraftRow.published_at.is_(None), DraftRow.discarded_at.is_(None))
        .order_by(DraftRow.id.desc())
        .limit(1)
    )


def publications(session: Session, *, limit: int = 5) -> list[DraftRow]:
    """The latest publications, newest first."""
    wanted = select(DraftRow).where(DraftRow.published_at.is_not(None))
    return list(session.scalars(wanted.order_by(DraftRow.published_at.desc(), DraftRow.id.desc()).limit(limit)))


def lock_draft(session: Session, *, draft_id: int) -> DraftRow | None:
    """One draft, locked until the transaction ends, or None."""
    return locked(session, select(DraftRow).where(DraftRow.id == draft_id))


def patterns(session: Session) -> list[PatternRow]:
    """Every pattern, by name and first day."""
    return list(session.scalars(select(PatternRow).order_by(func.lower(PatternRow.name), PatternRow.first_day)))


def lock_pattern(session: Session, *, pattern_id: int) -> PatternRow | None:
    """One pattern, locked until the transaction ends, or None."""
    return locked(session, select(PatternRow).where(PatternRow.id == pattern_id))

"""How many people each hour of the week needs."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from rota.domain.coverage import Requirement
from rota.models import MinimumRow, RequirementRow
from rota.queries.selects import locked


def requirement_rows(session: Session, *, day: date) -> list[RequirementRow]:
    """The bands in force on a day or later, from Monday on."""
    wanted = select(RequirementRow).where(
        or_(RequirementRow.until_day.is_(None), RequirementRow.until_day > day),
        or_(
            RequirementRow.until_day.is_(None),
            RequirementRow.first_day.is_(None),
            RequirementRow.until_day > RequirementRow.first_day,
        ),
    )
    order = (RequirementRow.weekday, RequirementRow.starts, RequirementRow.ends, RequirementRow.id)
    return list(session.scalars(wanted.order_by(*order)))


def requirements(session: Session) -> list[Requirement]:
    """The bands of the week, from Monday on, those that have ended included."""
    rows = session.scalars(select(RequirementRow).order_by(RequirementRow.weekday, RequirementRow.starts))
    return [row.as_requirement() for row in rows]


def lock_requirement(session: Session, *, requirement_id: int) -> RequirementRow | None:
    """One band, locked until the transaction ends, or None."""
    return locked(session, select(RequirementRow).where(RequirementRow.id == requirement_id))


def minimums(session: Session) -> dict[date, int]:
    """What the minimum on duty became, by the first day of each change."""
    return {row.first_day: row.people for row in session.scalars(select(MinimumRow))}

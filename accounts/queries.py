"""Named questions about staff and the journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.models import JournalRow, RoleRow, StaffRow


def staff_by_email(session: Session, *, email: str) -> StaffRow | None:
    """The member of staff with this e-mail address, however it is capitalised."""
    return session.scalar(select(StaffRow).where(StaffRow.email == email.strip().lower()))


def staff_with_role(session: Session, *, role: Role) -> list[StaffRow]:
    """Everybody who is active and holds the role, by name."""
    wanted = select(StaffRow).where(StaffRow.active, StaffRow.roles.any(RoleRow.name == role.value))
    return list(session.scalars(wanted.order_by(func.lower(StaffRow.name), StaffRow.id)))


def to_be_alerted(session: Session, *, roles: tuple[Role, ...]) -> list[StaffRow]:
    """Everybody who is active, holds one of the roles and gave a number for alerts, by id."""
    holds = RoleRow.name.in_([role.value for role in roles])
    wanted = select(StaffRow).where(StaffRow.active, StaffRow.phone.is_not(None), StaffRow.roles.any(holds))
    return list(session.scalars(wanted.order_by(StaffRow.id)))


def journal_of(session: Session, *, subject_kind: str, subject_id: int | str) -> list[JournalRow]:
    """Everything that was noted about one thing, oldest first."""
    noted = select(JournalRow).where(JournalRow.subject_kind == subject_kind, JournalRow.subject_id == str(subject_id))
    return list(session.scalars(noted.order_by(JournalRow.at, JournalRow.id)))


def staff_names(session: Session) -> Mapping[int, str]:
    """Everybody who signs in, or ever did, by id, in the order of their names."""
    rows = session.execute(select(StaffRow.id, StaffRow.name).order_by(func.lower(StaffRow.name), StaffRow.id))
    return dict(rows.all())


def journal_page(
    session: Session,
    *,
    actor_id: int | None = None,
    subject_kind: str = "",
    subject_id: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    before_id: int | None = None,
    limit: int,
) -> list[JournalRow]:
    """Lines of the journal that fit every condition given, newest first; those before a line, when one is given."""
    wanted = select(JournalRow)
    if actor_id is not None:
        wanted = wanted.where(JournalRow.actor_id == actor_id)
    if subject_kind:
        wanted = wanted.where(JournalRow.subject_kind == subject_kind)
    if subject_id:
        wanted = wanted.where(JournalRow.subject_id == subject_id)
    if start is not None:
        wanted = wanted.where(JournalRow.at >= start)
    if end is not None:
        wanted = wanted.where(JournalRow.at < end)
    if before_id is not None:
        wanted = wanted.where(JournalRow.id < before_id)
    return list(session.scalars(wanted.order_by(JournalRow.id.desc()).limit(limit)))

"""Give somebody a sign-in, or end it."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import queries
from accounts.domain.passwords import check_password
from accounts.domain.roles import Role
from accounts.models import RoleRow, StaffRow
from accounts.operations.journal import note


class EmailNotUsable(ValueError):
    """This is not an e-mail address; the message says what is wrong with it."""


class EmailTaken(ValueError):
    """Somebody already signs in with this e-mail address; use another, or change that person."""


class NameMissing(ValueError):
    """Every member of staff has a name, because colleagues see it."""


def add_staff(
    session: Session, *, email: str, name: str, password: str, role: Role, now: datetime, by: int | None = None
) -> StaffRow:
    """Give somebody a sign-in. Needs the application's context, which holds the hashing settings.

    Raises EmailNotUsable, EmailTaken, NameMissing or PasswordNotAccepted.
    """
    address = _usable(email)
    if not name.strip():
        raise NameMissing("Enter the person's name")
    check_password(password)
    if queries.staff_by_email(session, email=address):
        raise EmailTaken(f"Somebody already signs in as {address}")
    staff = StaffRow(
        email=address,
        name=name.strip(),
        password=hash_password(password),
        active=True,
        fs_uniquifier=uuid4().hex,
        created_at=now,
        roles=[_role_row(session, role)],
    )
    session.add(staff)
    session.flush()
    note(
        session,
        actor_id=by,
        action="staff_added",
        subject_kind="staff",
        subject_id=staff.id,
        after={"email": address, "name": staff.name, "roles": [role.value]},
        now=now,
    )
    return staff


def rename_staff(session: Session, *, staff: StaffRow, name: str, by: int | None, now: datetime) -> None:
    """Correct somebody's name. Raises NameMissing."""
    if not name.strip():
        raise NameMissing("Enter the person's name")
    if staff.name == name.strip():
        return  # nothing changed, so there is nothing to note
    before, staff.name = staff.name, name.strip()
    note(
        session,
        actor_id=by,
        action="staff_renamed",
        subject_kind="staff",
        subject_id=staff.id,
        before={"name": before},
        after={"name": staff.name},
        now=now,
    )


def _usable(email: str) -> str:
    try:
        # Whether a domain can receive mail is not asked: a helpline's network may be down when staff are added.
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise EmailNotUsable("Enter an e-mail address, like name@example.org") from None


def _role_row(session: Session, role: Role) -> RoleRow:
    found = session.scalar(select(RoleRow).where(RoleRow.name == role.value))
    return found or RoleRow(name=role.value)

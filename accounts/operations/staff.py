"""Give somebody a sign-in, or end it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from uuid import uuid4

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import queries
from accounts.domain.passwords import check_password
from accounts.domain.roles import Role
from accounts.models import RoleRow, StaffRow
from accounts.operations.journal import note
from foundation.phone import Phone


class EmailNotUsable(ValueError):
    """This is not an e-mail address; the message says what is wrong with it."""


class EmailTaken(ValueError):
    """Somebody already signs in with this e-mail address; use another, or change that person."""


class StaffNotFound(LookupError):
    """Nobody signs in with this e-mail address; check how it is spelt."""


class NameMissing(ValueError):
    """Every member of staff has a name, because colleagues see it."""


class NotAMobile(ValueError):
    """A text to this number would be read aloud; ask for a mobile number."""


@dataclass(frozen=True, slots=True)
class UnknownPassword:
    """The hash of a password that nobody knows: nobody signs in with it until another one is set."""

    hashed: str


def unknown_password() -> UnknownPassword:
    """One for any number of people: hashing is slow on purpose. Needs the application's context."""
    return UnknownPassword(hash_password(token_urlsafe(32)))


def add_staff(
    session: Session,
    *,
    email: str,
    name: str,
    password: str | UnknownPassword,
    role: Role,
    now: datetime,
    by: int | None = None,
) -> StaffRow:
    """Give somebody a sign-in. Needs the application's context, which holds the hashing settings.

    Raises EmailNotUsable, EmailTaken, NameMissing or PasswordNotAccepted.
    """
    address = _usable(email)
    if not name.strip():
        raise NameMissing("Enter the person's name")
    if isinstance(password, str):
        check_password(password)
    if queries.staff_by_email(session, email=address):
        raise EmailTaken(f"Somebody already signs in as {address}")
    staff = StaffRow(
        email=address,
        name=name.strip(),
        password=password.hashed if isinstance(password, UnknownPassword) else hash_password(password),
        active=True,
        fs_uniquifier=uuid4().hex,
        created_at=now,
        roles=[_role_row(session, role)],
    )
    try:
        with session.begin_nested():
            session.add(staff)
            session.flush()
    except IntegrityError:
        raise EmailTaken(f"Somebody already signs in as {address}") from None  # added by somebody else meanwhile
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


def set_phone(session: Session, *, staff: StaffRow, phone: Phone | None, by: int | None, now: datetime) -> None:
    """Where somebody wants to be alerted by text; None: nowhere. Raises NotAMobile."""
    if phone is not None and not phone.is_mobile:
        raise NotAMobile("Enter a mobile number: only those show a text")
    if staff.phone == (phone.e164 if phone else None):
        return  # nothing changed, so there is nothing to note
    before, staff.phone = staff.phone, phone.e164 if phone else None
    note(
        session,
        actor_id=by,
        action="alert_phone_set",
        subject_kind="staff",
        subject_id=staff.id,
        before={"phone": Phone(before).masked if before else None},
        after={"phone": phone.masked if phone else None},
        now=now,
    )


def set_password(session: Session, *, email: str, password: str, by: int | None, now: datetime) -> StaffRow:
    """Give somebody a new password and end their sessions. Raises StaffNotFound or PasswordNotAccepted."""
    staff = _found(session, email)
    check_password(password)
    staff.password, staff.fs_uniquifier = hash_password(password), uuid4().hex
    note(session, actor_id=by, action="password_set", subject_kind="staff", subject_id=staff.id, now=now)
    return staff


def end_access(session: Session, *, email: str, by: int | None, now: datetime) -> StaffRow:
    """Let somebody sign in no longer, and end their sessions; what they did stays on record. Raises StaffNotFound."""
    staff = _found(session, email)
    if not staff.active:
        return staff  # it ended before, and since then nobody counts on them
    staff.active, staff.ended_at, staff.fs_uniquifier = False, now, uuid4().hex
    note(session, actor_id=by, action="access_ended", subject_kind="staff", subject_id=staff.id, now=now)
    return staff


def _found(session: Session, email: str) -> StaffRow:
    staff = queries.staff_by_email(session, email=email)
    if staff is None:
        raise StaffNotFound(f"Nobody signs in as {email.strip()}")
    return staff


def _usable(email: str) -> str:
    try:
        # Whether a domain can receive mail is not asked: a helpline's network may be down when staff are added.
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise EmailNotUsable("Enter an e-mail address, like name@example.org") from None


def _role_row(session: Session, role: Role) -> RoleRow:
    found = session.scalar(select(RoleRow).where(RoleRow.name == role.value))
    return found or RoleRow(name=role.value)

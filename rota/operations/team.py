"""Add a counsellor with their sign-in, change what is known about them, and confirm that their phone reaches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.operations.staff import UnknownPassword, add_staff, rename_staff
from foundation.phone import Phone
from foundation.sealed import digest
from rota import queries
from rota.domain.counsellor import Gender, Skill
from rota.domain.presence import PresenceState
from rota.models import CounsellorRow, PresenceRow
from rota.operations.note_that import note_that

PHONE_TAKEN = "Another counsellor has this number. Enter a number that only this person answers"


class PhoneTaken(ValueError):
    """Another counsellor has this number; a call must reach one person for certain."""


class CounsellorNotFound(LookupError):
    """There is no such counsellor; show the team."""


class VerifiedHow(StrEnum):
    """How we know that a number reaches the counsellor."""

    RUNG_BY_SUPERVISOR = "rung_by_supervisor"
    """A supervisor rang it and spoke to them."""
    KEY_PRESSED = "key_pressed"
    """The service rang it, and whoever answered pressed 1."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is known about a counsellor and may change."""

    name: str
    phone: Phone
    gender: Gender | None = None
    skills: frozenset[Skill] = frozenset()
    languages: frozenset[str] = frozenset({"en"})


def add_counsellor(
    session: Session,
    *,
    email: str,
    password: str | UnknownPassword,
    details: Details,
    joined_on: date,
    by: int | None,
    now: datetime,
) -> CounsellorRow:
    """Give somebody a sign-in and a place on the team; they start away and with an unverified phone.

    Raises PhoneTaken, or what `add_staff` raises.
    """
    _refuse_taken_phone(session, details.phone, besides=None)
    staff = add_staff(session, email=email, name=details.name, password=password, role=Role.COUNSELLOR, now=now, by=by)
    row = CounsellorRow(
        staff=staff,
        phone=details.phone.e164,
        phone_digest=digest(details.phone.e164),
        gender=details.gender.value if details.gender else None,
        skills=_sorted(details.skills),
        languages=_sorted(details.languages),
        joined_on=joined_on,
        misses=0,
        presence=PresenceRow(state=PresenceState.AWAY.value, since=now, reason=""),
    )
    with _one_person_for_each_phone(session):
        session.add(row)
        session.flush()
    note_that(session, "counsellor_added", ("counsellor", row.id), before=None, after=told(row), by=by, now=now)
    return row


def change_counsellor(
    session: Session, *, counsellor_id: int, details: Details, by: int | None, now: datetime
) -> CounsellorRow:
    """Correct what is known about somebody. Another number has to be verified again.

    Raises CounsellorNotFound, PhoneTaken or NameMissing.
    """
    row = find(session, counsellor_id)
    before = told(row)
    rename_staff(session, staff=row.staff, name=details.name, by=by, now=now)
    if row.phone != details.phone.e164:
        _refuse_taken_phone(session, details.phone, besides=counsellor_id)
        with _one_person_for_each_phone(session):
            row.phone, row.phone_digest = details.phone.e164, digest(details.phone.e164)
            row.phone_verified_at = row.phone_fails_since = None
            session.flush()
    row.gender = details.gender.value if details.gender else None
    row.skills, row.languages = _sorted(details.skills), _sorted(details.languages)
    session.flush()
    if before != told(row):
        note_that(session, "counsellor_changed", ("counsellor", row.id), before=before, after=told(row), by=by, now=now)
    return row


def verify_phone(
    session: Session, *, counsellor_id: int, how: VerifiedHow, by: int | None, now: datetime
) -> CounsellorRow:
    """Record that the number reached the counsellor; a number never verified is never rung.

    Raises CounsellorNotFound.
    """
    row = find(session, counsellor_id)
    row.phone_verified_at, row.phone_fails_since = now, None
    note_that(session, "phone_verified", ("counsellor", row.id), before=None, after={"how": how.value}, by=by, now=now)
    return row


def find(session: Session, counsellor_id: int) -> CounsellorRow:
    """Somebody on the team. Raises CounsellorNotFound."""
    row = queries.find_counsellor(session, counsellor_id=counsellor_id)
    if row is None:
        raise CounsellorNotFound("There is no such counsellor")
    return row


def _refuse_taken_phone(session: Session, phone: Phone, *, besides: int | None) -> None:
    same = select(CounsellorRow.id).where(
        CounsellorRow.phone_digest == digest(phone.e164), CounsellorRow.left_on.is_(None)
    )
    taken = session.scalar(same if besides is None else same.where(CounsellorRow.id != besides))
    if taken is not None:
        raise PhoneTaken(PHONE_TAKEN)


@contextmanager
def _one_person_for_each_phone(session: Session) -> Iterator[None]:
    """The same words when the database finds it out, because two supervisors entered one number at once."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise PhoneTaken(PHONE_TAKEN) from None
        raise


def _sorted(values: Iterable[str]) -> list[str]:
    return sorted(str(value) for value in values)


def told(row: CounsellorRow) -> dict[str, Any]:
    """What the journal keeps of somebody, without their number."""
    return {
        "name": row.staff.name,
        "phone": Phone(row.phone).masked,
        "phone_verified": row.phone_verified_at is not None,
        "gender": row.gender,
        "skills": row.skills,
        "languages": row.languages,
        "left_on": row.left_on.isoformat() if row.left_on else None,
    }

"""Checks of telephones, and the numbers to forget."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.models import TextRow
from rota.models import AlertTextRow, PhoneCheckRow, RotaTextRow

FORGOTTEN = b""  # the digest of a number that was forgotten: equal to no number's


def count_phone_checks(session: Session, *, counsellor_id: int, since: datetime) -> int:
    """How often somebody's telephone was rung for a check since then."""
    found = select(func.count()).where(PhoneCheckRow.counsellor_id == counsellor_id, PhoneCheckRow.asked_at > since)
    return int(session.scalar(found) or 0)


def last_phone_check(session: Session, *, counsellor_id: int) -> PhoneCheckRow | None:
    """The latest check of somebody's telephone."""
    wanted = select(PhoneCheckRow).where(PhoneCheckRow.counsellor_id == counsellor_id)
    return session.scalar(wanted.order_by(PhoneCheckRow.asked_at.desc()).limit(1))


def phone_checks_to_forget(session: Session, *, before: datetime, limit: int) -> list[PhoneCheckRow]:
    """Checks of telephones that ended before then and still name a number, oldest first."""
    wanted = select(PhoneCheckRow).where(PhoneCheckRow.ended_at < before, PhoneCheckRow.phone_digest != FORGOTTEN)
    return list(session.scalars(wanted.order_by(PhoneCheckRow.ended_at).limit(limit)))


def staff_texts_to_forget(session: Session, *, before: datetime, limit: int) -> list[UUID]:
    """Texts to staff that were ordered before then and still hold a number, oldest first."""
    to_staff = select(RotaTextRow.text_id).union(select(AlertTextRow.text_id))
    wanted = select(TextRow.id).where(
        TextRow.id.in_(to_staff), TextRow.created_at < before, TextRow.phone_digest != FORGOTTEN
    )
    return list(session.scalars(wanted.order_by(TextRow.created_at).limit(limit)))

"""Tell a counsellor something about the rota by text, once; the gate asks again before it goes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from foundation.phone import Phone
from foundation.web.times import clock_time
from notifications.operations import order
from rota.domain import wording
from rota.domain.publishing import PersonChange
from rota.domain.shifts import Span
from rota.models import CounsellorRow, RotaTextRow

PURPOSE = "rota"


def tell(
    session: Session, *, person: CounsellorRow, body: str, reason_key: str, give_up_at: datetime, now: datetime
) -> UUID | None:
    """Order the text, once for each reason; None when it was ordered before, or the number cannot show a text."""
    phone = Phone(person.phone)
    if not phone.is_mobile or give_up_at <= now:
        return None
    text_id = order.order_text(
        session, to=phone, body=body, purpose=PURPOSE, reason_key=reason_key, give_up_at=give_up_at, now=now
    )
    if text_id is not None:
        session.add(RotaTextRow(text_id=text_id, counsellor_id=person.id))
        session.flush()
    return text_id


def change_words(change: PersonChange, zone: ZoneInfo) -> str:
    """What somebody's shifts have become: the one that came or went, or how many, with where to look."""
    gained, lost = change.gained, change.lost
    if len(gained) == 1 and len(lost) == 1:
        return wording.TEXT_MOVED.format(old=short(lost[0], zone), new=short(gained[0], zone))
    if len(gained) == 1 and not lost:
        return wording.TEXT_GAINED.format(shift=short(gained[0], zone))
    if len(lost) == 1 and not gained:
        return wording.TEXT_LOST.format(shift=short(lost[0], zone))
    first = min((*gained, *lost))
    return wording.TEXT_CHANGED.format(gained=len(gained), lost=len(lost), first=short(first, zone))


def cover_words(span: Span, zone: ZoneInfo) -> str:
    """The question of the ladder."""
    return wording.TEXT_COVER.format(shift=short(span, zone))


def short(span: Span, zone: ZoneInfo) -> str:
    """A span in as few characters as a text has: Tue 24 Nov 22:00-06:00."""
    day = span.starts_at.astimezone(zone)
    starts, ends = clock_time(span.starts_at, zone=zone)[:5], clock_time(span.ends_at, zone=zone)[:5]
    return f"{day:%a} {day.day} {day:%b} {starts}-{ends}"

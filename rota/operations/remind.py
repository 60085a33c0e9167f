"""Remind people of a shift at six in the evening of the day before; whoever was told of it after that knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain import wording
from rota.domain.notices import DAY, day_before
from rota.operations.tell import short, tell

IS_NEWS_FOR = timedelta(hours=4)  # until ten: then people sleep


def remind(session: Session, *, zone: ZoneInfo, now: datetime) -> int:
    """Order the reminders that are due, each once; how many there were."""
    if day_before(now + DAY, zone=zone) > now or now >= day_before(now + DAY, zone=zone) + IS_NEWS_FOR:
        return 0
    sent = 0
    for shift in queries.starting(session, start=now, end=now + 2 * DAY):
        due_at = day_before(shift.span().starts_at, zone=zone)
        told_at = shift.changed_at or shift.published_at or shift.created_at
        if not due_at <= now < due_at + IS_NEWS_FOR or told_at >= due_at:
            continue
        text_id = tell(
            session,
            person=shift.counsellor,
            body=wording.TEXT_REMINDER.format(shift=short(shift.span(), zone)),
            reason_key=f"rota_reminder:{shift.id}:{shift.counsellor_id}:{shift.span().starts_at:%Y-%m-%dT%H:%M}",
            give_up_at=due_at + IS_NEWS_FOR,
            now=now,
        )
        sent += text_id is not None
    return sent

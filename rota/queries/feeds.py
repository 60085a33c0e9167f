"""What a person's calendar shows."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from rota.domain.calendar_feed import FeedEvent
from rota.models import CounsellorRow, HandedOverRow, ShiftRow, ShiftState, span_of
from rota.queries.selects import counsellors_here


def feed_owner(session: Session, *, token_digest: bytes, today: date) -> CounsellorRow | None:
    """Whose feed has the token with this digest; nobody's once they have left."""
    return session.scalar(counsellors_here(today).where(CounsellorRow.feed_digest == token_digest))


def feed_events(session: Session, *, counsellor_id: int, start: datetime) -> list[FeedEvent]:
    """Everything from `start` on that this person's calendar knows of, cancelled shifts included."""
    since = Range(start, None, bounds="[)")
    own = select(ShiftRow).where(
        ShiftRow.counsellor_id == counsellor_id,
        ShiftRow.state != ShiftState.DRAFT.value,
        ShiftRow.during.overlaps(since),
    )
    gone = select(HandedOverRow).where(
        HandedOverRow.counsellor_id == counsellor_id, HandedOverRow.during.overlaps(since)
    )
    events = [
        FeedEvent(
            shift_id=row.id,
            counsellor_id=counsellor_id,
            span=row.span(),
            sequence=row.version - 1,
            changed_at=row.changed_at or row.published_at or row.created_at,
            is_cancelled=row.state == ShiftState.REMOVED.value,
        )
        for row in session.scalars(own)
    ]
    return events + [
        FeedEvent(row.shift_id, counsellor_id, span_of(row.during), row.version - 1, row.at, is_cancelled=True)
        for row in session.scalars(gone)
    ]

"""Take out of calls and texts what says whom they went to, and leave what counts them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications import queries
from notifications.domain.text import FINAL, TextState
from notifications.domain.trouble import Trouble
from notifications.models import IssuedRow, LegRow, ProviderRecordRow, ReportRow, TextRow
from notifications.operations import place, trouble
from notifications.operations.order import ALARM

TRIES_AGAIN_AFTER = timedelta(hours=1)
MOST_TRIES = 3
"""So often in vain, and a person should know."""

NOBODY = b""
"""The digest of a number that was forgotten: equal to no number's."""

STRAYS_ARE_KEPT = timedelta(days=30)
"""So long a developer can ask the telephone company what it was."""


def forget_call(session: Session, *, call_id: UUID, now: datetime) -> None:
    """Forget the visitor of a call that is over or was stopped: the number, the whisper, the instructions given.

    The telephone company is asked to forget it too.
    """
    call = queries.lock_call(session, call_id)
    if call is None:
        return
    call.visitor_phone = call.whisper = ""
    legs = [leg.provider_id for leg in call.legs if leg.provider_id is not None]
    session.execute(delete(IssuedRow).where(IssuedRow.provider_id.in_(legs)))
    forget_records(session, call_ids=[call_id], text_ids=[], now=now)


def forget_text(session: Session, *, text_id: UUID, now: datetime) -> None:
    """Forget the number and the words of a text; one that still waits is not sent."""
    text = queries.lock_text(session, text_id)
    if text is None:
        return
    if TextState(text.state) not in FINAL:
        text.withheld = text.withheld or "erased"
        place.text_is(text, TextState.WITHHELD, now=now)
    forget_records(session, call_ids=[], text_ids=[text_id], now=now)
    text.phone = text.body = ""
    text.phone_digest = NOBODY


def forget_alarms(session: Session, *, before: datetime, now: datetime) -> None:
    """Forget whom alarms were texted to before then, here and at the telephone company."""
    for text_id in queries.texts_for(session, purpose=ALARM, before=before):
        forget_text(session, text_id=text_id, now=now)


def forget_stray(session: Session, *, provider_id: str, now: datetime) -> None:
    """A leg that is in no table was ended: its record at the telephone company is deleted when nobody looks at it."""
    row = {"provider_id": provider_id, "kind": "call", "due_at": now + STRAYS_ARE_KEPT, "tries": 0}
    session.execute(insert(ProviderRecordRow).values(row).on_conflict_do_nothing())


def forget_records(session: Session, *, call_ids: Collection[UUID], text_ids: Collection[UUID], now: datetime) -> None:
    """Have the telephone company delete its records of these calls and texts; `jobs.delete_records` does it."""
    legs = select(LegRow.provider_id).where(LegRow.call_id.in_(call_ids), LegRow.provider_id.is_not(None))
    texts = select(TextRow.provider_id).where(TextRow.id.in_(text_ids), TextRow.provider_id.is_not(None))
    for kind, ids in (("call", legs), ("text", texts)):
        for provider_id in session.scalars(ids):
            row = {"provider_id": provider_id, "kind": kind, "due_at": now, "tries": 0}
            session.execute(insert(ProviderRecordRow).values(row).on_conflict_do_nothing())


def forget_messages(session: Session, *, before: datetime) -> None:
    """Forget what the telephone company told us before then, and what we told it to say."""
    session.execute(delete(ReportRow).where(ReportRow.received_at < before))
    session.execute(delete(IssuedRow).where(IssuedRow.issued_at < before))


def record_gone(session: Session, *, provider_id: str, now: datetime) -> None:
    """The telephone company has deleted it, or never had it."""
    session.get_one(ProviderRecordRow, provider_id).gone_at = now
    session.flush()
    if queries.deletions_in_vain(session) < MOST_TRIES:
        trouble.end(session, Trouble.RECORDS_REMAIN)


def record_remains(session: Session, *, provider_id: str, now: datetime) -> None:
    """It could not be deleted: again in an hour, and the board says so when it has failed a few times."""
    row = session.get_one(ProviderRecordRow, provider_id)
    row.tries += 1
    row.due_at = now + TRIES_AGAIN_AFTER
    session.flush()
    if queries.deletions_in_vain(session) >= MOST_TRIES:
        trouble.begin(session, Trouble.RECORDS_REMAIN, now=now)

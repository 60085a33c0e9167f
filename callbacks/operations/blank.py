"""Take out of a request everything that says who it was or what they told us; what is counted stays."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.models import CallbackRow, IdempotencyRow, ObstacleRow
from notifications.operations import forget


def blank(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """Blank a closed request, its attempts, referrals and texts, and have the telephone company forget them too.

    Urgency, times and outcome stay: they are counted, and name nobody.
    """
    for attempt in queries.attempts(session, callback.id):
        attempt.note = attempt.draft = None
        forget.forget_call(session, call_id=attempt.call_id, now=now)
    for referral in queries.referrals(session, callback.id):
        referral.provider, referral.note = "", None
    for text in queries.texts(session, callback.id):
        forget.forget_text(session, text_id=text.id, now=now)
    session.execute(
        update(IdempotencyRow)
        .where(IdempotencyRow.callback_id == callback.id)
        .values(answer=None)
        .execution_options(synchronize_session=False)
    )
    callback.name = callback.phone = callback.message = callback.token = ""
    callback.safe_word = callback.phone_owner = callback.requester = None
    callback.phone_digest = forget.NOBODY
    callback.token_digest = secrets.token_bytes(32)  # the address leads nowhere, like one that never led anywhere
    callback.flags, callback.substances, callback.safe_times = {}, [], []
    session.execute(delete(ObstacleRow).where(ObstacleRow.callback_id == callback.id))

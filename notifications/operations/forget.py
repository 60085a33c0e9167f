"""Take out of calls and texts what says whom they went to, and leave what counts them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from notifications import queries
from notifications.domain.text import FINAL, TextState
from notifications.models import IssuedRow
from notifications.operations import place

NOBODY = b""
"""The digest of a number that was forgotten: equal to no number's."""


def forget_call(session: Session, *, call_id: UUID) -> None:
    """Forget the visitor of a call that is over or was stopped: the number, the whisper, the instructions given."""
    call = queries.lock_call(session, call_id)
    if call is None:
        return
    call.visitor_phone = call.whisper = ""
    legs = [leg.provider_id for leg in call.legs if leg.provider_id is not None]
    session.execute(delete(IssuedRow).where(IssuedRow.provider_id.in_(legs)))


def forget_text(session: Session, *, text_id: UUID, now: datetime) -> None:
    """Forget the number and the words of a text; one that still waits is not sent."""
    text = queries.lock_text(session, text_id)
    if text is None:
        return
    if TextState(text.state) not in FINAL:
        text.withheld = text.withheld or "erased"
        place.text_is(text, TextState.WITHHELD, now=now)
    text.phone = text.body = ""
    text.phone_digest = NOBODY

"""Tell supervisors about cover by text, once for each reason. It names nobody: it is read on a locked screen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.queries import to_be_alerted
from foundation.phone import Phone
from notifications.operations import order
from rota.models import AlertTextRow

PURPOSE = "alert"


def is_anybody_alerted(session: Session, *, on_call: Phone | None = None) -> bool:
    """Whether anybody would hear; what nobody heard does not count as told."""
    return on_call is not None or bool(to_be_alerted(session, roles=PLANNERS))


def alert(
    session: Session,
    *,
    body: str,
    reason_key: str,
    give_up_at: datetime,
    now: datetime,
    on_call: Phone | None = None,
    besides: int | None = None,
    not_before: datetime | None = None,
) -> int:
    """Order the text to every supervisor who gave a number, and to the lead on call; to how many it goes.

    `besides`: who knows it already, because they did it themselves.
    """
    told = 0
    supervisors = [staff for staff in to_be_alerted(session, roles=PLANNERS) if staff.id != besides]
    for staff in supervisors:
        text_id = order.order_text(
            session,
            to=Phone(staff.phone or ""),
            body=body,
            purpose=PURPOSE,
            reason_key=f"{reason_key}:{staff.id}",
            give_up_at=give_up_at,
            not_before=not_before,
            now=now,
        )
        if text_id is not None:
            session.add(AlertTextRow(text_id=text_id, staff_id=staff.id))
            told += 1
    if on_call is not None and on_call.e164 not in {staff.phone for staff in supervisors}:
        key = f"{reason_key}:on_call"
        told += order.order_text(
            session, to=on_call, body=body, purpose=order.ALARM, reason_key=key, give_up_at=give_up_at, now=now
        ) is not None  # fmt: skip
    session.flush()
    return told

"""A supervisor notes what was agreed with somebody who asks very often, or ends it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks.domain import wording
from callbacks.domain.agreed import Agreed
from callbacks.models import AgreedPlanRow, CallbackRow
from callbacks.operations import history
from callbacks.operations.note_that import note_that
from rota import queries as rota


class NotOnTheTeam(Exception):
    """There is no such counsellor, or they have left: choose another."""


def agree(session: Session, callback: CallbackRow, *, agreed: Agreed, note: str, staff_id: int, now: datetime) -> None:
    """It holds for every request for this number from now on, until it is ended or agreed anew. Raises NotOnTheTeam."""
    if agreed.counsellor_id is not None and rota.find_counsellor(session, counsellor_id=agreed.counsellor_id) is None:
        raise NotOnTheTeam
    given = {
        "counsellor_id": agreed.counsellor_id,
        "from_time": agreed.from_,
        "until_time": agreed.until,
        "note": note,
        "agreed_at": now,
        "agreed_by": staff_id,
    }
    row = insert(AgreedPlanRow).values(phone_digest=callback.phone_digest, **given)
    session.execute(row.on_conflict_do_update(index_elements=[AgreedPlanRow.phone_digest], set_=given))
    history.note(session, callback, wording.PLAN_AGREED, actor_id=staff_id, now=now)
    note_that(session, "plan_agreed", callback, by=staff_id, now=now)


def end(session: Session, callback: CallbackRow, *, staff_id: int, now: datetime) -> None:
    """Their requests are like any other's again."""
    row = session.get(AgreedPlanRow, callback.phone_digest)
    if row is None:
        return  # somebody else has just ended it
    session.delete(row)
    history.note(session, callback, wording.PLAN_ENDED, actor_id=staff_id, now=now)
    note_that(session, "plan_ended", callback, by=staff_id, now=now)

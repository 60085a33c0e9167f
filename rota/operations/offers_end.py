"""Set how long before the end of somebody's cover they are offered no call any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.shifts import ShiftRefused, minutes
from rota.models import OffersEndRow

MOST = timedelta(hours=1)  # longer than that, and short shifts would take no calls at all


class NotLastMinutes(ShiftRefused):
    """The number lies outside what makes sense; ask for one that does."""

    field = "minutes"


def end_offers(session: Session, *, before: int, by: int | None, now: datetime) -> None:
    """Offer nobody a call in the last so many minutes of their cover. Raises NotLastMinutes."""
    if not timedelta() <= timedelta(minutes=before) <= MOST:
        raise NotLastMinutes("Enter a number of minutes from 0 to 60")
    was = minutes(queries.last_minutes(session))
    if was == before:
        return  # nothing changed, so there is nothing to note
    session.merge(OffersEndRow(id=1, minutes=before))
    session.flush()
    note(
        session,
        actor_id=by,
        action="offers_end_set",
        subject_kind="rota",
        subject_id="offers_end",
        before={"minutes": was},
        after={"minutes": before},
        now=now,
    )

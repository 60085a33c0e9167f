"""Tell people that something is wrong with the service: once for each trouble, whoever noticed it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from foundation.phone import Phone
from notifications import queries
from notifications.domain import wording
from notifications.domain.trouble import Trouble
from notifications.operations import order

_IS_NEWS_FOR = timedelta(hours=1)


def tell_of_troubles(session: Session, *, on_call: Phone | None, now: datetime) -> list[Trouble]:
    """Text the lead on call, if there is a number for them, about each trouble that nobody was told of; which ones."""
    untold = queries.untold_troubles(session)
    for row in untold:
        row.told_at = now
        if on_call is not None:
            order.order_text(
                session,
                to=on_call,
                body=wording.ALARM,
                purpose=order.ALARM,
                reason_key=f"{order.ALARM}:{row.kind}:{now:%Y-%m-%dT%H}",  # one that comes and goes wakes nobody twice
                give_up_at=now + _IS_NEWS_FOR,
                now=now,
            )
    return [Trouble(row.kind) for row in untold]

"""Tell people that something is wrong with the service, until somebody has heard of it: once for each trouble.

There are two ways: a text to the lead on call, and a message to an address of the operator's choice. Neither is taken
to have worked because it was tried: the text must not have failed, and the address must have said yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from foundation.phone import Phone
from notifications import queries
from notifications.domain import wording
from notifications.domain.text import TextState
from notifications.domain.trouble import EACH_IS_TOLD, UNHEARD_AFTER, WORDS, Trouble
from notifications.models import TroubleRow
from notifications.operations import order, trouble

TELLS_AGAIN_AFTER = timedelta(minutes=5)
"""So long without a word that it was heard, and it is told again."""

_NOT_THROUGH = frozenset(
    {
        TextState.WAITING,
        TextState.SENDING,
        TextState.UNDELIVERED,
        TextState.WITHHELD,
        TextState.REFUSED,
        TextState.LOST,
    }
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A trouble to be told now, in words that name nobody."""

    kind: Trouble
    since: datetime

    def as_message(self) -> dict[str, str]:
        """What is posted to the operator's address."""
        return {"trouble": self.kind, "since": self.since.isoformat(), "words": WORDS[self.kind]}


def tell_of_troubles(session: Session, *, on_call: Phone | None, has_address: bool, now: datetime) -> list[Telling]:
    """Text the lead on call about each trouble that nobody has heard of; what is to be posted as well, by the caller.

    With neither a number nor an address nobody can be told: each trouble is returned once, for the log.
    """
    tellings, unheard = [], False
    for row in queries.untold_troubles(session):
        if row.kind == Trouble.ALARM_UNHEARD:
            continue  # nobody can be told that nobody can be told: the board says it
        if _has_gone_through(session, row, now=now):
            row.told_at = now
            continue
        if row.tell_at is None or row.tell_at <= now:
            _tell(session, row, on_call=on_call, has_address=has_address, now=now)
            tellings.append(Telling(Trouble(row.kind), row.since))
        unheard = unheard or (row.told_at is None and now - row.since > UNHEARD_AFTER)
    if unheard:
        trouble.begin(session, Trouble.ALARM_UNHEARD, now=now)
    else:
        trouble.end(session, Trouble.ALARM_UNHEARD)
    return tellings


def _tell(session: Session, row: TroubleRow, *, on_call: Phone | None, has_address: bool, now: datetime) -> None:
    row.tells += 1
    row.tell_at = now + TELLS_AGAIN_AFTER
    if on_call is not None:
        order.order_text(
            session,
            to=on_call,
            body=wording.ALARM,
            purpose=order.ALARM,
            reason_key=_reason_key(row, told_at=now),  # one that comes and goes wakes nobody twice in an hour
            give_up_at=row.tell_at,
            now=now,
        )
    elif not has_address:
        row.told_at = now


def _reason_key(row: TroubleRow, *, told_at: datetime) -> str:
    case = f"{row.since:%Y-%m-%dT%H:%M:%S}" if row.kind in EACH_IS_TOLD else f"{told_at:%Y-%m-%dT%H}"
    return f"{order.ALARM}:{row.kind}:{case}:{row.tells}"


def _has_gone_through(session: Session, row: TroubleRow, *, now: datetime) -> bool:
    """Whether the last text about it came through. "Sent" counts when no better news has come in the meantime."""
    if row.tell_at is None:
        return False
    key = _reason_key(row, told_at=row.tell_at - TELLS_AGAIN_AFTER)
    state = queries.state_of_text(session, reason_key=key)
    if state is TextState.SENT:
        return row.tell_at <= now
    return state is not None and state not in _NOT_THROUGH


def was_heard(session: Session, kind: Trouble, *, now: datetime) -> None:
    """The operator's address has taken the message."""
    row = queries.lock_trouble(session, kind)
    if row is not None:
        row.told_at = row.told_at or now

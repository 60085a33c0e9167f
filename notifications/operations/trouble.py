"""Note that something is wrong with the service, while it lasts: a row for the board, the figures and the alarm."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications import queries
from notifications.domain.trouble import IN_DOUBT_AFTER, PASSES_AFTER, PAUSES_AFTER, Trouble, pause_after
from notifications.models import TroubleRow


def begin(session: Session, kind: Trouble, *, because: str | None = None, now: datetime) -> None:
    """Something is wrong, perhaps still; `alarm` tells people about it once. `because` names nobody."""
    session.execute(
        insert(TroubleRow)
        .values(kind=kind, since=now, last_at=now, times=1, because=because, tells=0)
        .on_conflict_do_update(
            index_elements=[TroubleRow.kind],
            set_={"last_at": now, "times": TroubleRow.times + 1, "because": because},
        )
    )


def begin_anew(session: Session, kind: Trouble, *, now: datetime) -> None:
    """Another case of something that is wrong: people are told once more."""
    end(session, kind)
    begin(session, kind, now=now)


def end(session: Session, kind: Trouble) -> bool:
    """It is over. True when that is news."""
    ended = session.execute(
        delete(TroubleRow)
        .where(TroubleRow.kind == kind)
        .returning(TroubleRow.kind)
        .execution_options(synchronize_session=False)
    )
    return ended.first() is not None


def _pause(failures: int, *, leave_alone_s: float) -> timedelta:
    return max(pause_after(failures, dice=secrets.randbelow(1000) / 1000), timedelta(seconds=leave_alone_s))


def dialling_failed(session: Session, *, leave_alone_s: float = 0.0, now: datetime) -> None:
    """A call could not be placed: all workers wait a while; after a few in a row, dialling pauses.

    `leave_alone_s`: the telephone company asked for at least so long a pause.
    """
    pace = queries.lock_pace(session, now=now)
    pace.failures += 1
    pace.next_at = max(pace.next_at, now + _pause(pace.failures, leave_alone_s=leave_alone_s))
    if pace.failures >= PAUSES_AFTER:
        begin(session, Trouble.DIALLING_FAILS, now=now)


def texting_failed(session: Session, *, leave_alone_s: float = 0.0, now: datetime) -> None:
    """A text could not be sent: no worker sends any for a while; after a few in a row, people are told."""
    pace = queries.lock_pace(session, now=now)
    pace.text_failures += 1
    pace.texts_next_at = now + _pause(pace.text_failures, leave_alone_s=leave_alone_s)
    if pace.text_failures >= PAUSES_AFTER:
        begin(session, Trouble.TEXTS_FAIL, now=now)


def texting_works(session: Session, *, now: datetime) -> None:
    """A text was taken on, or refused for a reason of its own: nobody waits any longer."""
    if not queries.texting_failures(session):
        return  # nearly always
    pace = queries.lock_pace(session, now=now)
    pace.text_failures, pace.texts_next_at = 0, None
    end(session, Trouble.TEXTS_FAIL)


def account_refused(session: Session, *, now: datetime) -> None:
    """The telephone company refuses our credentials or our account: a person must look."""
    begin(session, Trouble.CREDENTIALS_REFUSED, now=now)


def account_accepted(session: Session) -> None:
    """The telephone company has taken an order from us."""
    if queries.trouble_last_at(session, Trouble.CREDENTIALS_REFUSED) is not None:
        end(session, Trouble.CREDENTIALS_REFUSED)


def dialling_works(session: Session, *, now: datetime) -> None:
    """A call got through to somebody's telephone: nobody waits any longer."""
    if not queries.dialling_failures(session):
        return  # nearly always: then no worker waits for another at the one row of the pace
    pace = queries.lock_pace(session, now=now)
    pace.failures = 0
    pace.next_at = min(pace.next_at, now)
    end(session, Trouble.DIALLING_FAILS)


def settled(session: Session) -> None:
    """A call that nobody could be asked about is known of again: over, unless the same goes on with another one."""
    if not queries.is_any_call_in_doubt(session, unanswered=IN_DOUBT_AFTER):
        end(session, Trouble.SETTLING_FAILS)


def forget_what_has_passed(session: Session, *, now: datetime) -> None:
    """End what nothing else ends, once it has not happened for a while.

    When nobody waits, no call tries whether dialling works again: then it is not known to fail any more. The failures
    in a row still count, so that one call at a time is placed until one gets through, and the first that fails is told.
    """
    for kind, passes_after in PASSES_AFTER.items():
        last_at = queries.trouble_last_at(session, kind)
        if last_at is None or last_at >= now - passes_after:
            continue
        if kind is Trouble.DIALLING_FAILS and queries.calls_rest(session, now=now):
            continue  # the telephone company wants to be left alone for longer
        end(session, kind)

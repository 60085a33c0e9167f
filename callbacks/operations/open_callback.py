"""A member of staff opens a request: who may, and that they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.models import CallbackRow
from callbacks.operations.note_that import note_that


class NoSuchCallback(Exception):
    """No request has this reference; look at how it is spelt."""


class NotTheirs(Exception):
    """A counsellor opens only the requests that they hold or held."""


def find(session: Session, *, reference: str, counsellor_id: int | None, sees_all: bool) -> CallbackRow:
    """The request with a reference, however it is typed. Raises NoSuchCallback, NotTheirs."""
    callback = queries.by_reference(session, reference.strip().upper())
    if callback is None:
        raise NoSuchCallback
    is_theirs = counsellor_id is not None and queries.has_held(
        session, callback_id=callback.id, counsellor_id=counsellor_id
    )
    if not sees_all and not is_theirs:
        raise NotTheirs
    return callback


def open_callback(
    session: Session, *, reference: str, staff_id: int, counsellor_id: int | None, sees_all: bool, now: datetime
) -> CallbackRow:
    """The same, and written into the journal: what a request holds is read by nobody unseen."""
    callback = find(session, reference=reference, counsellor_id=counsellor_id, sees_all=sees_all)
    note_that(session, "callback_opened", callback, by=staff_id, now=now)
    return callback

"""The visitor asks us to forget them: the request is withdrawn, what says who they are is blanked, counts stay."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Event, Status
from callbacks.models import CallbackRow, IdempotencyRow
from callbacks.operations import history
from callbacks.operations.visit import UnknownToken
from callbacks.operations.withdraw import withdraw
from notifications.operations import forget

SAFEGUARDING = "safeguarding"
"""The one reason why what was to be erased is kept: somebody may be at risk, and the record may protect them."""


class NotYet(Exception):
    """The two are talking, or the counsellor has yet to say what came of it: erase after that."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of the wish, and the call that must stop ringing at once, if there is one."""

    call_id: UUID | None
    is_kept: bool
    """Restricted instead of erased; the visitor is told so."""


def erase(session: Session, *, token: str, now: datetime) -> Erased:
    """Forget, unless a safeguarding concern is recorded: then restrict.

    Raises UnknownToken, NotYet.
    """
    found = queries.by_token(session, token)
    if found is None or found.status == Status.ERASED:
        raise UnknownToken
    attempt = queries.open_attempt(session, found.id)
    is_talking = attempt is not None and attempt.bridged_at is not None
    if is_talking or queries.owing_attempt(session, found.id) is not None:
        raise NotYet
    withdrawn = withdraw(session, token=token, now=now)
    if withdrawn.is_talking:
        raise NotYet
    callback = withdrawn.callback
    if callback.case_outcome == CaseOutcome.SAFEGUARDING_RAISED:
        if callback.restricted_at is None:
            callback.restricted_at, callback.restricted_because = now, SAFEGUARDING
            history.note(session, callback, wording.RESTRICTED, now=now)
        return Erased(withdrawn.call_id, is_kept=True)
    _blank(session, callback, now=now)
    callback.move(Event.ERASE, due_by=None, now=now)
    history.note(session, callback, wording.ERASED, now=now)
    return Erased(withdrawn.call_id, is_kept=False)


def _blank(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """Take out everything that says who it was or what they told us. What is counted stays: urgency, times, outcome."""
    for attempt in queries.attempts(session, callback.id):
        attempt.note = None
        forget.forget_call(session, call_id=attempt.call_id)
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

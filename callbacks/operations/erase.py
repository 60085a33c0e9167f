"""The visitor asks us to forget them: the request is withdrawn, what says who they are is blanked, counts stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Event, Status
from callbacks.models import AgreedPlanRow
from callbacks.operations import history
from callbacks.operations.blank import blank
from callbacks.operations.visit import UnknownToken
from callbacks.operations.withdraw import withdraw

SAFEGUARDING, LEGAL_HOLD = "safeguarding", "legal_hold"
"""Why what was to be erased is kept: somebody may be at risk and the record may protect them, or the law asks."""


class NotYet(Exception):
    """The two are talking, or the counsellor has yet to say what came of it: erase after that."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of the wish, and the call that must stop ringing at once, if there is one."""

    call_id: UUID | None
    is_kept: bool
    """Restricted instead of erased; the visitor is told so."""


def erase(session: Session, *, token: str, now: datetime) -> Erased:
    """Forget, unless a safeguarding concern is recorded or the law asks us to keep it: then restrict.

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
    is_held = callback.held_at is not None
    if is_held or callback.case_outcome == CaseOutcome.SAFEGUARDING_RAISED:
        if callback.restricted_at is None:
            callback.restricted_at, callback.restricted_because = now, LEGAL_HOLD if is_held else SAFEGUARDING
            history.note(session, callback, wording.RESTRICTED, now=now)
        return Erased(withdrawn.call_id, is_kept=True)
    session.execute(delete(AgreedPlanRow).where(AgreedPlanRow.phone_digest == callback.phone_digest))
    blank(session, callback, now=now)
    callback.move(Event.ERASE, due_by=None, now=now)
    history.note(session, callback, wording.ERASED, now=now)
    return Erased(withdrawn.call_id, is_kept=False)

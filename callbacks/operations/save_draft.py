"""Keep what a counsellor has filled in so far of an outcome, until it is recorded: a computer that falls asleep takes
nothing with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.models import AttemptRow
from callbacks.operations.finish_call import AlreadyRecorded, Author, NotTheirCall


def save_draft(session: Session, *, attempt_id: int, author: Author, fields: Mapping[str, str]) -> None:
    """Keep these fields in place of those kept before. Raises NotTheirCall, AlreadyRecorded."""
    attempt = session.get(AttemptRow, attempt_id)
    if attempt is None or (attempt.counsellor_id != author.counsellor_id and not author.may_complete_any):
        raise NotTheirCall
    queries.lock(session, attempt.callback_id)
    session.refresh(attempt)
    if attempt.contact_outcome is not None:
        raise AlreadyRecorded
    filled = {name: value for name, value in fields.items() if value}
    attempt.draft = json.dumps(filled) if filled else None


def drafted(attempt: AttemptRow) -> dict[str, str]:
    """What was kept so far, field by field."""
    return dict(json.loads(attempt.draft)) if attempt.draft else {}

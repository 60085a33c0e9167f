"""Give somebody the address of their calendar feed, a new one when others may have it, or none."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from foundation.sealed import digest
from rota import queries
from rota.operations.team import CounsellorNotFound

TOKEN_BYTES = 24  # 192 bits: nobody guesses one
MARK = 8  # characters of a digest: enough to tell two addresses apart


def renew(session: Session, *, counsellor_id: int, by: int | None, now: datetime) -> str:
    """A new token, shown once; the address before it stops working. Raises CounsellorNotFound."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    _set(session, counsellor_id, digest(token), "feed_renewed", by=by, now=now)
    return token


def end(session: Session, *, counsellor_id: int, by: int | None, now: datetime) -> None:
    """No feed any more. Raises CounsellorNotFound."""
    _set(session, counsellor_id, None, "feed_ended", by=by, now=now)


def _set(
    session: Session, counsellor_id: int, new: bytes | None, action: str, *, by: int | None, now: datetime
) -> None:
    row = queries.find_counsellor(session, counsellor_id=counsellor_id)
    if row is None:
        raise CounsellorNotFound("There is no such counsellor")
    before = _told(row.feed_digest)
    row.feed_digest = new
    session.flush()
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="counsellor",
        subject_id=counsellor_id,
        before=before,
        after=_told(new),
        now=now,
    )


def _told(token_digest: bytes | None) -> dict[str, Any]:
    """Which address it was, by a mark that opens nothing."""
    return {"feed": token_digest.hex()[:MARK] if token_digest else None}

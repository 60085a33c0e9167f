"""Mirror here who wants no texts, whoever told us: the person, or the telephone company that would not send one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.models import OptOutRow
from notifications.operations import arrow


def opt_out(session: Session, *, phone_digest: bytes, now: datetime) -> None:
    """No text of any kind goes to this number again."""
    session.execute(insert(OptOutRow).values(phone_digest=phone_digest, opted_out_at=now).on_conflict_do_nothing())
    arrow.follower().opted_out(session, phone_digest=phone_digest, now=now)


def opt_in(session: Session, *, phone_digest: bytes) -> None:
    """Texts may go to this number again, as far as its owner is concerned."""
    row = session.get(OptOutRow, phone_digest)
    if row is not None:
        session.delete(row)

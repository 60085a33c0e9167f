"""What holds for a number whoever asks: blocked, denied, or with a plan."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from callbacks.domain.safe_contact import Refused
from callbacks.models import AgreedPlanRow, BlockedNumberRow, CallbackRow, NotThemRow


def plan_for(session: Session, *, phone_digest: bytes) -> AgreedPlanRow | None:
    """What was agreed with whoever has this number."""
    return session.get(AgreedPlanRow, phone_digest, populate_existing=True)


def named_counsellors(session: Session, phone_digests: Collection[bytes]) -> dict[bytes, int]:
    """The counsellor who was agreed on for each of these numbers, where one was."""
    question = select(AgreedPlanRow.phone_digest, AgreedPlanRow.counsellor_id).where(
        AgreedPlanRow.phone_digest.in_(phone_digests), AgreedPlanRow.counsellor_id.is_not(None)
    )
    return {digest: who for digest, who in session.execute(question) if who is not None}


def block_on(session: Session, *, phone_digest: bytes, now: datetime) -> BlockedNumberRow | None:
    """The block on a number, while it lasts."""
    block = session.get(BlockedNumberRow, phone_digest)
    return block if block is not None and (block.until is None or now < block.until) else None


def barred(session: Session, callback: CallbackRow, *, now: datetime) -> Refused | None:
    """Why the number of a request is not rung or texted for it, at any time; None when it may be.

    Its owner may have said "not me" to whoever asks from this network, or through this website.
    """
    is_blocked = exists().where(
        BlockedNumberRow.phone_digest == callback.phone_digest,
        or_(BlockedNumberRow.until.is_(None), BlockedNumberRow.until > now),
    )
    is_denied = exists().where(
        NotThemRow.phone_digest == callback.phone_digest, NotThemRow.requester == callback.requester
    )
    blocked, denied = session.execute(select(is_blocked, is_denied)).one()
    if blocked:
        return Refused.BLOCKED
    return Refused.NOT_THEM if denied else None

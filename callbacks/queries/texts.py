"""Texts about requests."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from callbacks.models import CallbackRow, SentRow
from notifications.domain.text import NEVER_ARRIVED
from notifications.models import TextRow


def callback_of_text(session: Session, text_id: UUID) -> CallbackRow | None:
    """The request that a text is about."""
    question = (
        select(CallbackRow).join(SentRow, SentRow.callback_id == CallbackRow.id).where(SentRow.text_id == text_id)
    )
    return session.scalars(question).one_or_none()


def texts(session: Session, callback_id: int) -> list[TextRow]:
    """The texts about a request, oldest first."""
    question = (
        select(TextRow)
        .join(SentRow, SentRow.text_id == TextRow.id)
        .where(SentRow.callback_id == callback_id)
        .order_by(TextRow.created_at, TextRow.id)
    )
    return list(session.scalars(question))


def is_text_to(session: Session, *, text_id: UUID, phone_digest: bytes) -> bool:
    """Whether a text was ordered for this number."""
    return session.scalar(select(TextRow.phone_digest).where(TextRow.id == text_id)) == phone_digest


def could_not_be_texted(session: Session, callback_ids: Collection[int]) -> set[int]:
    """Of these requests, those whose last text did not arrive."""
    question = (
        select(SentRow.callback_id, TextRow.state)
        .join(TextRow, TextRow.id == SentRow.text_id)
        .where(SentRow.callback_id.in_(callback_ids))
        .ext(distinct_on(SentRow.callback_id))
        .order_by(SentRow.callback_id, TextRow.created_at.desc(), TextRow.id)
    )
    return {callback_id for callback_id, state in session.execute(question) if state in NEVER_ARRIVED}

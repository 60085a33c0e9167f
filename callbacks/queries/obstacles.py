"""What stood in the way of a call."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from callbacks.models import ObstacleRow


def latest_obstacles(session: Session, callback_ids: list[int]) -> dict[tuple[int, int | None], str | None]:
    """The rule that was last kept for each pair of these requests and a counsellor, or for the request alone."""
    question = (
        select(ObstacleRow.callback_id, ObstacleRow.counsellor_id, ObstacleRow.rule)
        .where(ObstacleRow.callback_id.in_(callback_ids))
        .ext(distinct_on(ObstacleRow.callback_id, ObstacleRow.counsellor_id))
        .order_by(ObstacleRow.callback_id, ObstacleRow.counsellor_id, ObstacleRow.id.desc())
    )
    return {(callback_id, who): rule for callback_id, who, rule in session.execute(question)}


def obstacles(session: Session, callback_id: int) -> list[ObstacleRow]:
    """What stood in the way of a request, in order."""
    return list(
        session.scalars(select(ObstacleRow).where(ObstacleRow.callback_id == callback_id).order_by(ObstacleRow.id))
    )

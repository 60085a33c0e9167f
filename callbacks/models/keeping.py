"""When what is old is looked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Row


class TidyingRow(Row):
    """When what is old is looked for again: one row."""

    __tablename__ = "tidying"
    __table_args__ = (CheckConstraint("id = 1", name="there_is_one_tidying"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]

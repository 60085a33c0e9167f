"""The checks of the help lines that pages name."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Row


class HelpLineCheckRow(Row):
    """The last check of a help line that pages name: the number that was found, on which day, how and by whom."""

    __tablename__ = "help_line_check"
    __table_args__ = (
        CheckConstraint("how in ('rung', 'read')", name="a_help_line_was_rung_or_read_about"),
        CheckConstraint("dial ~ '^[0-9]{3,15}$'", name="a_help_line_can_be_dialled"),
    )

    line: Mapped[str] = mapped_column(primary_key=True)
    """The key of the line in `foundation/web/help_lines.py`."""
    number: Mapped[str]
    dial: Mapped[str]
    how: Mapped[str]
    checked_on: Mapped[date]
    checked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))

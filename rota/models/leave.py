"""Days on which somebody asked not to work."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row
from rota.domain.changes import Leave
from rota.models.columns import one_of
from rota.models.counsellors import CounsellorRow


class LeaveState(StrEnum):
    """How far an application for leave has come."""

    ASKED = "asked"
    """A supervisor decides."""
    APPROVED = "approved"
    """The days are free: the shifts in them were vacated, and none can be added."""
    REFUSED = "refused"
    """A supervisor said no."""
    WITHDRAWN = "withdrawn"
    """The person does not want it any more."""


class LeaveRow(Row):
    """Days on which somebody asked not to work, the last one included."""

    __tablename__ = "leave"
    __table_args__ = (
        ExcludeConstraint(
            ("counsellor_id", "="),
            (text("daterange(first_day, last_day, '[]')"), "&&"),
            where=text("state in ('asked', 'approved')"),
            using="gist",
            name="leave_is_asked_for_once",
        ),
        CheckConstraint(one_of("state", LeaveState), name="leave_has_a_known_state"),
        CheckConstraint("first_day <= last_day", name="leave_begins_before_it_ends"),
        CheckConstraint("last_day - first_day < 366", name="leave_is_at_most_a_year"),
        CheckConstraint(
            "(state in ('approved', 'refused')) = (decided_at is not null)", name="decided_leave_says_since_when"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    counsellor: Mapped[CounsellorRow] = relationship()

    def as_leave(self) -> Leave:
        """The value."""
        return Leave(self.counsellor_id, self.first_day, self.last_day)

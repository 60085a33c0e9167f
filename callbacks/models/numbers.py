"""Numbers with a rule of their own: what was agreed with somebody, who did not ask, and who is blocked."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from callbacks.domain.agreed import Agreed
from foundation.database import Row
from foundation.sealed import Sealed


class AgreedPlanRow(Row):
    """What was agreed with somebody who asks very often: who rings them, and at what times of the day."""

    __tablename__ = "agreed_plan"
    __table_args__ = (
        CheckConstraint("(from_time is null) = (until_time is null)", name="an_agreed_time_has_two_ends"),
        CheckConstraint("from_time < until_time", name="an_agreed_time_ends_after_it_begins"),
    )

    phone_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    from_time: Mapped[time | None]
    until_time: Mapped[time | None]
    note: Mapped[str] = mapped_column(Sealed)
    agreed_at: Mapped[datetime]
    agreed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))

    def as_agreed(self) -> Agreed:
        """The value that the rules read."""
        return Agreed(self.counsellor_id, self.from_time, self.until_time)


class NotThemRow(Row):
    """The owner of a number said that they did not ask for a call: this requester never has it rung again."""

    __tablename__ = "not_them"

    phone_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    requester: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    said_at: Mapped[datetime]


class BlockedNumberRow(Row):
    """A number that is neither rung nor texted for any request, until a moment or until somebody lifts it."""

    __tablename__ = "blocked_number"
    __table_args__ = (CheckConstraint("until > blocked_at", name="a_block_ends_after_it_begins"),)

    phone_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    because: Mapped[str]
    blocked_at: Mapped[datetime]
    until: Mapped[datetime | None]
    blocked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))

"""Places in the offered hours, and promises that may be missed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from callbacks.domain.window import Span
from foundation.database import Row


class BookingRow(Row):
    """One place in an offered hour; the constraint lets no two requests hold the last one."""

    __tablename__ = "booking"
    __table_args__ = (UniqueConstraint("hour_at", "seat", name="a_place_in_an_hour_is_given_once"),)

    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"), primary_key=True)
    hour_at: Mapped[datetime]
    seat: Mapped[int]


class ApologyRow(Row):
    """A visitor was told that we may be later than we promised: once for each promise."""

    __tablename__ = "apology"
    __table_args__ = (
        CheckConstraint("(likely_from is null) = (likely_until is null)", name="a_new_time_is_a_range"),
        CheckConstraint("likely_from < likely_until", name="a_new_time_ends_after_it_begins"),
    )

    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"), primary_key=True)
    promised_until: Mapped[datetime] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]
    likely_from: Mapped[datetime | None]
    likely_until: Mapped[datetime | None]

    @property
    def likely(self) -> Span | None:
        """When it is likely instead."""
        return Span(self.likely_from, self.likely_until) if self.likely_from and self.likely_until else None

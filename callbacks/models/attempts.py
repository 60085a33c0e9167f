"""Attempts to ring, and what stood in the way of one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callbacks.domain.codes import ContactOutcome
from callbacks.models.requests import CallbackRow
from foundation.database import Row
from foundation.sealed import Sealed


class AttemptRow(Row):
    """One try to bring a counsellor and the visitor together: one call, which rings the visitor at most once."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("callback_id", "number", name="attempts_are_numbered"),
        Index("a_request_has_one_open_attempt", "callback_id", unique=True, postgresql_where=text("ended_at is null")),
        Index(
            "a_counsellor_has_one_open_attempt",
            "counsellor_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("attempt_by_counsellor", "counsellor_id", "ended_at"),
        Index(
            "attempt_by_end_while_its_outcome_is_owed",
            "ended_at",
            postgresql_where=text("owes_outcome and contact_outcome is null"),
        ),
        Index("attempt_by_ring", "rang_visitor_at", postgresql_where=text("rang_visitor_at is not null")),
        CheckConstraint("(ended_at is null) = (result is null)", name="an_attempt_that_ended_has_a_result"),
        CheckConstraint(
            "draft is null or contact_outcome is null", name="a_draft_is_kept_until_the_outcome_is_recorded"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"))
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), unique=True)
    number: Mapped[int]
    because: Mapped[str]
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    """The shift by which the counsellor was on duty, and its version: what the rota said when the telephone rang."""
    shift_version: Mapped[int | None]
    started_at: Mapped[datetime]
    rang_visitor_at: Mapped[datetime | None]
    bridged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None]
    talked_s: Mapped[int] = mapped_column(default=0)
    overtime_s: Mapped[int] = mapped_column(default=0, server_default="0")
    """Seconds of it after the counsellor's shift was over."""
    owes_outcome: Mapped[bool] = mapped_column(default=False)
    """The visitor's telephone was answered: only the counsellor can say what happened."""
    reminded_at: Mapped[datetime | None]
    """When the counsellor was reminded that the outcome is owed."""
    contact_outcome: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
    outcome_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str | None] = mapped_column(Sealed)
    draft: Mapped[str | None] = mapped_column(Sealed)
    """What the counsellor has filled in so far and not recorded yet, field by field."""

    callback: Mapped[CallbackRow] = relationship()

    def conclude(self, outcome: ContactOutcome, *, by: int | None = None, at: datetime) -> None:
        """Say what came of this ring; what was only drafted is not kept any longer."""
        self.contact_outcome, self.outcome_at, self.outcome_by = outcome, at, by
        self.draft = None


class ObstacleRow(Row):
    """The first rule that stood between a request and a counsellor from a moment on, until the next line of the two."""

    __tablename__ = "obstacle"
    __table_args__ = (Index("obstacle_by_pair", "callback_id", "counsellor_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"))
    counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    """None: the rule keeps everybody from it."""
    rule: Mapped[str | None]
    """None: nothing stood in the way."""
    since: Mapped[datetime]

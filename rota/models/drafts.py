"""Changes that a planner prepares before anybody is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row


class DraftRow(Row):
    """Changes that a supervisor prepares: until they are published, nobody is told and nothing is in force."""

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("undone_at is null or published_at is not null", name="only_what_was_published_is_undone"),
        CheckConstraint(
            "published_at is null or discarded_at is null", name="a_draft_is_published_or_discarded_and_never_both"
        ),
        Index(
            "one_open_draft_for_each_planner",
            text("coalesce(made_by, 0)"),
            unique=True,
            postgresql_where=text("published_at is null and discarded_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    undone_at: Mapped[datetime | None]
    discarded_at: Mapped[datetime | None]

    lines: Mapped[list[DraftLineRow]] = relationship(order_by="DraftLineRow.id", back_populates="draft")

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed and published."""
        return self.published_at is None and self.discarded_at is None

    @property
    def shift_ids(self) -> list[int]:
        """The shifts that it changes or, once it is published, has made."""
        return [line.shift_id for line in self.lines if line.shift_id is not None]


class DraftLineRow(Row):
    """One change of a draft: a new shift (no `shift_id` yet), other times or another person, or a removal."""

    __tablename__ = "draft_line"
    __table_args__ = (
        CheckConstraint(
            "(counsellor_id is null) = (during is null)", name="a_draft_line_has_a_person_and_times_or_neither"
        ),
        CheckConstraint("shift_id is not null or during is not null", name="a_draft_line_changes_something"),
        UniqueConstraint("draft_id", "shift_id", name="a_draft_changes_each_shift_once"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("draft.id"))
    shift_id: Mapped[int | None] = mapped_column(ForeignKey("shift.id"))
    counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    """None: the shift is removed."""
    during: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    zone: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    """Why a rule was overridden."""
    before_counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    """Whose the shift was when it was drafted; None for a new one."""
    before: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE())
    version: Mapped[int] = mapped_column(default=0)
    """Of the shift: as the planner saw it, and after publishing as publishing left it."""

    draft: Mapped[DraftRow] = relationship(back_populates="lines")

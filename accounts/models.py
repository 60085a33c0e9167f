"""Tables: staff, their roles, and the journal, which the database itself keeps append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import BigInteger, CheckConstraint, Column, Connection, ForeignKey, Index, Table, event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.domain.roles import Role
from foundation.database import Row
from foundation.sealed import Sealed

staff_role = Table(
    "staff_role",
    Row.metadata,
    Column("staff_id", ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class RoleRow(Row, RoleMixin):
    """One of the roles of `accounts.domain.roles.Role`; rows are made when first given to somebody."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class StaffRow(Row, UserMixin):
    """Somebody who signs in. Never deleted, because the journal names them: `active` ends their access."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="staff_email_is_in_lower_case"),
        CheckConstraint("active = (ended_at is null)", name="ended_access_says_since_when"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str]
    """An argon2 hash."""
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    """What the session cookie names; a new value ends every session of this person."""
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    """The last sign-in. Addresses are not kept: the journal says who and when, which is all we need."""
    ended_at: Mapped[datetime | None]
    """Since when they cannot sign in any more: from then on nobody counts on them."""
    phone: Mapped[str | None] = mapped_column(Sealed)
    """E.164: a mobile on which this person wants alerts; None: no alerts to them."""

    roles: Mapped[list[RoleRow]] = relationship(  # type: ignore[assignment]  # the mixin names its own role class
        secondary=staff_role, lazy="selectin"
    )

    def role_names(self) -> list[Role]:
        """The roles as values."""
        return [Role(row.name) for row in self.roles]


class JournalRow(Row):
    """Who did what to which thing, and how it was before and after. Written once, never changed."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_by_subject", "subject_kind", "subject_id", "at"),
        Index("journal_by_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """None when the service itself did it."""
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]


JOURNAL_IS_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
"""
"""The same statements stand in the migration; here they serve databases made straight from the metadata."""

JOURNAL_MAY_BE_CHANGED = """
DROP TRIGGER IF EXISTS journal_is_append_only ON journal;
DROP FUNCTION IF EXISTS journal_is_append_only();
"""
"""For the way down of the migration only."""


@event.listens_for(JournalRow.__table__, "after_create")
def _keep_append_only(_table: Table, connection: Connection, **_: object) -> None:
    connection.exec_driver_sql(JOURNAL_IS_APPEND_ONLY)

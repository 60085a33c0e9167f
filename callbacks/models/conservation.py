"""Receipts: proof of every request that was received."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, ForeignKey, Index, Table, event
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Row


class ReceiptRow(Row):
    """Proof that a request was received: written once, in the same transaction, and never changed or deleted.

    Conservation is counted against it, so that a request that is gone is missed.
    """

    __tablename__ = "receipt"
    __table_args__ = (Index("receipt_by_received_at", "received_at"),)

    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id"), primary_key=True)
    received_at: Mapped[datetime]


RECEIPTS_ARE_APPEND_ONLY = """
CREATE FUNCTION receipts_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'receipts are append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER receipts_are_append_only BEFORE UPDATE OR DELETE ON receipt
    FOR EACH ROW EXECUTE FUNCTION receipts_are_append_only();
"""
"""The same statements stand in the migration; here they serve databases made straight from the metadata."""


@event.listens_for(ReceiptRow.__table__, "after_create")
def _keep_append_only(_table: Table, connection: Connection, **_: object) -> None:
    connection.exec_driver_sql(RECEIPTS_ARE_APPEND_ONLY)

"""When the rota is looked over, and what was told to whom about it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Row
from rota.domain.coverage import CoverState
from rota.models.columns import one_of


class RotaRoundRow(Row):
    """When the rota is looked over again: cover, reminders, dead offers. One row."""

    __tablename__ = "rota_round"
    __table_args__ = (CheckConstraint("id = 1", name="there_is_one_round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    ahead_at: Mapped[datetime]
    """When the weeks ahead are looked over again."""


class CoverAlertRow(Row):
    """What supervisors were last told of cover, now or on a day: only another state is told."""

    __tablename__ = "cover_alert"
    __table_args__ = (CheckConstraint(one_of("state", CoverState), name="a_cover_alert_has_a_known_state"),)

    scope: Mapped[str] = mapped_column(primary_key=True)
    """"now", or a local day like 2026-11-24."""
    state: Mapped[str]
    minutes: Mapped[int]
    """For how long a day falls short."""
    since: Mapped[datetime]


class AlertTextRow(Row):
    """Which text about cover went to which supervisor: the gate asks, before it goes, whether they still want it."""

    __tablename__ = "alert_text"

    text_id: Mapped[UUID] = mapped_column(ForeignKey("text_message.id"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))


class RotaTextRow(Row):
    """Which text to a counsellor is about the rota: the gate asks, before it goes, whether they still work here."""

    __tablename__ = "rota_text"

    text_id: Mapped[UUID] = mapped_column(ForeignKey("text_message.id"), primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))

"""Counsellors, what was agreed with them, what they are doing now, and whether their telephone was checked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.models import StaffRow
from foundation.database import Row
from foundation.phone import Phone
from foundation.sealed import Sealed
from rota.domain.counsellor import Counsellor, Gender, Skill
from rota.domain.phone_check import Checked
from rota.domain.presence import Presence, PresenceState
from rota.domain.rules import Site, Terms
from rota.models.columns import one_of

SHORTEST_NOTICE, LONGEST_NOTICE = 7, 92  # days: a week unless more was agreed, and three months at most, by law


def _minutes(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def counsellor_of(columns: Any, *, name: str) -> Counsellor:
    """A counsellor of a whole row, or of the columns that this reads."""
    return Counsellor(
        id=columns.id,
        name=name,
        phone=Phone(columns.phone),
        gender=Gender(columns.gender) if columns.gender else None,
        skills=frozenset(Skill(skill) for skill in columns.skills),
        languages=frozenset(columns.languages),
        phone_verified=columns.phone_verified_at is not None,
        phone_fails=columns.phone_fails_since is not None,
        left_on=columns.left_on,
    )


class CounsellorRow(Row):
    """Somebody who rings visitors back; their sign-in is a row of `staff`."""

    __tablename__ = "counsellor"
    __table_args__ = (
        CheckConstraint(one_of("gender", Gender), name="a_counsellor_has_a_known_gender_or_none"),
        CheckConstraint("left_on >= joined_on", name="a_counsellor_leaves_after_joining"),
        CheckConstraint(one_of("site", Site), name="a_counsellor_works_at_a_known_site"),
        CheckConstraint("misses >= 0", name="misses_are_counted_from_zero"),
        CheckConstraint("contract_minutes between 0 and 10080", name="a_contract_is_of_minutes_in_a_week"),
        CheckConstraint("cap_minutes between 0 and 10080", name="a_cap_is_of_minutes_in_a_week"),
        CheckConstraint("opted_out_until >= opted_out_from", name="an_opt_out_ends_after_it_begins"),
        CheckConstraint(
            f"opt_out_notice_days between {SHORTEST_NOTICE} and {LONGEST_NOTICE}",
            name="an_opt_out_has_a_week_to_three_months_of_notice",
        ),
        CheckConstraint(
            "opt_out_withdrawn_on is null or (opted_out_from is not null and opted_out_until is not null)",
            name="only_an_opt_out_that_was_signed_is_withdrawn",
        ),
        Index("one_counsellor_for_each_phone", "phone_digest", unique=True, postgresql_where=text("left_on is null")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), unique=True)
    phone: Mapped[str] = mapped_column(Sealed)
    """E.164."""
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    phone_verified_at: Mapped[datetime | None]
    phone_fails_since: Mapped[datetime | None]
    """The last call could not be connected to it."""
    gender: Mapped[str | None]
    """Said by the counsellor, never inferred; used only for visitors who asked."""
    skills: Mapped[list[str]] = mapped_column(default=list)
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["en"])
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    misses: Mapped[int] = mapped_column(default=0)
    """Offers missed in a row."""
    site: Mapped[str] = mapped_column(default=Site.ENGLAND_AND_WALES.value, server_default=Site.ENGLAND_AND_WALES.value)
    """Whose working-time law and bank holidays hold."""
    is_volunteer: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    contract_minutes: Mapped[int | None]
    """A week; None: no fixed hours."""
    cap_minutes: Mapped[int | None]
    """The most that a volunteer offered for a week."""
    opted_out_from: Mapped[date | None]
    """The first day on which a signed opt-out from 48 hours a week holds."""
    opted_out_until: Mapped[date | None]
    """The first day on which it holds no more."""
    opt_out_notice_days: Mapped[int] = mapped_column(default=SHORTEST_NOTICE, server_default=text("7"))
    """What was agreed: how many days after it was withdrawn an opt-out holds no more."""
    opt_out_withdrawn_on: Mapped[date | None]
    health_checked_until: Mapped[date | None]
    """Whoever works nights is offered a health assessment before and at intervals: when the next one is due."""
    feed_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    """Of the token in the address of this person's calendar feed; None: there is no feed."""

    staff: Mapped[StaffRow] = relationship(lazy="joined", innerjoin=True)
    presence: Mapped[PresenceRow] = relationship(back_populates="counsellor", lazy="joined", innerjoin=True)

    def as_counsellor(self) -> Counsellor:
        """The value that the rest of the service works with."""
        return counsellor_of(self, name=self.staff.name)

    def as_terms(self) -> Terms:
        """What holds for this person's working time."""
        return Terms(
            is_volunteer=self.is_volunteer,
            joined_on=self.joined_on,
            opted_out_from=self.opted_out_from,
            opted_out_until=self.opted_out_until,
            contract=_minutes(self.contract_minutes),
            cap=_minutes(self.cap_minutes),
            health_checked_until=self.health_checked_until,
        )


class PresenceRow(Row):
    """What a counsellor is doing now; one row each, from the day they are added."""

    __tablename__ = "presence"
    __table_args__ = (
        CheckConstraint(one_of("state", PresenceState), name="a_presence_has_a_known_state"),
        Index("presence_by_state", "state"),
    )

    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id", ondelete="CASCADE"), primary_key=True)
    state: Mapped[str] = mapped_column(default=PresenceState.AWAY.value)
    since: Mapped[datetime]
    reason: Mapped[str] = mapped_column(default="")

    counsellor: Mapped[CounsellorRow] = relationship(back_populates="presence")

    def as_presence(self) -> Presence:
        """The value."""
        return Presence(PresenceState(self.state), self.since, self.reason)


class PhoneCheckRow(Row):
    """One call to a counsellor's telephone that asks for a key press, and what came of it."""

    __tablename__ = "phone_check"
    __table_args__ = (
        CheckConstraint("(ended_at is null) = (result is null)", name="a_phone_check_that_ended_has_a_result"),
        CheckConstraint(one_of("result", Checked), name="a_phone_check_has_a_known_result_or_none"),
        Index(
            "a_counsellor_has_one_open_phone_check",
            "counsellor_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("phone_check_by_counsellor", "counsellor_id", "asked_at"),
    )

    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id"), primary_key=True)
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellor.id"))
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the number that is checked: another one is not confirmed by it."""
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    result: Mapped[str | None]

"""Requests: the request itself, its history, its referrals, its texts, and the caller's own key."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callbacks.domain import lifecycle
from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.attempts import EMERGENCY_LOOKED_AT_WITHIN, MOST_RINGS, ReviewReason
from callbacks.domain.codes import PhoneOwner
from callbacks.domain.lifecycle import Event, Status
from callbacks.domain.safe_contact import CallerId, MessageRule, SafeContact, ThirdParty
from callbacks.domain.triage import Urgency
from callbacks.domain.window import Asap, Span, Wanted
from foundation.database import Row
from foundation.phone import Phone
from foundation.sealed import Sealed


def _list(values: Any) -> str:
    return ", ".join(sorted(repr(str(value)) for value in values))


_CLOSED = _list(lifecycle.CLOSED)
_SAY_ENOUGH = _list({Status.WITHDRAWN, Status.ERASED})
"""Closed states that are a reason by themselves: it is what the visitor wished."""


NOWHERE = (
    "not (closed_at is null and due_by is not null"
    f" or closed_at is not null and status in ({_CLOSED}) and (case_outcome is not null or status in ({_SAY_ENOUGH})))"
)
"""A request that is neither open with a deadline nor closed with a reason. There must be none, ever."""


class CallbackRow(Row):
    """One request for a call."""

    __tablename__ = "callback"
    __table_args__ = (
        CheckConstraint(f"status in ({_list(Status)})", name="a_callback_has_a_known_status"),
        CheckConstraint(
            f"(status in ({_CLOSED})) = (closed_at is not null)", name="a_callback_is_closed_exactly_when_its_status_is"
        ),
        CheckConstraint("closed_at is not null or due_by is not null", name="an_open_callback_has_a_deadline"),
        CheckConstraint(f"rings_made between 0 and {MOST_RINGS}", name="a_visitor_is_rung_at_most_four_times"),
        CheckConstraint("status <> 'needs_review' or review_reason is not null", name="a_callback_in_review_says_why"),
        Index(
            "callback_by_next_try_while_waiting",
            "next_try_at",
            postgresql_where=text("status in ('queued', 'retry_due')"),
        ),
        Index("callback_by_deadline_while_open", "due_by", postgresql_where=text("closed_at is null")),
        Index("callback_by_phone_while_open", "phone_digest", postgresql_where=text("closed_at is null")),
        Index("callback_by_asked_at", "asked_at"),
        Index("callback_by_status", "status"),
        Index("callback_by_requester", "requester", "asked_at"),
        Index("callback_by_phone", "phone_digest", "asked_at"),
        CheckConstraint(
            "status not in ('completed', 'closed_no_contact', 'rejected', 'expired') or case_outcome is not null",
            name="a_closed_callback_says_what_came_of_it",
        ),
        CheckConstraint("(held_at is null) = (held_because is null)", name="a_held_callback_says_why"),
        Index("callback_by_closing_while_named", "closed_at", postgresql_where=text("status <> 'erased'")),
        Index("callback_that_is_nowhere", "id", postgresql_where=text(NOWHERE)),  # empty, so that asking costs nothing
        CheckConstraint(
            "(restricted_at is null) = (restricted_because is null)", name="a_restricted_callback_says_why"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    token: Mapped[str] = mapped_column(Sealed)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)

    status: Mapped[str] = mapped_column(default=Status.SUBMITTED)
    status_at: Mapped[datetime]
    due_by: Mapped[datetime | None]
    """When the state at hand must have ended; someone acts when it passes (`domain.lifecycle.OWNERS`)."""
    review_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    case_outcome: Mapped[str | None]

    name: Mapped[str] = mapped_column(Sealed)
    phone: Mapped[str] = mapped_column(Sealed)
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    message: Mapped[str] = mapped_column(Sealed)
    safe_word: Mapped[str | None] = mapped_column(Sealed)

    urgency: Mapped[str]
    triage_rules: Mapped[list[str]]
    wants_review: Mapped[bool] = mapped_column(default=False)
    flags: Mapped[dict[str, Any]]
    for_whom: Mapped[str]
    substances: Mapped[list[str]]
    language: Mapped[str]
    gender_value: Mapped[str | None]
    gender_strength: Mapped[str | None]
    needs_skills: Mapped[list[str]]

    voicemail: Mapped[str]
    sms: Mapped[str]
    third_party: Mapped[str]
    caller_id: Mapped[str]
    do_not_contact_after: Mapped[datetime | None]
    phone_owner: Mapped[str | None]
    """Whose telephone it is, if they said."""

    asked_at: Mapped[datetime]
    time_asked_at: Mapped[datetime]
    """When the time was last said: "as soon as possible" counts from here, waiting counts from `asked_at`."""
    wanted_from: Mapped[datetime | None]
    wanted_until: Mapped[datetime | None]
    safe_times: Mapped[list[list[str]]] = mapped_column(JSONB)
    next_try_at: Mapped[datetime]
    never_after: Mapped[datetime]
    promised_from: Mapped[datetime | None]
    promised_until: Mapped[datetime | None]
    rings_made: Mapped[int] = mapped_column(default=0)
    goes_first: Mapped[bool] = mapped_column(default=False)
    lead_told_at: Mapped[datetime | None]
    """When the lead on call was told that this emergency waits and nobody was given it."""
    counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellor.id"))
    possible_duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("callback.id", ondelete="SET NULL"))

    consent_version: Mapped[str]
    consent_at: Mapped[datetime]
    channel: Mapped[str]
    locale: Mapped[str]
    requester: Mapped[bytes | None] = mapped_column(LargeBinary)
    """A keyed digest of the network that it was asked from: to count, and to honour a "not me"; opens nothing."""
    restricted_at: Mapped[datetime | None]
    restricted_because: Mapped[str | None]
    """Why what was to be erased is kept, and no longer used for anything else."""

    held_at: Mapped[datetime | None]
    held_because: Mapped[str | None]
    """Why it is neither forgotten when it is old nor erased when its visitor asks."""

    def move(self, event: Event, *, due_by: datetime | None, now: datetime) -> None:
        """Let an event happen. Raises IllegalMove; `due_by` is the deadline of the state that follows, if not final."""
        self.status = lifecycle.move(Status(self.status), event)
        self.status_at = now
        closed = self.status in lifecycle.CLOSED
        if due_by is not None and self.is_held_emergency:
            due_by = min(due_by, now + EMERGENCY_LOOKED_AT_WITHIN)
        self.due_by = None if closed else due_by
        self.closed_at = (self.closed_at or now) if closed else None
        if self.status != Status.NEEDS_REVIEW:
            self.review_reason = None

    @property
    def is_held_emergency(self) -> bool:
        """Whether it is an emergency, and a supervisor must decide before anybody rings."""
        return self.status == Status.NEEDS_REVIEW and self.urgency == Urgency.EMERGENCY

    @property
    def dialled(self) -> Phone:
        """The visitor's number."""
        return Phone(self.phone)

    def as_contact(self) -> SafeContact:
        """What the visitor allows."""
        return SafeContact(
            voicemail=MessageRule(self.voicemail),
            sms=MessageRule(self.sms),
            third_party=ThirdParty(self.third_party),
            caller_id=CallerId(self.caller_id),
            safe_word=self.safe_word,
            do_not_contact_after=self.do_not_contact_after,
            phone_owner=PhoneOwner(self.phone_owner) if self.phone_owner else None,
        )

    def as_when(self) -> Asap | Span:
        """As soon as possible, or the time that was chosen."""
        if self.wanted_from is None or self.wanted_until is None:
            return Asap()
        return Span(self.wanted_from, self.wanted_until)

    def as_wanted(self) -> Wanted:
        """When the visitor wants and allows a call."""
        return Wanted(
            asked_at=self.time_asked_at,
            when=self.as_when(),
            safe_times=tuple(Span(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in self.safe_times),
            not_after=self.do_not_contact_after,
        )

    def as_wish(self) -> GenderWish | None:
        """The wish about the counsellor's gender."""
        if self.gender_value is None or self.gender_strength is None:
            return None
        return GenderWish(Gender(self.gender_value), Strength(self.gender_strength))

    @property
    def needs_new_time(self) -> bool:
        """Whether only another safe time, which the visitor alone can give, lets us ring again."""
        is_over = self.review_reason == ReviewReason.SAFE_TIMES_OVER and self.status == Status.NEEDS_REVIEW
        return is_over and self.rings_made < MOST_RINGS

    @property
    def promise(self) -> Span | None:
        """The range that was quoted."""
        if self.promised_from is None or self.promised_until is None:
            return None
        return Span(self.promised_from, self.promised_until)

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen by itself."""
        return self.closed_at is None

    @property
    def as_urgency(self) -> Urgency:
        """The urgency."""
        return Urgency(self.urgency)


class HistoryRow(Row):
    """One thing that happened to a request, in words."""

    __tablename__ = "history"
    __table_args__ = (Index("history_by_callback", "callback_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    status: Mapped[str]
    words: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    callback: Mapped[CallbackRow] = relationship()


class ReferralRow(Row):
    """A referral that a counsellor made, with its own consent."""

    __tablename__ = "referral"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    provider: Mapped[str] = mapped_column(Sealed)
    status: Mapped[str]
    consent_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    note: Mapped[str | None] = mapped_column(Sealed)


class SentRow(Row):
    """Which text belongs to which request."""

    __tablename__ = "callback_text"

    text_id: Mapped[UUID] = mapped_column(ForeignKey("text_message.id"), primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"), index=True)


class IdempotencyRow(Row):
    """A caller's own key, so that the same request sent twice is one request."""

    __tablename__ = "idempotency"

    key_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    body_digest: Mapped[bytes] = mapped_column(LargeBinary)
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"))
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]

"""Tables of a request's life: the request, its attempts, its history, outcomes, referrals, bookings and texts.

What identifies a visitor is sealed; what the service counts and orders by is not.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from callbacks.domain import lifecycle
from callbacks.domain.agreed import Agreed
from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.attempts import EMERGENCY_LOOKED_AT_WITHIN, MOST_RINGS, ReviewReason
from callbacks.domain.codes import ContactOutcome, PhoneOwner
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


class ReceiptRow(Row):
    """Proof that a request was received: written once, in the same transaction, and never changed or deleted.

    Conservation is counted against it, so that a request that is gone is missed.
    """

    __tablename__ = "receipt"

    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id"), primary_key=True)
    received_at: Mapped[datetime]


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


class IdempotencyRow(Row):
    """A caller's own key, so that the same request sent twice is one request."""

    __tablename__ = "idempotency"

    key_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    body_digest: Mapped[bytes] = mapped_column(LargeBinary)
    callback_id: Mapped[int | None] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"))
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]


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


class HelpLineCheckRow(Row):
    """The last check of a help line that pages name: the number that was found, on which day, how and by whom."""

    __tablename__ = "help_line_check"
    __table_args__ = (
        CheckConstraint("how in ('rung', 'read')", name="a_help_line_was_rung_or_read_about"),
        CheckConstraint("dial ~ '^[0-9]{3,15}$'", name="a_help_line_can_be_dialled"),
    )

    line: Mapped[str] = mapped_column(primary_key=True)
    """The key of the line in `foundation/web/help_lines.py`."""
    number: Mapped[str]
    dial: Mapped[str]
    how: Mapped[str]
    checked_on: Mapped[date]
    checked_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))


class TidyingRow(Row):
    """When what is old is looked for again: one row."""

    __tablename__ = "tidying"
    __table_args__ = (CheckConstraint("id = 1", name="there_is_one_tidying"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]


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


class SentRow(Row):
    """Which text belongs to which request."""

    __tablename__ = "callback_text"

    text_id: Mapped[UUID] = mapped_column(ForeignKey("text_message.id"), primary_key=True)
    callback_id: Mapped[int] = mapped_column(ForeignKey("callback.id", ondelete="CASCADE"), index=True)


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

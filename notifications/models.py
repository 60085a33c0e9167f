"""Tables of what leaves the building: calls with their legs, texts, reports about both, and who opted out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from foundation.database import Row
from foundation.phone import Phone
from foundation.sealed import Sealed
from notifications.domain import call as calls
from notifications.domain.call import CallState, Evidence, Press
from notifications.domain.call_deadlines import LEG_ENDS_WITHIN
from notifications.domain.leg import Leg, LegStatus
from notifications.domain.text import FINAL as FINAL_TEXTS
from notifications.domain.text import TextState
from notifications.domain.trouble import Trouble


def one_of(column: str, values: type[CallState | TextState | LegStatus | Press | Trouble]) -> str:
    """The SQL condition that a column holds a member of an enum."""
    return f"{column} in ({', '.join(repr(str(v)) for v in values)})"


def _quoted(states: frozenset[Any]) -> str:
    return ", ".join(sorted(repr(str(state)) for state in states))


class LegRow(Row):
    """One telephone's part in a call; it only rises (see `domain.leg.Leg`)."""

    __tablename__ = "leg"
    __table_args__ = (
        UniqueConstraint("call_id", "role", name="a_call_has_one_leg_of_each_role"),
        CheckConstraint("role in ('counsellor', 'visitor')", name="a_leg_is_the_counsellors_or_the_visitors"),
        CheckConstraint(f"status is null or {one_of('status', LegStatus)}", name="a_leg_has_a_known_status"),
        Index("leg_by_deadline_at_while_open", "deadline_at", postgresql_where=text("deadline_at is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    call_id: Mapped[UUID] = mapped_column(ForeignKey("call.id", ondelete="CASCADE"))
    role: Mapped[str]
    provider_id: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_s: Mapped[int] = mapped_column(default=0)
    sip_code: Mapped[str | None]
    rang_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    """When the provider is asked about a leg that has outlived its call; while that is open, it has the deadline."""

    def as_leg(self) -> Leg:
        """The value that the rules read."""
        return Leg(
            status=LegStatus(self.status) if self.status else None,
            answered=self.answered_at is not None,
            duration_s=self.duration_s,
            ended_at=self.ended_at,
            sip_code=self.sip_code,
        )

    def hear(
        self, status: LegStatus, *, duration_s: int = 0, at: datetime | None, sip_code: str | None = None, now: datetime
    ) -> None:
        """Add news; old news changes nothing. `at` is when the provider says it happened."""
        leg = self.as_leg().heard(status, duration_s=duration_s, at=at or now, sip_code=sip_code)
        self.status = leg.status
        if status is LegStatus.RINGING and self.rang_at is None:
            self.rang_at = at or now
        if leg.answered and self.answered_at is None:
            self.answered_at = at or now
        self.duration_s = leg.duration_s
        self.ended_at = leg.ended_at
        self.sip_code = leg.sip_code
        if leg.ended:
            self.deadline_at = None

    def outlives_its_call(self, *, now: datetime) -> None:
        """The call is over; word that this leg is, too, is awaited for a while."""
        if self.provider_id is not None and self.deadline_at is None and not self.as_leg().ended:
            self.deadline_at = now + LEG_ENDS_WITHIN


class CallRow(Row):
    """One bridged call: the counsellor's telephone first, then the visitor's. Its id is the token in every address.

    The row is the outbox: it is committed before anything is dialled. The evidence columns only ever go from
    null to a value; `state` is read from them by `domain.call.standing`.
    """

    __tablename__ = "call"
    __table_args__ = (
        CheckConstraint(one_of("state", CallState), name="a_call_has_a_known_state"),
        CheckConstraint(
            f"(state in ({_quoted(calls.FINAL)})) = (ended_at is not null)",
            name="a_call_has_ended_exactly_when_its_state_is_final",
        ),
        CheckConstraint("ended_at is not null or deadline_at is not null", name="an_open_call_has_a_deadline"),
        CheckConstraint("rings <= 1", name="a_call_is_placed_at_most_once"),
        Index("call_by_due_at_while_waiting", "priority", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("call_by_created_at", "created_at"),
        Index("call_by_deadline_at_while_open", "deadline_at", postgresql_where=text("ended_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    counsellor_phone: Mapped[str] = mapped_column(Sealed)
    visitor_phone: Mapped[str] = mapped_column(Sealed)
    whisper: Mapped[str] = mapped_column(Sealed)
    shows_number: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(default=CallState.WAITING)
    state_at: Mapped[datetime]
    priority: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    asked_provider: Mapped[int] = mapped_column(default=0)
    unanswered: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often in a row the provider did not answer when it was asked about this call."""
    rings: Mapped[int] = mapped_column(default=0)

    handed_over_at: Mapped[datetime | None]
    no_word_at: Mapped[datetime | None]
    taken_on_at: Mapped[datetime | None]
    withheld: Mapped[str | None]
    refused: Mapped[str | None]
    turned_away: Mapped[str | None]
    never_sent_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    prompted_at: Mapped[datetime | None]
    press: Mapped[str | None]
    pressed_at: Mapped[datetime | None]
    greeted_at: Mapped[datetime | None]
    denied_at: Mapped[datetime | None]
    """Whoever answered the visitor's telephone pressed the key for "I did not ask for this call"."""
    bridged_at: Mapped[datetime | None]
    dial_over_at: Mapped[datetime | None]
    dial_bridged: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]

    legs: Mapped[list[LegRow]] = relationship(lazy="selectin", cascade="all, delete-orphan", order_by=LegRow.id)

    def leg(self, role: str) -> LegRow:
        """The row of one leg, made when it is first heard of."""
        for leg in self.legs:
            if leg.role == role:
                return leg
        made = LegRow(call_id=self.id, role=role, duration_s=0)
        self.legs.append(made)
        return made

    def _known(self, role: str) -> Leg:
        return next((leg.as_leg() for leg in self.legs if leg.role == role), Leg())

    def evidence(self) -> Evidence:
        """Everything known of the call, for the rules to read."""
        return Evidence(
            handed_over=self.handed_over_at is not None,
            no_word=self.no_word_at is not None,
            taken_on=self.taken_on_at is not None,
            withheld=self.withheld,
            refused=self.refused,
            turned_away=self.turned_away,
            never_sent=self.never_sent_at is not None,
            cancelled=self.cancelled_at is not None,
            prompted=self.prompted_at is not None,
            press=Press(self.press) if self.press else None,
            greeted=self.greeted_at is not None,
            denied=self.denied_at is not None,
            talking=self.bridged_at is not None,
            dial_over=self.dial_over_at is not None,
            dial_bridged=self.dial_bridged,
            counsellor=self._known("counsellor"),
            visitor=self._known("visitor"),
        )

    @property
    def counsellor_leg_id(self) -> str | None:
        """The provider's id of the counsellor's leg, once known."""
        return next((leg.provider_id for leg in self.legs if leg.role == "counsellor"), None)

    def is_talking(self, *, now: datetime) -> bool:
        """Whether the two are through to each other, as far as can be known: nobody has hung up since the greeting."""
        if self.state == CallState.BRIDGED:
            return True
        answered_at = next((leg.answered_at for leg in self.legs if leg.role == "visitor"), None)
        is_greeted = answered_at is not None and now - answered_at > timedelta(seconds=calls.GREETING_S)
        return self.state == CallState.VISITOR_ANSWERED and is_greeted

    @property
    def talked_s(self) -> int:
        """Seconds for which the visitor's leg was open."""
        return self._known("visitor").duration_s

    @property
    def rings_counsellor(self) -> Phone:
        """The number that is dialled first."""
        return Phone(self.counsellor_phone)

    @property
    def rings_visitor(self) -> Phone:
        """The number that is dialled once the counsellor pressed 1."""
        return Phone(self.visitor_phone)


class TextRow(Row):
    """One text message; like a call, the row is the outbox."""

    __tablename__ = "text_message"
    __table_args__ = (
        CheckConstraint(one_of("state", TextState), name="a_text_has_a_known_state"),
        CheckConstraint(
            f"(state in ({_quoted(FINAL_TEXTS)})) or deadline_at is not null", name="an_open_text_has_a_deadline"
        ),
        UniqueConstraint("reason_key", name="a_text_is_sent_once_for_each_reason"),
        Index("text_by_due_at_while_waiting", "due_at", postgresql_where=text("state = 'waiting'")),
        Index("text_by_created_at", "created_at"),
        Index("text_by_deadline_at_while_open", "deadline_at", postgresql_where=text("deadline_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    reason_key: Mapped[str]
    """What makes this text the same as another, for example "confirmation:17": never sent twice."""
    phone: Mapped[str] = mapped_column(Sealed)
    phone_digest: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[str] = mapped_column(Sealed)
    state: Mapped[str] = mapped_column(default=TextState.WAITING)
    state_at: Mapped[datetime]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    give_up_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(unique=True)
    withheld: Mapped[str | None]
    refused: Mapped[str | None]


class ReportRow(Row):
    """One message from the telephone company, stored once; holds no number and no words."""

    __tablename__ = "report"
    __table_args__ = (Index("report_by_received_at", "received_at"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    provider_id: Mapped[str | None]
    received_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class IssuedRow(Row):
    """Instructions that we gave for a step of a call: a repeated question gets the same answer."""

    __tablename__ = "issued_instructions"
    __table_args__ = (
        UniqueConstraint("provider_id", "step", name="a_step_of_a_leg_is_answered_one_way"),
        Index("issued_by_issued_at", "issued_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    provider_id: Mapped[str]
    step: Mapped[str]
    xml: Mapped[str] = mapped_column(Sealed)
    issued_at: Mapped[datetime]


class OptOutRow(Row):
    """A number that replied STOP: no text of any kind goes there again."""

    __tablename__ = "opt_out"

    phone_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    opted_out_at: Mapped[datetime]


class PaceRow(Row):
    """When the next call may be placed, by whichever worker on whichever host: one row."""

    __tablename__ = "pace"
    __table_args__ = (CheckConstraint("id = 1", name="there_is_one_pace"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Calls that could not be placed, or that we left alone, since one got through."""
    swept_at: Mapped[datetime | None]
    """When the telephone company was last asked for calls that no table knows of."""
    swept_fully_at: Mapped[datetime | None]
    """When it was last asked for all of them that are under way, and not for the latest only."""
    text_failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Texts that could not be sent since one could."""
    texts_next_at: Mapped[datetime | None]
    """No text is sent before this moment: the last ones could not be."""


class TroubleRow(Row):
    """Something is wrong with the service itself; one row of each kind, for as long as it lasts."""

    __tablename__ = "trouble"
    __table_args__ = (CheckConstraint(one_of("kind", Trouble), name="a_trouble_is_of_a_known_kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]
    told_at: Mapped[datetime | None]
    because: Mapped[str | None]
    """What more is known of it, in words that name nobody."""
    tells: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often somebody was told, heard or not."""
    tell_at: Mapped[datetime | None]
    """When it is told again, if nobody has heard of it by then."""


class ProviderRecordRow(Row):
    """A call or text of which the telephone company is to keep no record: proof that it was deleted there, and when."""

    __tablename__ = "provider_record"
    __table_args__ = (
        CheckConstraint("kind in ('call', 'text')", name="a_record_is_of_a_call_or_a_text"),
        Index("provider_record_by_due_at_while_there", "due_at", postgresql_where=text("gone_at is null")),
    )

    provider_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    gone_at: Mapped[datetime | None]


class OnTheLineRow(Row):
    """Somebody has just rung us from this number: it is not rung meanwhile."""

    __tablename__ = "on_the_line"

    phone_digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    until: Mapped[datetime]

"""What goes back: what can be had, a request as its owner sees it, and what is wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callbacks.domain.codes import PhoneOwner
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import CallerId, MessageRule, ThirdParty
from callbacks.web.schemas.requests import GenderWishRecord


class SpanAnswer(BaseModel):
    """A span of time."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)

    from_: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime


class Links(BaseModel):
    """Where to go from here."""

    self: str
    """This request in the API."""
    page: str
    """The person's own page."""


class AvailabilityAnswer(BaseModel):
    """What can be asked for at this moment."""

    state: Literal["open", "slots_only", "closed"]
    message: str
    """The same in words, to show to a person."""
    as_soon_as_possible: SpanAnswer | None
    """When a call asked for now is likely to come."""
    slots: list[SpanAnswer]
    """The hours with a place left, over the next seven days."""
    next_change_at: AwareDatetime | None


class CallbackAnswer(BaseModel):
    """The request was kept."""

    reference: str
    """To say on the telephone; opens nothing."""
    token: str
    """The only key to the request. Keep it secret and never put it in a log."""
    status: Status
    promise: SpanAnswer | None
    """When the call is likely to come; null when a supervisor settles it first."""
    window: SpanAnswer
    """We ring within this span and at no other time."""
    links: Links


class SafeContactAnswer(BaseModel):
    """What the person allows. The safe word itself is never sent back."""

    voicemail: MessageRule
    sms: MessageRule
    third_party: ThirdParty
    caller_id: CallerId
    has_safe_word: bool
    do_not_contact_after: AwareDatetime | None
    phone_owner: PhoneOwner | None


class VisitAnswer(BaseModel):
    """A request as its owner sees it."""

    reference: str
    status: Status
    message: str
    """The status in words, to show to a person."""
    name: str
    phone_ends_with: str
    """The last three digits, enough to tell one's own numbers apart."""
    when: Literal["asap"] | SpanAnswer
    promise: SpanAnswer | None
    window: SpanAnswer | None
    next_try_at: AwareDatetime | None
    rings_made: int
    needs_new_time: bool
    needs_new_number: bool
    """We rang, no safe time is left, and nobody rings again before another is chosen."""
    safe_times: list[SpanAnswer]
    language: str
    counsellor_gender: GenderWishRecord | None
    can_change: bool
    can_withdraw: bool
    safe_contact: SafeContactAnswer
    links: Links


class FieldErrorAnswer(BaseModel):
    """What is wrong with one field."""

    field: str
    code: str
    detail: str


class ProblemAnswer(BaseModel):
    """What is wrong, in words, and what to do now (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    """Stable; the words may change."""
    next: str
    """What to do now."""
    errors: list[FieldErrorAnswer] = []
    alternatives: list[SpanAnswer] | None = None
    """Up to three times that are free at this moment, when the chosen one is not."""

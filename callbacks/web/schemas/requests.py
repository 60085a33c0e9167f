"""What comes in: a request for a call, and what may be changed of one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from callbacks.domain.asking import CONSENT_VERSION, Anybody, Ask, Gender, GenderWish, Strength
from callbacks.domain.codes import PhoneOwner, Relationship, Substance
from callbacks.domain.safe_contact import CallerId, MessageRule, SafeContact, ThirdParty
from callbacks.domain.triage import Answer
from callbacks.domain.window import Asap, Span
from callbacks.web.schemas.pieces import (
    BladderAnswer,
    Message,
    Name,
    PhoneNumber,
    SafeWord,
    SpanRecord,
    Strict,
    Upcoming,
    When,
    WithdrawalAnswer,
    as_when,
)
from foundation.language import mark

MOST_SAFE_TIMES: Final = 21  # three for each day of a week


class Consent(Strict):
    """Agreement to be rung, and to our keeping what was said for that purpose."""

    version: Annotated[str, Field(max_length=20, description=f"The wording that was shown; now “{CONSENT_VERSION}”.")]
    given: Literal[True]
    """Ticked by the person themselves; never preset."""

    @model_validator(mode="after")
    def _of_today(self) -> Self:
        if self.version != CONSENT_VERSION:
            raise PydanticCustomError("consent_outdated", mark("Show the present wording and ask again"))
        return self


class SafeContactRecord(Strict):
    """What the person allows. What is left out is the strictest."""

    voicemail: MessageRule = MessageRule.NO
    sms: MessageRule = MessageRule.NO
    third_party: ThirdParty = ThirdParty.ASK_FOR_NAME_ONLY
    caller_id: CallerId = CallerId.SHOW_NUMBER
    safe_word: SafeWord | None = None
    """A word that the counsellor asks for before saying anything."""
    do_not_contact_after: Upcoming | None = None
    phone_owner: PhoneOwner | None = None
    """Whose telephone it is, if they want to say."""

    @field_validator("caller_id")
    @classmethod
    def _number_is_shown(cls, value: CallerId) -> CallerId:
        if value is CallerId.HIDE_NUMBER:  # the network would show it all the same: never promise what is not so
            raise PydanticCustomError(
                "cannot_hide_number",
                mark("We cannot hide our number. It does not say who we are. Leave this out to go on"),
            )
        return value

    def over(self, present: SafeContact) -> SafeContact:
        """The present permissions with what was given here changed."""
        return replace(present, **{name: getattr(self, name) for name in self.model_fields_set})


class GenderWishRecord(Strict):
    """A wish about the counsellor."""

    value: Gender
    strength: Strength = Strength.PREFER
    """"prefer" never delays the call; "only" may."""

    def as_wish(self) -> GenderWish:
        return GenderWish(self.value, self.strength)


class Flags(Strict):
    """Answers to the safety questions. Each may be left out; "not_sure" is a good answer."""

    immediate_danger: Answer | None = None
    overdose_now: Answer | None = None
    self_harm_in_progress: Answer | None = None
    suicidal_thoughts: Answer | None = None
    past_overdose: Answer | None = None
    recent_prison_or_detox_exit: Answer | None = None
    stopped_suddenly: Answer | None = None
    withdrawal_red_flag: WithdrawalAnswer | None = None
    bladder_red_flag: BladderAnswer | None = None
    injecting: Answer | None = None
    infection_signs: Answer | None = None
    pregnant: Answer | None = None
    under_18: Answer | None = None
    child_in_household: Answer | None = None
    child_at_risk: Answer | None = None
    adult_at_risk: Answer | None = None
    unsafe_at_home: Answer | None = None
    threat_to_others: Answer | None = None
    no_fixed_address: Answer | None = None
    alone_no_support: Answer | None = None

    def as_answers(self) -> dict[str, str | list[str]]:
        """What was answered, by flag."""
        return self.model_dump(mode="json", exclude_none=True)


SafeTimes = Annotated[list[SpanRecord], Field(max_length=MOST_SAFE_TIMES)]


def _as_spans(records: list[SpanRecord]) -> tuple[Span, ...]:
    return tuple(record.as_span() for record in records)


Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)]


class CallbackRequest(Strict):
    """A request for a call."""

    phone: PhoneNumber
    consent: Consent
    name: Name = ""
    when: When = "asap"
    """"asap", or one of the offered times."""
    safe_times: SafeTimes = []  # noqa: RUF012 - pydantic copies a default for each value
    """Other times at which a call is safe. We never ring outside the times that were named."""
    for_whom: Relationship = Relationship.SELF
    substances: Annotated[list[Substance], Field(max_length=len(Substance))] = []  # noqa: RUF012 - likewise
    message: Message = ""
    language: Language = "en"
    """The language to speak in, as a tag of BCP 47."""
    counsellor_gender: GenderWishRecord | None = None
    safe_contact: SafeContactRecord = SafeContactRecord()
    flags: Flags = Flags()
    locale: Language = "en"
    """The language in which the request was made."""

    def as_ask(self, *, channel: str, requester: bytes | None = None) -> Ask:
        """The value that the operation takes."""
        return Ask(
            phone=self.phone,
            consent_version=self.consent.version,
            when=as_when(self.when),
            name=self.name,
            safe_times=_as_spans(self.safe_times),
            for_whom=self.for_whom,
            substances=tuple(dict.fromkeys(self.substances)),
            message=self.message,
            language=self.language,
            gender=self.counsellor_gender.as_wish() if self.counsellor_gender else None,
            safe_contact=self.safe_contact.over(SafeContact()),
            flags=self.flags.as_answers(),
            locale=self.locale,
            channel=channel,
            requester=requester,
        )


class ChangeRequest(Strict):
    """What to change; what is left out stays as it is, each permission too."""

    when: When | None = None
    """Another time. The safe times stay as they are, unless new ones are given."""
    safe_times: SafeTimes | None = None
    """The safe times from now on, in place of those before."""
    phone: PhoneNumber | None = None
    name: Name | None = None
    message: Message | None = None
    language: Language | None = None
    counsellor_gender: GenderWishRecord | None = None
    """Null takes the wish back."""
    safe_contact: SafeContactRecord | None = None

    @field_validator("when", "safe_times", "phone", "name", "message", "language", "safe_contact")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError("null_given", "Leave this out to keep it as it is, or give a value")
        return value

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError(
                "nothing_to_change", mark("Say what to change, such as when, phone or safe_contact")
            )
        return self

    def as_when(self) -> Asap | Span | None:
        return None if self.when is None else as_when(self.when)

    def as_safe_times(self) -> tuple[Span, ...] | None:
        return None if self.safe_times is None else _as_spans(self.safe_times)

    def as_gender(self) -> GenderWish | Anybody | None:
        if "counsellor_gender" not in self.model_fields_set:
            return None
        return self.counsellor_gender.as_wish() if self.counsellor_gender else Anybody()

"""What comes in from strangers and what goes back: the shapes of the API, and the same rules for the pages.

The only module of the package that knows pydantic. Everything inside gets `Ask`, `Span`, `SafeContact` and the like.
Refused input never appears in an answer or a log: errors carry the field, a code and our own words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from callbacks.domain.asking import CONSENT_VERSION, Anybody, Ask, Gender, GenderWish, Strength
from callbacks.domain.codes import BladderSign, PhoneOwner, Relationship, Substance, WithdrawalSign
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import CallerId, MessageRule, SafeContact, ThirdParty
from callbacks.domain.triage import Answer
from callbacks.domain.window import Asap, Span
from callbacks.web import typed
from foundation import language
from foundation import phone as phones
from foundation.language import mark, said
from foundation.phone import Phone
from foundation.web.problems import FieldError

LONGEST_NAME: Final = 80
LONGEST_MESSAGE: Final = 1000
LONGEST_SAFE_WORD: Final = 40
MOST_SAFE_TIMES: Final = 21  # three for each day of a week
FURTHEST: Final = timedelta(days=31)  # further ahead nobody knows when it will be safe

# -- pieces ------------------------------------------------------------------------------------------------------------


def _cleaned(clean: Callable[[str], str]) -> BeforeValidator:
    return BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value)


Name = Annotated[
    str,
    Field(max_length=LONGEST_NAME, description="What to call the person; a nickname is fine."),
    _cleaned(typed.line),
]
Message = Annotated[str, Field(max_length=LONGEST_MESSAGE), _cleaned(typed.lines)]
SafeWord = Annotated[str, Field(min_length=1, max_length=LONGEST_SAFE_WORD), _cleaned(typed.line)]


def _phone(value: Any, info: ValidationInfo) -> Phone:
    if not isinstance(value, str):
        raise PydanticCustomError("wrong_type", mark("Write the number as text, in quotation marks"))
    try:
        return phones.parse(value, drama_allowed=bool((info.context or {}).get("drama_allowed")))
    except phones.NumberNotAllowed as refused:
        raise PydanticCustomError(refused.code, "{words}", {"words": refused.detail}) from None


PhoneNumber = Annotated[
    Phone,
    PlainValidator(_phone),
    WithJsonSchema(
        {
            "type": "string",
            "maxLength": 60,
            "description": "A UK number, as people write it.",
            "example": "07700 900982",
        }
    ),
]


def _now(info: ValidationInfo) -> datetime:
    now = (info.context or {})["now"]
    assert isinstance(now, datetime)  # noqa: S101 - every caller passes it; a wrong one must not go unseen
    return now


def _still_to_come(moment: datetime, info: ValidationInfo) -> datetime:
    if moment <= _now(info):
        raise PydanticCustomError("time_in_past", mark("This time has passed. Choose a later one"))
    if moment > _now(info) + FURTHEST:
        raise PydanticCustomError("time_too_far", mark("This time is too far away. Choose one in the next 31 days"))
    return moment.astimezone(UTC)


Upcoming = Annotated[AwareDatetime, AfterValidator(_still_to_come)]


def _of_these_days(moment: datetime, info: ValidationInfo) -> datetime:
    if moment < _now(info) - FURTHEST:
        raise PydanticCustomError("time_in_past", "This time has passed. Choose a later one")
    return moment


Begun = Annotated[AwareDatetime, AfterValidator(_of_these_days)]
"""A safe time may have begun already, though not in another age: some instants cannot even be written in UTC."""


class Strict(BaseModel):
    """Nothing is guessed: unknown fields are errors, and types are what they say."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, use_attribute_docstrings=True
    )


class SpanRecord(Strict):
    """A span of time, from one instant until another, which is not part of it."""

    from_: Annotated[Begun, Field(alias="from")]
    """ISO 8601 with an offset, like 2026-11-24T18:00:00+00:00."""
    to: Upcoming
    """ISO 8601 with an offset."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.to <= self.from_:
            raise PydanticCustomError("time_backwards", mark("The end must come after the start"))
        return self

    def as_span(self) -> Span:
        return Span(self.from_.astimezone(UTC), self.to)


def _bookable(span: SpanRecord, info: ValidationInfo) -> SpanRecord:
    if span.from_ < _now(info):
        raise PydanticCustomError("time_in_past", mark("This time has passed. Choose a later one"))
    return span


def _kind_of_when(value: Any) -> str:
    return "span" if isinstance(value, dict | SpanRecord) else "asap"


When = Annotated[
    Annotated[Literal["asap"], Tag("asap")] | Annotated[SpanRecord, AfterValidator(_bookable), Tag("span")],
    Discriminator(_kind_of_when),
]


def _as_when(when: Literal["asap"] | SpanRecord) -> Asap | Span:
    return when.as_span() if isinstance(when, SpanRecord) else Asap()


def _kind_of_answer(value: Any) -> str:
    return "signs" if isinstance(value, list) else "answer"


_Answer = Annotated[Answer, Tag("answer")]
WithdrawalAnswer = Annotated[
    _Answer | Annotated[list[WithdrawalSign], Field(max_length=len(WithdrawalSign)), Tag("signs")],
    Discriminator(_kind_of_answer),
]
BladderAnswer = Annotated[
    _Answer | Annotated[list[BladderSign], Field(max_length=len(BladderSign)), Tag("signs")],
    Discriminator(_kind_of_answer),
]

TAGS: Final = frozenset({"asap", "span", "answer", "signs"})
"""Names of branches, which are no part of a field's name."""


# -- what comes in -----------------------------------------------------------------------------------------------------


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
    safe_times: SafeTimes = []
    """Other times at which a call is safe. We never ring outside the times that were named."""
    for_whom: Relationship = Relationship.SELF
    substances: Annotated[list[Substance], Field(max_length=len(Substance))] = []
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
            when=_as_when(self.when),
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
        return None if self.when is None else _as_when(self.when)

    def as_safe_times(self) -> tuple[Span, ...] | None:
        return None if self.safe_times is None else _as_spans(self.safe_times)

    def as_gender(self) -> GenderWish | Anybody | None:
        if "counsellor_gender" not in self.model_fields_set:
            return None
        return self.counsellor_gender.as_wish() if self.counsellor_gender else Anybody()


# -- what goes back ----------------------------------------------------------------------------------------------------


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


# -- reading -----------------------------------------------------------------------------------------------------------


class NotJson(Exception):
    """The body cannot be read as JSON."""


class Unacceptable(Exception):
    """The input was understood and cannot be taken; `errors` say what is wrong with which field."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__("the input cannot be taken")
        self.errors = errors


M = TypeVar("M", bound=BaseModel)


def read(model: type[M], body: bytes, *, now: datetime, drama_allowed: bool) -> M:
    """A request body as a checked value. Raises NotJson and Unacceptable."""
    try:
        return model.model_validate_json(body, context={"now": now, "drama_allowed": drama_allowed})
    except ValidationError as refused:
        if any(error["type"] == "json_invalid" for error in refused.errors(include_input=False)):
            raise NotJson from None
        raise Unacceptable(field_errors(refused)) from None


def locale_of(body: bytes) -> str | None:
    """The language that a body asks to be answered in, whatever else is wrong with it; None when we do not have it."""
    try:
        given = json.loads(body)
    except ValueError:
        return None
    locale = given.get("locale") if isinstance(given, dict) else None
    return language.known(locale) if isinstance(locale, str) and locale else None


def canonical(body: bytes) -> str:
    """A JSON body in one form, so that spaces and the order of fields make no difference."""
    return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_PIECES: Final[dict[str, TypeAdapter[Any]]] = {
    "name": TypeAdapter(Name),
    "phone": TypeAdapter(PhoneNumber),
    "when": TypeAdapter(When),
    "safe_word": TypeAdapter(SafeWord),
}


def read_piece(
    kind: Literal["name", "phone", "when", "safe_word"], value: Any, *, now: datetime, drama_allowed: bool
) -> Any:
    """One answer of a page, by the same rule as the API's field. Raises Unacceptable."""
    try:
        return _PIECES[kind].validate_python(value, context={"now": now, "drama_allowed": drama_allowed})
    except ValidationError as refused:
        raise Unacceptable(field_errors(refused)) from None


def read_when(value: str, *, now: datetime) -> Asap | Span:
    """The time chosen on a page: "asap", or two instants with a slash between them. Raises Unacceptable."""
    raw: Any = value
    if "/" in value:
        starts, _, ends = value.partition("/")
        raw = json.dumps({"from": starts, "to": ends})
    else:
        raw = json.dumps(value)
    try:
        found = _PIECES["when"].validate_json(raw, context={"now": now})
    except ValidationError as refused:
        raise Unacceptable(field_errors(refused)) from None
    return _as_when(found)


def field_errors(refused: ValidationError) -> tuple[FieldError, ...]:
    """Pydantic's findings in our codes and words, without the input."""
    return tuple(_field_error(error) for error in refused.errors(include_url=False, include_input=False))


_WORDS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("missing", mark("This is missing. Add it")),
    "extra_forbidden": ("unknown_field", mark("We do not know this field. Take it out")),
    "string_too_long": ("too_long", mark("Use {max_length} characters or fewer")),
    "string_too_short": ("too_short", mark("Use at least {min_length} character")),
    "too_long": ("too_many", mark("Send {max_length} at most")),
    "enum": ("not_on_list", mark("Choose one of these: {expected}")),
    "literal_error": ("not_on_list", mark("This must be {expected}")),
    "timezone_aware": ("time_without_offset", mark("Add the offset from UTC, like 2026-11-24T18:00:00+00:00")),
    "datetime_parsing": ("time_malformed", mark("Write the time like 2026-11-24T18:00:00+00:00")),
    "datetime_from_date_parsing": ("time_malformed", mark("Write the time like 2026-11-24T18:00:00+00:00")),
    "datetime_type": ("time_malformed", mark("Write the time like 2026-11-24T18:00:00+00:00")),
    "string_pattern_mismatch": ("malformed", mark("This is not written as we need it")),
    "model_type": ("wrong_type", mark("Send a JSON object")),
    "model_attributes_type": ("wrong_type", mark("Send a JSON object")),
    "list_type": ("wrong_type", mark("Send a list")),
    "string_type": ("wrong_type", mark("Send text, in quotation marks")),
}
"""Pydantic's kind of error -> our code and sentence."""


def _field_error(error: ErrorDetails) -> FieldError:
    field = ".".join(str(part) for part in error["loc"] if part not in TAGS)
    context: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "literal_error" and error["loc"][-1] == "asap":
        return FieldError(field, "not_on_list", said("Write “asap”, or a time with “from” and “to”") + ".")
    if error["type"] in _WORDS:
        code, words = _WORDS[error["type"]]
        return FieldError(field, code, said(words).format_map({**context, "expected": _in_json(context)}) + ".")
    if "_" in error["type"] and error["type"] in _OWN_CODES:
        return FieldError(field, error["type"], said(error["msg"]) + ".")
    return FieldError(field, "not_accepted", said("This is not written as we need it") + ".")


def _in_json(context: Mapping[str, Any]) -> str:
    """What Pydantic expected, as it is written in JSON."""
    return str(context.get("expected", "")).replace("'", '"').replace("True", "true")


_OWN_CODES: Final = frozenset(
    {
        "wrong_type",
        "time_in_past",
        "time_too_far",
        "time_backwards",
        "consent_outdated",
        "cannot_hide_number",
        "nothing_to_change",
        "null_given",
        "phone_missing",
        "phone_malformed",
        "phone_foreign",
        "phone_not_ringable",
        "phone_drama",
    }
)
"""Codes that our own rules raise, with words that are ours already."""

"""The pieces of which requests and answers are made: a name, a number, a time still to come, and their rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

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
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from callbacks.domain.codes import BladderSign, WithdrawalSign
from callbacks.domain.triage import Answer
from callbacks.domain.window import Asap, Span
from callbacks.web import typed
from foundation import phone as phones
from foundation.language import mark
from foundation.phone import Phone

LONGEST_NAME: Final = 80
LONGEST_MESSAGE: Final = 1000
LONGEST_SAFE_WORD: Final = 40
FURTHEST: Final = timedelta(days=31)  # further ahead nobody knows when it will be safe


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


def as_when(when: Literal["asap"] | SpanRecord) -> Asap | Span:
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

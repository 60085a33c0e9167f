"""What a visitor can choose from, ready for a page: the offered times by day, and what is safe to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale

from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.codes import PhoneOwner
from callbacks.domain.safe_contact import MessageRule, SafeContact, ThirdParty
from callbacks.domain.window import Asap, Span
from callbacks.operations.offers import Availability
from foundation.language import ENGLISH, mark, said
from foundation.web.times import between, clock_time, clocks_change_on, date_in_words, day_name, hours, near_day


@dataclass(frozen=True, slots=True)
class Hour:
    """One time that can be chosen."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Day:
    """The times of one local day."""

    name: str
    note: str
    """What is special about the clocks on this day; usually nothing."""
    hours: tuple[Hour, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """Everything the page about the time needs."""

    soon: str | None
    """When a call asked for now is likely to come, in words."""
    days: tuple[Day, ...]
    look_again: str | None
    """When nothing can be offered: when to look again, in words."""
    cannot_ring: bool = False
    """Calls cannot be placed at this moment: "as soon as possible" can be chosen, and has no time."""


Option = tuple[str, str] | tuple[str, str, str]

ASAP: Final = "asap"


def times(found: Availability, *, zone: ZoneInfo, now: datetime) -> Times:
    """The offered times, by local day."""
    soon, again = found.as_soon_as_possible, found.next_change_at
    return Times(
        soon=between(soon.starts_at, soon.ends_at, zone=zone, now=now) if soon else None,
        days=days(found.slots, zone=zone, now=now),
        look_again=said(
            "{day} after {time}", day=day_name(again, zone=zone, now=now), time=clock_time(again, zone=zone)
        )
        if again
        else None,
        cannot_ring=found.cannot_ring,
    )


def days(slots: Sequence[Span], *, zone: ZoneInfo, now: datetime) -> tuple[Day, ...]:
    """Times by the local day on which they begin."""
    by_day = groupby(slots, key=lambda slot: slot.starts_at.astimezone(zone).date())
    return tuple(
        Day(
            name=near_day(day, today=now.astimezone(zone).date()),
            note=clock_note(day, zone=zone),
            hours=tuple(Hour(value(slot), hours(slot.starts_at, slot.ends_at, zone=zone)) for slot in of_day),
        )
        for day, of_day in by_day
    )


def clock_note(day: date, *, zone: ZoneInfo) -> str:
    """A sentence for the two days of a year on which a clock shows an hour twice, or not at all."""
    longer = clocks_change_on(day, zone=zone)
    if longer > timedelta():
        return said("The clocks go back this night, so one hour comes twice. We say which of the two we mean.")
    if longer < timedelta():
        return said("The clocks go forward this night, so one hour is missing.")
    return ""


def value(when: Asap | Span) -> str:
    """A choice as the value of a form field."""
    if isinstance(when, Asap):
        return ASAP
    return f"{when.starts_at.astimezone(UTC).isoformat()}/{when.ends_at.astimezone(UTC).isoformat()}"


def in_words(when: Asap | Span, *, zone: ZoneInfo, now: datetime) -> str:
    """A choice as a sentence shows it."""
    if isinstance(when, Asap):
        return said("As soon as possible")
    day = near_day(when.starts_at.astimezone(zone).date(), today=now.astimezone(zone).date())
    return f"{day}, {hours(when.starts_at, when.ends_at, zone=zone)}"


VOICEMAIL: Final[tuple[Option, ...]] = (
    (MessageRule.NO, mark("No, leave nothing")),
    (MessageRule.NEUTRAL_MESSAGE, mark("Yes, but say nothing about who we are")),
    (MessageRule.MESSAGE_WITH_NAME, mark("Yes, and the counsellor may say their first name")),
)
SMS: Final[tuple[Option, ...]] = (
    (MessageRule.NO, mark("No, send nothing")),
    (
        MessageRule.NEUTRAL_MESSAGE,
        mark("Yes, but say nothing about who we are"),
        mark("Only to a mobile phone, and only at times when we may ring."),
    ),
)
_ASK: Final[Option] = (ThirdParty.ASK_FOR_NAME_ONLY, mark("Ask for me by name, and say nothing else"))
_WRONG: Final[Option] = (ThirdParty.SAY_WRONG_NUMBER, mark("Say it was a wrong number"))
_HANG_UP: Final[Option] = (ThirdParty.HANG_UP, mark("Hang up and say nothing"))


PHONE_OWNER: Final[tuple[Option, ...]] = (
    (PhoneOwner.MINE, mark("It is mine, and only I use it")),
    (PhoneOwner.SHARED, mark("I share it")),
    (PhoneOwner.SOMEONE_ELSE, mark("It belongs to someone else")),
    (PhoneOwner.WORK, mark("It is a work phone")),
)
COUNSELLORS: Final[dict[str, tuple[str, GenderWish | None]]] = {
    "any": (mark("Anyone"), None),
    "woman": (mark("A woman, if one is free then"), GenderWish(Gender.FEMALE, Strength.PREFER)),
    "only_woman": (mark("Only a woman"), GenderWish(Gender.FEMALE, Strength.ONLY)),
    "man": (mark("A man, if one is free then"), GenderWish(Gender.MALE, Strength.PREFER)),
    "only_man": (mark("Only a man"), GenderWish(Gender.MALE, Strength.ONLY)),
}
"""Whom somebody would like to talk to: what is chosen -> its words, and the wish that it is."""


def counsellors(
    prices: Mapping[Gender | None, Span | None], *, cannot_ring: bool, zone: ZoneInfo, now: datetime
) -> tuple[Option, ...]:
    """The choices, each with what it costs: when a call asked for now is likely to come."""

    def price(wish: GenderWish | None) -> str:
        if wish is not None and wish.strength is Strength.PREFER:
            return said("You do not wait longer for this.")
        return _price(prices[wish.value if wish else None], cannot_ring=cannot_ring, zone=zone, now=now)

    return tuple((value, said(words), price(wish)) for value, (words, wish) in COUNSELLORS.items())


def _price(likely: Span | None, *, cannot_ring: bool, zone: ZoneInfo, now: datetime) -> str:
    """What a wish costs: when a call asked for now is likely to come."""
    if cannot_ring:
        return said("We cannot say at this moment when.")
    if likely is None:
        return said("Not in the next 24 hours. You can choose a later time.")
    return said("Likely {span}.", span=between(likely.starts_at, likely.ends_at, zone=zone, now=now))


def tongues(
    prices: Mapping[str, Span | None], *, cannot_ring: bool, zone: ZoneInfo, now: datetime
) -> tuple[Option, ...]:
    """The languages in which we can speak, English first, each in its own words and with what it costs in time."""
    return tuple(
        (code, tongue(code), _price(prices[code], cannot_ring=cannot_ring, zone=zone, now=now))
        for code in sorted(prices, key=lambda code: (code != ENGLISH, code))
    )


def tongue(code: str) -> str:
    """A language in its own words, as whoever speaks it looks for it."""
    return (Locale.parse(code).get_display_name(code) or code).capitalize()


DAYS_TO_CHOOSE: Final = 14  # a fortnight of days fits a list; whoever needs longer has no last day in mind


def last_days(*, zone: ZoneInfo, now: datetime) -> tuple[Option, ...]:
    """Days after which we may be told to make no contact, none first."""
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=n) for n in range(DAYS_TO_CHOOSE))
    none = ("", said("No, there is no such day"))
    return (none, *((day.isoformat(), near_day(day, today=today)) for day in days))


def end_of_day(day: str, *, zone: ZoneInfo) -> datetime | None:
    """The midnight that ends an ISO date; None for none. Raises ValueError for anything else."""
    if not day:
        return None
    following = date.fromisoformat(day) + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(UTC)


def last_day(not_after: datetime | None, *, zone: ZoneInfo) -> str:
    """The ISO date of the last day on which contact is allowed."""
    if not_after is None:
        return ""
    return (not_after.astimezone(zone) - timedelta(microseconds=1)).date().isoformat()


def third_party(*, has_name: bool) -> tuple[Option, ...]:
    """What to do when somebody else answers; nobody can be asked for by a name that we do not have."""
    return spoken((_ASK, _WRONG, _HANG_UP) if has_name else (_WRONG, _HANG_UP))


def spoken(options: Sequence[Option]) -> tuple[Option, ...]:
    """Choices in the language of the moment."""
    return tuple((option[0], said(option[1]), said(option[2]) if len(option) > 2 else "") for option in options)  # noqa: PLR2004 - the third part is a hint


_SAID: Final[dict[str, str]] = {option[0]: option[1] for option in (_ASK, _WRONG, _HANG_UP)}


@dataclass(frozen=True, slots=True)
class ContactInWords:
    """The permissions, as a page repeats them."""

    voicemail: str
    sms: str
    third_party: str
    phone_owner: str
    """Empty when they did not say."""
    has_safe_word: bool
    last_day: str
    """Empty when there is none."""


def contact_in_words(contact: SafeContact, *, zone: ZoneInfo) -> ContactInWords:
    """The permissions in the words in which they were chosen."""
    return ContactInWords(
        voicemail=said({option[0]: option[1] for option in VOICEMAIL}[contact.voicemail]),
        sms=said({option[0]: option[1] for option in (*SMS, *VOICEMAIL[2:])}[contact.sms]),
        third_party=said(_SAID[contact.third_party]),
        phone_owner=said({option[0]: option[1] for option in PHONE_OWNER}[contact.phone_owner])
        if contact.phone_owner
        else "",
        has_safe_word=contact.safe_word is not None,
        last_day=date_in_words(date.fromisoformat(ends))
        if (ends := last_day(contact.do_not_contact_after, zone=zone))
        else "",
    )

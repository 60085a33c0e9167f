"""A counsellor as the rest of the service sees one: who can be rung, for what, and in which languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from foundation.phone import Phone


class Skill(StrEnum):
    """What a counsellor is trained for, beyond what every counsellor does."""

    CRISIS = "crisis"
    """Thoughts of suicide, overdose, danger from others."""
    YOUNG_PEOPLE = "young_people"
    """Callers under 18."""
    FAMILY = "family"
    """Families and friends of somebody who uses."""
    ALCOHOL = "alcohol"
    """Alcohol, and the danger of stopping suddenly."""
    OPIOIDS = "opioids"
    """Heroin, prescribed and other opioids."""
    KETAMINE = "ketamine"
    """Ketamine and its harm to the bladder."""
    MAT = "mat"
    """Medication-assisted treatment: methadone and buprenorphine."""


class Gender(StrEnum):
    """What a counsellor has said about themselves, for visitors who asked for a woman or a man; never inferred."""

    FEMALE = "female"
    """A woman."""
    MALE = "male"
    """A man."""


@dataclass(frozen=True, slots=True)
class Counsellor:
    """One person who rings visitors back."""

    id: int
    name: str
    phone: Phone
    gender: Gender | None = None
    skills: frozenset[Skill] = frozenset()
    languages: frozenset[str] = frozenset({"en"})
    """ISO 639-1 codes."""
    phone_verified: bool = False
    """Somebody answered this number and was the counsellor; a number never verified counts as absent."""
    phone_fails: bool = False
    """The last call could not be connected to it."""
    left_on: date | None = None

    def has_left(self, *, today: date) -> bool:
        """Whether the person no longer works here."""
        return self.left_on is not None and self.left_on <= today


@dataclass(frozen=True, slots=True)
class FreeCounsellor:
    """A counsellor who may be offered a call now, as far as rota and presence can say."""

    counsellor: Counsellor
    on_shift_until: datetime
    """When this person's unbroken cover ends."""
    available_since: datetime
    shift_id: int | None = None
    """The published shift that they are on by, and its version: what the rota said when their telephone rang."""
    shift_version: int | None = None

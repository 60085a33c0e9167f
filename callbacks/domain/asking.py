"""What a visitor asks for: the value that the pages and the API hand to `operations.ask`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callbacks.domain.safe_contact import SafeContact
from callbacks.domain.window import Asap, Span
from foundation.phone import Phone

CONSENT_VERSION = "2026-11"
"""The version of the consent sentence that the pages show; stored with each consent."""


class Strength(StrEnum):
    """How much a preference matters."""

    PREFER = "prefer"
    """Never delays a call."""
    ONLY = "only"
    """May delay a call; nobody else is ever put in their place."""


class Gender(StrEnum):
    """The counsellor a visitor would rather, or only, speak to."""

    FEMALE = "female"
    """A woman."""
    MALE = "male"
    """A man."""


@dataclass(frozen=True, slots=True)
class GenderWish:
    """A wish about the counsellor's gender."""

    value: Gender
    strength: Strength


@dataclass(frozen=True, slots=True)
class Anybody:
    """No wish any more about the counsellor's gender."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a callback, checked at the edge."""

    phone: Phone
    consent_version: str
    when: Asap | Span = field(default_factory=Asap)
    name: str = ""
    safe_times: tuple[Span, ...] = ()
    for_whom: str = "self"
    substances: tuple[str, ...] = ()
    message: str = ""
    language: str = "en"
    gender: GenderWish | None = None
    safe_contact: SafeContact = field(default_factory=SafeContact)
    flags: Mapping[str, str | list[str]] = field(default_factory=dict)
    """Triage answers by flag code: "yes", "no" or "not_sure"; for the red-flag lists, the list of symptoms."""
    locale: str = "en"
    channel: str = "web"
    requester: bytes | None = None
    """A keyed digest of the network it came from, or of the website whose own server asks; None when nobody knows."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's own key for one request, and a digest of the body it came with."""

    key: str
    body_digest: bytes

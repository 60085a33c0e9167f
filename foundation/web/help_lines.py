"""Where to get help right now: telephone lines as data, each with the day on which somebody last checked it.

Numbers of helplines change (FRANK alone has had three), so none is written into a page. `stale` names the lines that
nobody has checked for a quarter of a year; the preflight check tells the operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from foundation.language import mark

CHECKED_EVERY = timedelta(days=92)  # a quarter of a year


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line that anybody may ring."""

    name: str
    number: str
    """As people say it."""
    dial: str
    """As a telephone dials it."""
    need: str
    """When to ring it, in a few words that follow the number."""
    hours: str
    nation: str
    source_url: str
    checked_on: date


HELP_NOW: Final[tuple[HelpLine, ...]] = (
    HelpLine(
        name="Emergency services",
        number="999",
        dial="999",
        need=mark("if in danger now"),
        hours="day and night",
        nation="United Kingdom",
        source_url="https://www.gov.uk/guidance/999-and-112-the-uks-national-emergency-numbers",
        checked_on=date(2026, 11, 24),
    ),
    HelpLine(
        name="NHS 111, mental health option",
        number=mark("111, option 2"),
        dial="111",
        need=mark("mental health crisis"),
        hours="day and night",
        nation="England and Wales; in Scotland 111 leads to the mental health hub",
        source_url="https://www.nhs.uk/nhs-services/mental-health-services/where-to-get-urgent-help-for-mental-health/",
        checked_on=date(2026, 11, 24),
    ),
    HelpLine(
        name="Samaritans",
        number="116 123",
        dial="116123",
        need=mark("Samaritans, to talk"),
        hours="day and night",
        nation="United Kingdom",
        source_url="https://www.samaritans.org/how-we-can-help/contact-samaritan/",
        checked_on=date(2026, 11, 24),
    ),
)
"""The lines on every visitor's page, in the same order and at the same place (WCAG 3.2.6)."""

CALL_WALES: Final = HelpLine(
    name="C.A.L.L.",
    number="0800 132 737",
    dial="0800132737",
    need=mark("C.A.L.L., to talk in Welsh or English"),
    hours="day and night",
    nation="Wales",
    source_url="https://www.callhelpline.org.uk/",
    checked_on=date(2026, 11, 24),
)

LIVE_FEAR_FREE: Final = HelpLine(
    name="Byw Heb Ofn",
    number="0808 80 10 800",
    dial="08088010800",
    need=mark("someone at home frightens you"),
    hours="day and night",
    nation="Wales",
    source_url="https://www.gov.wales/live-fear-free",
    checked_on=date(2026, 11, 24),
)

DOMESTIC_ABUSE: Final = HelpLine(
    name="National Domestic Abuse Helpline",
    number="0808 2000 247",
    dial="08082000247",
    need="someone at home frightens you",
    hours="day and night",
    nation="England",
    source_url="https://www.nationaldahelpline.org.uk/",
    checked_on=date(2026, 11, 24),
)

SHOUT: Final = HelpLine(
    name="Shout",
    number="85258",
    dial="85258",
    need="text SHOUT, day and night",
    hours="day and night",
    nation="United Kingdom",
    source_url="https://giveusashout.org/about-us/faq/",
    checked_on=date(2026, 11, 24),
)

CHILDLINE: Final = HelpLine(
    name="Childline",
    number="0800 1111",
    dial="08001111",
    need="under 19",
    hours="day and night",
    nation="United Kingdom",
    source_url="https://www.childline.org.uk/",
    checked_on=date(2026, 11, 24),
)

ALL: Final = (*HELP_NOW, CALL_WALES, DOMESTIC_ABUSE, LIVE_FEAR_FREE, SHOUT, CHILDLINE)
"""Every line that a page names."""

WELSH: Final = "cy"


def help_now(language: str) -> tuple[HelpLine, ...]:
    """The lines at the top of a page in this language: 999 first, then those that speak it."""
    return (HELP_NOW[0], CALL_WALES, *HELP_NOW[1:]) if language == WELSH else HELP_NOW


def domestic_abuse(language: str) -> HelpLine:
    """Where to turn when someone at home is frightening, in this language."""
    return LIVE_FEAR_FREE if language == WELSH else DOMESTIC_ABUSE


def stale(lines: Sequence[HelpLine], *, today: date) -> list[HelpLine]:
    """The lines that are due for another check."""
    return [line for line in lines if today - line.checked_on > CHECKED_EVERY]

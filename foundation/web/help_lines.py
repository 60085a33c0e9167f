"""Where to get help right now: telephone lines as data, each with the day on which somebody last checked it.

Numbers of helplines change (FRANK alone has had three), so none is written into a page. What is shipped here was read
and not rung; a supervisor who rings a line says so, or puts its number right, without a release (`corrected`). `stale`
names the lines that nobody has checked for a quarter of a year: the board and the preflight check tell of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from foundation.language import mark

CHECKED_EVERY = timedelta(days=92)  # a quarter of a year

READ: Final = "read on the service’s public pages; nobody has rung it"
LISTED: Final = "taken from other people’s lists; nobody has rung it, or read it where it comes from"

DAY_AND_NIGHT: Final = mark("day and night")
NOT_ALWAYS: Final = mark("not at all hours")


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line that anybody may ring."""

    key: str
    """By which it is known when its number is put right."""
    name: str
    number: str
    """As people say it."""
    dial: str
    """As a telephone dials it."""
    need: str
    """When to ring it, in a few words that follow the number."""
    nation: str
    source_url: str
    checked_on: date
    checked_by: str = READ
    """Who checked it, or how."""
    hours: str = DAY_AND_NIGHT
    is_text: bool = False
    """A text is sent to it; nobody can ring it."""


EMERGENCY: Final = HelpLine(
    key="999",
    name=mark("Emergency services"),
    number="999",
    dial="999",
    need=mark("if in danger now"),
    nation="United Kingdom",
    source_url="https://www.gov.uk/guidance/999-and-112-the-uks-national-emergency-numbers",
    checked_on=date(2026, 11, 24),
)
NHS_111: Final = HelpLine(
    key="111",
    name=mark("NHS 111, mental health option"),
    number=mark("111, option 2"),
    dial="111",
    need=mark("mental health crisis"),
    nation="England and Wales; in Scotland 111 leads to the mental health hub",
    source_url="https://www.nhs.uk/nhs-services/mental-health-services/where-to-get-urgent-help-for-mental-health/",
    checked_on=date(2026, 11, 24),
)
SAMARITANS: Final = HelpLine(
    key="samaritans",
    name=mark("Samaritans"),
    number="116 123",
    dial="116123",
    need=mark("Samaritans, to talk"),
    nation="United Kingdom",
    source_url="https://www.samaritans.org/how-we-can-help/contact-samaritan/",
    checked_on=date(2026, 11, 24),
)
CALL_WALES: Final = HelpLine(
    key="call",
    name=mark("C.A.L.L."),
    number="0800 132 737",
    dial="0800132737",
    need=mark("C.A.L.L., to talk in Welsh or English"),
    nation="Wales",
    source_url="https://www.callhelpline.org.uk/",
    checked_on=date(2026, 11, 24),
    checked_by=LISTED,
)
LIFELINE: Final = HelpLine(
    key="lifeline",
    name=mark("Lifeline"),
    number="0808 808 8000",
    dial="08088088000",
    need=mark("if you live in Northern Ireland"),
    nation="Northern Ireland",
    source_url="https://www.lifelinehelpline.info/",
    checked_on=date(2026, 11, 27),
)
SHOUT: Final = HelpLine(
    key="shout",
    name=mark("Shout"),
    number="85258",
    dial="85258",
    need=mark("text SHOUT, to write instead of talking"),
    nation="United Kingdom",
    source_url="https://giveusashout.org/about-us/faq/",
    checked_on=date(2026, 11, 24),
    is_text=True,
)
CHILDLINE: Final = HelpLine(
    key="childline",
    name=mark("Childline"),
    number="0800 1111",
    dial="08001111",
    need=mark("if you are under 19"),
    nation="United Kingdom",
    source_url="https://www.childline.org.uk/",
    checked_on=date(2026, 11, 24),
)
FRANK: Final = HelpLine(
    key="frank",
    name=mark("FRANK"),
    number="0300 123 6600",
    dial="03001236600",
    need=mark("about drugs, for anyone"),
    nation="United Kingdom",
    source_url="https://www.talktofrank.com/contact-frank",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
)
DRINKLINE: Final = HelpLine(
    key="drinkline",
    name=mark("Drinkline"),
    number="0300 123 1110",
    dial="03001231110",
    need=mark("about drink, in England"),
    nation="England",
    source_url="https://www.nhs.uk/live-well/alcohol-advice/alcohol-support/",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
    hours=NOT_ALWAYS,
)
DAN: Final = HelpLine(
    key="dan",
    name=mark("DAN 24/7"),
    number="0808 808 2234",
    dial="08088082234",
    need=mark("about drink and drugs, in Wales, in Welsh or English"),
    nation="Wales",
    source_url="https://dan247.org.uk/",
    checked_on=date(2026, 11, 27),
)
AL_ANON: Final = HelpLine(
    key="al-anon",
    name=mark("Al-Anon"),
    number="0800 0086 811",
    dial="08000086811",
    need=mark("if somebody close to you drinks"),
    nation="United Kingdom",
    source_url="https://al-anonuk.org.uk/",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
    hours=NOT_ALWAYS,
)
FAMILIES_ANONYMOUS: Final = HelpLine(
    key="families-anonymous",
    name=mark("Families Anonymous"),
    number="020 7498 4680",
    dial="02074984680",
    need=mark("if somebody close to you takes drugs"),
    nation="United Kingdom",
    source_url="https://famanon.org.uk/",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
    hours=NOT_ALWAYS,
)
SCOTTISH_FAMILIES: Final = HelpLine(
    key="scottish-families",
    name=mark("Scottish Families"),
    number="08080 10 10 11",
    dial="08080101011",
    need=mark("if somebody close to you drinks or takes drugs, in Scotland"),
    nation="Scotland",
    source_url="https://www.sfad.org.uk/",
    checked_on=date(2026, 11, 27),
    hours=NOT_ALWAYS,
)
DOMESTIC_ABUSE: Final = HelpLine(
    key="abuse-england",
    name=mark("National Domestic Abuse Helpline"),
    number="0808 2000 247",
    dial="08082000247",
    need=mark("in England"),
    nation="England",
    source_url="https://www.nationaldahelpline.org.uk/",
    checked_on=date(2026, 11, 24),
)
LIVE_FEAR_FREE: Final = HelpLine(
    key="abuse-wales",
    name=mark("Live Fear Free"),
    number="0808 80 10 800",
    dial="08088010800",
    need=mark("in Wales"),
    nation="Wales",
    source_url="https://www.gov.wales/live-fear-free",
    checked_on=date(2026, 11, 24),
)
ABUSE_SCOTLAND: Final = HelpLine(
    key="abuse-scotland",
    name=mark("Scotland’s Domestic Abuse and Forced Marriage Helpline"),
    number="0800 027 1234",
    dial="08000271234",
    need=mark("in Scotland"),
    nation="Scotland",
    source_url="https://www.sdafmh.org.uk/",
    checked_on=date(2026, 11, 27),
)
ABUSE_NORTHERN_IRELAND: Final = HelpLine(
    key="abuse-northern-ireland",
    name=mark("Domestic and Sexual Abuse Helpline"),
    number="0808 802 1414",
    dial="08088021414",
    need=mark("in Northern Ireland"),
    nation="Northern Ireland",
    source_url="https://dsahelpline.org/",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
)
MEN: Final = HelpLine(
    key="abuse-men",
    name=mark("Men’s Advice Line"),
    number="0808 801 0327",
    dial="08088010327",
    need=mark("for men"),
    nation="United Kingdom",
    source_url="https://mensadviceline.org.uk/",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
    hours=NOT_ALWAYS,
)
GALOP: Final = HelpLine(
    key="abuse-lgbt",
    name=mark("Galop"),
    number="0800 999 5428",
    dial="08009995428",
    need=mark("for lesbian, gay, bisexual and trans people"),
    nation="United Kingdom",
    source_url="https://galop.org.uk/",
    checked_on=date(2026, 11, 27),
    checked_by=LISTED,
    hours=NOT_ALWAYS,
)

HELP_NOW: Final[tuple[HelpLine, ...]] = (EMERGENCY, NHS_111, SAMARITANS)
"""The lines on every visitor's page, in the same order and at the same place (WCAG 3.2.6)."""

GROUPS: Final[tuple[tuple[str, tuple[HelpLine, ...]], ...]] = (
    (mark("If you need to talk now"), (*HELP_NOW, CALL_WALES, LIFELINE, SHOUT, CHILDLINE)),
    (mark("About drink and drugs"), (FRANK, DRINKLINE, DAN)),
    (mark("For family and friends"), (AL_ANON, FAMILIES_ANONYMOUS, SCOTTISH_FAMILIES)),
    (
        mark("If someone at home frightens you"),
        (DOMESTIC_ABUSE, LIVE_FEAR_FREE, ABUSE_SCOTLAND, ABUSE_NORTHERN_IRELAND, MEN, GALOP),
    ),
)
"""Every line that a page names, as one page lists them."""

ALL: Final = tuple(line for _, lines in GROUPS for line in lines)

WELSH: Final = "cy"


@dataclass(frozen=True, slots=True)
class Check:
    """Somebody rang a line, or read about it where it comes from, on a day: this was its number."""

    number: str
    dial: str
    checked_on: date
    checked_by: str


class _Checks:
    """The last check of each line that this process has heard of, by the line's key."""

    latest: Mapping[str, Check] = {}


def hear_checks(latest: Mapping[str, Check]) -> None:
    """From now on these checks count: every page shows the numbers that they found."""
    _Checks.latest = dict(latest)


def corrected(line: HelpLine) -> HelpLine:
    """The line as it was last found; one that dials the same is written as before."""
    found = _Checks.latest.get(line.key)
    if found is None or found.checked_on < line.checked_on:  # a later release knows better
        return line
    number = line.number if found.dial == line.dial else found.number
    return replace(line, number=number, dial=found.dial, checked_on=found.checked_on, checked_by=found.checked_by)


def every_line() -> tuple[HelpLine, ...]:
    """Every line that a page names, as it was last found."""
    return tuple(map(corrected, ALL))


def grouped() -> tuple[tuple[str, tuple[HelpLine, ...]], ...]:
    """Every line, with what it is for."""
    return tuple((title, tuple(map(corrected, lines))) for title, lines in GROUPS)


def help_now(language: str) -> tuple[HelpLine, ...]:
    """The lines at the top of a page in this language: 999 first, then those that speak it."""
    lines = (EMERGENCY, CALL_WALES, *HELP_NOW[1:]) if language == WELSH else HELP_NOW
    return tuple(map(corrected, lines))


def domestic_abuse(language: str) -> HelpLine:
    """Where to turn when someone at home is frightening, in this language."""
    return corrected(LIVE_FEAR_FREE if language == WELSH else DOMESTIC_ABUSE)


def stale(lines: Sequence[HelpLine], *, today: date) -> list[HelpLine]:
    """The lines that are due for another check."""
    return [line for line in lines if today - line.checked_on > CHECKED_EVERY]

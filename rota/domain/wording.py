"""Every sentence and label about the rota that code puts together: gaps, spans, skills, presence, reasons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from foundation.web.times import clock_time, date_in_words
from rota.domain.counsellor import Gender, Skill
from rota.domain.coverage import CoverState, Segment
from rota.domain.presence import PresenceState
from rota.domain.shifts import Span

SKILLS: dict[Skill, str] = {
    Skill.CRISIS: "crisis",
    Skill.YOUNG_PEOPLE: "young people",
    Skill.FAMILY: "families and friends",
    Skill.ALCOHOL: "alcohol",
    Skill.OPIOIDS: "opioids",
    Skill.KETAMINE: "ketamine",
    Skill.MAT: "methadone and buprenorphine",
}

GENDERS: dict[Gender, str] = {Gender.FEMALE: "Woman", Gender.MALE: "Man"}

LANGUAGES: dict[str, str] = {
    "en": "English",
    "cy": "Welsh",
    "ar": "Arabic",
    "bn": "Bengali",
    "gd": "Scottish Gaelic",
    "gu": "Gujarati",
    "lt": "Lithuanian",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "so": "Somali",
    "ur": "Urdu",
}
"""The languages a counsellor can be listed with."""

PRESENCE: dict[PresenceState, str] = {
    PresenceState.AVAILABLE: "Available",
    PresenceState.AWAY: "Away",
    PresenceState.WRAPPING_UP: "Wrapping up a call",
    PresenceState.NOT_RESPONDING: "Not responding",
}

COVER: dict[CoverState, str] = {
    CoverState.COVERED: "Covered",
    CoverState.UNDERSTAFFED: "Understaffed",
    CoverState.CRITICAL: "Critical",
    CoverState.UNCOVERED: "Uncovered",
}

COVER_SIGNS: dict[CoverState, str] = {
    CoverState.COVERED: "",
    CoverState.UNDERSTAFFED: "−",
    CoverState.CRITICAL: "!",
    CoverState.UNCOVERED: "✕",
}
"""A sign beside the numbers, so that a state is told without colour."""


def span_words(span: Span, zone: ZoneInfo) -> str:
    """A span with its day: Tuesday 24 November, 02:00 to 06:00; over midnight, both days are named."""
    starts, ends = span.starts_at.astimezone(zone), span.ends_at.astimezone(zone)
    last = (span.ends_at - timedelta(microseconds=1)).astimezone(zone)
    if last.date() == starts.date():
        return f"{date_in_words(starts.date())}, {hours_words(span, zone)}"
    from_words = f"{date_in_words(starts.date())}, {clock_time(span.starts_at, zone=zone)}"
    return f"{from_words}, to {date_in_words(ends.date())}, {clock_time(span.ends_at, zone=zone)}"


def hours_words(span: Span, zone: ZoneInfo) -> str:
    """A span without its day: 22:00 to midnight."""
    ends = clock_time(span.ends_at, zone=zone)
    return f"{clock_time(span.starts_at, zone=zone)} to {'midnight' if ends == '00:00' else ends}"


def until_words(span: Span, zone: ZoneInfo) -> str:
    """The end of a span that began on an earlier day: until 06:00."""
    return f"until {clock_time(span.ends_at, zone=zone)}"


def gap_words(gap: Segment, zone: ZoneInfo) -> str:
    """A gap in one line: Tuesday 24 November, 02:00 to 06:00: nobody on, 2 needed."""
    return f"{span_words(gap.span, zone)}: {shortfall_words(gap)}"


def shortfall_words(segment: Segment) -> str:
    """How many are on and needed, and which skill is missing."""
    on = "nobody" if segment.on == 0 else f"only {segment.on}" if segment.on == 1 else f"{segment.on}"
    said = [f"{on} on, {segment.need.people} needed"]
    if segment.on:
        said += [_missing_words(skill, lacking, dict(segment.need.skills)[skill]) for skill, lacking in segment.missing]
    return "; ".join(said)


def _missing_words(skill: Skill, lacking: int, needed: int) -> str:
    if lacking == needed:
        return f"nobody on is trained for {SKILLS[skill]}"
    return f"{lacking} more trained for {SKILLS[skill]} needed"


def skills_words(skills: Iterable[Skill]) -> str:
    """Skills as a list: alcohol, crisis."""
    return ", ".join(sorted(SKILLS[skill] for skill in skills))


def languages_words(codes: Iterable[str]) -> str:
    """Languages as a list, English first, because everybody has it."""
    return ", ".join(sorted((LANGUAGES.get(code, code) for code in codes), key=lambda name: (name != "English", name)))


def length_words(length: timedelta) -> str:
    """Elapsed time: 8 h, 7 h 30 min."""
    hours, rest = divmod(length // timedelta(minutes=1), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"

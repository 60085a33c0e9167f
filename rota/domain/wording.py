"""Every sentence and label about the rota that code puts together: gaps, spans, skills, presence, reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from foundation.web.times import clock_time, date_in_words
from rota.domain.counsellor import Gender, Skill
from rota.domain.coverage import CoverState, Segment
from rota.domain.phone_check import Checked
from rota.domain.presence import Absent, PresenceState
from rota.domain.rules import Finding, Limits, Rule, Site
from rota.domain.shifts import ClockChange, Span, clock_change, instant_of

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


TEXT_GAINED = "You have a new shift: {shift}. Your shifts are on your page."
TEXT_LOST = "This shift is no longer yours: {shift}. Your shifts are on your page."
TEXT_MOVED = "Your shift {old} is now {new}. Your shifts are on your page."
TEXT_CHANGED = "Your shifts have changed: {gained} new, {lost} gone, the first on {first}. They are on your page."
TEXT_LEAVE_APPROVED = "You are off: {days}. Your shifts are on your page."
TEXT_LEAVE_VACATED = "You are off: {days}. {shifts} no longer yours. Your shifts are on your page."
TEXT_LEAVE_REFUSED = "You could not be given these days off: {days}. Please talk to whoever plans the shifts."
TEXT_VACATED = "Leave was approved: nobody has this shift any more: {shift}. Please look at the coverage page."
TEXT_VACATED_MANY = (
    "Leave was approved: {shifts} shifts have nobody any more, the first {first}. Please look at the coverage page."
)
TEXT_COVER = "Could you work {shift}? Reply YES to take it. The first YES has it."
TEXT_COVER_YOURS = "Thank you. It is yours: {shift}."
TEXT_COVER_GONE = "Thank you. Somebody else has taken it, so you are not needed: {shift}."
TEXT_COVER_NO_REST = "Thank you. You would not have enough rest, so it stays open for others: {shift}."
TEXT_COVER_CLASH = "Thank you. You have another shift at that time, so it stays open for others: {shift}."
TEXT_COVER_ON_LEAVE = "Thank you. You are on leave then, so it stays open for others: {shift}."
TEXT_COVER_TOO_MUCH = "Thank you. It would be more hours than you may work, so it stays open for others: {shift}."
TEXT_COVER_NOT_ALLOWED = "Thank you. It cannot be given to you, so it stays open for others: {shift}."
TEXT_RUNG_MORNING = "Somebody cannot work {shift}. Others are asked by text from {morning} on."
TEXT_RUNG = "Cover for {shift}: {asked} asked by text so far, nobody has said YES yet."
TEXT_RUNG_FILLED = "Cover for {shift} is found: somebody has said YES."
TEXT_RUNG_EXHAUSTED = "Cover for {shift}: everybody who may be asked by text was, without a YES. Please ring round."
TEXT_RUNG_CALLED_OFF = "Cover for {shift}: nobody else is asked."

TEXT_COVER_NOW = "Cover now: {on} there, {needed} needed. Please look at the board."
TEXT_COVER_NOW_UNTRAINED = "Cover now: a training or language that is needed is missing. Please look at the board."
TEXT_COVER_COMPLETE = "Cover now is complete again."
TEXT_GAP = "Cover falls short {gap}: {on} on, {needed} needed. Please look at the coverage page."
TEXT_GAPS = (
    "Cover falls short on {days} days, the first time {gap}: {on} on, {needed} needed. "
    "Please look at the coverage page."
)
TEXT_GAP_CLOSED = "Cover on {day} is complete."
TEXT_GAPS_CLOSED = "Cover on {days} days is complete, the first of them {day}."
TEXT_REMINDER = "Tomorrow you work {shift}. If you cannot, please say so now."

ABSENT: dict[Absent, str] = {
    Absent.PHONE_NOT_CHECKED: "telephone not checked",
    Absent.NOT_RESPONDING: "missed two calls in a row",
}
"""Why somebody on shift counts as absent."""

CHECKED: dict[Checked | None, str] = {
    None: "Your telephone is about to ring. Answer it, and press 1.",
    Checked.CONFIRMED: "You answered and pressed 1.",
    Checked.NO_KEY: "It was answered, and nobody pressed 1. Try again when you have it in your hand.",
    Checked.NOT_REACHED: "It was engaged or not answered. Try again when you have it in your hand.",
    Checked.NOT_POSSIBLE: "It could not be rung. Ask a supervisor whether the number is right.",
    Checked.ENDED: "The check was stopped.",
}
"""What came of the latest check of one's own telephone; None while it goes on."""

CHECKED_FOR: dict[Checked | None, str] = {
    None: "Their telephone is about to ring. They answer it, and press 1.",
    Checked.CONFIRMED: "They answered and pressed 1.",
    Checked.NO_KEY: "It was answered, and nobody pressed 1.",
    Checked.NOT_REACHED: "It was engaged or not answered.",
    Checked.NOT_POSSIBLE: "It could not be rung. Ask them whether the number is right.",
    Checked.ENDED: "The check was stopped.",
}
"""The same, of somebody else's telephone."""

LAWS: dict[Site, str] = {
    Site.ENGLAND_AND_WALES: "Working Time Regulations 1998, Great Britain",
    Site.SCOTLAND: "Working Time Regulations 1998, Great Britain",
    Site.NORTHERN_IRELAND: "Working Time Regulations (Northern Ireland) 2016",
}

SITES: dict[Site, str] = {
    Site.ENGLAND_AND_WALES: "England and Wales",
    Site.SCOTLAND: "Scotland",
    Site.NORTHERN_IRELAND: "Northern Ireland",
}

CLOCKS: dict[ClockChange, str] = {
    ClockChange.TWICE: "{wall} comes twice on {day}, because the clocks go back: the first {wall} is taken",
    ClockChange.SKIPPED: "{wall} does not exist on {day}, because the clocks go forward: moved to {taken}",
}
"""What is said of a wall time that is there twice, or not at all."""

_OURS = frozenset({Rule.ONE_AT_A_TIME, Rule.LEAVE, Rule.CONSECUTIVE_DAYS, Rule.OWN_CAP, Rule.CONTRACT})
"""Rules of the house, which no law names."""

_RULES: dict[Rule, str] = {
    Rule.ONE_AT_A_TIME: "Two shifts at once: {shifts}",
    Rule.LEAVE: "On leave for {found} of it: {shifts}",
    Rule.DAILY_REST: "Only {found} of rest, {limit} needed, between {shifts}",
    Rule.WEEKLY_REST: "The longest rest of the week is {found}, {limit} needed: {shifts}",
    Rule.OWED_REST: "A rest of {limit} is owed within 14 days, because it was too short around {owed_for}; the longest "
    "that is left is {found}: {shifts}",
    Rule.WEEKLY_HOURS: "{found} a week on average, {limit} at most without an opt-out: {shifts}",
    Rule.NIGHT_HOURS: "{found} on average in each 24 hours of night work, {limit} at most: {shifts}",
    Rule.HAZARDOUS_NIGHT: "A night of {found}, {limit} at most where nights are a heavy mental strain: {shifts}",
    Rule.HEALTH_CHECK: "{held}, and this is night work: {shifts}",
    Rule.CONSECUTIVE_DAYS: "{found_days} days in a row, {limit_days} at most: {shifts}",
    Rule.OWN_CAP: "{found} in this week, {limit} offered: {shifts}",
    Rule.CONTRACT: "{found} in this week, {limit} contracted: {shifts}",
    Rule.BREAK: "A break of {limit} is due in this shift",
}
"""What each rule says: the figures, and the shifts that cause it."""

HELD_UNTIL = "The health assessment held until {day}"
NO_CHECK = "No health assessment is on record"

_MOST_NAMED = 3  # more shifts than this are counted, not listed: the sentence must stay one


def finding_words(finding: Finding, limits: Limits, zone: ZoneInfo) -> str:
    """A finding in one sentence, with its law."""
    said = _RULES[finding.rule].format(
        found=length_words(finding.found),
        limit=length_words(finding.limit),
        found_days=finding.found.days,
        limit_days=finding.limit.days,
        owed_for=_shifts_words(finding.owed_for, zone),
        held=f"The health assessment held until {date_in_words(finding.held_until)}"
        if finding.held_until
        else NO_CHECK,
        shifts=_shifts_words(finding.shifts, zone),
    )
    return said if finding.rule in _OURS else f"{said} ({LAWS[limits.site]})"


def clocks_words(day: date, starts: time, ends: time, zone: ZoneInfo, *, last_day: date | None = None) -> list[str]:
    """What the clocks do to the wall times of a shift, and which instants are taken; nothing when they let it be."""
    ends_on = last_day or (day if ends > starts else day + timedelta(days=1))
    return [words for words in (_clock_words(day, starts, zone), _clock_words(ends_on, ends, zone)) if words]


def _clock_words(day: date, wall: time, zone: ZoneInfo) -> str:
    change = clock_change(day, wall, zone)
    if change is None:
        return ""
    taken = clock_time(instant_of(day, wall, zone), zone=zone)
    return CLOCKS[change].format(wall=f"{wall:%H:%M}", day=date_in_words(day), taken=taken)


def _shifts_words(shifts: Sequence[Span], zone: ZoneInfo) -> str:
    if len(shifts) > _MOST_NAMED:
        return f"{len(shifts)} shifts, the last on {span_words(shifts[-1], zone)}"
    return " and ".join(span_words(span, zone) for span in shifts)


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


def break_words(span: Span, zone: ZoneInfo) -> str:
    """A break as its person reads it: Break 01:40 to 02:00."""
    return f"Break {hours_words(span, zone)}"


def until_words(span: Span, zone: ZoneInfo) -> str:
    """The end of a span that began on an earlier day: until 06:00."""
    return f"until {clock_time(span.ends_at, zone=zone)}"


def gap_words(gap: Segment, zone: ZoneInfo) -> str:
    """A gap in one line: Tuesday 24 November, 02:00 to 06:00: nobody on, 2 needed."""
    return f"{span_words(gap.span, zone)}: {shortfall_words(gap)}"


def shortfall_words(segment: Segment) -> str:
    """How many are on and needed, and which skill or language is missing."""
    on = "nobody" if segment.on == 0 else f"only {segment.on}" if segment.on == 1 else f"{segment.on}"
    said = [f"{on} on, {segment.need.people} needed"]
    if segment.on:
        said += [_missing_words(skill, lacking, dict(segment.need.skills)[skill]) for skill, lacking in segment.missing]
        spoken = dict(segment.need.languages)
        said += [_unspoken_words(code, lacking, spoken[code]) for code, lacking in segment.missing_languages]
    return "; ".join(said)


def _missing_words(skill: Skill, lacking: int, needed: int) -> str:
    if lacking == needed:
        return f"nobody on is trained for {SKILLS[skill]}"
    return f"{lacking} more trained for {SKILLS[skill]} needed"


def _unspoken_words(code: str, lacking: int, needed: int) -> str:
    language = LANGUAGES.get(code, code)
    if lacking == needed:
        return f"nobody on speaks {language}"
    return f"{lacking} more who speak {language} needed"


def skills_words(skills: Iterable[Skill]) -> str:
    """Skills as a list: alcohol, crisis."""
    return ", ".join(sorted(SKILLS[skill] for skill in skills))


def languages_words(codes: Iterable[str]) -> str:
    """Languages as a list, English first, because everybody has it."""
    return ", ".join(sorted((LANGUAGES.get(code, code) for code in codes), key=lambda name: (name != "English", name)))


def length_words(length: timedelta) -> str:
    """Elapsed time: 8 h, 7 h 30 min, 20 min."""
    hours, rest = divmod(length // timedelta(minutes=1), 60)
    if rest and not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"

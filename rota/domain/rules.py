"""The rules of working time: what they are called, their numbers, what holds for one person, and what was found.

The numbers are the law's: in Great Britain the Working Time Regulations 1998 (SI 1998/1833), in Northern Ireland the
Working Time Regulations (Northern Ireland) 2016 (SR 2016/49), where they are the same. Volunteers are not workers in
law; the same numbers guard their wellbeing, with caps of their own. Every length is elapsed time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

from rota.domain.shifts import Span

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
NOTHING = timedelta()


class Site(StrEnum):
    """Where somebody works: which law holds, and which bank holidays."""

    ENGLAND_AND_WALES = "england_and_wales"
    """Great Britain: SI 1998/1833."""
    SCOTLAND = "scotland"
    """Great Britain: SI 1998/1833; bank holidays of its own."""
    NORTHERN_IRELAND = "northern_ireland"
    """SR 2016/49; bank holidays of its own."""


class Rule(StrEnum):
    """What a verdict can be about."""

    ONE_AT_A_TIME = "one_at_a_time"
    """Two shifts at once."""
    LEAVE = "leave"
    """Approved leave."""
    DAILY_REST = "daily_rest"
    """11 hours between shifts."""
    WEEKLY_REST = "weekly_rest"
    """A day a week that is no part of a daily rest."""
    OWED_REST = "owed_rest"
    """A longer rest within a fortnight, for one that was too short."""
    WEEKLY_HOURS = "weekly_hours"
    """48 hours a week on average, unless opted out."""
    NIGHT_HOURS = "night_hours"
    """8 hours in 24 on average, for people who work nights."""
    HAZARDOUS_NIGHT = "hazardous_night"
    """Never more than 8 hours in a night of heavy mental strain."""
    HEALTH_CHECK = "health_check"
    """A health assessment that holds, for whoever works nights."""
    CONSECUTIVE_DAYS = "consecutive_days"
    """Days worked in a row."""
    OWN_CAP = "own_cap"
    """What a volunteer offered to do in a week."""
    CONTRACT = "contract"
    """What somebody is contracted for in a week; over it is pay, not danger."""
    BREAK = "break"
    """20 minutes in a shift of more than six hours."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers in force at a site; every one can be stricter than the law."""

    site: Site = Site.ENGLAND_AND_WALES
    daily_rest: timedelta = 11 * HOUR
    weekly_rest: timedelta = 35 * HOUR
    """24 hours that do not overlap a daily rest of 11."""
    fortnight_rest: timedelta = 59 * HOUR
    """48 hours once in a fortnight, and a daily rest, instead of one rest in each week."""
    average_hours: timedelta = 48 * HOUR
    reference_weeks: int = 17
    night_starts: time = time(23)
    night_ends: time = time(6)
    night_work: timedelta = 3 * HOUR
    """A shift with so much of it in night time is a night's work."""
    night_hours: timedelta = 8 * HOUR
    is_hazardous: bool = False
    """Whether a risk assessment has found night work here to be heavy mental strain."""
    consecutive_days: int = 6
    break_after: timedelta = 6 * HOUR
    break_length: timedelta = timedelta(minutes=20)


LIMITS: dict[Site, Limits] = {site: Limits(site) for site in Site}
"""The numbers of each site; the place to make one of them stricter."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one person."""

    is_volunteer: bool = False
    joined_on: date | None = None
    """Their first day here; None: long ago. Whoever is new has an average of fewer weeks."""
    opted_out_from: date | None = None
    """The first day on which a written opt-out from 48 hours holds; None: there is none."""
    opted_out_until: date | None = None
    """The first day on which it holds no more."""
    contract: timedelta | None = None
    """A week; None: no fixed hours."""
    cap: timedelta | None = None
    """The most that a volunteer offered for a week."""
    health_checked_until: date | None = None
    """The last day on which a health assessment for nights holds; None: there was none."""

    def is_opted_out_in(self, monday: date) -> bool:
        """Whether the opt-out holds on any day of a week."""
        if self.opted_out_from is None or monday + WEEK <= self.opted_out_from:
            return False
        return self.opted_out_until is None or monday < self.opted_out_until


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that is not kept: how much there is, how much there may (or must) be, and the shifts that cause it."""

    rule: Rule
    found: timedelta
    limit: timedelta
    shifts: tuple[Span, ...]
    is_advice: bool = False
    """Worth saying, and nothing that stops anybody."""
    owed_for: tuple[Span, ...] = ()
    """For a rest that is owed: the shifts around the one that was too short."""
    held_until: date | None = None
    """For a health assessment: the last day on which one held; None: there was none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a change would break that is not broken now; nothing, when it may be made."""

    findings: tuple[Finding, ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Whether no rule stands against it."""
        return not self.against

    @property
    def against(self) -> tuple[Finding, ...]:
        """The findings that stand against it, the gravest first."""
        return tuple(finding for finding in self.findings if not finding.is_advice)

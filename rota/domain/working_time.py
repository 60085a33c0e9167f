"""Whether a person may work like this: the working-time rules, and verdicts that say which rule, by how much, and why.

The numbers are the law's: in Great Britain the Working Time Regulations 1998 (SI 1998/1833), in Northern Ireland the
Working Time Regulations (Northern Ireland) 2016 (SR 2016/49), where they are the same. Volunteers are not workers in
law; the same numbers guard their wellbeing, with caps of their own. Every length is elapsed time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo

from rota.domain.shifts import Span, instant_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
NOTHING = timedelta()
_AN_AGE = timedelta(weeks=52)  # longer than any rest that can be owed
FAR = timedelta(weeks=18)  # how far around a shift others can matter to a verdict: the reference period and a week
_instant = lru_cache(maxsize=65_536)(instant_of)


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


def new_findings(
    before: Sequence[Span],
    after: Sequence[Span],
    *,
    leave: Sequence[Span] = (),
    terms: Terms,
    limits: Limits,
    zone: ZoneInfo,
) -> tuple[Finding, ...]:
    """What one person's shifts break after a change that they did not break before; two shifts at once come first."""
    broken = check(before, leave=leave, terms=terms, limits=limits, zone=zone)
    still = check(after, leave=leave, terms=terms, limits=limits, zone=zone)
    gone = Counter((finding.rule, finding.found) for finding in broken if finding not in still)
    new = [
        Finding(Rule.ONE_AT_A_TIME, _overlap(later, [earlier]), NOTHING, (earlier, later))
        for earlier, later in pairwise(sorted(after))
        if later.starts_at < earlier.ends_at
    ]
    for finding in still:
        if finding in broken:
            continue
        if gone[finding.rule, finding.found]:  # as broken as it was, and by as much
            gone[finding.rule, finding.found] -= 1
        else:
            new.append(finding)
    return together(new)


def prolonged(shifts: Sequence[Span], overtime: Iterable[Span]) -> list[Span]:
    """One person's shifts in order, each up to when they really stopped: overtime goes on where a shift was over, up to
    the next one at most.
    """
    until = {over.starts_at: over.ends_at for over in overtime}
    if not until:
        return list(shifts)
    following = [span.starts_at for span in shifts[1:]]
    ends = [until.get(span.ends_at, span.ends_at) for span in shifts]
    return [
        Span(span.starts_at, min(ended_at, after) if after else ended_at)
        for span, ended_at, after in zip_longest(shifts, ends, following)
    ]


def together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings, those of each night without a health assessment as one."""
    found = list(findings)
    nights = [finding for finding in found if finding.rule is Rule.HEALTH_CHECK]
    if len(nights) < 2:  # noqa: PLR2004 - one is one already
        return tuple(found)
    shifts = tuple(span for finding in nights for span in finding.shifts)
    at = found.index(nights[0])
    found[at] = replace(nights[0], shifts=shifts)
    return tuple(finding for finding in found if finding not in nights[1:])


def verdict(
    proposed: Span,
    others: Sequence[Span],
    *,
    instead_of: Sequence[Span] = (),
    leave: Sequence[Span] = (),
    terms: Terms,
    limits: Limits,
    zone: ZoneInfo,
) -> Verdict:
    """What one more shift would break for somebody who has these others; rules that are broken as it is, not.

    `instead_of`: shifts of theirs that it takes the place of.
    """
    clashes = tuple(span for span in others if span.clipped(proposed.starts_at, proposed.ends_at))
    if clashes:
        return Verdict((Finding(Rule.ONE_AT_A_TIME, _overlap(proposed, clashes), NOTHING, (*clashes, proposed)),))
    before, after = (*others, *instead_of), (*others, proposed)
    return Verdict(new_findings(before, after, leave=leave, terms=terms, limits=limits, zone=zone))


def check(
    shifts: Sequence[Span], *, leave: Sequence[Span] = (), terms: Terms, limits: Limits, zone: ZoneInfo
) -> list[Finding]:
    """Every rule that one person's shifts do not keep, the gravest rule first. No two of the shifts overlap."""
    own = sorted(shifts)
    if not own:
        return []
    weeks = _Weeks(own, zone)
    short = [*_daily_rest(own, limits), *_weekly_rest(own, weeks, limits)]
    nights = [span for span in own if night_time(span, limits=limits, zone=zone) >= limits.night_work]
    found = [
        *_on_leave(own, leave),
        *short,
        *_rest_owed(short, own),
        *_weekly_hours(weeks, leave, terms, limits),
        *_nights(own, nights, weeks, limits),
        *_health_checks(own, nights, terms, zone),
        *_days_in_a_row(own, limits, zone),
    ]
    for rule, most in ((Rule.OWN_CAP, terms.cap), (Rule.CONTRACT, terms.contract)):
        found += _week_by_week(weeks, rule, most)
    return found + [_break_due(span, limits) for span in own if span.length > limits.break_after]


class _Weeks:
    """A person's shifts by local week from Monday, the default of the Northern Irish text; long hours are split."""

    def __init__(self, shifts: Sequence[Span], zone: ZoneInfo) -> None:
        first = shifts[0].starts_at.astimezone(zone).date()
        self.first = first - timedelta(days=first.weekday())
        last = shifts[-1].ends_at.astimezone(zone).date()
        number = (last - self.first).days // 7 + 1
        self.edges = [_instant(self.first + n * WEEK, time(), zone) for n in range(number + 1)]
        self.worked = [NOTHING] * number
        self.shifts: list[list[Span]] = [[] for _ in range(number)]
        week = 0
        for span in shifts:
            while span.starts_at >= self.edges[week + 1]:
                week += 1
            self.shifts[week].append(span)
            if span.ends_at <= self.edges[week + 1]:
                self.worked[week] += _length(span)
            else:
                self.worked[week] += self.edges[week + 1] - span.starts_at.astimezone(UTC)
                self.worked[week + 1] += span.ends_at.astimezone(UTC) - self.edges[week + 1]


def _length(span: Span) -> timedelta:
    """Elapsed time; cheap for instants in UTC, which is how they are stored."""
    return span.ends_at - span.starts_at if not span.starts_at.utcoffset() else span.length


def _overlap(proposed: Span, clashes: Iterable[Span]) -> timedelta:
    clipped = (proposed.clipped(span.starts_at, span.ends_at) for span in clashes)
    return sum((span.length for span in clipped if span), NOTHING)


def _on_leave(shifts: Sequence[Span], leave: Sequence[Span]) -> Iterator[Finding]:
    for away in leave:
        for span in shifts:
            if part := span.clipped(away.starts_at, away.ends_at):
                yield Finding(Rule.LEAVE, part.length, NOTHING, (span,))


def _daily_rest(shifts: Sequence[Span], limits: Limits) -> Iterator[Finding]:
    """Rest between one stretch of work and the next; shifts that touch are one stretch."""
    for earlier, later in pairwise(shifts):
        if earlier.ends_at < later.starts_at < earlier.ends_at + limits.daily_rest:
            yield Finding(Rule.DAILY_REST, later.starts_at - earlier.ends_at, limits.daily_rest, (earlier, later))
    for stretch in _stretches(shifts):
        length = stretch[-1].ends_at - stretch[0].starts_at
        if length > DAY - limits.daily_rest:  # no 11 hours of rest are left in its 24
            yield Finding(Rule.DAILY_REST, max(NOTHING, DAY - length), limits.daily_rest, tuple(stretch))


MADE_UP_WITHIN = timedelta(days=14)  # our own number: the law asks for it, and names no day


def made_up(short: Iterable[Finding], shifts: Sequence[Span]) -> dict[Finding, Span | None]:
    """For each rest that was too short, the one that makes up for it: longer than it should have been by what was
    missing, within a fortnight. None when there is none. No hour makes up for two of them.
    """
    stretches = _stretches(sorted(shifts))
    spent = [NOTHING] * len(stretches)
    found: dict[Finding, Span | None] = {}
    for finding in sorted(short, key=_since):
        found[finding] = None
        for number, rest in _rests_owed(finding, stretches):
            if rest.length - spent[number] >= _owed(finding):
                has_no_end = rest.length >= _AN_AGE
                found[finding] = Span(rest.starts_at, rest.starts_at + _owed(finding)) if has_no_end else rest
                spent[number] += finding.limit - finding.found
                break
    return found


def _since(finding: Finding) -> datetime:
    return max(span.ends_at for span in finding.shifts)


def _owed(finding: Finding) -> timedelta:
    return 2 * finding.limit - finding.found


def _rests_owed(finding: Finding, stretches: Sequence[Sequence[Span]]) -> Iterator[tuple[int, Span]]:
    """The rests that begin within a fortnight of one that was too short; after the last shift there is no end of it."""
    since = _since(finding)
    for number, stretch in enumerate(stretches):
        ends_at = max(span.ends_at for span in stretch)
        if ends_at >= since + MADE_UP_WITHIN:
            return
        if since <= ends_at:
            is_last = number + 1 == len(stretches)
            until = ends_at + _AN_AGE if is_last else stretches[number + 1][0].starts_at
            yield number, Span(ends_at, until)


def _rest_owed(short: Sequence[Finding], shifts: Sequence[Span]) -> Iterator[Finding]:
    """A rest that was too short, and that nothing makes up for; with the shifts that stand in the way of it."""
    for finding, rest in made_up(short, shifts).items() if short else ():
        if rest is None:
            stretches = _stretches(shifts)
            longest = max((rest.length for _, rest in _rests_owed(finding, stretches)), default=NOTHING)
            in_the_way = _in_the_way(finding, stretches)
            yield Finding(Rule.OWED_REST, longest, _owed(finding), in_the_way, owed_for=finding.shifts)


def _in_the_way(finding: Finding, stretches: Sequence[Sequence[Span]]) -> tuple[Span, ...]:
    """The shifts of which each alone keeps somebody from a rest that is owed; all of the fortnight, if none does."""
    within = [number for number, _ in _rests_owed(finding, stretches)]
    alone = [
        number + 1
        for number in within
        if number + 1 < len(stretches)
        and (number + 2 == len(stretches) or _between(stretches, number, number + 2) >= _owed(finding))
    ]
    numbers = alone or [number + 1 for number in within if number + 1 < len(stretches)]
    return tuple(span for number in numbers for span in stretches[number])


def _between(stretches: Sequence[Sequence[Span]], first: int, second: int) -> timedelta:
    return stretches[second][0].starts_at - max(span.ends_at for span in stretches[first])


def _stretches(shifts: Sequence[Span]) -> list[list[Span]]:
    joined: list[list[Span]] = []
    for span in shifts:
        if joined and joined[-1][-1].ends_at >= span.starts_at:
            joined[-1].append(span)
        else:
            joined.append([span])
    return joined


def _weekly_rest(shifts: Sequence[Span], weeks: _Weeks, limits: Limits) -> Iterator[Finding]:
    """A long rest in each week; or two, or a longer one, in the fortnight that it makes with a neighbour."""
    edges = [weeks.edges[0] - WEEK, *weeks.edges, weeks.edges[-1] + WEEK]  # nothing is planned just outside
    for number, own in enumerate(weeks.shifts):
        longest = next(iter(_rests(shifts, edges[number + 1], edges[number + 2])), NOTHING)
        if longest >= limits.weekly_rest:
            continue
        before = _rests(shifts, edges[number], edges[number + 2]) if number else []
        after = _rests(shifts, edges[number + 1], edges[number + 3])
        if not any(_is_fortnight_rest(rests, limits) for rests in (before, after)):
            yield Finding(Rule.WEEKLY_REST, longest, limits.weekly_rest, tuple(own))


def _is_fortnight_rest(rests: Sequence[timedelta], limits: Limits) -> bool:
    once = bool(rests) and rests[0] >= limits.fortnight_rest
    return once or (len(rests) > 1 and rests[1] >= limits.weekly_rest)


def _rests(shifts: Sequence[Span], start: datetime, end: datetime) -> list[timedelta]:
    """The rests inside a stretch of time, the longest first; one that runs on beyond an edge counts to the edge."""
    first = bisect_left(shifts, start, key=lambda span: span.ends_at)
    at, found = start, []
    for span in shifts[first:]:
        if span.starts_at >= end:
            break
        if span.starts_at > at:
            found.append(span.starts_at - at)
        at = max(at, span.ends_at)
    if at < end:
        found.append(end - at)
    return sorted(found, reverse=True)


def _weekly_hours(weeks: _Weeks, leave: Sequence[Span], terms: Terms, limits: Limits) -> Iterator[Finding]:
    """(A + B) / C: hours of a reference period, those of as many days after it as were leave, by its weeks."""
    worst: Finding | None = None
    for first, ends, number in _reference_periods(weeks, terms, limits):
        starts_at = weeks.edges[first]
        worked = sum(weeks.worked[first:ends], NOTHING)
        worked += _made_up(weeks, ends, _days_away(leave, starts_at, starts_at + number * WEEK))
        average = worked / number
        if average > limits.average_hours and (worst is None or average > worst.found):
            shifts = tuple(span for week in weeks.shifts[first:ends] for span in week)
            worst = Finding(Rule.WEEKLY_HOURS, average, limits.average_hours, shifts)
    if worst:
        yield worst


def _reference_periods(weeks: _Weeks, terms: Terms, limits: Limits) -> Iterator[tuple[int, int, int]]:
    """The first week, the week after the last, and by how many weeks the hours are divided.

    A period reaches neither into an opt-out nor before somebody's first day: until there are as many weeks as the law
    asks for, it is as long as they have been here, or back under the limit.
    """
    number = limits.reference_weeks
    for first, ends, is_new in _limited(weeks, terms):
        if is_new is not None:
            yield from ((first, end, end - is_new) for end in range(first + 1, ends + 1) if end - is_new < number)
        if is_new is None or ends - is_new >= number:
            starts = range(first, max(first + 1, ends - number + 1))
            yield from ((start, min(start + number, ends), number) for start in starts)


def _limited(weeks: _Weeks, terms: Terms) -> list[tuple[int, int, int | None]]:
    """The stretches of weeks without an opt-out: from, to, and the week with which the first average starts, if new."""
    new = None if terms.joined_on is None else min(0, (terms.joined_on - weeks.first).days // 7)
    found: list[tuple[int, int, int | None]] = []
    start: int | None = None
    for week in range(len(weeks.worked) + 1):
        free = week < len(weeks.worked) and not terms.is_opted_out_in(weeks.first + week * WEEK)
        if free and start is None:
            start = week
        elif not free and start is not None:
            found.append((start, week, new))
            start = None
        if not free:
            new = week + 1
    return found


def _days_away(leave: Sequence[Span], starts_at: datetime, ends_at: datetime) -> int:
    clipped = (away.clipped(starts_at, ends_at) for away in leave)
    return sum(round(away.length / DAY) for away in clipped if away)


def _made_up(weeks: _Weeks, first: int, days: int) -> timedelta:
    """The hours of so many days after a reference period, by whole weeks and a share of the last."""
    full, rest = divmod(days, 7)
    after = weeks.worked[first:]
    return sum(after[:full], NOTHING) + (after[full] * rest / 7 if len(after) > full else NOTHING)


def night_time(span: Span, *, limits: Limits, zone: ZoneInfo) -> timedelta:
    """How much of a shift lies in night time: by default 23:00 to 06:00, local."""
    day = span.starts_at.astimezone(zone).date() - DAY
    last = span.ends_at.astimezone(zone).date()
    found = NOTHING
    while day <= last:
        starts = max(span.starts_at, _instant(day, limits.night_starts, zone))
        ends = min(span.ends_at, _instant(day + DAY, limits.night_ends, zone))
        found += max(NOTHING, ends - starts)
        day += DAY
    return found


def _nights(shifts: Sequence[Span], nights: Sequence[Span], weeks: _Weeks, limits: Limits) -> Iterator[Finding]:
    """A / (B - C) over the reference period, for whoever works nights in at least a third of their shifts."""
    if limits.is_hazardous:
        for span in nights:
            if span.length > limits.night_hours:
                yield Finding(Rule.HAZARDOUS_NIGHT, span.length, limits.night_hours, (span,))
    if not _is_night_worker(shifts, nights):
        return
    number = limits.reference_weeks
    for first in range(0, len(weeks.worked), number):
        ends = min(first + number, len(weeks.worked))
        worked = sum(weeks.worked[first:ends], NOTHING)
        average = worked / (6 * (ends - first))  # seven days of each week, less one of rest
        if average > limits.night_hours:
            inside = tuple(span for week in weeks.shifts[first:ends] for span in week)
            yield Finding(Rule.NIGHT_HOURS, average, limits.night_hours, inside)


def _is_night_worker(shifts: Sequence[Span], nights: Sequence[Span]) -> bool:
    """Nights are the normal course of somebody's work when they are a third of it, as a court in Belfast counted."""
    return len(nights) * 3 >= len(shifts)


def _health_checks(shifts: Sequence[Span], nights: Sequence[Span], terms: Terms, zone: ZoneInfo) -> Iterator[Finding]:
    """Every night for which no health assessment holds. The law asks for one of whoever works nights as a rule, so it
    stands against those; to others, and to volunteers, who are not workers in law, it is advice.
    """
    is_advice = terms.is_volunteer or not _is_night_worker(shifts, nights)
    until = terms.health_checked_until
    for span in nights:
        if until is None or until < span.starts_at.astimezone(zone).date():
            yield Finding(Rule.HEALTH_CHECK, NOTHING, NOTHING, (span,), is_advice=is_advice, held_until=until)


def _days_in_a_row(shifts: Sequence[Span], limits: Limits, zone: ZoneInfo) -> Iterator[Finding]:
    """A shift counts on the day on which it starts, as people count their own days."""
    run: list[Span] = []
    last: date | None = None
    days = 0
    for span in shifts:
        day = span.starts_at.astimezone(zone).date()
        if last is None or day > last + DAY:
            run, days = [], 0
        days += day != last
        run.append(span)
        last = day
        if days > limits.consecutive_days:
            yield Finding(Rule.CONSECUTIVE_DAYS, days * DAY, limits.consecutive_days * DAY, tuple(run))


def _week_by_week(weeks: _Weeks, rule: Rule, most: timedelta | None) -> Iterator[Finding]:
    for worked, shifts in zip(weeks.worked, weeks.shifts, strict=True):
        if most is not None and worked > most:
            yield Finding(rule, worked, most, tuple(shifts), is_advice=rule is Rule.CONTRACT)


def _break_due(span: Span, limits: Limits) -> Finding:
    return Finding(Rule.BREAK, limits.break_length, limits.break_length, (span,), is_advice=True)

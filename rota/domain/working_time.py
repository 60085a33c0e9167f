"""Whether a person may work like this: verdicts that say which rule of working time, by how much, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise, zip_longest
from zoneinfo import ZoneInfo

from rota.domain.rests import daily_rest, rest_owed, weekly_rest
from rota.domain.rules import DAY, NOTHING, WEEK, Finding, Limits, Rule, Terms, Verdict
from rota.domain.shifts import Span
from rota.domain.weeks import Weeks, wall_instant

FAR = timedelta(weeks=18)  # how far around a shift others can matter to a verdict: the reference period and a week


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
    weeks = Weeks(own, zone)
    short = [*daily_rest(own, limits), *weekly_rest(own, weeks, limits)]
    nights = [span for span in own if night_time(span, limits=limits, zone=zone) >= limits.night_work]
    found = [
        *_on_leave(own, leave),
        *short,
        *rest_owed(short, own),
        *_weekly_hours(weeks, leave, terms, limits),
        *_nights(own, nights, weeks, limits),
        *_health_checks(own, nights, terms, zone),
        *_days_in_a_row(own, limits, zone),
    ]
    for rule, most in ((Rule.OWN_CAP, terms.cap), (Rule.CONTRACT, terms.contract)):
        found += _week_by_week(weeks, rule, most)
    return found + [_break_due(span, limits) for span in own if span.length > limits.break_after]


def _overlap(proposed: Span, clashes: Iterable[Span]) -> timedelta:
    clipped = (proposed.clipped(span.starts_at, span.ends_at) for span in clashes)
    return sum((span.length for span in clipped if span), NOTHING)


def _on_leave(shifts: Sequence[Span], leave: Sequence[Span]) -> Iterator[Finding]:
    for away in leave:
        for span in shifts:
            if part := span.clipped(away.starts_at, away.ends_at):
                yield Finding(Rule.LEAVE, part.length, NOTHING, (span,))


def _weekly_hours(weeks: Weeks, leave: Sequence[Span], terms: Terms, limits: Limits) -> Iterator[Finding]:
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


def _reference_periods(weeks: Weeks, terms: Terms, limits: Limits) -> Iterator[tuple[int, int, int]]:
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


def _limited(weeks: Weeks, terms: Terms) -> list[tuple[int, int, int | None]]:
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


def _made_up(weeks: Weeks, first: int, days: int) -> timedelta:
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
        starts = max(span.starts_at, wall_instant(day, limits.night_starts, zone))
        ends = min(span.ends_at, wall_instant(day + DAY, limits.night_ends, zone))
        found += max(NOTHING, ends - starts)
        day += DAY
    return found


def _nights(shifts: Sequence[Span], nights: Sequence[Span], weeks: Weeks, limits: Limits) -> Iterator[Finding]:
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


def _week_by_week(weeks: Weeks, rule: Rule, most: timedelta | None) -> Iterator[Finding]:
    for worked, shifts in zip(weeks.worked, weeks.shifts, strict=True):
        if most is not None and worked > most:
            yield Finding(rule, worked, most, tuple(shifts), is_advice=rule is Rule.CONTRACT)


def _break_due(span: Span, limits: Limits) -> Finding:
    return Finding(Rule.BREAK, limits.break_length, limits.break_length, (span,), is_advice=True)

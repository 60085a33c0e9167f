"""What a shift would come to before it is saved: the rules it meets and the gaps it would leave; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.coverage import Segment
from rota.domain.shifts import Shift, Span, check_move, check_new, instant_of
from rota.domain.wording import finding_words
from rota.operations.judge import judge
from rota.operations.shifts import ShiftChangedMeanwhile, ShiftNotFound, check_person

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer."""

    against: tuple[str, ...]
    """Rules that a reason could override, and two shifts at once, which nothing does."""
    advice: tuple[str, ...]
    gaps_now: int
    """On the days that it touches."""
    gaps: tuple[Segment, ...]
    """Those that would be left on these days."""


def check_shift(
    session: Session,
    *,
    shift_id: int | None,
    version: int,
    counsellor_id: int,
    span: Span,
    zone: ZoneInfo,
    now: datetime,
) -> Checked:
    """For a new shift, or (with an id) for other times or another person.

    Raises ShiftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    old = queries.planned_shift(session, shift_id=shift_id) if shift_id is not None else None
    if shift_id is None:
        check_new(span, zone=zone, now=now)
    elif old is None:
        raise ShiftNotFound("This shift is not in the rota any more")
    elif old.version != version:
        raise ShiftChangedMeanwhile("Somebody else changed this shift while you had it open")
    else:
        check_move(old.span, span, zone=zone, same_person=old.counsellor_id == counsellor_id, now=now)
    person = check_person(queries.find_counsellor(session, counsellor_id=counsellor_id), span, zone)
    gone = [old.id] if old else []
    verdict = judge(session, person=person, span=span, zone=zone, besides=gone)
    limits = queries.limits_at(session, person.site)
    start, end = _days(min(old.span, span) if old else span, max(old.span, span) if old else span, zone)
    now_covered = queries.coverage(session, start=start, end=end, zone=zone)
    then_covered = queries.coverage_with(
        session, gone=gone, come=[Shift(person.id, span)], start=start, end=end, zone=zone
    )
    return Checked(
        against=tuple(finding_words(finding, limits, zone) for finding in verdict.against),
        advice=tuple(finding_words(finding, limits, zone) for finding in verdict.findings if finding.is_advice),
        gaps_now=len(now_covered.gaps),
        gaps=tuple(then_covered.gaps),
    )


def _days(first: Span, last: Span, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the midnight before one to the midnight after the other."""
    starts = first.starts_at.astimezone(zone).date()
    ends = max(first.ends_at, last.ends_at).astimezone(zone).date() + DAY
    return instant_of(starts, time(), zone), instant_of(ends, time(), zone)

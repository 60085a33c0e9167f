"""How many are on against how many are needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota.domain import coverage as cover_rules
from rota.domain.breaks import without_breaks
from rota.domain.coverage import Coverage
from rota.domain.presence import Absent, PresenceState, absent
from rota.domain.resolution import PersonSpan, anybody, resolve
from rota.domain.shifts import Shift, Span, whole_minute
from rota.models import CounsellorRow
from rota.queries.breaks import break_spans
from rota.queries.counsellors import abilities
from rota.queries.demand import minimums, requirements
from rota.queries.presence import LOOK_AHEAD, unbroken_until
from rota.queries.selects import counsellors_here
from rota.queries.shifts import published_shifts, resolved, spans_of

COVER_AHEAD = timedelta(days=8)  # a visitor is never offered a call later than this


@dataclass(frozen=True, slots=True)
class LiveCover:
    """Cover as it really is: whoever counts as absent is not there."""

    coverage: Coverage
    absent: tuple[tuple[str, Absent], ...]
    """Who is on shift now and counts as absent, by name, and why."""


def coverage(session: Session, *, start: datetime, end: datetime, zone: ZoneInfo) -> Coverage:
    """Need against published shifts, less their breaks, over [start, end); each day by the demand that it had."""
    return against_demand(session, on_duty(session, start=start, end=end), start=start, end=end, zone=zone)


def against_demand(
    session: Session, people: Sequence[PersonSpan], *, start: datetime, end: datetime, zone: ZoneInfo
) -> Coverage:
    """Need against these people over [start, end); each day by the demand that it had."""
    skills, languages = abilities(session)
    return cover_rules.cover(
        people,
        requirements(session),
        skills=skills,
        languages=languages,
        start=start,
        end=end,
        zone=zone,
        minimums=minimums(session),
    )


def on_duty(session: Session, *, start: datetime, end: datetime) -> list[PersonSpan]:
    """Everybody's cover inside [start, end), less their breaks."""
    return without_breaks(resolved(session, start=start, end=end), break_spans(session, start=start, end=end))


def coverage_with(
    session: Session, *, gone: Iterable[int], come: Iterable[Shift], start: datetime, end: datetime, zone: ZoneInfo
) -> Coverage:
    """Need against the shifts of [start, end) as they would be without some of them and with others."""
    own = spans_of(session, counsellor_ids=None, around=Span(start, end), besides=gone)
    shifts = [Shift(person, span) for person, spans in own.items() for span in spans]
    shifts += come
    people = without_breaks(resolve(shifts, start=start, end=end), break_spans(session, start=start, end=end))
    return against_demand(session, people, start=start, end=end, zone=zone)


def covered(session: Session, *, start: datetime, end: datetime) -> list[Span]:
    """The unbroken stretches of [start, end) in which at least one person is on."""
    return anybody(resolved(session, start=start, end=end))


def next_cover(session: Session, *, moment: datetime) -> Span | None:
    """The stretch in which somebody is on, now or next; None when nobody is on for the next eight days."""
    return next(iter(covered(session, start=moment, end=moment + COVER_AHEAD)), None)


def live_cover(session: Session, *, moment: datetime, until: datetime | None = None, zone: ZoneInfo) -> LiveCover:
    """Need against who is really there from this minute on, a day ahead unless `until` says more.

    A telephone that nobody checked is absent in every shift; two missed offers only until the cover at hand ends.
    """
    start, end = whole_minute(moment), until or whole_minute(moment) + LOOK_AHEAD
    here = unbroken_until(published_shifts(session, start=start, end=start + LOOK_AHEAD), start)
    people = session.scalars(counsellors_here(moment.date())).all()
    lacking = {row.id: _absent(row) for row in people}

    def is_there(span: PersonSpan) -> bool:
        why = lacking.get(span.counsellor_id)
        is_now = span.starts_at < here.get(span.counsellor_id, start)
        return why is None or (why is Absent.NOT_RESPONDING and not is_now)

    there = [span for span in on_duty(session, start=start, end=end) if is_there(span)]
    found = against_demand(session, there, start=start, end=end, zone=zone)
    names = ((row.staff.name, lacking[row.id]) for row in people if row.id in here)
    return LiveCover(found, tuple((name, why) for name, why in names if why is not None))


def _absent(row: CounsellorRow) -> Absent | None:
    return absent(state=PresenceState(row.presence.state), phone_verified=row.phone_verified_at is not None)

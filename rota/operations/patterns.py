"""Patterns of work: save them, say who takes turns, and fill a draft from one with a verdict for every shift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.filling import sift
from rota.domain.patterns import Dropped, PatternRefused, Rotation, Turn, fill
from rota.domain.rules import Finding, Site
from rota.domain.shifts import GRACE, Shift, Span
from rota.domain.working_time import FAR
from rota.models import (
    CounsellorRow,
    DraftRow,
    PatternKind,
    PatternRow,
    PatternSlotRow,
    PatternTurnRow,
    span_of,
)
from rota.operations import drafts
from rota.operations.drafts import DraftShift
from rota.operations.shifts import NobodySuch

LONGEST_NAME = 100  # characters
MOST_WEEKS = 53  # of a cycle
LONGEST_TURN = 366  # hours, days, weeks or months


class PatternNotFound(LookupError):
    """There is no such pattern (any more); show those that there are."""


class NameIsMissing(PatternRefused):
    """A pattern has a name to find it by."""

    field = "name"


class CycleRefused(PatternRefused):
    """A cycle is of one to 53 weeks, and begins on a Monday."""

    field = "weeks"


class TurnsRefused(PatternRefused):
    """Turns cannot follow each other like this; the message says what to change."""

    field = "people"


class SlotRefused(PatternRefused):
    """The grid has this line already, or no such week; enter another one."""

    field = "week"


class IntervalRefused(PatternRefused):
    """A turn lasts at least one hour, day, week or month."""

    field = "interval"


class WeekdaysMissing(PatternRefused):
    """Somebody works on at least one weekday; choose one."""

    field = "weekdays"


class NothingToFill(PatternRefused):
    """No shift of the pattern can be planned in these days."""


@dataclass(frozen=True, slots=True)
class Turns:
    """How a rotation goes round."""

    starts: time
    ends: time
    turn: Turn = Turn.DAY
    interval: int = 1
    weekdays: frozenset[int] = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A shift of a pattern that is not planned, and why: a rule, or what `why` says."""

    counsellor_id: int
    span: Span
    finding: Finding | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What filling from a pattern comes to; every shift of it is in one of these."""

    shifts: tuple[Shift, ...]
    """To be planned."""
    unfilled: tuple[Unfilled, ...]
    dropped: tuple[Dropped, ...]
    """The clocks skip these altogether."""
    there: int = 0
    """Planned already, just like this."""


@dataclass(slots=True)
class _Sorting:
    """The shifts of a pattern while they are being sorted out."""

    planned: dict[int, list[Span]] = field(default_factory=dict)
    unfilled: list[Unfilled] = field(default_factory=list)
    there: int = 0


GONE, PAST = "gone", "past"
"""Why a shift is not planned although no rule stands against it: the person will have left, or it has begun."""


def add_grid(session: Session, *, name: str, monday: date, weeks: int, by: int | None, now: datetime) -> PatternRow:
    """A cycle of weeks without a line yet. Raises NameIsMissing or CycleRefused."""
    if not 1 <= weeks <= MOST_WEEKS:
        raise CycleRefused(f"Enter a number of weeks from 1 to {MOST_WEEKS}")
    first_day = monday - timedelta(days=monday.weekday())
    row = PatternRow(name=_name(name), kind=PatternKind.GRID.value, first_day=first_day, weeks=weeks)
    return _add(session, row, by=by, now=now)


def add_rotation(
    session: Session,
    *,
    name: str,
    first_day: date,
    turns: Turns,
    groups: Sequence[Sequence[int]],
    by: int | None,
    now: datetime,
) -> PatternRow:
    """People who take turns, in order; those of one group work together. Raises NameIsMissing or TurnsRefused."""
    row = PatternRow(
        name=_name(name),
        kind=PatternKind.ROTATION.value,
        first_day=first_day,
        starts=turns.starts,
        ends=turns.ends,
        turn=turns.turn.value,
        interval=_interval(turns.interval),
        weekdays=sorted(turns.weekdays) or _no_weekday(),
        turns=_turns(groups),
    )
    return _add(session, row, by=by, now=now)


def change_people(
    session: Session,
    *,
    pattern_id: int,
    groups: Sequence[Sequence[int]],
    today: date,
    by: int | None,
    now: datetime,
) -> PatternRow:
    """Other people, or another order, from the next handover on: what was worked, and the turn at hand, stay.

    The pattern as it was ends there; the new one is the answer. Raises PatternNotFound or TurnsRefused.
    """
    row = find(session, pattern_id)
    old = row.as_pattern()
    if not isinstance(old, Rotation):
        raise TurnsRefused("A grid has lines, not turns. Change its lines")
    wanted = tuple(tuple(group) for group in groups if group)
    if not wanted:
        raise TurnsRefused("Enter at least one person")
    before = _told(row)
    if today < row.first_day:
        for turn in row.turns:
            session.delete(turn)
        session.flush()
        session.refresh(row)
        row.turns += _turns(wanted)
        session.flush()
        _note(session, "pattern_changed", row, before=before, by=by, now=now)
        return row
    ended, later = old.changed(wanted, today=today)
    row.until = ended.until
    session.flush()
    _note(session, "pattern_changed", row, before=before, by=by, now=now)
    new = PatternRow(
        name=row.name, kind=row.kind, first_day=later.first_day, starts=row.starts, ends=row.ends, turn=row.turn,
        interval=row.interval, weekdays=row.weekdays, month_day=later.month_day, turns=_turns(later.groups),
    )  # fmt: skip
    return _add(session, new, by=by, now=now)


def add_slots(
    session: Session,
    *,
    pattern_id: int,
    counsellor_id: int,
    week: int,
    weekdays: Iterable[int],
    starts: time,
    ends: time,
    by: int | None,
    now: datetime,
) -> PatternRow:
    """Give somebody the same hours on some weekdays of a week of the cycle; all of them or none.

    Raises PatternNotFound, NobodySuch, SlotRefused or WeekdaysMissing.
    """
    row = find(session, pattern_id)
    if queries.find_counsellor(session, counsellor_id=counsellor_id) is None:
        raise NobodySuch("Choose a counsellor from the list")
    if row.kind != PatternKind.GRID.value or not 0 <= week < row.weeks:
        raise SlotRefused(f"Enter a week from 1 to {row.weeks}")
    days = sorted(set(weekdays)) or _no_weekday()
    before = _told(row)
    try:
        with session.begin_nested():
            row.slots += [
                PatternSlotRow(counsellor_id=counsellor_id, week=week, weekday=day, starts=starts, ends=ends)
                for day in days
            ]
            session.flush()
    except IntegrityError as error:
        if isinstance(error.orig, UniqueViolation):
            raise SlotRefused("This person starts at that time on one of these days already") from None
        raise
    session.refresh(row)
    _note(session, "pattern_changed", row, before=before, by=by, now=now)
    return row


def remove_slot(session: Session, *, pattern_id: int, slot_id: int, by: int | None, now: datetime) -> PatternRow:
    """Take one line out of a grid; what was filled from it stays. Raises PatternNotFound."""
    row = find(session, pattern_id)
    before = _told(row)
    for slot in row.slots:
        if slot.id == slot_id:
            session.delete(slot)
    session.flush()
    session.refresh(row)
    _note(session, "pattern_changed", row, before=before, by=by, now=now)
    return row


def remove(session: Session, *, pattern_id: int, by: int | None, now: datetime) -> None:
    """Forget a pattern; what was filled from it stays. Raises PatternNotFound."""
    row = find(session, pattern_id)
    _note(session, "pattern_removed", row, before=_told(row), by=by, now=now)
    for part in (*row.slots, *row.turns):
        session.delete(part)
    session.flush()
    session.delete(row)
    session.flush()


def find(session: Session, pattern_id: int) -> PatternRow:
    """The pattern with this id, locked. Raises PatternNotFound."""
    row = queries.lock_pattern(session, pattern_id=pattern_id)
    if row is None:
        raise PatternNotFound("There is no such pattern")
    return row


def preview(
    session: Session,
    *,
    pattern_id: int,
    first_day: date,
    until: date,
    draft: DraftRow | None,
    zone: ZoneInfo,
    now: datetime,
) -> Preview:
    """Every shift of a pattern that starts on a day in [first_day, until), with a verdict each, beside the rota and
    a draft as they are. Raises PatternNotFound or a PatternRefused.
    """
    filled = fill(find(session, pattern_id).as_pattern(), first_day=first_day, until=until, zone=zone)
    if not filled.shifts:
        return Preview((), (), filled.dropped)
    ids = {shift.counsellor_id for shift in filled.shifts}
    people = {row.id: row for row in queries.people(session, ids=ids)}
    around = Span(filled.shifts[0].span.starts_at - FAR, max(each.span.ends_at for each in filled.shifts) + FAR)
    others = _others(session, ids, around, draft)
    found = _sorted_out(filled.shifts, people, others, zone=zone, now=now)
    away = queries.leave_spans(session, counsellor_ids=ids, around=around, zone=zone)
    in_force = queries.limits(session)
    shifts: list[Shift] = []
    for person, own in found.planned.items():
        row = people[person]
        sifted = sift(
            own,
            others.get(person, []),
            leave=away.get(person, []),
            terms=row.as_terms(),
            limits=in_force[Site(row.site)],
            zone=zone,
        )
        shifts += [Shift(person, span) for span in sifted.kept]
        found.unfilled += [Unfilled(person, span, finding) for span, finding in sifted.refused]
    by_start = sorted(shifts, key=lambda each: (each.span, each.counsellor_id))
    unfilled = sorted(found.unfilled, key=lambda each: (each.span, each.counsellor_id))
    return Preview(tuple(by_start), tuple(unfilled), filled.dropped, found.there)


def fill_draft(
    session: Session, *, pattern_id: int, first_day: date, until: date, zone: ZoneInfo, by: int | None, now: datetime
) -> tuple[DraftRow, Preview]:
    """Put every shift of a pattern against which nothing stands into the planner's draft, without any reason.

    Raises PatternNotFound, NothingToFill or another ShiftRefused.
    """
    draft = drafts.begin(session, by=by, now=now)
    found = preview(session, pattern_id=pattern_id, first_day=first_day, until=until, draft=draft, zone=zone, now=now)
    if not found.shifts:
        raise NothingToFill("No shift of this pattern can be planned in these days. Choose other days")
    changes = [DraftShift(None, 0, shift.counsellor_id, shift.span) for shift in found.shifts]
    return drafts.put(session, draft_id=draft.id, changes=changes, zone=zone, now=now), found


def _others(session: Session, ids: Iterable[int], around: Span, draft: DraftRow | None) -> dict[int, list[Span]]:
    """Everybody's shifts as they would be with the draft."""
    lines = draft.lines if draft else []
    touched = [line.shift_id for line in lines if line.shift_id is not None]
    own = queries.spans_of(session, counsellor_ids=ids, around=around, besides=touched)
    for line in lines:
        if line.counsellor_id is not None and line.during is not None:
            own.setdefault(line.counsellor_id, []).append(span_of(line.during))
    return own


def _sorted_out(
    shifts: Iterable[Shift],
    people: dict[int, CounsellorRow],
    others: dict[int, list[Span]],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> _Sorting:
    """By person, what is still to be judged; what is past, or of a leaver, or there already, is not."""
    found = _Sorting()
    there = {person: set(spans) for person, spans in others.items()}
    for shift in shifts:
        person, day = people[shift.counsellor_id], shift.span.starts_at.astimezone(zone).date()
        if shift.span in there.get(shift.counsellor_id, ()):
            found.there += 1
        elif shift.span.starts_at < now - GRACE:
            found.unfilled.append(Unfilled(shift.counsellor_id, shift.span, why=PAST))
        elif person.as_counsellor().has_left(today=day) or not person.staff.active:
            found.unfilled.append(Unfilled(shift.counsellor_id, shift.span, why=GONE))
        else:
            found.planned.setdefault(shift.counsellor_id, []).append(shift.span)
    return found


def _turns(groups: Sequence[Sequence[int]]) -> list[PatternTurnRow]:
    if not any(groups):
        raise TurnsRefused("Enter at least one person")
    return [
        PatternTurnRow(position=position, counsellor_id=person)
        for position, group in enumerate(groups)
        for person in dict.fromkeys(group)
    ]


def _interval(number: int) -> int:
    if not 1 <= number <= LONGEST_TURN:
        raise IntervalRefused(f"Enter a number from 1 to {LONGEST_TURN}")
    return number


def _no_weekday() -> list[int]:
    raise WeekdaysMissing("Choose at least one weekday")


def _name(typed: str) -> str:
    name = " ".join(typed.split())[:LONGEST_NAME]
    if not name:
        raise NameIsMissing("Enter a name, like Weekday evenings")
    return name


def _add(session: Session, row: PatternRow, *, by: int | None, now: datetime) -> PatternRow:
    row.made_at, row.made_by = now, by
    session.add(row)
    session.flush()
    _note(session, "pattern_added", row, before=None, by=by, now=now)
    return row


def _told(row: PatternRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "first_day": row.first_day.isoformat(),
        "until": row.until.isoformat() if row.until else None,
        "slots": [
            [slot.counsellor_id, slot.week, slot.weekday, f"{slot.starts:%H:%M}", f"{slot.ends:%H:%M}"]
            for slot in row.slots
        ],
        "turns": [[turn.position, turn.counsellor_id] for turn in row.turns],
    }


def _note(
    session: Session, action: str, row: PatternRow, *, before: dict[str, Any] | None, by: int | None, now: datetime
) -> None:
    after = None if action == "pattern_removed" else _told(row)
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="pattern",
        subject_id=row.id,
        before=before,
        after=after,
        now=now,
    )

"""Prepare changes of the rota; nothing of them is in force, and nobody is told, until they are published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from rota import queries
from rota.domain.publishing import PersonChange, difference
from rota.domain.shifts import Shift, ShiftIsOver, ShiftRefused, Span, check_move, check_new
from rota.models import CounsellorRow, DraftLineRow, DraftRow, ShiftRow, ShiftState, range_of, span_of
from rota.operations.judge_draft import judged, refuse_rules
from rota.operations.shifts import ShiftChangedMeanwhile, ShiftNotFound, check_person

MOST_LINES = 20_000  # changes in one draft: two hundred people for twelve weeks are 9,600


class DraftNotFound(LookupError):
    """There is no such draft (any more); show the rota as it is."""


class DraftClosed(ShiftRefused):
    """The draft was published or discarded; begin another one."""

    field = "draft"


class DraftFull(ShiftRefused):
    """The draft holds as much as anybody can look through; publish it, or begin another one."""

    field = "draft"


class LineNotFound(ShiftRefused):
    """This change is not in the draft any more; show the draft as it is."""

    field = "draft"


class NothingChanges(ShiftRefused):
    """The shift is like that already; ask for other times or another person."""

    field = "counsellor"


@dataclass(frozen=True, slots=True)
class DraftShift:
    """What a draft asks of one shift; `span` and `counsellor_id` are None for a removal."""

    shift_id: int | None
    version: int
    counsellor_id: int | None
    span: Span | None
    reason: str = ""
    line_id: int | None = None
    """The line that it takes the place of, when the draft has one already."""


def begin(session: Session, *, by: int | None, now: datetime) -> DraftRow:
    """The draft of this planner that is still open, or a new one; the database sees to it that there is one."""
    found = queries.open_draft(session, made_by=by)
    if found is not None:
        return found
    row = DraftRow(made_at=now, made_by=by)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        begun_meanwhile = queries.open_draft(session, made_by=by)
        if isinstance(error.orig, UniqueViolation) and begun_meanwhile is not None:
            return begun_meanwhile
        raise
    return row


def put(session: Session, *, draft_id: int, changes: Iterable[DraftShift], zone: ZoneInfo, now: datetime) -> DraftRow:
    """Add changes to a draft, or change those that it has of the same shifts; all of them or none.

    They are judged together with what the draft has already, and again when it is published. A shift that is to be as
    it is anyhow leaves the draft.
    Raises DraftNotFound, ShiftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    draft = still_open(session, draft_id)
    asked = list(changes)
    people = people_of(session, (change.counsellor_id for change in asked))
    seen = queries.lock_shifts(session, shift_ids=[change.shift_id for change in asked if change.shift_id is not None])
    lines = _Lines(draft.lines)
    as_before = [change for change in asked if _changes_nothing(change, seen)]
    for change in as_before:
        _take_out(session, lines.of(change))
    put_now = [
        _put(draft, change, people, seen, lines, zone=zone, now=now) for change in asked if change not in as_before
    ]
    session.add_all(put_now)
    session.flush()
    session.refresh(draft)
    if len(draft.lines) > MOST_LINES:
        raise DraftFull(f"A draft holds at most {MOST_LINES:,} changes. Publish it, or plan fewer days at once")
    refuse_rules(judged(session, draft, zone=zone, now=now), of=frozenset(line.id for line in put_now))
    return draft


def change_line(
    session: Session,
    *,
    draft_id: int,
    line_id: int,
    counsellor_id: int,
    span: Span,
    reason: str,
    zone: ZoneInfo,
    now: datetime,
) -> DraftRow:
    """Give a planned shift other times or another person: it stays the same line.

    Raises what `put` raises, or LineNotFound.
    """
    line = next((line for line in still_open(session, draft_id).lines if line.id == line_id), None)
    if line is None:
        raise LineNotFound("This change is not in the draft any more")
    change = DraftShift(line.shift_id, line.version, counsellor_id, span, reason, line_id)
    return put(session, draft_id=draft_id, changes=[change], zone=zone, now=now)


def drop(session: Session, *, draft_id: int, line_id: int) -> DraftRow:
    """Take one change out of a draft. Raises DraftNotFound or DraftClosed."""
    draft = still_open(session, draft_id)
    for line in list(draft.lines):
        if line.id == line_id:
            session.delete(line)
    session.flush()
    session.refresh(draft)
    return draft


def discard(session: Session, *, draft_id: int, now: datetime) -> None:
    """Throw a draft away; nothing of it ever was in force. Raises DraftNotFound or DraftClosed."""
    still_open(session, draft_id).discarded_at = now


def changes_of(draft: DraftRow) -> list[PersonChange]:
    """What a draft comes to for each person, and so what each would be told."""
    return difference(sides(draft.lines, before=True), sides(draft.lines, before=False))


def still_open(session: Session, draft_id: int) -> DraftRow:
    """A draft that can still be changed and published, locked. Raises DraftNotFound or DraftClosed."""
    draft = queries.lock_draft(session, draft_id=draft_id)
    if draft is None:
        raise DraftNotFound("There is no such draft")
    if not draft.is_open:
        raise DraftClosed("This draft was published or discarded already. Begin another one")
    return draft


def people_of(session: Session, ids: Iterable[int | None]) -> dict[int, CounsellorRow]:
    """Everybody whom a draft plans, locked before any shift: nobody else can plan for them meanwhile."""
    return queries.lock_counsellors(session, ids=[person for person in ids if person is not None])


def _changes_nothing(change: DraftShift, seen: dict[int, ShiftRow]) -> bool:
    if change.shift_id is None or change.span is None:
        return False
    row = _seen(seen, change)
    return (row.counsellor_id, row.span()) == (change.counsellor_id, change.span)


def _take_out(session: Session, line: DraftLineRow | None) -> None:
    if line is None:
        raise NothingChanges("This is how the shift is already. Enter other times or choose another person")
    session.delete(line)


class _Lines:
    """The lines of a draft, by what they are about."""

    def __init__(self, lines: Iterable[DraftLineRow]) -> None:
        self._by_id = {line.id: line for line in lines}
        self._by_shift = {line.shift_id: line for line in lines if line.shift_id is not None}

    def of(self, change: DraftShift) -> DraftLineRow | None:
        """The line that a change is to be written into, when there is one."""
        if change.line_id is not None:
            return self._by_id.get(change.line_id)
        return self._by_shift.get(change.shift_id) if change.shift_id is not None else None


def _put(
    draft: DraftRow,
    change: DraftShift,
    people: dict[int, CounsellorRow],
    seen: dict[int, ShiftRow],
    lines: _Lines,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> DraftLineRow:
    old = _seen(seen, change) if change.shift_id is not None else None
    if change.span and change.counsellor_id is not None:
        check_person(people.get(change.counsellor_id), change.span, zone)
        check_times(old, change, change.span, zone=zone, now=now)
    elif old and old.span().starts_at <= now:
        raise ShiftIsOver("This shift has begun. End it on the coverage page: that counts at once")
    line = lines.of(change) or DraftLineRow(draft_id=draft.id, shift_id=change.shift_id)
    line.counsellor_id = change.counsellor_id
    line.during = range_of(change.span) if change.span else None
    line.zone, line.reason, line.version = zone.key, change.reason.strip(), change.version
    line.before_counsellor_id, line.before = (old.counsellor_id, old.during) if old else (None, None)
    return line


def _seen(seen: dict[int, ShiftRow], change: DraftShift) -> ShiftRow:
    row = seen.get(change.shift_id) if change.shift_id is not None else None
    if row is None or row.state != ShiftState.PUBLISHED.value:
        raise ShiftNotFound("This shift is not in the rota any more")
    if row.version != change.version:
        raise ShiftChangedMeanwhile("Somebody else changed this shift while you had it open")
    return row


def check_times(old: ShiftRow | None, change: DraftShift, span: Span, *, zone: ZoneInfo, now: datetime) -> None:
    """Raises a ShiftRefused when a shift cannot be made, or moved, to these times."""
    if old is None:
        check_new(span, zone=zone, now=now)
    else:
        check_move(old.span(), span, zone=zone, same_person=old.counsellor_id == change.counsellor_id, now=now)


def sides(lines: Iterable[DraftLineRow], *, before: bool) -> list[Shift]:
    """The shifts of the lines as they were, or as they are to be."""
    found = [
        (line.before_counsellor_id, line.before) if before else (line.counsellor_id, line.during) for line in lines
    ]
    return [Shift(person, span_of(during)) for person, during in found if person is not None and during is not None]

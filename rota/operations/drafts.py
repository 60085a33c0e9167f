"""Prepare changes, look at what they come to for each person, publish them at once, and undo a publication exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg.errors import ExclusionViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.publishing import PersonChange, difference
from rota.domain.shifts import Shift, ShiftIsOver, ShiftRefused, Span, check_move, check_new
from rota.models import (
    CounsellorRow,
    DraftLineRow,
    DraftRow,
    ShiftRow,
    ShiftState,
    range_of,
    span_of,
)
from rota.operations.judge import accept
from rota.operations.shifts import AlreadyOnShift, ShiftChangedMeanwhile, ShiftNotFound, find_person, hand_over
from rota.operations.tell import change_words, tell

MOST_LINES = 2_000  # changes in one draft: two hundred people for two weeks


class DraftNotFound(LookupError):
    """There is no such draft (any more); show the rota as it is."""


class DraftClosed(ShiftRefused):
    """The draft was published or discarded; begin another one."""

    field = "draft"


class DraftFull(ShiftRefused):
    """The draft holds as much as anybody can look through; publish it, or begin another one."""

    field = "draft"


class CannotBeUndone(ShiftRefused):
    """A shift of the publication has begun or was changed since; change it by hand."""

    field = "draft"


@dataclass(frozen=True, slots=True)
class DraftShift:
    """What a draft asks of one shift; `span` and `counsellor_id` are None for a removal."""

    shift_id: int | None
    version: int
    counsellor_id: int | None
    span: Span | None
    reason: str = ""


def begin(session: Session, *, by: int | None, now: datetime) -> DraftRow:
    """The draft of this planner that is still open, or a new one."""
    found = queries.open_draft(session, made_by=by)
    if found is not None:
        return found
    row = DraftRow(made_at=now, made_by=by)
    session.add(row)
    session.flush()
    return row


def put(
    session: Session, *, draft_id: int, changes: Iterable[DraftShift], zone: ZoneInfo, by: int | None, now: datetime
) -> DraftRow:
    """Add changes to a draft, or change those that it has of the same shifts; all of them or none.

    Raises DraftNotFound, ShiftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    draft = _open(session, draft_id)
    for change in changes:
        _put(session, draft, change, zone=zone, by=by, now=now)
    session.flush()
    session.refresh(draft)
    if len(draft.lines) > MOST_LINES:
        raise DraftFull(f"A draft holds at most {MOST_LINES:,} changes. Publish it, or plan fewer days at once")
    return draft


def drop(session: Session, *, draft_id: int, line_id: int) -> DraftRow:
    """Take one change out of a draft. Raises DraftNotFound or DraftClosed."""
    draft = _open(session, draft_id)
    for line in list(draft.lines):
        if line.id == line_id:
            session.delete(line)
    session.flush()
    session.refresh(draft)
    return draft


def discard(session: Session, *, draft_id: int, now: datetime) -> None:
    """Throw a draft away; nothing of it ever was in force. Raises DraftNotFound or DraftClosed."""
    _open(session, draft_id).discarded_at = now


def changes_of(draft: DraftRow) -> list[PersonChange]:
    """What a draft comes to for each person, and so what each would be told."""
    return difference(_sides(draft.lines, before=True), _sides(draft.lines, before=False))


def publish(session: Session, *, draft_id: int, zone: ZoneInfo, by: int | None, now: datetime) -> list[PersonChange]:
    """Put a draft into force as a whole or not at all; each person whose shifts changed is told once.

    Raises DraftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    draft = _open(session, draft_id)
    rows = {line.id: _still_the_same(session, line, zone=zone, now=now) for line in draft.lines}
    changes = changes_of(draft)
    with _one_shift_at_once():
        _out_of_the_way(session, [row for row in rows.values() if row])
        for line in draft.lines:
            _apply(session, line, rows[line.id], by=by, now=now)
    draft.published_at, draft.published_by = now, by
    _note(session, "draft_published", draft, by=by, now=now)
    _tell(session, draft, changes, kind="published", zone=zone, now=now)
    return changes


def undo(session: Session, *, draft_id: int, zone: ZoneInfo, by: int | None, now: datetime) -> list[PersonChange]:
    """Make the rota exactly as it was before a publication; those who were told are told again.

    Raises DraftNotFound or CannotBeUndone.
    """
    draft = queries.lock_draft(session, draft_id=draft_id)
    if draft is None:
        raise DraftNotFound("There is no such draft")
    if draft.published_at is None or draft.undone_at is not None:
        raise CannotBeUndone("This was never published, or is undone already")
    rows = {line.id: _as_published(session, line, now=now) for line in draft.lines}
    changes = difference(_sides(draft.lines, before=False), _sides(draft.lines, before=True))
    with _one_shift_at_once():
        _out_of_the_way(session, list(rows.values()))
        for line in draft.lines:
            _restore(session, line, rows[line.id], now=now)
    draft.undone_at = now
    _note(session, "publication_undone", draft, by=by, now=now)
    _tell(session, draft, changes, kind="undone", zone=zone, now=now)
    return changes


def _open(session: Session, draft_id: int) -> DraftRow:
    draft = queries.lock_draft(session, draft_id=draft_id)
    if draft is None:
        raise DraftNotFound("There is no such draft")
    if not draft.is_open:
        raise DraftClosed("This draft was published or discarded already. Begin another one")
    return draft


def _put(
    session: Session, draft: DraftRow, change: DraftShift, *, zone: ZoneInfo, by: int | None, now: datetime
) -> None:
    old = _seen(session, change) if change.shift_id is not None else None
    if change.span and change.counsellor_id is not None:
        person = find_person(session, change.counsellor_id, change.span, zone)
        _check(old, change, change.span, zone=zone, now=now)
        besides = [line.shift_id for line in draft.lines if line.shift_id is not None]
        if old:
            besides.append(old.id)
        accept(
            session, person=person, span=change.span, besides=besides, reason=change.reason, zone=zone, by=by, now=now
        )
    elif old and old.span().starts_at <= now:
        raise ShiftIsOver("This shift has begun. End it on the coverage page: that counts at once")
    line = next((each for each in draft.lines if old and each.shift_id == old.id), None) or DraftLineRow(
        draft_id=draft.id, shift_id=change.shift_id
    )
    line.counsellor_id = change.counsellor_id
    line.during = range_of(change.span) if change.span else None
    line.zone, line.reason, line.version = zone.key, change.reason, change.version
    line.before_counsellor_id, line.before = (old.counsellor_id, old.during) if old else (None, None)
    session.add(line)
    session.flush()


def _seen(session: Session, change: DraftShift) -> ShiftRow:
    row = session.get(ShiftRow, change.shift_id)
    if row is None or row.state != ShiftState.PUBLISHED.value:
        raise ShiftNotFound("This shift is not in the rota any more")
    if row.version != change.version:
        raise ShiftChangedMeanwhile("Somebody else changed this shift while you had it open")
    return row


def _check(old: ShiftRow | None, change: DraftShift, span: Span, *, zone: ZoneInfo, now: datetime) -> None:
    if old is None:
        check_new(span, zone=zone, now=now)
    else:
        check_move(old.span(), span, zone=zone, same_person=old.counsellor_id == change.counsellor_id, now=now)


def _sides(lines: Iterable[DraftLineRow], *, before: bool) -> list[Shift]:
    """The shifts of the lines as they were, or as they are to be."""
    sides = [
        (line.before_counsellor_id, line.before) if before else (line.counsellor_id, line.during) for line in lines
    ]
    return [Shift(person, span_of(during)) for person, during in sides if person is not None and during is not None]


def _still_the_same(session: Session, line: DraftLineRow, *, zone: ZoneInfo, now: datetime) -> ShiftRow | None:
    """The published shift of a line, locked, as the planner saw it; None for a new one. The clock is asked again."""
    row = queries.lock_shift(session, shift_id=line.shift_id) if line.shift_id is not None else None
    if line.shift_id is not None and (
        row is None or row.version != line.version or row.state != ShiftState.PUBLISHED.value
    ):
        raise ShiftChangedMeanwhile("Somebody else changed a shift of this draft. Look at it again")
    if line.during is not None and line.counsellor_id is not None:
        change = DraftShift(line.shift_id, line.version, line.counsellor_id, span_of(line.during))
        _check(row, change, span_of(line.during), zone=zone, now=now)
        find_person(session, line.counsellor_id, span_of(line.during), zone)
    elif row is not None and row.span().starts_at <= now:
        raise ShiftIsOver("A shift that this draft removes has begun. Take it out of the draft")
    return row


def _out_of_the_way(session: Session, rows: Iterable[ShiftRow]) -> None:
    """Two shifts that change places would stand in each other's way for a moment: none counts until all are placed."""
    for row in rows:
        row.state = ShiftState.REMOVED.value
    session.flush()


def _apply(session: Session, line: DraftLineRow, row: ShiftRow | None, *, by: int | None, now: datetime) -> None:
    if line.during is not None and line.counsellor_id is not None:
        if row is None:
            row = ShiftRow(zone=line.zone, published_at=now, created_at=now, created_by=by)
            row.state, row.counsellor_id, row.during = ShiftState.PUBLISHED.value, line.counsellor_id, line.during
            session.add(row)
        else:
            hand_over(session, row, to=line.counsellor_id, now=now)
            row.state, row.counsellor_id, row.during = ShiftState.PUBLISHED.value, line.counsellor_id, line.during
            row.zone = line.zone
            row.note_change(now)
    elif row is not None:
        row.note_change(now)
    session.flush()
    if row is not None:
        line.shift_id, line.version = row.id, row.version


def _as_published(session: Session, line: DraftLineRow, *, now: datetime) -> ShiftRow:
    row = queries.lock_shift(session, shift_id=line.shift_id) if line.shift_id is not None else None
    if row is None or row.version != line.version:
        raise CannotBeUndone("A shift of this publication was changed since. Change the rota by hand")
    sides = [span_of(during) for during in (line.before, line.during) if during is not None]
    if any(span.starts_at <= now for span in sides):
        raise CannotBeUndone("A shift of this publication has begun. Change the rota by hand")
    return row


def _restore(session: Session, line: DraftLineRow, row: ShiftRow, *, now: datetime) -> None:
    if line.before is not None and line.before_counsellor_id is not None:
        hand_over(session, row, to=line.before_counsellor_id, now=now)
        row.state, row.counsellor_id, row.during = ShiftState.PUBLISHED.value, line.before_counsellor_id, line.before
    row.note_change(now)
    session.flush()


@contextmanager
def _one_shift_at_once() -> Iterator[None]:
    """The database decides; the whole transaction is then rolled back by its edge, so nothing is half published."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            raise AlreadyOnShift(
                "Somebody in this draft has another shift at that time by now. Look at the draft again"
            ) from None
        raise


def _tell(
    session: Session,
    draft: DraftRow,
    changes: Iterable[PersonChange],
    *,
    kind: str,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    for change in changes:
        person = session.get_one(CounsellorRow, change.counsellor_id)
        last = max(span.ends_at for span in (*change.gained, *change.lost))
        tell(
            session,
            person=person,
            body=change_words(change, zone),
            reason_key=f"rota_{kind}:{draft.id}:{person.id}",
            give_up_at=min(last, now + timedelta(hours=12)),
            now=now,
        )


def _note(session: Session, action: str, draft: DraftRow, *, by: int | None, now: datetime) -> None:
    lines = [
        {"shift_id": line.shift_id, "before": _told(line.before_counsellor_id, line.before),
         "after": _told(line.counsellor_id, line.during), "reason": line.reason}
        for line in draft.lines
    ]  # fmt: skip
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="draft",
        subject_id=draft.id,
        after={"lines": lines},
        now=now,
    )


def _told(counsellor_id: int | None, during: object) -> dict[str, object] | None:
    return None if counsellor_id is None else {"counsellor_id": counsellor_id, "during": str(during)}

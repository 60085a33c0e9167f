"""Add, move and remove a published shift; the database itself refuses two shifts at once for one person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.orm import Session

from rota import queries
from rota.domain.shifts import Shift, ShiftHasBegun, ShiftIsOver, ShiftRefused, Span, check_move, check_new
from rota.models import CounsellorRow, HandedOverRow, ShiftRow, ShiftState, range_of, span_of
from rota.operations.judge import accept
from rota.operations.note_that import note_that
from rota.operations.overlap import refusing_overlap
from rota.operations.tell import tell_changed

PLANNED_AHEAD = timedelta(days=3660)  # nobody's rota is planned further ahead than ten years


class AlreadyOnShift(ShiftRefused):
    """The person has another published shift at that time; choose another person or time."""

    field = "counsellor"


class NobodySuch(ShiftRefused):
    """There is no such counsellor; choose one from the list."""

    field = "counsellor"


class PersonHasLeft(ShiftRefused):
    """The person will have left by then; choose somebody else."""

    field = "counsellor"


class OutsideTheShift(ShiftRefused):
    """The time does not lie inside the shift; ask for one that does."""

    field = "at"


class ShiftNotFound(LookupError):
    """There is no such published shift (any more); show the rota as it is now."""


class ShiftChangedMeanwhile(Exception):
    """Somebody else changed this shift after the page was opened; show it as it is now and ask again."""


def add_shift(
    session: Session,
    *,
    counsellor_id: int,
    span: Span,
    reason: str = "",
    tells: bool = True,
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> ShiftRow:
    """Publish a shift for somebody, who is told by text unless `tells` is false because the caller tells them;
    `reason` overrides a working-time rule, and is journalled.

    Raises a ShiftRefused that says what to change.
    """
    check_new(span, zone=zone, now=now)
    person = find_person(session, counsellor_id, span, zone)
    accept(session, person=person, span=span, reason=reason, zone=zone, by=by, now=now)
    shift = ShiftRow(
        counsellor=person,
        during=range_of(span),
        zone=zone.key,
        state=ShiftState.PUBLISHED.value,
        published_at=now,
        created_at=now,
        created_by=by,
    )
    with one_shift_at_once(session, person):
        session.add(shift)
        session.flush()
    note_that(session, "shift_added", ("shift", shift.id), before=None, after=_told(person.id, span), by=by, now=now)
    if tells:
        _tell(session, shift, [], [shift.as_shift()], now=now)
    return shift


def move_shift(
    session: Session,
    *,
    shift_id: int,
    counsellor_id: int,
    span: Span,
    version: int,
    reason: str = "",
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> ShiftRow:
    """Give a shift other times or another person. `version` is the one that the person who decided has seen;
    `reason` overrides a working-time rule, and is journalled.

    Raises ShiftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    person = find_person(session, counsellor_id, span, zone)
    shift = _published(session, shift_id, version)
    was, old = shift.as_shift(), shift.span()
    check_move(old, span, zone=zone, same_person=shift.counsellor_id == counsellor_id, now=now)
    accept(session, person=person, span=span, besides=[shift.id], reason=reason, zone=zone, by=by, now=now)
    before = _told(shift.counsellor_id, old)
    hand_over(session, shift, to=person.id, now=now)
    with one_shift_at_once(session, person):
        shift.counsellor, shift.during, shift.zone = person, range_of(span), zone.key
        shift.note_change(now)
        session.flush()
    note_that(session, "shift_moved", ("shift", shift.id), before=before, after=_told(person.id, span), by=by, now=now)
    _tell(session, shift, [was], [shift.as_shift()], now=now)
    return shift


def hand_over(session: Session, shift: ShiftRow, *, to: int, now: datetime) -> None:
    """Before a shift gets another person: remember whose it was, so that their calendar can show it as cancelled."""
    session.execute(delete(HandedOverRow).where(HandedOverRow.shift_id == shift.id, HandedOverRow.counsellor_id == to))
    if shift.counsellor_id != to:
        row = HandedOverRow(
            shift_id=shift.id,
            counsellor_id=shift.counsellor_id,
            during=shift.during,
            version=shift.version + 1,
            at=now,
        )
        session.merge(row)


def split_shift(
    session: Session, *, shift_id: int, at: datetime, version: int, by: int | None, now: datetime
) -> tuple[ShiftRow, ShiftRow]:
    """Cut a coming shift in two that touch, for the same person: nobody's minutes change.

    Raises ShiftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    shift = _published(session, shift_id, version)
    old = shift.span()
    if old.starts_at <= now:
        raise ShiftHasBegun("This shift has begun. Only a shift that has not can be cut in two")
    if not old.starts_at < at < old.ends_at:
        raise OutsideTheShift("Enter a time inside the shift")
    first, second = Span(old.starts_at, at), Span(at, old.ends_at)
    pieces = [Shift(shift.counsellor_id, first), Shift(shift.counsellor_id, second)]
    (made,) = cut(session, shift, pieces, by=by, now=now)
    later = session.get_one(ShiftRow, made)
    before, after = _told(shift.counsellor_id, old), _told(shift.counsellor_id, first)
    note_that(
        session, "shift_split", ("shift", shift.id), before=before, after=after | {"later": later.id}, by=by, now=now
    )
    return shift, later


def remove_shift(
    session: Session, *, shift_id: int, version: int, tells: bool = True, by: int | None, now: datetime
) -> ShiftRow:
    """Take a shift out of force; one that is running ends now, because what was worked is never rewritten.

    Its owner is told by text unless `tells` is false because the caller tells them.
    Raises ShiftNotFound, ShiftChangedMeanwhile or ShiftIsOver.
    """
    shift = _published(session, shift_id, version)
    was, old = shift.as_shift(), shift.span()
    minute = now.replace(second=0, microsecond=0)
    if old.ends_at <= now:
        raise ShiftIsOver("This shift is over. What was worked is never changed")
    worked = [Shift(was.counsellor_id, Span(old.starts_at, minute))] if old.starts_at < minute else []
    cut(session, shift, worked, by=by, now=now)
    after = _told(was.counsellor_id, worked[0].span) if worked else None
    note_that(
        session, "shift_removed", ("shift", shift.id), before=_told(was.counsellor_id, old), after=after, by=by, now=now
    )
    if tells:
        _tell(session, shift, [was], worked, now=now)
    return shift


def cut(session: Session, shift: ShiftRow, pieces: Sequence[Shift], *, by: int | None, now: datetime) -> list[int]:
    """Make the row the first of the pieces and new rows of the others, whose ids are the answer; with no piece left,
    it is out of force. A break goes with the piece that contains it. The caller has locked the row, and tells whom it
    concerns.
    """
    shift.note_change(now)
    if not pieces:
        shift.state = ShiftState.REMOVED.value
        session.flush()
        return []
    first, *others = pieces
    hand_over(session, shift, to=first.counsellor_id, now=now)
    shift.during, shift.counsellor_id = range_of(first.span), first.counsellor_id
    session.flush()
    made = [
        ShiftRow(
            counsellor_id=piece.counsellor_id,
            during=range_of(piece.span),
            zone=shift.zone,
            state=ShiftState.PUBLISHED.value,
            published_at=now,
            created_at=now,
            created_by=by,
        )
        for piece in others
    ]
    session.add_all(made)
    session.flush()
    _share_breaks(session, shift, made)
    return [row.id for row in made]


def _share_breaks(session: Session, shift: ShiftRow, made: Sequence[ShiftRow]) -> None:
    """One that a cut goes through stays where it begins; one that no piece reaches stays, and counts for nothing."""
    for each in queries.break_rows(session, shift_ids=[shift.id]):
        span = span_of(each.during)
        whole = next((row for row in made if _contains(row.span(), span)), None)
        begins = next((row for row in made if row.span().covers(span.starts_at)), None)
        if to := whole or begins:
            each.shift_id = to.id
    session.flush()


def _contains(outer: Span, inner: Span) -> bool:
    return outer.starts_at <= inner.starts_at and inner.ends_at <= outer.ends_at


def vacate(session: Session, *, counsellor_id: int, start: datetime, by: int | None, now: datetime) -> int:
    """Remove every shift of somebody that starts from `start` on; the number removed. A shift at hand is finished.

    However many there are, the person hears once.
    """
    first = max(start, now)
    shifts = queries.rostered(session, start=first, end=first + PLANNED_AHEAD, counsellor_id=counsellor_id)
    later = [shift for shift in shifts if shift.starts_at >= first]
    rows = [
        remove_shift(session, shift_id=shift.id, version=shift.version, tells=False, by=by, now=now) for shift in later
    ]
    if rows:
        _tell(session, rows[0], [Shift(counsellor_id, shift.span) for shift in later], [], now=now)
    return len(later)


def _published(session: Session, shift_id: int, version: int) -> ShiftRow:
    shift = queries.lock_shift(session, shift_id=shift_id)
    if shift is None or shift.state != ShiftState.PUBLISHED.value:
        raise ShiftNotFound("This shift is not in the rota any more")
    if shift.version != version:
        raise ShiftChangedMeanwhile("Somebody else changed this shift while you had it open")
    return shift


def find_person(session: Session, counsellor_id: int, span: Span, zone: ZoneInfo) -> CounsellorRow:
    """Somebody who can be given this shift, locked: nobody else can plan for them until this is decided.

    Raises NobodySuch or PersonHasLeft.
    """
    return check_person(queries.lock_counsellors(session, ids=[counsellor_id]).get(counsellor_id), span, zone)


def check_person(person: CounsellorRow | None, span: Span, zone: ZoneInfo) -> CounsellorRow:
    """Somebody who works here when this shift begins. Raises NobodySuch or PersonHasLeft."""
    if person is None:
        raise NobodySuch("Choose a counsellor from the list")
    if person.as_counsellor().has_left(today=span.starts_at.astimezone(zone).date()) or not person.staff.active:
        raise PersonHasLeft(f"{person.staff.name} will have left by then. Choose somebody else")
    return person


@contextmanager
def one_shift_at_once(session: Session, person: CounsellorRow) -> Iterator[None]:
    """Say in words what the exclusion constraint refuses; it decides also when two supervisors act at once."""
    name = person.staff.name
    refused = AlreadyOnShift(f"{name} already has a shift at that time. Choose another time or person")
    with refusing_overlap(refused), session.begin_nested():
        yield


def _tell(session: Session, shift: ShiftRow, before: Iterable[Shift], after: Iterable[Shift], *, now: datetime) -> None:
    reason = f"rota_shift:{shift.id}.{shift.version}"
    tell_changed(session, before, after, reason=reason, zone=ZoneInfo(shift.zone), now=now)


def note_shift(
    session: Session,
    action: str,
    shift: ShiftRow,
    *,
    before: Shift | None,
    after: Shift | None,
    by: int | None,
    now: datetime,
) -> None:
    """Keep in the journal what a shift was and has become."""
    sides = [_told(side.counsellor_id, side.span) if side else None for side in (before, after)]
    note_that(session, action, ("shift", shift.id), before=sides[0], after=sides[1], by=by, now=now)


def _told(counsellor_id: int, span: Span) -> dict[str, Any]:
    return {
        "counsellor_id": counsellor_id,
        "starts_at": span.starts_at.isoformat(),
        "ends_at": span.ends_at.isoformat(),
    }

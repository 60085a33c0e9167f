"""Somebody stands in for somebody, or nobody does, for exactly the minutes for which they would have been on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.changes import Remove, Replace, applied, has_effect
from rota.domain.rules import Verdict
from rota.domain.shifts import Shift, ShiftRefused, Span, whole_minute
from rota.models import CounsellorRow, ShiftRow, ShiftState
from rota.operations.judge import judge_together, override
from rota.operations.shifts import check_person, cut, note_shift, one_shift_at_once
from rota.operations.tell import tell_changed


class NoEffect(ShiftRefused):
    """Nobody's minutes would change: the person is not on then; choose another person or time."""

    field = "absent"


class SamePerson(ShiftRefused):
    """Nobody stands in for themselves; choose somebody else, or nobody."""

    field = "counsellor"


def stand_in(
    session: Session,
    *,
    absent_id: int,
    by_id: int | None,
    span: Span,
    reason: str = "",
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> list[Shift]:
    """Replace somebody inside a stretch by somebody else, or with `by_id` None by nobody; what each has then.

    What was worked stays. A replacement for somebody who is not on has no effect and fills no gap: it is refused, and
    says so. Both are told. Raises NoEffect, SamePerson, RuleStandsAgainst, AlreadyOnShift or another ShiftRefused.
    """
    if by_id == absent_id:
        raise SamePerson("Choose somebody else to stand in, or nobody")
    people = queries.lock_counsellors(session, ids=[each for each in (absent_id, by_id) if each is not None])
    still = span.clipped(whole_minute(now), span.ends_at) if span.ends_at > whole_minute(now) else None
    rows = _rows(session, absent_id, still) if still else []
    before = [row.as_shift() for row in rows]
    if still is None or absent_id not in people:
        raise NoEffect("This time is over, and the past is never rewritten. Enter a later end")
    change = Remove(absent_id, still) if by_id is None else Replace(absent_id, by_id, still)
    if not has_effect(before, change):
        name = people[absent_id].staff.name
        raise NoEffect(f"{name} is not on in this time, so this would have no effect. Choose another time or person")
    after = sorted(applied(before, [change]), key=lambda each: each.span)
    taker = None
    if by_id is not None:
        gained = [each.span for each in after if each.counsellor_id == by_id]
        taker = check_person(people.get(by_id), gained[0], zone)
        _accept(session, taker, gained, [row.id for row in rows], reason=reason, zone=zone, by=by, now=now)
    with one_shift_at_once(session, taker or people[absent_id]):
        _write(session, rows, change, by=by, now=now)
    reason_key = f"rota_stand_in:{rows[0].id}.{rows[0].version}"
    tell_changed(session, before, after, reason=reason_key, zone=zone, now=now)
    return after


def _rows(session: Session, absent_id: int, span: Span) -> list[ShiftRow]:
    found = queries.rostered(session, start=span.starts_at, end=span.ends_at, counsellor_id=absent_id)
    rows = queries.lock_shifts(session, shift_ids=[shift.id for shift in found]).values()
    return [row for row in rows if row.state == ShiftState.PUBLISHED.value and row.counsellor_id == absent_id]


def _accept(
    session: Session,
    person: CounsellorRow,
    spans: Sequence[Span],
    gone: Sequence[int],
    *,
    reason: str,
    zone: ZoneInfo,
    by: int | None,
    now: datetime,
) -> None:
    """All parts judged together. Two shifts at once are left to the database, which no reason moves."""
    found = judge_together(session, people={person.id: person}, gone=gone, planned={person.id: spans}, zone=zone)
    override(session, Verdict(found.get(person.id, ())), person=person, reason=reason, zone=zone, by=by, now=now)


def _write(
    session: Session, rows: Sequence[ShiftRow], change: Remove | Replace, *, by: int | None, now: datetime
) -> None:
    for row in rows:
        was = row.as_shift()
        pieces = sorted(applied([was], [change]), key=lambda each: each.span)
        cut(session, row, pieces, by=by, now=now)
        note_shift(session, "shift_handed_over", row, before=was, after=pieces[0] if pieces else None, by=by, now=now)

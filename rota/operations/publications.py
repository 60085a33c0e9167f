"""Publish a draft as a whole, and undo a publication exactly; each person whose shifts changed is told once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.publishing import PersonChange, difference
from rota.domain.shifts import ShiftIsOver, ShiftRefused
from rota.models import CounsellorRow, DraftLineRow, DraftRow, ShiftRow, ShiftState, span_of
from rota.operations import carry_breaks
from rota.operations.drafts import DraftNotFound, DraftShift, changes_of, check_times, people_of, sides, still_open
from rota.operations.into_force import apply, restore
from rota.operations.judge import note_override
from rota.operations.judge_draft import Broken, broken_by_undoing, judged, refuse_rules
from rota.operations.overlap import refusing_overlap
from rota.operations.shifts import AlreadyOnShift, ShiftChangedMeanwhile, check_person
from rota.operations.tell import tell_changes


class CannotBeUndone(ShiftRefused):
    """A shift of the publication has begun or was changed since; change it by hand."""

    field = "draft"


def publish(session: Session, *, draft_id: int, zone: ZoneInfo, by: int | None, now: datetime) -> list[PersonChange]:
    """Put a draft into force as a whole or not at all; each person whose shifts changed is told once.

    Raises DraftNotFound, ShiftChangedMeanwhile, or a ShiftRefused that says what to change.
    """
    draft = still_open(session, draft_id)
    people = people_of(session, (line.counsellor_id for line in draft.lines))
    rows = queries.lock_shifts(session, shift_ids=draft.shift_ids)
    for line in draft.lines:
        _still_the_same(line, people, rows, zone=zone, now=now)
    broken = judged(session, draft, zone=zone, now=now)
    refuse_rules(broken)
    changes = changes_of(draft)
    with _one_shift_at_once():
        apply(session, draft, rows, by=by, now=now)
    carry_breaks.carry(session, draft)
    draft.published_at, draft.published_by = now, by
    _note(session, "draft_published", draft, by=by, now=now)
    _note_overrides(session, broken, people, by=by, now=now)
    tell_changes(session, changes, reason=f"rota_published:{draft.id}", zone=zone, now=now)
    return changes


def undo(
    session: Session, *, draft_id: int, reason: str = "", zone: ZoneInfo, by: int | None, now: datetime
) -> list[PersonChange]:
    """Make the rota exactly as it was before a publication; those who were told are told again.

    Leave or a departure that was decided since stands against it; `reason` overrides any other rule.
    Raises DraftNotFound, CannotBeUndone or RulesStandAgainstDraft.
    """
    draft = queries.lock_draft(session, draft_id=draft_id)
    if draft is None:
        raise DraftNotFound("There is no such draft")
    if draft.published_at is None or draft.undone_at is not None:
        raise CannotBeUndone("This was never published, or is undone already")
    people = people_of(session, (line.before_counsellor_id for line in draft.lines))
    rows = queries.lock_shifts(session, shift_ids=draft.shift_ids)
    for line in draft.lines:
        _as_published(line, people, rows, zone=zone, now=now)
    changes = difference(sides(draft.lines, before=False), sides(draft.lines, before=True))
    broken = broken_by_undoing(session, draft, people, reason=reason, zone=zone)
    refuse_rules(broken)
    with _one_shift_at_once():
        restore(session, draft, rows, now=now)
    carry_breaks.leave_again(session, draft)
    draft.undone_at = now
    _note(session, "publication_undone", draft, by=by, now=now)
    _note_overrides(session, broken, people, by=by, now=now)
    tell_changes(session, changes, reason=f"rota_undone:{draft.id}", zone=zone, now=now)
    return changes


def _note_overrides(
    session: Session, broken: Iterable[Broken], people: dict[int, CounsellorRow], *, by: int | None, now: datetime
) -> None:
    for each in broken:
        if not each.finding.is_advice:
            note_override(
                session,
                person=people[each.counsellor_id],
                findings=[each.finding],
                words=[each.words],
                reason=each.reason,
                by=by,
                now=now,
            )


def _still_the_same(
    line: DraftLineRow, people: dict[int, CounsellorRow], rows: dict[int, ShiftRow], *, zone: ZoneInfo, now: datetime
) -> None:
    """Refuses a line of which the published shift is not as the planner saw it; the clock is asked again."""
    row = rows.get(line.shift_id) if line.shift_id is not None else None
    if line.shift_id is not None and (
        row is None or row.version != line.version or row.state != ShiftState.PUBLISHED.value
    ):
        raise ShiftChangedMeanwhile("Somebody else changed a shift of this draft. Look at it again")
    if line.during is not None and line.counsellor_id is not None:
        change = DraftShift(line.shift_id, line.version, line.counsellor_id, span_of(line.during))
        check_times(row, change, span_of(line.during), zone=zone, now=now)
        check_person(people.get(line.counsellor_id), span_of(line.during), zone)
    elif row is not None and row.span().starts_at <= now:
        raise ShiftIsOver("A shift that this draft removes has begun. Take it out of the draft")


def _as_published(
    line: DraftLineRow, people: dict[int, CounsellorRow], rows: dict[int, ShiftRow], *, zone: ZoneInfo, now: datetime
) -> None:
    """Refuses a line of which the shift is not as publishing left it, or has begun, or would go to a leaver."""
    row = rows.get(line.shift_id) if line.shift_id is not None else None
    if row is None or row.version != line.version:
        raise CannotBeUndone("A shift of this publication was changed since. Change the rota by hand")
    sides = [span_of(during) for during in (line.before, line.during) if during is not None]
    if any(span.starts_at <= now for span in sides):
        raise CannotBeUndone("A shift of this publication has begun. Change the rota by hand")
    if line.before is not None and line.before_counsellor_id is not None:
        check_person(people.get(line.before_counsellor_id), span_of(line.before), zone)


def _one_shift_at_once() -> AbstractContextManager[None]:
    """The database decides; the whole transaction is then rolled back by its edge, so nothing is half published."""
    words = "Somebody in this draft has another shift at that time by now. Look at the draft again"
    return refusing_overlap(AlreadyOnShift(words))


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

"""Prepare changes, look at what they come to for each person, publish them at once, and undo a publication exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg.errors import ExclusionViolation, UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.publishing import PersonChange, difference
from rota.domain.rules import Finding, Limits, Rule, Site, Verdict
from rota.domain.shifts import Shift, ShiftIsOver, ShiftRefused, Span, check_move, check_new
from rota.domain.wording import finding_words
from rota.models import (
    CounsellorRow,
    DraftLineRow,
    DraftRow,
    ShiftRow,
    ShiftState,
    range_of,
    span_of,
)
from rota.operations import carry_breaks
from rota.operations.into_force import apply, restore
from rota.operations.judge import RuleStandsAgainst, judge_together, note_override
from rota.operations.shifts import AlreadyOnShift, ShiftChangedMeanwhile, ShiftNotFound, check_person
from rota.operations.tell import tell_changes

MOST_LINES = 20_000  # changes in one draft: two hundred people for twelve weeks are 9,600
MOST_NAMED = 3  # rules in one refusal; the draft's page has them all


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


class CannotBeUndone(ShiftRefused):
    """A shift of the publication has begun or was changed since; change it by hand."""

    field = "draft"


class RulesStandAgainstDraft(ShiftRefused):
    """Rules stand against lines that have no reason; change the lines, or give each a reason."""

    field = "draft"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a draft would break, and the lines that have a part in it."""

    counsellor_id: int
    name: str
    finding: Finding
    words: str
    line_ids: tuple[int, ...]
    reason: str
    """Why it is done all the same, as one of these lines says; empty: nobody has said."""

    @property
    def stands(self) -> bool:
        """Whether the draft cannot be published like this."""
        return not self.finding.is_advice and (not self.reason or self.finding.rule is Rule.ONE_AT_A_TIME)


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
    draft = _open(session, draft_id)
    asked = list(changes)
    people = _people(session, (change.counsellor_id for change in asked))
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
    _refuse_rules(judged(session, draft, zone=zone, now=now), of=frozenset(line.id for line in put_now))
    return draft


def judged(session: Session, draft: DraftRow, *, zone: ZoneInfo, now: datetime) -> list[Broken]:
    """Every rule that the draft as a whole would break and the rota as it is does not, person by person."""
    own = _lines_by_person(line for line in draft.lines if not _is_over(line, now))
    people = {row.id: row for row in queries.people(session, ids=own)}
    planned = {person: [span_of(line.during) for line in lines if line.during] for person, lines in own.items()}
    gone = [line.shift_id for line in draft.lines if line.shift_id is not None]
    in_force = queries.limits(session)
    found = judge_together(session, people=people, gone=gone, planned=planned, zone=zone)
    return [
        _broken(people[person], finding, own[person], in_force, zone)
        for person, findings in found.items()
        for finding in findings
        if finding.rule is not Rule.BREAK  # said of every long shift; breaks have a page of their own
    ]


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
    line = next((line for line in _open(session, draft_id).lines if line.id == line_id), None)
    if line is None:
        raise LineNotFound("This change is not in the draft any more")
    change = DraftShift(line.shift_id, line.version, counsellor_id, span, reason, line_id)
    return put(session, draft_id=draft_id, changes=[change], zone=zone, now=now)


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
    people = _people(session, (line.counsellor_id for line in draft.lines))
    rows = queries.lock_shifts(session, shift_ids=_shift_ids(draft))
    for line in draft.lines:
        _still_the_same(line, people, rows, zone=zone, now=now)
    broken = judged(session, draft, zone=zone, now=now)
    _refuse_rules(broken)
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
    people = _people(session, (line.before_counsellor_id for line in draft.lines))
    rows = queries.lock_shifts(session, shift_ids=_shift_ids(draft))
    for line in draft.lines:
        _as_published(line, people, rows, zone=zone, now=now)
    changes = difference(_sides(draft.lines, before=False), _sides(draft.lines, before=True))
    broken = _broken_by_undoing(session, draft, people, reason=reason, zone=zone)
    _refuse_rules(broken)
    with _one_shift_at_once():
        restore(session, draft, rows, now=now)
    carry_breaks.leave_again(session, draft)
    draft.undone_at = now
    _note(session, "publication_undone", draft, by=by, now=now)
    _note_overrides(session, broken, people, by=by, now=now)
    tell_changes(session, changes, reason=f"rota_undone:{draft.id}", zone=zone, now=now)
    return changes


def _open(session: Session, draft_id: int) -> DraftRow:
    draft = queries.lock_draft(session, draft_id=draft_id)
    if draft is None:
        raise DraftNotFound("There is no such draft")
    if not draft.is_open:
        raise DraftClosed("This draft was published or discarded already. Begin another one")
    return draft


def _people(session: Session, ids: Iterable[int | None]) -> dict[int, CounsellorRow]:
    """Everybody whom a draft plans, locked before any shift: nobody else can plan for them meanwhile."""
    return queries.lock_counsellors(session, ids=[person for person in ids if person is not None])


def _shift_ids(draft: DraftRow) -> list[int]:
    return [line.shift_id for line in draft.lines if line.shift_id is not None]


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
        _check(old, change, change.span, zone=zone, now=now)
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


def _lines_by_person(lines: Iterable[DraftLineRow]) -> dict[int, list[DraftLineRow]]:
    found: dict[int, list[DraftLineRow]] = {}
    for line in lines:
        if line.counsellor_id is not None and line.during is not None:
            found.setdefault(line.counsellor_id, []).append(line)
    return found


def _is_over(line: DraftLineRow, now: datetime) -> bool:
    """Whether what a line plans is over by now: it cannot be published, and no rule is asked about it."""
    return line.during is not None and span_of(line.during).ends_at <= now


def _broken(
    person: CounsellorRow,
    finding: Finding,
    lines: Iterable[DraftLineRow],
    in_force: Mapping[Site, Limits],
    zone: ZoneInfo,
    reason: str = "",
) -> Broken:
    """A finding with the lines that have a part in it; all of the person's, when it is about none of them alone."""
    own = list(lines)
    concerned = [line for line in own if line.during is not None and span_of(line.during) in finding.shifts] or own
    words = finding_words(finding, in_force[Site(person.site)], zone)
    said = reason or next((line.reason for line in concerned if line.reason), "")
    return Broken(person.id, person.staff.name, finding, words, tuple(line.id for line in concerned), said)


def _refuse_rules(broken: Iterable[Broken], of: frozenset[int] | None = None) -> None:
    """Raises RulesStandAgainstDraft, or, for the lines that are being put, RuleStandsAgainst beside their reason.

    Two shifts at once may be put, because the line that makes room comes next; they are never published.
    """
    standing = [each for each in broken if each.stands]
    if of is None:
        clash = next((each for each in standing if each.finding.rule is Rule.ONE_AT_A_TIME), None)
        if clash:
            raise AlreadyOnShift(f"{clash.name}: {clash.words}. Look at the draft again")
        if standing:
            named = ". ".join(f"{each.name}: {each.words}" for each in standing[:MOST_NAMED])
            raise RulesStandAgainstDraft(f"{named}. Change these shifts, or give a reason")
        return
    now = [each for each in standing if each.finding.rule is not Rule.ONE_AT_A_TIME and of.intersection(each.line_ids)]
    if now:
        verdict = Verdict(tuple(each.finding for each in now))
        raise RuleStandsAgainst(verdict, [f"{each.name}: {each.words}" for each in now[:MOST_NAMED]])


def _broken_by_undoing(
    session: Session, draft: DraftRow, people: dict[int, CounsellorRow], *, reason: str, zone: ZoneInfo
) -> list[Broken]:
    back: dict[int, list[Span]] = {}
    for line in draft.lines:
        if line.before_counsellor_id is not None and line.before is not None:
            back.setdefault(line.before_counsellor_id, []).append(span_of(line.before))
    in_force = queries.limits(session)
    found = judge_together(session, people=people, gone=_shift_ids(draft), planned=back, zone=zone)
    return [
        _broken(people[person], finding, [], in_force, zone, "" if finding.rule is Rule.LEAVE else reason.strip())
        for person, findings in found.items()
        for finding in findings
    ]


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
        _check(row, change, span_of(line.during), zone=zone, now=now)
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

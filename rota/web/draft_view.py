"""What the draft page shows: each change in words with its verdict, what each person would be told, the week to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from foundation.web.times import clock_time, date_in_words
from rota import queries
from rota.domain.rules import Rule
from rota.domain.shifts import Shift
from rota.domain.wording import hours_words, span_words
from rota.models import DraftLineRow, DraftRow, ShiftRow, ShiftState, span_of
from rota.operations.carry_breaks import lost
from rota.operations.drafts import changes_of
from rota.operations.judge_draft import Broken, judged
from rota.operations.tell import change_words
from rota.queries import PlannedShift
from rota.web import wording
from rota.web.shift_form import ShiftForm, choices_of_people, values_of
from rota.web.week import Gap, Week, day_title, gaps

MOST_LINES = 100  # changes on one page; a pattern's shifts are counted beyond that, and each is in its week below


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule says about a change."""

    badge: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One change."""

    id: int
    words: str
    remarks: tuple[Remark, ...]
    is_stale: bool
    """Somebody changed the published shift since."""
    can_change: bool
    """Whether it plans a shift, and not the removal of one."""


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One shift of the week as it would be."""

    hours: str
    name: str
    mark: str
    shift_id: int | None
    is_over: bool
    line_id: int | None = None
    """Of the draft, when it plans this shift."""


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A day of the week as it would be."""

    title: str
    lines: tuple[PlannedLine, ...]
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """A draft that was published."""

    id: int
    words: str
    is_undone: bool


@dataclass(frozen=True, slots=True)
class DraftPage:
    """Everything on the page."""

    week: Week
    form: ShiftForm
    people: Sequence[tuple[str, str]]
    count: int
    lines: Sequence[LineView]
    standing: int
    told: Sequence[tuple[str, str]]
    days: Sequence[PlannedDay]
    gaps: Sequence[Gap]
    gaps_now: int
    publications: Sequence[Publication]


def draft_page(session: Session, *, week: Week, form: ShiftForm, by: int, now: datetime) -> DraftPage:
    """The page of somebody's open draft; without one, an empty draft."""
    draft = queries.open_draft(session, made_by=by)
    lines = draft.lines if draft else []
    broken = judged(session, draft, zone=week.zone, now=now) if draft else []
    names, start, end = queries.names(session), week.starts_at, week.ends_at
    return DraftPage(
        week=week,
        form=form,
        people=choices_of_people(session, now.astimezone(week.zone).date()),
        count=len(lines),
        lines=_lines(session, lines, broken, names, week),
        standing=sum(each.stands for each in broken),
        told=[(names[each.counsellor_id], change_words(each, week.zone)) for each in changes_of(draft)]
        if draft
        else [],
        days=_days(session, lines, names, week, now),
        gaps=_gaps(session, lines, week, now),
        gaps_now=len(queries.coverage(session, start=start, end=end, zone=week.zone).gaps),
        publications=[_publication(session, row, week) for row in queries.publications(session)],
    )


def _lines(
    session: Session, lines: Sequence[DraftLineRow], broken: Sequence[Broken], names: Mapping[int, str], week: Week
) -> list[LineView]:
    rows = queries.shift_rows(session, ids=[line.shift_id for line in lines if line.shift_id is not None])
    remarks: dict[int, list[Remark]] = {}
    for line_id, span in lost(session, lines).items():
        remarks[line_id] = [
            Remark(wording.ADVICE, "warn", wording.BREAK_LOST.format(hours=hours_words(span, week.zone)))
        ]
    for each in broken:
        for line_id in each.line_ids:
            remarks.setdefault(line_id, []).append(_remark(each))
    first = sorted(lines, key=lambda line: (line.id not in remarks, line.id))[:MOST_LINES]
    return [
        LineView(
            line.id,
            _line_words(line, names, week.zone),
            tuple(remarks.get(line.id, ())),
            _is_stale(line, rows),
            can_change=line.during is not None,
        )
        for line in first
    ]


def _remark(broken: Broken) -> Remark:
    if broken.finding.is_advice:
        return Remark(wording.ADVICE, "calm", broken.words)
    if broken.stands:
        can_be_overridden = broken.finding.rule is not Rule.ONE_AT_A_TIME
        return Remark(wording.STANDS, "bad", broken.words + ("" if not can_be_overridden else wording.OR_A_REASON))
    return Remark(wording.OVERRIDDEN, "warn", f"{broken.words}. {wording.BECAUSE.format(reason=broken.reason)}")


def _is_stale(line: DraftLineRow, rows: Mapping[int, ShiftRow]) -> bool:
    row = rows.get(line.shift_id) if line.shift_id is not None else None
    published = row is not None and row.state == ShiftState.PUBLISHED.value and row.version == line.version
    return line.shift_id is not None and not published


def line_title(session: Session, line: DraftLineRow, zone: ZoneInfo) -> str:
    """A change in words."""
    return _line_words(line, queries.names(session), zone)


def line_form(session: Session, line: DraftLineRow, zone: ZoneInfo) -> ShiftForm:
    """The form for changing a planned shift, as it is planned now."""
    if line.counsellor_id is None or line.during is None:
        raise ValueError("a removal has no times to change")
    values = values_of(line.counsellor_id, span_of(line.during), zone) | {"reason": line.reason}
    return ShiftForm(values, title=line_title(session, line, zone), line_id=line.id, needs_reason=bool(line.reason))


def _line_words(line: DraftLineRow, names: Mapping[int, str], zone: ZoneInfo) -> str:
    before = after = ""
    if line.before_counsellor_id is not None and line.before is not None:
        before = f"{names[line.before_counsellor_id]}, {span_words(span_of(line.before), zone)}"
    if line.counsellor_id is not None and line.during is not None:
        after = f"{names[line.counsellor_id]}, {span_words(span_of(line.during), zone)}"
    return wording.draft_line(before, after)


def _days(
    session: Session, lines: Sequence[DraftLineRow], names: Mapping[int, str], week: Week, now: datetime
) -> list[PlannedDay]:
    """The week as it would be, day by day; what the draft removes is still listed, and marked."""
    planned = queries.rostered(session, start=week.starts_at, end=week.ends_at)
    by_shift = {line.shift_id: line for line in lines if line.shift_id is not None}
    entries = [_as_it_is(shift, by_shift.get(shift.id), week, now) for shift in planned]
    entries += [entry for line in lines if (entry := _as_drafted(line, names, week))]
    entries.sort(key=lambda entry: (entry[0], entry[1].name))
    days = []
    for day in week.days:
        bounds = week.bounds(day)
        own = tuple(line for starts_at, line in entries if bounds.covers(starts_at))
        days.append(PlannedDay(day_title(day), own, is_changed=any(line.mark for line in own)))
    return days


def _as_it_is(
    shift: PlannedShift, line: DraftLineRow | None, week: Week, now: datetime
) -> tuple[datetime, PlannedLine]:
    mark = "" if line is None else wording.MARK_REMOVED if line.during is None else wording.MARK_BEFORE
    shown = PlannedLine(hours_words(shift.span, week.zone), shift.name, mark, shift.id, is_over=shift.ends_at <= now)
    return shift.starts_at, shown


def _as_drafted(line: DraftLineRow, names: Mapping[int, str], week: Week) -> tuple[datetime, PlannedLine] | None:
    if line.counsellor_id is None or line.during is None:
        return None
    span = span_of(line.during)
    mark = wording.MARK_NEW if line.shift_id is None else wording.MARK_AFTER
    shown = PlannedLine(
        hours_words(span, week.zone), names[line.counsellor_id], mark, None, is_over=False, line_id=line.id
    )
    return span.starts_at, shown


def _gaps(session: Session, lines: Sequence[DraftLineRow], week: Week, now: datetime) -> list[Gap]:
    """The gaps that the week would have."""
    gone = [line.shift_id for line in lines if line.shift_id is not None]
    come = [
        Shift(line.counsellor_id, span_of(line.during))
        for line in lines
        if line.counsellor_id is not None and line.during is not None
    ]
    start, end = week.starts_at, week.ends_at
    found = queries.coverage_with(session, gone=gone, come=come, start=start, end=end, zone=week.zone)
    return gaps(found, week.zone, now=now)


def _publication(session: Session, row: DraftRow, week: Week) -> Publication:
    at = row.published_at or row.made_at
    when = f"{date_in_words(at.astimezone(week.zone).date())}, {clock_time(at, zone=week.zone)}"
    who = queries.staff_name(session, staff_id=row.published_by)
    return Publication(row.id, wording.publication(when, who, len(row.lines)), row.undone_at is not None)

"""Named questions about the rota; every answer about who is on comes from the one resolver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy import Row as ResultRow
from sqlalchemy.dialects.postgresql import Range, distinct_on
from sqlalchemy.orm import Session, contains_eager, joinedload

from accounts.models import JournalRow, StaffRow
from notifications.models import TextRow
from rota.domain import coverage as cover_rules
from rota.domain.bank_holidays import bank_holidays
from rota.domain.breaks import without_breaks
from rota.domain.calendar_feed import FeedEvent
from rota.domain.counsellor import Counsellor, FreeCounsellor, Skill
from rota.domain.coverage import Coverage, Requirement
from rota.domain.evidence import Changes
from rota.domain.hours import Hours, hours
from rota.domain.presence import Absent, Presence, PresenceState, absent
from rota.domain.resolution import A_MINUTE, PersonSpan, anybody, resolve, who_is_on
from rota.domain.shifts import Shift, Span, whole_minute
from rota.domain.swaps import OPEN as OPEN_SWAPS
from rota.domain.swaps import SwapState
from rota.domain.working_time import LIMITS, Finding, Limits, Site, check, night_time
from rota.models import (
    AlertTextRow,
    CounsellorRow,
    CoverAskRow,
    CoverRequestRow,
    DraftRow,
    HandedOverRow,
    LadderState,
    LeaveRow,
    LeaveState,
    LocalHolidayRow,
    MinimumRow,
    OffersEndRow,
    OpenShiftRow,
    OpenShiftState,
    PatternRow,
    PhoneCheckRow,
    PresenceRow,
    RequirementRow,
    RotaRoundRow,
    RotaTextRow,
    ShiftBreakRow,
    ShiftRow,
    ShiftState,
    SiteLimitsRow,
    SwapRow,
    span_of,
)

T = TypeVar("T")
FORGOTTEN = b""  # the digest of a number that was forgotten: equal to no number's
LAST_MINUTES = timedelta(minutes=5)  # of a person's cover: a call offered now would run into their time to go home
LOOK_AHEAD = timedelta(days=1)  # no unbroken stretch of one person's cover is asked about beyond this
COVER_AHEAD = timedelta(days=8)  # a visitor is never offered a call later than this


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A published shift as the pages show it."""

    id: int
    counsellor_id: int
    name: str
    span: Span
    version: int

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return self.span.starts_at

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.span.ends_at


@dataclass(frozen=True, slots=True)
class LiveCover:
    """Cover as it really is: whoever counts as absent is not there."""

    coverage: Coverage
    absent: tuple[tuple[str, Absent], ...]
    """Who is on shift now and counts as absent, by name, and why."""


@dataclass(frozen=True, slots=True)
class PresenceLine:
    """One counsellor on the board."""

    counsellor: Counsellor
    presence: Presence
    on_shift_until: datetime | None
    """The end of the unbroken cover at hand; None when the person is not on."""


def published_shifts(
    session: Session, *, start: datetime, end: datetime, counsellor_ids: Iterable[int] | None = None
) -> list[Shift]:
    """Published shifts that touch [start, end), as the resolver takes them.

    Once somebody cannot sign in any more, nobody counts on them: their shifts end at that moment.
    """
    wanted = select(ShiftRow.counsellor_id, func.lower(ShiftRow.during), func.upper(ShiftRow.during)).where(
        *_touching(start, end)
    )
    if counsellor_ids is not None:
        wanted = wanted.where(ShiftRow.counsellor_id.in_(list(counsellor_ids)))
    ended = _ended(session)
    shifts = []
    for person, starts_at, ends_at in session.execute(wanted):
        gone_at = ended.get(person)
        if gone_at is None:
            shifts.append(Shift(person, Span(starts_at, ends_at)))
        elif gone_at > max(start, starts_at):
            shifts.append(Shift(person, Span(starts_at, min(ends_at, gone_at))))
    return shifts


def _ended(session: Session) -> dict[int, datetime]:
    """When the few who cannot sign in any more went; asked apart, because a join costs every question of everybody."""
    question = (
        select(CounsellorRow.id, StaffRow.ended_at)
        .join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
        .where(StaffRow.ended_at.is_not(None))
    )
    return {person: ended_at for person, ended_at in session.execute(question) if ended_at is not None}


def resolved(session: Session, *, start: datetime, end: datetime) -> list[PersonSpan]:
    """Everybody's unbroken cover inside [start, end)."""
    return resolve(published_shifts(session, start=start, end=end), start=start, end=end)


def rostered(
    session: Session, *, start: datetime, end: datetime, counsellor_id: int | None = None
) -> list[PlannedShift]:
    """Published shifts that touch [start, end), with names, by start."""
    wanted = _planned_shifts().where(*_touching(start, end))
    if counsellor_id is not None:
        wanted = wanted.where(ShiftRow.counsellor_id == counsellor_id)
    return [_planned(row) for row in session.execute(wanted)]


def planned_shift(session: Session, *, shift_id: int) -> PlannedShift | None:
    """One published shift, with its name."""
    row = session.execute(_planned_shifts().where(ShiftRow.id == shift_id)).one_or_none()
    return _planned(row) if row else None


def _planned_shifts() -> Select[int, int, str, Range[datetime], int]:
    return (
        select(ShiftRow.id, ShiftRow.counsellor_id, StaffRow.name, ShiftRow.during, ShiftRow.version)
        .join(CounsellorRow, CounsellorRow.id == ShiftRow.counsellor_id)
        .join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
        .where(ShiftRow.state == ShiftState.PUBLISHED)
        .order_by(func.lower(ShiftRow.during), StaffRow.name, ShiftRow.id)
    )


def _planned(row: ResultRow[int, int, str, Range[datetime], int]) -> PlannedShift:
    shift_id, counsellor_id, name, during, version = row
    return PlannedShift(shift_id, counsellor_id, name, span_of(during), version)


def on_shift(session: Session, *, moment: datetime) -> list[Counsellor]:
    """Everybody on a published shift at this moment, by name."""
    minute = whole_minute(moment)
    shifts = published_shifts(session, start=minute, end=minute + A_MINUTE)
    rows = session.scalars(_counsellors(moment.date()).where(CounsellorRow.id.in_(who_is_on(shifts, moment=moment))))
    return [row.as_counsellor() for row in rows]


def counsellors_free(session: Session, *, moment: datetime) -> list[FreeCounsellor]:
    """Who can be offered a call: on a published shift and not in its last minutes, available, on a verified phone.

    Whether somebody already has an offer or a call is not a question for the rota; the caller removes those.
    """
    until = _free_until(session, moment)
    shifts = _shifts_at(session, moment, counsellor_ids=until)
    return [
        FreeCounsellor(row.as_counsellor(), until[row.id], row.presence.since, *shifts.get(row.id, (None, None)))
        for row in session.scalars(_counsellors(moment.date()).where(CounsellorRow.id.in_(list(until))))
    ]


def free_ids(session: Session, *, moment: datetime) -> frozenset[int]:
    """The ids of those who can be offered a call: the same people as `counsellors_free`, for less."""
    return frozenset(_free_until(session, moment))


def last_minutes(session: Session) -> timedelta:
    """How long before the end of somebody's cover they are offered no call any more."""
    minutes = session.scalar(select(OffersEndRow.minutes))
    return LAST_MINUTES if minutes is None else timedelta(minutes=minutes)


def _free_until(session: Session, moment: datetime) -> dict[int, datetime]:
    """Who can be offered a call, and when their unbroken cover ends; who is on, only the resolver says."""
    ready = session.scalars(
        _counsellors(moment.date())
        .where(PresenceRow.state == PresenceState.AVAILABLE.value, CounsellorRow.phone_verified_at.is_not(None))
        .with_only_columns(CounsellorRow.id)
        .order_by(None)
    ).all()
    shifts = published_shifts(session, start=moment, end=moment + LOOK_AHEAD, counsellor_ids=ready)
    last = moment + last_minutes(session)
    return {person: ends_at for person, ends_at in _unbroken_until(shifts, moment).items() if ends_at > last}


def cover_ends(session: Session, *, counsellor_id: int, moment: datetime) -> datetime | None:
    """When a counsellor's unbroken cover at this moment ends; None when they are not on."""
    moment = whole_minute(moment)
    shifts = published_shifts(session, start=moment, end=moment + LOOK_AHEAD, counsellor_ids=[counsellor_id])
    return _unbroken_until(shifts, moment).get(counsellor_id)


def _shifts_at(session: Session, moment: datetime, *, counsellor_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Each person's shift at this moment, and its version."""
    minute = whole_minute(moment)
    wanted = select(ShiftRow.counsellor_id, ShiftRow.id, ShiftRow.version).where(
        *_touching(minute, minute + A_MINUTE), ShiftRow.counsellor_id.in_(list(counsellor_ids))
    )
    return {person: (shift_id, version) for person, shift_id, version in session.execute(wanted)}


def able_ids(
    session: Session, *, language: str, skills: frozenset[str] = frozenset(), gender: str | None = None
) -> frozenset[int]:
    """Who speaks a language, has all these skills and, when one is given, is of this gender; on shift or not."""
    wanted = select(CounsellorRow.id).where(
        CounsellorRow.languages.contains([language]), CounsellorRow.skills.contains(sorted(skills))
    )
    if gender is not None:
        wanted = wanted.where(CounsellorRow.gender == gender)
    return frozenset(session.scalars(wanted))


def languages_spoken(session: Session) -> frozenset[str]:
    """The codes of the languages that somebody who works here speaks; English always."""
    lists = session.scalars(select(CounsellorRow.languages).where(CounsellorRow.left_on.is_(None)))
    return frozenset({"en"}).union(*lists)


def _unbroken_until(shifts: Iterable[Shift], moment: datetime) -> dict[int, datetime]:
    """When each person's unbroken cover from this moment on ends."""
    spans = resolve(shifts, start=moment, end=moment + LOOK_AHEAD)
    return {span.counsellor_id: span.ends_at for span in spans if span.starts_at == moment}


def coverage(session: Session, *, start: datetime, end: datetime, zone: ZoneInfo) -> Coverage:
    """Need against published shifts, less their breaks, over [start, end); each day by the demand that it had."""
    return against_demand(session, on_duty(session, start=start, end=end), start=start, end=end, zone=zone)


def against_demand(
    session: Session, people: Sequence[PersonSpan], *, start: datetime, end: datetime, zone: ZoneInfo
) -> Coverage:
    """Need against these people over [start, end); each day by the demand that it had."""
    skills, languages = _abilities(session)
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
    return without_breaks(resolved(session, start=start, end=end), breaks(session, start=start, end=end))


def presence_changes(session: Session, *, start: datetime, end: datetime) -> Changes:
    """What each person became in [start, end), and what they were at its start: from the journal, which stays."""
    about = (JournalRow.subject_kind == "counsellor", JournalRow.action == "presence_changed")
    what = (JournalRow.subject_id, JournalRow.at, JournalRow.after)
    before = select(*what).where(*about, JournalRow.at < start).ext(distinct_on(JournalRow.subject_id))
    at_start = session.execute(before.order_by(JournalRow.subject_id, JournalRow.at.desc(), JournalRow.id.desc()))
    during = select(*what).where(*about, JournalRow.at >= start, JournalRow.at < end)
    found: dict[int, list[tuple[datetime, PresenceState]]] = {}
    for person, at, after in (*at_start, *session.execute(during.order_by(JournalRow.at, JournalRow.id))):
        if after:
            found.setdefault(int(person), []).append((at, PresenceState(after["state"])))
    return found


def breaks(session: Session, *, start: datetime, end: datetime) -> list[PersonSpan]:
    """Breaks that touch [start, end), with whose shift each is in."""
    wanted = (
        select(ShiftRow.counsellor_id, ShiftBreakRow.during)
        .join(ShiftRow, ShiftRow.id == ShiftBreakRow.shift_id)
        .where(
            ShiftRow.state == ShiftState.PUBLISHED.value,
            ShiftBreakRow.during.overlaps(Range(start, end, bounds="[)")),
        )
    )
    spans = ((person, span_of(during)) for person, during in session.execute(wanted))
    return [PersonSpan(person, span.starts_at, span.ends_at) for person, span in spans]


@dataclass(frozen=True, slots=True)
class ShiftDueABreak:
    """A published shift that is so long that a break is due in it."""

    id: int
    name: str
    span: Span
    break_length: timedelta
    breaks: tuple[Span, ...]

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return self.span.starts_at

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        return self.span.ends_at


def shifts_due_a_break(session: Session, *, start: datetime, end: datetime) -> list[ShiftDueABreak]:
    """Published shifts that begin in [start, end) and in which a break is due where its person works, by start."""
    begins = [shift for shift in rostered(session, start=start, end=end) if shift.starts_at >= start]
    in_force = limits(session)
    site = dict(session.execute(select(CounsellorRow.id, CounsellorRow.site)).all())
    rows: dict[int, list[Span]] = {}
    for row in break_rows(session, shift_ids=[shift.id for shift in begins]):
        rows.setdefault(row.shift_id, []).append(span_of(row.during))
    return [
        ShiftDueABreak(shift.id, shift.name, shift.span, own.break_length, tuple(sorted(rows.get(shift.id, ()))))
        for shift in begins
        if shift.span.length > (own := in_force[Site(site[shift.counsellor_id])]).break_after or shift.id in rows
    ]


def break_rows(session: Session, *, shift_ids: Iterable[int]) -> list[ShiftBreakRow]:
    """The breaks of some shifts, by start."""
    wanted = select(ShiftBreakRow).where(ShiftBreakRow.shift_id.in_(list(shift_ids)))
    return list(session.scalars(wanted.order_by(func.lower(ShiftBreakRow.during))))


def requirement_rows(session: Session, *, day: date) -> list[RequirementRow]:
    """The bands in force on a day or later, from Monday on."""
    wanted = select(RequirementRow).where(
        or_(RequirementRow.until_day.is_(None), RequirementRow.until_day > day),
        or_(
            RequirementRow.until_day.is_(None),
            RequirementRow.first_day.is_(None),
            RequirementRow.until_day > RequirementRow.first_day,
        ),
    )
    order = (RequirementRow.weekday, RequirementRow.starts, RequirementRow.ends, RequirementRow.id)
    return list(session.scalars(wanted.order_by(*order)))


def requirements(session: Session) -> list[Requirement]:
    """The bands of the week, from Monday on, those that have ended included."""
    rows = session.scalars(select(RequirementRow).order_by(RequirementRow.weekday, RequirementRow.starts))
    return [row.as_requirement() for row in rows]


def lock_requirement(session: Session, *, requirement_id: int) -> RequirementRow | None:
    """One band, locked until the transaction ends, or None."""
    return _lock(session, select(RequirementRow).where(RequirementRow.id == requirement_id))


def minimums(session: Session) -> dict[date, int]:
    """What the minimum on duty became, by the first day of each change."""
    return {row.first_day: row.people for row in session.scalars(select(MinimumRow))}


def limits(session: Session) -> dict[Site, Limits]:
    """The working-time numbers of each site: the law's, or stricter ones that a supervisor set."""
    return LIMITS | {Site(row.site): row.as_limits() for row in session.scalars(select(SiteLimitsRow))}


def nights_unchecked(session: Session, *, start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[int, str]]:
    """Who works a night in [start, end) without a health assessment that holds on its day: id and name, by name."""
    in_force = limits(session)
    found = []
    own = spans_of(session, counsellor_ids=None, around=Span(start, end))
    for row in session.scalars(_counsellors(start.astimezone(zone).date()).where(CounsellorRow.id.in_(list(own)))):
        rules = in_force[Site(row.site)]
        nights = [span for span in own[row.id] if night_time(span, limits=rules, zone=zone) >= rules.night_work]
        days = [span.starts_at.astimezone(zone).date() for span in nights]
        if days and (row.health_checked_until is None or row.health_checked_until < max(days)):
            found.append((row.id, row.staff.name))
    return found


def limits_at(session: Session, site: str) -> Limits:
    """The working-time numbers of one site."""
    row = session.get(SiteLimitsRow, site)
    return row.as_limits() if row else LIMITS[Site(site)]


def _abilities(session: Session) -> tuple[dict[int, frozenset[Skill]], dict[int, frozenset[str]]]:
    """Everybody's skills, and everybody's languages, by id."""
    rows = session.execute(select(CounsellorRow.id, CounsellorRow.skills, CounsellorRow.languages)).all()
    skills = {person: frozenset(Skill(skill) for skill in own) for person, own, _ in rows}
    return skills, {person: frozenset(spoken) for person, _, spoken in rows}


def covered(session: Session, *, start: datetime, end: datetime) -> list[Span]:
    """The unbroken stretches of [start, end) in which at least one person is on."""
    return anybody(resolved(session, start=start, end=end))


def next_cover(session: Session, *, moment: datetime) -> Span | None:
    """The stretch in which somebody is on, now or next; None when nobody is on for the next eight days."""
    return next(iter(covered(session, start=moment, end=moment + COVER_AHEAD)), None)


def presence_board(session: Session, *, moment: datetime) -> list[PresenceLine]:
    """Every counsellor who has not left: what they are doing, and until when they are on, by name."""
    until = _unbroken_until(published_shifts(session, start=moment, end=moment + LOOK_AHEAD), moment)
    rows = session.scalars(_counsellors(moment.date()))
    return [PresenceLine(row.as_counsellor(), row.presence.as_presence(), until.get(row.id)) for row in rows]


def team(session: Session, *, today: date) -> Sequence[CounsellorRow]:
    """Everybody who works here today, by name."""
    return session.scalars(_counsellors(today)).all()


def everybody(session: Session) -> Sequence[CounsellorRow]:
    """Everybody who works here or has, by name."""
    return session.scalars(_everybody()).all()


def former_team(session: Session, *, today: date) -> Sequence[CounsellorRow]:
    """Everybody who has left, by name."""
    return session.scalars(_everybody().where(CounsellorRow.left_on <= today)).all()


def spans_of(
    session: Session, *, counsellor_ids: Iterable[int] | None, around: Span, besides: Iterable[int] = ()
) -> dict[int, list[Span]]:
    """Each person's published shifts that touch a stretch, in order, as planned; None asks for everybody's."""
    wanted = select(ShiftRow.counsellor_id, func.lower(ShiftRow.during), func.upper(ShiftRow.during)).where(
        *_touching(around.starts_at, around.ends_at)
    )
    if counsellor_ids is not None:
        wanted = wanted.where(ShiftRow.counsellor_id.in_(list(counsellor_ids)))
    if besides := list(besides):
        wanted = wanted.where(ShiftRow.id.not_in(besides))
    found: dict[int, list[Span]] = {}
    for person, starts_at, ends_at in session.execute(wanted.order_by(func.lower(ShiftRow.during))):
        found.setdefault(person, []).append(Span(starts_at, ends_at))
    return found


def spans_by_id(session: Session, *, counsellor_id: int, shift_ids: Iterable[int]) -> list[Span]:
    """Those of the shifts that are this person's, in order."""
    wanted = select(ShiftRow.during).where(
        ShiftRow.id.in_(list(shift_ids)),
        ShiftRow.counsellor_id == counsellor_id,
        ShiftRow.state == ShiftState.PUBLISHED.value,
    )
    return sorted(span_of(during) for during in session.scalars(wanted))


def leave_spans(
    session: Session, *, counsellor_ids: Iterable[int], around: Span, zone: ZoneInfo
) -> dict[int, list[Span]]:
    """Each person's approved leave that touches a stretch."""
    wanted = select(LeaveRow).where(
        LeaveRow.state == LeaveState.APPROVED.value,
        LeaveRow.counsellor_id.in_(list(counsellor_ids)),
        LeaveRow.first_day <= around.ends_at.astimezone(zone).date(),
        LeaveRow.last_day >= around.starts_at.astimezone(zone).date(),
    )
    found: dict[int, list[Span]] = {}
    for row in session.scalars(wanted):
        found.setdefault(row.counsellor_id, []).append(row.as_leave().span(zone))
    return found


def counsellor_of(session: Session, *, staff_id: int) -> CounsellorRow | None:
    """The counsellor who signs in as this member of staff."""
    return session.scalar(_everybody().where(CounsellorRow.staff_id == staff_id))


def find_counsellor(session: Session, *, counsellor_id: int) -> CounsellorRow | None:
    """The counsellor with this id."""
    return session.get(CounsellorRow, counsellor_id)


def lock_presence(session: Session, *, counsellor_id: int) -> PresenceRow:
    """The presence of one counsellor, locked until the transaction ends. Raises NoResultFound."""
    locked = (
        select(PresenceRow)
        .where(PresenceRow.counsellor_id == counsellor_id)
        .options(joinedload(PresenceRow.counsellor, innerjoin=True))
        .with_for_update(of=PresenceRow)
        .execution_options(populate_existing=True)  # read afresh: another process may have counted a missed offer
    )
    return session.scalars(locked).one()


def lock_shift(session: Session, *, shift_id: int) -> ShiftRow | None:
    """One shift, locked until the transaction ends, or None."""
    locked = select(ShiftRow).where(ShiftRow.id == shift_id).with_for_update(of=ShiftRow)
    return session.scalar(locked.execution_options(populate_existing=True))


def feed_owner(session: Session, *, token_digest: bytes, today: date) -> CounsellorRow | None:
    """Whose feed has the token with this digest; nobody's once they have left."""
    return session.scalar(_counsellors(today).where(CounsellorRow.feed_digest == token_digest))


def feed_events(session: Session, *, counsellor_id: int, start: datetime) -> list[FeedEvent]:
    """Everything from `start` on that this person's calendar knows of, cancelled shifts included."""
    since = Range(start, None, bounds="[)")
    own = select(ShiftRow).where(
        ShiftRow.counsellor_id == counsellor_id,
        ShiftRow.state != ShiftState.DRAFT.value,
        ShiftRow.during.overlaps(since),
    )
    gone = select(HandedOverRow).where(
        HandedOverRow.counsellor_id == counsellor_id, HandedOverRow.during.overlaps(since)
    )
    events = [
        FeedEvent(
            shift_id=row.id,
            counsellor_id=counsellor_id,
            span=row.span(),
            sequence=row.version - 1,
            changed_at=row.changed_at or row.published_at or row.created_at,
            is_cancelled=row.state == ShiftState.REMOVED.value,
        )
        for row in session.scalars(own)
    ]
    return events + [
        FeedEvent(row.shift_id, counsellor_id, span_of(row.during), row.version - 1, row.at, is_cancelled=True)
        for row in session.scalars(gone)
    ]


def findings(session: Session, *, start: datetime, end: datetime, zone: ZoneInfo) -> dict[int, list[Finding]]:
    """Every working-time rule that the published shifts of [start, end) do not keep, by person; nobody without any."""
    period = Span(start, end)
    own = spans_of(session, counsellor_ids=None, around=period)
    people = session.scalars(_everybody().where(CounsellorRow.id.in_(list(own)))).all()
    away = leave_spans(session, counsellor_ids=own, around=period, zone=zone)
    in_force = limits(session)
    found = {
        row.id: check(
            own.get(row.id, []),
            leave=away.get(row.id, []),
            terms=row.as_terms(),
            limits=in_force[Site(row.site)],
            zone=zone,
        )
        for row in people
    }
    return {person: broken for person, broken in found.items() if broken}


def people_hours(
    session: Session, *, start: datetime, end: datetime, zone: ZoneInfo
) -> list[tuple[CounsellorRow, Hours]]:
    """Everybody's hours in [start, end), by name, those without any included; so is whoever has left since."""
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    spans = resolved(session, start=start, end=end)
    was_there = and_(
        CounsellorRow.joined_on <= last,
        or_(CounsellorRow.left_on.is_(None), CounsellorRow.left_on > first),
        or_(StaffRow.ended_at.is_(None), StaffRow.ended_at > start),
    )
    worked = CounsellorRow.id.in_({span.counsellor_id for span in spans})
    people = {row.id: row for row in session.scalars(_everybody().where(or_(was_there, worked)))}
    found: dict[int, Hours] = {}
    added, in_force, years = local_holidays(session), limits(session), range(first.year, last.year + 1)
    for site in Site:
        here = [row.id for row in people.values() if row.site == site.value]
        if here:
            found |= hours(
                (span for span in spans if span.counsellor_id in set(here)),
                everybody=here,
                bank_holidays=bank_holidays(site, years=years, added=added.get(site)),
                limits=in_force[site],
                zone=zone,
            )
    return sorted(
        ((row, found[person]) for person, row in people.items()), key=lambda each: each[0].staff.name.casefold()
    )


def local_holidays(session: Session) -> dict[Site, dict[date, str]]:
    """The bank holidays that supervisors added, by site and day."""
    found: dict[Site, dict[date, str]] = {}
    for row in session.scalars(select(LocalHolidayRow).order_by(LocalHolidayRow.day)):
        found.setdefault(Site(row.site), {})[row.day] = row.name
    return found


def leave_of(session: Session, *, counsellor_id: int, since: date) -> list[LeaveRow]:
    """One person's applications for leave that end on or after a day, by first day."""
    wanted = select(LeaveRow).where(LeaveRow.counsellor_id == counsellor_id, LeaveRow.last_day >= since)
    return list(session.scalars(wanted.order_by(LeaveRow.first_day, LeaveRow.id)))


def open_swaps_of(session: Session, *, counsellor_id: int, start: datetime) -> list[int]:
    """Offers that somebody made or took and nobody has decided, of shifts from a moment on."""
    wanted = (
        select(SwapRow.id)
        .join(ShiftRow, ShiftRow.id == SwapRow.shift_id)
        .where(
            SwapRow.state.in_([state.value for state in OPEN_SWAPS]),
            or_(SwapRow.owner_id == counsellor_id, SwapRow.taker_id == counsellor_id),
            func.lower(ShiftRow.during) >= start,
        )
    )
    return list(session.scalars(wanted.order_by(SwapRow.shift_id, SwapRow.id)))


def open_asks_of(session: Session, *, counsellor_id: int, start: datetime) -> list[CoverAskRow]:
    """Questions about cover from a moment on that somebody has not answered."""
    wanted = (
        select(CoverAskRow)
        .join(CoverRequestRow, CoverRequestRow.id == CoverAskRow.request_id)
        .where(
            CoverAskRow.counsellor_id == counsellor_id,
            CoverAskRow.answer.is_(None),
            func.upper(CoverRequestRow.during) > start,
        )
    )
    return list(session.scalars(wanted.order_by(CoverAskRow.request_id)))


def leave_to_decide(session: Session) -> list[LeaveRow]:
    """Applications for leave that nobody has decided about, by first day."""
    wanted = select(LeaveRow).where(LeaveRow.state == LeaveState.ASKED.value)
    return list(session.scalars(wanted.order_by(LeaveRow.first_day, LeaveRow.id)))


def swaps_on_offer(session: Session) -> list[SwapRow]:
    """Offers that are open or wait for a supervisor, by the shift's start."""
    wanted = _open_swaps().where(~_is_gone())
    return list(session.scalars(wanted.order_by(func.lower(ShiftRow.during), SwapRow.id)))


def open_shifts(session: Session, *, now: datetime) -> list[OpenShiftRow]:
    """Shifts that nobody has yet and that have not begun, by start."""
    wanted = select(OpenShiftRow).where(
        OpenShiftRow.state == OpenShiftState.OPEN.value, func.lower(OpenShiftRow.during) > now
    )
    return list(session.scalars(wanted.order_by(func.lower(OpenShiftRow.during), OpenShiftRow.id)))


def cover_requests(session: Session, *, since: datetime) -> list[CoverRequestRow]:
    """Requests for cover since a moment, newest first."""
    wanted = select(CoverRequestRow).where(CoverRequestRow.opened_at >= since)
    return list(session.scalars(wanted.order_by(CoverRequestRow.id.desc())))


def publications(session: Session, *, limit: int = 5) -> list[DraftRow]:
    """The latest publications, newest first."""
    wanted = select(DraftRow).where(DraftRow.published_at.is_not(None))
    return list(session.scalars(wanted.order_by(DraftRow.published_at.desc(), DraftRow.id.desc()).limit(limit)))


def lock_leave(session: Session, *, leave_id: int) -> LeaveRow | None:
    """One application for leave, locked until the transaction ends, or None."""
    return _lock(session, select(LeaveRow).where(LeaveRow.id == leave_id))


def lock_swap(session: Session, *, swap_id: int) -> SwapRow | None:
    """One offer and its shift, locked until the transaction ends, or None; the shift first, as everywhere."""
    shift_id = session.scalar(select(SwapRow.shift_id).where(SwapRow.id == swap_id))
    if shift_id is None:
        return None
    lock_shift(session, shift_id=shift_id)
    return _lock(session, select(SwapRow).where(SwapRow.id == swap_id))


def lock_draft(session: Session, *, draft_id: int) -> DraftRow | None:
    """One draft, locked until the transaction ends, or None."""
    return _lock(session, select(DraftRow).where(DraftRow.id == draft_id))


def open_draft(session: Session, *, made_by: int | None) -> DraftRow | None:
    """The draft that a planner has not published or discarded yet."""
    return session.scalar(
        select(DraftRow)
        .where(DraftRow.made_by == made_by, DraftRow.published_at.is_(None), DraftRow.discarded_at.is_(None))
        .order_by(DraftRow.id.desc())
        .limit(1)
    )


def lock_cover_request(session: Session, *, request_id: int) -> CoverRequestRow | None:
    """One request for cover, locked until the transaction ends, or None."""
    return _lock(session, select(CoverRequestRow).where(CoverRequestRow.id == request_id))


def due_cover_requests(session: Session, *, now: datetime) -> list[int]:
    """Requests for cover of which the next rung is due."""
    return list(session.scalars(_due_cover(now).order_by(CoverRequestRow.next_at)))


def is_rota_work_due(session: Session, *, now: datetime) -> bool:
    """Whether somebody is to be asked for cover now, or the rota is to be looked over."""
    has_been = select(RotaRoundRow.id).where(RotaRoundRow.next_at > now)
    return bool(session.scalar(select(or_(_due_cover(now).exists(), ~has_been.exists()))))


def _due_cover(now: datetime) -> Select[int]:
    return select(CoverRequestRow.id).where(
        CoverRequestRow.state == LadderState.ASKING.value, CoverRequestRow.next_at <= now
    )


def open_ask(session: Session, *, phone_digest: bytes, now: datetime) -> CoverAskRow | None:
    """The latest question about cover that the owner of this number has not answered; of a shift that is over, none."""
    return session.scalar(
        select(CoverAskRow)
        .join(CounsellorRow, CounsellorRow.id == CoverAskRow.counsellor_id)
        .join(CoverRequestRow, CoverRequestRow.id == CoverAskRow.request_id)
        .where(
            CounsellorRow.phone_digest == phone_digest,
            CounsellorRow.left_on.is_(None),
            CoverAskRow.answer.is_(None),
            func.upper(CoverRequestRow.during) > now,
        )
        .order_by(CoverAskRow.id.desc())
        .limit(1)
    )


def lock_open_shift(session: Session, *, open_shift_id: int) -> OpenShiftRow | None:
    """One open shift, locked until the transaction ends, or None."""
    return _lock(session, select(OpenShiftRow).where(OpenShiftRow.id == open_shift_id))


def swap_people(session: Session, *, swap_id: int) -> tuple[int | None, int | None]:
    """Whose shift an offer is about, and who took it, as they are just now."""
    found = session.execute(select(SwapRow.owner_id, SwapRow.taker_id).where(SwapRow.id == swap_id)).one_or_none()
    return (found[0], found[1]) if found else (None, None)


def people(session: Session, *, ids: Iterable[int]) -> Sequence[CounsellorRow]:
    """These people, whether they still work here or not, by name."""
    return session.scalars(_everybody().where(CounsellorRow.id.in_(list(ids)))).all()


def coverage_with(
    session: Session, *, gone: Iterable[int], come: Iterable[Shift], start: datetime, end: datetime, zone: ZoneInfo
) -> Coverage:
    """Need against the shifts of [start, end) as they would be without some of them and with others."""
    own = spans_of(session, counsellor_ids=None, around=Span(start, end), besides=gone)
    shifts = [Shift(person, span) for person, spans in own.items() for span in spans]
    shifts += come
    people = without_breaks(resolve(shifts, start=start, end=end), breaks(session, start=start, end=end))
    return against_demand(session, people, start=start, end=end, zone=zone)


def patterns(session: Session) -> list[PatternRow]:
    """Every pattern, by name and first day."""
    return list(session.scalars(select(PatternRow).order_by(func.lower(PatternRow.name), PatternRow.first_day)))


def swaps_to_put_back(session: Session, *, now: datetime) -> list[SwapRow]:
    """Approved swaps of shifts that have not begun, by start."""
    wanted = select(SwapRow).where(SwapRow.state == SwapState.APPROVED.value, func.lower(SwapRow.before) > now)
    return list(session.scalars(wanted.order_by(func.lower(SwapRow.before), SwapRow.id)))


def lock_pattern(session: Session, *, pattern_id: int) -> PatternRow | None:
    """One pattern, locked until the transaction ends, or None."""
    return _lock(session, select(PatternRow).where(PatternRow.id == pattern_id))


def names(session: Session) -> dict[int, str]:
    """Everybody's name, by id, those who have left included."""
    wanted = select(CounsellorRow.id, StaffRow.name).join(StaffRow, StaffRow.id == CounsellorRow.staff_id)
    return dict(session.execute(wanted).all())


def sites(session: Session) -> dict[int, Site]:
    """Where each person works, by id."""
    return {person: Site(site) for person, site in session.execute(select(CounsellorRow.id, CounsellorRow.site))}


def staff_name(session: Session, *, staff_id: int | None) -> str:
    """The name of a member of staff; nobody's, when the service itself acted."""
    return session.scalar(select(StaffRow.name).where(StaffRow.id == staff_id)) or ""


def shift_rows(session: Session, *, ids: Iterable[int]) -> dict[int, ShiftRow]:
    """These shifts, in whatever state, by id."""
    return {row.id: row for row in session.scalars(select(ShiftRow).where(ShiftRow.id.in_(list(ids))))}


def lock_counsellors(session: Session, *, ids: Iterable[int]) -> dict[int, CounsellorRow]:
    """These people, locked in the order of their ids until the transaction ends: what is judged about them stays true.

    They are locked before any shift, everywhere, so that no two transactions wait for each other.
    """
    wanted = (
        select(CounsellorRow)
        .where(CounsellorRow.id.in_(sorted(set(ids))))
        .order_by(CounsellorRow.id)
        .with_for_update(of=CounsellorRow, key_share=True)  # rows that only point at somebody need not wait
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.scalars(wanted)}


def lock_shifts(session: Session, *, shift_ids: Iterable[int]) -> dict[int, ShiftRow]:
    """These shifts, locked in the order of their ids until the transaction ends."""
    wanted = select(ShiftRow).where(ShiftRow.id.in_(sorted(set(shift_ids)))).order_by(ShiftRow.id)
    locked = wanted.with_for_update(of=ShiftRow).execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(locked)}


def _lock(session: Session, wanted: Select[T]) -> T | None:
    return session.scalar(wanted.with_for_update().execution_options(populate_existing=True))


def _everybody() -> Select[CounsellorRow]:
    return (
        select(CounsellorRow)
        .join(CounsellorRow.staff)
        .join(CounsellorRow.presence)
        .options(contains_eager(CounsellorRow.staff), contains_eager(CounsellorRow.presence))
        .order_by(func.lower(StaffRow.name), CounsellorRow.id)
    )


def _counsellors(today: date) -> Select[CounsellorRow]:
    """Those who work here: not left, and allowed to sign in."""
    return _everybody().where(or_(CounsellorRow.left_on.is_(None), CounsellorRow.left_on > today), StaffRow.active)


def _touching(start: datetime, end: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ShiftRow.state == ShiftState.PUBLISHED, ShiftRow.during.overlaps(Range(start, end, bounds="[)"))


def dead_swaps(session: Session, *, now: datetime) -> list[SwapRow]:
    """Open offers of which nothing is left to hand over, locked; those that somebody decides about are left alone."""
    has_begun = func.greatest(func.lower(ShiftRow.during), func.lower(SwapRow.part)) <= now
    wanted = _open_swaps().where(or_(_is_gone(), has_begun)).order_by(SwapRow.id)
    return list(session.scalars(wanted.with_for_update(of=SwapRow, skip_locked=True)))


def _open_swaps() -> Select[SwapRow]:
    return (
        select(SwapRow)
        .join(ShiftRow, ShiftRow.id == SwapRow.shift_id)
        .where(SwapRow.state.in_([state.value for state in OPEN_SWAPS]))
    )


def _is_gone() -> ColumnElement[bool]:
    """The shift of an offer is not its owner's any more, or does not reach the part on offer."""
    return or_(
        ShiftRow.state != ShiftState.PUBLISHED.value,
        ShiftRow.counsellor_id != SwapRow.owner_id,
        SwapRow.part.is_not(None) & ~SwapRow.part.overlaps(ShiftRow.during),
    )


def begun_open_shifts(session: Session, *, now: datetime) -> list[OpenShiftRow]:
    """Open shifts that have begun without anybody, locked."""
    wanted = select(OpenShiftRow).where(
        OpenShiftRow.state == OpenShiftState.OPEN.value, func.lower(OpenShiftRow.during) <= now
    )
    return list(session.scalars(wanted.order_by(OpenShiftRow.id).with_for_update(skip_locked=True)))


def called_in_sick(session: Session, *, around: Span) -> set[int]:
    """Who was taken off a shift in this time because they are ill."""
    touching = CoverRequestRow.during.overlaps(Range(around.starts_at, around.ends_at, bounds="[)"))
    return set(session.scalars(select(CoverRequestRow.absent_id).where(touching)))


def counsellors_by_id(session: Session, *, counsellor_ids: Iterable[int]) -> dict[int, CounsellorRow]:
    """These counsellors, by id."""
    rows = session.scalars(_everybody().where(CounsellorRow.id.in_(list(counsellor_ids))))
    return {row.id: row for row in rows}


def lock_round(session: Session) -> RotaRoundRow:
    """The one row that says when the rota is looked over, locked until the transaction ends."""
    return session.scalars(select(RotaRoundRow).with_for_update().execution_options(populate_existing=True)).one()


def live_cover(session: Session, *, moment: datetime, until: datetime | None = None, zone: ZoneInfo) -> LiveCover:
    """Need against who is really there from this minute on, a day ahead unless `until` says more.

    A telephone that nobody checked is absent in every shift; two missed offers only until the cover at hand ends.
    """
    start, end = whole_minute(moment), until or whole_minute(moment) + LOOK_AHEAD
    here = _unbroken_until(published_shifts(session, start=start, end=start + LOOK_AHEAD), start)
    people = session.scalars(_counsellors(moment.date())).all()
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


def starting(session: Session, *, start: datetime, end: datetime) -> list[ShiftRow]:
    """Published shifts that start in (start, end], by start, with whose they are."""
    wanted = (
        select(ShiftRow)
        .where(*_touching(start, end), func.lower(ShiftRow.during) > start)
        .options(joinedload(ShiftRow.counsellor, innerjoin=True))
    )
    return list(session.scalars(wanted.order_by(func.lower(ShiftRow.during), ShiftRow.id)))


def count_phone_checks(session: Session, *, counsellor_id: int, since: datetime) -> int:
    """How often somebody's telephone was rung for a check since then."""
    found = select(func.count()).where(PhoneCheckRow.counsellor_id == counsellor_id, PhoneCheckRow.asked_at > since)
    return int(session.scalar(found) or 0)


def last_phone_check(session: Session, *, counsellor_id: int) -> PhoneCheckRow | None:
    """The latest check of somebody's telephone."""
    wanted = select(PhoneCheckRow).where(PhoneCheckRow.counsellor_id == counsellor_id)
    return session.scalar(wanted.order_by(PhoneCheckRow.asked_at.desc()).limit(1))


def staff_texts_to_forget(session: Session, *, before: datetime, limit: int) -> list[UUID]:
    """Texts to staff that were ordered before then and still hold a number, oldest first."""
    to_staff = select(RotaTextRow.text_id).union(select(AlertTextRow.text_id))
    wanted = select(TextRow.id).where(
        TextRow.id.in_(to_staff), TextRow.created_at < before, TextRow.phone_digest != FORGOTTEN
    )
    return list(session.scalars(wanted.order_by(TextRow.created_at).limit(limit)))


def phone_checks_to_forget(session: Session, *, before: datetime, limit: int) -> list[PhoneCheckRow]:
    """Checks of telephones that ended before then and still name a number, oldest first."""
    wanted = select(PhoneCheckRow).where(PhoneCheckRow.ended_at < before, PhoneCheckRow.phone_digest != FORGOTTEN)
    return list(session.scalars(wanted.order_by(PhoneCheckRow.ended_at).limit(limit)))

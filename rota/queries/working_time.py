"""Working time: whose rules hold, what is not kept, and everybody's hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from accounts.models import StaffRow
from rota.domain.bank_holidays import bank_holidays
from rota.domain.hours import Hours, hours
from rota.domain.resolution import resolve
from rota.domain.rules import LIMITS, Finding, Limits, Site
from rota.domain.shifts import Shift, Span
from rota.domain.working_time import check, night_time, prolonged
from rota.models import CounsellorRow, LocalHolidayRow, OvertimeRow, SiteLimitsRow, span_of
from rota.queries.leave import leave_spans
from rota.queries.selects import all_counsellors, counsellors_here
from rota.queries.shifts import published_shifts, spans_of


def limits(session: Session) -> dict[Site, Limits]:
    """The working-time numbers of each site: the law's, or stricter ones that a supervisor set."""
    return LIMITS | {Site(row.site): row.as_limits() for row in session.scalars(select(SiteLimitsRow))}


def limits_at(session: Session, site: str) -> Limits:
    """The working-time numbers of one site."""
    row = session.get(SiteLimitsRow, site)
    return row.as_limits() if row else LIMITS[Site(site)]


def nights_unchecked(session: Session, *, start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[int, str]]:
    """Who works a night in [start, end) without a health assessment that holds on its day: id and name, by name."""
    in_force = limits(session)
    found = []
    own = spans_of(session, counsellor_ids=None, around=Span(start, end))
    for row in session.scalars(counsellors_here(start.astimezone(zone).date()).where(CounsellorRow.id.in_(list(own)))):
        rules = in_force[Site(row.site)]
        nights = [span for span in own[row.id] if night_time(span, limits=rules, zone=zone) >= rules.night_work]
        days = [span.starts_at.astimezone(zone).date() for span in nights]
        if days and (row.health_checked_until is None or row.health_checked_until < max(days)):
            found.append((row.id, row.staff.name))
    return found


def findings(session: Session, *, start: datetime, end: datetime, zone: ZoneInfo) -> dict[int, list[Finding]]:
    """Every working-time rule that the published shifts of [start, end) do not keep, by person; nobody without any.

    A call that went on after a shift makes the shift longer, and the rest after it shorter.
    """
    period = Span(start, end)
    worked_on = overtime(session, start=start, end=end)
    shifts = spans_of(session, counsellor_ids=None, around=period)
    own = {person: prolonged(spans, worked_on.get(person, ())) for person, spans in shifts.items()}
    people = session.scalars(all_counsellors().where(CounsellorRow.id.in_(list(own)))).all()
    away = leave_spans(session, counsellor_ids=own, around=period, zone=zone)
    in_force = limits(session)
    found = {
        row.id: check(
            own[row.id],
            leave=away.get(row.id, []),
            terms=row.as_terms(),
            limits=in_force[Site(row.site)],
            zone=zone,
        )
        for row in people
    }
    return {person: broken for person, broken in found.items() if broken}


def overtime(session: Session, *, start: datetime, end: datetime) -> dict[int, list[Span]]:
    """What of [start, end) somebody worked on after their cover was over, by person, in order."""
    wanted = select(OvertimeRow).where(OvertimeRow.during.overlaps(Range(start, end, bounds="[)")))
    found: dict[int, list[Span]] = {}
    for row in session.scalars(wanted.order_by(func.lower(OvertimeRow.during))):
        if span := span_of(row.during).clipped(start, end):
            found.setdefault(row.counsellor_id, []).append(span)
    return found


def people_hours(
    session: Session, *, start: datetime, end: datetime, zone: ZoneInfo
) -> list[tuple[CounsellorRow, Hours]]:
    """Everybody's hours in [start, end), by name, those without any included; so is whoever has left since.

    Calls that went on after a shift are time worked, and told apart as overtime.
    """
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    worked_on = overtime(session, start=start, end=end)
    shifts = published_shifts(session, start=start, end=end)
    shifts += [Shift(person, span) for person, own in worked_on.items() for span in own]
    spans = resolve(shifts, start=start, end=end)
    was_there = and_(
        CounsellorRow.joined_on <= last,
        or_(CounsellorRow.left_on.is_(None), CounsellorRow.left_on > first),
        or_(StaffRow.ended_at.is_(None), StaffRow.ended_at > start),
    )
    worked = CounsellorRow.id.in_({span.counsellor_id for span in spans})
    people = {row.id: row for row in session.scalars(all_counsellors().where(or_(was_there, worked)))}
    found: dict[int, Hours] = {}
    added, in_force, years = local_holidays(session), limits(session), range(first.year, last.year + 1)
    for site in Site:
        here = {row.id for row in people.values() if row.site == site.value}
        if here:
            found |= hours(
                (span for span in spans if span.counsellor_id in here),
                everybody=here,
                bank_holidays=bank_holidays(site, years=years, added=added.get(site)),
                limits=in_force[site],
                zone=zone,
            )
    found |= {
        person: replace(found[person], overtime=sum((span.length for span in own), timedelta()))
        for person, own in worked_on.items()
    }
    return sorted(
        ((row, found[person]) for person, row in people.items()), key=lambda each: each[0].staff.name.casefold()
    )


def local_holidays(session: Session) -> dict[Site, dict[date, str]]:
    """The bank holidays that supervisors added, by site and day."""
    found: dict[Site, dict[date, str]] = {}
    for row in session.scalars(select(LocalHolidayRow).order_by(LocalHolidayRow.day)):
        found.setdefault(Site(row.site), {})[row.day] = row.name
    return found

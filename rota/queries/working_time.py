"""Working time: whose rules hold, what is not kept, and everybody's hours."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from accounts.models import StaffRow
from rota.domain.bank_holidays import bank_holidays
from rota.domain.hours import Hours, hours
from rota.domain.shifts import Span
from rota.domain.working_time import LIMITS, Finding, Limits, Site, check, night_time
from rota.models import CounsellorRow, LocalHolidayRow, SiteLimitsRow
from rota.queries.leave import leave_spans
from rota.queries.selects import all_counsellors, counsellors_here
from rota.queries.shifts import resolved, spans_of


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
    """Every working-time rule that the published shifts of [start, end) do not keep, by person; nobody without any."""
    period = Span(start, end)
    own = spans_of(session, counsellor_ids=None, around=period)
    people = session.scalars(all_counsellors().where(CounsellorRow.id.in_(list(own)))).all()
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
    people = {row.id: row for row in session.scalars(all_counsellors().where(or_(was_there, worked)))}
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

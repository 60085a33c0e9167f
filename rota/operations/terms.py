"""What was agreed with somebody: site, hours, an opt-out from 48 hours; and what holds for everybody at a site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.rules import LIMITS, Limits, Site
from rota.models import LONGEST_NOTICE, SHORTEST_NOTICE, CounsellorRow, SiteLimitsRow
from rota.operations.team import CounsellorNotFound

WEEK_MINUTES = 7 * 24 * 60
EARLIEST_NIGHT, LATEST_MORNING = time(20), time(10)
LONGEST_BREAK = timedelta(hours=2)
MOST_DAYS_IN_A_ROW = 12  # two weekly rests in a fortnight leave twelve
LONGEST_REFERENCE = 26  # weeks: what the law allows where continuity of service is needed
SHORTEST_NIGHT = timedelta(hours=7)


class TermsRefused(ValueError):
    """Terms cannot be like this; `field` names the answer to change, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed with somebody; minutes are of a week, None when nothing was agreed."""

    site: Site = Site.ENGLAND_AND_WALES
    is_volunteer: bool = False
    contract_minutes: int | None = None
    cap_minutes: int | None = None
    health_checked_until: date | None = None


def set_terms(session: Session, *, counsellor_id: int, agreed: Agreed, by: int | None, now: datetime) -> CounsellorRow:
    """Write down what was agreed. Raises CounsellorNotFound or TermsRefused."""
    row = _found(session, counsellor_id)
    _check_hours("contract", agreed.contract_minutes)
    _check_hours("cap", agreed.cap_minutes)
    if agreed.is_volunteer and agreed.contract_minutes is not None:
        raise TermsRefused("contract", "A volunteer has no contract. Enter the hours that they offered instead")
    before = _told(row)
    row.site, row.is_volunteer = agreed.site.value, agreed.is_volunteer
    row.contract_minutes, row.cap_minutes = agreed.contract_minutes, agreed.cap_minutes
    row.health_checked_until = agreed.health_checked_until
    _note_change(session, "terms_changed", row, before, by=by, now=now)
    return row


def sign_opt_out(
    session: Session,
    *,
    counsellor_id: int,
    signed_on: date,
    notice_days: int = SHORTEST_NOTICE,
    today: date,
    by: int | None,
    now: datetime,
) -> CounsellorRow:
    """Somebody agreed in writing to work more than 48 hours a week on average; it holds from the day they signed.

    Raises CounsellorNotFound or TermsRefused.
    """
    row = _found(session, counsellor_id)
    if signed_on > today:
        raise TermsRefused("signed_on", "An opt-out is signed before it is written down. Enter today or an earlier day")
    if not SHORTEST_NOTICE <= notice_days <= LONGEST_NOTICE:
        words = f"Enter the notice in days: {SHORTEST_NOTICE} unless more was agreed, {LONGEST_NOTICE} at most"
        raise TermsRefused("notice_days", words)
    before = _told(row)
    row.opted_out_from, row.opted_out_until = signed_on, None
    row.opt_out_notice_days, row.opt_out_withdrawn_on = notice_days, None
    _note_change(session, "opt_out_signed", row, before, by=by, now=now)
    return row


def withdraw_opt_out(
    session: Session, *, counsellor_id: int, withdrawn_on: date, today: date, by: int | None, now: datetime
) -> date:
    """Somebody takes their opt-out back; it holds until the notice is over. The first day without it.

    Raises CounsellorNotFound or TermsRefused.
    """
    row = _found(session, counsellor_id)
    if row.opted_out_from is None or row.opt_out_withdrawn_on is not None:
        raise TermsRefused("withdrawn_on", "There is no opt-out to take back")
    if not row.opted_out_from <= withdrawn_on <= today:
        raise TermsRefused(
            "withdrawn_on", "Enter the day on which they took it back: after they signed, not after today"
        )
    before = _told(row)
    row.opt_out_withdrawn_on = withdrawn_on
    row.opted_out_until = withdrawn_on + timedelta(days=row.opt_out_notice_days)
    _note_change(session, "opt_out_withdrawn", row, before, by=by, now=now)
    return row.opted_out_until


def set_limits(session: Session, *, limits: Limits, by: int | None, now: datetime) -> None:
    """Make the numbers of a site stricter than the law, or the law's again. Raises TermsRefused."""
    _refuse_laxer(limits)
    before = queries.limits_at(session, limits.site)
    if limits == before:
        return  # nothing changed, so there is nothing to note
    if limits == LIMITS[limits.site]:
        session.execute(delete(SiteLimitsRow).where(SiteLimitsRow.site == limits.site.value))
    else:
        columns = _columns(limits)
        new = insert(SiteLimitsRow).values(columns)
        session.execute(new.on_conflict_do_update(index_elements=["site"], set_=columns))
    session.expire_all()
    note(
        session,
        actor_id=by,
        action="limits_set",
        subject_kind="site",
        subject_id=limits.site.value,
        before=_numbers(before),
        after=_numbers(limits),
        now=now,
    )


def _refuse_laxer(limits: Limits) -> None:
    """The law is the floor, and a number has to make sense. Raises TermsRefused."""
    law = LIMITS[limits.site]
    day, week = timedelta(days=1), timedelta(weeks=1)
    for field, number, least, most in (
        ("daily_rest", limits.daily_rest, law.daily_rest, day),
        ("weekly_rest", limits.weekly_rest, law.weekly_rest, week),
        ("fortnight_rest", limits.fortnight_rest, law.fortnight_rest, 2 * week),
        ("average_hours", limits.average_hours, timedelta(), law.average_hours),
        ("night_work", limits.night_work, timedelta(minutes=1), law.night_work),
        ("night_hours", limits.night_hours, timedelta(), law.night_hours),
        ("break_after", limits.break_after, timedelta(minutes=1), law.break_after),
        ("break_length", limits.break_length, law.break_length, LONGEST_BREAK),
    ):
        if not least <= number <= most:
            raise TermsRefused(field, f"Enter {_hours(least)} to {_hours(most)}: stricter than the law, never laxer")
    if not 1 <= limits.reference_weeks <= LONGEST_REFERENCE:
        raise TermsRefused("reference_weeks", f"Enter 1 to {LONGEST_REFERENCE} weeks; 17 is usual")
    if not 1 <= limits.consecutive_days <= MOST_DAYS_IN_A_ROW:
        raise TermsRefused("consecutive_days", f"Enter 1 to {MOST_DAYS_IN_A_ROW} days")
    if limits.night_starts < EARLIEST_NIGHT:
        raise TermsRefused("night_starts", "Night time starts between 20:00 and midnight. Enter another time")
    if not time(5) <= limits.night_ends <= LATEST_MORNING:
        raise TermsRefused("night_ends", "Night time ends between 05:00 and 10:00. Enter another time")
    if day - _since_midnight(limits.night_starts) + _since_midnight(limits.night_ends) < SHORTEST_NIGHT:
        raise TermsRefused("night_ends", "Night time is at least seven hours. Enter a later end")


def _since_midnight(wall: time) -> timedelta:
    return timedelta(hours=wall.hour, minutes=wall.minute)


def _hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):g} hours" if length >= timedelta(hours=1) else f"{_minutes(length)} minutes"


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


def _columns(limits: Limits) -> dict[str, Any]:
    """The numbers as the table keeps them, lengths in minutes."""
    values = {name: getattr(limits, name) for name in (column.key for column in SiteLimitsRow.__table__.columns)}
    lengths = {name: _minutes(value) for name, value in values.items() if isinstance(value, timedelta)}
    return values | lengths | {"site": limits.site.value}


def _numbers(limits: Limits) -> dict[str, Any]:
    """The numbers for the journal."""
    columns = _columns(limits)
    return {name: value.isoformat() if isinstance(value, time) else value for name, value in columns.items()}


def _check_hours(field: str, number: int | None) -> None:
    if number is not None and not 0 <= number <= WEEK_MINUTES:
        raise TermsRefused(field, "Enter hours in a week, 0 to 168, or leave it empty")


def _found(session: Session, counsellor_id: int) -> CounsellorRow:
    row = queries.find_counsellor(session, counsellor_id=counsellor_id)
    if row is None:
        raise CounsellorNotFound("There is no such counsellor")
    return row


def _told(row: CounsellorRow) -> dict[str, Any]:
    days = ("opted_out_from", "opted_out_until", "opt_out_withdrawn_on", "health_checked_until")
    return {
        "site": row.site,
        "is_volunteer": row.is_volunteer,
        "contract_minutes": row.contract_minutes,
        "cap_minutes": row.cap_minutes,
        "opt_out_notice_days": row.opt_out_notice_days,
    } | {day: getattr(row, day).isoformat() if getattr(row, day) else None for day in days}


def _note_change(
    session: Session, action: str, row: CounsellorRow, before: dict[str, Any], *, by: int | None, now: datetime
) -> None:
    session.flush()
    if before == _told(row):
        return  # saved as it was: there is nothing to note
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="counsellor",
        subject_id=row.id,
        before=before,
        after=_told(row),
        now=now,
    )

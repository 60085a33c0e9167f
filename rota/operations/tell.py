"""Tell a counsellor something about the rota by text, once; the gate asks again before it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from foundation.phone import Phone
from foundation.web.times import clock_time
from notifications.operations import order
from rota import queries
from rota.domain import wording
from rota.domain.changes import Leave
from rota.domain.notices import asked_at
from rota.domain.publishing import PersonChange, difference
from rota.domain.shifts import Shift, Span
from rota.models import CounsellorRow, RotaTextRow

PURPOSE = "rota"
STALE_AFTER = timedelta(hours=12)  # a text about a change that did not get through by then is overtaken by their page


def tell(
    session: Session,
    *,
    person: CounsellorRow,
    body: str,
    reason_key: str,
    give_up_at: datetime,
    not_before: datetime | None = None,
    now: datetime,
) -> UUID | None:
    """Order the text, once for each reason; None when it was ordered before, or the number cannot show a text."""
    phone = Phone(person.phone)
    if not phone.is_mobile or give_up_at <= now:
        return None
    text_id = order.order_text(
        session,
        to=phone,
        body=body,
        purpose=PURPOSE,
        reason_key=reason_key,
        give_up_at=give_up_at,
        not_before=not_before,
        now=now,
    )
    if text_id is not None:
        session.add(RotaTextRow(text_id=text_id, counsellor_id=person.id))
        session.flush()
    return text_id


def tell_changed(
    session: Session,
    before: Iterable[Shift],
    after: Iterable[Shift],
    *,
    reason: str,
    zone: ZoneInfo,
    now: datetime,
) -> list[PersonChange]:
    """Tell everybody whose shifts differ, each of their own only, and once for each reason; who they are."""
    changes = difference(before, after)
    tell_changes(session, changes, reason=reason, zone=zone, now=now)
    return changes


def tell_changes(
    session: Session, changes: Iterable[PersonChange], *, reason: str, zone: ZoneInfo, now: datetime
) -> None:
    """The same, when it is known what has changed for whom.

    Nobody is woken by a text about a shift that begins well after the night.
    """
    changes = list(changes)
    people = queries.counsellors_by_id(session, counsellor_ids=[change.counsellor_id for change in changes])
    for change in changes:
        person = people[change.counsellor_id]
        spans = (*change.gained, *change.lost)
        when = asked_at(now, starts_at=min(spans).starts_at, zone=zone)
        tell(
            session,
            person=person,
            body=change_words(change, zone),
            reason_key=f"{reason}:{person.id}",
            give_up_at=min(max(span.ends_at for span in spans), when + STALE_AFTER),
            not_before=when,
            now=now,
        )


def change_words(change: PersonChange, zone: ZoneInfo) -> str:
    """What somebody's shifts have become: the one that came or went, or how many, with where to look."""
    gained, lost = change.gained, change.lost
    if len(gained) == 1 and len(lost) == 1:
        return wording.TEXT_MOVED.format(old=short(lost[0], zone), new=short(gained[0], zone))
    if len(gained) == 1 and not lost:
        return wording.TEXT_GAINED.format(shift=short(gained[0], zone))
    if len(lost) == 1 and not gained:
        return wording.TEXT_LOST.format(shift=short(lost[0], zone))
    first = min((*gained, *lost))
    return wording.TEXT_CHANGED.format(gained=len(gained), lost=len(lost), first=short(first, zone))


def leave_words(leave: Leave, *, is_approved: bool, vacated: int = 0) -> str:
    """What became of an application for leave, and of the shifts in it."""
    days = _day(leave.first_day)
    if leave.last_day != leave.first_day:
        days += f" to {_day(leave.last_day)}"
    if not is_approved:
        return wording.TEXT_LEAVE_REFUSED.format(days=days)
    if not vacated:
        return wording.TEXT_LEAVE_APPROVED.format(days=days)
    shifts = "1 shift in it is" if vacated == 1 else f"{vacated} shifts in it are"
    return wording.TEXT_LEAVE_VACATED.format(days=days, shifts=shifts)


def vacated_words(vacated: Sequence[Span], zone: ZoneInfo) -> str:
    """What leave took out of the rota: the shift, or how many."""
    first = short(vacated[0], zone)
    if len(vacated) == 1:
        return wording.TEXT_VACATED.format(shift=first)
    return wording.TEXT_VACATED_MANY.format(shifts=len(vacated), first=first)


def cover_words(span: Span, zone: ZoneInfo) -> str:
    """The question of the ladder."""
    return wording.TEXT_COVER.format(shift=short(span, zone))


def short(span: Span, zone: ZoneInfo) -> str:
    """A span in as few characters as a text has: Tue 24 Nov 22:00-06:00."""
    starts, ends = clock_time(span.starts_at, zone=zone)[:5], clock_time(span.ends_at, zone=zone)[:5]
    return f"{_day(span.starts_at.astimezone(zone).date())} {starts}-{ends}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"

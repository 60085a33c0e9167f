"""Who is ready to be rung now, and what each counsellor is doing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload

from accounts.models import JournalRow
from rota.domain.counsellor import Counsellor, FreeCounsellor
from rota.domain.evidence import Changes
from rota.domain.presence import Presence, PresenceState
from rota.domain.resolution import A_MINUTE, resolve
from rota.domain.shifts import Shift, whole_minute
from rota.models import CounsellorRow, OffersEndRow, PresenceRow, ShiftRow
from rota.queries.selects import as_counsellors, counsellors_here, published_in
from rota.queries.shifts import published_shifts

LAST_MINUTES = timedelta(minutes=5)  # of a person's cover: a call offered now would run into their time to go home
LOOK_AHEAD = timedelta(days=1)  # no unbroken stretch of one person's cover is asked about beyond this


@dataclass(frozen=True, slots=True)
class PresenceLine:
    """One counsellor on the board."""

    counsellor: Counsellor
    presence: Presence
    on_shift_until: datetime | None
    """The end of the unbroken cover at hand; None when the person is not on."""


def counsellors_free(session: Session, *, moment: datetime) -> list[FreeCounsellor]:
    """Who can be offered a call: on a published shift and not in its last minutes, available, on a verified phone.

    Whether somebody already has an offer or a call is not a question for the rota; the caller removes those.
    """
    ready = _ready_since(session, moment)
    until = _free_until(session, moment, ready)
    shifts = _shifts_at(session, moment, counsellor_ids=until)
    people = as_counsellors(session, counsellors_here(moment.date()).where(CounsellorRow.id.in_(list(until))))
    return [
        FreeCounsellor(person, until[person.id], ready[person.id], *shifts.get(person.id, (None, None)))
        for person in people
    ]


def free_ids(session: Session, *, moment: datetime) -> frozenset[int]:
    """The ids of those who can be offered a call: the same people as `counsellors_free`, for less."""
    return frozenset(_free_until(session, moment, _ready_since(session, moment)))


def last_minutes(session: Session) -> timedelta:
    """How long before the end of somebody's cover they are offered no call any more."""
    minutes = session.scalar(select(OffersEndRow.minutes))
    return LAST_MINUTES if minutes is None else timedelta(minutes=minutes)


def _ready_since(session: Session, moment: datetime) -> dict[int, datetime]:
    """Who is available on a verified phone, on shift or not, and since when."""
    ready = session.execute(
        counsellors_here(moment.date())
        .where(PresenceRow.state == PresenceState.AVAILABLE.value, CounsellorRow.phone_verified_at.is_not(None))
        .with_only_columns(CounsellorRow.id, PresenceRow.since)
        .order_by(None)
    )
    return dict(ready.all())


def _free_until(session: Session, moment: datetime, ready: Collection[int]) -> dict[int, datetime]:
    """Who of the ready can be offered a call, and when their unbroken cover ends; who is on, only the resolver says."""
    shifts = published_shifts(session, start=moment, end=moment + LOOK_AHEAD, counsellor_ids=ready)
    last = moment + last_minutes(session)
    return {person: ends_at for person, ends_at in unbroken_until(shifts, moment).items() if ends_at > last}


def cover_ends(session: Session, *, counsellor_id: int, moment: datetime) -> datetime | None:
    """When a counsellor's unbroken cover at this moment ends; None when they are not on."""
    moment = whole_minute(moment)
    shifts = published_shifts(session, start=moment, end=moment + LOOK_AHEAD, counsellor_ids=[counsellor_id])
    return unbroken_until(shifts, moment).get(counsellor_id)


def _shifts_at(session: Session, moment: datetime, *, counsellor_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Each person's shift at this moment, and its version."""
    minute = whole_minute(moment)
    wanted = select(ShiftRow.counsellor_id, ShiftRow.id, ShiftRow.version).where(
        *published_in(minute, minute + A_MINUTE), ShiftRow.counsellor_id.in_(list(counsellor_ids))
    )
    return {person: (shift_id, version) for person, shift_id, version in session.execute(wanted)}


def unbroken_until(shifts: Iterable[Shift], moment: datetime) -> dict[int, datetime]:
    """When each person's unbroken cover from this moment on ends."""
    spans = resolve(shifts, start=moment, end=moment + LOOK_AHEAD)
    return {span.counsellor_id: span.ends_at for span in spans if span.starts_at == moment}


def presence_board(session: Session, *, moment: datetime) -> list[PresenceLine]:
    """Every counsellor who has not left: what they are doing, and until when they are on, by name."""
    until = unbroken_until(published_shifts(session, start=moment, end=moment + LOOK_AHEAD), moment)
    rows = session.scalars(counsellors_here(moment.date()))
    return [PresenceLine(row.as_counsellor(), row.presence.as_presence(), until.get(row.id)) for row in rows]


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

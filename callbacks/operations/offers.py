"""What can be offered at this moment, from the published rota: now, or one of the coming hours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.asking import Gender, Strength
from callbacks.domain.call_lengths import lengths
from callbacks.domain.promise import at_once, is_somebody_spare, promise
from callbacks.domain.triage import Urgency
from callbacks.domain.window import Asap, Span, Wanted, allowed
from callbacks.models import BookingRow, CallbackRow
from callbacks.operations.visit import UnknownToken
from foundation.language import mark
from notifications import queries as notifications
from rota import queries as rota

HOUR = timedelta(hours=1)
OFFERED_FOR = timedelta(days=7)
"""How far ahead a time can be chosen: as far as people keep to it."""
NOTICE = timedelta(minutes=15)
"""An hour is offered until this long before it begins."""
KEPT_FREE = 1
"""Counsellors of each hour who are not booked: for those who need a call now."""
LOOKS_AHEAD = timedelta(hours=24)
"""How far the promise for a call "as soon as possible" may reach."""
ALTERNATIVES = 3
"""How many other times are offered when the chosen one is gone."""


class NotOffered(Exception):
    """The time cannot be had: full, closed or never offered. `alternatives` are live at this moment."""

    def __init__(self, detail: str, alternatives: tuple[Span, ...]) -> None:
        super().__init__(detail)
        self.detail = detail
        self.alternatives = alternatives


@dataclass(frozen=True, slots=True)
class Availability:
    """What can be asked for at this moment."""

    state: Literal["open", "slots_only", "closed"]
    as_soon_as_possible: Span | None
    slots: tuple[Span, ...]
    next_change_at: datetime | None
    cannot_ring: bool = False
    """Calls cannot be placed at this moment: a request is kept, and nobody is told a time for it."""


Able = frozenset[int] | None
"""The counsellors who may ring for a request; None when any may."""


def able(session: Session, callback: CallbackRow, *, now: datetime) -> Able:
    """Who has the language and the skills that a request needs and, where only that will do, the gender."""
    wish = callback.as_wish()
    only = wish.value.value if wish is not None and wish.strength is Strength.ONLY else None
    if callback.language == "en" and not callback.needs_skills and only is None:
        return None
    return rota.able_ids(
        session,
        language=callback.language,
        skills=frozenset(callback.needs_skills),
        gender=only,
        today=now.date(),
    )


def is_nobody_able(session: Session, callback: CallbackRow, *, now: datetime) -> bool:
    """Whether nobody on the team may ever ring for a request, whatever the time."""
    return able(session, callback, now=now) == frozenset()


def _cover(session: Session, *, start: datetime, end: datetime, among: Able = None) -> list[Span]:
    """The unbroken spans of a period in which each counsellor is on a published shift."""
    return [
        Span(on.starts_at, on.ends_at)
        for on in rota.resolved(session, start=start, end=end)
        if among is None or on.counsellor_id in among
    ]


@dataclass(frozen=True, slots=True)
class Soon:
    """A call as soon as possible: when it is safe, between which moments, who may ring, and how urgent it is."""

    safe: Sequence[Span]
    not_before: datetime
    not_after: datetime
    among: Able = None
    urgency: Urgency = Urgency.ROUTINE

    @property
    def spans(self) -> list[Span]:
        """The safe spans, as far as they lie between those moments."""
        ends = ((max(span.starts_at, self.not_before), min(span.ends_at, self.not_after)) for span in self.safe)
        return [Span(starts_at, ends_at) for starts_at, ends_at in ends if starts_at < ends_at]


def soon_for(
    session: Session,
    callback: CallbackRow,
    *,
    not_before: datetime,
    not_after: datetime,
    zone: ZoneInfo,
    now: datetime,
) -> Soon:
    """A call as soon as possible for a request that was made."""
    safe, among = allowed(callback.as_wanted(), zone=zone), able(session, callback, now=now)
    return Soon(safe, not_before, not_after, among, callback.as_urgency)


def _asked_now(*, among: Able, zone: ZoneInfo, now: datetime) -> Soon:
    """A call for somebody who asks now, and says no more."""
    return Soon(allowed(Wanted(asked_at=now, when=Asap()), zone=zone), now, now + LOOKS_AHEAD, among)


def asap_promise(session: Session, soon: Soon, *, now: datetime) -> Span | None:
    """The range in which a call as soon as possible, asked for now, is likely to come, within one of its safe spans.

    None when nobody who may ring is on in time, and while calls cannot be placed: then no time would be true.
    """
    return None if notifications.is_dialling_paused(session) else _likely(session, soon, now=now)


def _likely(session: Session, soon: Soon, *, now: datetime) -> Span | None:
    """The first safe span with room for the whole range; if none has it, the range that one of them cuts short."""
    spans = soon.spans
    if not spans:
        return None
    within, cut = _forecast(session, soon, now=now), None
    for span in spans:
        found = within(span)
        if found is not None and found.ends_at < span.ends_at:
            return found
        cut = cut or found
    return cut


def _forecast(session: Session, soon: Soon, *, now: datetime) -> Callable[[Span], Span | None]:
    """What the range is within a span; who is free, who comes first and who is on is asked once for all spans."""
    free_now = queries.count_free(session, among=soon.among, now=now)
    ahead = queries.count_ahead(session, urgency=soon.urgency, now=now)
    booked = queries.booked_times(session, from_=now, until=now + LOOKS_AHEAD)
    if is_somebody_spare(free_now=free_now, ahead=ahead, booked=booked, now=now):  # most often: no need for the rest
        return lambda span: at_once(not_before=span.starts_at, not_after=span.ends_at, now=now)
    cover = _cover(session, start=now, end=now + LOOKS_AHEAD, among=soon.among)
    likely_lengths = lengths(queries.talked_lately(session))
    return lambda span: promise(
        free_now=free_now,
        cover=cover,
        ahead=ahead,
        booked=booked,
        lengths=likely_lengths,
        not_before=span.starts_at,
        not_after=span.ends_at,
        now=now,
    )


def _seats(hour: Span, cover: Sequence[Span]) -> int:
    """Places in an hour: counsellors who are on for all of it, less those kept free."""
    on = sum(1 for span in cover if span.starts_at <= hour.starts_at and hour.ends_at <= span.ends_at)
    return max(0, on - KEPT_FREE)


def _hours(start: datetime, end: datetime) -> list[Span]:
    first = start.replace(minute=0, second=0, microsecond=0)
    if first < start:
        first += HOUR
    return [Span(first + n * HOUR, first + (n + 1) * HOUR) for n in range(int((end - first) / HOUR))]


def open_hours(session: Session, *, start: datetime, end: datetime, among: Able = None) -> list[tuple[Span, set[int]]]:
    """The hours of a period that have a place left, each with its free seat numbers.

    With `among`, only hours for all of which at least one of these counsellors is on.
    """
    cover = _cover(session, start=start, end=end + HOUR)
    theirs = cover if among is None else _cover(session, start=start, end=end + HOUR, among=among)
    taken = queries.seats_taken(session, from_=start - HOUR, until=end)
    found = []
    for hour in _hours(start, end):
        free = set(range(_seats(hour, cover))) - taken.get(hour.starts_at, set())
        if free and any(on.starts_at <= hour.starts_at and hour.ends_at <= on.ends_at for on in theirs):
            found.append((hour, free))
    return found


def suitable(session: Session, *, gender: Gender | None, skills: frozenset[str], language: str, now: datetime) -> Able:
    """Who has the language, these skills and, if one is named, this gender; for a request not yet made."""
    if gender is None and not skills and language == "en":
        return None
    return rota.able_ids(session, language=language, skills=skills, gender=gender, today=now.date())


def prices(
    session: Session, *, skills: frozenset[str], language: str, zone: ZoneInfo, now: datetime
) -> dict[Gender | None, Span | None]:
    """When a call asked for now is likely: from anybody, only from a woman, only from a man."""
    return {
        gender: asap_promise(
            session,
            _asked_now(
                among=suitable(session, gender=gender, skills=skills, language=language, now=now), zone=zone, now=now
            ),
            now=now,
        )
        for gender in (None, *Gender)
    }


def prices_of_languages(
    session: Session, languages: Collection[str], *, skills: frozenset[str], zone: ZoneInfo, now: datetime
) -> dict[str, Span | None]:
    """When a call asked for now is likely, from whoever speaks each of these languages."""
    return {
        language: asap_promise(
            session,
            _asked_now(
                among=suitable(session, gender=None, skills=skills, language=language, now=now), zone=zone, now=now
            ),
            now=now,
        )
        for language in languages
    }


def availability_for(session: Session, *, token: str, zone: ZoneInfo, now: datetime) -> Availability:
    """What the request that a token opens can be moved to. Raises UnknownToken."""
    callback = queries.by_token(session, token)
    if callback is None:
        raise UnknownToken
    return availability(session, among=able(session, callback, now=now), zone=zone, now=now)


def availability(session: Session, *, among: Able = None, zone: ZoneInfo, now: datetime) -> Availability:
    """What can be asked for at this moment. `slots` are whole hours of the next seven days with a place left."""
    slots = tuple(hour for hour, _ in open_hours(session, start=now + NOTICE, end=now + OFFERED_FOR, among=among))
    soon = _likely(session, _asked_now(among=among, zone=zone, now=now), now=now)
    cannot_ring = soon is not None and notifications.is_dialling_paused(session)
    edges = [
        edge
        for span in _cover(session, start=now, end=now + LOOKS_AHEAD, among=among)
        for edge in (span.starts_at, span.ends_at)
        if edge > now
    ]
    state: Literal["open", "slots_only", "closed"] = "open" if soon else "slots_only" if slots else "closed"
    return Availability(state, None if cannot_ring else soon, slots, min(edges, default=None), cannot_ring)


def book(session: Session, callback: CallbackRow, *, wanted: Span, now: datetime) -> datetime:
    """Take a place in the first hour of a wanted time that has one; the start of that hour.

    Raises NotOffered with live alternatives when there is none. The database decides between two who want the last.
    """
    among = able(session, callback, now=now)
    if wanted.starts_at < now:
        raise NotOffered(mark("That time has passed."), alternatives(session, after=now, among=among, now=now))
    if not _hours(wanted.starts_at, wanted.ends_at) or wanted.starts_at >= now + OFFERED_FOR:
        raise NotOffered(
            mark("We offer whole hours of the next seven days, and that is none of them."),
            alternatives(session, after=wanted.starts_at, among=among, now=now),
        )
    hours = [
        (hour, seats)
        for hour, seats in open_hours(session, start=max(now, wanted.starts_at), end=wanted.ends_at, among=among)
        if hour.starts_at < now + OFFERED_FOR
    ]
    for hour, seats in hours:
        for seat in sorted(seats):
            taken = session.execute(
                insert(BookingRow)
                .values(callback_id=callback.id, hour_at=hour.starts_at, seat=seat)
                .on_conflict_do_nothing()
                .returning(BookingRow.seat)
            )
            if taken.first() is not None:
                return hour.starts_at
    raise NotOffered(
        mark("That time is not free."), alternatives(session, after=wanted.starts_at, among=among, now=now)
    )


def alternatives(session: Session, *, after: datetime, among: Able = None, now: datetime) -> tuple[Span, ...]:
    """The next few hours with a place left; the last few that are offered, when the wish lies beyond them."""
    end = now + OFFERED_FOR
    hours = [hour for hour, _ in open_hours(session, start=now + NOTICE, end=end, among=among)]
    later = [hour for hour in hours if hour.starts_at >= after]
    return tuple(later[:ALTERNATIVES] or hours[-ALTERNATIVES:])

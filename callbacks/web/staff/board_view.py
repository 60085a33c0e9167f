"""The live board as values: who is on, who waits and whether we keep our word, who talks, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.attempts import EMERGENCY_LOOKED_AT_WITHIN, ReviewReason
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Status
from callbacks.domain.matching import Waiting
from callbacks.domain.promise import PromiseState
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.explain import Standing, Starving, standing
from callbacks.operations.follow_call import REVIEW_WITHIN
from callbacks.operations.promises import stand
from callbacks.queries import OpenCall
from callbacks.web.staff import moments, wording
from callbacks.web.staff.brief import Tag, urgency_tag
from callbacks.web.staff.callback_view import promise_tag
from foundation.web import help_lines
from notifications import queries as notifications
from notifications.domain.trouble import WORDS as TROUBLES
from notifications.domain.trouble import Trouble
from rota import queries as rota
from rota.domain.coverage import CoverState
from rota.domain.wording import ABSENT, COVER, PRESENCE, gap_words
from rota.queries import PresenceLine

LATELY = timedelta(hours=8)
"""The list of closed requests reaches back one shift."""
CLOSED_SHOWN = 20
HORIZON = rota.COVER_AHEAD


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure."""

    number: int
    words: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Somebody on shift."""

    name: str
    presence: Tag
    since: str
    until: str
    doing: str


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A request that waits to be rung."""

    reference: str
    urgency: Tag
    waited: str
    safe_until: str
    promised: str
    promise: Tag | None
    status: str
    next_try: str
    wants_review: bool
    could_not_text: bool
    """The last text about it did not arrive: the call is all that tells them."""


@dataclass(frozen=True, slots=True)
class DangerLine:
    """A promise that we may break, or have broken."""

    reference: str
    promised: str
    promise: Tag | None
    left: str
    told: str


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call under way."""

    reference: str
    counsellor: str
    state: str
    since: str


@dataclass(frozen=True, slots=True)
class MissingLine:
    """An outcome that nobody has recorded."""

    reference: str
    counsellor: str
    ended: str
    ago: str


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """A request that waits for a supervisor."""

    reference: str
    urgency: Tag
    reason: str
    since: str
    is_late: bool
    could_not_text: bool


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """A request that was closed lately."""

    reference: str
    how: str
    came_of_it: str
    at: str
    promise: Tag | None


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody waits and somebody is free."""

    reference: str
    waited: str
    people: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board but the cover."""

    troubles: tuple[str, ...]
    """What is wrong with the service itself, and since when."""
    tiles: tuple[Tile, ...]
    notices: tuple[Notice, ...]
    dangers: tuple[DangerLine, ...]
    """Promises at risk, the nearest first."""
    people: tuple[PersonLine, ...]
    waiting: tuple[WaitingLine, ...]
    calls: tuple[CallLine, ...]
    missing: tuple[MissingLine, ...]
    review: tuple[ReviewLine, ...]
    closed: tuple[ClosedLine, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """Whether enough people are on, now and next."""

    now: Tag
    next: tuple[str, ...]
    alarm: str
    """What to do when a request is unaccounted for; empty, always, unless something is broken."""
    absent: tuple[str, ...] = ()
    """Who is on shift and counts as absent."""
    unchecked: tuple[str, ...] = ()
    """Help lines on visitors' pages that nobody has checked for a quarter of a year."""


def board(session: Session, *, zone: ZoneInfo, now: datetime) -> Board:
    """The board at this moment."""
    seen = standing(session, zone=zone, now=now)
    rows = {row.id: row for row in queries.open_requests(session)}
    closed = queries.closed_since(session, now - LATELY, limit=CLOSED_SHOWN)
    names, calls = queries.counsellor_names(session), queries.open_calls(session)
    promises = {id_: one.state for id_, one in stand(session, [*rows.values(), *closed], now=now).items()}
    untexted = queries.could_not_be_texted(session, rows.keys())
    waiting = [
        _waiting_line(rows[request.callback_id], request, promises[request.callback_id], untexted, now=now)
        for request in seen.waiting
        if request.callback_id in rows
    ]
    held = [row for row in rows.values() if row.status == Status.NEEDS_REVIEW]
    held.sort(key=lambda row: not row.is_held_emergency)  # emergencies first, then whoever has waited longest
    review = [_review_line(row, untexted, now=now) for row in held]
    missing = [_missing_line(session, row, names, now=now) for row in queries.outcomes_missing(session)]
    talking = {call.attempt.counsellor_id for call in calls}
    people = [
        _person_line(line, calls, now=now)
        for line in seen.people
        if line.on_shift_until is not None or line.counsellor.id in talking
    ]
    late = sum(1 for row in rows.values() if promises[row.id] is PromiseState.LATE)
    endangered = sum(1 for row in rows.values() if promises[row.id] is PromiseState.ENDANGERED)
    return Board(
        troubles=tuple(
            f"Since {row.since.astimezone(zone):%H:%M}: {TROUBLES[Trouble(row.kind)]}"
            + (f" {row.because}" if row.because else "")
            for row in notifications.troubles(session)
        ),
        tiles=_tiles(seen, calls, late=late, endangered=endangered, missing=len(missing), review=len(review)),
        notices=tuple(
            _notice(rows[one.callback_id].reference, one, now=now) for one in seen.starving() if one.callback_id in rows
        ),
        dangers=_dangers(session, rows, promises, now=now),
        people=tuple(people),
        waiting=tuple(waiting),
        calls=tuple(_call_line(call, names, now=now) for call in calls),
        missing=tuple(missing),
        review=tuple(review),
        closed=tuple(_closed_line(row, promises[row.id], now=now) for row in closed),
    )


def cover(session: Session, *, zone: ZoneInfo, now: datetime) -> Cover:
    """Cover now, and the gaps of the next day in words."""
    live = rota.live_cover(session, moment=now, zone=zone)
    found = live.coverage
    here = found.segments[0]
    kinds = {CoverState.COVERED: "good", CoverState.UNDERSTAFFED: "warn"}
    return Cover(
        now=Tag(f"{COVER[here.state]} now: {here.on} there, {here.need.people} needed", kinds.get(here.state, "bad")),
        absent=tuple(f"{name}: {ABSENT[why]}" for name, why in live.absent),
        next=tuple(gap_words(gap, zone) for gap in found.gaps),
        alarm=alarm(_missed(session)),
        unchecked=tuple(
            line.name for line in help_lines.stale(help_lines.every_line(), today=now.astimezone(zone).date())
        ),
    )


def _missed(session: Session) -> int:
    """How many requests are unaccounted for, once the watch has missed one: to count them all takes a while."""
    is_any = notifications.trouble_last_at(session, Trouble.REQUESTS_UNACCOUNTED) is not None
    return queries.unaccounted_for(session) if is_any else 0


def alarm(unaccounted_for: int) -> str:
    """The words for requests that are neither open with a deadline nor closed with a reason."""
    if unaccounted_for == 0:
        return ""
    return wording.ONE_UNACCOUNTED if unaccounted_for == 1 else wording.UNACCOUNTED.format(count=unaccounted_for)


_AT_RISK = frozenset({PromiseState.ENDANGERED, PromiseState.LATE})


def _dangers(
    session: Session, rows: dict[int, CallbackRow], promises: dict[int, PromiseState], *, now: datetime
) -> tuple[DangerLine, ...]:
    at_risk = [row for row in rows.values() if row.promise is not None and promises[row.id] in _AT_RISK]
    return tuple(
        _danger_line(session, row, promises[row.id], now=now)
        for row in sorted(at_risk, key=lambda row: (row.promised_until or now, row.id))
    )


def _danger_line(session: Session, callback: CallbackRow, how: PromiseState, *, now: datetime) -> DangerLine:
    quoted, sorry = callback.promise, queries.apology(session, callback)
    assert quoted is not None  # noqa: S101 - only promises are in danger
    left = quoted.ends_at - now
    return DangerLine(
        reference=callback.reference,
        promised=moments.spanning(quoted.starts_at, quoted.ends_at, now=now),
        promise=promise_tag(how),
        left=moments.lasting(left) if left > timedelta() else wording.TIME_PASSED,
        told=wording.TOLD_AT.format(at=moments.at(sorry.told_at, now=now)) if sorry else wording.NOT_TOLD,
    )


def _tiles(
    seen: Standing, calls: Sequence[OpenCall], *, late: int, endangered: int, missing: int, review: int
) -> tuple[Tile, ...]:
    due = sum(1 for request in seen.waiting if request.due_at <= seen.now)
    on_shift = sum(1 for line in seen.people if line.on_shift_until is not None)
    free = sum(1 for one in seen.free if not one.has_call)
    return (
        Tile(due, "due now"),
        Tile(len(seen.waiting) - due, "for later"),
        Tile(late, "later than promised", is_bad=late > 0),
        Tile(endangered, "promise in danger" if endangered == 1 else "promises in danger", is_bad=endangered > 0),
        Tile(len(calls), "in a call"),
        Tile(free, f"free of {on_shift} on shift", is_bad=free == 0 and due > 0),
        Tile(missing, "outcome missing" if missing == 1 else "outcomes missing", is_bad=missing > 0),
        Tile(review, "for you to decide", is_bad=review > 0),
    )


def _notice(reference: str, starving: Starving, *, now: datetime) -> Notice:
    return Notice(
        reference=reference,
        waited=moments.lasting(now - starving.since),
        people=tuple(
            (name, wording.BLOCKS[block].lower() if block else wording.NOTHING_BLOCKS) for name, block in starving.free
        ),
    )


def _person_line(line: PresenceLine, calls: Sequence[OpenCall], *, now: datetime) -> PersonLine:
    call = next((call for call in calls if call.attempt.counsellor_id == line.counsellor.id), None)
    if call is not None:
        doing = f"{wording.CALL_STATES[call.state]}, {moments.lasting(now - call.state_at)}"
    elif not line.counsellor.phone_verified:
        doing = "Telephone not checked: gets no calls"
    else:
        doing = line.presence.reason
    return PersonLine(
        name=line.counsellor.name,
        presence=Tag(PRESENCE[line.presence.state], wording.PRESENCE_KINDS[line.presence.state]),
        since=moments.at(line.presence.since, now=now),
        until=moments.at(line.on_shift_until, now=now) if line.on_shift_until else wording.SHIFT_OVER,
        doing=doing,
    )


def _waiting_line(
    callback: CallbackRow, request: Waiting, how: PromiseState, untexted: set[int], *, now: datetime
) -> WaitingLine:
    quoted = callback.promise
    return WaitingLine(
        reference=callback.reference,
        urgency=urgency_tag(callback),
        waited=moments.lasting(now - callback.asked_at),
        safe_until=moments.at(request.safe_until, now=now) if request.safe_until else wording.NOT_SAFE_NOW,
        promised=moments.spanning(quoted.starts_at, quoted.ends_at, now=now) if quoted else "nothing",
        promise=promise_tag(how),
        status=wording.STATUS[Status(callback.status)],
        next_try="now" if request.due_at <= now else moments.at(request.due_at, now=now),
        wants_review=callback.wants_review,
        could_not_text=callback.id in untexted,
    )


def _call_line(call: OpenCall, names: dict[int, str], *, now: datetime) -> CallLine:
    return CallLine(
        reference=call.attempt.callback.reference,
        counsellor=names.get(call.attempt.counsellor_id, "A counsellor"),
        state=wording.CALL_STATES[call.state],
        since=moments.lasting(now - call.state_at),
    )


def _missing_line(session: Session, attempt: AttemptRow, names: dict[int, str], *, now: datetime) -> MissingLine:
    ended = attempt.ended_at or now
    return MissingLine(
        reference=session.get_one(CallbackRow, attempt.callback_id).reference,
        counsellor=names.get(attempt.counsellor_id, "A counsellor"),
        ended=moments.at(ended, now=now),
        ago=moments.lasting(now - ended),
    )


def _review_line(callback: CallbackRow, untexted: set[int], *, now: datetime) -> ReviewLine:
    return ReviewLine(
        reference=callback.reference,
        urgency=urgency_tag(callback),
        reason=wording.REVIEW[ReviewReason(callback.review_reason or ReviewReason.OTHER)],
        since=moments.lasting(now - callback.status_at),
        is_late=now - callback.status_at
        > (EMERGENCY_LOOKED_AT_WITHIN if callback.is_held_emergency else REVIEW_WITHIN),
        could_not_text=callback.id in untexted,
    )


def _closed_line(callback: CallbackRow, how: PromiseState, *, now: datetime) -> ClosedLine:
    return ClosedLine(
        reference=callback.reference,
        how=wording.STATUS[Status(callback.status)],
        came_of_it=CaseOutcome(callback.case_outcome).label if callback.case_outcome else "",
        at=moments.at(callback.closed_at, now=now) if callback.closed_at else "",
        promise=promise_tag(how),
    )

"""One request as its staff page shows it: where it stands, the brief, every attempt, and what happened in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.attempts import MOST_RINGS, ReviewReason
from callbacks.domain.codes import BlockReason, CaseOutcome, HoldReason, ReferralStatus, ReferralType
from callbacks.domain.lifecycle import WAITING, Status
from callbacks.domain.promise import PromiseState
from callbacks.domain.safe_contact import MessageRule
from callbacks.models import AttemptRow, CallbackRow, HistoryRow
from callbacks.operations.promises import stand
from callbacks.queries import OpenCall
from callbacks.web.staff import moments, wording
from callbacks.web.staff.brief import AttemptLine, Brief, Tag, attempt_line, brief_of
from callbacks.web.staff.viewer import Viewer
from foundation.web.times import date_in_words, service_zone
from notifications.domain.text import TextState
from rota import queries as rota


@dataclass(frozen=True, slots=True)
class State:
    """Where it stands now: the part of the page that keeps itself up to date."""

    words: str
    tag: Tag | None
    urgency: Tag
    lines: tuple[tuple[str, str], ...]
    promise: Tag | None
    owes_outcome: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the history."""

    at: str
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class HistoryDay:
    """The history of one local day."""

    title: str
    events: tuple[Happened, ...]


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """A referral."""

    kind: str
    provider: str
    status: str
    made: str
    note: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything on the page."""

    reference: str
    state: State
    brief: Brief
    number: str
    attempts: tuple[AttemptLine, ...]
    history: tuple[HistoryDay, ...]
    referrals: tuple[ReferralLine, ...]
    texts: tuple[str, ...]
    no_texts: str
    duplicate_of: str
    """The reference of another open request with the same number."""
    may_ask_why: bool
    can_decide: bool
    can_close: bool
    """It waits to be rung, and may be closed all the same: they were helped in another way."""
    can_change_urgency: bool
    urgency: str
    blocked: str
    """Why and until when the number is blocked; empty when it is not."""
    can_block: bool
    plan: str
    """What was agreed with whoever has this number; empty when nothing was."""
    plan_note: str
    team: tuple[tuple[str, str], ...]
    held: str
    """Why it is kept whatever its age; empty when it is not."""


def state_of(session: Session, callback: CallbackRow, *, now: datetime) -> State:
    """Where a request stands, with when it was asked for, what was promised and what comes next."""
    owing = queries.owing_attempt(session, callback.id)
    call = next(iter(queries.open_calls(session, callback_id=callback.id)), None)
    is_owed = owing is not None and owing.ended_at is not None
    promised, how = promise_of(session, callback, now=now)
    lines = [
        ("Asked for", moments.at(callback.asked_at, now=now)),
        ("Wanted", _wanted(callback, now=now)),
        ("Promised", promised),
        ("Rung so far", f"{callback.rings_made} of at most {MOST_RINGS} times"),
        ("Next try", _next_try(callback, now=now)),
        ("With", _with(session, callback, call)),
        ("For review because", wording.REVIEW[ReviewReason(callback.review_reason)] if callback.review_reason else ""),
        ("Came of it", CaseOutcome(callback.case_outcome).label if callback.case_outcome else ""),
        ("Closed", moments.at(callback.closed_at, now=now) if callback.closed_at else ""),
    ]
    return State(
        words=wording.OUTCOME_AWAITED if is_owed and callback.is_open else wording.STATUS[Status(callback.status)],
        tag=_flag(callback),
        urgency=Tag(wording.URGENCY[callback.as_urgency], wording.URGENCY_KINDS[callback.as_urgency]),
        lines=tuple((label, words) for label, words in lines if words),
        promise=how,
        owes_outcome=is_owed,
    )


def promise_of(session: Session, callback: CallbackRow, *, now: datetime) -> tuple[str, Tag | None]:
    """What was promised and how that stands."""
    quoted = callback.promise
    if quoted is None:
        return wording.NOTHING_PROMISED, None
    how = stand(session, [callback], now=now)[callback.id].state
    return moments.spanning(quoted.starts_at, quoted.ends_at, now=now), promise_tag(how)


def promise_tag(how: PromiseState) -> Tag | None:
    """A badge, where there is something to say."""
    words, kind = wording.PROMISE[how]
    return Tag(words, kind) if words else None


def dossier(session: Session, callback: CallbackRow, me: Viewer, *, now: datetime) -> Dossier:
    """Everything on the page of one request."""
    names = queries.counsellor_names(session)
    texts = queries.texts(session, callback.id)
    other = session.get(CallbackRow, callback.possible_duplicate_of) if callback.possible_duplicate_of else None
    allowed = queries.contact_in_force(session, callback)
    return Dossier(
        reference=callback.reference,
        state=state_of(session, callback, now=now),
        brief=brief_of(callback, allowed=allowed, my_first_name=me.first_name, now=now),
        number=callback.dialled.masked,
        attempts=_attempts(queries.attempts(session, callback.id), names, now=now),
        history=_history(session, queries.history(session, callback.id)),
        referrals=_referrals(session, callback.id, now=now),
        texts=tuple(
            f"{wording.TEXT_PURPOSES.get(text.purpose, text.purpose)}, {moments.at(text.created_at, now=now)}: "
            f"{wording.TEXT_STATES[TextState(text.state)]}"
            + (f": {wording.TEXT_WITHHELD.get(text.withheld, text.withheld)}" if text.withheld else "")
            for text in texts
        ),
        no_texts="" if texts else _no_texts(callback),
        duplicate_of=other.reference if other else "",
        may_ask_why=me.sees_all,
        can_close=me.sees_all and callback.status in WAITING,
        can_decide=me.sees_all and callback.status == Status.NEEDS_REVIEW,
        can_change_urgency=me.sees_all and callback.is_open,
        urgency=callback.urgency,
        blocked=_blocked(session, callback, now=now) if me.sees_all else "",
        **_plan(session, callback, names, now=now),
        held=HoldReason(callback.held_because).label if callback.held_because else "",
        can_block=me.sees_all and callback.status != Status.ERASED,
    )


def _plan(session: Session, callback: CallbackRow, names: Mapping[int, str], *, now: datetime) -> dict[str, Any]:
    """What was agreed with somebody who asks very often, and whom it can be agreed that they talk to."""
    plan = queries.plan_for(session, phone_digest=callback.phone_digest)
    today = now.astimezone(service_zone()).date()
    team = tuple((str(row.id), row.staff.name) for row in rota.team(session, today=today))
    if plan is None:
        return {"plan": "", "plan_note": "", "team": team}
    who = names.get(plan.counsellor_id, "Somebody") if plan.counsellor_id else "Anybody"
    hours = f"between {plan.from_time:%H:%M} and {plan.until_time:%H:%M}" if plan.from_time else "at any time"
    return {"plan": f"{who} rings them, {hours}.", "plan_note": plan.note, "team": team}


def _blocked(session: Session, callback: CallbackRow, *, now: datetime) -> str:
    block = queries.block_on(session, phone_digest=callback.phone_digest, now=now)
    if block is None:
        return ""
    until = f"until {moments.at(block.until, now=now)}" if block.until else "until somebody lifts it"
    return wording.BLOCKED.format(until=until, because=BlockReason(block.because).label)


def _flag(callback: CallbackRow) -> Tag | None:
    if callback.wants_review and callback.is_open:
        return Tag("A supervisor should look at this", "warn")
    return None


def _wanted(callback: CallbackRow, *, now: datetime) -> str:
    if callback.wanted_from is None or callback.wanted_until is None:
        return "As soon as possible"
    return moments.spanning(callback.wanted_from, callback.wanted_until, now=now)


def _next_try(callback: CallbackRow, *, now: datetime) -> str:
    if callback.status not in WAITING:
        return ""
    due = "due now" if callback.next_try_at <= now else f"from {moments.at(callback.next_try_at, now=now)}"
    return f"{due}; never after {moments.at(callback.never_after, now=now)}"


def _with(session: Session, callback: CallbackRow, call: OpenCall | None) -> str:
    if call is None or not callback.is_open:
        return ""
    name = queries.counsellor_names(session).get(call.attempt.counsellor_id, "a counsellor")
    return f"{name}: {wording.CALL_STATES[call.state].lower()}"


def _attempts(rows: list[AttemptRow], names: Mapping[int, str], *, now: datetime) -> tuple[AttemptLine, ...]:
    return tuple(attempt_line(row, names=names, now=now) for row in rows)


def _history(session: Session, rows: list[HistoryRow]) -> tuple[HistoryDay, ...]:
    zone = service_zone()
    by = queries.staff_names(session, {row.actor_id for row in rows if row.actor_id is not None})
    days: dict[str, list[Happened]] = {}
    for row in rows:
        title = date_in_words(row.at.astimezone(zone).date())
        who = by.get(row.actor_id, "") if row.actor_id else ""
        by_words = "" if row.words.startswith(who) else who  # most sentences name whoever did it
        days.setdefault(title, []).append(Happened(moments.exactly(row.at), row.words, by_words))
    return tuple(HistoryDay(title, tuple(events)) for title, events in days.items())


def _referrals(session: Session, callback_id: int, *, now: datetime) -> tuple[ReferralLine, ...]:
    rows = queries.referrals(session, callback_id)
    by = queries.staff_names(session, {row.made_by for row in rows if row.made_by is not None})
    return tuple(
        ReferralLine(
            kind=ReferralType(row.kind).label,
            provider=row.provider,
            status=ReferralStatus(row.status).label,
            made=f"{moments.at(row.made_at, now=now)}, by {by.get(row.made_by or 0, 'somebody')}",
            note=row.note or "",
        )
        for row in rows
    )


def _no_texts(callback: CallbackRow) -> str:
    if callback.sms == MessageRule.NO:
        return wording.NO_TEXTS
    return wording.NO_TEXTS_YET if callback.dialled.is_mobile else wording.NO_TEXTS_TO_LANDLINE

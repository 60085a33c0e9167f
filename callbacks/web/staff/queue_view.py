"""The counsellor's page as values: readiness, the call at hand, outcomes still owed, and who is next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.matching import Block, Free, Waiting, blocked_by
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.explain import Standing, as_if_free, standing
from callbacks.queries import OpenCall
from callbacks.web.staff import moments, wording
from callbacks.web.staff.brief import AttemptLine, Brief, Tag, attempt_line, brief_of, script_of, urgency_tag
from callbacks.web.staff.viewer import Viewer
from notifications.domain.call import CallState
from rota import queries as rota
from rota.domain.counsellor import Skill
from rota.domain.presence import PresenceState
from rota.domain.wording import PRESENCE, skills_words, span_words
from rota.queries import PresenceLine

NEXT_SHIFT_WITHIN = timedelta(days=28)
SHOWN = 20  # a counsellor needs to know how long the queue is, not to read all of it


_STEPS = {
    CallState.PROMPTED: 1,
    CallState.CONNECTING: 2,
    CallState.VISITOR_RINGING: 2,
    CallState.VISITOR_ANSWERED: 3,
    CallState.BRIDGED: 3,
    CallState.CLOSING: 3,
}


@dataclass(frozen=True, slots=True)
class Readiness:
    """The big switch, and whether I am on shift."""

    state: str
    tag: Tag
    means: str
    since: str
    reason: str
    is_available: bool
    is_away: bool
    shift: str
    is_on_shift: bool
    warning: str


@dataclass(frozen=True, slots=True)
class MyCall:
    """The call at hand."""

    title: str
    text: str
    step: int
    """From 0: your telephone, press 1, their telephone, connected."""
    can_write: bool
    """The counsellor took it, so notes may be written while it goes on."""
    since: str
    because: str
    brief: Brief
    script: tuple[str, ...]
    earlier: tuple[AttemptLine, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """An outcome that I still owe."""

    reference: str
    name: str
    ended: str


@dataclass(frozen=True, slots=True)
class QueueLine:
    """Somebody who waits: no number, and nothing of what they wrote."""

    name: str
    urgency: Tag
    waited: str
    safe_until: str
    notes: tuple[str, ...]
    why_not: str
    """The first rule that keeps them from me; empty for those I could take."""


@dataclass(frozen=True, slots=True)
class MyNow:
    """What is mine at this moment."""

    call: MyCall | None
    owed: tuple[Owed, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """Who waits."""

    mine: tuple[QueueLine, ...]
    others: tuple[QueueLine, ...]
    more: int
    """How many more wait than are shown."""


def readiness(session: Session, me: Viewer, *, zone: ZoneInfo, now: datetime) -> Readiness | None:
    """Whether I am ready and on shift; None for somebody who is not on the team."""
    line = _line_of(session, me, now=now)
    return None if line is None else _readiness(session, line, zone=zone, now=now)


def my_now(session: Session, me: Viewer, *, now: datetime) -> MyNow:
    """My call, and what I owe."""
    if me.counsellor_id is None:
        return MyNow(None, ())
    calls = queries.open_calls(session, counsellor_id=me.counsellor_id)
    owed = queries.outcomes_owed_by(session, counsellor_id=me.counsellor_id)
    return MyNow(
        call=_my_call(session, calls[0], me, now=now) if calls else None,
        owed=tuple(_owed(session, attempt, now=now) for attempt in owed),
    )


def queue(session: Session, me: Viewer, *, zone: ZoneInfo, now: datetime) -> Queue:
    """Who waits, in the order in which they are served: those I could take first, then the others with a reason."""
    seen = standing(session, zone=zone, now=now)
    line = next((line for line in seen.people if line.counsellor.id == me.counsellor_id), None)
    if line is None:
        return Queue((), (), 0)
    as_free = as_if_free(line.counsellor, now=now)
    untexted = queries.could_not_be_texted(session, [request.callback_id for request in seen.waiting])
    lines = [
        _queue_line(seen.rows[request.callback_id], request, _why_not(seen, request, as_free), untexted, now=now)
        for request in seen.waiting
    ]
    mine = [line for line in lines if not line.why_not]
    others = [line for line in lines if line.why_not]
    shown = mine[:SHOWN], others[: max(0, SHOWN - len(mine))]
    return Queue(tuple(shown[0]), tuple(shown[1]), len(lines) - len(shown[0]) - len(shown[1]))


def _line_of(session: Session, me: Viewer, *, now: datetime) -> PresenceLine | None:
    board = rota.presence_board(session, moment=now)
    return next((line for line in board if line.counsellor.id == me.counsellor_id), None)


def _readiness(session: Session, line: PresenceLine, *, zone: ZoneInfo, now: datetime) -> Readiness:
    presence = line.presence
    return Readiness(
        state=presence.state,
        tag=Tag(PRESENCE[presence.state], wording.PRESENCE_KINDS[presence.state]),
        means=wording.PRESENCE_MEANS[presence.state],
        since=moments.at(presence.since, now=now),
        reason=presence.reason,
        is_available=presence.state is PresenceState.AVAILABLE,
        is_away=presence.state is PresenceState.AWAY,
        shift=_shift_words(session, line, zone=zone, now=now),
        is_on_shift=line.on_shift_until is not None,
        warning="" if line.counsellor.phone_verified else wording.PHONE_NOT_CHECKED,
    )


def _shift_words(session: Session, line: PresenceLine, *, zone: ZoneInfo, now: datetime) -> str:
    if line.on_shift_until is not None:
        left = moments.lasting(line.on_shift_until - now)
        return f"You are on shift until {moments.at(line.on_shift_until, now=now)}, {left} from now."
    coming = rota.rostered(session, start=now, end=now + NEXT_SHIFT_WITHIN, counsellor_id=line.counsellor.id)
    if not coming:
        return "You are not on shift, and no shift of yours is planned yet."
    return f"You are not on shift. Your next one is {span_words(coming[0].span, zone)}."


def _my_call(session: Session, call: OpenCall, me: Viewer, *, now: datetime) -> MyCall:
    attempt, callback = call.attempt, call.attempt.callback
    title, text = wording.CALL_NOW[call.state]
    names = queries.counsellor_names(session)
    earlier = [one for one in queries.attempts(session, callback.id) if one.id != attempt.id]
    return MyCall(
        title=title,
        text=text,
        step=_STEPS.get(call.state, 0),
        can_write=attempt.rang_visitor_at is not None,
        since=moments.at(call.state_at, now=now),
        because=attempt.because,
        brief=brief_of(
            callback, allowed=queries.contact_in_force(session, callback), my_first_name=me.first_name, now=now
        ),
        script=script_of(callback),
        earlier=tuple(attempt_line(one, names=names, now=now) for one in earlier),
    )


def _owed(session: Session, attempt: AttemptRow, *, now: datetime) -> Owed:
    callback = session.get_one(CallbackRow, attempt.callback_id)
    ended = moments.at(attempt.ended_at, now=now) if attempt.ended_at else ""
    return Owed(callback.reference, callback.name, ended)


def _why_not(seen: Standing, request: Waiting, me: Free) -> Block | None:
    return seen.not_ready(request) or blocked_by(request, me)


def _queue_line(
    callback: CallbackRow, request: Waiting, why: Block | None, untexted: set[int], *, now: datetime
) -> QueueLine:
    notes = [f"Needs training: {skills_words(Skill(need) for need in request.needs)}"] if request.needs else []
    notes += ["Goes first: an earlier call failed on our side"] if request.goes_first else []
    notes += ["Could not text: they know only what their page says"] if callback.id in untexted else []
    return QueueLine(
        name=callback.name or "No name given",
        urgency=urgency_tag(callback),
        waited=moments.lasting(now - callback.asked_at),
        safe_until=moments.at(request.safe_until, now=now) if request.safe_until else "",
        notes=tuple(notes),
        why_not=_why_not_words(request, why, now=now),
    )


def _why_not_words(request: Waiting, why: Block | None, *, now: datetime) -> str:
    if why is Block.NOT_DUE:
        return f"Not before {moments.at(request.due_at, now=now)}"
    return wording.BLOCKS_ME[why] if why else ""

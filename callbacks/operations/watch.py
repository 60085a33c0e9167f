"""Look at the service as a whole: is every request accounted for, can everybody who waits be rung, do people answer?"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.absence import Absence
from callbacks.domain.answers import LATELY, USUALLY, has_dropped
from callbacks.domain.attempts import DECIDED_AFTERWARDS, EMERGENCY_OFFERED, EMERGENCY_WAITS
from callbacks.domain.lifecycle import WAITING, Status
from callbacks.models import CallbackRow
from callbacks.operations import breaker, history, note_obstacles
from callbacks.operations.explain import Standing, standing, unserved
from notifications import queries as notifications
from notifications.domain.trouble import Trouble
from notifications.operations import trouble
from rota.domain.presence import PresenceState

LATELY_RECEIVED = timedelta(hours=1)
"""Requests received since then are counted at every look, and all that there ever were at a thorough one."""


def watch(session: Session, *, budget: int, zone: ZoneInfo, is_thorough: bool = True, now: datetime) -> None:
    """Begin and end the troubles that only a look at all tables shows, and keep what stood in whose way.

    A thorough look goes through everything that was ever done, which takes the longer the more that is.
    """
    seen = standing(session, zone=zone, now=now)
    note_obstacles.note_obstacles(session, seen, now=now)
    found = {
        Trouble.REQUESTS_UNACCOUNTED: _is_any_unaccounted_for(session, is_thorough=is_thorough, now=now),
        Trouble.STARVING: any(block is None for one in seen.starving() for _, block in one.free),
        Trouble.SPENDING: breaker.is_open(session, channels=breaker.CHANNELS, budget=budget, now=now),
        **_of_people(seen),
        **({Trouble.ANSWERS_DROP: _do_answers_drop(session, now=now)} if is_thorough else {}),
    }
    because = _because(seen)
    for kind, is_so in found.items():
        if is_so:
            trouble.begin(session, kind, because=because.get(kind), now=now)
        else:
            trouble.end(session, kind)
    _tell_of_emergencies(session, now=now)
    trouble.forget_what_has_passed(session, now=now)


def _is_any_unaccounted_for(session: Session, *, is_thorough: bool, now: datetime) -> bool:
    """Whether a request is missed; one that has been missed is looked for among all, until it is found."""
    is_missed = notifications.trouble_last_at(session, Trouble.REQUESTS_UNACCOUNTED) is not None
    since = None if is_thorough or is_missed else now - LATELY_RECEIVED
    return queries.unaccounted_for(session, received_since=since) > 0


def _tell_of_emergencies(session: Session, *, now: datetime) -> None:
    """An emergency that could be given to nobody is told, each of them once; until then, and while one lasts."""
    unserved = [one for one in queries.open_emergencies(session) if _is_unserved(session, one, now=now)]
    untold = [callback for callback in unserved if callback.lead_told_at is None]
    for callback in untold:
        callback.lead_told_at = now
        history.note(session, callback, wording.LEAD_TOLD, now=now)
    if untold:
        trouble.begin_anew(session, Trouble.EMERGENCY_WAITS, now=now)
    elif not unserved:
        trouble.end(session, Trouble.EMERGENCY_WAITS)


def _is_unserved(session: Session, callback: CallbackRow, *, now: datetime) -> bool:
    """Whether an emergency could be given to nobody: held, due for a while, or offered to one after another in vain."""
    if callback.status == Status.NEEDS_REVIEW:
        return callback.review_reason not in DECIDED_AFTERWARDS
    if callback.status in WAITING and callback.next_try_at <= now - EMERGENCY_WAITS:
        return True
    latest_first = reversed(queries.attempts(session, callback.id))
    in_vain = list(takewhile(lambda attempt: attempt.rang_visitor_at is None, latest_first))
    is_due = callback.status == Status.ASSIGNED or callback.next_try_at <= now
    return is_due and bool(in_vain) and in_vain[-1].started_at <= now - EMERGENCY_OFFERED


def _of_people(seen: Standing) -> dict[Trouble, bool]:
    """What is wrong with who is on shift: nobody, nobody who may, or somebody whom calls do not reach."""
    on = [line for line in seen.people if line.on_shift_until is not None]
    rules = {one.because for one in unserved(seen)}
    return {
        Trouble.NOBODY_ON: Absence.NOT_ON_SHIFT in rules,
        Trouble.BLOCKED: bool(rules - {Absence.NOT_ON_SHIFT}),
        Trouble.COUNSELLOR_SILENT: any(line.presence.state is PresenceState.NOT_RESPONDING for line in on),
        Trouble.NUMBER_FAILS: any(line.counsellor.phone_fails for line in on),
    }


def _because(seen: Standing) -> dict[Trouble, str]:
    """The rule that keeps everybody from the first of those who are blocked, in words."""
    first = next((one.because for one in unserved(seen) if one.because is not Absence.NOT_ON_SHIFT), None)
    return {} if first is None else {Trouble.BLOCKED: wording.IN_THE_WAY.format(rule=wording.RULES[first])}


def _do_answers_drop(session: Session, *, now: datetime) -> bool:
    lately = queries.answered(session, since=now - LATELY, until=now)
    usually = queries.answered(session, since=now - USUALLY, until=now - LATELY)
    return has_dropped(lately, usually)

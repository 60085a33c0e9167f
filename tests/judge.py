"""One judge for every run: what the telephone network saw, held against what the tables say.

I1 to I5 and I8 the network judges by itself, once it knows who the visitors are and what nobody may say aloud. I6 and
I7 need both sides: when everything has come to rest, each leg that was carried is over in the tables, and stands there
as it really went.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from flask import Flask
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.lifecycle import Status
from callbacks.models import AttemptRow, CallbackRow
from foundation.database import transaction
from notifications.domain.call import CUT_OFF_WITHIN_S, FINAL, GREETING_S, CallState
from notifications.domain.call_deadlines import DEADLINES
from notifications.domain.leg import LegStatus
from notifications.models import CallRow, LegRow
from notifications.operations.settle import LOOKED_FOR_AFTER

GRACE = timedelta(seconds=30)
"""So long after the last deadline of all, every call must be over in the tables."""

AT_LONGEST = max(DEADLINES.values()) + sum(LOOKED_FOR_AFTER, timedelta()) + GRACE
"""The longest way to rest: a call that nobody knows of is looked for three times."""

MOST_TRIES = 60
"""So often everybody is told to hang up; a leg that is not over then never ends."""

_OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
_SETTLED_IN_S = 1.0  # shorter than this, a bridge and a hang-up cannot be told apart by whole seconds


@dataclass
class Carried:
    """One leg as the network carried it."""

    sid: str
    to: str
    sender: str
    parent: str | None
    status: str = "queued"
    answered_at: datetime | None = None
    bridged_at: datetime | None = None
    ended_at: datetime | None = None
    sip_code: int | None = None
    """How the network answered, if it ended."""
    was_stopped: bool = False
    """We told the network to end it."""
    was_forgotten: bool = False
    """The network has deleted its record: nobody can learn any more how it ended."""

    @property
    def is_over(self) -> bool:
        return self.status in _OVER

    def lasted_s(self, since: datetime | None) -> float:
        return 0.0 if since is None or self.ended_at is None else (self.ended_at - since).total_seconds()


def carried(log: Iterable[dict[str, Any]]) -> dict[str, Carried]:
    """Every leg that we asked for, by its id, from the network's log."""
    legs: dict[str, Carried] = {}
    for entry in log:
        hear(legs, entry)
    return legs


def hear(legs: dict[str, Carried], entry: dict[str, Any]) -> None:
    """Add one entry of the log to what is known of the legs."""
    if entry["kind"] == "call" and entry["direction"] != "inbound":
        leg = legs.setdefault(entry["call"], Carried(entry["call"], entry["to"], entry["from"], entry["parent"]))
        leg.status, at = entry["status"], datetime.fromisoformat(entry["at"])
        if leg.status == "in-progress":
            leg.answered_at = at
        elif leg.is_over:
            leg.ended_at, leg.sip_code = at, entry.get("sip")
    elif entry["kind"] == "bridged" and entry["child"] in legs:
        legs[entry["child"]].bridged_at = datetime.fromisoformat(entry["at"])
    elif entry["kind"] == "rest" and entry["method"] != "GET":
        leg = legs.get(entry["path"].rpartition("/")[2].removesuffix(".json"), Carried("", "", "", None))
        leg.was_stopped |= "Status" in entry["fields"]
        leg.was_forgotten |= entry["method"] == "DELETE"


def network_verdict(network: str, session: Session) -> dict[str, list[str]]:
    """What the network holds against the run: the invariants that it judges, each with what broke it."""
    people = list(session.scalars(select(CallbackRow).execution_options(yield_per=1000)))
    terms = {
        "visitors": sorted({row.phone for row in people}),
        "forbid": sorted({word for row in people for word in (row.name, row.phone, row.message) if word}),
    }
    session.commit()  # the network may judge for longer than the database lets a transaction lie idle
    answer = requests.post(f"{network}/invariants", json=terms, timeout=60)
    answer.raise_for_status()
    judged = answer.json()["judged"].items()
    return {which: one["broken_by"] for which, one in judged if not one["holds"]}


def verdict(
    app: Flask,
    network: str,
    *,
    settle: Callable[[], None],
    passes: Callable[[float], None],
    strays: Collection[str] = (),
) -> dict[str, list[str]]:
    """What a run has broken, once everybody has hung up and only the reconciler has worked on.

    `settle` is the reconciler's work; `passes` lets so many seconds pass, here and on the network. `strays` are calls
    that the network was made to carry by mistake: they may be in no table, and must be over.
    """
    _everybody_hangs_up(network, passes)
    with app.app_context():
        is_at_rest = _come_to_rest(settle, passes)
        with transaction() as session:
            found = network_verdict(network, session) | tables_verdict(
                session, carried(log_of(network)), our_number=app.config["TWILIO_CALLER_ID"], strays=strays
            )
            lost = queries.unaccounted_for(session)
    found |= {} if is_at_rest else {"I6": [*found.get("I6", []), "a call or a leg is open for ever"]}
    return found | ({"conservation": [f"{lost} requests are unaccounted for"]} if lost else {})


def log_of(network: str) -> list[dict[str, Any]]:
    """What the network noted of calls."""
    kinds = {"kind": ["call", "bridged", "rest"]}
    log: list[dict[str, Any]] = requests.get(f"{network}/log", params=kinds, timeout=60).json()["log"]
    return log


def _everybody_hangs_up(network: str, passes: Callable[[float], None]) -> None:
    """Whoever is on the line, or is being rung, puts the telephone down, until no leg is left."""
    for _ in range(MOST_TRIES):
        if all(leg.is_over for leg in carried(log_of(network)).values()):
            return
        shown = requests.get(f"{network}/phones", headers={"Accept": "application/json"}, timeout=60).json()
        for phone in shown["phones"]:
            if phone["state"] != "idle":  # refused when the call has ended meanwhile, which is as good
                requests.post(f"{network}/phones/{phone['number']}/hang-up", timeout=60)
        passes(1)


def _come_to_rest(settle: Callable[[], None], passes: Callable[[float], None]) -> bool:
    """Let only the reconciler work until no call and no leg is open, or for the longest time that it may need."""
    left_s, step_s = AT_LONGEST.total_seconds(), 15.5
    while _still_open() and left_s > 0:
        passes(step_s)
        settle()
        left_s -= step_s
    return not _still_open()


def _still_open() -> bool:
    with transaction() as session:
        open_call = select(CallRow.id).where(CallRow.ended_at.is_(None))
        open_leg = select(LegRow.id).where(LegRow.deadline_at.is_not(None))
        return bool(session.scalar(select(or_(open_call.exists(), open_leg.exists()))))


def tables_verdict(
    session: Session, legs: dict[str, Carried], *, our_number: str, strays: Collection[str] = ()
) -> dict[str, list[str]]:
    """I6 and I7 of a run that has come to rest: what the tables say otherwise than the network.

    A call from our number that is in no table is forgiven if we ended it: that is what is to be done with it.
    """
    children = {leg.parent: leg for leg in legs.values() if leg.parent is not None}
    late, untrue = [], []
    known = set(strays)
    for call in session.scalars(select(CallRow).execution_options(yield_per=1000)):
        if call.state not in FINAL:
            late.append(f"the call {call.id.hex} is {call.state} for ever")
        mine = {leg.role: legs.get(leg.provider_id or "") for leg in call.legs}
        late += [f"the leg {leg.provider_id} is {leg.status} for ever" for leg in call.legs if _is_open(leg)]
        known |= {leg.sid for leg in mine.values() if leg is not None}
        untrue += _untrue_legs(call, mine)
        ours = mine.get("counsellor")
        theirs = children.get(ours.sid) if ours is not None else None
        if any(leg is not None and leg.was_forgotten for leg in mine.values()):
            continue
        is_check = call.purpose == "phone_check"
        may_be = what_it_may_be(ours, theirs, cancelled=call.cancelled_at is not None, is_check=is_check)
        if "failed" in (_status(ours), _status(theirs)):
            may_be |= {CallState.NOT_CARRIED}  # the reason may have been lost, or come too late: then nobody is blamed
        if call.state in FINAL and call.state not in may_be:
            untrue.append(f"the call {call.id.hex} is {call.state}, and was {' or '.join(sorted(may_be))}")
    late += _held_by_nobody(session)
    untrue += _untrue_attempts(session)
    from_us = [leg for leg in legs.values() if leg.sender == our_number]
    late += [f"{leg.sid} to {leg.to} goes on: {leg.status}" for leg in from_us if not leg.is_over]
    strangers = [leg for leg in from_us if leg.parent is None and leg.sid not in known and not leg.was_stopped]
    late += [f"{leg.sid} to {leg.to} is in no table" for leg in strangers]
    return {which: broken for which, broken in (("I6", late), ("I7", untrue)) if broken}


def _held_by_nobody(session: Session) -> list[str]:
    """Requests that stand where only a call moves them on, though none is under way and no outcome is owed."""
    with_counsellor = [str(Status.ASSIGNED), str(Status.IN_CALL)]
    held = exists().where(
        AttemptRow.callback_id == CallbackRow.id, or_(AttemptRow.ended_at.is_(None), AttemptRow.owes_outcome)
    )
    question = select(CallbackRow.reference, CallbackRow.status).where(CallbackRow.status.in_(with_counsellor), ~held)
    return [f"the request {reference} is {status} for ever" for reference, status in session.execute(question)]


def _untrue_attempts(session: Session) -> list[str]:
    """Attempts that ended otherwise than their calls, or that are open when their calls are not."""
    same = and_(AttemptRow.ended_at.is_not(None), AttemptRow.result == CallRow.state)
    question = (
        select(AttemptRow.id, AttemptRow.result, CallRow.state)
        .join(CallRow, CallRow.id == AttemptRow.call_id)
        .where(CallRow.ended_at.is_not(None), ~same)
    )
    found = session.execute(question)
    return [f"the attempt {number} is {result or 'open'}, and its call is {state}" for number, result, state in found]


def _is_open(leg: LegRow) -> bool:
    """Whether a leg that was carried has no end in the tables, and nobody will ask for it."""
    return leg.provider_id is not None and leg.ended_at is None and leg.deadline_at is None


def _untrue_legs(call: CallRow, mine: dict[str, Carried | None]) -> list[str]:
    """Legs whose ending in the tables is not how they ended."""
    found = []
    for leg in call.legs:
        truth = mine[leg.role]
        if truth is None or truth.was_forgotten or leg.status is None or LegStatus(leg.status) not in _OVER:
            continue  # never dialled, or the call was over before this leg's last news was needed
        if leg.status != truth.status:
            found.append(f"the {leg.role}'s leg {truth.sid} is {leg.status}, and was {truth.status}")
    return found


_NEVER_PLACED = frozenset({CallState.WITHHELD, CallState.REFUSED, CallState.LOST, CallState.NOT_CARRIED})
_NOT_TAKEN = frozenset({CallState.NOT_TAKEN, CallState.ABANDONED})
_VISITOR_LEG = {
    "busy": CallState.BUSY,
    "no-answer": CallState.NO_ANSWER,
    "failed": CallState.VISITOR_FAILED,
    "canceled": CallState.ABANDONED,
}
_PUT_DOWN = frozenset({CallState.HUNG_UP, CallState.ABANDONED})
_OUT_OF_ORDER = 500  # SIP answers from here on blame the network, not the number


def _status(leg: Carried | None) -> str | None:
    return None if leg is None else leg.status


def what_it_may_be(
    ours: Carried | None, theirs: Carried | None, *, cancelled: bool, is_check: bool = False
) -> frozenset[CallState]:
    """The final states that are true of a call, from how the network carried the counsellor's leg and the visitor's.

    Written down a second time, from the telephones' side and without the product's rules: the product is judged by it.
    """
    if ours is None:
        true = _NEVER_PLACED
    elif theirs is None:
        stopped = CallState.CANCELLED if ours.status == "canceled" else CallState.UNREACHED  # only we cancel a leg
        true = _NOT_TAKEN if ours.answered_at is not None else _blamed(ours, stopped)
        if is_check and ours.answered_at is not None:
            true |= {CallState.CONFIRMED}
    elif theirs.answered_at is None:
        true = _blamed(theirs, _VISITOR_LEG[theirs.status]) if theirs.is_over else frozenset()
    else:
        true = _talked(ours, theirs)
    return true | {CallState.CANCELLED} if cancelled else true


def _blamed(leg: Carried, state: CallState) -> frozenset[CallState]:
    """The state of a leg that was not answered; nobody is to blame for what the network could not carry."""
    out_of_order = leg.status == "failed" and (leg.sip_code or 0) >= _OUT_OF_ORDER
    return frozenset({CallState.NOT_CARRIED if out_of_order else state})


def _talked(ours: Carried, theirs: Carried) -> frozenset[CallState]:
    lasted_s = theirs.lasted_s(theirs.answered_at)
    if theirs.bridged_at is None and lasted_s <= GREETING_S:
        is_ours_to_tell = ours.ended_at is not None and theirs.ended_at is not None and ours.ended_at <= theirs.ended_at
        return _PUT_DOWN | {CallState.FINISHED} if is_ours_to_tell and lasted_s > CUT_OFF_WITHIN_S else _PUT_DOWN
    if theirs.lasted_s(theirs.bridged_at) > _SETTLED_IN_S:
        return frozenset({CallState.FINISHED})
    return _PUT_DOWN | {CallState.FINISHED}

"""Who rings whom, now: a pure function from due requests and counsellors to pairs, each with its reason in words.

For every pair that was not made, the first rule that blocked it is kept: "why did nobody ring?" is answered from it.
Deterministic: ties are broken by a stable hash, never at random.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from callbacks.domain.asking import GenderWish, Strength
from callbacks.domain.triage import Urgency

AGEING = timedelta(hours=4)
"""Waiting this long counts as one level of urgency more, so that nobody starves behind newer, more urgent requests."""

_LEVELS = list(Urgency)


class Block(StrEnum):
    """The first rule that keeps a counsellor from a request, in the order in which they are tried."""

    NOT_DUE = "not_due"
    """The request is not due yet."""
    OUTSIDE_SAFE_TIMES = "outside_safe_times"
    """It is not a time at which the visitor may be rung."""
    NUMBER_BUSY = "number_busy"
    """Another request for the same number is being rung."""
    TAKEN = "taken"
    """The counsellor has another call."""
    SKILL = "skill"
    """The counsellor lacks a skill that this request needs."""
    LANGUAGE = "language"
    """The counsellor does not speak the language."""
    GENDER = "gender"
    """The visitor asked to speak only to a woman, or only to a man."""
    NAMED = "named"
    """It was agreed that a certain counsellor rings them, who is on shift."""
    EXCLUDED = "excluded"
    """The visitor asked for somebody else, or this counsellor just passed the request on."""
    OUTRANKED = "outranked"
    """The counsellor was given a request that goes first."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as matching sees it: no name, no number."""

    callback_id: int
    urgency: Urgency
    asked_at: datetime
    due_at: datetime
    safe_until: datetime | None
    """The end of the safe span at hand; None when this is not a safe time."""
    promised_until: datetime | None = None
    language: str = "en"
    gender: GenderWish | None = None
    needs: frozenset[str] = frozenset()
    excluded: frozenset[int] = frozenset()
    goes_first: bool = False
    """We failed this person once already: they keep their place at the head."""
    cut_off_from: int | None = None
    """The counsellor whose line went just after the visitor had answered it: they are asked first."""
    named: int | None = None
    """The counsellor who alone rings them for now, as was agreed."""
    line: bytes | None = None
    """Stands for the visitor's number without showing it: no line is rung twice at once."""


@dataclass(frozen=True, slots=True)
class Free:
    """A counsellor who is on shift and ready, as matching sees them."""

    counsellor_id: int
    skills: frozenset[str]
    languages: frozenset[str]
    gender: str | None
    free_since: datetime
    has_call: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A request given to a counsellor, and why."""

    callback_id: int
    counsellor_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be rung now, and what stood in the way of the rest."""

    matches: tuple[Match, ...] = ()
    blocked: dict[tuple[int, int], Block] = field(default_factory=dict)
    """First blocking rule by (callback id, counsellor id)."""
    not_ready: dict[int, Block] = field(default_factory=dict)
    """Requests that nobody may ring at this moment."""


def _not_ready(request: Waiting, rung: set[bytes], now: datetime) -> Block | None:
    if request.due_at > now:
        return Block.NOT_DUE
    if request.safe_until is None or request.safe_until <= now:
        return Block.OUTSIDE_SAFE_TIMES
    if request.line in rung:
        return Block.NUMBER_BUSY
    return None


def blocked_by(request: Waiting, counsellor: Free) -> Block | None:  # noqa: PLR0911 - one return for each rule, read from the top
    """The first rule that keeps this counsellor from this request; None when there is none."""
    if counsellor.has_call:
        return Block.TAKEN
    if not request.needs <= counsellor.skills:
        return Block.SKILL
    if request.language not in counsellor.languages:
        return Block.LANGUAGE
    wish = request.gender
    if wish is not None and wish.strength is Strength.ONLY and counsellor.gender != wish.value:
        return Block.GENDER
    if request.named is not None and counsellor.counsellor_id != request.named:
        return Block.NAMED
    if counsellor.counsellor_id in request.excluded:
        return Block.EXCLUDED
    return None


def level(request: Waiting, now: datetime) -> int:
    """The urgency as a rank, 0 first; waiting lifts it one level for every four hours, but never to emergency."""
    base = _LEVELS.index(request.urgency)
    aged = base - int((now - request.asked_at) / AGEING)
    return base if base == 0 else max(1, aged)


def order(request: Waiting, now: datetime) -> tuple[int, int, datetime, datetime, int]:
    """The order in which requests are served: urgency with age, our own failures, promise or safe end, then waiting."""
    latest = min(t for t in (request.promised_until, request.safe_until, datetime.max.replace(tzinfo=now.tzinfo)) if t)
    return level(request, now), 0 if request.goes_first else 1, latest, request.asked_at, request.callback_id


def _cost(request: Waiting, counsellor: Free) -> tuple[bool, int, int, datetime, str]:
    """What choosing this counsellor costs: another voice after a line that went, a broken preference, rare abilities
    spent, then who has rested least.
    """
    another = request.cut_off_from is not None and counsellor.counsellor_id != request.cut_off_from
    wish = request.gender
    broken = int(wish is not None and counsellor.gender != wish.value)
    spare = len(counsellor.skills - request.needs) + 2 * len(counsellor.languages - {request.language})
    tie = hashlib.sha256(f"{request.callback_id}:{counsellor.counsellor_id}".encode()).hexdigest()
    return another, broken, spare, counsellor.free_since, tie


_LABELS = {
    Urgency.EMERGENCY: "an emergency",
    Urgency.VERY_URGENT: "very urgent",
    Urgency.URGENT: "urgent",
    Urgency.ROUTINE: "routine",
}


def _minutes(span: timedelta) -> str:
    """A time in words; nothing for less than a minute, which would say nothing."""
    count = max(0, int(span.total_seconds() // 60))
    return "" if count == 0 else "1 minute" if count == 1 else f"{count} minutes"


def reason(request: Waiting, counsellor: Free, *, able: int, now: datetime) -> str:
    """Why this pair, in one sentence without anything personal."""
    waited, rested = _minutes(now - request.asked_at), _minutes(now - counsellor.free_since)
    parts = [f"this request is {_LABELS[request.urgency]} and has {f'waited {waited}' if waited else 'just come in'}"]
    if request.goes_first:
        parts.append("it goes first because an earlier call failed on our side")
    if request.cut_off_from == counsellor.counsellor_id:
        parts.append("the counsellor had them on the line when it went")
    if request.needs:
        parts.append(f"the counsellor has the skill it needs ({', '.join(sorted(request.needs)).replace('_', ' ')})")
    if request.language != "en":
        parts.append("they speak the language asked for")
    if request.gender is not None:
        met = counsellor.gender == request.gender.value
        parts.append(
            "the wish about the counsellor's gender is met" if met else "nobody free met the wish about gender"
        )
    others = "the only one" if able == 1 else f"the best fit of {able}"
    parts.append(f"of those free they are {others}" + (f" and have had no call for {rested}" if rested else ""))
    return (", ".join(parts[:-1]) + ", and " + parts[-1] + ".").capitalize()


def match(waiting: Iterable[Waiting], free: Sequence[Free], *, rung: Collection[bytes] = (), now: datetime) -> Plan:
    """Give due requests to free counsellors: the most urgent first, each to the counsellor who costs least.

    `rung` are the lines that are being rung at this moment.
    """
    busy_lines = set(rung)
    matches: list[Match] = []
    blocked: dict[tuple[int, int], Block] = {}
    not_ready: dict[int, Block] = {}
    left = {counsellor.counsellor_id: counsellor for counsellor in free}
    for request in sorted(waiting, key=lambda w: order(w, now)):
        if why := _not_ready(request, busy_lines, now):
            not_ready[request.callback_id] = why
            continue
        able: list[Free] = []
        for counsellor in free:
            block = blocked_by(request, counsellor)
            if block is None and counsellor.counsellor_id not in left:
                block = Block.OUTRANKED
            if block is None:
                able.append(counsellor)
            else:
                blocked[request.callback_id, counsellor.counsellor_id] = block
        if able:
            best = min(able, key=lambda c: _cost(request, c))
            del left[best.counsellor_id]
            if request.line is not None:
                busy_lines.add(request.line)
            why_this = reason(request, best, able=len(able), now=now)
            matches.append(Match(request.callback_id, best.counsellor_id, why_this))
    return Plan(tuple(matches), blocked, not_ready)

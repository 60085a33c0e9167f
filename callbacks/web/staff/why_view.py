"""“Why did nobody ring?” as values: what stands in the way of one request, and of each member of the team."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.absence import Absence
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.lifecycle import WAITING, Status
from callbacks.domain.matching import Block, Waiting
from callbacks.domain.window import WindowClosed, next_allowed
from callbacks.domain.wording import RULES
from callbacks.models import CallbackRow, ObstacleRow
from callbacks.operations.explain import Standing, as_seen_by_matching, standing
from callbacks.web.staff import moments, wording
from callbacks.web.staff.brief import AttemptLine, Tag, attempt_line
from notifications import queries as notifications
from notifications.domain.trouble import NOBODY_IS_RUNG, Trouble
from notifications.domain.trouble import WORDS as TROUBLES
from rota.domain.counsellor import Skill
from rota.domain.wording import languages_words, skills_words
from rota.queries import PresenceLine


@dataclass(frozen=True, slots=True)
class WhyLine:
    """One member of the team and the first rule that keeps them from it."""

    name: str
    tag: Tag
    more: str


@dataclass(frozen=True, slots=True)
class KeptLine:
    """What stood in the way from a moment on."""

    at: str
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Why:
    """The whole answer."""

    reference: str
    request: str
    """What stands in the way of the request itself, or that nothing does."""
    is_request_blocked: bool
    troubles: tuple[str, ...]
    """What is wrong with the service at this moment, so that nobody at all can be rung."""
    people: str
    """What stands in the way of those on shift, in one sentence; empty when the request itself is in its own way."""
    place: str
    lines: tuple[WhyLine, ...]
    """Those on shift."""
    off_shift: tuple[str, ...]
    """Everybody else on the team, whose first rule is that they are not on shift."""
    earlier: tuple[AttemptLine, ...]
    kept: tuple[KeptLine, ...]
    """What stood in the way before, in order."""
    is_open: bool


def why(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> Why:
    """Why nobody rings for this request at this moment, and what was tried before."""
    seen = standing(session, about=callback, zone=zone, now=now)
    request = next((one for one in seen.waiting if one.callback_id == callback.id), None)
    as_seen = request or as_seen_by_matching(session, callback, zone=zone, now=now)
    names = queries.counsellor_names(session)
    words = _request_words(callback, seen.not_ready(as_seen), zone=zone, now=now)
    on = [line for line in seen.people if line.on_shift_until is not None]
    return Why(
        reference=callback.reference,
        request=words or "Nothing: it is due, and they may be rung now.",
        is_request_blocked=bool(words),
        troubles=_troubles(session) if callback.is_open else (),
        people="" if words else _people_words(seen, as_seen, on),
        place=_place(seen, request),
        lines=tuple(_line(seen, as_seen, line, now=now) for line in on),
        off_shift=tuple(line.counsellor.name for line in seen.people if line.on_shift_until is None),
        earlier=_earlier(session, callback, names, now=now),
        kept=tuple(_kept_line(row, names, now=now) for row in queries.obstacles(session, callback.id)),
        is_open=callback.is_open,
    )


def _earlier(
    session: Session, callback: CallbackRow, names: dict[int, str], *, now: datetime
) -> tuple[AttemptLine, ...]:
    """Every attempt, with why the gate stopped it, if it did."""
    attempts = queries.attempts(session, callback.id)
    stopped = queries.withheld(session, [attempt.call_id for attempt in attempts])
    lines = []
    for attempt in attempts:
        line = attempt_line(attempt, names=names, now=now)
        if because := stopped.get(attempt.call_id):
            line = replace(line, result=f"{line.result}: {wording.WITHHELD.get(because, because)}")
        lines.append(line)
    return tuple(lines)


def _kept_line(row: ObstacleRow, names: dict[int, str], *, now: datetime) -> KeptLine:
    words = RULES.get(row.rule, row.rule) if row.rule else "Nothing"
    if row.counsellor_id is not None:
        who = names.get(row.counsellor_id, "Somebody")
    else:
        who = "Everybody" if row.rule == Absence.NOT_ON_SHIFT else "The request itself"
    return KeptLine(moments.at(row.since, now=now), who, words)


def _request_words(callback: CallbackRow, block: Block | None, *, zone: ZoneInfo, now: datetime) -> str:
    if callback.status not in WAITING:
        reason = f": {wording.REVIEW[ReviewReason(callback.review_reason)].lower()}" if callback.review_reason else ""
        return f"{wording.STATUS[Status(callback.status)]}{reason}."
    if block is Block.NOT_DUE:
        return f"Not due until {moments.at(callback.next_try_at, now=now)}."
    if block is Block.OUTSIDE_SAFE_TIMES:
        return _outside_words(callback, zone=zone, now=now)
    return f"{wording.BLOCKS[block]}." if block else ""


def _outside_words(callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> str:
    try:
        again = next_allowed(callback.as_wanted(), after=now, zone=zone)
    except WindowClosed:
        return "Every time at which they may be rung is over."
    return f"Outside the times at which they may be rung, until {moments.at(again, now=now)}."


def _troubles(session: Session) -> tuple[str, ...]:
    lasting = [Trouble(row.kind) for row in notifications.troubles(session)]
    return tuple(TROUBLES[kind] for kind in lasting if kind in NOBODY_IS_RUNG)


def _people_words(seen: Standing, request: Waiting, on: Sequence[PresenceLine]) -> str:
    """The whole answer at a glance: nobody is on, somebody could ring, or how many each rule keeps from it."""
    if not on:
        return wording.NOBODY_ON
    rules = Counter(seen.obstacle(request, line) for line in on)
    able = rules.pop(None, 0)
    if able:
        return wording.SOMEBODY_COULD if able == 1 else wording.SOME_COULD.format(count=able)
    kept = "; ".join(f"{RULES[rule].lower()}: {count}" for rule, count in rules.most_common() if rule is not None)
    return wording.NOBODY_CAN.format(rules=kept)


def _place(seen: Standing, request: Waiting | None) -> str:
    if request is None:
        return ""
    due = [one for one in seen.waiting if one.due_at <= seen.now]
    if request not in due:
        return ""
    ahead = due.index(request)
    return "It is first in the queue." if ahead == 0 else f"{ahead} {'goes' if ahead == 1 else 'go'} before it."


def _line(seen: Standing, request: Waiting, line: PresenceLine, *, now: datetime) -> WhyLine:
    obstacle = seen.obstacle(request, line)
    return WhyLine(line.counsellor.name, _tag(obstacle), _more(obstacle, request, line, now=now))


def _tag(obstacle: Absence | Block | None) -> Tag:
    if obstacle is None:
        return Tag(wording.COULD_RING, "good")
    if isinstance(obstacle, Absence):
        return Tag(wording.ABSENCES[obstacle], "bad" if obstacle is Absence.NOT_RESPONDING else "plain")
    return Tag(wording.BLOCKS[obstacle], "calm" if obstacle in (Block.TAKEN, Block.OUTRANKED) else "warn")


def _more(obstacle: Absence | Block | None, request: Waiting, line: PresenceLine, *, now: datetime) -> str:
    person, presence = line.counsellor, line.presence
    if obstacle is Block.SKILL:
        needed = skills_words(Skill(need) for need in request.needs)
        return f"Needed: {needed}. Trained for: {skills_words(person.skills) or 'nothing special yet'}."
    if obstacle is Block.LANGUAGE:
        return f"Needed: {languages_words([request.language])}. Speaks: {languages_words(person.languages)}."
    if obstacle is Absence.LAST_MINUTES and line.on_shift_until is not None:
        return f"On shift until {moments.at(line.on_shift_until, now=now)}."
    if obstacle in (Absence.AWAY, Absence.WRAPPING_UP, Absence.NOT_RESPONDING):
        return f"Since {moments.at(presence.since, now=now)}{': ' + presence.reason if presence.reason else ''}."
    return ""

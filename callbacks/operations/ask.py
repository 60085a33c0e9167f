"""A visitor asks to be rung back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.agreed import first_agreed
from callbacks.domain.asking import Ask, Idempotency
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.lifecycle import Event, Status
from callbacks.domain.safe_contact import Refused
from callbacks.domain.triage import FIRST_RING_WITHIN, Triage, Urgency, triage
from callbacks.domain.window import Span, Wanted, allowed, opening
from callbacks.models import AgreedPlanRow, CallbackRow, IdempotencyRow, ReceiptRow
from callbacks.operations import history, nobody_able, not_them, offers, same_number, tell
from foundation import doorbell, sealed
from foundation.doorbell import Bell

_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"  # nothing that reads like something else, and no vowels: no words by chance
_REFERENCE_LETTERS = 7

OFTEN = 5
A_DAY = timedelta(hours=24)
"""More requests than this in a day for one number, and a supervisor looks before anybody is rung or texted again."""

YOUNG_PEOPLE = "young_people"
"""The skill without which nobody rings a person under 18 (rule T07)."""


class KeyUsedDifferently(Exception):
    """This key came with another body before; use a new key for a new request."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor is told."""

    reference: str
    token: str
    status: Status
    promise: Span | None
    window: Span
    repeated: bool


def ask(session: Session, what: Ask, *, idempotency: Idempotency | None, zone: ZoneInfo, now: datetime) -> Asked:
    """Keep a request, or give the answer that it got when it was sent before.

    Raises KeyUsedDifferently, offers.NotOffered, window.WindowClosed; then nothing is kept.
    """
    before = answered_before(session, idempotency, now=now)
    return before or ask_anew(session, what, idempotency=idempotency, zone=zone, now=now)


def ask_anew(
    session: Session,
    what: Ask,
    *,
    is_suspect: bool = False,
    is_over_limit: bool = False,
    idempotency: Idempotency | None,
    zone: ZoneInfo,
    now: datetime,
) -> Asked:
    """Keep a request that `answered_before` does not know, with its urgency, its promise and its place.

    `is_suspect`: it looks made by a machine, and a supervisor looks at it first; never at an emergency.
    `is_over_limit`: an emergency from where too many were asked for; a supervisor looks first. The bell for matching
    rings after the commit. Raises offers.NotOffered, window.WindowClosed; then nothing is kept.
    """
    found = triage(what.flags, what.substances)
    callback = _new_row(what, found, zone=zone, now=now)
    same_number.notice(session, callback)
    plan = queries.plan_for(session, phone_digest=callback.phone_digest)
    is_often = is_over_limit or (plan is None and _is_asked_often(session, callback, now=now))  # a plan expects it
    barred = queries.barred(session, callback, now=now)
    history.note(session, callback, wording.ASKED[what.channel], now=now)
    _place_and_promise(session, callback, plan, zone=zone, now=now)
    history.note(
        session,
        callback,
        wording.TRIAGED.format(rules=", ".join(found.rules), urgency=found.urgency.replace("_", " ")),
        now=now,
    )
    is_suspect = is_suspect and callback.as_urgency is not Urgency.EMERGENCY
    _queue(session, callback, barred=barred, is_often=is_often, is_suspect=is_suspect, now=now)
    session.flush()  # as late as can be, so that a request is written once
    session.add(ReceiptRow(callback_id=callback.id, received_at=now))
    asked = Asked(
        callback.reference, callback.token, Status(callback.status), callback.promise, _window(callback), False
    )
    if idempotency is not None:
        _remember(session, idempotency, callback, asked)
    if callback.status == Status.QUEUED:  # of what a supervisor looks at first, nothing is sent
        tell.confirm(session, callback, zone=zone, now=now)
    doorbell.ring_after_commit(session, Bell.MATCH)
    return asked


def _new_row(what: Ask, found: Triage, *, zone: ZoneInfo, now: datetime) -> CallbackRow:
    contact = what.safe_contact.made_strict() if found.strict_contact else what.safe_contact
    contact = contact.for_name(what.name)
    wanted = Wanted(asked_at=now, when=what.when, safe_times=what.safe_times, not_after=contact.do_not_contact_after)
    window = opening(wanted, after=now, zone=zone)
    token = secrets.token_urlsafe(32)
    slot = what.when if isinstance(what.when, Span) else None
    return CallbackRow(
        reference="".join(secrets.choice(_LETTERS) for _ in range(_REFERENCE_LETTERS)),
        token=token,
        token_digest=queries.token_digest(token),
        status=Status.SUBMITTED,
        status_at=now,
        due_by=window.ends_at,
        name=what.name,
        phone=what.phone.e164,
        phone_digest=sealed.digest(what.phone.e164),
        message=what.message,
        safe_word=contact.safe_word,
        urgency=found.urgency,
        triage_rules=list(found.rules),
        wants_review=found.needs_review or found.tells_safeguarding,
        flags=dict(what.flags),
        for_whom=what.for_whom,
        substances=list(what.substances),
        language=what.language,
        gender_value=what.gender.value if what.gender else None,
        gender_strength=what.gender.strength if what.gender else None,
        needs_skills=[YOUNG_PEOPLE] if found.young_people_only else [],
        voicemail=contact.voicemail,
        sms=contact.sms,
        third_party=contact.third_party,
        caller_id=contact.caller_id,
        do_not_contact_after=contact.do_not_contact_after,
        phone_owner=contact.phone_owner,
        asked_at=now,
        time_asked_at=now,
        wanted_from=slot.starts_at if slot else None,
        wanted_until=slot.ends_at if slot else None,
        safe_times=[[s.starts_at.isoformat(), s.ends_at.isoformat()] for s in what.safe_times],
        next_try_at=window.starts_at,
        never_after=window.ends_at,
        rings_made=0,
        goes_first=False,
        consent_version=what.consent_version,
        consent_at=now,
        channel=what.channel,
        locale=what.locale,
        requester=what.requester,
    )


def _place_and_promise(
    session: Session, callback: CallbackRow, plan: AgreedPlanRow | None, *, zone: ZoneInfo, now: datetime
) -> None:
    """Give it the place that was chosen, or a range that is likely. Raises offers.NotOffered."""
    when = callback.as_when()
    if isinstance(when, Span):
        session.flush()
        offers.book(session, callback, wanted=when, now=now)
        quoted: Span | None = when
    else:
        _keep_to_plan(session, callback, plan, zone=zone, now=now)
        with session.no_autoflush:
            quoted = _likely(session, callback, zone=zone, now=now)
    callback.promised_from = quoted.starts_at if quoted else None
    callback.promised_until = quoted.ends_at if quoted else None


def _keep_to_plan(
    session: Session, callback: CallbackRow, plan: AgreedPlanRow | None, *, zone: ZoneInfo, now: datetime
) -> None:
    """With somebody who asks very often it was agreed when they are rung; what cannot wait, does not."""
    if plan is None or callback.as_urgency is not Urgency.ROUTINE:
        return
    spans = allowed(callback.as_wanted(), zone=zone)
    first = first_agreed(plan.as_agreed(), allowed=spans, after=callback.next_try_at, zone=zone)
    if first is not None and first != callback.next_try_at:
        callback.next_try_at = first
        history.note(session, callback, wording.PLAN_HOLDS, now=now)


def _likely(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> Span | None:
    not_after = min(callback.never_after, now + max(FIRST_RING_WITHIN[callback.as_urgency], offers.LOOKS_AHEAD))
    soon = offers.soon_for(session, callback, not_before=callback.next_try_at, not_after=not_after, zone=zone, now=now)
    return offers.asap_promise(session, soon, now=now)


def _is_asked_often(session: Session, callback: CallbackRow, *, now: datetime) -> bool:
    """Whether somebody is being pestered, with calls or with texts. The visitor is told nothing of it."""
    before = queries.count_asked_for(session, phone_digest=callback.phone_digest, since=now - A_DAY)
    return before >= OFTEN and callback.as_urgency is not Urgency.EMERGENCY


def _queue(
    session: Session, callback: CallbackRow, *, barred: Refused | None, is_often: bool, is_suspect: bool, now: datetime
) -> None:
    """Let it wait for a counsellor, or for a supervisor: whoever asked is told the same, and waits no longer for it."""
    if barred is not None:
        not_them.hold(session, callback, barred, now=now)
    elif is_suspect:
        callback.review_reason = ReviewReason.LOOKS_MADE
        callback.move(Event.HOLD, due_by=callback.never_after, now=now)
        history.note(session, callback, wording.LOOKS_MADE, now=now)
    elif is_often:
        callback.review_reason = ReviewReason.ASKED_OFTEN
        callback.move(Event.HOLD, due_by=callback.never_after, now=now)
        history.note(session, callback, wording.ASKED_OFTEN, now=now)
    elif callback.possible_duplicate_of is not None:
        same_number.hold(session, callback, now=now)
    elif offers.is_nobody_able(session, callback, now=now):
        nobody_able.hold(session, callback, now=now)
    else:
        callback.move(Event.ACCEPT, due_by=callback.never_after, now=now)


def _window(callback: CallbackRow) -> Span:
    return Span(callback.next_try_at, callback.never_after)


def _key_digest(idempotency: Idempotency) -> bytes:
    return sealed.digest("idempotency:" + idempotency.key)


def answered_before(session: Session, idempotency: Idempotency | None, *, now: datetime) -> Asked | None:
    """The answer given under this key before, if there is a key and it was used. Raises KeyUsedDifferently.

    A second request under way with the same key waits here for the first.
    """
    if idempotency is None:
        return None
    first = session.execute(
        insert(IdempotencyRow)
        .values(key_digest=_key_digest(idempotency), body_digest=idempotency.body_digest, created_at=now)
        .on_conflict_do_nothing()
        .returning(IdempotencyRow.key_digest)
    ).first()
    if first is not None:
        return None
    row = queries.idempotent(session, _key_digest(idempotency))
    if row.body_digest != idempotency.body_digest or row.callback_id is None or row.answer is None:
        raise KeyUsedDifferently
    callback = session.get_one(CallbackRow, row.callback_id)
    return Asked(
        reference=callback.reference,
        token=callback.token,
        status=Status(row.answer["status"]),
        promise=_span(row.answer["promise"]),
        window=_span(row.answer["window"]) or _window(callback),
        repeated=True,
    )


def _span(pair: list[str] | None) -> Span | None:
    return None if pair is None else Span(datetime.fromisoformat(pair[0]), datetime.fromisoformat(pair[1]))


def _pair(span: Span | None) -> list[str] | None:
    return None if span is None else [span.starts_at.isoformat(), span.ends_at.isoformat()]


def _remember(session: Session, idempotency: Idempotency, callback: CallbackRow, asked: Asked) -> None:
    answer: dict[str, Any] = {
        "status": asked.status,
        "promise": _pair(asked.promise),
        "window": _pair(asked.window),
    }
    session.execute(
        update(IdempotencyRow)
        .where(IdempotencyRow.key_digest == _key_digest(idempotency))
        .values(callback_id=callback.id, answer=answer)
        .execution_options(synchronize_session=False)
    )

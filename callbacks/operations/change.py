"""The visitor changes the time, the number, what is allowed, or whom they would like to talk to."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.asking import Anybody, GenderWish
from callbacks.domain.attempts import GAP, ReviewReason
from callbacks.domain.lifecycle import Event, IllegalMove, Status
from callbacks.domain.safe_contact import SafeContact
from callbacks.domain.triage import triage
from callbacks.domain.window import LEAST, Asap, Span, WindowClosed, last_moment, next_allowed, opening
from callbacks.models import CallbackRow
from callbacks.operations import history, nobody_able, not_them, offers, release_place, same_number
from callbacks.operations.visit import UnknownToken, Visit, may_change, number_fails, seen
from foundation import doorbell, sealed
from foundation.doorbell import Bell
from foundation.phone import Phone


class WasWithdrawn(IllegalMove):
    """The request was withdrawn: there is nothing left to change. Another one can be asked for."""


def change(
    session: Session,
    *,
    token: str,
    when: Asap | Span | None = None,
    safe_times: tuple[Span, ...] | None = None,
    phone: Phone | None = None,
    safe_contact: SafeContact | None = None,
    name: str | None = None,
    message: str | None = None,
    language: str | None = None,
    gender: GenderWish | Anybody | None = None,
    zone: ZoneInfo,
    now: datetime,
) -> Visit:
    """Change what is given and leave the rest.

    Raises UnknownToken, WasWithdrawn, IllegalMove, NotOffered, WindowClosed.
    """
    callback = _to_change(session, token)
    changed = _say(callback, name=name, message=message)
    is_another = phone is not None and phone.e164 != callback.phone
    if phone is not None:
        callback.phone, callback.phone_digest = phone.e164, sealed.digest(phone.e164)
        changed.append("the number")
    if safe_contact is not None:
        _allow(callback, safe_contact, zone=zone, now=now)
        changed.append("what is allowed")
    changed += _say_times(callback, when=when, safe_times=safe_times, now=now)
    wishes = _wish(callback, language=language, gender=gender)
    for what in (*changed, *wishes):
        history.note(session, callback, wording.CHANGED.format(what=what), now=now)
    is_timed = when is not None or safe_times is not None
    if is_timed:
        _open_again(callback, is_chosen_now=when is not None, zone=zone, now=now)
    if when is not None or wishes:
        _take_place(session, callback, is_new=when is not None, now=now)
    _arrange(session, callback, is_timed=is_timed, is_new=is_timed or bool(wishes), zone=zone, now=now)
    if is_another and number_fails(session, callback):
        _ring_the_other(session, callback, zone=zone, now=now)
    if phone is not None:
        _look_at_number(session, callback, now=now)
    doorbell.ring_after_commit(session, Bell.MATCH)
    return seen(callback)


def _to_change(session: Session, token: str) -> CallbackRow:
    found = queries.by_token(session, token)
    if found is None:
        raise UnknownToken
    callback = queries.lock(session, found.id)
    if callback.status == Status.WITHDRAWN:
        raise WasWithdrawn("cannot change a withdrawn callback")
    if not may_change(session, callback):
        raise IllegalMove(f"cannot change a {callback.status} callback")
    return callback


def _say(callback: CallbackRow, *, name: str | None, message: str | None) -> list[str]:
    changed = []
    if name is not None:
        callback.name = name
        changed.append("the name")
    if message is not None:
        callback.message = message
        changed.append("the message")
    return changed


def _wish(callback: CallbackRow, *, language: str | None, gender: GenderWish | Anybody | None) -> list[str]:
    changed = []
    if language is not None:
        callback.language = language
        changed.append("the language")
    if gender is not None:
        wish = gender if isinstance(gender, GenderWish) else None
        callback.gender_value = wish.value if wish else None
        callback.gender_strength = wish.strength if wish else None
        changed.append("the wish about the counsellor")
    return changed


def _ring_the_other(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> None:
    """A number that fails was all that kept us from ringing; now it may be that no safe time is left."""
    try:
        callback.next_try_at = next_allowed(callback.as_wanted(), after=now, zone=zone)
    except WindowClosed:
        callback.review_reason = ReviewReason.SAFE_TIMES_OVER
        return
    callback.move(Event.RELEASE, due_by=callback.never_after, now=now)
    history.note(session, callback, wording.BACK_IN_QUEUE, now=now)
    _quote(session, callback, zone=zone, now=now)


def _look_at_number(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """A number that others asked for, or whose owner did not ask, is for a supervisor; the visitor is told nothing."""
    is_shared = same_number.notice(session, callback)
    if callback.status == Status.NEEDS_REVIEW:
        return
    if barred := queries.barred(session, callback, now=now):
        not_them.hold(session, callback, barred, now=now)
    elif is_shared:
        same_number.hold(session, callback, now=now)


def _allow(callback: CallbackRow, contact: SafeContact, *, zone: ZoneInfo, now: datetime) -> None:
    """Whoever is not safe at home stays protected as before: whoever holds the page may not be whoever asked.

    Raises WindowClosed when no safe time comes before the moment after which they want no contact.
    """
    if triage(callback.flags, callback.substances).strict_contact:
        contact = contact.made_strict()
    callback.voicemail, callback.sms = contact.voicemail, contact.sms
    callback.third_party, callback.caller_id = contact.third_party, contact.caller_id
    callback.safe_word = contact.safe_word
    callback.phone_owner = contact.phone_owner
    if callback.do_not_contact_after == contact.do_not_contact_after:
        return
    callback.do_not_contact_after = contact.do_not_contact_after
    if contact.do_not_contact_after is not None and contact.do_not_contact_after < now + LEAST:
        raise WindowClosed("too little time is left")
    callback.never_after = last_moment(callback.as_wanted(), zone=zone)
    if callback.status != Status.NEEDS_REVIEW:
        callback.due_by = callback.never_after


def _say_times(
    callback: CallbackRow, *, when: Asap | Span | None, safe_times: tuple[Span, ...] | None, now: datetime
) -> list[str]:
    """Another time leaves the safe times as they are: only new ones, said on purpose, take their place.

    Those before an hour that was chosen go: whoever moves the call to tomorrow is not rung today.
    """
    changed = []
    if isinstance(when, Span) and safe_times is None:
        later = [span for span in callback.as_wanted().safe_times if span.starts_at >= when.starts_at]
        callback.safe_times = [[span.starts_at.isoformat(), span.ends_at.isoformat()] for span in later]
    if safe_times is not None:
        callback.safe_times = [[span.starts_at.isoformat(), span.ends_at.isoformat()] for span in safe_times]
        changed.append("the safe times")
    if when is not None:
        slot = when if isinstance(when, Span) else None
        callback.wanted_from = slot.starts_at if slot else None
        callback.wanted_until = slot.ends_at if slot else None
        callback.time_asked_at = now
        changed.append("the time")
    return changed


def _open_again(callback: CallbackRow, *, is_chosen_now: bool, zone: ZoneInfo, now: datetime) -> None:
    """When we may ring from now on. Raises WindowClosed when too little time is left.

    Other safe times beside the time at hand bring nothing forward: not a chosen hour, nor a ring that was put off
    because the last one found somebody else, or nobody.
    """
    slot, not_before = callback.as_when(), now
    if not is_chosen_now and isinstance(slot, Span):
        not_before = max(now, slot.starts_at)
    if not is_chosen_now and callback.status == Status.RETRY_DUE:
        not_before = max(now, callback.next_try_at)
    try:
        window = opening(callback.as_wanted(), after=not_before, zone=zone)
    except WindowClosed:  # only sooner times are left, and they were said on purpose
        window = opening(callback.as_wanted(), after=max(now, min(not_before, callback.status_at + GAP)), zone=zone)
    callback.next_try_at, callback.never_after = window.starts_at, window.ends_at
    if callback.status != Status.NEEDS_REVIEW:
        callback.due_by = window.ends_at


def _take_place(session: Session, callback: CallbackRow, *, is_new: bool, now: datetime) -> None:
    """Give the old place back and take one, in one transaction: never cancel first and hope. Raises NotOffered.

    An hour that has begun stays theirs, whoever may ring now.
    """
    slot = callback.as_when()
    if isinstance(slot, Span) and slot.starts_at <= now and not is_new:
        return
    release_place.release(session, callback_id=callback.id)
    if isinstance(slot, Span):
        offers.book(session, callback, wanted=slot, now=now)


def _arrange(
    session: Session, callback: CallbackRow, *, is_timed: bool, is_new: bool, zone: ZoneInfo, now: datetime
) -> None:
    """Quote a new promise where the old one cannot stand, and queue what was held for a reason that is no more."""
    is_too_late = callback.promise is not None and callback.promise.ends_at > callback.never_after
    if is_new or is_too_late:
        _quote(session, callback, zone=zone, now=now)
    if not is_new:
        return
    if offers.is_nobody_able(session, callback, now=now):
        if callback.status != Status.NEEDS_REVIEW:
            nobody_able.hold(session, callback, now=now)
        return
    is_able_again = callback.review_reason == ReviewReason.NOBODY_ABLE and now < callback.never_after
    if (callback.needs_new_time and is_timed) or is_able_again:
        callback.move(Event.RELEASE, due_by=callback.never_after, now=now)
        history.note(session, callback, wording.BACK_IN_QUEUE, now=now)


def _quote(session: Session, callback: CallbackRow, *, zone: ZoneInfo, now: datetime) -> None:
    slot = callback.as_when()
    if isinstance(slot, Span):
        quoted = slot if slot.ends_at <= callback.never_after else None
    else:
        soon = offers.soon_for(
            session,
            callback,
            not_before=callback.next_try_at,
            not_after=callback.never_after,
            zone=zone,
            now=now,
        )
        quoted = offers.asap_promise(session, soon, now=now)
    callback.promised_from = quoted.starts_at if quoted else None
    callback.promised_until = quoted.ends_at if quoted else None

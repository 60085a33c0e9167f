"""The visitor changes the time, the number or what is allowed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain import wording
from callbacks.domain.lifecycle import IllegalMove, Status
from callbacks.domain.safe_contact import SafeContact
from callbacks.domain.triage import triage
from callbacks.domain.window import Asap, Span, Wanted, last_moment, next_allowed
from callbacks.models import CallbackRow
from callbacks.operations import history, not_them, offers, release_place, same_number
from callbacks.operations.visit import CHANGEABLE, UnknownToken, Visit, seen
from foundation import doorbell, sealed
from foundation.doorbell import Bell
from foundation.phone import Phone


def change(
    session: Session,
    *,
    token: str,
    when: Asap | Span | None = None,
    safe_times: tuple[Span, ...] | None = None,
    phone: Phone | None = None,
    safe_contact: SafeContact | None = None,
    name: str | None = None,
    zone: ZoneInfo,
    now: datetime,
) -> Visit:
    """Change what is given and leave the rest. Raises UnknownToken, IllegalMove, NotOffered, WindowClosed."""
    found = queries.by_token(session, token)
    if found is None:
        raise UnknownToken
    callback = queries.lock(session, found.id)
    if callback.status not in CHANGEABLE:
        raise IllegalMove(f"cannot change a {callback.status} callback")
    if name is not None:
        callback.name = name
        history.note(session, callback, wording.CHANGED.format(what="the name"), now=now)
    if phone is not None:
        callback.phone, callback.phone_digest = phone.e164, sealed.digest(phone.e164)
        history.note(session, callback, wording.CHANGED.format(what="the number"), now=now)
    if safe_contact is not None:
        _allow(callback, safe_contact, zone=zone)
        history.note(session, callback, wording.CHANGED.format(what="what is allowed"), now=now)
    if when is not None:
        safe = callback.as_wanted().safe_times if safe_times is None else safe_times
        _move_time(session, callback, when, safe, zone=zone, now=now)
        history.note(session, callback, wording.CHANGED.format(what="the time"), now=now)
    elif safe_times is not None:
        _allow_times(callback, safe_times, zone=zone, now=now)
        history.note(session, callback, wording.CHANGED.format(what="the safe times"), now=now)
    if phone is not None:
        _look_at_number(session, callback, now=now)
    doorbell.ring_after_commit(session, Bell.MATCH)
    return seen(callback)


def _look_at_number(session: Session, callback: CallbackRow, *, now: datetime) -> None:
    """A number that others asked for, or whose owner did not ask, is for a supervisor; the visitor is told nothing."""
    is_shared = same_number.notice(session, callback)
    if callback.status == Status.NEEDS_REVIEW:
        return
    if barred := queries.barred(session, callback, now=now):
        not_them.hold(session, callback, barred, now=now)
    elif is_shared:
        same_number.hold(session, callback, now=now)


def _allow(callback: CallbackRow, contact: SafeContact, *, zone: ZoneInfo) -> None:
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
    callback.never_after = last_moment(callback.as_wanted(), zone=zone)
    if callback.status != Status.NEEDS_REVIEW:
        callback.due_by = callback.never_after


def _allow_times(callback: CallbackRow, safe_times: tuple[Span, ...], *, zone: ZoneInfo, now: datetime) -> None:
    """Other safe times beside the time at hand. Raises WindowClosed when none of all these is left."""
    callback.safe_times = [[span.starts_at.isoformat(), span.ends_at.isoformat()] for span in safe_times]
    wanted = callback.as_wanted()
    callback.next_try_at = next_allowed(wanted, after=max(now, callback.next_try_at), zone=zone)
    callback.never_after = last_moment(wanted, zone=zone)
    if callback.status != Status.NEEDS_REVIEW:
        callback.due_by = callback.never_after


def _move_time(
    session: Session,
    callback: CallbackRow,
    when: Asap | Span,
    safe_times: tuple[Span, ...],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Give the old place back and take a new one, in one transaction: never cancel first and hope."""
    release_place.release(session, callback_id=callback.id)
    wanted = Wanted(asked_at=now, when=when, safe_times=safe_times, not_after=callback.do_not_contact_after)
    never_after = last_moment(wanted, zone=zone)
    slot = when if isinstance(when, Span) else None
    callback.wanted_from = slot.starts_at if slot else None
    callback.wanted_until = slot.ends_at if slot else None
    callback.safe_times = [[span.starts_at.isoformat(), span.ends_at.isoformat()] for span in safe_times]
    callback.asked_at = min(callback.asked_at, now) if slot else now
    callback.never_after = never_after
    callback.next_try_at = next_allowed(wanted, after=now, zone=zone)
    if callback.status != Status.NEEDS_REVIEW:
        callback.due_by = never_after
    if slot is not None:
        offers.book(session, callback, wanted=slot, now=now)
        quoted: Span | None = slot
    else:
        among = offers.able(session, callback)
        quoted = offers.asap_promise(
            session, not_before=callback.next_try_at, not_after=never_after, among=among, now=now
        )
    callback.promised_from = quoted.starts_at if quoted else None
    callback.promised_until = quoted.ends_at if quoted else None

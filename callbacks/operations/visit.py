"""What a visitor sees of their own request. The token is the only key; nothing is ever looked up by number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.asking import GenderWish
from callbacks.domain.attempts import MOST_RINGS, ReviewReason
from callbacks.domain.codes import TALKED, ContactOutcome
from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import SafeContact
from callbacks.domain.window import Asap, Span, Wanted
from callbacks.models import CallbackRow
from foundation.phone import Phone
from notifications import queries as notifications
from notifications.domain.call import CallState

CHANGEABLE = frozenset({Status.QUEUED, Status.RETRY_DUE, Status.NEEDS_REVIEW})
"""While nobody is on the way to the telephone."""

_NUMBERS_FAULT = frozenset(
    {ContactOutcome.NUMBER_INVALID, ContactOutcome.NUMBER_WRONG, ContactOutcome.WITHHELD_BLOCKED}
)
_TO_BE_RUNG = CHANGEABLE | {Status.ASSIGNED}
_AFTER_A_CALL = frozenset({Status.IN_CALL, Status.NEEDS_REVIEW})
"""In these states a conversation may be over while what came of it is still to be written down, or looked at."""


class UnknownToken(Exception):
    """No request has this token; the same words for a wrong one and for one that was erased."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The visitor's own view."""

    reference: str
    token: str
    status: Status
    name: str
    phone: Phone
    window: Span | None
    promise: Span | None
    when: Asap | Span
    safe_contact: SafeContact
    can_withdraw: bool
    can_change: bool
    rings_made: int
    next_try_at: datetime | None
    wanted: Wanted
    """When they want and allow a call."""
    locale: str
    """The language in which they asked."""
    is_kept: bool
    """It was to be erased, and is kept for a reason that the visitor is told."""
    needs_new_time: bool
    """We rang, and no time is left at which we may ring again: only the visitor can give another."""
    language: str
    gender: GenderWish | None
    may_be_later: bool = False
    """They were told that the promise may be missed."""
    likely: Span | None = None
    """When it is likely instead, as they were told."""
    was_cut_off: bool = False
    """They answered the last ring, and our line went."""
    has_talked: bool = False
    """The call is over, though what came of it is still to be written down or looked at."""
    cannot_ring: bool = False
    """It is due, and calls cannot be placed at this moment."""
    may_still_ring: bool = False
    """It was cancelled, and the telephone company has not yet stopped the ringing."""
    is_talking: bool = False
    """The two are talking; cancelling does not end that."""
    needs_new_number: bool = False
    """The number cannot be reached: only the visitor can give another."""


def seen(callback: CallbackRow) -> Visit:
    """A request as its visitor sees it."""
    status = Status(callback.status)
    starts = max(callback.next_try_at, callback.asked_at)
    return Visit(
        reference=callback.reference,
        token=callback.token,
        status=status,
        name=callback.name,
        phone=callback.dialled,
        window=Span(starts, callback.never_after) if starts < callback.never_after else None,
        promise=callback.promise,
        when=callback.as_when(),
        safe_contact=callback.as_contact(),
        can_withdraw=callback.is_open,
        can_change=status in CHANGEABLE,
        rings_made=callback.rings_made,
        next_try_at=callback.next_try_at if status in (Status.QUEUED, Status.RETRY_DUE) else None,
        wanted=callback.as_wanted(),
        locale=callback.locale,
        is_kept=callback.restricted_at is not None,
        needs_new_time=callback.needs_new_time,
        language=callback.language,
        gender=callback.as_wish(),
    )


def visit(session: Session, *, token: str, now: datetime) -> Visit:
    """The request that a token opens. Raises UnknownToken."""
    callback = queries.by_token(session, token)
    if callback is None or callback.status == Status.ERASED:
        raise UnknownToken
    found = seen(callback)
    if _has_talked(session, callback):
        return replace(found, has_talked=True, can_withdraw=False, can_change=False)
    if found.status in (Status.WITHDRAWN, Status.IN_CALL):
        return _on_the_line(session, found, callback)
    if number_fails(session, callback):
        return replace(found, needs_new_number=True)
    if (sorry := queries.apology(session, callback)) is not None:
        found = replace(found, may_be_later=True, likely=sorry.likely)
    if found.status is Status.RETRY_DUE and callback.goes_first:
        found = replace(found, was_cut_off=queries.is_cut_off(session, queries.attempts(session, callback.id)[-1]))
    is_due = found.status in _TO_BE_RUNG and not found.needs_new_time and callback.next_try_at <= now
    return replace(found, cannot_ring=is_due and notifications.is_dialling_paused(session))


def number_fails(session: Session, callback: CallbackRow) -> bool:
    """Whether another number is all that is missing. How a pest was turned away is not told."""
    if callback.review_reason != ReviewReason.NUMBER_FAILS or callback.rings_made >= MOST_RINGS:
        return False
    last = max(queries.attempts(session, callback.id), key=lambda attempt: attempt.number, default=None)
    return last is not None and last.contact_outcome in _NUMBERS_FAULT


def may_change(session: Session, callback: CallbackRow) -> bool:
    """Whether the visitor may change this request at this moment."""
    return callback.status in CHANGEABLE and not _has_talked(session, callback)


def _has_talked(session: Session, callback: CallbackRow) -> bool:
    """Whether the last call was answered, and nobody has said that it was answered by somebody else or too soon."""
    if callback.status not in _AFTER_A_CALL:
        return False
    last = max(queries.attempts(session, callback.id), key=lambda attempt: attempt.number, default=None)
    if last is None or last.ended_at is None or not last.owes_outcome:
        return False
    return last.contact_outcome is None or last.contact_outcome in TALKED


_MAY_RING = frozenset({CallState.CONNECTING, CallState.VISITOR_RINGING})
_TALKING = frozenset({CallState.VISITOR_ANSWERED, CallState.BRIDGED})


def _on_the_line(session: Session, found: Visit, callback: CallbackRow) -> Visit:
    """What their telephone may be doing at this moment, for whoever cancels or has cancelled."""
    calls = queries.open_calls(session, callback_id=callback.id)
    rings = found.status is Status.WITHDRAWN and any(call.state in _MAY_RING for call in calls)
    return replace(found, may_still_ring=rings, is_talking=any(call.state in _TALKING for call in calls))

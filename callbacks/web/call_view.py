"""A request as its visitor's pages show it: small ready values in words, no row and no full number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import url_for

from callbacks.domain.lifecycle import CLOSED, Status
from callbacks.domain.safe_contact import CallerId, ThirdParty
from callbacks.operations.visit import Visit
from callbacks.web import choices, safe_times, wording
from callbacks.web.choices import ContactInWords
from callbacks.web.questions import our_number
from foundation.language import said
from foundation.web.times import between, clock_time, day_name, service_zone

RINGING = frozenset({Status.ASSIGNED, Status.IN_CALL})


@dataclass(frozen=True, slots=True)
class CallView:
    """What the pages show."""

    reference: str
    page: str
    """The address of the visitor's own page."""
    title: str
    text: str
    coming: str
    """When we ring, as a sentence; empty when nobody will."""
    when: str
    only: tuple[str, ...]
    """Every span in which we may still ring."""
    phone_ends_with: str
    safe: ContactInWords
    caller: str
    """The number that the phone will show; empty when it is hidden."""
    greeted: str
    """What whoever answers hears, and what to press."""
    can_change: bool
    can_withdraw: bool
    is_talking: bool
    """The two are talking; cancelling does not end that."""
    is_over: bool
    in_calendar: bool
    """There is a time that can be put into a calendar."""
    needs_new_time: bool
    """Nobody rings before they choose another time."""
    needs_new_number: bool
    """Nobody rings before they give another number."""


def view_of(found: Visit, *, now: datetime) -> CallView:
    """The request in words."""
    told = wording.told_of(found)
    shows_number = found.safe_contact.caller_id is CallerId.SHOW_NUMBER
    return CallView(
        reference=found.reference,
        page=url_for("own_page.show", token=found.token),
        title=told.title,
        text=told.text,
        coming=_coming(found, now=now),
        when=choices.in_words(found.when, zone=service_zone(), now=now),
        only=safe_times.coming(found.wanted, zone=service_zone(), now=now),
        phone_ends_with=found.phone.e164[-3:],
        safe=choices.contact_in_words(found.safe_contact, zone=service_zone()),
        caller=our_number() if shows_number else "",
        greeted=said(wording.SCREENED if found.safe_contact.third_party is ThirdParty.HANG_UP else wording.GREETED),
        can_change=found.can_change,
        can_withdraw=found.can_withdraw,
        is_talking=found.is_talking,
        is_over=found.has_talked or found.status in CLOSED,
        in_calendar=found.promise is not None and found.can_change and not (found.cannot_ring or _needs_them(found)),
        needs_new_time=found.needs_new_time,
        needs_new_number=found.needs_new_number,
    )


def _needs_them(found: Visit) -> bool:
    """Whether nobody rings before the visitor says something new."""
    return found.needs_new_time or found.needs_new_number


def _coming(found: Visit, *, now: datetime) -> str:
    zone = service_zone()
    if found.cannot_ring:
        return said(wording.CANNOT_RING)
    if found.has_talked or _needs_them(found) or found.status in CLOSED or found.status in RINGING:
        return ""
    if found.status is Status.RETRY_DUE and found.next_try_at is not None:
        day = day_name(found.next_try_at, zone=zone, now=now)
        return said(wording.TRY_AGAIN, day=day, time=clock_time(found.next_try_at, zone=zone))
    return _promised(found, zone, now)


def _promised(found: Visit, zone: ZoneInfo, now: datetime) -> str:
    """The promise, or what replaces it."""
    if found.may_be_later and found.likely is not None and now <= found.likely.ends_at:
        likely = between(found.likely.starts_at, found.likely.ends_at, zone=zone, now=now)
        return said(wording.LATER_LIKELY, span=likely)
    if found.promise is None:
        return said(wording.NO_PROMISE)
    if now > found.promise.ends_at:
        return said(wording.LATE)
    if found.may_be_later:
        return said(wording.LATER)
    return said(wording.PROMISE, span=between(found.promise.starts_at, found.promise.ends_at, zone=zone, now=now))

"""What the API says about a request: values of the operations in the shapes of the schemas."""

from __future__ import annotations

from datetime import datetime

from flask import current_app, url_for

from callbacks.domain.lifecycle import Status
from callbacks.domain.window import Asap, Span
from callbacks.operations.ask import Asked
from callbacks.operations.offers import Availability
from callbacks.operations.visit import Visit
from callbacks.web import wording
from callbacks.web.schemas.answers import (
    AvailabilityAnswer,
    CallbackAnswer,
    Links,
    SafeContactAnswer,
    SpanAnswer,
    VisitAnswer,
)
from callbacks.web.schemas.requests import GenderWishRecord
from foundation.language import said
from foundation.web.times import service_zone


def span_answer(span: Span) -> SpanAnswer:
    return SpanAnswer(from_=_whole_second(span.starts_at), to=_whole_second(span.ends_at))


def availability_answer(found: Availability) -> AvailabilityAnswer:
    return AvailabilityAnswer(
        state=found.state,
        message=said(wording.CANNOT_RING_NEW if found.cannot_ring else wording.AVAILABILITY[found.state]),
        as_soon_as_possible=_span(found.as_soon_as_possible),
        slots=[span_answer(span) for span in found.slots],
        next_change_at=_whole_second(found.next_change_at) if found.next_change_at else None,
    )


def callback_answer(asked: Asked) -> CallbackAnswer:
    return CallbackAnswer(
        reference=asked.reference,
        token=asked.token,
        status=_told(asked.status),
        promise=_span(asked.promise),
        window=span_answer(asked.window),
        links=_links(asked.token),
    )


def visit_answer(found: Visit) -> VisitAnswer:
    told = wording.told_of(found)
    contact = found.safe_contact
    return VisitAnswer(
        reference=found.reference,
        status=_status(found),
        message=f"{told.title}. {said(wording.CANNOT_RING) if found.cannot_ring else told.text}",
        name=found.name,
        phone_ends_with=found.phone.e164[-3:],
        when="asap" if isinstance(found.when, Asap) else span_answer(found.when),
        promise=None if found.cannot_ring else _span(found.promise),
        window=_span(found.window),
        next_try_at=_whole_second(found.next_try_at) if found.next_try_at else None,
        rings_made=found.rings_made,
        needs_new_time=found.needs_new_time,
        needs_new_number=found.needs_new_number,
        safe_times=[span_answer(span) for span in found.wanted.safe_times],
        language=found.language,
        counsellor_gender=GenderWishRecord(value=found.gender.value, strength=found.gender.strength)
        if found.gender
        else None,
        can_change=found.can_change,
        can_withdraw=found.can_withdraw,
        safe_contact=SafeContactAnswer(
            voicemail=contact.voicemail,
            sms=contact.sms,
            third_party=contact.third_party,
            caller_id=contact.caller_id,
            has_safe_word=contact.safe_word is not None,
            do_not_contact_after=contact.do_not_contact_after,
            phone_owner=contact.phone_owner,
        ),
        links=_links(found.token),
    )


def _told(status: Status) -> Status:
    """That a supervisor looks at a request may say that somebody else asked for the same number: nobody is told."""
    return Status.QUEUED if status is Status.NEEDS_REVIEW else status


def _status(found: Visit) -> Status:
    """In review after a conversation, what came of it is awaited; without a safe time, or a number, another is."""
    if found.has_talked:
        return Status.IN_CALL
    return Status.RETRY_DUE if found.needs_new_time or found.needs_new_number else _told(found.status)


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(service_zone()).replace(microsecond=0)


def _span(span: Span | None) -> SpanAnswer | None:
    return None if span is None else span_answer(span)


def _links(token: str) -> Links:
    base = current_app.config["PUBLIC_BASE_URL"]
    return Links(
        self=base + url_for("api.view", token=token),
        page=base + url_for("own_page.show", token=token),
    )

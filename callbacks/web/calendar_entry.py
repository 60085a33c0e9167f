"""The call as an entry of a calendar that others may look into: it says "Phone call" and nothing about us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from icalendar import Calendar, Event

from callbacks.domain.window import Span
from foundation.language import mark, said

SUMMARY: Final = mark("Phone call")


def entry(span: Span, *, uid: str, now: datetime) -> bytes:
    """One entry in the form of RFC 5545. The product's name in it is as dull as its title."""
    event = Event()
    event.add("uid", f"{uid}@call")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", span.starts_at.astimezone(UTC))
    event.add("dtend", span.ends_at.astimezone(UTC))
    event.add("summary", said(SUMMARY))
    event.add("class", "PRIVATE")
    calendar = Calendar()
    calendar.add("prodid", "-//calendar//EN")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written

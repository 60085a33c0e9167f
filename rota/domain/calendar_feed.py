"""A person's shifts as a calendar that other calendars subscribe to (RFC 5545).

A shift keeps its UID for ever; SEQUENCE grows with each change; one that is gone stays, as cancelled. Nothing in it is
about a visitor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from rota.domain.shifts import Span

REFRESH = timedelta(hours=1)  # how often a calendar is asked to look again


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One shift as this person's calendar shows it."""

    shift_id: int
    counsellor_id: int
    span: Span
    sequence: int
    changed_at: datetime
    is_cancelled: bool = False
    note: str = ""


def calendar(events: Iterable[FeedEvent], *, name: str, summary: str, domain: str) -> bytes:
    """The feed, folded and escaped by the library, by start. `summary` names no visitor and no helpline."""
    feed = Calendar()
    feed.add("prodid", "-//Rota//Shifts//EN")
    feed.add("version", "2.0")
    feed.add("method", "PUBLISH")
    feed.add("name", name)
    feed.add("x-wr-calname", name)
    feed.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for each in sorted(events, key=lambda one: (one.span, one.shift_id)):
        feed.add_component(_event(each, summary, domain))
    return bytes(feed.to_ical())


def _event(each: FeedEvent, summary: str, domain: str) -> Event:
    event = Event()
    event.add("uid", f"shift-{each.shift_id}-{each.counsellor_id}@{domain}")
    event.add("summary", summary)
    event.add("dtstart", each.span.starts_at.astimezone(UTC))
    event.add("dtend", each.span.ends_at.astimezone(UTC))
    event.add("dtstamp", each.changed_at.astimezone(UTC))
    event.add("last-modified", each.changed_at.astimezone(UTC))
    event.add("sequence", each.sequence)
    event.add("status", "CANCELLED" if each.is_cancelled else "CONFIRMED")
    if each.note:
        event.add("description", each.note)
    return event

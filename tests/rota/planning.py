"""Builders for the rota's tests: a team with shifts, spans around NOON, a browser that sends forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from foundation.database import transaction
from foundation.phone import Phone
from notifications.models import TextRow
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span, instant_of
from rota.models import RequirementRow, ShiftRow, ShiftState, range_of
from rota.operations.presence import set_available
from rota.operations.team import Details, VerifiedHow, add_counsellor, verify_phone

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday in winter, when London's wall clock shows UTC."""

LONDON = ZoneInfo("Europe/London")
PASSWORD = "correct horse battery"
SUPERVISOR = "+447700900990"
"""Where the supervisor gets alerts."""


@dataclass
class Team:
    """Builders: each adds one thing, with what the test does not care about filled in."""

    app: Flask
    made: int = 0

    def counsellor(
        self, name: str = "Ana Example", *skills: Skill, is_verified: bool = True, is_available: bool = True
    ) -> int:
        """Somebody who can be rung; their id."""
        self.made += 1
        details = Details(name, Phone(f"+447700900{100 + self.made}"), skills=frozenset(skills))
        with self.app.app_context(), transaction() as session:
            row = add_counsellor(
                session,
                email=f"{name.split(maxsplit=1)[0].lower()}@example.org",
                password=PASSWORD,
                details=details,
                joined_on=NOON.date(),
                by=None,
                now=NOON,
            )
            row.health_checked_until = NOON.date() + timedelta(days=730)
            if is_verified:
                verify_phone(session, counsellor_id=row.id, how=VerifiedHow.RUNG_BY_SUPERVISOR, by=None, now=NOON)
            if is_available:
                set_available(session, counsellor_id=row.id, by=None, now=NOON)
            return row.id

    def ready(self, person: int) -> None:
        """They set themselves available."""
        with self.app.app_context(), transaction() as session:
            set_available(session, counsellor_id=person, by=None, now=NOON)

    def shift(self, person: int, span: Span, state: ShiftState = ShiftState.PUBLISHED) -> int:
        """A shift, whenever it is or was; its id."""
        published_at = None if state is ShiftState.DRAFT else NOON
        row = ShiftRow(
            counsellor_id=person,
            during=range_of(span),
            zone=LONDON.key,
            state=state.value,
            published_at=published_at,
            created_at=NOON,
        )
        with self.app.app_context(), transaction() as session:
            session.add(row)
            session.flush()
            return row.id

    def need(self, people: int) -> None:
        """So many people at every hour of every day."""
        with self.app.app_context(), transaction() as session:
            session.add_all(
                RequirementRow(weekday=weekday, starts=0, ends=1440, at_least=people) for weekday in range(7)
            )


def hours(starts: float, ends: float) -> Span:
    """A span told in hours from NOON."""
    return Span(NOON + timedelta(hours=starts), NOON + timedelta(hours=ends))


def london(day: str, wall: str) -> datetime:
    return instant_of(date.fromisoformat(day), time.fromisoformat(wall), LONDON)


@dataclass
class Browser:
    """Somebody who is signed in and uses forms."""

    client: FlaskClient

    def get(self, address: str) -> TestResponse:
        return self.client.get(address)

    def send(self, address: str, page: str = "/staff/password", **fields: Any) -> TestResponse:
        """Send a form with the token of a page."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(page).text)
        assert token
        return self.client.post(address, data=fields | {"csrf_token": token[1]})


def texts_to(session: Session, number: str = "") -> list[str]:
    """The words of the texts to a number that ends like this, in order."""
    rows = session.scalars(select(TextRow).order_by(TextRow.created_at, TextRow.reason_key))
    return [row.body for row in rows if row.phone.endswith(number)]

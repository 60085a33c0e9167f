"""Builders for the staff pages: a team on shift, requests that were really asked, and calls that really moved on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Flask
from lxml import html
from sqlalchemy import select

from accounts.domain.roles import Role
from accounts.models import JournalRow
from accounts.operations.staff import add_staff
from callbacks import queries
from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.domain.window import Span as Window
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.ask import ask
from callbacks.operations.match import match_waiting
from foundation.database import transaction
from foundation.phone import Phone
from notifications.domain.leg import LegStatus
from notifications.operations import hear
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.models import CounsellorRow, ShiftRow, range_of
from tests.conftest import Clock
from tests.rota.planning import PASSWORD, Browser, Team, hours

LONDON = ZoneInfo("Europe/London")
FIRST_VISITOR = 447700900980


@dataclass
class Desk:
    """Everything a test about staff pages needs; time is its clock."""

    app: Flask
    clock: Clock
    team: Team = field(init=False)
    asked: int = 0

    def __post_init__(self) -> None:
        self.team = Team(self.app)

    def counsellor(self, name: str = "Ana Example", *skills: Skill, shift: Span | None = None, **how: bool) -> Browser:
        """A counsellor on shift, signed in."""
        person = self.team.counsellor(name, *skills, **how)
        self.team.shift(person, shift or hours(-2, 6))
        return self.sign_in(f"{name.split(maxsplit=1)[0].lower()}@example.org")

    def knows_everything(self) -> None:
        """Somebody on the team, though not on shift, who may ring for any request."""
        person = self.team.counsellor("Zoe Example", *Skill, is_available=False)
        with self.app.app_context(), transaction() as session:
            row = session.get_one(CounsellorRow, person)
            row.languages, row.gender = ["en", "pl", "cy"], "female"

    def supervisor(self, role: Role = Role.SUPERVISOR) -> Browser:
        """Somebody who looks after everything, signed in."""
        with self.app.app_context(), transaction() as session:
            add_staff(
                session,
                email=f"{role}@example.org",
                name=f"Sue {role}",
                password=PASSWORD,
                role=role,
                now=self.clock.at,
            )
        return self.sign_in(f"{role}@example.org")

    def sign_in(self, email: str) -> Browser:
        browser = Browser(self.app.test_client())
        answer = browser.send("/staff/sign-in", page="/staff/sign-in", email=email, password=PASSWORD)
        assert answer.status_code == 302, answer.text
        return browser

    def ask(self, **what: Any) -> str:
        """A request; its reference."""
        self.asked += 1
        phone = Phone(f"+{FIRST_VISITOR + self.asked}")
        given: dict[str, Any] = {"phone": phone, "consent_version": CONSENT_VERSION, "name": "Sam"} | what
        asked = Ask(**given)
        with self.app.app_context(), transaction() as session:
            return ask(session, asked, idempotency=None, zone=LONDON, now=self.clock.at).reference

    def span(self, starts_at: datetime, ends_at: datetime) -> Window:
        """A span as visitors name them."""
        return Window(starts_at, ends_at)

    def end_every_shift(self, at: datetime) -> None:
        """Everybody goes home earlier than planned."""
        with self.app.app_context(), transaction() as session:
            for shift in session.scalars(select(ShiftRow)):
                shift.during = range_of(Span(shift.span().starts_at, at))

    def match(self) -> None:
        """What a worker does when the bell rings."""
        with self.app.app_context(), transaction() as session:
            match_waiting(session, zone=LONDON, now=self.clock.at)

    def ring(self, reference: str) -> None:
        """The counsellor's telephone rings."""
        self._counsellors_leg(reference, LegStatus.RINGING)

    def take(self, reference: str) -> None:
        """The counsellor answers and presses 1."""
        self.ring(reference)
        with self.app.app_context(), transaction() as session:
            call, number = self._call(reference), self._attempt(reference).number
            provider_id = f"CA-{reference}-{number}"
            assert hear.counsellor_answered(session, call_id=call, provider_id=provider_id, now=self.clock.at)
            assert hear.counsellor_pressed(
                session, call_id=call, provider_id=provider_id, digits="1", now=self.clock.at
            )

    def visitor_answers(self, reference: str) -> None:
        """The visitor's telephone is answered, after the counsellor took the call."""
        with self.app.app_context(), transaction() as session:
            call = self._call(reference)
            assert hear.visitor_answered(session, call_id=call, provider_id=f"CA-{reference}-v", now=self.clock.at)

    def pass_on(self, reference: str) -> None:
        """The counsellor answers and presses 2."""
        self.ring(reference)
        with self.app.app_context(), transaction() as session:
            call, number = self._call(reference), self._attempt(reference).number
            provider_id = f"CA-{reference}-{number}"
            hear.counsellor_pressed(session, call_id=call, provider_id=provider_id, digits="2", now=self.clock.at)
        self._counsellors_leg(reference, LegStatus.COMPLETED)

    def hang_up(self, reference: str, status: LegStatus = LegStatus.COMPLETED, *, talked_s: int = 300) -> None:
        """The visitor's leg is over, by default after they talked; then the counsellor's."""
        with self.app.app_context(), transaction() as session:
            hear.dial_over(
                session,
                call_id=self._call(reference),
                visitor_leg_id=None,
                status=status,
                duration_s=talked_s,
                bridged=status is LegStatus.COMPLETED,
                now=self.clock.at,
            )
        self._counsellors_leg(reference, LegStatus.COMPLETED)

    def cannot_be_connected(self, reference: str) -> None:
        """The telephone company says that nobody has the visitor's number, after the counsellor took the call."""
        with self.app.app_context(), transaction() as session:
            hear.leg_status(
                session,
                call_id=self._call(reference),
                role="visitor",
                provider_id=f"CA-{reference}-v",
                status=LegStatus.FAILED,
                duration_s=0,
                sip_code="404",
                at=self.clock.at,
                now=self.clock.at,
            )
        self.hang_up(reference, LegStatus.FAILED, talked_s=0)

    def talked(self, **what: Any) -> str:
        """A request that was asked, matched, taken and talked about; its reference."""
        reference = self.ask(**what)
        self.match()
        self.take(reference)
        self.hang_up(reference)
        return reference

    def row(self, reference: str) -> CallbackRow:
        """A request as it stands."""
        with self.app.app_context(), transaction() as session:
            return session.scalars(select(CallbackRow).where(CallbackRow.reference == reference)).one()

    def latest(self) -> str:
        """The reference of the newest request."""
        with self.app.app_context(), transaction() as session:
            newest = select(CallbackRow.reference).order_by(CallbackRow.id.desc()).limit(1)
            return session.scalars(newest).one()

    def asked_by_visitors(self) -> int:
        """How many requests there are."""
        with self.app.app_context(), transaction() as session:
            return len(session.scalars(select(CallbackRow.id)).all())

    def attempts(self, reference: str) -> list[AttemptRow]:
        with self.app.app_context(), transaction() as session:
            return queries.attempts(session, self.row(reference).id)

    def history(self, reference: str) -> list[str]:
        with self.app.app_context(), transaction() as session:
            return [row.words for row in queries.history(session, self.row(reference).id)]

    def journal(self, action: str) -> list[tuple[str, dict[str, Any] | None]]:
        """What the journal says of an action: subject and what came after."""
        with self.app.app_context(), transaction() as session:
            rows = session.scalars(select(JournalRow).where(JournalRow.action == action).order_by(JournalRow.id))
            return [(row.subject_id, row.after) for row in rows]

    def _counsellors_leg(self, reference: str, status: LegStatus) -> None:
        with self.app.app_context(), transaction() as session:
            hear.leg_status(
                session,
                call_id=self._call(reference),
                role="counsellor",
                provider_id=f"CA-{reference}-{self._attempt(reference).number}",
                status=status,
                duration_s=0,
                sip_code=None,
                at=self.clock.at,
                now=self.clock.at,
            )

    def _attempt(self, reference: str) -> AttemptRow:
        return self.attempts(reference)[-1]

    def _call(self, reference: str) -> UUID:
        return self._attempt(reference).call_id


def words(page: str) -> str:
    """What a page says, on one line."""
    return " ".join(str(html.fromstring(page).text_content()).split())


def summary(page: str) -> list[str]:
    """The sentences under "There is a problem"."""
    return [str(link.text_content()) for link in html.fromstring(page).cssselect(".error-summary a")]


def field_value(page: str, name: str) -> str:
    """What a hidden field holds."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]

"""People in the town: counsellors who are on, visitors who ask, and looks at what the tables say of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callbacks import queries
from callbacks.domain.asking import CONSENT_VERSION
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.finish_call import Author, Outcome, Referral, finish_call
from foundation.database import transaction
from rota.domain.counsellor import Skill
from rota.domain.shifts import Span
from rota.models import CounsellorRow
from tests.conftest import NOON, Town
from tests.rota.planning import LONDON, Team

ANA, BEN, CAT = "+447700900101", "+447700900102", "+447700900103"
VISITOR, LANDLINE = "+447700900982", "+441632960123"

TAKES = {"picks_up": "person", "presses": ["1"]}
"""A counsellor who takes the call."""
TALKS = {"picks_up": "person", "talks_for_s": 12}
"""A visitor who answers, and ends the conversation after a few sentences: the town's seconds cost us time too."""


@dataclass
class People:
    """The team of the town, and the visitors."""

    town: Town
    team: Team

    def on(self, *names: str, days: int = 2, is_available: bool = True) -> list[int]:
        """Counsellors on shift and ready, who are asked in the order of ANA, BEN, CAT; their ids."""
        ids = []
        for number, name in enumerate(names):
            spare = list(Skill)[:number]  # whoever has more abilities is spared for those who need them
            person = self.team.counsellor(name, *spare, is_available=is_available)
            for day in range(days):
                starts_at = NOON + timedelta(days=day)
                self.team.shift(person, Span(starts_at, starts_at + timedelta(days=1)))
            ids.append(person)
        return ids

    def ask(self, phone: str = VISITOR, **fields: Any) -> Asked:
        """Somebody asks for a call through the API."""
        body = {"phone": phone, "consent": {"version": CONSENT_VERSION, "given": True}} | fields
        answer = self.town.app.test_client().post("/api/v1/callbacks", json=body)
        assert answer.status_code == 201, answer.text
        return Asked(self.town, answer.get_json()["reference"], answer.get_json()["token"])

    def call_back(self) -> Asked:
        """Ana, who is on, rings the visitor, and they talk; she still owes the outcome."""
        self.town.expects(ANA, VISITOR)
        self.on("Ana Example")
        self.town.phones.habit(ANA, **TAKES)
        self.town.phones.habit(VISITOR, **TALKS)
        asked = self.ask()
        self.town.until(lambda: asked.results() == ["finished"])
        self.town.passes(10)
        return asked

    def presence(self, person: int) -> str:
        with self.town.app.app_context(), transaction() as session:
            return session.get_one(CounsellorRow, person).presence.state


@dataclass
class Asked:
    """A request, as the tables have it at this moment."""

    town: Town
    reference: str
    token: str

    def row(self) -> CallbackRow:
        with self.town.app.app_context(), transaction() as session:
            row = queries.by_reference(session, self.reference)
            assert row is not None
            return row

    @property
    def status(self) -> str:
        return self.row().status

    def attempts(self) -> list[AttemptRow]:
        with self.town.app.app_context(), transaction() as session:
            return queries.attempts(session, self.row().id)

    def results(self) -> list[str | None]:
        """How each attempt ended."""
        return [attempt.result for attempt in self.attempts()]

    def history(self) -> list[str]:
        with self.town.app.app_context(), transaction() as session:
            return [line.words for line in queries.history(session, self.row().id)]

    def withdraw(self) -> int:
        """The visitor cancels; the status of the answer."""
        return self.town.app.test_client().delete(f"/api/v1/callbacks/{self.token}").status_code

    def record(self, outcome: Outcome, referral: Referral | None = None) -> None:
        """The counsellor of the last attempt says what came of it."""
        attempt = self.attempts()[-1]
        with self.town.app.app_context(), transaction() as session:
            person = session.scalars(select(CounsellorRow).where(CounsellorRow.id == attempt.counsellor_id)).one()
            finish_call(
                session,
                attempt_id=attempt.id,
                author=Author(person.staff_id, person.staff.name, person.id),
                outcome=outcome,
                referral=referral,
                stays_away=False,
                zone=LONDON,
                now=self.town.clock(),
            )


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))

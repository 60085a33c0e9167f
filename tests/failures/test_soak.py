"""The soak can fail: what is planted before its eyes is seen, without the service's own opinion of it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from benchmarks.soak.copies import multiply
from benchmarks.soak.people import Asked as AskedOfSoak
from benchmarks.soak.people import Desk, Visitors
from benchmarks.soak.place import Place
from benchmarks.soak.starvation import STARVED_S, Starvation, idle_pairs
from benchmarks.soak.verdict import Verdict, verdict
from benchmarks.soak.watcher import Watcher
from benchmarks.soak.week import Wish
from callbacks import queries
from callbacks.domain.codes import CaseOutcome, ContactOutcome
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations.finish_call import Outcome
from foundation.database import db, transaction
from notifications.domain.trouble import Trouble
from notifications.models import CallRow, TroubleRow
from notifications.operations import trouble
from tests.conftest import HELPLINE, NOON, Town
from tests.journeys.conftest import ANA, VISITOR, Asked, People
from tests.rota.planning import Team


def a_wish(span: tuple[datetime, datetime] | None = None, *, allows_texts: bool = False) -> Wish:
    return Wish(VISITOR, NOON, span, allows_texts, None, None, ())


class Soak:
    """The soak's judges, over a town."""

    def __init__(self, town: Town, wish: Wish) -> None:
        self.town, self.wish = town, wish
        neither: Any = None  # judging needs no rehearsal and no servers of its own
        here = Place(town.base, town.phones.base, {"TWILIO_CALLER_ID": HELPLINE}, neither, neither)
        here.app = town.app
        self.here, self.visitors, self.watcher = here, Visitors(here), Watcher(here)
        self.visitors.wishes[VISITOR] = wish
        self.desk = Desk(here, self.visitors, self.watcher, random.Random(1))

    def looks_on(self, seconds: float) -> Starvation:
        """See who starves, for so many real seconds."""
        for at_s in (0.0, seconds):
            self.watcher.read()
            with self.town.app.app_context(), transaction() as session:
                idle = idle_pairs(
                    session,
                    wishes=self.visitors.wishes,
                    on_the_line=self.watcher.on_the_line(),
                    now=self.town.clock(),
                )
            self.desk.starvation.see(idle, at_s=at_s, now=self.town.clock())
        return self.desk.starvation

    def verdict(self, asked: Asked, *, withdrawn_at: datetime | None = None) -> Verdict:
        self.watcher.read()
        told = AskedOfSoak(self.wish, asked.reference, asked.token, NOON, withdrawn_at)
        return verdict(self.here, [told], 0, self.watcher, self.desk)


@pytest.fixture
def people(town: Town) -> People:
    return People(town, Team(town.app))


def broken(found: Verdict) -> list[str]:
    return [what for what, count, _ in found.must_be_zero if count]


def test_a_good_run_holds(town: Town, people: People) -> None:
    soak = Soak(town, a_wish())

    found = soak.verdict(people.call_back())

    assert broken(found) == []
    assert found.holds


def test_a_planted_starvation_fails_the_soak(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example")
    soak = Soak(town, a_wish())
    asked = people.ask()  # and nobody answers the bells

    assert soak.looks_on(STARVED_S + 1).starved
    assert broken(soak.verdict(asked)) == ["starved while someone was free"]


def test_the_services_own_alarm_of_starvation_excuses_nobody(town: Town, people: People) -> None:
    town.expects()
    people.on("Ana Example")
    soak = Soak(town, a_wish())
    people.ask()
    with town.app.app_context(), transaction() as session:
        trouble.begin(session, Trouble.STARVING, now=town.clock())

    assert soak.looks_on(STARVED_S + 1).starved


@pytest.mark.parametrize(
    "excuse", ["not_long", "nobody_there", "not_safe", "dialling_fails", "on_the_telephone", "not_due"]
)
def test_nobody_starves_who_cannot_be_rung_at_this_moment(town: Town, people: People, excuse: str) -> None:
    town.expects(*([ANA] if excuse == "on_the_telephone" else []))
    people.on("Ana Example", is_available=excuse != "nobody_there")
    tomorrow = NOON + timedelta(days=1)
    soak = Soak(town, a_wish((tomorrow, tomorrow + timedelta(hours=1)) if excuse == "not_safe" else None))
    people.ask()
    if excuse == "on_the_telephone":
        town.until(lambda: town.phones.state(ANA)["state"] == "ringing")
    with town.app.app_context(), transaction() as session:
        if excuse == "dialling_fails":
            now = town.clock()
            session.add(TroubleRow(kind=Trouble.DIALLING_FAILS, since=now, last_at=now, times=1))
        if excuse == "not_due":
            session.execute(update(CallbackRow).values(next_try_at=NOON + timedelta(minutes=5)))

    assert soak.looks_on(1.0 if excuse == "not_long" else STARVED_S + 1).starved == {}


def test_a_ring_outside_safe_times_fails_the_soak(town: Town, people: People) -> None:
    asked = people.call_back()
    later = NOON + timedelta(minutes=30)

    found = Soak(town, a_wish((later, later + timedelta(hours=1)))).verdict(asked)

    assert broken(found) == ["dialled outside safe times"]


def test_a_ring_after_the_visitor_was_told_that_nobody_will_ring_fails_the_soak(town: Town, people: People) -> None:
    asked = people.call_back()

    found = Soak(town, a_wish()).verdict(asked, withdrawn_at=NOON)

    assert broken(found) == ["rung after a withdrawal was confirmed"]


def test_a_request_that_is_gone_fails_the_soak(town: Town, people: People) -> None:
    asked = people.call_back()
    asked.reference = "GONE123"

    assert broken(Soak(town, a_wish()).verdict(asked)) == ["lost"]


def test_a_text_that_nobody_allowed_fails_the_soak(town: Town, people: People) -> None:
    town.expects(texts=[VISITOR])
    people.on("Ana Example", is_available=False)
    asked = people.ask(safe_contact={"sms": "neutral_message"})
    town.passes(3)

    assert broken(Soak(town, a_wish(allows_texts=True)).verdict(asked)) == []
    assert broken(Soak(town, a_wish()).verdict(asked)) == ["texts against consent"]


def test_what_goes_wrong_at_the_desk_fails_the_soak(town: Town, people: People) -> None:
    soak = Soak(town, a_wish())
    asked = people.call_back()
    soak.desk.troubled.append("an error")

    assert broken(soak.verdict(asked)) == ["trouble at the desk"]


def test_a_long_past_of_copies_is_whole(town: Town, people: People) -> None:
    asked = people.call_back()
    asked.record(Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.INFO_GIVEN))

    with town.app.app_context():
        held = multiply(db.session(), wanted=50)
        requests, attempts, calls = (
            db.session.scalar(select(func.count()).select_from(row)) for row in (CallbackRow, AttemptRow, CallRow)
        )
        lost = queries.unaccounted_for(db.session())
        db.session.rollback()  # the network has carried none of these, and the judge would miss them there

    assert (held, requests, attempts, calls, lost) == (50, 50, 50, 50, 0)

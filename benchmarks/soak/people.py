"""Visitors who ask and sometimes withdraw, counsellors who answer, talk and say what came of it."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from flask import Flask
from sqlalchemy import select

from benchmarks.soak.place import Place
from benchmarks.soak.starvation import Starvation, idle_pairs
from benchmarks.soak.watcher import Watcher
from benchmarks.soak.week import BEGINS, DAYS, Wish, counsellors_habit
from benchmarks.stage import counsellor_number

COUNSELLORS = 24
LOOKED_AT = timedelta(minutes=5)
"""So long a request is in review until a supervisor decides."""
_CREATED = 201
_ASKS_AGAIN = 6  # a page that could not be reached is asked again, with the same key


@dataclass
class Asked:
    """A request that was accepted: the visitor was told so."""

    wish: Wish
    reference: str
    token: str
    asked_at: datetime
    withdrawn_at: datetime | None = None
    """When the visitor had been told that nobody will ring any more."""


@dataclass
class Visitors:
    """Everybody who asks."""

    here: Place
    asked: list[Asked] = field(default_factory=list)
    wishes: dict[str, Wish] = field(default_factory=dict)
    """By number: what everybody who has asked, or is about to, allows."""
    refused: int = 0
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(12))

    def come(self, crowd: Sequence[Wish]) -> None:
        """Ask, each at their moment; returns when the last one has asked."""
        waits = []
        for wish in crowd:
            wait_s = (wish.at - self.here.clock()).total_seconds() / self.here.clock.speed
            if wait_s > 0:
                time.sleep(wait_s)
            waits.append(self._pool.submit(self._ask, wish))
        for wait in waits:
            wait.result()

    def _ask(self, wish: Wish) -> None:
        self.wishes[wish.number] = wish
        habits = [dict(habit) for habit in wish.habits]
        requests.post(f"{self.here.network}/phones/{wish.number}/habit", json=habits, timeout=30).raise_for_status()
        key, asked_at = str(uuid.uuid4()), self.here.clock()
        for _ in range(_ASKS_AGAIN):
            try:
                answer = requests.post(
                    f"{self.here.web}/api/v1/callbacks", json=wish.body(), headers={"Idempotency-Key": key}, timeout=30
                )
            except requests.RequestException:
                continue
            if answer.status_code == _CREATED or answer.ok:
                told = Asked(wish, answer.json()["reference"], answer.json()["token"], asked_at)
                self.asked.append(told)
                if wish.withdraws_after_s is not None:
                    self._withdraw(told, wish.withdraws_after_s)
                elif wish.rings_us_after_s is not None:
                    self._ring_us(wish, wish.rings_us_after_s)
                return
            if answer.status_code < 500:  # noqa: PLR2004 - our own servers' failures begin here
                break
        self.refused += 1

    def _withdraw(self, told: Asked, after_s: float) -> None:
        time.sleep(after_s / self.here.clock.speed)
        for _ in range(_ASKS_AGAIN):
            try:
                answer = requests.delete(f"{self.here.web}/api/v1/callbacks/{told.token}", timeout=30)
            except requests.RequestException:
                continue
            if answer.ok:
                told.withdrawn_at = self.here.clock()
            return

    def _ring_us(self, wish: Wish, after_s: float) -> None:
        """The visitor does not wait for the call and rings the number that the page shows."""
        time.sleep(after_s / self.here.clock.speed)
        helpline = self.here.environment["TWILIO_CALLER_ID"]
        requests.post(f"{self.here.network}/phones/{wish.number}/call", json={"to": helpline}, timeout=30)


def staff(app: Flask, network: str, dice: random.Random, *, habit: dict[str, Any] | None = None) -> None:
    """Two dozen counsellors who take turns all week, a day at a time, and what each does when rung."""
    from foundation.database import transaction  # noqa: PLC0415 - as in place.py
    from foundation.phone import Phone  # noqa: PLC0415
    from rota.domain.shifts import Span  # noqa: PLC0415
    from rota.models import ShiftRow, range_of  # noqa: PLC0415
    from rota.operations.presence import set_available  # noqa: PLC0415
    from rota.operations.team import Details, VerifiedHow, add_counsellor, verify_phone  # noqa: PLC0415

    for index in range(COUNSELLORS):
        number = counsellor_number(index + 100)
        with app.app_context(), transaction() as session:
            person = add_counsellor(
                session,
                email=f"counsellor{index}@ringback.example",
                password="correct horse battery",  # noqa: S106 - nobody signs in
                details=Details(f"Counsellor {index}", Phone(number), skills=frozenset()),
                joined_on=BEGINS.date(),
                by=None,
                now=BEGINS,
            )
            verify_phone(session, counsellor_id=person.id, how=VerifiedHow.RUNG_BY_SUPERVISOR, by=None, now=BEGINS)
            set_available(session, counsellor_id=person.id, by=None, now=BEGINS)
            for day in range(-1, DAYS + 3):
                begins = BEGINS + timedelta(days=day)
                session.add(
                    ShiftRow(
                        counsellor_id=person.id,
                        during=range_of(Span(begins, begins + timedelta(days=1))),
                        zone="Europe/London",
                        state="published",
                        published_at=BEGINS,
                        created_at=BEGINS,
                    )
                )
        habits = [habit] if habit else [counsellors_habit(dice) for _ in range(2_000)]
        requests.post(f"{network}/phones/{number}/habit", json=habits, timeout=30).raise_for_status()


@dataclass
class Desk:
    """What people at a desk do: record outcomes, come back after missed calls, and see who starves."""

    here: Place
    visitors: Visitors
    watcher: Watcher
    dice: random.Random
    share_spoken_to: float = 0.85
    """How many of those who answer are the person who asked; the others are answerphones."""
    recorded: int = 0
    starvation: Starvation = field(default_factory=Starvation)
    troubled: list[str] = field(default_factory=list)
    """What went wrong while somebody worked at the desk."""

    def look(self) -> None:
        """One look at everything."""
        from callbacks import queries  # noqa: PLC0415 - as in place.py
        from foundation.database import transaction  # noqa: PLC0415
        from rota.models import PresenceRow  # noqa: PLC0415
        from rota.operations.presence import set_available  # noqa: PLC0415

        assert self.here.app is not None
        with self.here.app.app_context():
            with transaction() as session:
                owed = [(row.id, row.counsellor_id) for row in queries.outcomes_missing(session)]
            for attempt_id, counsellor_id in owed:
                self._record(attempt_id, counsellor_id)
            self._decide()
            with transaction() as session:
                gone = session.scalars(select(PresenceRow.counsellor_id).where(PresenceRow.state == "not_responding"))
                for counsellor_id in list(gone):
                    set_available(session, counsellor_id=counsellor_id, by=None, now=self.here.clock())
            self._see_who_starves()

    def _record(self, attempt_id: int, counsellor_id: int) -> None:
        from callbacks.domain.codes import CaseOutcome, ContactOutcome  # noqa: PLC0415 - as in place.py
        from callbacks.operations.finish_call import Author, Outcome, finish_call  # noqa: PLC0415
        from foundation.database import transaction  # noqa: PLC0415
        from rota.models import CounsellorRow  # noqa: PLC0415

        spoke = Outcome(ContactOutcome.ANSWERED_RIGHT_PERSON, CaseOutcome.INFO_GIVEN)
        other = Outcome(ContactOutcome.VOICEMAIL_REACHED_NONE_LEFT, None)
        with transaction() as session:
            person = session.get_one(CounsellorRow, counsellor_id)
            finish_call(
                session,
                attempt_id=attempt_id,
                author=Author(person.staff_id, person.staff.name, person.id),
                outcome=spoke if self.dice.random() < self.share_spoken_to else other,
                referral=None,
                stays_away=False,
                zone=self._zone(),
                now=self.here.clock(),
            )
        self.recorded += 1

    def _decide(self) -> None:
        """A supervisor decides what has been in review for a while: some are rung again, if they may be."""
        from callbacks.domain.lifecycle import Status  # noqa: PLC0415 - as in place.py
        from callbacks.models import CallbackRow  # noqa: PLC0415
        from foundation.database import transaction  # noqa: PLC0415

        with transaction() as session:
            held = session.scalars(
                select(CallbackRow.id).where(
                    CallbackRow.status == Status.NEEDS_REVIEW, CallbackRow.status_at <= self.here.clock() - LOOKED_AT
                )
            )
            waiting = list(held)
        for callback_id in waiting:
            self._decide_one(callback_id, again=self.dice.random() < 0.3)  # noqa: PLR2004

    def _decide_one(self, callback_id: int, *, again: bool) -> None:
        from accounts.models import StaffRow  # noqa: PLC0415 - as in place.py
        from callbacks.domain.codes import CaseOutcome  # noqa: PLC0415
        from callbacks.domain.window import WindowClosed  # noqa: PLC0415
        from callbacks.operations import supervise  # noqa: PLC0415
        from foundation.database import transaction  # noqa: PLC0415

        now = self.here.clock()
        with transaction() as session:
            staff_id = session.scalars(select(StaffRow.id)).first()
        assert staff_id is not None
        if again:
            with suppress(supervise.NoRingsLeft, supervise.NumberBarred, WindowClosed), transaction() as session:
                supervise.release(session, callback_id=callback_id, staff_id=staff_id, zone=self._zone(), now=now)
                return
        with transaction() as session:
            supervise.close(session, callback_id=callback_id, case=CaseOutcome.NOT_REACHED, staff_id=staff_id, now=now)

    def numbers(self) -> list[str]:
        """The counsellors' telephones."""
        return [counsellor_number(index + 100) for index in range(COUNSELLORS)]

    def _see_who_starves(self) -> None:
        from foundation.database import transaction  # noqa: PLC0415 - as in place.py

        now = self.here.clock()
        with transaction() as session:
            idle = idle_pairs(session, wishes=self.visitors.wishes, on_the_line=self.watcher.on_the_line(), now=now)
        self.starvation.see(idle, at_s=time.monotonic(), now=now)

    def _zone(self) -> ZoneInfo:
        assert self.here.app is not None
        zone: ZoneInfo = self.here.app.config["ZONE"]
        return zone


@contextmanager
def at_work(desk: Desk) -> Iterator[None]:
    """The desk is manned for as long as the block lasts; what goes wrong there fails the run."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.4):
            try:
                desk.look()
            except Exception as failure:  # noqa: BLE001 - counted, and shown at the end
                desk.troubled.append(repr(failure))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

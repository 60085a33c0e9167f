"""`make soak`: play the week and print the table; the exit status is 1 when something that must be zero is not.

SOAK_REQUESTS (100,000) is how many ask. When so many would take longer than an hour, the week is played with as many
as fit SOAK_MINUTES (10), and the cost of a request in each part of it shows whether it grows.
"""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta

import requests
from sqlalchemy import func, or_, select

from benchmarks.figures import ms, table
from benchmarks.soak.people import Desk, Visitors, at_work, staff
from benchmarks.soak.place import FAULTS, Place, killed_at_random, place
from benchmarks.soak.verdict import verdict
from benchmarks.soak.watcher import Watcher
from benchmarks.soak.week import BEGINS, DAYS, Wish, crowds

AN_HOUR_S = 3_600.0
FIRST_CROWD = 100
QUIET_S = 0.3  # real seconds without anything under way, and the clock is set to whatever comes next
LONGEST_LULL_S = 60.0  # a crowd is given so long to be served before the next may come
DUE_TOGETHER = timedelta(minutes=10)
"""Those who are due within this time of each other are rung in one go: nothing is skipped, it is only late."""
KILLS_EVERY_S = 12.0
PARTS = 4


class Week:
    """One run."""

    def __init__(self, here: Place, seed: int) -> None:
        self.here = here
        self.dice = random.Random(seed)
        self.visitors = Visitors(here)
        self.watcher = Watcher(here)
        self.began = time.monotonic()
        self.costs: list[tuple[int, float, float]] = []  # asked so far, seconds so far, processor seconds so far

    def play(self, crowd: list[Wish]) -> None:
        """Let a crowd ask, and everything happen that they set off."""
        self.until(crowd[0].at)
        self.visitors.come(crowd)
        self.settle()
        self.here.judge()
        self.costs.append((len(self.visitors.asked), time.monotonic() - self.began, self.here.cpu_s()))

    def until(self, moment: datetime) -> None:
        """Go to a moment, by way of everything that is due before it."""
        while self.here.clock() < moment:
            due = self.next_due()
            self.here.set_time(max(self.here.clock(), min(moment, due + DUE_TOGETHER if due else moment)))
            self.settle()

    def settle(self) -> None:
        """Wait until nothing is under way and nobody waits who could be rung."""
        ends, quiet_since = time.monotonic() + LONGEST_LULL_S, time.monotonic()
        while time.monotonic() < ends and time.monotonic() - quiet_since < QUIET_S:
            if self.is_busy():
                quiet_since = time.monotonic()
            self.watcher.read()
            time.sleep(0.1)

    def come_to_rest(self) -> None:
        """Let the last calls end and be settled: then what the tables say must be true."""
        ends = time.monotonic() + LONGEST_LULL_S
        while time.monotonic() < ends and (self.is_busy() or self.watcher.on_the_line()):
            time.sleep(0.2)
            self.watcher.read()
        time.sleep(QUIET_S)
        self.watcher.read()
        self.here.judge()

    def is_busy(self) -> bool:
        """Whether a call is open, a text waits, an outcome is owed or somebody is due."""
        from callbacks.models import AttemptRow, CallbackRow  # noqa: PLC0415 - as in place.py
        from foundation.database import db  # noqa: PLC0415
        from notifications.models import CallRow, TextRow  # noqa: PLC0415

        now = self.here.clock()
        questions = [
            select(CallRow.id).where(CallRow.ended_at.is_(None)),
            select(TextRow.id).where(TextRow.state.in_(["waiting", "sending"])),
            select(AttemptRow.id).where(
                or_(AttemptRow.ended_at.is_(None), AttemptRow.owes_outcome & AttemptRow.contact_outcome.is_(None))
            ),
            select(CallbackRow.id).where(
                CallbackRow.status.in_(["queued", "retry_due", "assigned"]), CallbackRow.next_try_at <= now
            ),
        ]
        assert self.here.app is not None
        with self.here.app.app_context():
            return any(db.session.scalar(question.limit(1)) is not None for question in questions)

    def next_due(self) -> datetime | None:
        """When something is due next that no visitor causes."""
        from callbacks.models import CallbackRow  # noqa: PLC0415 - as in place.py
        from foundation.database import db  # noqa: PLC0415

        assert self.here.app is not None
        with self.here.app.app_context():
            question = select(func.min(CallbackRow.next_try_at)).where(
                CallbackRow.status.in_(["queued", "retry_due"]), CallbackRow.next_try_at > self.here.clock()
            )
            return db.session.scalar(question)

    def cost_rows(self) -> list[tuple[str, ...]]:
        """The cost of a request in each part of the run."""
        rows: list[tuple[str, ...]] = []
        before = (0, 0.0, 0.0)
        step = max(1, len(self.costs) // PARTS)
        for asked, seconds, cpu_s in self.costs[step - 1 :: step]:
            count = max(1, asked - before[0])
            time_each, cpu_each = (seconds - before[1]) / count, (cpu_s - before[2]) / count
            rows.append((f"{before[0]} to {asked}", ms(time_each), ms(cpu_each)))
            before = (asked, seconds, cpu_s)
        return rows


def _play(here: Place, wanted: int, minutes: float, seed: int) -> tuple[Week, Desk]:
    week = Week(here, seed)
    assert here.app is not None
    staff(here.app, here.network, week.dice)
    requests.post(f"{here.network}/faults", json={"seed": seed, **FAULTS}, timeout=10).raise_for_status()
    desk = Desk(here, week.visitors, week.watcher, random.Random(seed + 1))
    with at_work(desk), killed_at_random(here, random.Random(seed + 2), every_s=KILLS_EVERY_S):
        first = crowds(min(wanted, FIRST_CROWD), first_number=0, begins=BEGINS + timedelta(hours=9), dice=week.dice)
        begun = time.monotonic()
        at_first = [wish for crowd in first for wish in crowd][:FIRST_CROWD]
        opening = _drawn_together(at_first)
        week.play(opening)
        each_s = (time.monotonic() - begun) / len(opening)
        fits = wanted if each_s * wanted <= AN_HOUR_S else min(wanted, int(minutes * 60 / each_s))
        if fits < wanted:
            print(f"{wanted:,} would take {each_s * wanted / 3600:.1f} h; {fits:,} fit {minutes:g} minutes", flush=True)
        for crowd in crowds(
            max(0, fits - len(opening)), first_number=len(opening), begins=here.clock(), dice=week.dice
        ):
            if crowd:
                week.play(crowd)
        week.until(BEGINS + timedelta(days=DAYS + 2))
    requests.post(f"{here.network}/faults", json={}, timeout=10).raise_for_status()
    week.settle()
    week.come_to_rest()
    return week, desk


def _drawn_together(wishes: list[Wish]) -> list[Wish]:
    """The first crowd: the same people, all on Monday morning."""
    start = BEGINS + timedelta(hours=9)
    return [replace(wish, at=start + timedelta(seconds=4 * n), span=None) for n, wish in enumerate(wishes)]


def main() -> int:
    wanted = int(os.environ.get("SOAK_REQUESTS") or 100_000)
    minutes = float(os.environ.get("SOAK_MINUTES") or 10)
    seed = int(os.environ.get("SOAK_SEED") or 4)
    with place() as here:
        week, desk = _play(here, wanted, minutes, seed)
        found = verdict(here, week.visitors.asked, week.visitors.refused, week.watcher, desk)
        lasted = time.monotonic() - week.began
        title = f"A week of {len(week.visitors.asked):,} requests in {lasted / 60:.1f} minutes, seed {seed}"
        print(table(title, ("what", "how many"), found.rows))
        print(table("Must be 0", ("what", "how many", "for example"), found.must_be_zero))
        print(table("Cost of a request as the week goes on", ("requests", "time", "processor"), week.cost_rows()))
        if not found.holds:
            for program in here.programs.values():
                print(f"\n{program.title}:\n{program.end_of_log()}")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())

"""The week as it is played: time jumps from one thing that is due to the next, and runs fast while anything happens."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import requests
from sqlalchemy import exists, func, or_, select

from benchmarks.soak.people import Desk, Visitors, at_work, staff
from benchmarks.soak.place import FAULTS, Place, killed_at_random
from benchmarks.soak.watcher import Watcher
from benchmarks.soak.week import BEGINS, DAYS, Wish, crowds
from benchmarks.soak.yardstick import Cost, Yardstick

AN_HOUR_S = 3_600.0
FIRST_CROWD = 100
QUIET_S = 0.3  # real seconds without anything under way, and the clock is set to whatever comes next
LONGEST_LULL_S = 60.0  # a crowd is given so long to be served before the next may come
DUE_TOGETHER = timedelta(minutes=10)
"""Those who are due within this time of each other are rung in one go: nothing is skipped, it is only late."""
KILLS_EVERY_S = 12.0
ENDS = BEGINS + timedelta(days=DAYS + 2)
"""Who asked at the end of the week may be rung for two days more."""
MEASURED_AT = (0.25, 0.5, 0.75)
"""After these parts of all requests, what one costs is measured; and at the beginning and at the end."""


@dataclass
class Week:
    """One run."""

    here: Place
    seed: int
    costs: list[Cost] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.visitors, self.watcher = Visitors(self.here), Watcher(self.here)
        self.desk = Desk(self.here, self.visitors, self.watcher, random.Random(self.seed + 1))
        self.faults = {"seed": self.seed, **FAULTS}
        self.yardstick = Yardstick(self.here, self.visitors, self.desk, self.calm, self.settle, self.faults)
        self.began = time.monotonic()

    def play(self, wanted: int, *, minutes: float) -> None:
        """Let `wanted` people ask in the week; when that takes more than an hour, as many as fit so many minutes."""
        here = self.here
        assert here.app is not None
        staff(here.app, here.network, self.dice)
        requests.post(f"{here.network}/faults", json=self.faults, timeout=10).raise_for_status()
        with at_work(self.desk), killed_at_random(here, random.Random(self.seed + 2), every_s=KILLS_EVERY_S):
            each_s = self._opening(min(wanted, FIRST_CROWD))
            rest = crowds(max(0, wanted - FIRST_CROWD), first_number=FIRST_CROWD, begins=here.clock(), dice=self.dice)
            if each_s * wanted > AN_HOUR_S:
                self._play_what_fits(rest, minutes * 60)
                played = len(self.visitors.asked)
                print(f"{wanted:,} would take {each_s * wanted / 3600:.1f} h; {played:,} fit about {minutes:g} minutes")
            else:
                self._play_all(rest, wanted)
            self.until(ENDS)
            if self.costs:
                self.costs.append(self.yardstick.measure())
        requests.post(f"{here.network}/faults", json={}, timeout=10).raise_for_status()
        self.settle()
        self.come_to_rest()

    def _opening(self, count: int) -> float:
        """The first crowd, all on Monday morning; the real seconds that each of them takes."""
        start = BEGINS + timedelta(hours=9)
        drawn = crowds(count, first_number=0, begins=start, dice=self.dice)
        people = [wish for crowd in drawn for wish in crowd][:FIRST_CROWD]
        begun = time.monotonic()
        self.crowd([replace(wish, at=start + timedelta(seconds=4 * n), span=None) for n, wish in enumerate(people)])
        return (time.monotonic() - begun) / len(people)

    def _play_all(self, rest: Sequence[Sequence[Wish]], wanted: int) -> None:
        if wanted > FIRST_CROWD:
            self.costs.append(self.yardstick.measure())
        for crowd in rest:
            if crowd:
                self.crowd(crowd)
                self._measure_after(len(self.visitors.asked) / wanted)

    def _play_what_fits(self, rest: Sequence[Sequence[Wish]], budget_s: float) -> None:
        """Leave crowds out whenever the machine is behind: so what is played is spread over the week."""
        self.costs.append(self.yardstick.measure())
        for crowd in self._in_time(rest, budget_s):
            self.crowd(crowd)
            self._measure_after(self._share_of_week(crowd[0].at))

    def _in_time(self, rest: Sequence[Sequence[Wish]], budget_s: float) -> Iterator[Sequence[Wish]]:
        for crowd in rest:
            if crowd and time.monotonic() - self.began <= budget_s * self._share_of_week(crowd[0].at):
                yield crowd

    def _share_of_week(self, at: datetime) -> float:
        return (at - BEGINS) / (ENDS - BEGINS)

    def _measure_after(self, share: float) -> None:
        if len(self.costs) <= len(MEASURED_AT) and share >= MEASURED_AT[len(self.costs) - 1]:
            self.costs.append(self.yardstick.measure())

    def crowd(self, crowd: Sequence[Wish]) -> None:
        """Let a crowd ask, and everything happen that they set off."""
        self.until(crowd[0].at)
        self.visitors.come(crowd)
        self.settle()
        self.here.judge()

    def until(self, moment: datetime) -> None:
        """Go to a moment, by way of everything that is due before it."""
        while self.here.clock() < moment:
            due = self.next_due()
            self.here.set_time(max(self.here.clock(), min(moment, due + DUE_TOGETHER if due else moment)))
            self.settle()

    def calm(self) -> None:
        """Go on until nothing is due for a while."""
        while (due := self.next_due()) is not None and due <= self.here.clock() + DUE_TOGETHER:
            self.until(due + timedelta(seconds=1))

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
        is_open = AttemptRow.ended_at.is_(None) | AttemptRow.owes_outcome & AttemptRow.contact_outcome.is_(None)
        questions = [
            exists().where(CallRow.ended_at.is_(None)),
            exists().where(TextRow.deadline_at.is_not(None), TextRow.state.in_(["waiting", "sending"])),
            exists().where(CallbackRow.closed_at.is_(None), AttemptRow.callback_id == CallbackRow.id, is_open),
            exists().where(CallbackRow.status.in_(["queued", "retry_due", "assigned"]), CallbackRow.next_try_at <= now),
        ]
        assert self.here.app is not None
        with self.here.app.app_context():
            return bool(db.session.scalar(select(or_(*questions))))

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

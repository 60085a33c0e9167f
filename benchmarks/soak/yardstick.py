"""The same thirty people, asking again and again: what they cost shows whether a request costs more as more are done.

Everybody else's costs depend on who they are, on who does not answer, on who is killed meanwhile and on how long nobody
asks. These always answer; nothing fails and nobody is killed while they are served, and nobody else is due.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import requests
from sqlalchemy import func, select, text

from benchmarks.figures import ms
from benchmarks.soak.people import Desk, Visitors
from benchmarks.soak.place import SPEED, Place
from benchmarks.soak.week import Wish, counsellors_habit, wishes

PEOPLE = 30
EVERY_S = 4.0
"""Seconds of the week between two of them."""
STANDS_STILL = timedelta(minutes=1)
"""Time of the week in which nothing happens, and what it costs."""
FIRST_NUMBER = 900_000
"""Nobody else in the week has a number as high."""

_ANSWERS = {"picks_up": "person", "after_s": 3.0, "talks_for_s": 10.0}
_TAKES = {"picks_up": "person", "after_s": 2.0, "presses": ["1"], "press_after_s": 1}


@dataclass(frozen=True)
class Cost:
    """What one of the thirty cost, and a minute in which nothing happened."""

    held: int
    """Requests in the tables."""
    waiting: int
    """Those of them that are not closed."""
    cpu_s: float
    rows_read: float
    idle_cpu_s: float
    """Seconds of processor in a minute of the week in which nothing happens; it lasts three real ones here."""
    idle_rows_read: float

    def row(self) -> tuple[str, ...]:
        """For the table."""
        return (
            f"{self.held:,}",
            f"{self.waiting:,}",
            ms(self.cpu_s),
            f"{self.rows_read:,.0f}",
            ms(self.idle_cpu_s),
            f"{self.idle_rows_read:,.0f}",
        )


HEAD = (
    "requests so far",
    "open",
    "processor, each",
    "rows read, each",
    "processor, an empty minute",
    "rows read, an empty minute",
)


@dataclass
class Yardstick:
    """Held against the service at several moments of the week."""

    here: Place
    visitors: Visitors
    desk: Desk
    calm: Callable[[], None]
    """Lets everything happen that is due soon."""
    settle: Callable[[], None]
    """Lets everything happen that has begun."""
    faults: dict[str, Any]
    _times: int = 0

    def measure(self) -> Cost:
        """Let the thirty ask and be served, and say what they cost."""
        self.calm()
        held, waiting = self._requests()
        with self.here.unharmed():
            self._habits(lambda: [_TAKES])
            requests.post(f"{self.here.network}/faults", json={}, timeout=10).raise_for_status()
            share, self.desk.share_spoken_to = self.desk.share_spoken_to, 1.0
            used, read = self._used()
            self.visitors.come(self._people())
            self.settle()
            self._must_be_served()
            used_then, read_then = self._used()
            time.sleep(STANDS_STILL.total_seconds() / SPEED)
            used_at_last, read_at_last = self._used()
            self.desk.share_spoken_to = share
            dice = random.Random(self._times)
            self._habits(lambda: [counsellors_habit(dice) for _ in range(2_000)])
            requests.post(f"{self.here.network}/faults", json=self.faults, timeout=10).raise_for_status()
        return Cost(
            held=held,
            waiting=waiting,
            cpu_s=(used_then - used) / PEOPLE,
            rows_read=(read_then - read) / PEOPLE,
            idle_cpu_s=used_at_last - used_then,
            idle_rows_read=read_at_last - read_then,
        )

    def _must_be_served(self) -> None:
        """Raises AssertionError when one of the thirty was not spoken to: then it is not known what they cost."""
        from callbacks.models import CallbackRow  # noqa: PLC0415 - as in place.py
        from foundation.database import transaction  # noqa: PLC0415

        assert self.here.app is not None
        references = [one.reference for one in self.visitors.asked[-PEOPLE:]]
        with self.here.app.app_context(), transaction() as session:
            done = CallbackRow.reference.in_(references) & (CallbackRow.status == "completed")
            served = session.scalar(select(func.count()).where(done))
        assert served == PEOPLE, f"{served} of {PEOPLE} were spoken to"

    def _people(self) -> list[Wish]:
        first = FIRST_NUMBER + PEOPLE * self._times
        self._times += 1
        begins = self.here.clock() + timedelta(seconds=EVERY_S)
        return [
            replace(
                wish,
                at=begins + timedelta(seconds=EVERY_S * n),
                span=None,
                allows_texts=n % 3 == 0,
                withdraws_after_s=None,
                rings_us_after_s=None,
                habits=(_ANSWERS,),
            )
            for n, wish in enumerate(wishes(PEOPLE, first_number=first, begins=begins, dice=random.Random(1)))
        ]

    def _habits(self, drawn: Callable[[], list[dict[str, Any]]]) -> None:
        for number in self.desk.numbers():
            requests.post(f"{self.here.network}/phones/{number}/habit", json=drawn(), timeout=30).raise_for_status()

    def _requests(self) -> tuple[int, int]:
        """How many are in the tables, and how many of them are not closed."""
        from callbacks.models import CallbackRow  # noqa: PLC0415 - as in place.py
        from foundation.database import transaction  # noqa: PLC0415

        assert self.here.app is not None
        with self.here.app.app_context(), transaction() as session:
            counted = session.execute(
                select(func.count(), func.count().filter(CallbackRow.closed_at.is_(None))).select_from(CallbackRow)
            ).one()
            return counted[0], counted[1]

    def _used(self) -> tuple[float, int]:
        """Seconds of processor, and rows that PostgreSQL has looked at; the soak's own looks are among these."""
        from foundation.database import transaction  # noqa: PLC0415 - as in place.py

        assert self.here.app is not None
        with self.here.app.app_context(), transaction() as session:
            read = session.scalar(
                text("SELECT tup_returned + tup_fetched FROM pg_stat_database WHERE datname = current_database()")
            )
        return self.here.cpu_s(), int(read or 0)

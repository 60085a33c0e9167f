"""`make soak`: play the week and print the table; the exit status is 1 when something that must be zero is not.

SOAK_REQUESTS (100,000) is how many ask. When so many would take longer than an hour, the week is played with as many
as fit SOAK_MINUTES (10). What a request costs is measured as the week goes on, by the same thirty people each time, and
at last among SOAK_REQUESTS requests in the tables.
"""

from __future__ import annotations

import os
import sys
import time

from benchmarks.figures import table
from benchmarks.soak.copies import multiply
from benchmarks.soak.people import at_work
from benchmarks.soak.place import place
from benchmarks.soak.play import Week
from benchmarks.soak.verdict import verdict
from benchmarks.soak.yardstick import HEAD


def _with_a_long_past(week: Week, wanted: int) -> None:
    """Measure once more, with as many requests in the tables as were wanted."""
    from foundation.database import transaction  # noqa: PLC0415 - as in place.py

    assert week.here.app is not None
    with week.here.app.app_context(), transaction() as session:
        multiply(session, wanted=wanted)
    with at_work(week.desk):
        week.costs.append(week.yardstick.measure())


def main() -> int:
    wanted = int(os.environ.get("SOAK_REQUESTS") or 100_000)
    minutes = float(os.environ.get("SOAK_MINUTES") or 10)
    seed = int(os.environ.get("SOAK_SEED") or 4)
    with place() as here:
        week = Week(here, seed)
        week.play(wanted, minutes=minutes)
        found = verdict(here, week.visitors.asked, week.visitors.refused, week.watcher, week.desk)
        lasted = time.monotonic() - week.began
        title = f"A week of {len(week.visitors.asked):,} requests in {lasted / 60:.1f} minutes, seed {seed}"
        print(table(title, ("what", "how many"), found.rows), flush=True)
        print(table("Must be 0", ("what", "how many", "for example"), found.must_be_zero), flush=True)
        if week.costs:
            _with_a_long_past(week, wanted)
            rows = [cost.row() for cost in week.costs]
            print(table("What the same thirty people cost as more requests are in the tables", HEAD, rows))
        if not found.holds:
            for program in here.programs.values():
                print(f"\n{program.title}:\n{program.end_of_log()}")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())

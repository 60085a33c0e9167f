"""The rota's questions with the database included, each beside a plain sweep over the same shifts in memory."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import delete, insert, text
from sqlalchemy.dialects.postgresql import Range

from benchmarks.figures import percentile, table
from benchmarks.stage import environment
from foundation.child_process import free_port
from foundation.database import transaction
from foundation.embedded import servers

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 9, 7)  # twelve weeks from here hold the night on which the clocks go back
WEEKS = 12
RUNS = 15
ASKED = 300  # times for the 95th percentile
BANDS = ((wall(6), wall(14)), (wall(14), wall(22)), (wall(22), wall(6)))
SEATS = 5


def run() -> None:
    """Print the table."""
    from app import create_app  # noqa: PLC0415 - the application reads its environment when it is imported

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringback-bench-")))
        both = stack.enter_context(servers(folder / "servers", durable=True))
        app = create_app(environment(both.database_url, both.redis_url, free_port(), free_port()))
        with app.app_context():
            rows = _measured(app)
    head = ("question", "shifts", "median", "p95", "target", "plain sweep", "ratio")
    print(table("The rota, database included", head, rows))


def _measured(_app: Flask) -> list[Sequence[object]]:
    from flask_migrate import upgrade  # noqa: PLC0415

    from rota import queries  # noqa: PLC0415

    upgrade()
    start, end = _instant(0), _instant(WEEKS * 7)
    week_end = _instant(7)
    rows: list[Sequence[object]] = []

    def ask(name: str, question: Callable[[Any], object], plain: Callable[[], object], target: str, times: int) -> None:
        taken = [_seconds(question) for _ in range(times)]
        floor = sorted(_plain_seconds(plain) for _ in range(5))[2]
        median = percentile(taken, 0.5)
        rows.append((name, len(shifts), _ms(median), _ms(percentile(taken, 0.95)), target, _ms(floor),
                     f"{median / floor:.1f}"))  # fmt: skip

    _people(1000)
    shifts = _rotations()
    _store(shifts)
    ask("15 rotations, 12 weeks", lambda session: queries.resolved(session, start=start, end=end),
        lambda: _sweep(_rotations()), "100 ms", RUNS)  # fmt: skip
    shifts = _weekly_patterns(200, WEEKS)
    _store(shifts)
    ask("200 weekly patterns, 12 weeks", lambda session: queries.resolved(session, start=start, end=end),
        lambda: _sweep(_weekly_patterns(200, WEEKS)), "250 ms", RUNS)  # fmt: skip
    moment = start + timedelta(days=40, hours=11)
    ask("who is on now", lambda session: queries.on_shift(session, moment=moment),
        lambda: [person for person, starts, ends in shifts if starts <= moment < ends], "p95 5 ms", ASKED)  # fmt: skip
    ask("coverage and working time, 12 weeks", lambda session: (
            queries.coverage(session, start=start, end=end, zone=LONDON),
            queries.findings(session, start=start, end=end, zone=LONDON)),
        lambda: _sweep(_weekly_patterns(200, WEEKS)), "500 ms", RUNS)  # fmt: skip
    shifts = _weekly_patterns(1000, 1)
    _store(shifts)
    ask("coverage of a week, 1,000 people",
        lambda session: queries.coverage(session, start=start, end=week_end, zone=LONDON),
        lambda: _sweep(_weekly_patterns(1000, 1)), "100 ms", RUNS)  # fmt: skip
    return rows


PlainShift = tuple[int, datetime, datetime]


def _instant(days: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=days), wall(), LONDON).astimezone(UTC)


def _shift(person: int, day: date, band: tuple[wall, wall]) -> PlainShift:
    """The plain way: zoneinfo and nothing else."""
    starts, ends = band
    last = day if ends > starts else day + timedelta(days=1)
    return (
        person,
        datetime.combine(day, starts, LONDON).astimezone(UTC),
        datetime.combine(last, ends, LONDON).astimezone(UTC),
    )


def _rotations() -> list[PlainShift]:
    """Five seats in three bands of each day; thirteen people take daily turns in each seat, a fifth day fewer."""
    days = WEEKS * 7
    return [
        _shift(1 + (band * SEATS + seat) * 13 + day % 13, MONDAY + timedelta(days=day), BANDS[band])
        for day in range(days)
        for band in range(len(BANDS))
        for seat in range(SEATS)
    ] + [_shift(900 + seat, MONDAY + timedelta(days=seat), BANDS[0]) for seat in range(SEATS)]


def _weekly_patterns(people: int, weeks: int) -> list[PlainShift]:
    """Each person works four days of each week in one band."""
    return [
        _shift(1 + person, MONDAY + timedelta(days=7 * week + (person + day) % 7), BANDS[person % 3])
        for person in range(people)
        for week in range(weeks)
        for day in range(4)
    ]


def _sweep(shifts: list[PlainShift]) -> list[PlainShift]:
    """The floor: sort and join what touches."""
    joined: list[PlainShift] = []
    for person, starts, ends in sorted(shifts):
        if joined and joined[-1][0] == person and starts <= joined[-1][2]:
            joined[-1] = (person, joined[-1][1], max(ends, joined[-1][2]))
        else:
            joined.append((person, starts, ends))
    return joined


def _people(number: int) -> None:
    from accounts.models import StaffRow  # noqa: PLC0415
    from foundation import sealed  # noqa: PLC0415
    from rota.models import CounsellorRow, PresenceRow  # noqa: PLC0415

    now = _instant(0)
    with transaction() as session:
        for index in range(number):
            phone = f"+44770090{index:04d}"
            staff = StaffRow(email=f"bench{index}@ringback.example", name=f"Counsellor {index}", password="!",  # noqa: S106 - nobody signs in
                             active=True, fs_uniquifier=secrets.token_hex(16), created_at=now)  # fmt: skip
            person = CounsellorRow(staff=staff, phone=phone, phone_digest=sealed.digest(phone), phone_verified_at=now,
                                   joined_on=MONDAY)  # fmt: skip
            person.presence = PresenceRow(state="available", since=now, reason="")
            session.add(person)
            session.flush()


def _store(shifts: list[PlainShift]) -> None:
    from rota.models import ShiftRow  # noqa: PLC0415

    common = {"zone": "Europe/London", "state": "published", "published_at": _instant(0), "created_at": _instant(0),
              "changed_after_publish": False, "version": 1}  # fmt: skip
    with transaction() as session:
        session.execute(delete(ShiftRow))
        session.execute(
            insert(ShiftRow),
            [
                {"counsellor_id": who, "during": Range(starts, ends, bounds="[)"), **common}
                for who, starts, ends in shifts
            ],
        )
    with transaction() as session:
        session.execute(text("analyze shift"))


def _seconds(question: Callable[[Any], object]) -> float:
    began = time.perf_counter()
    with transaction() as session:
        question(session)
        session.expunge_all()  # the next run asks the database again
    return time.perf_counter() - began


def _plain_seconds(plain: Callable[[], object]) -> float:
    began = time.perf_counter()
    plain()
    return time.perf_counter() - began


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"

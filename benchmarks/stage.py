"""The real processes on free ports, for as long as a benchmark runs: what a small deployment runs, on one machine."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet
from sqlalchemy.dialects.postgresql import Range

from benchmarks.bare import kept
from foundation.child_process import free_port
from foundation.database import db
from foundation.embedded import servers

PROJECT = Path(__file__).parent.parent
STOP_S = 5  # a worker finishes what it has begun


@dataclass
class Stage:
    """Where everything is."""

    web: str
    bare: str
    simulator: str
    environment: dict[str, str]
    logs: Path


def wait_for(url: str, *, within_s: float = 30) -> None:
    """Wait until something answers. Raises TimeoutError."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {within_s} s")


@contextmanager
def _program(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        beside_python = Path(sys.executable).parent / command[0]
        program = subprocess.Popen(
            [str(beside_python if beside_python.exists() else command[0]), *command[1:]],
            cwd=PROJECT,
            env={**os.environ, **environ_for(environment)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            program.terminate()
            try:
                program.wait(timeout=STOP_S)
            except subprocess.TimeoutExpired:
                program.kill()  # a connection that a client keeps open must not keep a benchmark waiting
                program.wait()


def environ_for(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a process, with the project on its path."""
    return {**environment, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}


def environment(database_url: str, redis_url: str, web: int, simulator: int) -> dict[str, str]:
    """Settings for the product, with secrets made for this run."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{web}",
        "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_CALLER_ID": "+441632960000",
        "TWILIO_SMS_FROM": "+447700900000",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{simulator}",
        "TWILIO_CALLS_PER_SECOND": "1000",  # the account's pace is not what is measured
        "RINGBACK_DEMO": "1",
        "RATE_LIMITS": "0",
        "PORT": str(web),
    }


@contextmanager
def stage(*, counsellors: int, settings: Mapping[str, str] | None = None) -> Iterator[Stage]:
    """Everything running: durable PostgreSQL, Valkey, web, a worker, the timekeeper, the simulator and a bare view.

    `settings` go before those of every benchmark.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ringback-bench-")))
        both = stack.enter_context(servers(folder / "servers", durable=True))
        web, bare, simulator = free_port(), free_port(), free_port()
        settings = environment(both.database_url, both.redis_url, web, simulator) | dict(settings or {})
        _prepare(settings, counsellors=counsellors)
        commands = {
            "simulator": ("python", "-m", "simulator", "--port", str(simulator), "--rings-at-once"),
            "web": ("gunicorn", "app:create_app()"),
            "worker": ("flask", "--app", "app", "work"),
            "timekeeper": ("flask", "--app", "app", "keep-time"),
            "bare": ("gunicorn", "--bind", f"127.0.0.1:{bare}", "benchmarks.bare:create_app()"),
        }
        for title, command in commands.items():
            stack.enter_context(_program(command, settings, folder / f"{title}.log"))
        made = Stage(
            f"http://127.0.0.1:{web}", f"http://127.0.0.1:{bare}", f"http://127.0.0.1:{simulator}", settings, folder
        )
        for url in (f"{made.simulator}/healthz", f"{made.web}/readyz", f"{made.bare}/"):
            wait_for(url)
        yield made


def counsellor_number(index: int) -> str:
    """A drama mobile for each counsellor: three ranges of a hundred are enough for any benchmark here."""
    return f"+447700900{index:03d}"


def visitor_number(index: int) -> str:
    """A drama landline for each visitor."""
    return f"01632 960{index:03d}"


def _prepare(environment: dict[str, str], *, counsellors: int) -> None:
    """Make the schema, and put counsellors on shift for a day, each ready and with a verified telephone."""
    from flask_migrate import upgrade  # noqa: PLC0415 - the application reads its environment when it is imported

    from app import create_app  # noqa: PLC0415

    app = create_app(environment)
    with app.app_context():
        upgrade()
        kept.create(db.engine)
        _staff(counsellors)


def _staff(counsellors: int) -> None:
    from accounts.models import StaffRow  # noqa: PLC0415
    from foundation import sealed  # noqa: PLC0415
    from foundation.database import transaction  # noqa: PLC0415
    from rota.models import CounsellorRow, PresenceRow, ShiftRow  # noqa: PLC0415

    now = datetime.now(UTC).replace(second=0, microsecond=0)
    shift: dict[str, Any] = {
        "during": Range(now - timedelta(hours=1), now + timedelta(hours=23)),
        "zone": "Europe/London",
        "state": "published",
        "published_at": now,
        "created_at": now,
    }
    with transaction() as session:
        for index in range(counsellors):
            phone = counsellor_number(index + 100)
            staff = StaffRow(
                email=f"bench{index}@ringback.example",
                name=f"Counsellor {index}",
                password="!",  # noqa: S106 - nobody signs in: no hash ends up as this
                active=True,
                fs_uniquifier=secrets.token_hex(16),
                created_at=now,
            )
            session.add(staff)
            session.flush()
            person = CounsellorRow(
                staff_id=staff.id,
                phone=phone,
                phone_digest=sealed.digest(phone),
                phone_verified_at=now,
                joined_on=now.date(),
            )
            session.add(person)
            session.flush()
            session.add(PresenceRow(counsellor_id=person.id, state="available", since=now, reason=""))
            session.add(ShiftRow(counsellor_id=person.id, **shift))

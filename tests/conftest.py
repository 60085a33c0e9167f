"""Real servers for every test: PostgreSQL, Valkey, the product served over HTTP, and a telephone network.

`app` is the product on a clean database; `client` asks it pages; `town` is the product really served, with the
simulator calling back over HTTP and jobs run by hand or by a worker thread. Time is `a_clock`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.orm import Session
from werkzeug.serving import BaseWSGIServer, make_server

from foundation import clock, doorbell
from foundation.child_process import free_port
from foundation.doorbell import Bell
from foundation.embedded import Servers, servers
from tests import twilio_files

hypothesis.settings.register_profile(
    "ours", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)  # how busy the machine is says nothing about the code
hypothesis.settings.load_profile("ours")

os.environ["WEB_NICE"] = "0"  # beside another suite, a web process that stands back would be served last

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""A Tuesday in winter, when London's wall clock shows UTC."""

ACCOUNT = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "a-token-that-signs-webhooks-in-tests"
HELPLINE = "+441632960000"


class Clock:
    """A clock that stands still until it is moved, for the whole process."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def to(self, at: datetime) -> None:
        """Move to an instant."""
        self.at = at

    def on(self, **span: float) -> datetime:
        """Move on by a timedelta given in its own words."""
        self.at += timedelta(**span)
        return self.at


@pytest.fixture(scope="session")
def running_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with servers(tmp_path_factory.mktemp("servers"), durable=False) as both:
        yield both


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    return {"web": free_port(), "simulator": free_port()}


@pytest.fixture(scope="session")
def environment(running_servers: Servers, ports: dict[str, int]) -> dict[str, str]:
    """The environment of the product under test."""
    return {
        "DATABASE_URL": running_servers.database_url,
        "REDIS_URL": running_servers.redis_url,
        "SECRET_KEY": "a secret that is only used in tests, and long enough",
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{ports['web']}",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_CALLER_ID": HELPLINE,
        "TWILIO_SMS_FROM": "+447700900000",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{ports['simulator']}",
        "TWILIO_CALLS_PER_SECOND": "500",
        "SERVICE_NAME": "The Example Line",
        "SERVICE_TIMEZONE": "Europe/London",
        "RINGBACK_DEMO": "1",
        "RATE_LIMITS": "0",
    }


@pytest.fixture(scope="session")
def one_app(environment: dict[str, str]) -> Iterator[Flask]:
    """The product, its schema made by the migrations, once for the whole run."""
    from flask_migrate import upgrade

    from app import create_app
    from foundation.database import db

    made = create_app(environment)
    with made.app_context():
        upgrade()
    yield made
    with made.app_context():
        db.engine.dispose()


_EMPTY = """
DO $$
DECLARE name text; holds_rows boolean; has_triggers boolean; emptied text := '';
BEGIN
    FOREACH name IN ARRAY string_to_array('{names}', ' ') LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || quote_ident(name) || ')' INTO holds_rows;
        IF holds_rows THEN
            has_triggers := EXISTS (SELECT FROM pg_trigger WHERE tgrelid = name::regclass AND NOT tgisinternal);
            EXECUTE CASE WHEN has_triggers THEN 'TRUNCATE ' ELSE 'DELETE FROM ' END || quote_ident(name);
            emptied := emptied || ', ' || quote_ident(name);
        END IF;
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
    PERFORM set_config('tests.emptied', substr(emptied, 3), false);
END $$
"""
"""Most tables hold nothing after a test, and the others little: truncating all of them takes ten times as long."""


def _empty(app: Flask) -> None:
    """Take every row out of every table, and everything out of Redis.

    Afterwards the tables are as if nothing had ever been in them: rows that a test writes lie in the order of writing.
    """
    from foundation.database import Row, db

    names = " ".join(table.name for table in reversed(Row.metadata.sorted_tables))
    with app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(_EMPTY.format(names=names))
        emptied = connection.exec_driver_sql("SELECT current_setting('tests.emptied')").scalar()
        if emptied:
            connection.exec_driver_sql(f"VACUUM (SKIP_DATABASE_STATS) {emptied}")
    doorbell.connection().flushall()


@pytest.fixture
def app(one_app: Flask) -> Iterator[Flask]:
    """The product on an empty database."""
    yield one_app
    _empty(one_app)


@pytest.fixture
def a_clock() -> Iterator[Clock]:
    """Time that moves only when it is told to; NOON at first."""
    standing = Clock(NOON)
    with clock.reading(standing):
        yield standing


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a screen."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session inside one application context; commit with `session.commit()` as an edge would."""
    from foundation.database import db

    with app.app_context():
        yield db.session()


@dataclass
class Phones:
    """The simulator's handsets and its log, for a test."""

    base: str

    def habit(self, number: str, **habit: Any) -> None:
        """Say what the person with this telephone does."""
        requests.post(f"{self.base}/phones/{number}/habit", json=habit, timeout=60).raise_for_status()

    def act(self, number: str, what: str, **body: Any) -> None:
        """Do something with a telephone: answer, press, hang-up, text."""
        requests.post(f"{self.base}/phones/{number}/{what}", json=body, timeout=60).raise_for_status()

    def state(self, number: str) -> dict[str, Any]:
        """What a telephone is doing."""
        answer: dict[str, Any] = requests.get(f"{self.base}/phones/{number}", timeout=60).json()
        return answer

    def log(self) -> list[dict[str, Any]]:
        """Everything that happened on the network, in order."""
        answer: Any = requests.get(f"{self.base}/log", timeout=60).json()
        entries: list[dict[str, Any]] = answer["log"] if isinstance(answer, dict) and "log" in answer else answer
        return entries

    def faults(self, **plan: Any) -> None:
        """Break things on purpose."""
        requests.post(f"{self.base}/faults", json=plan, timeout=60).raise_for_status()

    def advance(self, seconds: float) -> None:
        """Move the network's time on; returns when everything that this set off has been done."""
        requests.post(f"{self.base}/clock", json={"advance_s": seconds}, timeout=120).raise_for_status()

    def time_stands_still(self, at: datetime) -> None:
        """From now on the network's time moves only by `advance`."""
        requests.post(
            f"{self.base}/clock", json={"mode": "virtual", "now": at.isoformat()}, timeout=60
        ).raise_for_status()

    def time_runs(self) -> None:
        """The network's time is ours again."""
        now = datetime.now(UTC).isoformat()
        requests.post(
            f"{self.base}/clock", json={"mode": "real", "speed": 1, "now": now}, timeout=60
        ).raise_for_status()

    def reset(self) -> None:
        """Forget everything."""
        requests.post(f"{self.base}/reset", timeout=60).raise_for_status()


def eventually(holds: Callable[[], Any], *, within_s: float = 60.0) -> Any:
    """Wait until something is true, and return it; fail with what it was last."""
    ends = time.monotonic() + within_s
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > ends:
            raise AssertionError(f"not within {within_s} s; the last value was {value!r}")
        time.sleep(0.02)


NEVER_ALOUD = ("addiction", "alcohol", "drug", "drugs", "gambling")
"""What a counsellor's family may not hear from a telephone on which nobody has pressed 1."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, one for the whole run: two of Playwright's loops in one process do not go together."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the journeys in a real browser were not tried")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                # no name leads anywhere, and says so at once: a look-up on a closed network can take longer than a test
                "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
            ],
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def simulator(environment: dict[str, str], ports: dict[str, int]) -> Iterator[str]:
    """The telephone network, a program of its own."""
    base = environment["TWILIO_API_BASE_URL"]
    program = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "simulator",
            "--port",
            str(ports["simulator"]),
            "--inbound-message-url",
            f"{environment['PUBLIC_BASE_URL']}/webhooks/twilio/inbound-message",
            *twilio_files.OPTIONS,
            *[argument for word in NEVER_ALOUD for argument in ("--forbid", word)],
        ],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": AUTH_TOKEN},
    )
    try:
        eventually(lambda: _answers(f"{base}/healthz"))
        yield base
    finally:
        program.terminate()
        program.wait(timeout=10)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="session")
def served(one_app: Flask, ports: dict[str, int]) -> Iterator[str]:
    """The product, really served on its public address by threads of this process."""
    server: BaseWSGIServer = make_server("127.0.0.1", ports["web"], one_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{ports['web']}"
    server.shutdown()
    thread.join(timeout=10)


class TownClock(Clock):
    """The town's time: moved by hand, and a moment on with every moment of ours, so that a pause is not for ever."""

    def __init__(self, at: datetime) -> None:
        self.to(at)

    def __call__(self) -> datetime:
        ours = time.monotonic() - self._moved
        return self.at + timedelta(seconds=ours / (1 + ours))  # always on, never as far as the next second

    def to(self, at: datetime) -> None:
        super().to(at)
        self._moved = time.monotonic()

    def on(self, **span: float) -> datetime:
        self.to(self.at + timedelta(**span))
        return self.at


@dataclass
class Town:
    """Everything at once: the product served, its jobs, the telephone network, and one time for all of them.

    Time stands still while the product works, so that minutes of ringing and talking take no time of ours.
    """

    app: Flask
    base: str
    phones: Phones
    clock: TownClock
    expected: dict[str, list[str]] | None = None
    in_turn: bool = True
    strays: set[str] = field(default_factory=set)
    """Calls that a test had the telephone company carry by mistake."""

    def expects(self, *rung: str, texts: Sequence[str] = (), in_turn: bool = True) -> None:
        """Who may be contacted in this test: these numbers ring, in this turn, these get texts, and nobody else."""
        self.expected = {"rung": list(rung), "texts": list(texts)}
        self.in_turn = in_turn

    def contacted(self) -> dict[str, list[str]]:
        """Every number that was rung and every one that was texted, in turn, from the network's own log."""
        found: dict[str, list[str]] = {"rung": [], "texts": []}
        seen = set()
        for entry in self.phones.log():
            if entry["kind"] not in ("call", "text") or entry["direction"] == "inbound":
                continue
            what = entry.get("call") or entry["text"]
            if what not in seen:
                seen.add(what)
                found["rung" if entry["kind"] == "call" else "texts"].append(entry["to"])
        return found

    def judge(self) -> None:
        """Nobody was contacted who should not have been, and the tables tell the truth: the end of every test here."""
        found, expected = self.contacted(), self.expected
        if expected is not None and not self.in_turn:
            found, expected = ({what: sorted(who) for what, who in each.items()} for each in (found, expected))

        assert found == expected, "the test says with town.expects(…) whom it contacts"
        assert self.verdict() == {}

    def verdict(self) -> dict[str, list[str]]:
        """What this test has broken, once everybody has hung up and the reconciler has had its time."""
        from tests import judge

        self.phones.faults()
        return judge.verdict(
            self.app,
            self.phones.base,
            settle=lambda: self.answer(Bell.SETTLE),
            passes=self._advance,
            strays=self.strays,
        )

    def work(self) -> None:
        """Do what a worker does when every bell rings, whether or not anything is due."""
        for bell in (Bell.SETTLE, Bell.DEADLINES, Bell.MATCH, Bell.DIAL, Bell.TEXT):
            self.answer(bell)

    def answer(self, bell: Bell) -> None:
        """Do the work that one bell calls for, as a worker would."""
        with self.app.app_context():
            doorbell.answer_of(bell)()

    def look(self) -> None:
        """What the timekeeper and a worker do in one second: whatever the tables say is due."""
        from commands import PERIODIC
        from foundation.database import transaction

        for _ in range(2):  # what is matched in the first round is dialled in the second
            with self.app.app_context(), transaction() as session:
                due = [bell for bell, waits in PERIODIC if waits(session, now=self.clock())]
            for bell in due:
                self.answer(bell)
            if not due:
                return

    def passes(self, seconds: float) -> None:
        """Let time pass, a second at a time, with the timekeeper and a worker at work."""
        for _ in range(round(seconds)):
            self._advance(1)
            self.look()

    def sleeps(self, **span: float) -> None:
        """Let much time pass in which nothing is to happen; then the timekeeper looks."""
        self._advance(timedelta(**span).total_seconds())
        self.look()

    def until(self, holds: Callable[[], Any], *, within_s: int = 150) -> Any:
        """Let time pass until something is true, and return it."""
        for _ in range(within_s):
            if value := holds():
                return value
            self.passes(1)
        legs = [f"{e['at'][11:19]} {e['to']} {e['status']}" for e in self.phones.log() if e["kind"] == "call"]
        raise AssertionError(f"not within {within_s} s of the town's time; the calls: {legs[-20:]}")

    def _advance(self, seconds: float) -> None:
        self.phones.advance(seconds)
        self.clock.on(seconds=seconds)


@pytest.fixture
def town(app: Flask, simulator: str, served: str) -> Iterator[Town]:
    """The product with a telephone network, at NOON. The test ends with a look at who was contacted."""
    phones = Phones(simulator)
    phones.reset()
    phones.time_stands_still(NOON)
    with clock.reading(standing := TownClock(NOON)):
        here = Town(app, served, phones, standing)
        yield here
        here.judge()
    phones.reset()
    phones.time_runs()

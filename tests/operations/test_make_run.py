"""The whole product on one machine, from nothing to Ctrl-C, and after the worst that can happen to it."""

import contextlib
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest

from callbacks.domain.asking import CONSENT_VERSION
from foundation.child_process import family_of, free_port
from foundation.embedded import servers
from foundation.one_machine import PROJECT

pytestmark = [pytest.mark.operations, pytest.mark.timeout(300)]

PATIENCE_SECONDS = 90.0
RUNNING = "Ctrl-C stops everything."

FIRST_START_SECONDS, NEXT_START_SECONDS = 80, 40
"""Far more than an idle machine takes (8 and 4): the suite shares it with others."""


class Run:
    """One `make run`, without make, and what it said so far."""

    def __init__(self, directory: Path, port: int, simulator_port: int, user: int | None = None, **more: str) -> None:
        self.said_in = directory.parent / "said"
        self.port = port
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "RUN_DIR": str(directory),
            "PORT": str(port),
            "SIMULATOR_PORT": str(simulator_port),
            **more,
        }
        self.note = directory / "processes"
        with self.said_in.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "foundation.one_machine", "run"],
                cwd=PROJECT,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                user=user,
            )

    @property
    def said(self) -> str:
        return self.said_in.read_text(errors="replace")

    def family(self) -> list[psutil.Process]:
        return family_of(self.process.pid)

    def pid_of(self, title: str) -> int | None:
        for line in self.note.read_text().splitlines():
            pid, _, noted = line.split(" ", 2)
            if noted == title:
                return int(pid)
        return None

    def wait_until(self, claim: Callable[[], object]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not claim():
            assert time.monotonic() < until, self.said
            time.sleep(0.1)

    def wait_until_running(self) -> None:
        self.wait_until(lambda: RUNNING in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except OSError:
            return 0

    def ask(self) -> str:
        """Somebody asks for a call; the path of their own page."""
        body = json.dumps({"phone": "07700 900123", "consent": {"version": CONSENT_VERSION, "given": True}}).encode()
        address = f"http://127.0.0.1:{self.port}/api/v1/callbacks"
        asked = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return "/c/" + str(json.load(answer)["token"])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(PATIENCE_SECONDS) == 0, self.said

    def has_brought_back(self, title: str, instead_of: int) -> bool:
        said = f"{title} ended by itself and starts again" in self.said
        return said and self.pid_of(title) not in {None, instead_of}


def all_gone(processes: list[psutil.Process]) -> bool:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                return False
    return True


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Run]]:
    directory = tmp_path_factory.mktemp("machine") / "run"
    ports = free_port(), free_port()
    runs: list[Run] = []

    def start() -> Run:
        runs.append(Run(directory, *ports))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.terminate()
        run.process.wait(PATIENCE_SECONDS)


def test_it_starts_from_nothing_brings_back_what_dies_and_stops_without_a_trace(start: Callable[[], Run]) -> None:
    run = start()
    began = time.monotonic()
    run.wait_until_running()
    assert time.monotonic() - began < FIRST_START_SECONDS
    assert f"http://127.0.0.1:{run.port}/staff/sign-in" in run.said
    assert run.status_of("/readyz") == 200
    family = run.family()

    for title in ("worker", "PostgreSQL"):
        pid = run.pid_of(title)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        run.wait_until(partial(run.has_brought_back, title, pid))
    run.wait_until(lambda: run.status_of("/readyz") == 200)

    again = subprocess.run(
        [sys.executable, "-m", "foundation.one_machine", "run"],
        cwd=PROJECT, env=run.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert again.returncode == 1
    assert "It is running already" in again.stdout

    family += run.family()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(PATIENCE_SECONDS) == 0, run.said
    assert all_gone(family)
    assert not run.note.exists()


def test_servers_that_somebody_named_are_used_and_none_is_started(tmp_path: Path) -> None:
    with servers(tmp_path / "theirs", durable=False) as theirs:
        run = Run(
            tmp_path / "run", free_port(), free_port(), DATABASE_URL=theirs.database_url, REDIS_URL=theirs.redis_url
        )
        run.wait_until_running()
        page = run.ask()

        assert run.pid_of("PostgreSQL") is None
        assert not (tmp_path / "run" / "postgres").exists()
        assert run.status_of(page) == 200
        with psycopg.connect(theirs.database_url) as connection:
            assert connection.execute("SELECT count(*) FROM callback").fetchone() == (1,)
        run.stop()


def can_run_as(user: int) -> bool:
    try:
        probe = subprocess.run([sys.executable, "-c", "import app"], user=user, cwd=PROJECT, check=False)
    except PermissionError:
        return False
    return probe.returncode == 0


def test_an_ordinary_user_can_run_it() -> None:
    if os.geteuid() != 0:
        pytest.skip("the whole suite runs as an ordinary user: so did every other test here")
    nobody = pwd.getpwnam("nobody")
    if not can_run_as(nobody.pw_uid):
        pytest.skip("an ordinary user may not read this checkout or its Python")
    with tempfile.TemporaryDirectory() as theirs:
        os.chown(theirs, nobody.pw_uid, nobody.pw_gid)
        run = Run(Path(theirs) / "run", free_port(), free_port(), user=nobody.pw_uid, HOME=theirs)
        run.wait_until_running()

        assert run.status_of("/readyz") == 200
        run.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_stops_as_well_while_it_starts(start: Callable[[], Run], number: signal.Signals) -> None:
    run = start()
    run.wait_until(lambda: run.note.exists() and run.note.read_text())
    family = run.family()

    run.process.send_signal(number)

    assert run.process.wait(PATIENCE_SECONDS) == 0, run.said
    assert RUNNING not in run.said
    assert all_gone(family)


def test_after_a_kill_nothing_is_left_running_and_the_next_start_goes_on_with_the_same_data(
    start: Callable[[], Run],
) -> None:
    killed = start()
    killed.wait_until_running()
    page, family = killed.ask(), killed.family()
    killed.process.kill()
    killed.process.wait()

    following = start()
    began = time.monotonic()
    following.wait_until_running()

    assert time.monotonic() - began < NEXT_START_SECONDS
    assert all_gone(family)
    assert following.status_of(page) == 200
    assert following.status_of("/readyz") == 200

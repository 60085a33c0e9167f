"""The whole product on one machine with nothing installed beside Python: what `make run` does.

PostgreSQL and Valkey come from wheels, the telephone network is the simulator, and all state is in one directory.
`with-servers` gives any one command throwaway servers and the same environment.
"""

import argparse
import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import psycopg
from cryptography.fernet import Fernet

from foundation.child_process import LOOPBACK, stop_when_the_parent_ends
from foundation.embedded import (
    DirectoryInUse,
    EmbeddedPostgres,
    EmbeddedValkey,
    ServerDidNotStart,
    ServerNotAvailable,
    servers,
    write_private,
)
from foundation.supervisor import (
    PartDidNotStart,
    Program,
    StopAsked,
    StopRequests,
    Supervisor,
    end_what_was_left,
)

PROJECT: Final = Path(__file__).resolve().parent.parent
READY_SECONDS: Final = 60.0  # the first start on a slow disk; two seconds are usual

# The processes, in docs and in docker-compose.yml under the same names with the same commands.
NAMING_SECONDS: Final = 5.0  # the simulator is up and answers at once
_WITH_HANDSET: Final = re.compile(r"  (\S+(?: \S+)*) \(counsellor[^)\n]*, handset ([0-9 ]+)\)")

WEB: Final = ("gunicorn", "app:create_app()")
WORKER: Final = ("flask", "--app", "app", "work")
TIMEKEEPER: Final = ("flask", "--app", "app", "keep-time")
RELEASE: Final = ("flask", "--app", "app", "db", "upgrade")
DEMO: Final = ("flask", "--app", "app", "demo")
SIMULATOR: Final = ("python", "-m", "simulator")

# What a person may set for one machine. All TWILIO_ names are ours: demo data must never ring a real telephone.
RESPECTED: Final = ("SECRET_KEY", "FIELD_KEYS", "PUBLIC_BASE_URL", "SERVICE_NAME", "SERVICE_TIMEZONE")
OURS: Final = (*RESPECTED, "DATABASE_URL", "REDIS_URL", "SECRET_KEY_FALLBACKS")


class CannotRun(Exception):
    """Something outside must change first; the message says what, in one sentence."""


@dataclass(frozen=True)
class Choices:
    """What the environment says about this run."""

    port: int
    simulator_port: int
    directory: Path
    database_url: str | None
    redis_url: str | None


def read_choices(environ: Mapping[str, str]) -> Choices:
    """The names of the contract, with their defaults. Raises CannotRun."""
    return Choices(
        port=_port(environ, "PORT", 8000),
        simulator_port=_port(environ, "SIMULATOR_PORT", 8010),
        directory=Path(environ.get("RUN_DIR") or ".run").absolute(),
        database_url=environ.get("DATABASE_URL") or None,
        redis_url=environ.get("REDIS_URL") or None,
    )


def product_environment(
    *,
    around: Mapping[str, str],
    kept: Mapping[str, str],
    database_url: str,
    redis_url: str,
    port: int,
    simulator_port: int,
) -> dict[str, str]:
    """The environment of every process: what is `around` us without any other product settings, then ours.

    `NAME_FILE` names are taken out too, because a process would prefer them to ours.
    """
    clean = {
        name: value
        for name, value in around.items()
        if not name.startswith("TWILIO_") and name.removesuffix("_FILE") not in OURS
    }
    chosen = {name: around[name] for name in RESPECTED if around.get(name)}
    defaults = {
        "SERVICE_NAME": "Ringback",
        "SERVICE_TIMEZONE": "Europe/London",
        "PUBLIC_BASE_URL": f"http://{LOOPBACK}:{port}",
    }
    fixed = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "TWILIO_API_BASE_URL": f"http://{LOOPBACK}:{simulator_port}",
        "TWILIO_CALLER_ID": "+441632960000",  # Ofcom keeps these two numbers for films: they ring nobody
        "TWILIO_SMS_FROM": "+447700900000",
        "TWILIO_CALLS_PER_SECOND": "10",
        "RINGBACK_DEMO": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), around.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",  # so that a log says the last thing that happened
    }
    return clean | defaults | dict(kept) | chosen | fixed


def kept_secrets(file: Path) -> dict[str, str]:
    """Random keys for this directory, made once; the file is readable by its owner only."""
    if not file.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "FIELD_KEYS": Fernet.generate_key().decode(),
            "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        }
        write_private(file, "".join(f"{name}={value}\n" for name, value in made.items()))
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


@contextlib.contextmanager
def only_run_here(directory: Path) -> Iterator[None]:
    """Hold the directory while the block runs. Raises CannotRun when another run holds it.

    The lock is on the directory itself and ends with our process, so no crash can leave it behind.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"It is running already, with its state in {directory}. Stop that one with Ctrl-C, or start a second "
                "one beside it: make run RUN_DIR=.run-2 PORT=8100 SIMULATOR_PORT=8110"
            ) from None
        yield
    finally:
        os.close(handle)


def require_free_port(port: int, *, name: str) -> None:
    """Raises CannotRun when something else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as failure:
            if failure.errno == errno.EACCES:
                raise CannotRun(f"Only root may listen on port {port}. Choose another: make run {name}=8100") from None
            raise CannotRun(
                f"Port {port} is taken by another program. Stop that one, or choose another port: make run {name}=8100"
            ) from None


class OneMachine:
    """One run: the servers, the release step, the demo data and the processes."""

    def __init__(self, choices: Choices, *, around: Mapping[str, str], supervisor: Supervisor) -> None:
        self.choices = choices
        self._around = around
        self._supervisor = supervisor
        self._logs = choices.directory / "logs"
        self._environment: dict[str, str] = {}

    def start(self) -> str:
        """Start everything in order and return what the demo data said. Raises what the parts raise."""
        choices = self.choices
        self._logs.mkdir(exist_ok=True)
        database_url = choices.database_url or self._start_postgres()
        redis_url = choices.redis_url or self._start_valkey()
        self._environment = product_environment(
            around=self._around,
            kept=kept_secrets(choices.directory / "secrets"),
            database_url=database_url,
            redis_url=redis_url,
            port=choices.port,
            simulator_port=choices.simulator_port,
        )
        if not _is_migrated(database_url):
            self._supervisor.run_to_its_end(self._program("migrate", RELEASE))
        simulator, web = self._start_processes()
        sign_ins = self._supervisor.run_to_its_end(self._program("demo", DEMO))  # while the others get ready
        self._wait_for(simulator, choices.simulator_port, "/phones")
        name_handsets(f"http://{LOOPBACK}:{choices.simulator_port}", sign_ins)
        self._wait_for(web, choices.port, "/readyz")
        return sign_ins

    def _start_postgres(self) -> str:
        postgres = EmbeddedPostgres(self.choices.directory / "postgres")
        self._supervisor.start(postgres)
        return postgres.url

    def _start_valkey(self) -> str:
        valkey = EmbeddedValkey(self.choices.directory / "valkey")
        self._supervisor.start(valkey)
        return valkey.url

    def _start_processes(self) -> tuple[Program, Program]:
        """Start them all; returns the two that can be asked whether they are ready."""
        simulator = self._program(
            "simulator", (*SIMULATOR, "--port", str(self.choices.simulator_port), *inbound_options(self.choices.port))
        )
        web = self._program("web", WEB)
        for program in (simulator, web, self._program("worker", WORKER), self._program("timekeeper", TIMEKEEPER)):
            self._supervisor.start(program)
        return simulator, web

    def _wait_for(self, program: Program, port: int, page: str) -> None:
        self._supervisor.wait_until_it_answers(program, f"http://{LOOPBACK}:{port}{page}", seconds=READY_SECONDS)

    def _program(self, title: str, command: Sequence[str]) -> Program:
        beside_python = Path(sys.executable).parent / command[0]
        found = str(beside_python) if beside_python.exists() else shutil.which(command[0]) or command[0]
        return Program(
            title,
            [found, *command[1:]],
            directory=PROJECT,
            environment=self._environment,
            log=self._logs / f"{title}.log",
        )


def run(environ: Mapping[str, str], *, stop_with_parent: bool) -> int:
    """Run until somebody asks us to stop. Returns the exit status."""
    if stop_with_parent:
        stop_when_the_parent_ends()
    with StopRequests().heard() as requests:
        try:
            choices = read_choices(environ)
            with only_run_here(choices.directory):
                return _run_in(choices, environ, requests)
        except (CannotRun, DirectoryInUse, ServerDidNotStart, ServerNotAvailable, PartDidNotStart) as failure:
            say(str(failure))
            return 1


def _run_in(choices: Choices, environ: Mapping[str, str], requests: StopRequests) -> int:
    note = choices.directory / "processes"
    if ended := end_what_was_left(note):
        say(f"A run was killed here. What it left has been stopped: {', '.join(ended)}.")
    require_free_port(choices.port, name="PORT")
    require_free_port(choices.simulator_port, name="SIMULATOR_PORT")
    say("Starting …")
    supervisor = Supervisor(note=note, say=say, requests=requests)
    try:
        sign_ins = OneMachine(choices, around=environ, supervisor=supervisor).start()
        say(_welcome(choices, sign_ins))
        supervisor.watch()
    except StopAsked:
        pass  # asked while we were starting: the same end
    finally:
        say("Stopping …")
        supervisor.stop()
        say("Stopped.")
    return 0


def inbound_options(port: int) -> tuple[str, ...]:
    """Where the simulator brings texts to the helpline's number, and calls to it."""
    webhooks = f"http://{LOOPBACK}:{port}/webhooks/twilio"
    return (
        *("--inbound-message-url", f"{webhooks}/inbound-message"),
        *("--inbound-call-url", f"{webhooks}/voice/inbound"),
    )


def name_handsets(simulator: str, sign_ins: str) -> None:
    """Write the demo's names on the simulated handsets, so that nobody has to guess whose telephone rings."""
    for name, number in _WITH_HANDSET.findall(sign_ins):
        address = f"{simulator}/phones/{number.replace(' ', '')}/label"
        request = urllib.request.Request(  # noqa: S310 - our own simulator on loopback
            address, data=json.dumps({"label": name}).encode(), headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=NAMING_SECONDS):  # noqa: S310
            pass


def _welcome(choices: Choices, sign_ins: str) -> str:
    here, telephones = f"http://{LOOPBACK}:{choices.port}", f"http://{LOOPBACK}:{choices.simulator_port}"
    return (
        f"\nRunning.\n\n"
        f"  Visitors    {here}/\n"
        f"  An article  {here}/demo/article  (another website, with the form at its end)\n"
        f"  Staff       {here}/staff/sign-in\n"
        f"  Telephones  {telephones}/phones  (simulated: no real telephone rings)\n\n"
        f"{sign_ins.strip()}\n\n"
        f"Logs: {choices.directory / 'logs'}. Ctrl-C stops everything."
    )


def with_servers(command: Sequence[str], environ: Mapping[str, str], *, migrated: bool) -> int:
    """Run one command with throwaway servers in its environment; return its exit status."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    with tempfile.TemporaryDirectory(prefix="ringback-") as directory, servers(Path(directory), durable=False) as both:
        environment = product_environment(
            around=environ,
            kept=kept_secrets(Path(directory) / "secrets"),
            database_url=both.database_url,
            redis_url=both.redis_url,
            port=_port(environ, "PORT", 8000),
            simulator_port=_port(environ, "SIMULATOR_PORT", 8010),
        )
        for step in ([RELEASE] if migrated else []) + [tuple(command)]:
            found = shutil.which(step[0], path=environment["PATH"]) or step[0]
            status = subprocess.run([found, *step[1:]], env=environment, check=False).returncode
            if status != 0:
                return status
    return 0


def say(sentence: str) -> None:
    """Tell the person at the terminal; when the terminal is gone, nobody is there to be told."""
    try:
        print(sentence, flush=True)
    except OSError:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


def main(arguments: Sequence[str]) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m foundation.one_machine", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="start everything, until Ctrl-C")
    running.add_argument("--stop-with-parent", action="store_true", help="stop when the program that started this ends")
    lending = commands.add_parser("with-servers", help="run one command with throwaway PostgreSQL and Valkey")
    lending.add_argument("--migrated", action="store_true", help="migrate the database first")
    lending.add_argument("words", nargs=argparse.REMAINDER, help="-- and the command")
    given = parser.parse_args(arguments)
    if given.command == "run":
        return run(os.environ, stop_with_parent=given.stop_with_parent)
    words = given.words[1:] if given.words[:1] == ["--"] else given.words
    if not words:
        parser.error("with-servers needs a command after --")
    return with_servers(words, os.environ, migrated=given.migrated)


def _is_migrated(database_url: str) -> bool:
    """Whether the newest migration has been run: `flask db upgrade` finds that out too, a second or two later."""
    head = PROJECT / "migrations" / ".head"
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.Error:
        return False  # no such table, or no such server: the release step says which
    return row is not None and head.exists() and row[0] == head.read_text().strip()


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(name) or str(default)
    if not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):  # noqa: PLR2004 - what TCP has
        raise CannotRun(f"{name} must be a port number between 1 and 65535, and it is {given!r}.")
    return int(given)


def _exit_on_signal(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Keeps a handful of programs running on one machine: starts them in order, starts again what ends, stops in reverse.

For one machine only. Where there is a container platform or systemd, that does this work and does it better.
"""

import contextlib
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, Protocol

import psutil

from foundation.child_process import dies_with_its_parent, family_of, signal_all, wait_for_the_end

WATCH_SECONDS: Final = 0.2  # how soon an ended program is noticed
SETTLED_SECONDS: Final = 60.0  # a program that ran for so long starts again at once
LONGEST_PAUSE_SECONDS: Final = 30.0  # between tries to start a program that keeps ending
STOP_SECONDS: Final = 10.0  # then a program that does not stop is killed
TAIL_LINES: Final = 15  # of a log, when a program does not start


class StopAsked(Exception):
    """Somebody asked us to stop while we were starting; stop what runs and end in peace."""


class PartDidNotStart(Exception):
    """A program ended, or did not answer in time; the message carries the end of its log."""


class StopRequests:
    """Ctrl-C, SIGTERM and a closed terminal, turned into something that can be waited for.

    The first asks for an orderly stop. The second says that the person is out of patience.
    """

    SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._impatient = threading.Event()

    @contextlib.contextmanager
    def heard(self) -> Iterator["StopRequests"]:
        """Listen to the three signals for the length of the block."""
        before = {number: signal.signal(number, self._hear) for number in self.SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def wait(self, seconds: float) -> bool:
        """Sleep, and say whether somebody has asked us to stop."""
        return self._asked.wait(seconds)

    def is_impatient(self) -> bool:
        """Whether we were asked a second time."""
        return self._impatient.is_set()

    def raise_if_asked(self) -> None:
        """For the steps of a start. Raises StopAsked."""
        if self._asked.is_set():
            raise StopAsked

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        (self._impatient if self._asked.is_set() else self._asked).set()


class Part(Protocol):
    """Anything that can be kept running."""

    title: str

    @property
    def pid(self) -> int | None:
        """The main process while it runs."""

    def is_running(self) -> bool:
        """Whether the main process is there."""

    def start(self) -> None:
        """Start it; harmless when it runs."""

    def stop(self) -> None:
        """Stop it; harmless when it does not run."""


class Program:
    """One of our own processes, writing to a log of its own."""

    def __init__(
        self, title: str, command: Sequence[str], *, directory: Path, environment: Mapping[str, str], log: Path
    ) -> None:
        self.title = title
        self.command = list(command)
        self.directory = directory
        self.environment = dict(environment)
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The main process while it runs."""
        return self._process.pid if self._process is not None and self.is_running() else None

    @property
    def exit_status(self) -> int | None:
        """How it ended, negative for a signal; nothing while it runs."""
        return None if self._process is None else self._process.poll()

    def is_running(self) -> bool:
        """Whether the main process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; the log of the time before is kept as `.older`."""
        if self.is_running():
            return
        if self._process is None and self.log.exists():
            self.log.replace(self.log.with_suffix(".older"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor only, which keeps the order
                preexec_fn=dies_with_its_parent(signal.SIGTERM),  # noqa: PLW1509 - takes no lock
            )

    def stop(self) -> None:
        """Ask it to finish, and kill whatever of it is left after STOP_SECONDS."""
        if self._process is None:
            return
        family = family_of(self._process.pid)
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):  # what is left is killed below
            self._process.wait(STOP_SECONDS)
        signal_all(family, signal.SIGKILL)
        self._process.wait()
        wait_for_the_end(family, seconds=STOP_SECONDS)
        self._process = None

    def end_of_log(self) -> str:
        """The last lines it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:])


class Supervisor:
    """The parts in the order they were started, and a note of their processes for whoever comes after a crash."""

    def __init__(self, *, note: Path, say: Callable[[str], None], requests: StopRequests) -> None:
        self._note = note
        self._say = say
        self._requests = requests
        self._parts: list[Part] = []
        self._pauses: dict[str, float] = {}
        self._started_at: dict[str, float] = {}
        self._start_again_at: dict[str, float] = {}

    def start(self, part: Part) -> None:
        """Start a part and keep it from now on. Raises StopAsked when we have been asked to stop."""
        self._requests.raise_if_asked()
        self._parts.append(part)
        self._start(part)

    def wait_until_it_answers(self, program: Program, url: str, *, seconds: float) -> None:
        """Wait for a 2xx answer. Raises PartDidNotStart or StopAsked."""
        until = time.monotonic() + seconds
        while not _answers(url):
            if not program.is_running() or time.monotonic() > until:
                raise PartDidNotStart(
                    f"{program.title} did not start. The end of its log, {program.log}:\n{program.end_of_log()}"
                )
            if self._requests.wait(WATCH_SECONDS):
                raise StopAsked

    def run_to_its_end(self, program: Program) -> str:
        """Run something that ends by itself and return what it wrote. Raises PartDidNotStart or StopAsked."""
        self.start(program)
        while program.is_running():
            if self._requests.wait(WATCH_SECONDS / 4):
                raise StopAsked
        self._parts.remove(program)
        if program.exit_status != 0:
            raise PartDidNotStart(f"{program.title} failed. The end of its log, {program.log}:\n{program.end_of_log()}")
        return program.log.read_text(errors="replace")

    def watch(self) -> None:
        """Start again whatever ends, until somebody asks us to stop."""
        while not self._requests.wait(WATCH_SECONDS):
            for part in self._parts:
                if not part.is_running():
                    self._bring_back(part)

    def stop(self) -> None:
        """Stop everything in the reverse order; a second request to stop kills what is left."""
        for part in reversed(self._parts):
            if self._requests.is_impatient() and part.pid is not None:
                signal_all(family_of(part.pid), signal.SIGKILL)
            part.stop()
        self._parts.clear()
        self._note.unlink(missing_ok=True)

    def _start(self, part: Part) -> None:
        part.start()
        self._started_at[part.title] = time.monotonic()
        self._write_note()

    def _bring_back(self, part: Part) -> None:
        now = time.monotonic()
        if part.title not in self._start_again_at:
            settled = now - self._started_at[part.title] > SETTLED_SECONDS
            pause = 0.0 if settled else min(LONGEST_PAUSE_SECONDS, 2 * self._pauses.get(part.title, 0.5))
            self._pauses[part.title] = pause
            self._start_again_at[part.title] = now + pause
            self._say(f"{part.title} ended by itself and starts again{f' in {pause:.0f} s' if pause else ''}.")
        if now < self._start_again_at[part.title]:
            return
        del self._start_again_at[part.title]
        try:
            self._start(part)
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is said, and tried again after a pause
            self._started_at[part.title] = now
            self._say(f"{part.title} could not start: {failure}")

    def _write_note(self) -> None:
        lines = []
        for part in self._parts:
            if part.pid is not None:
                with contextlib.suppress(psutil.NoSuchProcess):  # it ended already: nothing to note
                    lines.append(f"{part.pid} {psutil.Process(part.pid).create_time()} {part.title}\n")
        self._note.write_text("".join(lines))


def end_what_was_left(note: Path) -> list[str]:
    """End the processes of a supervisor that was killed; return their titles.

    A process counts only when its number and its moment of birth are those noted: numbers are given out again.
    """
    if not note.exists():
        return []
    ended = []
    for line in note.read_text().splitlines():
        pid, born_at, title = line.split(" ", 2)
        family = family_of(int(pid))
        if family and abs(family[0].create_time() - float(born_at)) < 1:
            signal_all(family[:1], signal.SIGTERM)
            signal_all(wait_for_the_end(family, seconds=STOP_SECONDS), signal.SIGKILL)
            ended.append(title)
    note.unlink()
    return ended


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback addresses
            return 200 <= int(answer.status) < 300  # noqa: PLR2004 - HTTP's own meaning of success
    except (OSError, urllib.error.URLError):
        return False

"""Programs kept running on one machine: started in order, started again, stopped in reverse, never left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from foundation.child_process import free_port
from foundation.supervisor import (
    PartDidNotStart,
    Program,
    StopAsked,
    StopRequests,
    Supervisor,
    end_what_was_left,
)

FOR_EVER = "import time; print('up', flush=True); time.sleep(60)"
PATIENCE_SECONDS = 15.0


class Stage:
    """A supervisor in a directory of its own, and everything it said."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.note = directory / "processes"
        self.said: list[str] = []
        self.requests = StopRequests()
        self.supervisor = Supervisor(note=self.note, say=self.said.append, requests=self.requests)

    def program(self, title: str, code: str) -> Program:
        return Program(
            title,
            [sys.executable, "-c", code],
            directory=self.directory,
            environment=dict(os.environ),
            log=self.directory / f"{title}.log",
        )


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_up(program: Program) -> bool:
    return "up" in program.end_of_log()


def eventually(claim: Callable[[], object]) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if claim():
            return True
        time.sleep(0.02)
    return False


def ask_to_stop_when(claim: Callable[[], object]) -> threading.Thread:
    def watch() -> None:
        eventually(claim)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_a_program_that_ends_is_started_again_and_that_is_said(stage: Stage) -> None:
    program = stage.program("worker", FOR_EVER)
    with stage.requests.heard():
        stage.supervisor.start(program)
        first = program.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        waiter = ask_to_stop_when(lambda: program.pid not in {None, first})
        stage.supervisor.watch()
        second = program.pid
        stage.supervisor.stop()
        waiter.join()

    assert second not in {None, first}
    assert stage.said == ["worker ended by itself and starts again in 1 s."]


def test_a_program_that_keeps_ending_is_given_longer_and_longer_pauses(stage: Stage) -> None:
    program = stage.program("worker", "print('no')")
    with stage.requests.heard():
        stage.supervisor.start(program)
        waiter = ask_to_stop_when(lambda: len(stage.said) == 3)
        stage.supervisor.watch()
        stage.supervisor.stop()
        waiter.join()

    assert [line.rpartition("in ")[2] for line in stage.said] == ["1 s.", "2 s.", "4 s."]


def test_stopping_goes_in_reverse_and_leaves_no_process_and_no_note(stage: Stage) -> None:
    tell = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(open('order', 'a').write('{}')))\n"
    )
    tell += "print('up', flush=True); time.sleep(60)"
    programs = [stage.program(title, tell.format(title)) for title in ("a", "b", "c")]
    for program in programs:
        stage.supervisor.start(program)
        assert eventually(partial(is_up, program))
    pids = [program.pid for program in programs]

    stage.supervisor.stop()

    assert (stage.directory / "order").read_text() == "cba"
    assert not any(pid is not None and is_alive(pid) for pid in pids)
    assert not stage.note.exists()


def test_children_of_a_program_that_outlive_it_are_ended_too(stage: Stage) -> None:
    program = stage.program(
        "worker",
        "import os, signal, time\n"
        "if not os.fork():\n    os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open(str(os.getpid()) + '.pid', 'w').close()\ntime.sleep(60)",
    )
    stage.supervisor.start(program)
    assert eventually(lambda: len(list(stage.directory.glob("*.pid"))) == 2)
    pids = [int(path.stem) for path in stage.directory.glob("*.pid")]

    stage.supervisor.stop()

    assert [pid for pid in pids if is_alive(pid)] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_of_asking_to_stop_is_heard(stage: Stage, number: signal.Signals) -> None:
    with stage.requests.heard():
        os.kill(os.getpid(), number)

        with pytest.raises(StopAsked):
            stage.requests.raise_if_asked()
        assert not stage.requests.is_impatient()

        os.kill(os.getpid(), number)
        assert stage.requests.is_impatient()


def test_a_step_that_fails_is_told_with_the_end_of_its_log(stage: Stage) -> None:
    with pytest.raises(PartDidNotStart, match=r"migrate failed(.|\n)*no such table"):
        stage.supervisor.run_to_its_end(stage.program("migrate", "raise SystemExit('no such table')"))


def test_a_step_hands_over_what_it_said(stage: Stage) -> None:
    assert stage.supervisor.run_to_its_end(stage.program("demo", "print('sign in as sam')")) == "sign in as sam\n"


def test_a_server_that_ends_before_it_answers_is_not_waited_for(stage: Stage) -> None:
    program = stage.program("web", "raise SystemExit('SECRET_KEY: is not set')")
    stage.supervisor.start(program)

    before = time.monotonic()
    with pytest.raises(PartDidNotStart, match="SECRET_KEY: is not set"):
        stage.supervisor.wait_until_it_answers(program, f"http://127.0.0.1:{free_port()}/", seconds=60)
    assert time.monotonic() - before < 30


def test_what_a_killed_supervisor_left_is_ended_and_nothing_else(stage: Stage) -> None:
    left = subprocess.Popen([sys.executable, "-c", FOR_EVER], stdout=subprocess.DEVNULL)
    other = subprocess.Popen([sys.executable, "-c", FOR_EVER], stdout=subprocess.DEVNULL)
    with left, other:
        stage.note.write_text(
            f"{left.pid} {psutil.Process(left.pid).create_time()} worker\n"
            f"{other.pid} {psutil.Process(other.pid).create_time() - 3600} web of long ago, whose number was reused\n"
        )

        ended = end_what_was_left(stage.note)

        assert ended == ["worker"]
        assert left.wait(PATIENCE_SECONDS) == -signal.SIGTERM
        assert other.poll() is None
        assert not stage.note.exists()
        other.kill()


def test_programs_die_with_a_supervisor_that_is_killed(stage: Stage) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from foundation.supervisor import Program\n"
        "p = Program('a', [sys.executable, '-c', 'import time; time.sleep(60)'], directory=Path('.'),\n"
        "            environment=dict(os.environ), log=Path(sys.argv[1]))\n"
        "p.start(); print(p.pid, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(stage.directory / "a.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        orphan = int(killed.stdout.readline())

        killed.kill()

    assert eventually(lambda: not is_alive(orphan))

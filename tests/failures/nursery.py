"""A process that has read the application once, and gives birth to ours: each is there in a blink and dies alone.

What is born is what `flask` and `gunicorn` start, in a process of its own with a log of its own; only the reading of
the application, two seconds of every start, is shared. One request a line on standard input, the process id for each
on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import flask.cli
import gunicorn.app.wsgiapp

import app  # noqa: F401 - read here, so that nobody who is born reads it again
from foundation.child_process import dies_with_its_parent

PROGRAMS: dict[str, Callable[[], None]] = {"flask": flask.cli.main, "gunicorn": gunicorn.app.wsgiapp.run}


def live(command: list[str], environment: dict[str, str], log: Path, prepare: Callable[[], None]) -> None:
    """Become a program, from its first line to its end."""
    os.setsid()
    prepare()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with log.open("ab") as out, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.update(environment)
    sys.argv = list(command)
    PROGRAMS[command[0]]()


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who have died
    say("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        prepare = dies_with_its_parent(signal.SIGKILL)
        child = os.fork()
        if child == 0:
            live(asked["command"], asked["environment"], Path(asked["log"]), prepare)
            os._exit(0)
        say(child)


if __name__ == "__main__":
    main()

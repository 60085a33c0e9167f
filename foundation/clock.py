"""The only place that reads the time; everything below an edge is told it."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LAYOUT = struct.Struct("<ddd")
_SHORTEST_WAIT_S = 0.001  # a clock that runs very fast must not turn a wait into a busy loop


def _system_time() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A clock that all processes of a rehearsal share: a small file, replaced as a whole and read at every look.

    It says that `at` was the time (seconds since 1970) when this machine had been up for `up_s` seconds, and how many
    seconds have passed since then for each real one.
    """

    file: Path

    def set(self, at: datetime, *, speed: float) -> None:
        """It is this time now, and goes on at this speed; 0 stands still."""
        beside = self.file.with_suffix(".new")
        beside.write_bytes(_LAYOUT.pack(at.timestamp(), time.monotonic(), speed))
        beside.replace(self.file)

    def _read(self) -> tuple[float, float, float]:
        at, up_s, speed = _LAYOUT.unpack(self.file.read_bytes())
        return at, up_s, speed

    @property
    def speed(self) -> float:
        """Seconds that pass for each real one."""
        return self._read()[2]

    def __call__(self) -> datetime:
        at, up_s, speed = self._read()
        return datetime.fromtimestamp(at + (time.monotonic() - up_s) * speed, UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present instant, in UTC. Edges call this once and pass the value down."""
    return _source()


def real_seconds(seconds: float) -> float:
    """How long a wait of so many seconds really takes: all of it, except in a rehearsal that runs faster."""
    speed = _source.speed if isinstance(_source, Rehearsal) else 1.0
    return seconds if speed <= 0 else max(_SHORTEST_WAIT_S, seconds / speed)


def wait(seconds: float) -> None:
    """Let so many seconds pass."""
    time.sleep(real_seconds(seconds))


def rehearse(file: Path) -> None:
    """Read the time from a rehearsal's file, from now on and for the whole process. Never in a real service."""
    global _source  # noqa: PLW0603 - the one piece of process-wide state that a rehearsal may swap
    _source = Rehearsal(file)


@contextmanager
def reading(source: Callable[[], datetime]) -> Iterator[None]:
    """Let the whole process read its time from `source`: rehearsals and tests on a clock-change night."""
    global _source  # noqa: PLW0603 - as above
    previous, _source = _source, source
    try:
        yield
    finally:
        _source = previous

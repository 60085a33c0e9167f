"""The only place that reads the time; everything below an edge is told it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The present instant, in UTC. Edges call this once and pass the value down."""
    return _source()


@contextmanager
def reading(source: Callable[[], datetime]) -> Iterator[None]:
    """Let the whole process read its time from `source`: rehearsals and tests on a clock-change night."""
    global _source  # noqa: PLW0603 - the one piece of process-wide state that a rehearsal may swap
    previous, _source = _source, source
    try:
        yield
    finally:
        _source = previous

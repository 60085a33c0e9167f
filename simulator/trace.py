"""The trace: everything that happened on the network, in order, with simulated times."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from simulator.clock import Clock, iso_8601

KEPT_ENTRIES = 500_000  # about 300 MB at worst; the trace file, if any, holds everything


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``real_s`` is the only figure that differs between two runs with one seed."""

    number: int
    at: float
    real_s: float
    kind: str
    facts: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.number,
            "at": iso_8601(self.at),
            "kind": self.kind,
            **self.facts,
            "real_s": round(self.real_s, 3),
        }


class Trace:
    """Keeps the entries in memory and, if asked, writes them to a file as JSON lines."""

    def __init__(self, clock: Clock, *, file: Path | None = None) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=KEPT_ENTRIES)
        self._count = 0
        self._started = time.monotonic()
        self._file: TextIO | None = file.open("a", buffering=1, encoding="utf-8") if file else None

    def note(self, kind: str, **facts: Any) -> None:
        self._count += 1
        entry = Entry(self._count, self._clock.now(), time.monotonic() - self._started, kind, facts)
        self._entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry.as_json(), ensure_ascii=False) + "\n")

    def entries(self, *, after: int = 0, kinds: Iterable[str] = ()) -> list[Entry]:
        wanted = frozenset(kinds)
        return [entry for entry in self._entries if entry.number > after and (not wanted or entry.kind in wanted)]

    def clear(self) -> None:
        self._entries.clear()
        self.note("reset")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

"""Simulated time: every wait in the telephone network passes through one clock.

The clock runs at a chosen speed (real), or stands still until somebody advances it (virtual). Either way
the timers stand in one queue and go off in order of their due time, so that a run can be repeated exactly.
Time spent waiting for the customer's web server is never scaled: that server lives in real time.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

QUIET_TURNS = 20  # turns of the event loop without news before we call the network settled; chains are shorter
SMALL_CROWD = 1_000  # timers; below this the dead ones among them do no harm


class Signal:
    """Something that may happen, that several parties can wait for at once, and that can be cleared again."""

    __slots__ = ("_waiters", "happened")

    def __init__(self) -> None:
        self.happened = False
        self._waiters: list[asyncio.Future[Signal | None]] = []

    def set(self) -> None:
        self.happened = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(self)

    def clear(self) -> None:
        self.happened = False

    def join(self, waiter: asyncio.Future[Signal | None]) -> None:
        self._waiters.append(waiter)

    def leave(self, waiter: asyncio.Future[Signal | None]) -> None:
        self._waiters.remove(waiter)


class Timer:
    """A callback that is due at a simulated moment and can be cancelled."""

    __slots__ = ("callback", "due_at", "is_cancelled", "order")

    def __init__(self, due_at: float, order: int, callback: Callable[[], None]) -> None:
        self.due_at = due_at
        self.order = order
        self.callback = callback
        self.is_cancelled = False

    def __lt__(self, other: Timer) -> bool:
        return (self.due_at, self.order) < (other.due_at, other.order)  # equal moments: first come, first served

    def cancel(self) -> None:
        self.is_cancelled = True


class Clock:
    """The time of the simulated network, in seconds since 1970."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._is_virtual = False
        self._simulated_base = time.time()
        self._real_base = time.monotonic()
        self._timers: list[Timer] = []
        self._order = 0
        self._crowd = SMALL_CROWD
        self._alarm: asyncio.TimerHandle | None = None
        self._in_flight = 0
        self._landed = Signal()
        self._activity = 0
        self._advancing = asyncio.Lock()

    @property
    def speed(self) -> float:
        return self._speed

    @property
    def is_virtual(self) -> bool:
        return self._is_virtual

    def as_json(self) -> dict[str, Any]:
        mode = "virtual" if self._is_virtual else "real"
        return {"mode": mode, "speed": self._speed, "now": iso_8601(self.now())}

    def now(self) -> float:
        if self._is_virtual:
            return self._simulated_base
        return self._simulated_base + (time.monotonic() - self._real_base) * self._speed

    def run(self, *, speed: float, at: float | None = None) -> None:
        """Run by itself, ``speed`` simulated seconds for each real one. ``at`` sets the time first."""
        self._rebase(self.now() if at is None else at)
        self._is_virtual, self._speed = False, speed
        self._arm()

    def stand_still(self, *, at: float | None = None) -> None:
        """Become virtual: from now on only `advance` moves the time. ``at`` sets it first."""
        self._rebase(self.now() if at is None else at)
        self._is_virtual = True
        self._arm()

    def later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        self._activity += 1
        self._order += 1
        timer = Timer(self.now() + max(seconds, 0.0), self._order, callback)
        if len(self._timers) >= self._crowd:
            self._clear_out()
        heapq.heappush(self._timers, timer)
        if self._timers[0] is timer:
            self._arm()
        return timer

    async def sleep(self, seconds: float) -> None:
        await self.first(within_s=seconds)

    async def first(self, *signals: Signal, within_s: float | None = None) -> Signal | None:
        """Wait for the first of the signals; None says that ``within_s`` passed without any."""
        for signal in signals:
            if signal.happened:
                return signal
        waiter: asyncio.Future[Signal | None] = asyncio.get_running_loop().create_future()
        for signal in signals:
            signal.join(waiter)
        timer = None if within_s is None else self.later(within_s, lambda: _give_up(waiter))
        try:
            return await waiter
        finally:
            self._activity += 1
            if timer is not None:
                timer.cancel()
            for signal in signals:
                signal.leave(waiter)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Mark a request to the customer's server as in flight; virtual time waits for it."""
        self._in_flight += 1
        self._activity += 1
        try:
            yield
        finally:
            self._in_flight -= 1
            self._activity += 1
            self._landed.set()

    async def settle(self) -> None:
        """Return when nothing is in flight and nobody has anything left to do at this moment."""
        quiet = 0
        while quiet < QUIET_TURNS:
            if self._in_flight:
                self._landed.clear()
                await self.first(self._landed)
            seen = self._activity
            await asyncio.sleep(0)
            quiet = quiet + 1 if seen == self._activity and not self._in_flight else 0

    async def advance(self, seconds: float) -> None:
        """Move virtual time on: to each timer in turn, waiting for what it sets off, then to the end."""
        async with self._advancing:
            target = self.now() + seconds
            await self.settle()
            while self._timers and self._timers[0].due_at <= target:
                timer = heapq.heappop(self._timers)
                if timer.is_cancelled:
                    continue
                self._simulated_base = max(self._simulated_base, timer.due_at)
                timer.callback()
                await self.settle()
            self._simulated_base = target

    def forget(self) -> None:
        """Drop every timer; only for a network that has just been emptied."""
        self._timers.clear()
        self._arm()

    def _clear_out(self) -> None:
        """Drop the cancelled timers, so that a long run keeps no dead ones (most are never due)."""
        self._timers = [timer for timer in self._timers if not timer.is_cancelled]
        heapq.heapify(self._timers)
        self._crowd = max(SMALL_CROWD, 2 * len(self._timers))

    def _rebase(self, moment: float) -> None:
        self._simulated_base, self._real_base = moment, time.monotonic()

    def _arm(self) -> None:
        """Have the event loop wake us when the next timer is due (never, while time stands still)."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers and not self._is_virtual:
            wait_s = max(0.0, (self._timers[0].due_at - self.now()) / self._speed)
            self._alarm = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now = self.now()
        while self._timers and (self._timers[0].is_cancelled or self._timers[0].due_at <= now):
            timer = heapq.heappop(self._timers)
            if not timer.is_cancelled:
                timer.callback()
        self._arm()


def _give_up(waiter: asyncio.Future[Signal | None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def as_datetime(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, tz=UTC)


def rfc_2822(moment: float) -> str:
    """Twilio's date format: ``Tue, 24 Nov 2026 02:39:18 +0000``."""
    return format_datetime(as_datetime(moment))


def iso_8601(moment: float) -> str:
    return as_datetime(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""A call: one leg between the network and one handset, and the states it can be in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.clock import Signal, Timer


class CallStatus(StrEnum):
    QUEUED = "queued"  # accepted, waiting for its turn
    INITIATED = "initiated"  # being dialled
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"  # answered
    COMPLETED = "completed"  # answered, and over
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"  # taken back before it was answered


TERMINAL = frozenset(
    {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.NO_ANSWER, CallStatus.FAILED, CallStatus.CANCELED}
)
SIP_CODES = {
    CallStatus.COMPLETED: 200,
    CallStatus.BUSY: 486,
    CallStatus.NO_ANSWER: 487,
    CallStatus.FAILED: 404,
    CallStatus.CANCELED: 487,
}


class Direction(StrEnum):
    OUTBOUND_API = "outbound-api"
    OUTBOUND_DIAL = "outbound-dial"
    INBOUND = "inbound"


class Sound(StrEnum):
    """What reaches the ear at the handset."""

    SILENCE = "silence"
    SPEECH = "speech"
    ASKED = "asked"  # quiet, but a prompt has just asked for a key
    FETCHING = "fetching"  # quiet while the customer's server thinks
    RINGING = "ringing"
    MUSIC = "music"
    BRIDGE = "bridge"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where TwiML comes from: an address to ask, or a document at hand."""

    url: str = ""
    method: str = "POST"
    inline: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Where news of a call goes, and which."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, kw_only=True)
class Detection:
    """Answering machine detection as ordered with the call."""

    is_asynchronous: bool
    callback: Subscription | None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for when the call was made."""

    to: str
    sender: str
    source: Source | None
    fallback: Source | None = None
    subscription: Subscription | None = None
    timeout_s: float = 60.0
    time_limit_s: float = 14_400.0
    detection: Detection | None = None


class Keypad:
    """Keys pressed at the handset and not yet taken by anybody."""

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self.pressed = Signal()

    def press(self, keys: str) -> None:
        self._keys.extend(keys)
        if self._keys:
            self.pressed.set()

    def take(self) -> str | None:
        key = self._keys.popleft() if self._keys else None
        if not self._keys:
            self.pressed.clear()
        return key

    def clear(self) -> None:
        self._keys.clear()
        self.pressed.clear()


@dataclass(eq=False, kw_only=True)
class Call:
    """One leg. Only `Network` moves its status."""

    sid: str
    account_sid: str
    direction: Direction
    order: Order
    created_at: float
    parent: Call | None = None
    status: CallStatus = CallStatus.QUEUED
    subscription: Subscription | None = None
    fallback: Source | None = None
    updated_at: float = 0.0
    dialled_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    answered_by: str | None = None
    sip_code: int | None = None
    sequence: int = 0
    sound: Sound = Sound.SILENCE
    partner: Call | None = None
    children: list[Call] = field(default_factory=list)
    redirect: Source | None = None
    timers: list[Timer] = field(default_factory=list)
    keypad: Keypad = field(default_factory=Keypad)
    picked_up: Signal = field(default_factory=Signal)
    ready: Signal = field(default_factory=Signal)  # a child has been greeted and may be connected
    ended: Signal = field(default_factory=Signal)
    redirected: Signal = field(default_factory=Signal)
    reported: Signal = field(default_factory=Signal)  # the first status callback has been answered

    def __post_init__(self) -> None:
        self.updated_at = self.created_at
        self.subscription = self.order.subscription
        self.fallback = self.order.fallback

    @property
    def to(self) -> str:
        return self.order.to

    @property
    def sender(self) -> str:
        return self.order.sender

    @property
    def handset_number(self) -> str:
        """The number of the person on this leg."""
        return self.sender if self.direction is Direction.INBOUND else self.to

    @property
    def line_number(self) -> str:
        """The customer's number on this leg."""
        return self.to if self.direction is Direction.INBOUND else self.sender

    @property
    def is_live(self) -> bool:
        return self.status not in TERMINAL

    @property
    def is_child(self) -> bool:
        return self.parent is not None

    @property
    def duration_s(self) -> int:
        if self.answered_at is None or self.ended_at is None:
            return 0
        return round(self.ended_at - self.answered_at)

    @property
    def queue_ms(self) -> int:
        return 0 if self.dialled_at is None else round((self.dialled_at - self.created_at) * 1000)

    def as_json(self) -> dict[str, Any]:
        return {
            "call": self.sid,
            "parent": self.parent.sid if self.parent else None,
            "direction": self.direction,
            "to": self.to,
            "from": self.sender,
            "status": self.status,
        }

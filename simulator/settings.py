"""What can be set when the simulator starts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from simulator.dialplan import DRAMA_NUMBERS
from simulator.habits import MANUAL, Habit

DEFAULT_ACCOUNT_SID = "AC" + "51" * 16
DEFAULT_AUTH_TOKEN = "simulator"  # opens nothing but this loopback program


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the command line decides; see ``python -m simulator --help`` for the meanings."""

    host: str = "127.0.0.1"
    port: int = 8010
    account_sid: str = DEFAULT_ACCOUNT_SID
    auth_token: str = DEFAULT_AUTH_TOKEN
    seed: int = field(default_factory=lambda: secrets.randbits(32))
    speed: float = 1.0
    virtual: bool = False
    default_habit: Habit = MANUAL
    caller_ids: tuple[str, ...] = ()  # empty: any E.164 number may be shown as the caller
    messaging_sender: str = "+447700900000"  # what a messaging service sends from
    labels: tuple[tuple[str, str], ...] = ()  # number, name
    inbound_message_url: str | None = None
    inbound_call_url: str | None = None
    allow: tuple[str, ...] = DRAMA_NUMBERS
    forbid: tuple[str, ...] = ()
    countries: tuple[str, ...] = ("+44",)
    calls_per_second: float | None = None  # None: no pacing
    concurrent_calls: int | None = None  # None: no limit
    rings_at_once: bool = False  # no time passes between accepting a call and its ringing: for measuring the caller
    trace_file: Path | None = None
    openapi: Path | None = None  # Twilio's description of its API
    twiml_xsd: Path | None = None  # Twilio's schema of TwiML

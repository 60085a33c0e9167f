"""The command line: ``python -m simulator --port 8010``."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from simulator.dialplan import DRAMA_NUMBERS, E164
from simulator.habits import BadHabit, Habit, habit_from
from simulator.loopback import NotLoopback, check_bind_host, check_url
from simulator.server import serve
from simulator.settings import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, Settings


def main() -> int:
    settings = settings_from(sys.argv[1:])
    try:
        asyncio.run(run(settings))
    except OSError as error:
        print(f"The simulator cannot listen on {settings.host}:{settings.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


async def run(settings: Settings) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve(settings) as running:
        print(f"Telephone simulator: {running.address}/phones (seed {settings.seed})", flush=True)
        await stop.wait()


def settings_from(arguments: list[str]) -> Settings:
    """Read the command line; what is wrong ends the process with one plain line."""
    given = parser().parse_args(arguments)
    return Settings(
        host=given.host,
        port=given.port,
        account_sid=given.account_sid,
        auth_token=given.auth_token,
        **({} if given.seed is None else {"seed": given.seed}),
        speed=given.speed,
        virtual=given.virtual,
        default_habit=given.default_habit,
        caller_ids=tuple(given.caller_id),
        messaging_sender=given.messaging_sender,
        labels=tuple(given.phone),
        inbound_message_url=given.inbound_message_url,
        inbound_call_url=given.inbound_call_url,
        allow=(*DRAMA_NUMBERS, *given.allow),
        forbid=tuple(given.forbid),
        countries=tuple(given.country) or ("+44",),
        calls_per_second=given.calls_per_second,
        concurrent_calls=given.concurrent_calls,
        trace_file=given.trace,
        rings_at_once=given.rings_at_once,
        openapi=given.openapi,
        twiml_xsd=given.twiml_xsd,
    )


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A telephone network on this machine that speaks Twilio's REST API and calls back with signed"
        " webhooks. It listens on and calls loopback addresses only.",
    )
    add = parser.add_argument
    add("--host", type=_host, default="127.0.0.1", help="a loopback address (127.0.0.1)")
    add("--port", type=int, default=8010, help="0 takes any free port and prints it (8010)")
    add("--account-sid", default=os.environ.get("TWILIO_ACCOUNT_SID") or DEFAULT_ACCOUNT_SID)
    add("--auth-token", default=os.environ.get("TWILIO_AUTH_TOKEN") or DEFAULT_AUTH_TOKEN)
    add("--seed", type=int, help="repeat an earlier run's sids and dice (random)")
    add("--speed", type=_speed, default=1.0, help="simulated seconds for each real one (1)")
    add("--virtual", action="store_true", help="time stands still until POST /clock advances it")
    add("--default-habit", type=_habit, default=_habit("manual"), help="a habit in JSON, or one word (manual)")
    add("--caller-id", type=_number, action="append", default=[], help="a number of the account (any may call)")
    add("--messaging-sender", type=_number, default=Settings.messaging_sender, help="a messaging service's sender")
    add("--phone", type=_phone, action="append", default=[], metavar="NUMBER=NAME", help="a named handset")
    add("--inbound-message-url", type=_url, help="where texts from handsets are posted")
    add("--inbound-call-url", type=_url, help="who answers when a handset rings the account's number")
    add("--allow", action="append", default=[], metavar="PREFIX", help="numbers that may be contacted, besides Ofcom's")
    add("--forbid", action="append", default=[], metavar="WORD", help="must not be said before a key 1 (judgement I8)")
    add("--country", action="append", default=[], metavar="PREFIX", help="where the account may call (+44)")
    add("--calls-per-second", type=float, help="calls beyond this rate wait in line (no limit)")
    add("--concurrent-calls", type=int, help="calls beyond this number fail (no limit)")
    add("--rings-at-once", action="store_true", help="no time passes before a call rings: to measure the caller")
    add("--trace", type=Path, metavar="FILE", help="write everything that happens as JSON lines")
    add("--openapi", type=Path, metavar="FILE", help="Twilio's OpenAPI file: judge requests and answers by it")
    add("--twiml-xsd", type=Path, metavar="FILE", help="Twilio's TwiML schema: judge instructions by it")
    return parser


def _host(text: str) -> str:
    try:
        return check_bind_host(text)
    except NotLoopback as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _url(text: str) -> str:
    try:
        return check_url(text)
    except NotLoopback as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _speed(text: str) -> float:
    speed = float(text)
    if speed <= 0:
        raise argparse.ArgumentTypeError("the speed is more than zero")
    return speed


def _number(text: str) -> str:
    if E164.match(text) is None:
        raise argparse.ArgumentTypeError(f"{text} is not a number like +447700900001")
    return text


def _phone(text: str) -> tuple[str, str]:
    number, _, name = text.partition("=")
    return _number(number), name


def _habit(text: str) -> Habit:
    try:
        return habit_from(json.loads(text) if text.startswith("{") else text)
    except (BadHabit, json.JSONDecodeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())

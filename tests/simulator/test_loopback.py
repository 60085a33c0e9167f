"""The fence: nothing of the simulator leaves this machine, and no page of another site gets in."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from twilio.rest import Client

from simulator.loopback import NotLoopback, is_loopback_url
from simulator.server import serve
from simulator.settings import Settings
from tests.simulator.stage import ASHA, Customer, Simulator, ring

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/a", "http://localhost/a", "http://[::1]:1/a", "http://127.9.9.9"]
)
def test_addresses_of_this_machine_may_be_called(url: str) -> None:
    assert is_loopback_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a",
        "http://10.0.0.1/a",
        "http://0.0.0.0/a",
        "http://127.0.0.1.example.org/a",
        "http://localhost.example.org/a",
        "http://127.0.0.1@example.org/a",
        "ftp://127.0.0.1/a",
        "//127.0.0.1/a",
        "http://[::1",
        "",
    ],
)
def test_no_other_address_may_be_called(url: str) -> None:
    assert not is_loopback_url(url)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "example.org", ""])
def test_the_simulator_listens_nowhere_else(host: str) -> None:
    async def start() -> None:
        async with serve(Settings(host=host, port=0)):
            pass

    with ThreadPoolExecutor(1) as apart, pytest.raises(NotLoopback):  # a browser's tests hold this thread's event loop
        apart.submit(asyncio.run, start()).result()


def test_the_command_refuses_another_host_in_one_line() -> None:
    command = [sys.executable, "-m", "simulator", "--host", "0.0.0.0"]

    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False, cwd=Path(__file__).parents[2]
    )

    assert ended.returncode == 2
    assert "only listens on this machine" in ended.stderr


@pytest.mark.parametrize("verb", ["<Redirect>https://example.org/a</Redirect>", '<Gather action="//example.org/a"/>'])
def test_instructions_cannot_lead_off_this_machine(
    simulator: Simulator, twilio: Client, helpline: Customer, verb: str
) -> None:
    helpline.says("/answer", verb)
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1#"]})

    ring(twilio, helpline)
    simulator.advance(30)

    assert [entry["why"] for entry in simulator.log("twiml problem")] == ["refused (11205)"]


def test_a_dialled_numbers_addresses_cannot_lead_off_this_machine(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    helpline.says("/accept", '<Dial action="/done"><Number url="https://example.org/a">+447700900002</Number></Dial>')
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})

    ring(twilio, helpline)
    simulator.advance(30)

    assert helpline.fields("/done", "DialCallStatus") == ["failed"]


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_other_sites_cannot_reach_in_through_a_browser(simulator: Simulator, header: dict[str, str]) -> None:
    answer = simulator.session.post(f"{simulator.address}/reset", headers=header, timeout=5)

    assert answer.status_code == 403

"""The command: started as a program of its own, on any free port, with a trace in a file."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from simulator.__main__ import settings_from
from simulator.habits import PicksUp
from tests.simulator.stage import ACCOUNT, ASHA, TOKEN

ROOT = Path(__file__).parents[2]


@contextmanager
def program(*arguments: str) -> Iterator[str]:
    """Run ``python -m simulator`` and yield its address; Ctrl-C ends it."""
    environment = {**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    command = [sys.executable, "-m", "simulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        yield found.group()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_it_says_where_it_is_knows_the_account_and_writes_its_trace(tmp_path: Path) -> None:
    trace = tmp_path / "trace.jsonl"

    with program("--trace", str(trace), "--phone", f"{ASHA}=Counsellor Asha", "--seed", "5") as address:
        health = requests.get(f"{address}/healthz", timeout=5).json()
        label = requests.get(f"{address}/phones/{ASHA}", timeout=5).json()["label"]
        texts = f"{address}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        body = {"To": ASHA, "From": "+447700900100", "Body": "Hello"}
        assert requests.post(texts, data=body, auth=(ACCOUNT, TOKEN), timeout=5).status_code == 201

    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    assert (health["status"], health["seed"], label) == ("ok", 5, "Counsellor Asha")
    assert [line["kind"] for line in lines] == ["text", "rest"]


def test_a_port_that_is_taken_ends_it_with_one_line() -> None:
    with program() as address:
        port = address.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "simulator", "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, cwd=ROOT)

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"The simulator cannot listen on 127.0.0.1:{port}")
    assert ended.stderr.count("\n") == 1


def test_the_default_habit_is_a_word_or_json() -> None:
    word = settings_from(["--default-habit", "voicemail"])
    described = settings_from(["--default-habit", '{"picks_up": "person", "presses": ["1"]}'])

    assert settings_from([]).default_habit.picks_up is PicksUp.MANUAL
    assert word.default_habit.picks_up is PicksUp.VOICEMAIL
    assert described.default_habit.presses == ("1",)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--default-habit", "sometimes"],
        ["--inbound-message-url", "https://example.org/"],
        ["--speed", "0"],
        ["--phone", "Asha"],
        ["--caller-id", "0800"],
    ],
)
def test_what_cannot_be_understood_ends_it(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        settings_from(arguments)

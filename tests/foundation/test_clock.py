"""A rehearsal's clock: one file, one time in every process, at the speed that it says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app import BadEnvironment, read_settings
from foundation import clock
from foundation.clock import Rehearsal
from tests.conftest import NOON


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    shared = Rehearsal(tmp_path / "clock")
    shared.set(NOON, speed=0)
    with clock.reading(shared):
        yield shared


def test_a_standing_clock_moves_only_when_it_is_set(rehearsal: Rehearsal) -> None:
    assert clock.now() == NOON

    rehearsal.set(NOON + timedelta(hours=1), speed=0)

    assert clock.now() == NOON + timedelta(hours=1)


def test_a_wait_is_as_much_shorter_as_the_clock_is_faster(rehearsal: Rehearsal) -> None:
    rehearsal.set(NOON, speed=100)

    clock.wait(10)

    assert clock.real_seconds(10) == pytest.approx(0.1)
    assert timedelta(seconds=10) <= clock.now() - NOON < timedelta(minutes=10)


def test_another_process_has_the_same_time(rehearsal: Rehearsal) -> None:
    asks = "import sys; from pathlib import Path; from foundation import clock; "
    asks += "clock.rehearse(Path(sys.argv[1])); print(clock.now().isoformat())"

    told = subprocess.run(
        [sys.executable, "-c", asks, str(rehearsal.file)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert told.stdout.strip() == NOON.isoformat()


def test_a_real_service_refuses_a_rehearsals_clock(environment: dict[str, str]) -> None:
    asked = {**environment, "RINGBACK_DEMO": "0", "REHEARSAL_CLOCK": "/somewhere"}

    with pytest.raises(BadEnvironment, match="REHEARSAL_CLOCK"):
        read_settings(asked)


@pytest.mark.parametrize("name", ["SERVICE_TIMEZONE", "FIELD_KEYS"])
def test_a_setting_that_is_wrong_is_named_with_one_plain_reason(environment: dict[str, str], name: str) -> None:
    with pytest.raises(BadEnvironment) as stopped:
        read_settings(environment | {name: "Mars"})

    assert str(stopped.value).startswith(f"{name}: ")
    assert "Value error" not in str(stopped.value)
    assert ".." not in str(stopped.value)

"""How web processes stand back when processor time is short."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FORK = "import os, runpy; runpy.run_path('gunicorn.conf.py')['post_fork'](None, None); print(os.nice(0))"


@pytest.mark.parametrize(("wished", "stands_back"), [(None, 10), ("0", 0), ("7", 7), ("-5", 0)])
def test_a_web_process_stands_back_as_far_as_it_is_told(wished: str | None, stands_back: int) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "WEB_NICE"}
    if wished is not None:
        environ["WEB_NICE"] = wished

    ran = subprocess.run(
        [sys.executable, "-c", FORK], cwd=PROJECT, env=environ, capture_output=True, text=True, check=True
    )

    assert int(ran.stdout) - os.nice(0) == stands_back

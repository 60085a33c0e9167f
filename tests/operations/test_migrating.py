"""The migrations go up, down again step by step, and up, with rows in the tables."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

PROJECT = Path(__file__).parents[2]

THERE_AND_BACK = """
from flask_migrate import check, downgrade, upgrade

from app import create_app
from foundation import clock
from foundation.database import db, transaction
from migrations_of import newest
from rota.operations.demo import load_demo

app = create_app()
with app.app_context():
    upgrade()
    with transaction() as session:
        load_demo(session, now=clock.now(), zone=app.config["ZONE"])
    asked = app.test_client().post(
        "/api/v1/callbacks", json={"phone": "07700 900982", "consent": {"version": "2026-11", "given": True}}
    )
    assert asked.status_code == 201, asked.text
    db.session.remove()
    for number in range(newest - 1, -1, -1):
        downgrade(revision=f"{number:04d}" if number else "base")
        if number:
            upgrade(revision=f"{number + 1:04d}")
            downgrade(revision=f"{number:04d}")
    upgrade()
    check()
print("there and back")
"""
"""Each step is gone down, up and down again, so that a way back which forgets something fails here."""


@pytest.mark.operations
def test_every_step_goes_down_and_up_again_with_rows(environment: dict[str, str], tmp_path: Path) -> None:
    newest = (PROJECT / "migrations" / ".head").read_text(encoding="utf-8").strip()
    (tmp_path / "migrations_of.py").write_text(f"newest = {int(newest)}\n", encoding="utf-8")
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as server:
        server.execute("create database there_and_back")
    own = {"DATABASE_URL": environment["DATABASE_URL"].rpartition("/")[0] + "/there_and_back"}

    done = subprocess.run(
        [sys.executable, "-c", THERE_AND_BACK],
        cwd=PROJECT,
        env={**os.environ, **environment, **own, "PYTHONPATH": f"{PROJECT}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.stdout.endswith("there and back\n"), done.stderr[-3000:]

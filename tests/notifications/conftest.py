"""A rota to ring from, and the clock at noon on a Tuesday."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from rota.domain.shifts import Span
from tests.conftest import NOON, Clock
from tests.rota.planning import Team


@pytest.fixture
def a_rota(app: Flask, a_clock: Clock) -> None:
    """Two counsellors who are on for a day."""
    team = Team(app)
    for name in ("Ana Example", "Ben Example"):
        team.shift(team.counsellor(name), Span(NOON, NOON + timedelta(days=1)))

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
    """Three counsellors who never sleep, for the coming eight days."""
    team, day = Team(app), timedelta(days=1)
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        person = team.counsellor(name)
        for start in (NOON + n * day for n in range(8)):
            team.shift(person, Span(start, start + day))

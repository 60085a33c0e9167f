"""Promises are scored: kept or broken, and how far from the middle of the range we rang."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from lxml import html

from callbacks.domain.score import Promised, score
from callbacks.domain.window import Span
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock

MINUTE = timedelta(minutes=1)
QUOTED = Span(NOON, NOON + 20 * MINUTE)


def promised(rung_after_min: float | None, *, closed_after_min: float | None = None) -> Promised:
    def at(minutes: float | None) -> datetime | None:
        return None if minutes is None else NOON + minutes * MINUTE

    return Promised(QUOTED, at(rung_after_min), at(closed_after_min))


@pytest.mark.parametrize(
    ("one", "how"),
    [
        (promised(5), "kept"),
        (promised(20), "kept"),
        (promised(21), "broken"),
        (promised(None), "broken"),  # its time is over, and nobody rang
        (promised(None, closed_after_min=10), "void"),
        (promised(None, closed_after_min=30), "broken"),
    ],
)
def test_each_promise_is_kept_broken_or_void(one: Promised, how: str) -> None:
    found = score([one], now=NOON + 60 * MINUTE)

    assert {name: getattr(found, name) for name in ("kept", "broken", "void", "pending")} == {
        "kept": 0,
        "broken": 0,
        "void": 0,
        "pending": 0,
    } | {how: 1}


def test_what_is_still_to_come_counts_neither_way() -> None:
    found = score([promised(None)], now=NOON + 5 * MINUTE)

    assert (found.pending, found.share_kept) == (1, None)


def test_the_share_and_the_median_distance_are_of_those_that_were_rung() -> None:
    found = score([promised(5), promised(10), promised(18), promised(40), promised(None)], now=NOON + 60 * MINUTE)

    assert found.share_kept == 3 / 5
    assert found.off_by == 4 * MINUTE  # from the middle, at ten past: -5, 0, 8 and 30


def test_the_figures_say_how_promises_stand(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    desk.counsellor()
    kept, broken = desk.talked(), desk.ask()
    a_clock.on(hours=3)

    figures = app.test_client().get("/metrics").text

    assert kept != broken
    assert 'ringback_promises{how="kept"} 1.0' in figures
    assert 'ringback_promises{how="broken"} 1.0' in figures
    assert "ringback_promise_off_by_seconds" in figures


def test_the_reports_say_how_many_promises_were_kept(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    desk.counsellor()
    supervisor = desk.supervisor()
    desk.talked()
    desk.ask()
    a_clock.on(hours=3)

    page = " ".join(
        html.fromstring(supervisor.get("/staff/reports").text).xpath("//table[1]//text()[normalize-space()]")
    )

    assert "Kept 1 of 2, 50%" in page
    assert "Rung too late, or never 1" in page
    assert "before the middle" in page

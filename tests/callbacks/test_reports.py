"""The page of reports: the way to each, and how the requests of the last days stand."""

from __future__ import annotations

import re

from flask import Flask

from tests.callbacks.desk import Desk, words
from tests.conftest import Clock


def test_every_report_is_a_link_away_and_requests_are_counted_by_how_they_stand(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    sue = desk.supervisor()
    empty = words(sue.get("/staff/reports").text)
    desk.ask()
    a_clock.on(hours=30)
    desk.ask()

    page = sue.get("/staff/reports").text

    assert "Nobody asked for a call in the last 28 days." in empty
    assert "Waits to be rung122" in words(page)
    assert "All122" in words(page)
    links = re.findall(r'<li><a href="(/staff/[^"]+)">', page[page.index("<main") :])
    assert len(links) == 5
    assert all(sue.get(link).status_code == 200 for link in links)


def test_the_reports_are_for_those_who_plan(app: Flask, a_clock: Clock) -> None:
    ana = Desk(app, a_clock).counsellor()

    assert ana.get("/staff/reports").status_code == 403

"""What a visitor's page costs: every page in every state is complete in one round trip and asks nobody else."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Response, request, request_finished
from flask.testing import FlaskClient
from lxml import html

from foundation.web.assets import read_assets
from tests.browser.fates import EVERYTHING, FATES, page_of
from tests.browser.states import ROUND_TRIP
from tests.callbacks.desk import Desk
from tests.callbacks.test_languages import every_page, speaks_welsh
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("a_rota")

NO_PAGES = {"/leave", "/c/<token>/call.ics"}
"""Addresses that lead away, or to a file."""


@dataclass
class Wire:
    """Hears every page that is sent, as it is sent to a browser that takes gzip."""

    sizes: dict[str, int] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)

    def hear(self, _app: Flask, response: Response, **_more: Any) -> None:
        if response.mimetype != "text/html" or response.status_code in (302, 303):
            return
        name = f"{request.path} {response.status_code} ({len(self.sizes)})"
        body = response.get_data()
        self.sizes[name] = len(gzip.compress(body, 6)) + len(str(response.headers))
        self.pages[name] = body.decode()
        self.rules.add(request.url_rule.rule if request.url_rule else "")


@pytest.fixture
def wire(app: Flask) -> Iterator[Wire]:
    listening = Wire()
    request_finished.connect(listening.hear, app)
    yield listening
    request_finished.disconnect(listening.hear, app)


def walk(app: Flask, client: FlaskClient, clock: Clock) -> None:
    """Every page that there is, with a way to it, in every state that its address can be in."""
    for _ in every_page(client):
        pass
    desk = Desk(app, clock)
    for fate in FATES.values():
        client.get(page_of(desk, fate))
    own = page_of(desk, safe_contact=EVERYTHING, name="Sam " * 18)
    for part in ("", "/time", "/times", "/number", "/contact", "/cancel", "/erase"):
        app.test_client().get(own + part)
    clock.on(days=9)
    client.get(f"{own}/time")


@pytest.mark.parametrize("language", ["en", "cy"])
def test_every_page_in_every_state_fits_into_one_round_trip(
    app: Flask, client: FlaskClient, a_clock: Clock, wire: Wire, language: str
) -> None:
    speaks_welsh(app)
    client.get(f"/tips?lang={language}")

    walk(app, client, a_clock)

    assert {name: size for name, size in wire.sizes.items() if size > ROUND_TRIP} == {}
    rules = {rule.rule: rule for rule in app.url_map.iter_rules()}
    addresses = {path for path, rule in rules.items() if rule.endpoint.startswith(("visitor.", "own_page."))}
    assert {path for path in addresses if "GET" in (rules[path].methods or ())} - wire.rules == NO_PAGES


def test_no_page_asks_another_site_or_for_a_font_or_needs_a_script(
    app: Flask, client: FlaskClient, a_clock: Clock, wire: Wire
) -> None:
    walk(app, client, a_clock)

    assert len(wire.pages) > 60
    for name, page in wire.pages.items():
        tree = html.fromstring(page)
        fetched = [str(one) for one in tree.xpath("//@src | //link/@href | //@srcset | //@poster | //@data")]
        assert [one for one in fetched if not one.startswith("/assets/")] == [], name
        assert len(fetched) <= 4, name
        assert tree.xpath("//script[not(@defer)] | //script[text()] | //img | //iframe | //object") == [], name
        assert tree.xpath("//link[@rel!='icon']") == [], name
        assert tree.xpath("//@*[starts-with(name(), 'on')]") == [], name
        forms = tree.xpath("//main//form")
        assert [form for form in forms if not form.xpath(".//button[not(@type) or @type='submit']")] == [], name


def test_the_style_names_no_font_of_ours_and_fetches_nothing() -> None:
    style = read_assets()["app.css"].body.decode()

    assert re.findall(r"@font-face|@import|url\(", style) == []


def test_the_scripts_of_the_visitors_pages_are_small_and_kept_for_a_year(client: FlaskClient) -> None:
    assets = read_assets()

    for name in ("leave.js", "kept.js", "work.js", "icon.svg"):
        asset = assets[name]
        assert len(asset.zipped) < 1500, name
        kept = client.get(f"/assets/{asset.digest}/{name}").headers["Cache-Control"]
        assert f"max-age={int(timedelta(days=365).total_seconds())}, immutable" in kept

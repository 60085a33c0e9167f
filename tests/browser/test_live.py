"""Live parts of staff pages in a real browser: swapped when they change, never under somebody's hands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, abort, render_template_string
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from foundation.web.frame import init_frame

pytestmark = pytest.mark.browser

PAGE = """
{% extends "staff.html" %}{% block title %}Board{% endblock %}
{% block content %}<section id="part" data-live="/part" data-every="100">{{ part|safe }}</section>{% endblock %}
"""


@dataclass
class Board:
    """A page with one live part, whose words a test can change."""

    address: str = ""
    part: str = '<button id="first">one</button><label>Note <input id="note"></label>'
    is_away: bool = False


@pytest.fixture
def board() -> Iterator[Board]:
    board, app = Board(), Flask("board", static_folder=None)
    app.config.update(SERVICE_NAME="The Example Line", PUBLIC_BASE_URL="", ZONE=ZoneInfo("Europe/London"))
    init_frame(app)
    app.add_url_rule("/", "page", lambda: render_template_string(PAGE, part=board.part))
    app.add_url_rule("/part", "part", lambda: abort(503) if board.is_away else board.part)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    board.address = f"http://127.0.0.1:{server.port}/"
    yield board
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, board: Board) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(board.address)
    yield page
    page.close()


def test_a_part_that_changed_is_swapped_and_the_focus_stays(page: Page, board: Board) -> None:
    page.locator("#first").focus()

    board.part = board.part.replace("one", "two")

    expect(page.locator("#first")).to_have_text("two")
    expect(page.locator("#first")).to_be_focused()


def test_a_part_that_did_not_change_is_left_alone(page: Page) -> None:
    page.locator("#first").evaluate("button => { button.dataset.mine = 'yes'; }")

    page.wait_for_timeout(400)

    assert page.locator("#first").get_attribute("data-mine") == "yes"


def test_nothing_is_swapped_under_somebody_who_types(page: Page, board: Board) -> None:
    page.locator("#note").fill("They would rather")
    board.part = board.part.replace("one", "two")
    page.wait_for_timeout(400)
    typed = page.locator("#note").input_value()
    page.locator("#note").blur()

    expect(page.locator("#first")).to_have_text("two")
    assert typed == "They would rather"


def test_f37_a_lost_connection_is_said_and_so_is_its_return(page: Page, board: Board) -> None:
    lost = page.get_by_text("The connection is lost")
    expect(lost).to_be_hidden()

    board.is_away = True
    expect(lost).to_be_visible()
    board.is_away = False

    expect(lost).to_be_hidden()

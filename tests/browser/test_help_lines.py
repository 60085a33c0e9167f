"""The supervisor's pages about help lines, in a real browser: narrow and wide, and when something is wrong."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser

from tests.browser.states import RULES, send
from tests.callbacks.desk import Desk
from tests.conftest import Clock
from tests.rota.planning import PASSWORD

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [320, 1280])
def test_the_pages_about_help_lines_break_no_rule_and_fit(
    browser: Browser, app: Flask, served: str, a_clock: Clock, width: int
) -> None:
    Desk(app, a_clock).supervisor()
    a_clock.on(days=100)  # so that some are to be checked again
    context = browser.new_context(base_url=served, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto("/staff/sign-in")
    page.get_by_label("E-mail").fill("supervisor@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    send(page)

    wrong = []
    for path in ("/staff/help-lines", "/staff/help-lines/samaritans", ""):
        if path:
            page.goto(path)
        else:
            send(page)
        wrong.append(Axe().run(page, options={"runOnly": RULES}).violations_count)
        wrong.append(int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")))

    assert wrong == [0] * 6
    context.close()

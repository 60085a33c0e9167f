"""A real Chromium, and the product really served with a rota to ring from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.looks import WIDE, Opens
from tests.callbacks.conftest import a_rota
from tests.rota.planning import PASSWORD

__all__ = ["a_rota"]

expect.set_options(timeout=20_000)  # two suites share the machine: what is slow there is not wrong


@pytest.fixture
def base(app: Flask, served: str, a_rota: None) -> str:
    """The address of the product, with people on shift."""
    return served


@pytest.fixture
def signs_in(browser: Browser, served: str) -> Iterator[Opens]:
    """Open a page as one of the staff, in a browser of its own; whoever signs in must exist."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, who: str, **view: Any) -> Page:
        context = browser.new_context(base_url=served, **({"viewport": WIDE} | view))
        contexts.append(context)
        page = context.new_page()
        page.goto("/staff/sign-in")
        page.get_by_label("E-mail").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()

"""The form at the end of an article on another page, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from foundation.embedded import Servers
from tests.browser.fates import refusals
from tests.browser.states import NARROW, Judge, Place, asking
from tests.callbacks.desk import Desk
from tests.conftest import Clock

pytestmark = pytest.mark.browser


@pytest.fixture
def article(browser: Browser, base: str) -> Iterator[Page]:
    context = browser.new_context(base_url=base, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto("/demo/article")
    yield page
    context.close()


def frame_height(page: Page) -> float:
    box = page.locator("iframe").bounding_box()
    assert box
    return box["height"]


def test_the_form_stands_in_the_article_and_the_frame_is_as_high_as_its_page(article: Page) -> None:
    form = article.frame_locator("iframe")
    form.get_by_label("What should we call you?").fill("Sam")
    first = frame_height(article)
    form.get_by_role("button", name="Continue").click()
    expect(form.get_by_role("heading", level=1)).to_have_text("What is safe for you?")
    inside = article.frames[1]

    article.wait_for_function("before => document.querySelector('iframe').offsetHeight > before", arg=first)
    assert abs(frame_height(article) - int(inside.evaluate("document.body.scrollHeight"))) <= 1
    assert inside.evaluate("document.documentElement.scrollHeight - innerHeight") <= 1


def test_a_mistake_in_the_frame_takes_the_focus_to_what_is_wrong(article: Page) -> None:
    form = article.frame_locator("iframe")
    for heading in ("What is safe for you?", "What number should we ring?"):
        form.get_by_role("button", name="Continue").click()
        expect(form.get_by_role("heading", level=1)).to_have_text(heading)

    form.get_by_role("button", name="Continue").click()

    expect(form.locator(".error-summary")).to_be_focused()


def test_leaving_takes_the_whole_window_away(article: Page) -> None:
    article.context.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="Weather"))

    article.frame_locator("iframe").locator("header .leave").click()

    expect(article).to_have_url("https://www.bbc.co.uk/weather")


def test_without_scripts_a_plain_link_leads_to_the_form(browser: Browser, base: str) -> None:
    context = browser.new_context(base_url=base, java_script_enabled=False)
    page = context.new_page()
    page.goto("/demo/article")

    page.get_by_role("link", name="Ask for a call").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ask us to ring you")
    context.close()


def test_the_article_and_the_form_in_it_break_no_accessibility_rule(article: Page) -> None:
    expect(article.frame_locator("iframe").get_by_label("What should we call you?")).to_be_visible()

    found = Axe().run(article)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("part", ["asking", "refusals"])
def test_every_page_in_every_state_can_be_read_and_used_in_the_article_too(
    browser: Browser, base: str, app: Flask, a_clock: Clock, running_servers: Servers, part: str
) -> None:
    context = browser.new_context(base_url=base, viewport=NARROW)
    page = context.new_page()
    desk = Desk(app, a_clock)
    page.goto("/demo/article")
    expect(page.frame_locator("iframe").locator("#name")).to_be_visible()
    judge = Judge(page, base, page.frames[1])
    judge.asked.clear()  # what the article is made of

    def states(place: Place) -> Iterator[str]:
        return asking(place) if part == "asking" else refusals(place, desk, running_servers)

    for state in states(page.frames[1]):
        judge.look(state)

    assert [each[:300] for each in judge.wrong] == []
    context.close()

"""The page of handsets in a real browser: live, usable by keyboard, within WCAG 2.2 AA, also at 320 pixels."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from twilio.rest import Client

from tests.simulator.stage import ASHA, HELPLINE, ROBIN, Customer, Simulator, ring

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
pytestmark = pytest.mark.browser


def opened(browser: Browser, simulator: Simulator, **view: Any) -> Page:
    page = browser.new_page(**view)
    page.goto(f"{simulator.address}/phones")
    return page


def in_a_talk(simulator: Simulator, twilio: Client, helpline: Customer) -> None:
    """Asha and Robin are connected, Robin has a text, and a third handset rings."""
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    simulator.habit(ROBIN, {"picks_up": "person"})
    twilio.messages.create(to=ROBIN, from_=HELPLINE, body="We will ring you soon.")
    ring(twilio, helpline)
    ring(twilio, helpline, to="+447700900003")
    simulator.advance(18)


def test_a_ring_appears_by_itself_and_can_be_answered_and_ended_by_keyboard(
    simulator: Simulator, twilio: Client, helpline: Customer, browser: Browser
) -> None:
    page = opened(browser, simulator)
    expect(page.locator("#live")).to_have_text("Live")
    ring(twilio, helpline)
    simulator.advance(1)

    answer = page.get_by_role("button", name="Answer")
    expect(answer).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("+44 7700 900001: Ringing")
    answer.focus()
    page.keyboard.press("Enter")
    hang_up = page.get_by_role("button", name="Hang up")
    expect(hang_up).to_be_visible()
    expect(page.locator(":focus")).to_have_text("Hang up +44 7700 900001")
    page.keyboard.press("Enter")

    expect(page.locator("article .state")).to_have_text("Quiet")
    assert simulator.statuses(ASHA)[-1] == "completed"
    page.close()


def test_what_is_being_typed_survives_the_live_updates(
    simulator: Simulator, twilio: Client, helpline: Customer, browser: Browser
) -> None:
    simulator.phone(ASHA)
    page = opened(browser, simulator)
    page.locator("summary").click()
    page.get_by_label("Send a text").fill("I am runn")

    ring(twilio, helpline)
    simulator.advance(1)
    expect(page.locator("article .state")).to_have_text("Ringing")
    page.keyboard.type("ing late")

    expect(page.get_by_label("Send a text")).to_have_value("I am running late")
    page.keyboard.press("Enter")
    expect(page.locator(".texts")).to_contain_text("I am running late")
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (320, "dark"), (1280, "light")])
def test_the_page_is_accessible_and_fits(
    simulator: Simulator, twilio: Client, helpline: Customer, browser: Browser, width: int, scheme: str
) -> None:
    in_a_talk(simulator, twilio, helpline)
    page = opened(browser, simulator, viewport={"width": width, "height": 900}, color_scheme=scheme)
    expect(page.get_by_role("button", name="Answer")).to_be_visible()
    page.locator("summary").first.click()

    found = Axe().run(page, options={"runOnly": RULES})

    assert [violation["id"] for violation in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_without_scripts_the_same_buttons_work(
    simulator: Simulator, twilio: Client, helpline: Customer, browser: Browser
) -> None:
    ring(twilio, helpline)
    simulator.advance(1)
    page = opened(browser, simulator, java_script_enabled=False)

    page.get_by_role("button", name="Answer").click()

    expect(page.locator("article .state")).to_have_text("In a call")
    expect(page.get_by_role("link", name="Refresh")).to_be_visible()
    page.close()

"""What every page of the staff is held against: two screens, the rules of accessibility, no scrolling sideways."""

from __future__ import annotations

from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

NARROW, WIDE = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Opens = Callable[..., Page]
"""Opens a page as somebody."""


def overflow(page: Page) -> int:
    """Pixels that are only reached by scrolling sideways."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def violations(page: Page) -> list[str]:
    """The accessibility rules that the page breaks."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes']]}" for one in found.response["violations"]]


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
        if name.startswith(label):
            return
    raise AssertionError(f"the keyboard does not reach {label!r}")

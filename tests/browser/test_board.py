"""The supervisor's board and the page that says why nobody rang, in a real browser: narrow, dark, without scripts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff
from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.lifecycle import Event
from foundation.database import transaction
from rota.models import CounsellorRow
from tests.browser.looks import NARROW, RULES, WIDE, Opens, overflow
from tests.callbacks.desk import Desk
from tests.conftest import NOON, Clock
from tests.rota.planning import PASSWORD

pytestmark = pytest.mark.browser

SUPERVISOR = "sue@example.org"
ONLY_A_WOMAN = GenderWish(Gender.FEMALE, Strength.ONLY)


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    """A busy hour: every part of the board has something in it."""
    desk = Desk(app, a_clock)
    with app.app_context(), transaction() as session:
        add_staff(session, email=SUPERVISOR, name="Sue", password=PASSWORD, role=Role.SUPERVISOR, now=NOON)
    desk.counsellor("Ana Example")
    desk.talked()
    desk.counsellor("Ben Example")
    desk.take(_given(desk))
    desk.counsellor("Cat Example")
    _hold(desk, desk.ask())
    _a_woman_who_is_not_on(desk)
    desk.ask(gender=ONLY_A_WOMAN)
    desk.clock.on(hours=5)
    return desk


def _a_woman_who_is_not_on(desk: Desk) -> None:
    """Without her nobody could ever ring who is asked for, and a supervisor would decide at once."""
    person = desk.team.counsellor("Eve Example", is_available=False)
    with desk.app.app_context(), transaction() as session:
        session.get_one(CounsellorRow, person).gender = Gender.FEMALE


def _given(desk: Desk) -> str:
    reference = desk.ask()
    desk.match()
    return reference


def _hold(desk: Desk, reference: str) -> None:
    with desk.app.app_context(), transaction() as session:
        callback = session.merge(desk.row(reference))
        callback.move(Event.HOLD, due_by=callback.never_after, now=desk.clock.at)
        callback.review_reason = ReviewReason.NUMBER_FAILS


@pytest.fixture
def opens(signs_in: Opens, desk: Desk) -> Opens:
    """Open a page as the supervisor."""

    def open_page(path: str = "/staff/board", **view: Any) -> Page:
        return signs_in(path, SUPERVISOR, **view)

    return open_page


@pytest.fixture
def why(desk: Desk) -> str:
    """The page about a request that waits."""
    return f"/staff/callbacks/{desk.ask()}/why"


@pytest.mark.parametrize(("viewport", "scheme"), [(NARROW, "light"), (NARROW, "dark"), (WIDE, "light"), (WIDE, "dark")])
def test_neither_page_breaks_an_accessibility_rule(opens: Opens, why: str, viewport: Any, scheme: str) -> None:
    page = opens(viewport=viewport, color_scheme=scheme)

    for path in ("/staff/board", why):
        page.goto(path)
        found = Axe().run(page, options={"runOnly": RULES})
        assert found.violations_count == 0, found.generate_report()


def test_both_pages_fit_a_narrow_screen(opens: Opens, desk: Desk, why: str) -> None:
    longest_rule = f"/staff/callbacks/{desk.ask(gender=ONLY_A_WOMAN)}/why"
    page = opens(viewport=NARROW)

    for path in ("/staff/board", why, longest_rule):
        page.goto(path)
        assert overflow(page) <= 0, path


def test_the_figures_of_the_board_are_of_one_size_and_fill_whole_rows_at_every_width(opens: Opens) -> None:
    page = opens("/staff/board")

    for width in (320, 768, 1040, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        boxes = [tile.bounding_box() for tile in page.locator("#board .tile").all()]

        tiles = [box for box in boxes if box is not None]
        widths = [tile["width"] for tile in tiles]
        assert len(tiles) == 8
        assert max(widths) - min(widths) <= 1, width  # a pixel is rounded up or down
        assert len(set(Counter(round(tile["y"]) for tile in tiles).values())) == 1, width


def test_the_board_shows_everything_without_scripts(opens: Opens) -> None:
    page = opens(java_script_enabled=False)

    expect(page.get_by_role("heading", level=1)).to_have_text("Board")
    expect(page.get_by_text("Somebody waits and somebody is free")).to_be_visible()
    expect(page.get_by_role("row", name="Counsellor pressed 1").first).to_be_visible()


def test_the_board_follows_what_happens_by_itself(opens: Opens, desk: Desk) -> None:
    page = opens()

    reference = desk.ask()

    expect(page.get_by_role("link", name=reference).first).to_be_visible(timeout=10_000)


def test_the_keyboard_stays_where_it_was_when_the_board_changes(opens: Opens, desk: Desk) -> None:
    page = opens()
    page.locator("#board table a").first.focus()
    held = page.evaluate("document.activeElement.id")

    reference = desk.ask()
    expect(page.get_by_role("link", name=reference).first).to_be_visible(timeout=10_000)

    assert held
    assert page.evaluate("document.activeElement.id") == held


def test_from_the_notice_it_is_one_step_to_all_the_reasons(opens: Opens) -> None:
    page = opens(viewport=NARROW)

    with page.expect_navigation():
        page.get_by_role("link", name="All the reasons").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Why does nobody ring?")
    expect(page.get_by_role("row", name="Cat Example")).to_be_visible()

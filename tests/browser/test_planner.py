"""The planner's desk in a real browser: narrow and wide, light and dark, by keyboard, by mouse, without scripts."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.queries import staff_by_email
from foundation.database import transaction
from rota import queries
from rota.operations import drafts, leave, patterns, swaps
from rota.operations.drafts import DraftShift
from rota.operations.patterns import Turns
from tests.browser.looks import NARROW, WIDE, Opens, overflow, tab_to, violations
from tests.callbacks.desk import Desk
from tests.conftest import Clock
from tests.rota.planning import LONDON, NOON, hours

pytestmark = pytest.mark.browser

SUE = "supervisor@example.org"
ROTA, DRAFT = "/staff/rota?week=2026-W48", "/staff/rota/draft?week=2026-W48"
COVERAGE = "/staff/coverage?week=2026-W48"
PAGES = (
    ROTA,
    f"{ROTA}&weeks=4",
    DRAFT,
    "/staff/rota/patterns",
    "/staff/rota/patterns/1?first=2026-11-30&last=2026-12-13",
    "/staff/rota/stand-in",
    "/staff/rota/working-time",
    "/staff/rota/requests?day=2026-11-25&starts=09:00&ends=13:00",
    f"{COVERAGE}&shift=1",
)


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    """A rota with something on every page: a draft against a rule, a pattern, a swap, leave to decide."""
    desk = Desk(app, a_clock)
    desk.team.need(1)
    ana, ben = desk.team.counsellor("Ana Example"), desk.team.counsellor("Ben Example")
    shift = desk.team.shift(ana, hours(20, 28))
    desk.team.shift(ben, hours(44, 52))
    desk.supervisor()
    with app.app_context(), transaction() as session:
        supervisor = staff_by_email(session, email=SUE)
        assert supervisor
        draft = drafts.begin(session, by=supervisor.id, now=NOON)
        wanted = [DraftShift(None, 0, ben, hours(34, 40), "Flood"), DraftShift(None, 0, ana, hours(70, 76))]
        drafts.put(session, draft_id=draft.id, changes=wanted, zone=LONDON, now=NOON)
        turns = Turns(time(9), time(17))
        patterns.add_rotation(
            session, name="Days", first_day=date(2026, 11, 30), turns=turns, groups=[[ana], [ben]], by=None, now=NOON
        )
        row = swaps.offer(session, shift_id=shift, owner_id=ana, by=None, now=NOON)
        swaps.take(session, swap_id=row.id, taker_id=ben, zone=LONDON, by=None, now=NOON)
        leave.ask(
            session,
            counsellor_id=ana,
            first_day=date(2026, 12, 1),
            last_day=date(2026, 12, 2),
            by=None,
            today=NOON.date(),
            now=NOON,
        )
    return desk


@pytest.fixture
def opens(signs_in: Opens, desk: Desk) -> Opens:
    """Open a page as the supervisor."""

    def open_page(path: str, **view: Any) -> Page:
        return signs_in(path, SUE, **view)

    return open_page


@pytest.mark.parametrize(("viewport", "scheme"), [(NARROW, "dark"), (WIDE, "light")])
def test_no_page_of_the_desk_breaks_an_accessibility_rule_or_is_wider_than_the_screen(
    opens: Opens, viewport: Any, scheme: str
) -> None:
    page = opens("/staff/rota", viewport=viewport, color_scheme=scheme)
    broken: dict[str, tuple[list[str], int]] = {}

    for path in PAGES:
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        broken[path] = (violations(page), overflow(page))
    page.goto(DRAFT)
    page.get_by_role("button", name="Put it into the draft").click()
    broken["mistakes"] = (violations(page), overflow(page))

    assert broken == dict.fromkeys(broken, ([], 0))


def test_on_a_narrow_screen_the_rota_is_a_list_of_people_with_their_shifts_in_words(opens: Opens) -> None:
    page = opens(f"{ROTA}&weeks=4", viewport=NARROW)

    expect(page.locator(".people thead")).to_be_hidden()
    chip = page.locator(".chip").first
    expect(chip.locator(".whole")).to_be_visible()
    expect(chip.locator(".on-day")).to_be_visible()
    expect(chip.locator(".short")).to_be_hidden()


def test_four_weeks_on_a_wide_screen_are_short_to_see_and_whole_to_hear(opens: Opens) -> None:
    page = opens(f"{ROTA}&weeks=4")

    expect(page.locator(".chip .short").first).to_have_text("08-16")
    expect(page.get_by_role("link", name="08:00 to 16:00 : change this shift of Ana Example")).to_have_count(1)


def test_the_keyboard_alone_drafts_a_shift_and_publishes(opens: Opens, desk: Desk) -> None:
    page = opens(DRAFT)

    tab_to(page, "Counsellor")
    page.keyboard.type("Ben")
    for field, typed in (("#day", "2026-11-30"), ("#starts", "09:00"), ("#ends", "12:00")):
        page.locator(field).fill(typed)
    tab_to(page, "Put it into the draft")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("Drafted. Nothing is in force")).to_be_visible()
    tab_to(page, "Publish")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_text("Published. Everybody whose shifts changed is told by text, once.")).to_be_visible()
    assert len(_planned(desk)) == 5


def test_a_shift_that_is_dragged_opens_its_form_there_with_a_verdict_and_saves_nothing(
    opens: Opens, desk: Desk
) -> None:
    page = opens(ROTA)
    before = _planned(desk)
    chip = page.locator('[data-shift="1"]')
    there = page.locator('td[data-person="2"][data-day="2026-11-28"]')
    start, end = chip.bounding_box(), there.bounding_box()
    assert start is not None
    assert end is not None

    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)
    page.mouse.up()

    expect(page.locator("#verdict")).to_be_visible()
    expect(page.locator("#counsellor")).to_have_value("2")
    expect(page.locator("#day")).to_have_value("2026-11-28")
    expect(page.locator("#starts")).to_have_value("08:00")
    assert _planned(desk) == before
    page.get_by_role("button", name="Save the change").click()
    expect(page.get_by_text("Shift changed: Ben Example, Saturday 28 November, 08:00 to 16:00")).to_be_visible()


def test_what_dragging_does_is_done_without_scripts_by_following_the_shift(opens: Opens) -> None:
    page = opens(ROTA, java_script_enabled=False)

    page.get_by_role("link", name="change this shift of Ana Example").first.click()
    page.get_by_label("Counsellor").select_option(label="Ben Example")
    page.locator("#day").fill("2026-11-28")
    page.get_by_role("button", name="Check first").click()
    expect(page.locator("#verdict")).to_contain_text("No rule stands against it")
    page.get_by_role("button", name="Save the change").click()

    expect(page.get_by_text("Shift changed: Ben Example, Saturday 28 November")).to_be_visible()


def _planned(desk: Desk) -> list[tuple[str, object]]:
    with desk.app.app_context(), transaction() as session:
        shifts = queries.rostered(session, start=NOON, end=hours(0, 24 * 30).ends_at)
        return [(shift.name, shift.span) for shift in shifts]

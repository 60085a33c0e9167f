"""Demand, breaks, terms, tables, evidence and the journal in a real browser: narrow, dark, by keyboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff
from foundation.database import transaction
from rota.domain.counsellor import Skill
from rota.domain.rules import Site
from rota.operations.holidays import add_holiday
from tests.browser.looks import NARROW, RULES, WIDE, Opens
from tests.conftest import Clock
from tests.rota.planning import NOON, PASSWORD, Team, hours

pytestmark = pytest.mark.browser


@pytest.fixture
def team(app: Flask, a_clock: Clock) -> Team:
    """Two counsellors with long shifts, demand, a bank holiday of our own, and a supervisor."""
    team = Team(app)
    for name in ("Ana Example", "Wilhelmina Featherstonehaugh-Cholmondeley"):
        person = team.counsellor(name, Skill.CRISIS)
        team.shift(person, hours(-4, 4))
        team.shift(person, hours(20, 28))
    team.need(2)
    with app.app_context(), transaction() as session:
        add_staff(session, email="sue@example.org", name="Sue Planner", password=PASSWORD, role=Role.SUPERVISOR,
                  now=NOON)  # fmt: skip
        add_holiday(session, day=NOON.date() + timedelta(days=1), name="A day of thanks", sites=[Site.SCOTLAND],
                    by=None, now=NOON)  # fmt: skip
    return team


@pytest.fixture
def opens(signs_in: Opens, team: Team) -> Opens:
    """Open a page as the supervisor."""

    def open_page(path: str, **view: Any) -> Page:
        return signs_in(path, "sue@example.org", **view)

    return open_page


def broken(page: Page) -> tuple[list[str], int]:
    """The accessibility rules that the page breaks, and the pixels that are reached only by scrolling sideways."""
    for each in page.locator("details").all():
        each.evaluate("element => { element.open = true }")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    rules = [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found.response["violations"]]
    return rules, wider


PAGES = (
    "/staff/coverage/demand",
    "/staff/coverage/demand?band=1",
    "/staff/coverage/breaks",
    "/staff/team",
    "/staff/team/1/terms",
    "/staff/team/limits",
    "/staff/team/tables",
    "/staff/rota/evidence?first=2026-11-23&last=2026-11-26",
    "/staff/rota/hours",
    "/staff/rota/holidays",
    "/staff/journal",
)


@pytest.mark.parametrize(("viewport", "scheme"), [(NARROW, "light"), (NARROW, "dark"), (WIDE, "light"), (WIDE, "dark")])
def test_no_page_breaks_an_accessibility_rule_or_is_wider_than_the_screen(
    opens: Opens, viewport: Any, scheme: str
) -> None:
    page = opens(PAGES[0], viewport=viewport, color_scheme=scheme)

    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = broken(page)

    assert found == dict.fromkeys(PAGES, ([], 0))


def test_pages_that_refuse_break_no_rule_either(opens: Opens) -> None:
    page = opens("/staff/coverage/demand", viewport=NARROW)
    found = []
    for path, button in (
        ("/staff/coverage/demand", "Add the band"),
        ("/staff/team/1/terms", "Record the opt-out"),
        ("/staff/rota/holidays", "Add the bank holiday"),
    ):
        page.goto(path)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
        found.append(broken(page))

    assert found == [([], 0)] * 3


def test_a_band_is_added_by_keyboard_alone(opens: Opens) -> None:
    page = opens("/staff/coverage/demand")

    page.get_by_label("Monday").focus()
    page.keyboard.press("Space")
    page.get_by_label("From", exact=True).first.focus()
    page.keyboard.type("0800AM")
    page.get_by_label("To", exact=True).focus()
    page.keyboard.type("1000PM")
    page.get_by_label("People at least").focus()
    page.keyboard.type("3")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("The week asks for it now")
    expect(page.get_by_role("listitem").filter(has_text="08:00 to 22:00")).to_contain_text("at least 3")


def test_a_refused_form_puts_the_focus_on_what_is_wrong_and_each_sentence_leads_to_its_field(opens: Opens) -> None:
    page = opens("/staff/coverage/demand")

    page.get_by_role("button", name="Add the band").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_label("From", exact=True).first).to_be_focused()


def test_a_table_is_checked_and_taken_in_by_keyboard_without_scripts(opens: Opens) -> None:
    page = opens("/staff/team/tables", java_script_enabled=False)
    file = b"email,day,starts,ends\nana@example.org,2026-11-27,22:00,06:00\n"

    page.get_by_label("Take shifts in").set_input_files({"name": "s.csv", "mimeType": "text/csv", "buffer": file})
    page.get_by_role("button", name="Check the file first").nth(1).press("Enter")
    expect(page.get_by_role("heading", name="Nothing is wrong with the file")).to_be_visible()
    page.get_by_role("button", name="Take it in").press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("Taken in. 1 shift; one person is told.")


def test_missing_breaks_are_planned_with_one_press_and_the_page_says_so(opens: Opens) -> None:
    page = opens("/staff/coverage/breaks", viewport=NARROW)

    page.get_by_role("button", name="Plan the missing breaks").press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("2 breaks are planned")
    expect(page.locator(".badge", has_text="No break")).to_have_count(2)
    page.get_by_text("Change the break").first.press("Enter")
    expect(page.get_by_role("button", name="Save the break").first).to_be_visible()

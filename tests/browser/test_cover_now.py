"""A counsellor's own planning and the page of cover in a real browser: narrow, dark, by keyboard, without scripts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from accounts.domain.roles import Role
from accounts.operations.staff import add_staff
from foundation.database import transaction
from notifications.models import CallRow
from notifications.operations import hear, place
from rota import queries
from rota.models import CounsellorRow
from rota.operations import ladder, swaps
from tests.browser.looks import NARROW, WIDE, Opens, overflow, tab_to, violations
from tests.conftest import NOON, Clock
from tests.rota.planning import LONDON, PASSWORD, Team, hours

pytestmark = pytest.mark.browser

ANA, SUE = "ana@example.org", "sue@example.org"
MINE, LIVE = "/staff/rota/mine", "/staff/rota/live"


@pytest.fixture
def team(app: Flask, a_clock: Clock) -> Team:
    """Ana, on now and tomorrow, with an unchecked telephone and a part on offer; colleagues; a supervisor."""
    team = Team(app)
    ana = team.counsellor("Ana Example", is_verified=False)
    ben, cai = team.counsellor("Ben Example"), team.counsellor("Cai Example")
    team.shift(ana, hours(-2, 6))
    tomorrow, later = team.shift(ana, hours(22, 30)), team.shift(ben, hours(48, 56))
    ill = team.shift(cai, hours(26, 34))
    with app.app_context(), transaction() as session:
        add_staff(session, email=SUE, name="Sue", password=PASSWORD, role=Role.SUPERVISOR, now=a_clock.at)
        part = hours(24, 26)
        swaps.offer(session, shift_id=tomorrow, owner_id=ana, part=part, by=None, now=NOON)
        swaps.offer(session, shift_id=later, owner_id=ben, by=None, now=NOON)
        ladder.call_sick(session, shift_id=ill, version=1, by=None, now=NOON, zone=LONDON)
        session.get_one(CounsellorRow, ana).contract_minutes = 30 * 60
    return team


@pytest.fixture
def opens(signs_in: Opens, team: Team) -> Opens:
    """Open a page as somebody."""

    def open_page(path: str, who: str = ANA, **view: Any) -> Page:
        return signs_in(path, who, **view)

    return open_page


def unfold(page: Page) -> None:
    """Open everything that can be opened."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")


@pytest.mark.parametrize(("viewport", "scheme"), [(NARROW, "light"), (NARROW, "dark"), (WIDE, "light"), (WIDE, "dark")])
def test_no_page_of_cover_breaks_an_accessibility_rule_or_is_wider_than_the_screen(
    opens: Opens, viewport: Any, scheme: str
) -> None:
    broken = {}
    for path, who, button in ((MINE, ANA, "Offer this part"), (LIVE, SUE, "Save my number")):
        page = opens(path, who=who, viewport=viewport, color_scheme=scheme)
        unfold(page)
        broken[path] = (violations(page), overflow(page))
        if who == SUE:
            page.get_by_label("My mobile number for alerts").fill("12")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_be_visible()
        unfold(page)
        broken[f"{path}, with a mistake"] = (violations(page), overflow(page))

    assert broken == dict.fromkeys(broken, ([], 0))


def test_the_keyboard_alone_offers_a_part_and_calls_in_sick(opens: Opens, team: Team) -> None:
    page = opens(MINE, locale="en-GB")
    tab_to(page, "Offer a part of a shift")
    page.keyboard.press("Enter")
    tab_to(page, "Which shift?")
    page.keyboard.type("Wednesday")
    for label, typed in (("The part starts", "1600"), ("The part ends", "1800")):
        tab_to(page, label)
        page.keyboard.type(typed)
    tab_to(page, "Offer this part")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("On offer: 16:00 to 18:00", exact=True)).to_be_visible()

    tab_to(page, "I am ill: Tuesday 24 November")
    page.keyboard.press("Enter")
    tab_to(page, "Take me off it")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_text("You are off this shift, and colleagues are being asked")).to_be_visible()
    with team.app.app_context(), transaction() as session:
        assert not queries.rostered(session, start=NOON, end=NOON + timedelta(hours=2), counsellor_id=1)


def test_the_page_follows_the_check_of_a_telephone_by_itself_and_says_it_aloud(opens: Opens, team: Team) -> None:
    page = opens(MINE)
    page.get_by_role("button", name="Ring my telephone now").click()
    expect(page.get_by_text("Your telephone is about to ring.").first).to_be_visible()

    with team.app.app_context(), transaction() as session:
        check = queries.last_phone_check(session, counsellor_id=1)
        assert check
        call = session.get_one(CallRow, check.call_id)
        place.claim_call(session, now=NOON)
        assert hear.counsellor_answered(session, call_id=call.id, provider_id="CA" + "c" * 32, now=NOON)
        hear.counsellor_pressed(session, call_id=call.id, provider_id="CA" + "c" * 32, digits="1", now=NOON)

    expect(page.get_by_text("You answered and pressed 1.").first).to_be_visible()
    expect(page.locator("[data-said]")).to_have_text("You answered and pressed 1.")


def test_everything_works_without_scripts(opens: Opens) -> None:
    page = opens(LIVE, who=SUE, java_script_enabled=False)
    expect(page.get_by_text("Ana Example")).to_be_visible()
    expect(page.get_by_text("telephone not checked")).to_be_visible()

    page.get_by_label("My mobile number for alerts").fill("07700 900990")
    page.get_by_role("button", name="Save my number").click()

    expect(page.get_by_text("Saved. Alerts about cover come to this number.")).to_be_visible()
    expect(page.get_by_label("My mobile number for alerts")).to_have_value("07700 900990")

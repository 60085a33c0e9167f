"""The counsellor's console and one request in a real browser: live, without scripts, by keyboard, narrow."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, SafeContact
from tests.browser.looks import NARROW, WIDE, Opens, overflow, tab_to, violations
from tests.callbacks.desk import Desk
from tests.conftest import Clock

pytestmark = pytest.mark.browser

ANA, SUE = "ana@example.org", "supervisor@example.org"


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    """One counsellor on shift, and a supervisor."""
    desk = Desk(app, a_clock)
    desk.counsellor()
    desk.supervisor()
    return desk


@pytest.fixture
def opens(signs_in: Opens, desk: Desk) -> Opens:
    """Open a page as somebody."""

    def open_page(path: str, who: str = ANA, **view: Any) -> Page:
        return signs_in(path, who, **view)

    return open_page


def a_full_request(desk: Desk) -> str:
    """A request with something in every part of its brief."""
    return desk.ask(
        name="Sam",
        message="I stopped yesterday.\nMy hands shake.",
        substances=("alcohol",),
        flags={"stopped_suddenly": "yes", "pregnant": "not_sure"},
        safe_contact=SafeContact(voicemail=MessageRule.NEUTRAL_MESSAGE, safe_word="bluebird"),
    )


def ringing(desk: Desk) -> str:
    """The same, and the counsellor's telephone rings; somebody else waits."""
    reference = a_full_request(desk)
    desk.match()
    desk.ring(reference)
    desk.ask(name="Alex")
    return reference


def talked(desk: Desk) -> str:
    """The same after the talk."""
    reference = ringing(desk)
    desk.take(reference)
    desk.hang_up(reference)
    return reference


@pytest.mark.parametrize(("viewport", "scheme"), [(NARROW, "light"), (NARROW, "dark"), (WIDE, "light"), (WIDE, "dark")])
def test_no_page_breaks_an_accessibility_rule_or_is_wider_than_the_screen(
    opens: Opens, desk: Desk, viewport: Any, scheme: str
) -> None:
    reference = ringing(desk)
    page = opens("/staff/queue", viewport=viewport, color_scheme=scheme)
    broken = {"ringing": (violations(page), overflow(page))}
    desk.take(reference)
    desk.hang_up(reference)

    for path in ("/staff/queue", f"/staff/callbacks/{reference}", f"/staff/callbacks/{reference}/outcome"):
        page.goto(path)
        broken[path] = (violations(page), overflow(page))
    page.get_by_role("button", name="Save, and take the next call").click()
    broken["mistakes"] = (violations(page), overflow(page))

    assert broken == dict.fromkeys(broken, ([], 0))


def test_the_card_appears_and_follows_the_call_by_itself_and_is_said_aloud(opens: Opens, desk: Desk) -> None:
    page = opens("/staff/queue")
    said = page.locator("[data-said]")

    reference = ringing(desk)
    expect(page.get_by_role("heading", name="Your telephone is ringing")).to_be_visible()
    expect(said).to_have_text(
        "Your telephone is ringing. Answer it, then press 1 to take the call, or 2 to pass it on."
    )
    desk.take(reference)
    expect(page.get_by_role("heading", name="You took the call")).to_be_visible()
    desk.hang_up(reference)

    expect(page.get_by_role("heading", name="Say what came of your call with Sam")).to_be_visible()
    expect(page.get_by_text("bluebird")).to_have_count(0)


def test_on_a_narrow_screen_the_call_comes_before_everything_else(opens: Opens, desk: Desk) -> None:
    ringing(desk)

    page = opens("/staff/queue", viewport=NARROW)

    card, switch = page.locator(".call").bounding_box(), page.locator(".readiness").bounding_box()
    assert card is not None
    assert switch is not None
    assert card["y"] < switch["y"]


def test_everything_works_without_scripts(opens: Opens, desk: Desk) -> None:
    page = opens("/staff/queue", java_script_enabled=False)
    reference = talked(desk)

    page.get_by_role("link", name="Look again").click()
    page.get_by_role("link", name=f"Record the outcome of request {reference}").click()
    page.get_by_label("Spoke to the person").check()
    page.get_by_label("What came of the request?").select_option(
        label="Gave brief advice, or advice on using more safely"
    )
    page.get_by_role("button", name="Save, and stay away for now").click()

    expect(page.get_by_text("Saved. The request is finished. Thank you.")).to_be_visible()
    expect(page.locator("#ready")).to_contain_text("Away")
    assert desk.row(reference).status == Status.COMPLETED


def test_the_keyboard_alone_records_an_outcome_with_a_referral(opens: Opens, desk: Desk) -> None:
    reference = talked(desk)
    page = opens(f"/staff/callbacks/{reference}/outcome")

    tab_to(page, "Spoke to the person")
    page.keyboard.press("Space")
    tab_to(page, "What came of the request?")
    page.keyboard.type("Referred")
    tab_to(page, "You made a referral")
    page.keyboard.press("Enter")
    tab_to(page, "Kind of help")
    page.keyboard.type("Inpatient")
    tab_to(page, "Name of the service")
    page.keyboard.type("The Example Unit")
    tab_to(page, "They agreed to this referral")
    page.keyboard.press("Space")
    tab_to(page, "Save, and take the next call")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.get_by_text("Saved. The request is finished. Thank you.")).to_be_visible()
    page.goto(f"/staff/callbacks/{reference}")
    expect(page.get_by_text("Inpatient detox: The Example Unit")).to_be_visible()


def test_enter_in_the_reason_for_being_away_never_says_available(opens: Opens, desk: Desk) -> None:
    page = opens("/staff/queue")

    page.get_by_label("Why you are away").fill("lunch until 13:30")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    expect(page.locator("#ready")).to_contain_text("lunch until 13:30")


def test_what_is_typed_during_a_call_survives_its_end(opens: Opens, desk: Desk) -> None:
    reference = ringing(desk)
    desk.take(reference)
    page = opens(f"/staff/callbacks/{reference}/outcome")
    page.get_by_label("Note", exact=False).first.fill("They live alone.")

    desk.hang_up(reference)
    expect(page.locator("#state")).to_contain_text("The call is over: its outcome is missing")

    expect(page.get_by_label("Note", exact=False).first).to_have_value("They live alone.")


def test_a_supervisor_decides_by_clicks(opens: Opens, desk: Desk) -> None:
    reference = talked(desk)
    page = opens(f"/staff/callbacks/{reference}/outcome", who=SUE)
    page.get_by_label("Abusive or not genuine").check()
    page.get_by_label("What came of the request?").select_option(label="Spam or not genuine")
    page.get_by_role("button", name="Save for them").click()

    page.get_by_label("Or close it: how did it end?").select_option(label="Spam or not genuine")
    page.get_by_role("button", name="Close it").click()

    expect(page.get_by_text("It is closed.")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("Not accepted")


def test_f31_what_is_written_is_kept_by_itself_and_is_there_when_the_laptop_wakes_up_elsewhere(
    opens: Opens, desk: Desk
) -> None:
    reference = talked(desk)
    page = opens(f"/staff/callbacks/{reference}/outcome")

    page.get_by_label("Note", exact=False).first.fill("Wants Tuesdays.")
    expect(page.get_by_text("Kept as you write.")).to_be_visible()
    page.context.close()

    again = opens(f"/staff/callbacks/{reference}/outcome")
    expect(again.get_by_label("Note", exact=False).first).to_have_value("Wants Tuesdays.")


def test_f31_without_scripts_a_button_keeps_it(opens: Opens, desk: Desk) -> None:
    reference = talked(desk)
    page = opens(f"/staff/callbacks/{reference}/outcome", java_script_enabled=False, viewport=NARROW)

    page.get_by_label("Note", exact=False).first.fill("Wants Tuesdays.")
    page.get_by_role("button", name="Keep for now").click()

    expect(page.get_by_text("Kept for now. Nothing is recorded yet")).to_be_visible()
    expect(page.get_by_label("Note", exact=False).first).to_have_value("Wants Tuesdays.")

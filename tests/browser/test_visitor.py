"""The visitor's journey in a real browser: without scripts, by keyboard only, on a narrow screen, with large text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from foundation.embedded import Servers
from tests.browser.fates import fates, refusals
from tests.browser.states import (
    BRIEFLY,
    LARGE_TEXT,
    NARROW,
    ROUND_TRIP,
    RULES,
    SEEN_OR_SAID,
    SPACED_TEXT,
    Judge,
    asking,
    the_way_through,
)
from tests.callbacks.desk import Desk
from tests.callbacks.test_languages import arabic
from tests.conftest import Clock

pytestmark = pytest.mark.browser

HALF: ViewportSize = {"width": 640, "height": 800}

Opens = Callable[..., Page]
Part = Callable[[Page], Iterator[str]]
__all__ = ["arabic"]


@pytest.fixture
def desk(app: Flask, a_clock: Clock, a_rota: None) -> Desk:
    """Counsellors at their desks, whose part the tests play."""
    return Desk(app, a_clock)


@pytest.fixture
def opens(browser: Browser, base: str) -> Iterator[Opens]:
    """Open a page in a browser of its own."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", **view: Any) -> Page:
        context = browser.new_context(base_url=base, **({"viewport": NARROW} | view))
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def follow(page: Page, role: Literal["button", "link"], name: str) -> None:
    """Press something and wait for the page that it leads to."""
    with page.expect_navigation():
        page.get_by_role(role, name=name).click()


def go_on(page: Page) -> None:
    follow(page, "button", "Continue")


@pytest.fixture
def parts(desk: Desk, running_servers: Servers) -> dict[str, Part]:
    """All there is to see, in three parts that can be looked at on their own."""
    return {
        "the journey": lambda page: the_way_through(page, desk),
        "what becomes of a call": lambda page: fates(page, desk),
        "refusals": lambda page: refusals(page, desk, running_servers),
    }


PARTS = ("the journey", "what becomes of a call", "refusals")


@pytest.mark.parametrize("part", PARTS)
def test_everything_works_without_scripts(opens: Opens, parts: dict[str, Part], part: str) -> None:
    page = opens(java_script_enabled=False)

    seen = list(parts[part](page))

    assert len(seen) == len(set(seen)) > 12


LOOKS: dict[str, tuple[str, dict[str, Any], tuple[str, str]]] = {
    "narrow and light": ("en", {"viewport": NARROW}, ("", SPACED_TEXT)),
    "large, dark and in Welsh": ("cy", {"viewport": HALF, "color_scheme": "dark"}, ("", LARGE_TEXT)),
    "from right to left, still, in the colours of the system": (
        "ar",
        {"viewport": NARROW, "forced_colors": "active", "reduced_motion": "reduce"},
        ("", SPACED_TEXT),
    ),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("part", PARTS)
def test_every_page_in_every_state_can_be_read_and_used(
    opens: Opens, base: str, parts: dict[str, Part], arabic: str, part: str, look: str
) -> None:
    tongue, view, styles = LOOKS[look]
    page = opens(f"/?lang={tongue}", **view)
    rules = RULES if look == next(iter(LOOKS)) else SEEN_OR_SAID
    judge = Judge(page, base, styles=styles, rules=rules, is_still="reduced_motion" in view)

    for state in parts[part](page):
        judge.look(state)

    assert [each[:300] for each in judge.wrong] == []


def test_leaving_works_without_scripts_and_forgets_the_answers(opens: Opens, base: str) -> None:
    page = opens(java_script_enabled=False)
    page.context.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="Weather"))
    page.get_by_label("What should we call you?").fill("Sam")
    go_on(page)

    page.locator("header .leave").click()

    expect(page).to_have_url("https://www.bbc.co.uk/weather")
    assert [cookie.get("name") for cookie in page.context.cookies(base)] == ["left"]


def test_shift_three_times_leaves_and_back_does_not_return(opens: Opens) -> None:
    page = opens()
    page.context.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="Weather"))
    page.get_by_label("What should we call you?").fill("Sam")
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("What is safe for you?")

    for _ in range(3):
        page.keyboard.press("Shift")

    expect(page).to_have_url("https://www.bbc.co.uk/weather")
    page.go_back()
    expect(page.get_by_label("What should we call you?")).to_have_value("")


def test_the_way_out_stays_in_sight_on_a_phone_however_far_one_reads(opens: Opens) -> None:
    page = opens("/tips", viewport={"width": 320, "height": 480})

    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    box = page.locator("header .leave").bounding_box()

    assert page.evaluate("window.scrollY") > 400
    assert box is not None
    assert 0 <= box["y"] <= 100


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; wherever it goes it must be seen."""
    for _ in range(120):
        page.keyboard.press("Tab")
        assert page.evaluate(
            """() => {
                const it = document.activeElement;
                if (it === document.body) return true;
                const box = it.getBoundingClientRect();
                const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                const isOnTop = it.contains(at) || at?.contains(it) || at?.htmlFor === it.id;
                return isOnTop && getComputedStyle(it).outlineStyle !== "none";
            }"""
        ), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the keyboard never reached {selector}")


def test_the_whole_journey_works_by_keyboard_and_the_focus_is_always_seen(opens: Opens) -> None:
    page = opens()
    heading = page.get_by_role("heading", level=1)

    def enter(*, leads_to: str) -> None:
        page.keyboard.press("Enter")
        expect(heading).to_have_text(leads_to)

    tab_to(page, "#name")
    page.keyboard.type("Sam")
    enter(leads_to="What is safe for you?")
    tab_to(page, "[name=third_party]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button")
    enter(leads_to="What number should we ring?")
    tab_to(page, "#phone")
    page.keyboard.type("07700 900 982")
    enter(leads_to="May we ask how things are?")
    tab_to(page, "[name=ask][value=yes]")
    enter(leads_to="Is anyone in danger?")
    tab_to(page, "[name=suicidal_thoughts]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button")
    enter(leads_to="How is their health, or yours?")
    tab_to(page, "[name=substances][value=alcohol]")
    page.keyboard.press("Space")
    tab_to(page, "button")
    enter(leads_to="A little more about the person")
    tab_to(page, "button")
    enter(leads_to="Who would you like to talk to?")
    tab_to(page, "button")
    enter(leads_to="When should we ring you?")
    tab_to(page, "[name=when]")
    page.keyboard.press("Space")
    enter(leads_to="Is this all right with you?")
    tab_to(page, "#agree")
    page.keyboard.press("Space")
    tab_to(page, "button")
    enter(leads_to="Check your answers")
    tab_to(page, "button")
    enter(leads_to="We have your request")


def test_back_and_reload_keep_the_answers_and_ask_once(opens: Opens, desk: Desk) -> None:
    page = opens()
    heading = page.get_by_role("heading", level=1)
    for path, form in BRIEFLY:
        page.request.post(path, form=form)
    page.goto("/time")
    page.locator("#when").check()
    go_on(page)
    page.go_back()
    page.reload()
    kept = page.locator("#when").is_checked()
    page.goto("/agree")
    page.locator("#agree").check()
    go_on(page)
    follow(page, "button", "Ask for a call")
    page.reload()
    page.go_back()

    expect(heading).to_have_text("We have your request")
    assert kept
    assert desk.asked_by_visitors() == 1


def test_an_answer_changed_in_a_second_tab_is_shown_before_the_first_one_sends(opens: Opens, desk: Desk) -> None:
    page = opens()
    for state in asking(page):
        if state == "check":
            break
    second = page.context.new_page()
    second.goto("/number")
    second.get_by_label("What number should we ring?").fill("01632 960 001")
    go_on(second)

    follow(page, "button", "Ask for a call")
    shown = page.get_by_text("Your answers have changed").is_visible()
    asked_before = desk.asked_by_visitors()
    follow(page, "button", "Ask for a call")
    with second.expect_navigation():
        second.reload()

    assert (shown, asked_before, desk.asked_by_visitors()) == (True, 0, 1)
    expect(second.get_by_role("heading", level=1)).to_have_text("We have your request")


def test_the_last_page_does_its_little_work_while_it_is_read(opens: Opens) -> None:
    page = opens()
    for state in asking(page):
        if state == "check":
            expect(page.locator("[name=work]")).to_have_value(re.compile(r"^\d+-[0-9a-f]{32}:\d+$"), timeout=20_000)
            return


def test_the_first_tab_stops_are_the_ways_past_and_out(opens: Opens) -> None:
    page = opens()

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Tab")
    second = page.evaluate("document.activeElement.textContent")

    assert (first, second) == ("Skip to the main part", "Leave this page")


def test_a_mistake_takes_the_focus_to_the_summary_and_its_link_to_the_field(opens: Opens) -> None:
    page = opens()
    for _ in range(3):
        go_on(page)
    expect(page).to_have_title(re.compile("^Error: "))

    expect(page.locator(".error-summary")).to_be_focused()
    page.locator(".error-summary a").click()
    expect(page.locator("#phone")).to_be_focused()


def test_the_first_page_is_one_round_trip_and_asks_nobody_else(opens: Opens, base: str) -> None:
    page = opens("/tips")
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.resource_type, request.url)))

    answer = page.goto("/", wait_until="networkidle")

    assert answer is not None
    sizes = answer.request.sizes()
    assert sizes["responseBodySize"] + sizes["responseHeadersSize"] <= ROUND_TRIP
    assert all(url.startswith(base) for _, url in asked)
    assert {kind for kind, _ in asked} <= {"document", "script", "other"}
    assert len(set(asked)) <= 3  # the page, the way out by Shift, the icon


def test_nothing_moves_while_the_first_page_arrives(opens: Opens) -> None:
    page = opens()

    moved = page.evaluate(
        """() => new Promise(resolve => {
            let sum = 0;
            new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
                .observe({ type: "layout-shift", buffered: true });
            setTimeout(() => resolve(sum), 300);
        })"""
    )

    assert moved == 0


def test_forced_colours_and_print_leave_the_words(opens: Opens) -> None:
    page = opens(forced_colors="active", reduced_motion="reduce")

    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_back_after_a_mistake_sends_nothing_twice(opens: Opens) -> None:
    page = opens(java_script_enabled=False)
    page.fill("#name", "x" * 90)
    go_on(page)
    mistaken = page.title()
    page.fill("#name", "Sam")
    go_on(page)
    page.on("request", lambda request: methods.append(request.method))
    methods: list[str] = []
    page.go_back()
    page.reload()

    assert mistaken.startswith("Error: ")
    assert set(methods) == {"GET"}
    expect(page.locator("#name")).to_have_value("Sam")


def test_the_switch_of_languages_keeps_what_is_being_typed_without_scripts(opens: Opens) -> None:
    page = opens(java_script_enabled=False)
    page.fill("#name", "Zebedee")

    follow(page, "button", "Cymraeg")

    expect(page.locator("#name")).to_have_value("Zebedee")
    assert page.locator("html").get_attribute("lang") == "cy"


def test_before_the_hour_is_over_the_page_says_so_and_can_keep_the_answers(opens: Opens, base: str) -> None:
    page = opens()
    page.fill("#name", "Sam")
    page.clock.install()
    go_on(page)
    button, said = page.get_by_role("button", name="Keep my answers"), page.locator(".ending [role=status]")
    before = page.context.cookies(base)
    hidden = button.is_hidden(), said.text_content()

    page.clock.fast_forward("50:30")
    expect(said).to_contain_text("In ten minutes your answers here will be gone")
    with page.expect_response("**/keep"):
        button.click()
    expect(said).to_have_text("Your answers are kept for another hour.")
    expect(said).to_be_focused()

    assert hidden == (True, "")
    assert button.is_hidden()
    assert page.context.cookies(base) != before


def test_when_the_hour_is_over_the_page_goes_and_what_was_typed_with_it(opens: Opens) -> None:
    page = opens()
    page.fill("#name", "Sam")
    page.clock.install()
    go_on(page)
    page.get_by_text("More that can keep you safe").click()
    page.fill("#safe_word", "boiler")
    page.context.clear_cookies(name="draft")

    with page.expect_navigation():
        page.clock.fast_forward("01:00:10")

    expect(page.get_by_role("heading", level=1)).to_have_text("Let us start again")

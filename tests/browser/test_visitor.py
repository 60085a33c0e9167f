"""The visitor's journey in a real browser: without scripts, by keyboard only, on a narrow screen, with large text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.browser

NARROW, WIDE = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
ROUND_TRIP = 14 * 1024  # bytes: what a server may send before the first acknowledgement comes back
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Opens = Callable[..., Page]


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


def through(page: Page) -> Iterator[str]:
    """The journey, one page at a time, each by its name; the mistakes on the way are pages too."""
    yield "name"
    page.get_by_label("What should we call you?").fill("Sam")
    go_on(page)
    yield "contact"
    go_on(page)
    yield "contact, wrong"
    page.get_by_label("Hang up and say nothing").check()
    go_on(page)
    yield "number"
    page.get_by_label("What number should we ring?").fill("999")
    go_on(page)
    yield "number, wrong"
    page.get_by_label("What number should we ring?").fill("07700 900 982")
    go_on(page)
    yield from through_questions(page)
    yield "counsellor"
    go_on(page)
    yield "time"
    go_on(page)
    yield "time, wrong"
    page.get_by_label("As soon as possible").check()
    go_on(page)
    yield "agree"
    go_on(page)
    yield "agree, wrong"
    page.get_by_label("Yes, keep this and ring me").check()
    go_on(page)
    yield "check"
    follow(page, "button", "Ask for a call")
    yield "done"
    follow(page, "link", "Open your page")
    yield "own page"
    follow(page, "link", "Cancel the call")
    yield "cancel"
    follow(page, "button", "Yes, cancel the call")
    yield "cancelled"


def through_questions(page: Page) -> Iterator[str]:
    """The pages about safety, answered so that 999 comes first."""
    yield "questions"
    follow(page, "button", "Yes, ask me")
    yield "danger"
    page.get_by_role("radiogroup", name="Are there thoughts of suicide?").get_by_label("Not sure").check()
    page.get_by_role("radiogroup", name="Is anyone hurting themselves right now?").get_by_label("Yes").check()
    go_on(page)
    yield "emergency"
    follow(page, "link", "Go on to ask for a call")
    yield "health"
    page.get_by_label("Alcohol", exact=True).check()
    page.get_by_label("A fit or seizure").check()
    go_on(page)
    yield "about"
    go_on(page)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_the_whole_journey_works_without_scripts(opens: Opens) -> None:
    page = opens(java_script_enabled=False)

    seen = list(through(page))

    assert seen[-1] == "cancelled"
    expect(page.get_by_role("heading", level=1)).to_have_text("Your call is cancelled")


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
    for _ in range(80):
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
    page.keyboard.press("Space")
    tab_to(page, "button")
    enter(leads_to="What number should we ring?")
    tab_to(page, "#phone")
    page.keyboard.type("07700 900 982")
    enter(leads_to="May we ask how things are?")
    tab_to(page, "[name=ask][value=no]")
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


def test_the_last_page_does_its_little_work_while_it_is_read(opens: Opens) -> None:
    page = opens()
    for state in through(page):
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
    go_on(page)
    go_on(page)
    expect(page).to_have_title(re.compile("^Error: "))

    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Choose what we do if someone else answers").click()
    expect(page.locator("#third_party")).to_be_focused()


@pytest.mark.parametrize(("viewport", "scheme"), [(NARROW, "light"), (WIDE, "dark")])
def test_no_page_in_any_state_breaks_an_accessibility_rule(opens: Opens, viewport: Any, scheme: str) -> None:
    page = opens(viewport=viewport, color_scheme=scheme)

    for state in through(page):
        found = Axe().run(page, options={"runOnly": RULES})
        assert found.violations_count == 0, f"{state}: {found.generate_report()}"


@pytest.mark.parametrize("path", ["/tips", "/c/nothing-has-this-token", "/number", "/nothing"])
def test_the_other_pages_break_no_accessibility_rule(opens: Opens, path: str) -> None:
    page = opens(path)

    found = Axe().run(page, options={"runOnly": RULES})
    assert found.violations_count == 0, found.generate_report()


LARGE_TEXT = "html { font-size: 200%; }"
SPACED_TEXT = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"


@pytest.mark.parametrize(
    ("viewport", "style"), [(NARROW, ""), (NARROW, SPACED_TEXT), ({"width": 640, "height": 800}, LARGE_TEXT)]
)
def test_every_page_fits_narrow_screens_and_large_or_spaced_text(opens: Opens, viewport: Any, style: str) -> None:
    page = opens(viewport=viewport, bypass_csp=True)

    for state in through(page):
        if style:
            page.add_style_tag(content=style)
        assert overflow(page) <= 0, state


def test_targets_are_large_enough_for_a_shaking_hand(opens: Opens) -> None:
    page = opens()

    for state in through(page):
        for box in page.locator("button, .choice label, header .leave, input[type=text], input[type=tel]").all():
            size = box.bounding_box()
            assert size is None or not box.is_visible() or size["height"] >= 44, f"{state}: {box.inner_html()}"


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


def test_no_page_offends_its_own_security_policy(opens: Opens) -> None:
    page = opens()
    offences: list[str] = []
    page.on("console", lambda said: offences.append(said.text) if "Content Security Policy" in said.text else None)

    list(through(page))

    assert offences == []


def test_forced_colours_and_print_leave_the_words(opens: Opens) -> None:
    page = opens(forced_colors="active", reduced_motion="reduce")

    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

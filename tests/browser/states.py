"""Every page of the visitor in every state, one after the other, in a browser; and what must hold of each.

The way leads by names of fields and never by words, so that it is the same in every language. What becomes of a
request, and what is refused, are in `fates.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Frame, Page, Request, ViewportSize

from notifications.domain.leg import LegStatus
from tests.callbacks.desk import Desk

SEEN: Final = 0.01  # of the window times of its height: less is a letter that is drawn anew on a busy machine
MOST_FILES: Final = 4  # beside a page: the icon, and at most three scripts, none of them needed and all kept for a year
ROUND_TRIP: Final = 14 * 1024  # bytes: what a server may send before the first acknowledgement comes back
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SEEN_OR_SAID: Final = {
    "type": "rule",
    "values": [
        *("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable", "document-title"),
        *("html-has-lang", "html-lang-valid", "valid-lang", "button-name", "link-name", "label", "empty-heading"),
    ],
}
"""The rules whose answer depends on colours, sizes or words; the others are asked in one look."""
SPACED_TEXT: Final = "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}"
LARGE_TEXT: Final = "html{font-size:200%}"
NARROW: Final[ViewportSize] = {"width": 320, "height": 700}
PHONE: Final = "07700 900 982"

BRIEFLY: Final[tuple[tuple[str, dict[str, str | float | bool]], ...]] = (
    ("/", {"name": ""}),
    ("/contact", {"voicemail": "no", "sms": "no", "third_party": "hang_up"}),
    ("/number", {"phone": PHONE}),
    ("/more", {"ask": "no"}),
    ("/who", {"counsellor": "any"}),
)
"""The shortest way to the page about the time."""

_WATCH_SHIFTS = """
window.moved = 0;
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_ARRIVED = "() => { const moved = window.moved; window.moved = NaN; return moved || 0; }"
"""What moved until a page is first looked at; what its reader opens afterwards may move."""
_WEAR = """css => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
}"""
_NEARLY_OVER = """() => {
    const ending = document.querySelector("[data-kept]");
    ending.querySelector("[role=status]").textContent = ending.dataset.ends;
    ending.querySelector("button").hidden = false;
    ending.classList.add("shown");
}"""
"""What the page's own script does after fifty minutes."""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SMALL = """() => [...document.querySelectorAll(
    "main button, main .choice label, header .leave, main input[type=text], main input[type=tel], main summary"
)].filter(it => it.checkVisibility() && it.getBoundingClientRect().height < 43.5).map(it => it.outerHTML)"""
_MOVING = """() => [...document.querySelectorAll("*")].filter(it => {
    const { transitionDuration, animationName } = getComputedStyle(it);
    return parseFloat(transitionDuration) > 0 || animationName !== "none";
}).map(it => it.outerHTML)"""


@dataclass
class Judge:
    """Looks at one page after the other, and keeps what is wrong with which."""

    page: Page
    base: str
    frame: Frame | None = None
    """Where the pages are shown, if not in the window itself."""
    styles: tuple[str, ...] = ("", SPACED_TEXT)
    rules: list[str] | dict[str, Any] = field(default_factory=lambda: RULES)
    is_still: bool = False
    wrong: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _offences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(_WATCH_SHIFTS)
        self.page.on("request", self._hear_request)
        self.page.on("console", self._hear_console)

    def _hear_request(self, request: Request) -> None:
        self.asked.append((request.resource_type, request.url))

    def _hear_console(self, said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            self._offences.append(said.text)

    def look(self, state: str) -> None:
        """Look at the page as it stands."""
        shown = self.frame or self.page
        if state.endswith("wrong") and shown.locator(".error-summary").count() != 1:
            self.wrong.append(f"{state}: nothing is said to be wrong")
        if (moved := shown.evaluate(_ARRIVED)) > SEEN:
            self.wrong.append(f"{state}: moved by {moved} while it arrived")
        found = Axe().run(shown, options={"runOnly": self.rules, "resultTypes": ["violations"]})
        if found.violations_count:
            self.wrong.append(f"{state}: {found.generate_report()}")
        for style in self.styles:
            shown.evaluate(_WEAR, style)
            if (over := int(shown.evaluate(_OVERFLOW))) > 0:
                self.wrong.append(f"{state}: {over} pixels too wide with {style!r}")
        shown.evaluate(_WEAR, "")
        self.wrong += [f"{state}: small: {it}" for it in shown.evaluate(_SMALL)]
        if self.is_still:
            self.wrong += [f"{state}: moves: {it}" for it in shown.evaluate(_MOVING)]
        kinds = [kind for kind, _ in self.asked]
        beside = self.asked[len(kinds) - kinds[::-1].index("document") :] if "document" in kinds else []
        if len(beside) > MOST_FILES:
            self.wrong.append(f"{state}: asked for {beside} beside the page")
        strangers = [url for _, url in self.asked if not url.startswith(self.base)]
        odd = set(kinds) - {"document", "script", "other"}
        self.wrong += [f"{state}: asked {what}" for what in (*strangers, *odd, *self._offences)]
        self.asked.clear()
        self._offences.clear()


Place = Page | Frame
"""Where a visitor's page is shown: in a window, or in a frame of another website."""


def window(place: Place) -> Page:
    """The window around it, which can also act as if in another tab."""
    return place.page if isinstance(place, Frame) else place


def send(page: Place, button: str = "main form button") -> None:
    """Press a button of the form and wait for the page that it leads to."""
    with page.expect_navigation():
        page.locator(button).first.click()


def follow(page: Place, link: str) -> None:
    """Follow a link of the page."""
    with page.expect_navigation():
        page.locator(link).first.click()


def asking(page: Place) -> Iterator[str]:
    """From the first page to the confirmation, with a mistake on every page that can have one."""
    page.goto("/")
    yield "name"
    page.fill("#name", "x" * 90)
    send(page)
    yield "name, wrong"
    window(page).request.post("/", form={"name": "x" * 300}, max_redirects=0)  # no browser types so much into it
    page.goto("/")
    yield "name, cut"
    page.fill("#name", "Sam")
    send(page)
    yield "contact"
    page.locator("details.more summary").click()
    yield "contact, with more"
    page.evaluate(_NEARLY_OVER)
    yield "contact, when the hour is nearly over"
    page.fill("#safe_word", "x" * 200)
    page.locator("[name=phone_owner][value=shared]").check()
    page.locator("#not_after").select_option(index=5)
    send(page)
    yield "contact, wrong"
    page.fill("#safe_word", "boiler")
    page.locator("[name=third_party][value=hang_up]").check()
    send(page)
    yield "number"
    page.fill("#phone", "999")
    send(page)
    yield "number, wrong"
    page.fill("#phone", PHONE)
    send(page)
    yield from _questions(page)
    yield "counsellor"
    send(page)
    yield from _time(page)
    yield "agree"
    send(page)
    yield "agree, wrong"
    page.locator("#agree").check()
    send(page)
    yield from _check(page)


def _check(page: Place) -> Iterator[str]:
    yield "check"
    page.goto("/times")
    yield "other times"
    for hour in page.locator("[name=others]").all()[:4]:
        hour.check()
    send(page)
    yield "other times, wrong"
    page.goto("/check")
    window(page).request.post("/number", form={"phone": "01632 960 001"})  # as if in another tab
    send(page)
    yield "check, stale"
    send(page)
    yield "done"


def _questions(page: Place) -> Iterator[str]:
    yield "questions"
    send(page, "[name=ask][value=yes]")
    yield "danger"
    page.locator("[name=suicidal_thoughts][value=not_sure]").check()
    page.locator("[name=self_harm_in_progress][value=yes]").check()
    send(page)
    yield "emergency"
    follow(page, "main a.secondary")
    yield "health"
    page.locator("[name=substances][value=alcohol]").check()
    page.locator("[name=withdrawal_red_flag][value=fit]").check()
    send(page)
    yield "about"
    send(page)


def _time(page: Place) -> Iterator[str]:
    yield "time"
    send(page)
    yield "time, wrong"
    page.locator("details.day summary").first.click()
    yield "time, with a day open"
    page.locator("#when").check()
    send(page)


def own_page(page: Page, desk: Desk) -> Iterator[str]:
    """The own page through the life of a call, all that can be changed there, and the pages beside the way."""
    follow(page, "main a.secondary")
    own = page.url
    yield "own page"
    for part in ("time", "times", "number", "contact"):
        page.goto(f"{own}/{part}")
        yield f"own {part}"
    page.goto(f"{own}/number")
    send(page)
    yield "own number, wrong"
    page.request.post("/leave/forget")
    page.goto(own)
    yield "left"
    send(page)
    yield "opened again"
    yield from _ringing(page, desk, own)
    page.goto(f"{own}/cancel")
    yield "cancel"
    send(page)
    yield "cancelled"
    page.goto("/done")
    yield "done, and cancelled"
    page.goto("/")
    yield "name, when a call was asked for"
    page.goto(f"{own}/erase")
    yield "erase"
    send(page)
    yield "erased"


def _ringing(page: Page, desk: Desk, own: str) -> Iterator[str]:
    reference = desk.latest()
    desk.match()
    page.goto(own)
    yield "about to ring"
    desk.take(reference)
    page.goto(own)
    yield "ringing"
    desk.hang_up(reference, LegStatus.NO_ANSWER, talked_s=0)
    page.goto(own)
    yield "trying again"


def the_way_through(page: Page, desk: Desk) -> Iterator[str]:
    """From the first page to the erased call."""
    yield from asking(page)
    yield from own_page(page, desk)

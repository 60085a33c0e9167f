"""What a visitor on a bad line waits for: the pages in a real Chromium, on the network of a slow 3G telephone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.figures import ms, table
from benchmarks.stage import stage

COUNSELLORS = 20
SLOW_3G: Final = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""Milliseconds, and bytes a second: what browsers' own tools call slow 3G."""
NO_LINE: Final = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
PROCESSOR: Final = 4  # times slower than this machine: an old telephone

ANSWERS: Final[tuple[tuple[str, dict[str, str | float | bool]], ...]] = (
    ("/", {"name": "Sam"}),
    ("/contact", {"voicemail": "no", "sms": "no", "third_party": "ask_for_name_only"}),
    ("/number", {"phone": "07700 900 982"}),
    ("/more", {"ask": "yes"}),
    ("/more/1", {}),
    ("/more/2", {}),
    ("/more/3", {}),
    ("/who", {"counsellor": "any"}),
    ("/time", {"when": "asap"}),
    ("/agree", {"agree": "yes"}),
)
PAGES: Final = (*(path for path, _ in ANSWERS), "/times", "/check", "/tips")

_WATCH = """
window.seen = { painted: 0, moved: 0 };
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.seen.painted = entry.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.seen.moved += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True)
class Seen:
    """One page as it arrived."""

    painted_ms: float
    moved: float
    sent: int
    """Bytes of the page with its headers, as they travelled."""
    requests: int


def run() -> None:
    """Print a table of the pages, on a slow line and on none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("pages: there is no Chromium on this machine")
        return
    with stage(counsellors=COUNSELLORS) as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        rows = []
        slow, fast = _pages(browser, made.web, SLOW_3G), _pages(browser, made.web, NO_LINE)
        for path in PAGES:
            there, here = slow[path], fast[path]
            rows.append(
                (path, ms(there.painted_ms / 1000), ms(here.painted_ms / 1000), f"{there.moved:.3f}", there.sent,
                 there.requests)
            )  # fmt: skip
        browser.close()
    head = ("page", "largest paint, slow 3G", "the same, no network", "layout shift", "bytes", "requests")
    print(table("Pages in Chromium, cold cache, a processor four times slower", head, rows))


def _pages(browser: Browser, base: str, line: dict[str, Any]) -> dict[str, Seen]:
    context = browser.new_context(base_url=base, viewport={"width": 360, "height": 740})
    for path, form in ANSWERS:
        context.request.post(path, form=form)
    seen = {path: _one(context.new_page(), path, line) for path in PAGES}
    context.close()
    return seen


def _one(page: Page, path: str, line: dict[str, Any]) -> Seen:
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tools.send("Network.emulateNetworkConditions", line)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(_WATCH)
    answer = page.goto(path, wait_until="networkidle")
    if answer is None or not answer.ok:
        raise RuntimeError(f"{path} did not answer as it should")
    sizes = answer.request.sizes()
    seen = page.evaluate("window.seen")
    page.close()
    return Seen(seen["painted"], seen["moved"], sizes["responseBodySize"] + sizes["responseHeadersSize"], len(asked))

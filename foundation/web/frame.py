"""What every answer has in common: templates, style, security headers, and how large a question may be."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from foundation import language
from foundation.web import problems, tongue
from foundation.web.assets import Asset, read_assets
from foundation.web.help_lines import help_now
from foundation.web.times import between, clock_time, date_in_words, day_name

LARGEST_BODY: Final = 64 * 1024  # bytes; the longest honest request is a message of 1,000 characters
SMALLEST_ZIPPED: Final = 600  # bytes; below this the packet is not full anyway
A_YEAR_S: Final = 31_536_000

HEADERS: Final[dict[str, str]] = {
    "Referrer-Policy": "no-referrer",  # the next site must not learn where somebody was
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class StaffPage:
    """An entry of the staff navigation."""

    label: str
    path: str
    roles: frozenset[str]


EVERYONE = frozenset({"counsellor", "supervisor", "admin"})
PLANNERS = frozenset({"supervisor", "admin"})

STAFF_PAGES: Final[tuple[StaffPage, ...]] = (
    StaffPage("My calls", "/staff/queue", frozenset({"counsellor"})),
    StaffPage("Board", "/staff/board", PLANNERS),
    StaffPage("Rota", "/staff/rota", EVERYONE),
    StaffPage("Coverage", "/staff/coverage", PLANNERS),
    StaffPage("Directory", "/staff/directory", EVERYONE),
    StaffPage("Reports", "/staff/reports", PLANNERS),
    StaffPage("Team", "/staff/team", PLANNERS),
    StaffPage("Journal", "/staff/journal", PLANNERS),
)
"""The navigation in its order; a page that this application does not serve is left out."""


def init_frame(app: Flask) -> None:
    """Set up the frame on the application, after its settings are in and before its blueprints are registered."""
    assets = read_assets()
    style = assets["app.css"].body.decode()
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    tongue.init_tongue(app)
    app.register_blueprint(_blueprint(assets))
    app.context_processor(lambda: _context(app, assets, style))
    _add_time_filters(app)
    policy = _content_policy(style)
    open_policy = _content_policy(style, framed_by=_framed_by(app))
    is_https = app.config.get("PUBLIC_BASE_URL", "").startswith("https://")

    @app.after_request
    def frame(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        is_staff = request.path.startswith("/staff")
        response.headers.setdefault("Content-Security-Policy", policy if is_staff else open_policy)
        response.headers.setdefault("Cache-Control", "no-store")
        if is_https:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={A_YEAR_S}; includeSubDomains")
        return _zipped(response)

    problems.init_problems(app)


def _content_policy(style: str, *, framed_by: str = "'none'") -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src 'self' 'sha256-{digest}'",
            "script-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            f"frame-ancestors {framed_by}",
            "base-uri 'none'",
        )
    )


def _framed_by(app: Flask) -> str:
    """The sites that may show the visitor's pages in a frame; a demonstration shows them in a page of its own."""
    origins = [*app.config.get("EMBED_ORIGINS", []), *(["'self'"] if app.config.get("DRAMA_ALLOWED") else [])]
    return " ".join(origins) or "'none'"


def _blueprint(assets: dict[str, Asset]) -> Blueprint:
    frame = Blueprint("frame", __name__, template_folder="templates")

    @frame.get("/assets/<digest>/<name>")
    def asset(digest: str, name: str) -> ResponseReturnValue:
        found = assets.get(name)
        if found is None:
            abort(404)
        zips = _takes_gzip()
        response = Response(found.zipped if zips else found.body, content_type=found.content_type)
        response.headers["Vary"] = "Accept-Encoding"
        if zips:
            response.headers["Content-Encoding"] = "gzip"
        is_current = digest == found.digest  # a page from before a release may ask for an older file
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR_S}, immutable" if is_current else "no-cache"
        return response

    return frame


def _context(app: Flask, assets: dict[str, Asset], style: str) -> dict[str, Any]:
    def asset(name: str) -> str:
        return url_for("frame.asset", digest=assets[name].digest, name=name)

    def staff_pages(roles: Iterable[str]) -> list[StaffPage]:
        held = {str(role) for role in roles}
        served = {rule.rule for rule in app.url_map.iter_rules()}
        return [page for page in STAFF_PAGES if page.roles & held and served & {page.path, page.path + "/"}]

    return {
        "service_name": app.config.get("SERVICE_NAME", "Callback service"),
        "help_now": help_now(language.present()),
        "language": language.languages()[language.present()],
        "languages": language.languages(),
        "page_css": Markup(style),  # noqa: S704 - our own file, not input
        "is_framed": request.headers.get("Sec-Fetch-Dest") == "iframe",  # as high as what it shows, from the start
        "asset": asset,
        "staff_pages": staff_pages,
    }


def _add_time_filters(app: Flask) -> None:
    zone: ZoneInfo = app.config["ZONE"]
    app.add_template_filter(lambda moment: clock_time(moment, zone=zone), "clock_time")
    app.add_template_filter(lambda moment, now: day_name(moment, zone=zone, now=now), "day_name")
    app.add_template_filter(lambda moment: date_in_words(moment.astimezone(zone).date()), "date_in_words")
    app.add_template_filter(lambda span, now: between(span.starts_at, span.ends_at, zone=zone, now=now), "between")


def _takes_gzip() -> bool:
    return request.accept_encodings.quality("gzip") > 0


def _zipped(response: Response) -> Response:
    """Compress a page, unless it is one of the staff's.

    A compressed page that holds both a secret and words from outside leaks the secret by its length (BREACH). Staff
    pages hold a form token; the visitor's pages have no session and hold nothing that another site can mix with.
    """
    if (
        request.path.startswith("/staff")
        or response.mimetype != "text/html"
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
        or not _takes_gzip()
        or len(response.get_data()) < SMALLEST_ZIPPED
    ):
        return response
    response.set_data(gzip.compress(response.get_data(), 6))
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response

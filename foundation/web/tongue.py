"""Which language a visitor reads in: the one they chose with the switch, else the first that their browser names.

Staff pages are English. The choice is kept in a cookie that says nothing but the language.
"""

from __future__ import annotations

from typing import Final

from babel.support import NullTranslations
from flask import Flask, Response, current_app, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel, Domain

from foundation import language

COOKIE: Final = "lang"
FIELD: Final = "speak"
"""The name of the buttons that switch the language of a page with a form."""
ENGLISH_PLACES: Final = ("/staff", "/webhooks/", "/metrics", "/healthz", "/readyz")


class _Catalogues(Domain):
    """Templates read the same catalogues as the code, by the same language of the moment."""

    def get_translations(self) -> NullTranslations:
        return language.catalogue(language.present())


class _OurBabel(Babel):
    domain_instance = _Catalogues()


def init_tongue(app: Flask) -> None:
    """Set the language of every answer before anything else is done, and give the templates `_`."""
    _OurBabel(app, default_locale=language.ENGLISH, locale_selector=language.present)
    app.before_request(_choose)
    app.teardown_request(lambda _: language.speak(language.ENGLISH))


def has_chosen() -> bool:
    """Whether the visitor used the switch."""
    return language.known(request.cookies.get(COOKIE, "")) is not None


def _choose() -> ResponseReturnValue | None:
    if request.path.startswith(ENGLISH_PLACES):
        language.speak(language.ENGLISH)
        return None
    chosen = language.known(request.args.get("lang", "")) if request.method == "GET" else None
    if chosen is not None:  # the address of the page, which a history keeps, stays the same in every language
        return keep(make_response(redirect(request.path, 303)), chosen)
    wished = [request.cookies.get(COOKIE, ""), *(tag for tag, _ in request.accept_languages)]
    language.speak(language.best([tag for tag in wished if tag]) or language.ENGLISH)
    return None


def chosen_in_form() -> str | None:
    """The language that was chosen by a button of the form that was sent; None when it was sent by another."""
    return language.known(request.form.get(FIELD, "")) if request.method == "POST" else None


def keep(response: Response, chosen: str) -> Response:
    """Go on in this language, from the next page."""
    is_https = current_app.config["PUBLIC_BASE_URL"].startswith("https://")
    is_framed = is_https and request.headers.get("Sec-Fetch-Dest") == "iframe"
    response.set_cookie(
        COOKIE,
        chosen,
        path="/",
        httponly=True,
        secure=is_https,
        samesite="None" if is_framed else "Lax",
        partitioned=is_framed,
    )
    return response

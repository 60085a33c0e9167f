"""The form on somebody else's website: one line of HTML there, one script here, and an article to try it with."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, abort, current_app, make_response, render_template
from flask.typing import ResponseReturnValue

from foundation.web.assets import read_assets

embed = Blueprint("embed", __name__, template_folder="templates")

KEPT_FOR_S: Final = 3600  # the line on a website never changes, so the file must be asked for again now and then
ARTICLE_POLICY: Final = "default-src 'none'; style-src 'self'; script-src 'self'; frame-src 'self'; base-uri 'none'"

_SCRIPT: Final = read_assets()["embed.js"]


@embed.get("/embed.js")
def script() -> Response:
    """The script that puts the form in the place of a link; any site may load it, allowed ones may show the form."""
    response = Response(_SCRIPT.body, content_type=_SCRIPT.content_type)
    response.headers["Cache-Control"] = f"public, max-age={KEPT_FOR_S}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@embed.get("/demo/article")
def article() -> ResponseReturnValue:
    """What it looks like at the end of an article; in demonstrations only."""
    if not current_app.config["DRAMA_ALLOWED"]:
        abort(404)
    response = make_response(render_template("demo/article.html"))
    response.headers["Content-Security-Policy"] = ARTICLE_POLICY
    return response

"""The door of every staff page: who is let in, and what those are told who are not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf.csrf import CSRFProtect

from accounts.domain.roles import EVERYONE, Role
from accounts.models import StaffRow
from accounts.web.wording import NOT_YOURS, SIGN_IN_FIRST
from foundation.database import db
from foundation.web.problems import Problem

P = ParamSpec("P")

csrf = CSRFProtect()
"""Checks every unsafe request to a guarded blueprint. It checks nothing else: public pages keep no session."""

GUARDED: dict[str, tuple[Role, ...]] = {}
"""The guarded blueprints by name and the roles they open for; a test walks the URL map against it."""


def guard(blueprint: Blueprint, *roles: Role) -> None:
    """Open a blueprint only to people who are signed in and hold one of `roles` (any role, when none is given)."""
    allowed = roles or EVERYONE
    GUARDED[blueprint.name] = allowed

    @blueprint.before_request
    def check() -> ResponseReturnValue | None:
        if not current_user.is_authenticated:
            return _sign_in_first()
        if not _holds_one_of(allowed):
            return _not_yours()
        csrf.protect()
        return None

    @blueprint.after_request
    def keep_private(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def only(*roles: Role) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Narrow one view of a guarded blueprint to some of the blueprint's roles."""

    def narrow(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def narrowed(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            return view(*args, **kwargs) if _holds_one_of(roles) else _not_yours()

        return narrowed

    return narrow


def current_staff() -> StaffRow:
    """The person who is signed in; only for views of guarded blueprints."""
    return db.session().get_one(StaffRow, current_user.id)  # already loaded for this request: no question is asked


def holds(*roles: Role) -> bool:
    """Whether the person who is signed in holds one of the roles."""
    return bool(current_user.is_authenticated) and _holds_one_of(roles)


def wants_page() -> bool:
    """Whether a browser is going somewhere, as against a script that fetches data."""
    if request.is_json or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return False
    return request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html") == "text/html"


def _holds_one_of(roles: tuple[Role, ...]) -> bool:
    return not set(roles).isdisjoint(current_staff().role_names())


def _sign_in_first() -> ResponseReturnValue:
    if not wants_page():
        return _as_json(SIGN_IN_FIRST)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("security.login", next=wanted))


def _not_yours() -> ResponseReturnValue:
    if not wants_page():
        return _as_json(NOT_YOURS)
    return make_response(render_template("accounts/not_yours.html"), NOT_YOURS.status)


def _as_json(problem: Problem) -> Response:
    answer = jsonify(problem.as_json())
    answer.status_code = problem.status
    answer.mimetype = "application/problem+json"
    return answer

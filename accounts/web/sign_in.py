"""Sign-in, sign-out and the password page: Flask-Security with our words, our limits and our journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, make_response, redirect, render_template, session
from flask.typing import ResponseReturnValue
from flask_security import LoginForm, Security, SQLAlchemyUserDatastore, password_changed, user_authenticated
from flask_security.utils import validate_redirect_url
from flask_wtf.csrf import CSRFError

from accounts.domain.passwords import SHORTEST, password_rule
from accounts.domain.roles import first_page
from accounts.models import RoleRow, StaffRow
from accounts.operations.journal import note
from accounts.web import wording
from accounts.web.guard import csrf, current_staff, guard
from accounts.web.limits import (
    PER_ACCOUNT,
    PER_ACCOUNT_AND_ADDRESS,
    PER_ADDRESS,
    account_named,
    account_named_from_here,
    is_a_guess,
    limiter,
    too_many,
)
from foundation import clock
from foundation.database import db

accounts = Blueprint("accounts", __name__, template_folder="templates", url_prefix="/staff")
guard(accounts)


@accounts.get("/")
def home() -> ResponseReturnValue:
    """The page that somebody's role starts from."""
    return redirect(first_page(current_staff().role_names()))


class SignInForm(LoginForm):
    """E-mail address and password; no "remember me", because a shared desk must forget."""

    remember = None

    def filter_email(self, typed: str | None) -> str | None:
        """A pasted address often brings a space along."""
        return typed.strip() if typed else typed

    def validate_next(self, field: Any) -> None:
        """An address outside our own pages is forgotten: whoever followed such a link still gets in, and stays here."""
        if field.data and not validate_redirect_url(field.data):
            field.data = ""


SETTINGS: dict[str, Any] = {
    "SECURITY_LOGIN_URL": "/staff/sign-in",
    "SECURITY_LOGOUT_URL": "/staff/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_POST_LOGIN_VIEW": "/staff/",
    "SECURITY_POST_LOGOUT_VIEW": "/staff/sign-in",
    "SECURITY_LOGIN_USER_TEMPLATE": "accounts/sign_in.html",
    "SECURITY_CHANGEABLE": True,
    "SECURITY_CHANGE_URL": "/staff/password",
    "SECURITY_CHANGE_PASSWORD_TEMPLATE": "accounts/password.html",
    "SECURITY_POST_CHANGE_VIEW": "/staff/",
    "SECURITY_SEND_PASSWORD_CHANGE_EMAIL": False,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,  # never say which half of a sign-in was wrong
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {  # OWASP's password storage cheat sheet; a guess costs us 19 MiB, not 64
        "argon2__memory_cost": 19_456,
        "argon2__time_cost": 2,
        "argon2__parallelism": 1,
    },
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],  # argon2 salts by itself and has no length limit to work around
    "SECURITY_PASSWORD_LENGTH_MIN": SHORTEST,
    "SECURITY_FRESHNESS": timedelta(minutes=-1),  # no page asks for the password again in between
    "SECURITY_CACHE_CONTROL": {"no-store": None},
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_FLASH_MESSAGES": True,
    "SECURITY_CLI_USERS_NAME": None,  # `flask staff` does it, and writes it into the journal
    "SECURITY_CLI_ROLES_NAME": None,
    "SESSION_COOKIE_NAME": "ringback_staff",
    "SESSION_COOKIE_PATH": "/staff",
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),  # the longest shift and its handover, then sign in again
    "WTF_CSRF_CHECK_DEFAULT": False,  # the guard checks, for exactly the pages that have a session
    "WTF_CSRF_TIME_LIMIT": None,  # a form is good for as long as the session that it belongs to
    "WTF_CSRF_SSL_STRICT": False,  # our pages send no referrer, which the strict check would need
}


def init_accounts(app: Flask) -> None:
    """Set up sign-in on the application; before the blueprints are registered, after the settings are in."""
    app.config.update(SETTINGS)
    app.config.update(wording.MESSAGES)
    app.config["SESSION_COOKIE_SECURE"] = app.config.get("PUBLIC_BASE_URL", "").startswith("https://")
    csrf.init_app(app)
    _set_up_limits(app)
    security = Security(app, SQLAlchemyUserDatastore(db, StaffRow, RoleRow), login_form=SignInForm)
    security.change_password_context_processor(lambda: {"password_rule": password_rule()})
    app.register_error_handler(CSRFError, _page_too_old)
    user_authenticated.connect(_signed_in, app)
    password_changed.connect(_password_changed, app)
    _limit_and_check(app)


def _set_up_limits(app: Flask) -> None:
    """The limiter is set up also where it is switched off, so that it can be switched on."""
    is_on = bool(app.config.get("RATELIMIT_ENABLED", True))
    app.config["RATELIMIT_ENABLED"] = True
    limiter.init_app(app)
    app.config["RATELIMIT_ENABLED"] = limiter.enabled = is_on


def _limit_and_check(app: Flask) -> None:
    """Put our limits and our token check around Flask-Security's views."""
    views: dict[str, Callable[..., Any]] = app.view_functions
    by_account = limiter.limit(PER_ACCOUNT, key_func=account_named, methods=["POST"], on_breach=too_many)
    by_both = limiter.limit(
        PER_ACCOUNT_AND_ADDRESS,
        key_func=account_named_from_here,
        methods=["POST"],
        on_breach=too_many,
        deduct_when=is_a_guess,
    )
    by_address = limiter.limit(PER_ADDRESS, methods=["POST"], on_breach=too_many)
    views["security.login"] = by_address(by_both(by_account(views["security.login"])))
    views["security.logout"] = _token_checked(views["security.logout"])


def _token_checked(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        csrf.protect()
        return view(*args, **kwargs)

    return checked


def _page_too_old(_error: CSRFError) -> ResponseReturnValue:
    return make_response(render_template("accounts/page_too_old.html"), 400)


def _signed_in(_app: Flask, user: StaffRow, authn_via: list[str] | None = None, **_: object) -> None:
    """Flask-Security commits after this signal, so that a sign-in and its line in the journal go together."""
    session.permanent = True
    if authn_via == ["change"]:  # the session goes on with a new password; that is noted by itself
        return
    now = clock.now()
    user.signed_in_at = now
    note(db.session(), actor_id=user.id, action="signed_in", subject_kind="staff", subject_id=user.id, now=now)


def _password_changed(_app: Flask, user: StaffRow, **_: object) -> None:
    now = clock.now()
    note(db.session(), actor_id=user.id, action="password_changed", subject_kind="staff", subject_id=user.id, now=now)

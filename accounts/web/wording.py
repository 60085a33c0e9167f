"""What Flask-Security and the guard say; the templates hold every other sentence of these pages."""

from __future__ import annotations

from accounts.domain.passwords import password_rule
from foundation.web.problems import Problem

MESSAGES: dict[str, tuple[str, str]] = {
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": ("The e-mail address and the password do not belong together", "error"),
    "SECURITY_MSG_UNAUTHENTICATED": ("Sign in to open this page", "info"),
    "SECURITY_MSG_PASSWORD_CHANGE": ("Your password is changed", "success"),
    "SECURITY_MSG_PASSWORD_NOT_PROVIDED": ("Enter the password", "error"),
    "SECURITY_MSG_INVALID_PASSWORD": ("This is not your password now", "error"),
    "SECURITY_MSG_PASSWORD_INVALID_LENGTH": (password_rule(), "error"),
    "SECURITY_MSG_PASSWORD_IS_THE_SAME": ("The new password is the same as the old one", "error"),
    "SECURITY_MSG_RETYPE_PASSWORD_MISMATCH": ("The two new passwords are not the same", "error"),
}
"""Keys are Flask-Security's settings; each value is the sentence and its kind."""

SIGN_IN_FIRST = Problem(
    status=401,
    code="sign_in_first",
    title="Sign in first",
    detail="This is for staff, and you are not signed in, or not any more.",
    next="Open the sign-in page, sign in and do it again.",
)

NOT_YOURS = Problem(
    status=403,
    code="not_yours",
    title="This is not part of your role",
    detail="You are signed in, and this is for other roles.",
    next="If you need it, ask a supervisor.",
)

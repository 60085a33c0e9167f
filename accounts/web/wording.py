"""What Flask-Security says, in our words; the templates hold every other sentence of these pages."""

from __future__ import annotations

from accounts.domain.passwords import password_rule

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

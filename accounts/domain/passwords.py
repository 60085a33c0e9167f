"""Which passwords we accept: length is the rule, because length is what helps (NIST SP 800-63B)."""

from __future__ import annotations

SHORTEST = 10
"""Characters; NIST asks for at least 8, and these accounts open people's most private hour."""

LONGEST = 128
"""Characters; long enough for any sentence, short enough that hashing cannot be used to tire the server."""


class PasswordNotAccepted(ValueError):
    """The password is too short or too long; ask for another, in words."""


def check_password(password: str) -> None:
    """Raises PasswordNotAccepted when a password breaks the rule."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordNotAccepted(password_rule())


def password_rule() -> str:
    """The rule as it is shown wherever a password is chosen."""
    return (
        f"Use {SHORTEST} to {LONGEST} characters. Three or four words that do not belong together are a good password"
    )

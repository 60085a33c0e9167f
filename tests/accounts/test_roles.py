"""Which page somebody starts from, and which passwords are good enough."""

from __future__ import annotations

import pytest

from accounts.domain.passwords import PasswordNotAccepted, check_password
from accounts.domain.roles import Role, first_page


@pytest.mark.parametrize(
    ("roles", "page"),
    [
        pytest.param([Role.COUNSELLOR], "/staff/queue", id="counsellor"),
        pytest.param([Role.SUPERVISOR], "/staff/board", id="supervisor"),
        pytest.param([Role.ADMIN], "/staff/board", id="admin"),
        pytest.param([Role.COUNSELLOR, Role.SUPERVISOR], "/staff/board", id="supervisor-who-counsels"),
        pytest.param([], "/staff/password", id="no-role"),
    ],
)
def test_everybody_starts_from_the_page_of_their_role(roles: list[Role], page: str) -> None:
    assert first_page(roles) == page


@pytest.mark.parametrize("password", ["", "nine-char", "x" * 129])
def test_a_password_too_short_or_too_long_is_refused_with_the_rule(password: str) -> None:
    with pytest.raises(PasswordNotAccepted, match="Use 10 to 128 characters"):
        check_password(password)


def test_a_password_of_ten_characters_is_accepted() -> None:
    check_password("ten-chars!")

"""The roles a member of staff can have, and the page each of them starts from."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here to do; it decides which pages open."""

    COUNSELLOR = "counsellor"
    """Rings people back and records what came of it."""
    SUPERVISOR = "supervisor"
    """Plans the rota, watches the board and looks after the team."""
    ADMIN = "admin"
    """Looks after sign-ins and settings; sees what a supervisor sees."""


PLANNERS = (Role.SUPERVISOR, Role.ADMIN)
"""Who may change the rota and the team."""

EVERYONE = (Role.COUNSELLOR, Role.SUPERVISOR, Role.ADMIN)
"""Everybody who signs in."""

FIRST_PAGES: dict[Role, str] = {
    Role.SUPERVISOR: "/staff/board",
    Role.ADMIN: "/staff/board",
    Role.COUNSELLOR: "/staff/queue",
}
"""The page that opens after sign-in; the first entry that somebody's roles include wins."""


def first_page(roles: Iterable[Role]) -> str:
    """Where somebody with these roles starts; people without a role start at their password page."""
    held = set(roles)
    return next((page for role, page in FIRST_PAGES.items() if role in held), "/staff/password")

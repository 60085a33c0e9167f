"""The pages of this package, and the guard that every staff page stands behind."""

from __future__ import annotations

from flask import Blueprint

from accounts.web.sign_in import accounts, init_accounts

__all__ = ["blueprints", "init_accounts"]


def blueprints() -> list[Blueprint]:
    """The blueprints to register."""
    return [accounts]

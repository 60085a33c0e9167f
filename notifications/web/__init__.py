"""Where the telephone company comes in: signed webhooks, answered at once."""

from __future__ import annotations

from flask import Blueprint

from notifications.web.webhooks import webhooks


def blueprints() -> list[Blueprint]:
    """The blueprints of this room."""
    return [webhooks]

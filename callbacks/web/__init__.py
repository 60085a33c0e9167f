"""The pages and the API of callbacks: for visitors without a sign-in, for staff behind the guard."""

from __future__ import annotations

from flask import Blueprint, Flask

from callbacks.web.api import api
from callbacks.web.embed import embed
from callbacks.web.help_lines import init_help_lines
from callbacks.web.metrics import metrics
from callbacks.web.own_page import own_page
from callbacks.web.refusals import REFUSALS
from callbacks.web.staff import STAFF_PROBLEMS, staff_blueprints
from callbacks.web.visitor import visitor
from foundation.web import problems

__all__ = ["blueprints", "init_help_lines", "init_problems"]


def blueprints() -> list[Blueprint]:
    """The blueprints to register."""
    return [visitor, own_page, embed, api, metrics, *staff_blueprints()]


def init_problems(app: Flask) -> None:
    """Say in words what this package refuses, wherever in the application it comes up."""
    problems.register(app, REFUSALS | STAFF_PROBLEMS)

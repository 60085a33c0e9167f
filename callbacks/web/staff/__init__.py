"""The staff side of callbacks: the counsellor's console, one request, the supervisor's live board."""

from __future__ import annotations

from flask import Blueprint

from callbacks.web.staff.board import board
from callbacks.web.staff.callback import staff_callback
from callbacks.web.staff.help_lines import help_lines
from callbacks.web.staff.queue import console
from callbacks.web.staff.reports import reports
from callbacks.web.staff.wording import STAFF_PROBLEMS

__all__ = ["STAFF_PROBLEMS", "staff_blueprints"]


def staff_blueprints() -> list[Blueprint]:
    """The guarded blueprints."""
    return [console, staff_callback, board, reports, help_lines]

"""What supervisors found out about other help lines, read again once a minute by each process that shows pages.

Nobody waits for it: it is read after a page is sent, and a database that does not answer leaves the numbers as they
are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError

from callbacks import queries
from foundation import clock
from foundation.database import transaction
from foundation.web import help_lines

log = structlog.get_logger()

EVERY: Final = timedelta(minutes=1)  # as long as a wrong number may stand on a page after somebody put it right
SHOWN_BY: Final = frozenset({"visitor", "own_page", "board", "help_lines"})
"""The blueprints whose pages name the lines."""


class _Heard:
    """When this process last asked."""

    at: datetime | None = None


def init_help_lines(app: Flask) -> None:
    """Keep the numbers on the pages up to date."""

    @app.after_request
    def hear_later(response: Response) -> Response:
        now = clock.now()
        if request.blueprint in SHOWN_BY and (_Heard.at is None or abs(now - _Heard.at) >= EVERY):
            _Heard.at = now
            response.call_on_close(lambda: _hear_after(app))
        return response


def hear() -> None:
    """Read the last check of each line."""
    with transaction() as session:
        help_lines.hear_checks(queries.help_line_checks(session))


def _hear_after(app: Flask) -> None:
    with app.app_context():
        try:
            hear()
        except SQLAlchemyError as error:  # the page is sent; the numbers stay, and are asked for again in a minute
            log.warning("help_lines_not_read", kind=type(error).__name__)

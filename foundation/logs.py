"""One line of JSON for each thing that happened; nothing personal is ever passed to it."""

from __future__ import annotations

import logging

import structlog


def configure() -> None:
    """Set up structlog, and quiet the libraries that would log addresses of pages or numbers."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,  # so that whoever configures last is heard, tests included
    )
    for noisy in ("twilio", "urllib3", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

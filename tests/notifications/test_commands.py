"""`flask notifications …`, for whoever runs the service."""

from __future__ import annotations

from flask import Flask

from foundation.database import transaction
from notifications.domain.trouble import WORDS, Trouble
from notifications.operations import trouble
from tests.conftest import NOON


def test_what_is_wrong_is_said_as_on_the_board_and_by_the_exit_status(app: Flask) -> None:
    runner = app.test_cli_runner()
    at_first = runner.invoke(args=["notifications", "troubles"])
    with app.app_context(), transaction() as session:
        trouble.begin(session, Trouble.TEXTS_FAIL, now=NOON)

    answer = runner.invoke(args=["notifications", "troubles"])

    assert (at_first.exit_code, at_first.output) == (0, "Nothing is wrong.\n")
    assert (answer.exit_code, answer.output) == (1, f"since 2026-11-24 12:00  {WORDS[Trouble.TEXTS_FAIL]}\n")

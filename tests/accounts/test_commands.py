"""`flask staff …`, for whoever runs the service."""

from __future__ import annotations

import pytest
from flask import Flask

ADD = ["staff", "add", "ana@example.org", "--role", "supervisor", "--password-stdin"]


def test_somebody_is_given_a_sign_in(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=ADD, input="a long password\n")

    assert (answer.exit_code, answer.output) == (0, "ana@example.org can now sign in as supervisor.\n")


@pytest.mark.parametrize(
    ("args", "typed", "said"),
    [
        pytest.param(ADD, "short\n", "Use 10 to 128 characters", id="short-password"),
        pytest.param(
            [*ADD[:2], "nobody", *ADD[3:]], "a long password\n", "Enter an e-mail address", id="not-an-address"
        ),
        pytest.param(["staff", "end", "bob@example.org"], "", "Nobody signs in as bob@example.org", id="unknown"),
        pytest.param(
            ["staff", "password", "bob@example.org", "--password-stdin"],
            "a long password\n",
            "Nobody signs in as bob@example.org",
            id="password-of-nobody",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(args: list[str], typed: str, said: str, app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=args, input=typed)

    assert answer.exit_code == 1
    assert said in answer.output
    assert "Traceback" not in answer.output


def test_nobody_is_added_twice(app: Flask) -> None:
    app.test_cli_runner().invoke(args=ADD, input="a long password\n")

    answer = app.test_cli_runner().invoke(args=ADD, input="a long password\n")

    assert answer.exit_code == 1
    assert "Somebody already signs in as ana@example.org" in answer.output

"""Commands about requests: `flask --app app callbacks …`."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from callbacks.domain import lifecycle_in_words

callbacks = AppGroup("callbacks", help="Requests for a call.")


def commands() -> list[click.Command]:
    """The commands of this package."""
    return [callbacks]


@callbacks.command("lifecycle")
def lifecycle() -> None:
    """Print docs/lifecycle.md, as the tables of states have it."""
    click.echo(lifecycle_in_words.document(), nl=False)

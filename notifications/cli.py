"""Commands about what leaves the building: `flask --app app notifications …`."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from foundation.database import transaction
from notifications import queries
from notifications.domain.trouble import WORDS, Trouble

notifications = AppGroup("notifications", help="Calls, texts, and what is wrong with them.")


def commands() -> list[click.Command]:
    """The commands of this package."""
    return [notifications]


@notifications.command("troubles")
def troubles() -> None:
    """Say what is wrong with the service now, as the board says it; exit status 1 when anything is."""
    with transaction() as session:
        found = [(row.since, WORDS[Trouble(row.kind)]) for row in queries.troubles(session)]
    for since, words in found:
        click.echo(f"since {since.astimezone(current_app.config['ZONE']):%Y-%m-%d %H:%M}  {words}")
    if found:
        raise SystemExit(1)
    click.echo("Nothing is wrong.")

"""Commands about people and shifts: `flask --app app rota …`."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import AppGroup

from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone
from rota.domain.shifts import ShiftRefused, Span, instant_of
from rota.domain.table_files import written
from rota.domain.typed import read_day
from rota.operations import exchange
from rota.operations.exchange import PEOPLE, PEOPLE_BESIDES, SHIFTS, Outcome

rota = AppGroup("rota", help="People and shifts as tables.")


def commands() -> list[click.Command]:
    """The commands of this package."""
    return [rota]


the_file = click.argument("file", type=click.File("rb"))
dry_run = click.option("--dry-run", is_flag=True, help="Say what would happen, and keep nothing.")


@rota.command("import-people")
@the_file
@dry_run
def import_people(file: BinaryIO, dry_run: bool) -> None:
    """Add and correct people from FILE (CSV; - is standard input), all of them or none."""
    now = clock.now()
    with transaction() as session:
        outcome = exchange.import_people(
            session,
            data=file.read(),
            is_dry_run=dry_run,
            drama_allowed=current_app.config["DRAMA_ALLOWED"],
            today=now.astimezone(service_zone()).date(),
            by=None,
            now=now,
        )
    _say(outcome, f"{outcome.added} new, {outcome.changed} changed, {outcome.same} as they were.")


@rota.command("import-shifts")
@the_file
@dry_run
def import_shifts(file: BinaryIO, dry_run: bool) -> None:
    """Publish shifts from FILE (CSV; - is standard input), all of them or none; each person is told once."""
    with transaction() as session:
        outcome = exchange.import_shifts(
            session, data=file.read(), is_dry_run=dry_run, zone=service_zone(), by=None, now=clock.now()
        )
    _say(outcome, f"{outcome.added} shifts, {outcome.told} people told.")


@rota.command("export-people")
def export_people() -> None:
    """Print everybody who works here as CSV. It holds telephone numbers."""
    now = clock.now()
    with transaction() as session:
        rows = exchange.people_table(session, today=now.astimezone(service_zone()).date())
        exchange.note_given_out(session, what="people", number=len(rows), by=None, now=now)
    click.echo(written((*PEOPLE, *PEOPLE_BESIDES), rows), nl=False)


@rota.command("export-shifts")
@click.option("--first", required=True, help="The first day, like 2026-11-23.")
@click.option("--last", required=True, help="The last day, included.")
def export_shifts(first: str, last: str) -> None:
    """Print published shifts as CSV."""
    zone, now = service_zone(), clock.now()
    try:
        span = Span(_midnight(first), _midnight(last, days=1))
    except ShiftRefused:
        raise click.BadParameter("the last day comes before the first") from None
    with transaction() as session:
        rows = exchange.shifts_table(session, span=span, zone=zone)
        exchange.note_given_out(session, what="shifts", number=len(rows), by=None, now=now)
    click.echo(written(("email", "name", *SHIFTS[1:]), rows), nl=False)


def _say(outcome: Outcome, done: str) -> None:
    """Say what came of it; every problem and remark on a line of its own, and exit status 1, when nothing is kept."""
    for problem in outcome.problems:
        click.echo(f"line {problem.line}: {problem.words}", err=True)
    if outcome.problems:
        raise click.ClickException(f"nothing is kept: {len(outcome.problems)} problems.")
    for remark in outcome.remarks:
        click.echo(f"line {remark.line}: {remark.words}.")
    click.echo(f"{done}{'' if outcome.is_kept else ' Nothing is kept: this was a dry run.'}")


def _midnight(typed: str, *, days: int = 0) -> datetime:
    day = read_day(typed)
    if day is None:
        raise click.BadParameter(f"{typed} is not a day. Enter one like 2026-11-23")
    return instant_of(day + timedelta(days=days), time(), service_zone())

"""Commands about staff: `flask --app app staff …`."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from accounts.domain.passwords import PasswordNotAccepted
from accounts.domain.roles import Role
from accounts.operations.staff import EmailNotUsable, EmailTaken, NameMissing, add_staff
from foundation import clock
from foundation.database import transaction

staff = AppGroup("staff", help="People who sign in.")


def commands() -> list[click.Command]:
    """The commands of this package."""
    return [staff]


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What the person does.")
@click.option("--name", default="", help="The name colleagues see; by default the part before the @.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, role: str, name: str, password_stdin: bool) -> None:
    """Give somebody a sign-in with EMAIL."""
    password = (
        sys.stdin.readline().rstrip("\r\n")
        if password_stdin
        else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    try:
        with transaction() as session:
            added = add_staff(
                session,
                email=email,
                name=name or email.partition("@")[0],
                password=password,
                role=Role(role),
                now=clock.now(),
            )
    except (EmailNotUsable, EmailTaken, NameMissing, PasswordNotAccepted) as error:
        raise click.ClickException(f"{error}.") from None
    click.echo(f"{added.email} can now sign in as {role}.")

"""Commands about staff: `flask --app app staff …`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from accounts.domain.passwords import PasswordNotAccepted
from accounts.domain.roles import Role
from accounts.operations.staff import (
    EmailNotUsable,
    EmailTaken,
    NameMissing,
    StaffNotFound,
    add_staff,
    end_access,
    set_password,
)
from foundation import clock
from foundation.database import transaction

staff = AppGroup("staff", help="People who sign in.")


def commands() -> list[click.Command]:
    """The commands of this package."""
    return [staff]


from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")

REFUSED = (EmailNotUsable, EmailTaken, NameMissing, PasswordNotAccepted, StaffNotFound)


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What the person does.")
@click.option("--name", default="", help="The name colleagues see; by default the part before the @.")
@from_stdin
def add(email: str, role: str, name: str, password_stdin: bool) -> None:
    """Give somebody a sign-in with EMAIL."""
    password = _password(password_stdin)
    with _plain_errors(), transaction() as session:
        added = add_staff(
            session,
            email=email,
            name=name or email.partition("@")[0],
            password=password,
            role=Role(role),
            now=clock.now(),
        )
    click.echo(f"{added.email} can now sign in as {role}.")


@staff.command("password")
@click.argument("email")
@from_stdin
def password(email: str, password_stdin: bool) -> None:
    """Give EMAIL a new password and sign them out everywhere."""
    new = _password(password_stdin)
    with _plain_errors(), transaction() as session:
        changed = set_password(session, email=email, password=new, by=None, now=clock.now())
    click.echo(f"{changed.email} has a new password.")


@staff.command("end")
@click.argument("email")
def end(email: str) -> None:
    """Let EMAIL sign in no longer."""
    with _plain_errors(), transaction() as session:
        ended = end_access(session, email=email, by=None, now=clock.now())
    click.echo(f"{ended.email} cannot sign in any more.")


def _password(is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say what is wrong in one line and end with status 1."""
    try:
        yield
    except REFUSED as error:
        raise click.ClickException(f"{error}.") from None

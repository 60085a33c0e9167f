"""How migrations run: numbered, one transaction each, one release at a time, and never waiting long for a lock.

Names are `NNNN_plain_words.py`. `.head` holds the newest number, so that two branches that both add a migration
conflict in version control instead of in production.
"""

from __future__ import annotations

from collections.abc import Iterable
from logging.config import fileConfig
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, text

from foundation.sealed import Sealed

LOCK_TIMEOUT = "5s"  # a table that is busy for longer must not make the whole service queue behind us: try again later
STATEMENT_TIMEOUT = "15min"  # a migration that takes longer needs to be done in steps, outside a release
PATIENCE_S = 3_600.0  # a release waits for one before it, and for its own long statements
ONE_AT_A_TIME = 7_225_522  # the number of the advisory lock; any number that nothing else in this database uses

HEAD = Path(__file__).parent / ".head"

fileConfig(str(context.config.config_file_name), disable_existing_loggers=False)
database = current_app.extensions["migrate"].db


def number(
    _migration: MigrationContext, _revision: str | Iterable[str | None] | Iterable[str], made: list[MigrationScript]
) -> None:
    """Give a new migration the next number and write it into `.head`; make none when nothing changed."""
    script = made[0]
    operations = script.upgrade_ops
    is_empty = operations is not None and operations.is_empty()
    asked = context.config.cmd_opts
    if asked is None or not hasattr(asked, "autogenerate"):  # `db check` compares and makes nothing
        return
    if asked.autogenerate and is_empty:
        made.clear()
        return
    newest = ScriptDirectory.from_config(context.config).get_current_head()
    script.rev_id = f"{int(newest or 0) + 1:04d}"
    HEAD.write_text(f"{script.rev_id}\n", encoding="utf-8")


def render(kind: str, item: Any, _migration: AutogenContext) -> str | Literal[False]:
    """Write columns of our own types as what the database keeps: a migration must not depend on later code."""
    if kind == "type" and isinstance(item, Sealed):
        return "sa.LargeBinary()"
    return False


def run_on(connection: Connection) -> None:
    """Bring the database to where it was asked to be."""
    settings: dict[str, Any] = dict(current_app.extensions["migrate"].configure_args)
    settings.setdefault("process_revision_directives", number)
    settings["render_as_batch"] = False  # a detour that only SQLite needs
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        transaction_per_migration=True,
        render_item=render,
        **settings,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """One release at a time: a second one waits here and then finds nothing left to do."""
    with database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.patience_s = PATIENCE_S
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.execute(text("SET lock_timeout = 0"))  # waiting for another release is what this lock is for
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": ONE_AT_A_TIME})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        try:
            run_on(connection)
        finally:
            connection.rollback()
            connection.execute(text("RESET ALL"))
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": ONE_AT_A_TIME})
            connection.commit()
            del driver.patience_s  # as patient as any other from now on


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database: they look at what is there")

run()

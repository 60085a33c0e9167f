"""The database and the only commit.

PostgreSQL is the truth. Edges (web, jobs, cli) open `with transaction() as session:`; operations never commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import BindParameter, DateTime, Dialect, MetaData, Text, Uuid, event, literal
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, registry

from foundation import doorbell

NAMES = {
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
    "uq": "%(table_name)s_has_one_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "%(table_name)s_belongs_to_%(referred_table_name)s_by_%(column_0_name)s",
    "pk": "%(table_name)s_key",
}
"""Constraint names are plain English, because they map to what a person is told."""


class Row(DeclarativeBase):
    """A table row. Thin: columns, constraints and snapshots into domain values; deciding happens in `domain/`."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={
            datetime: DateTime(timezone=True),
            str: Text(),
            UUID: Uuid(),
            dict[str, Any]: JSONB(),
            list[str]: JSONB(),
        },
    )


db = SQLAlchemy(metadata=Row.metadata, session_options={"expire_on_commit": False})
"""Engines and the scoped session; rows derive from `Row`, which keeps them typed."""


class Impatient(psycopg.Connection[Any]):
    """A connection that gives up on a silent server.

    A database that is frozen, or whose host is gone, keeps its connections open: the server's own time limits say
    nothing then, and whoever asks would wait for as long as it lasts.
    """

    patience_s: float = 12.0  # longer than the server may take for one statement (see `app._engine_options`)
    ping_s: float = 2.5  # a server that lives says at once that it does, however long its statements take

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for an answer. Raises OperationalError when none comes; the connection is closed then.

        Outside a transaction nothing is asked but whether the server is there: by the pool before a connection is
        used, and by the timekeeper.
        """
        patience_s = self.ping_s if self.autocommit else self.patience_s
        try:
            return super().wait(gen, interval=interval, timeout=patience_s if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # it may answer later: nobody listens then
                self.close()
            raise


def be_impatient(app: Flask) -> None:
    """Let every connection of the application give up on a silent server."""
    with app.app_context():
        event.listen(db.engine, "do_connect", _connect)


def _connect(_dialect: Dialect, _record: Any, args: tuple[str, ...], options: dict[str, Any]) -> Impatient:
    return Impatient.connect(*args, **options)


def written_out(value: str) -> BindParameter[str]:
    """A value that stands in the statement itself.

    For the condition of an index that holds a few rows of very many. Of a statement that comes again and again
    PostgreSQL keeps one plan for all values, and in that it uses such an index only for a value that it can read: it
    would go through all that was ever done, every second.
    """
    return literal(str(value), literal_execute=True)


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: committed as a whole at the end, or not at all; then the bells it asked for are rung."""
    session = db.session()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        doorbell.forget_bells(session)
        raise
    doorbell.ring_for(session)

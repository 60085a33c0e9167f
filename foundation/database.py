"""The database and the only commit.

PostgreSQL is the truth. Edges (web, jobs, cli) open `with transaction() as session:`; operations never commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, MetaData, Text, Uuid
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

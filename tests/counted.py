"""What the database is asked meanwhile, for tests that count it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from foundation.database import db


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement that the database gets meanwhile; inside an application context."""
    engine, statements = db.engine, []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)

"""The database keeps two spans apart that exclude each other; whoever meets it is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import ExclusionViolation
from sqlalchemy.exc import IntegrityError

from rota.domain.shifts import ShiftRefused


@contextmanager
def refusing_overlap(refused: ShiftRefused) -> Iterator[None]:
    """Raises `refused` in place of the database's own refusal, which decides when two people act at once, too."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            raise refused from None
        raise

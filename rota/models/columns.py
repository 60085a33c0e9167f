"""What columns of several tables have in common: one of a list of words, a span of instants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy.dialects.postgresql import Range

from rota.domain.shifts import Span


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """A CHECK: the column holds one of these words, or none."""
    return f"{column} in ({', '.join(repr(value.value) for value in values)})"


def span_of(during: Range[datetime]) -> Span:
    """A bounded range as a span."""
    if during.lower is None or during.upper is None:
        raise ValueError("a shift without a start or an end")  # the database refuses these
    return Span(during.lower, during.upper)


def range_of(span: Span) -> Range[datetime]:
    """A span as the database's range."""
    return Range(span.starts_at, span.ends_at, bounds="[)")

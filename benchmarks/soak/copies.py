"""A long past, made of copies: closed requests with everything that belongs to them, until the tables hold so many.

A week of a hundred thousand requests cannot be played in an hour here. What it leaves in the tables can be: then what
one more request costs is measured among all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Float,
    LargeBinary,
    Select,
    Table,
    Text,
    Uuid,
    cast,
    func,
    insert,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session

from benchmarks.soak.week import DAYS

_APART = 100_000_000
"""Numbers of a copy are so much higher than those of what it was made from, and of the copy before."""

_AT_ONCE = 2_000
"""Requests in one statement: the service's own time limits hold here, too."""

_THEIR_OWN = frozenset({"id", "callback_id"})
_UNIQUE_WORDS = frozenset({"reference", "provider_id", "reason_key"})


def multiply(session: Session, *, wanted: int) -> int:
    """Copy closed requests, spread over the week before, until the tables hold at least `wanted`; how many they hold.

    Copies are of other people, as far as the service can see: their digests differ. What is sealed is not copied anew.
    """
    from foundation.database import db  # noqa: PLC0415 - as in place.py

    tables = db.metadata.tables
    held = session.scalar(select(func.count()).select_from(tables["callback"])) or 0
    closed = session.scalar(select(func.count()).select_from(_closed(tables).subquery())) or 0
    if not closed or held >= wanted:
        return held
    copies = -(-(wanted - held) // closed)
    apart_s = timedelta(days=DAYS).total_seconds() / copies
    at_once = max(1, _AT_ONCE // closed)
    made = (session.scalar(select(func.max(tables["callback"].c.id))) or 0) // _APART
    for first in range(made + 1, made + copies + 1, at_once):
        _copy(session, tables, range(first, min(made + copies + 1, first + at_once)), apart_s)
    for table, _ in _of_closed_requests(tables):
        session.execute(text(f"ANALYZE {table.name}"))
    return held + copies * closed


def _copy(session: Session, tables: Any, copies: range, apart_s: float) -> None:
    numbers = func.generate_series(copies[0], copies[-1]).table_valued("copy").render_derived(name="numbers")
    for table, is_theirs in _of_closed_requests(tables):
        values = [_value(column, numbers.c.copy, apart_s) for column in table.columns]
        each = select(*values).select_from(table.join(numbers, true())).where(is_theirs)
        session.execute(insert(table).from_select(list(table.columns), each))


def _closed(tables: Any) -> Select[tuple[int]]:
    """The requests that copies are made of."""
    callback = tables["callback"].c
    return select(callback.id).where(
        callback.closed_at.is_not(None), callback.possible_duplicate_of.is_(None), callback.id < _APART
    )


def _of_closed_requests(tables: Any) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Tables and which of their rows, in an order in which each row finds what it points to.

    Keys against asking twice are not among them: they are kept for a day, however many ask.
    """
    attempt, sent, leg = (tables[name].c for name in ("attempt", "callback_text", "leg"))
    closed = _closed(tables)
    calls = select(attempt.call_id).where(attempt.callback_id.in_(closed))
    texts = select(sent.text_id).where(sent.callback_id.in_(closed))
    legs = select(leg.provider_id).where(leg.call_id.in_(calls))
    yield tables["callback"], tables["callback"].c.id.in_(closed)
    yield tables["call"], tables["call"].c.id.in_(calls)
    yield tables["leg"], leg.call_id.in_(calls)
    yield tables["text_message"], tables["text_message"].c.id.in_(texts)
    for name in ("receipt", "attempt", "history", "obstacle", "callback_text"):
        yield tables[name], tables[name].c.callback_id.in_(closed)
    yield tables["report"], tables["report"].c.subject_id.in_(calls.union_all(texts))
    yield tables["issued_instructions"], tables["issued_instructions"].c.provider_id.in_(legs)


def _value(column: ColumnElement[Any], copy: ColumnElement[int], apart_s: float) -> ColumnElement[Any]:
    """What a copy has in a column."""
    if column.key in _UNIQUE_WORDS:
        return column + "-" + cast(copy, Text)
    match column.type:
        case DateTime():
            return column - func.make_interval(0, 0, 0, 0, 0, 0, cast(copy, Float) * apart_s)
        case Uuid():
            return cast(func.md5(cast(column, Text) + cast(copy, Text)), Uuid)
        case LargeBinary():
            return func.sha256(column.op("||")(func.int4send(copy)))
        case BigInteger() if column.key in _THEIR_OWN:
            return column + cast(copy, BigInteger) * _APART
        case _:
            return column

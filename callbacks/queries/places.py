"""Places in the hours that are offered, and what was promised."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from callbacks.domain.score import Promised
from callbacks.domain.window import Span
from callbacks.models import ApologyRow, AttemptRow, BookingRow, CallbackRow
from callbacks.queries.waiting import TO_BE_RUNG


def booked_times(session: Session, *, from_: datetime, until: datetime) -> list[datetime]:
    """The hours of a period at which somebody who was not rung yet has a place, one for each of them."""
    question = (
        select(BookingRow.hour_at)
        .join(CallbackRow, CallbackRow.id == BookingRow.callback_id)
        .where(BookingRow.hour_at > from_, BookingRow.hour_at < until, CallbackRow.status.in_(TO_BE_RUNG))
    )
    return list(session.scalars(question))


def promised_since(session: Session, since: datetime) -> list[Promised]:
    """Every promise made to whoever asked since then, with the first ring of the visitor's telephone."""
    first_ring = (
        select(func.min(AttemptRow.rang_visitor_at)).where(AttemptRow.callback_id == CallbackRow.id).scalar_subquery()
    )
    question = select(CallbackRow.promised_from, CallbackRow.promised_until, first_ring, CallbackRow.closed_at).where(
        CallbackRow.asked_at >= since, CallbackRow.promised_until.is_not(None)
    )
    return [
        Promised(Span(from_, until), rung_at, closed_at)
        for from_, until, rung_at, closed_at in session.execute(question)
        if from_ is not None and until is not None
    ]


def booked_hours(session: Session, callback_ids: Collection[int]) -> dict[int, datetime]:
    """The hour in which each of these requests has a place."""
    question = select(BookingRow.callback_id, BookingRow.hour_at).where(BookingRow.callback_id.in_(callback_ids))
    return {row.callback_id: row.hour_at for row in session.execute(question)}


def waiting_with_a_place(session: Session, hours: Collection[datetime]) -> list[tuple[datetime, CallbackRow]]:
    """Everybody who has a place in one of these hours and was not rung yet, whoever asked first first."""
    question = (
        select(BookingRow.hour_at, CallbackRow)
        .join(CallbackRow, CallbackRow.id == BookingRow.callback_id)
        .where(BookingRow.hour_at.in_(hours), CallbackRow.status.in_(TO_BE_RUNG))
        .order_by(BookingRow.hour_at, CallbackRow.asked_at, CallbackRow.id)
    )
    return [(hour_at, row) for hour_at, row in session.execute(question)]


def promised_and_not_told(session: Session, *, until: datetime) -> list[CallbackRow]:
    """Requests that wait for a promise which ends by then, and whose visitor was not told that it may be missed."""
    told = exists().where(
        ApologyRow.callback_id == CallbackRow.id, ApologyRow.promised_until == CallbackRow.promised_until
    )
    question = (
        select(CallbackRow)
        .where(CallbackRow.status.in_(TO_BE_RUNG), CallbackRow.promised_until <= until, ~told)
        .order_by(CallbackRow.promised_until)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(question))


def apology(session: Session, callback: CallbackRow) -> ApologyRow | None:
    """What the visitor was told of the promise at hand, if it may be missed."""
    if callback.promised_until is None:
        return None
    return session.get(ApologyRow, (callback.id, callback.promised_until))


def seats_taken(session: Session, *, from_: datetime, until: datetime) -> dict[datetime, set[int]]:
    """Places taken in each offered hour of a period."""
    question = select(BookingRow.hour_at, BookingRow.seat).where(
        BookingRow.hour_at >= from_, BookingRow.hour_at < until
    )
    taken: dict[datetime, set[int]] = {}
    for hour_at, seat in session.execute(question):
        taken.setdefault(hour_at, set()).add(seat)
    return taken

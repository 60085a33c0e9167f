"""How the promises stand at this moment, from the published rota: whom we may let down, and whom we have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callbacks import queries
from callbacks.domain.promise import PromiseState, standing, without_place
from callbacks.domain.window import Span
from callbacks.models import CallbackRow
from callbacks.operations import offers
from rota import queries as rota
from rota.domain.resolution import PersonSpan

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Stands:
    """One promise."""

    state: PromiseState
    is_covered: bool
    """Somebody who may ring is on the rota for it, and not taken up by others who booked the same hour."""


def stand(session: Session, rows: Sequence[CallbackRow], *, now: datetime) -> dict[int, Stands]:
    """How the promise of each of these requests stands, from one look at the rota."""
    rung = queries.first_rings(session, [row.id for row in rows])
    open_ = [row for row in rows if row.is_open and row.promised_until is not None and row.promised_until > now]
    ends = [row.promised_until for row in open_ if row.promised_until is not None]
    spans = rota.resolved(session, start=now, end=min(max(ends), now + rota.COVER_AHEAD)) if ends else []
    placeless = _placeless(session, open_, spans, now)
    found = {}
    for row in rows:
        able = offers.able(session, row, now=now) if row.is_open else None
        cover = [Span(on.starts_at, on.ends_at) for on in spans if _may(able, on)]
        has_place = row.id not in placeless
        found[row.id] = Stands(
            standing(
                row.promise,
                rung_at=rung.get(row.id),
                closed_at=row.closed_at,
                cover=cover,
                has_place=has_place,
                now=now,
            ),
            is_covered=has_place and _is_covered(row.promise, cover, now),
        )
    return found


def _may(able: offers.Able, on: PersonSpan) -> bool:
    return able is None or on.counsellor_id in able


def _is_covered(quoted: Span | None, cover: Sequence[Span], now: datetime) -> bool:
    if quoted is None:
        return True
    return any(on.starts_at < quoted.ends_at and on.ends_at > max(now, quoted.starts_at) for on in cover)


def _placeless(session: Session, rows: Sequence[CallbackRow], spans: Sequence[PersonSpan], now: datetime) -> set[int]:
    """Those who booked an hour for which nobody is left, since the rota or the bookings are not what they were."""
    hours = set(queries.booked_hours(session, [row.id for row in rows]).values())
    wanting: dict[datetime, dict[int, set[int]]] = {}
    for hour_at, row in queries.waiting_with_a_place(session, hours):
        able = offers.able(session, row, now=now)
        wanting.setdefault(hour_at, {})[row.id] = {
            on.counsellor_id
            for on in spans
            if on.starts_at <= max(hour_at, now) and on.ends_at >= hour_at + HOUR and _may(able, on)
        }
    return {lost for hour in wanting.values() for lost in without_place(hour)}

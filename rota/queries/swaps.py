"""What is on offer to colleagues."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from rota.domain.swaps import OPEN as OPEN_SWAPS
from rota.domain.swaps import SwapState
from rota.models import OpenShiftRow, OpenShiftState, ShiftRow, ShiftState, SwapRow
from rota.queries.selects import locked
from rota.queries.shifts import lock_shift


def swaps_on_offer(session: Session) -> list[SwapRow]:
    """Offers that are open or wait for a supervisor, by the shift's start."""
    wanted = _open_swaps().where(~_is_gone())
    return list(session.scalars(wanted.order_by(func.lower(ShiftRow.during), SwapRow.id)))


def open_swaps_of(session: Session, *, counsellor_id: int, start: datetime) -> list[int]:
    """Offers that somebody made or took and nobody has decided, of shifts from a moment on."""
    wanted = (
        select(SwapRow.id)
        .join(ShiftRow, ShiftRow.id == SwapRow.shift_id)
        .where(
            SwapRow.state.in_([state.value for state in OPEN_SWAPS]),
            or_(SwapRow.owner_id == counsellor_id, SwapRow.taker_id == counsellor_id),
            func.lower(ShiftRow.during) >= start,
        )
    )
    return list(session.scalars(wanted.order_by(SwapRow.shift_id, SwapRow.id)))


def dead_swaps(session: Session, *, now: datetime) -> list[SwapRow]:
    """Open offers of which nothing is left to hand over, locked; those that somebody decides about are left alone."""
    has_begun = func.greatest(func.lower(ShiftRow.during), func.lower(SwapRow.part)) <= now
    wanted = _open_swaps().where(or_(_is_gone(), has_begun)).order_by(SwapRow.id)
    return list(session.scalars(wanted.with_for_update(of=SwapRow, skip_locked=True)))


def swaps_to_put_back(session: Session, *, now: datetime) -> list[SwapRow]:
    """Approved swaps of shifts that have not begun, by start."""
    wanted = select(SwapRow).where(SwapRow.state == SwapState.APPROVED.value, func.lower(SwapRow.before) > now)
    return list(session.scalars(wanted.order_by(func.lower(SwapRow.before), SwapRow.id)))


def swap_people(session: Session, *, swap_id: int) -> tuple[int | None, int | None]:
    """Whose shift an offer is about, and who took it, as they are just now."""
    found = session.execute(select(SwapRow.owner_id, SwapRow.taker_id).where(SwapRow.id == swap_id)).one_or_none()
    return (found[0], found[1]) if found else (None, None)


def lock_swap(session: Session, *, swap_id: int) -> SwapRow | None:
    """One offer and its shift, locked until the transaction ends, or None; the shift first, as everywhere."""
    shift_id = session.scalar(select(SwapRow.shift_id).where(SwapRow.id == swap_id))
    if shift_id is None:
        return None
    lock_shift(session, shift_id=shift_id)
    return locked(session, select(SwapRow).where(SwapRow.id == swap_id))


def _open_swaps() -> Select[SwapRow]:
    return (
        select(SwapRow)
        .join(ShiftRow, ShiftRow.id == SwapRow.shift_id)
        .where(SwapRow.state.in_([state.value for state in OPEN_SWAPS]))
    )


def _is_gone() -> ColumnElement[bool]:
    """The shift of an offer is not its owner's any more, or does not reach the part on offer."""
    return or_(
        ShiftRow.state != ShiftState.PUBLISHED.value,
        ShiftRow.counsellor_id != SwapRow.owner_id,
        SwapRow.part.is_not(None) & ~SwapRow.part.overlaps(ShiftRow.during),
    )


def open_shifts(session: Session, *, now: datetime) -> list[OpenShiftRow]:
    """Shifts that nobody has yet and that have not begun, by start."""
    wanted = select(OpenShiftRow).where(
        OpenShiftRow.state == OpenShiftState.OPEN.value, func.lower(OpenShiftRow.during) > now
    )
    return list(session.scalars(wanted.order_by(func.lower(OpenShiftRow.during), OpenShiftRow.id)))


def begun_open_shifts(session: Session, *, now: datetime) -> list[OpenShiftRow]:
    """Open shifts that have begun without anybody, locked."""
    wanted = select(OpenShiftRow).where(
        OpenShiftRow.state == OpenShiftState.OPEN.value, func.lower(OpenShiftRow.during) <= now
    )
    return list(session.scalars(wanted.order_by(OpenShiftRow.id).with_for_update(skip_locked=True)))


def lock_open_shift(session: Session, *, open_shift_id: int) -> OpenShiftRow | None:
    """One open shift, locked until the transaction ends, or None."""
    return locked(session, select(OpenShiftRow).where(OpenShiftRow.id == open_shift_id))

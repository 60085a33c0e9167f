"""Named questions about calls and texts, locking included in the question."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foundation.database import written_out
from notifications.domain.call import CallState
from notifications.domain.call_deadlines import CALLS_LAST, SWEPT_EVERY, SWEPT_FULLY_EVERY
from notifications.domain.text import TextState
from notifications.domain.trouble import NOBODY_IS_RUNG, Trouble
from notifications.models import (
    CallRow,
    IssuedRow,
    LegRow,
    OnTheLineRow,
    OptOutRow,
    PaceRow,
    ProviderRecordRow,
    TextRow,
    TroubleRow,
)


def lock_call(session: Session, call_id: UUID) -> CallRow | None:
    """One call with its legs, locked until the transaction ends, read afresh."""
    question = select(CallRow).where(CallRow.id == call_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(question).one_or_none()


def next_waiting_call(session: Session, *, now: datetime) -> CallRow | None:
    """The most urgent call that is due and that no other worker holds, locked."""
    question = (
        select(CallRow)
        .where(CallRow.state == written_out(CallState.WAITING), CallRow.due_at <= now)
        .order_by(CallRow.priority, CallRow.due_at, CallRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(question).one_or_none()


def lock_pace(session: Session, *, now: datetime) -> PaceRow:
    """The one row of the pace, locked; made, if this is the first call ever."""
    question = select(PaceRow).where(PaceRow.id == 1).with_for_update().execution_options(populate_existing=True)
    if (pace := session.scalars(question).one_or_none()) is not None:
        return pace
    session.execute(insert(PaceRow).values(id=1, next_at=now, failures=0).on_conflict_do_nothing())
    return session.scalars(question).one()


def dialling_failures(session: Session) -> int:
    """How many calls could not be placed since one got through; not locked."""
    return int(session.scalar(select(PaceRow.failures).where(PaceRow.id == 1)) or 0)


def texting_failures(session: Session) -> int:
    """How many texts could not be sent since one could; not locked."""
    return int(session.scalar(select(PaceRow.text_failures).where(PaceRow.id == 1)) or 0)


def calls_rest(session: Session, *, now: datetime) -> bool:
    """Whether no call is to be placed at this moment."""
    return bool(session.scalar(select(exists().where(PaceRow.next_at > now))))


def texts_rest(session: Session, *, now: datetime) -> bool:
    """Whether no text is to be sent at this moment, because the last ones could not be."""
    return bool(session.scalar(select(exists().where(PaceRow.texts_next_at > now))))


def troubles(session: Session) -> list[TroubleRow]:
    """What is wrong with the service at this moment: an emergency first, then what has lasted longest."""
    is_emergency = TroubleRow.kind == Trouble.EMERGENCY_WAITS
    return list(session.scalars(select(TroubleRow).order_by(is_emergency.desc(), TroubleRow.since)))


def is_dialling_paused(session: Session) -> bool:
    """Whether nobody can be rung at this moment."""
    return bool(session.scalar(select(exists().where(TroubleRow.kind.in_([str(kind) for kind in NOBODY_IS_RUNG])))))


def untold_troubles(session: Session) -> list[TroubleRow]:
    """Troubles that nobody was told of, locked; those that another process holds are left to it."""
    question = select(TroubleRow).where(TroubleRow.told_at.is_(None)).with_for_update(skip_locked=True)
    return list(session.scalars(question.execution_options(populate_existing=True)))


def lock_trouble(session: Session, kind: Trouble) -> TroubleRow | None:
    """A trouble that lasts, locked."""
    question = select(TroubleRow).where(TroubleRow.kind == kind).with_for_update()
    return session.scalars(question.execution_options(populate_existing=True)).one_or_none()


def state_of_text(session: Session, *, reason_key: str) -> TextState | None:
    """What became of the text that was ordered for this reason; None when none was."""
    state = session.scalar(select(TextRow.state).where(TextRow.reason_key == reason_key))
    return None if state is None else TextState(state)


def is_ours(session: Session, subject_id: UUID) -> bool:
    """Whether this is the id of a call or text of ours: only we and the telephone company know it."""
    call, text = select(CallRow.id).where(CallRow.id == subject_id), select(TextRow.id).where(TextRow.id == subject_id)
    return bool(session.scalar(select(or_(call.exists(), text.exists()))))


def trouble_last_at(session: Session, kind: Trouble) -> datetime | None:
    """When a trouble that lasts was last noticed."""
    return session.scalar(select(TroubleRow.last_at).where(TroubleRow.kind == kind))


def is_on_the_line(session: Session, *, phone_digest: bytes, now: datetime) -> bool:
    """Whether somebody has just rung us from this number."""
    row = session.get(OnTheLineRow, phone_digest)
    return row is not None and row.until > now


def lines_in_use(session: Session, *, now: datetime) -> set[bytes]:
    """Digests of the numbers from which somebody has just rung us."""
    return set(session.scalars(select(OnTheLineRow.phone_digest).where(OnTheLineRow.until > now)))


def is_call_waiting(session: Session, *, now: datetime) -> bool:
    """Whether a call is due to be placed."""
    return bool(
        session.scalar(select(exists().where(CallRow.state == written_out(CallState.WAITING), CallRow.due_at <= now)))
    )


def overdue_calls(session: Session, *, now: datetime, limit: int = 100) -> list[UUID]:
    """Open calls whose deadline has passed: those that must stop first, then the longest overdue."""
    question = (
        select(CallRow.id)
        .where(CallRow.ended_at.is_(None), CallRow.deadline_at <= now)
        .order_by(CallRow.cancelled_at.is_(None), CallRow.deadline_at)
        .limit(limit)
    )
    return list(session.scalars(question))


def is_any_call_in_doubt(session: Session, *, unanswered: int) -> bool:
    """Whether the provider has failed to answer about an open call so many times in a row."""
    return bool(session.scalar(select(exists().where(CallRow.ended_at.is_(None), CallRow.unanswered >= unanswered))))


def is_sweep_due(session: Session, *, now: datetime) -> bool:
    """Whether calls may be under way and the telephone company was not lately asked which are.

    When none was placed for a while and none is open, it is asked less often.
    """
    is_open = exists().where(CallRow.ended_at.is_(None))
    is_busy = or_(PaceRow.next_at >= now - 3 * SWEPT_FULLY_EVERY, is_open)
    is_due = or_(
        PaceRow.swept_at.is_(None),
        PaceRow.swept_at <= now - SWEPT_FULLY_EVERY,
        and_(PaceRow.swept_at <= now - SWEPT_EVERY, is_busy),
    )
    return bool(session.scalar(select(exists().where(PaceRow.next_at >= now - CALLS_LAST, is_due))))


def is_fate_unknown(session: Session, *, now: datetime) -> bool:
    """Whether it is not known, or was never learnt, what became of a call that may still surface."""
    question = exists().where(
        CallRow.created_at >= now - CALLS_LAST, CallRow.state.in_([CallState.UNKNOWN, CallState.LOST])
    )
    return bool(session.scalar(select(question)))


def call_ends(session: Session, provider_ids: set[str]) -> dict[str, datetime | None]:
    """For each of these legs that is ours, when its call ended; None while it is open."""
    question = (
        select(LegRow.provider_id, CallRow.ended_at)
        .join(CallRow, CallRow.id == LegRow.call_id)
        .where(LegRow.provider_id.in_(provider_ids))
    )
    return {str(provider_id): ended_at for provider_id, ended_at in session.execute(question)}


def numbers_awaited(session: Session) -> set[str]:
    """The numbers of calls that were handed over, perhaps, and whose legs nobody knows yet."""
    question = select(CallRow).where(CallRow.ended_at.is_(None), CallRow.handed_over_at.is_not(None))
    return {call.counsellor_phone for call in session.scalars(question) if call.counsellor_leg_id is None}


def known_legs(session: Session, provider_ids: list[str]) -> set[str]:
    """Which of these provider ids belong to a leg of ours."""
    return set(session.scalars(select(LegRow.provider_id).where(LegRow.provider_id.in_(provider_ids))))


def has_rung_visitor(session: Session, *, call_id: UUID) -> bool:
    """Whether the visitor's telephone is known to have rung for this call."""
    question = exists().where(
        LegRow.call_id == call_id,
        LegRow.role == "visitor",
        or_(LegRow.rang_at.is_not(None), LegRow.answered_at.is_not(None)),
    )
    return bool(session.scalar(select(question)))


def issued(session: Session, *, provider_id: str, step: str) -> str | None:
    """The instructions that we gave before for this step, if any."""
    question = select(IssuedRow.xml).where(IssuedRow.provider_id == provider_id, IssuedRow.step == step)
    return session.scalars(question).one_or_none()


def lock_text(session: Session, text_id: UUID) -> TextRow | None:
    """One text, locked, read afresh."""
    question = select(TextRow).where(TextRow.id == text_id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(question).one_or_none()


def next_waiting_text(session: Session, *, now: datetime) -> TextRow | None:
    """The oldest text that is due and that no other worker holds, locked."""
    question = (
        select(TextRow)
        .where(TextRow.state == written_out(TextState.WAITING), TextRow.due_at <= now)
        .order_by(TextRow.due_at, TextRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(question).one_or_none()


def is_text_waiting(session: Session, *, now: datetime) -> bool:
    """Whether a text is due to be sent, and may be."""
    rests = exists().where(PaceRow.texts_next_at > now)
    due = exists().where(TextRow.state == written_out(TextState.WAITING), TextRow.due_at <= now, ~rests)
    return bool(session.scalar(select(due)))


def overdue_texts(session: Session, *, now: datetime, limit: int = 100) -> list[UUID]:
    """Texts being sent, or sent, whose deadline has passed."""
    question = (
        select(TextRow.id)
        .where(TextRow.state.in_([TextState.SENDING, TextState.SENT]), TextRow.deadline_at <= now)
        .order_by(TextRow.deadline_at)
        .limit(limit)
    )
    return list(session.scalars(question))


def overdue_legs(session: Session, *, now: datetime, limit: int = 100) -> list[int]:
    """Legs that have outlived their calls, as far as we know, and of which nothing more was heard."""
    question = select(LegRow.id).where(LegRow.deadline_at <= now).order_by(LegRow.deadline_at).limit(limit)
    return list(session.scalars(question))


def lock_leg(session: Session, leg_id: int) -> tuple[CallRow, LegRow] | None:
    """One leg with its call, locked."""
    call_id = session.scalar(select(LegRow.call_id).where(LegRow.id == leg_id))
    call = None if call_id is None else lock_call(session, call_id)
    leg = None if call is None else next((leg for leg in call.legs if leg.id == leg_id), None)
    return None if call is None or leg is None else (call, leg)


def is_anything_overdue(session: Session, *, now: datetime) -> bool:
    """Whether a call, a leg or a text needs to be asked about.

    The earliest deadline of each is the first entry of an index. "Is there one before now?" would be looked for in the
    tables: PostgreSQL takes it that a third of all rows are.
    """
    of_calls = select(func.min(CallRow.deadline_at)).where(CallRow.ended_at.is_(None))
    of_texts = select(func.min(TextRow.deadline_at)).where(
        TextRow.state.in_([TextState.SENDING, TextState.SENT]), TextRow.deadline_at.is_not(None)
    )
    of_legs = select(func.min(LegRow.deadline_at)).where(LegRow.deadline_at.is_not(None))
    first = session.scalar(select(func.least(*(each.scalar_subquery() for each in (of_calls, of_texts, of_legs)))))
    return first is not None and bool(first <= now)


def has_opted_out(session: Session, *, phone_digest: bytes) -> bool:
    """Whether a number asked for no texts."""
    return session.get(OptOutRow, phone_digest) is not None


def texts_for(session: Session, *, purpose: str, before: datetime, limit: int = 100) -> list[UUID]:
    """Texts for a purpose that were ordered before then and still hold a number, oldest first."""
    question = select(TextRow.id).where(
        TextRow.purpose == purpose, TextRow.created_at < before, func.length(TextRow.phone_digest) > 0
    )
    return list(session.scalars(question.order_by(TextRow.created_at).limit(limit)))


def records_due(session: Session, *, limit: int = 50, now: datetime) -> list[tuple[str, str]]:
    """Records that the telephone company is to delete now: each its id there, and of what it is."""
    question = (
        select(ProviderRecordRow.provider_id, ProviderRecordRow.kind)
        .where(ProviderRecordRow.gone_at.is_(None), ProviderRecordRow.due_at <= now)
        .order_by(ProviderRecordRow.due_at)
        .limit(limit)
    )
    return [(provider_id, kind) for provider_id, kind in session.execute(question)]


def deletions_in_vain(session: Session) -> int:
    """How often it was tried to delete the records that are still there."""
    question = select(func.sum(ProviderRecordRow.tries)).where(ProviderRecordRow.gone_at.is_(None))
    return int(session.scalar(question) or 0)

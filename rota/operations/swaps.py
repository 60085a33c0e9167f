"""Offer a shift to colleagues, take it, approve it, take it back; and open shifts that nobody has yet."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from accounts.operations.journal import note
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.shifts import Shift, Span, check_new
from rota.domain.swaps import (
    NotInTheShift,
    NotNow,
    OfferedAlready,
    OwnOffer,
    SwapEvent,
    SwapRefused,
    SwapState,
    move,
    part_of,
    swapped,
)
from rota.models import (
    CounsellorRow,
    OpenShiftRow,
    OpenShiftState,
    ShiftRow,
    ShiftState,
    SwapRow,
    range_of,
    span_of,
)
from rota.operations.judge import accept
from rota.operations.overlap import refusing_overlap
from rota.operations.shifts import add_shift, check_person, cut, one_shift_at_once
from rota.operations.team import CounsellorNotFound
from rota.operations.tell import tell_changed


class SwapNotFound(LookupError):
    """There is no such offer (any more); show those that there are."""


class LacksSkill(SwapRefused):
    """The shift needs a skill that the person does not have; show it as not for them."""


def offer(
    session: Session, *, shift_id: int, owner_id: int, part: Span | None = None, by: int | None, now: datetime
) -> SwapRow:
    """Offer one's own coming shift, or a part of it. It stays with its owner until a swap is approved.

    Raises SwapNotFound or a SwapRefused.
    """
    shift = queries.lock_shift(session, shift_id=shift_id)
    if shift is None or shift.state != ShiftState.PUBLISHED.value or shift.counsellor_id != owner_id:
        raise SwapNotFound("This shift is not one of yours any more")
    whole = shift.span()
    if part and (part.starts_at < whole.starts_at or part.ends_at > whole.ends_at):
        raise NotInTheShift("Choose a part that lies inside the shift")
    if (part or whole).starts_at <= now:
        raise NotInTheShift("This has begun already. Choose a part that is still to come")
    row = SwapRow(
        shift_id=shift_id,
        owner_id=owner_id,
        part=range_of(part) if part and part != whole else None,
        state=SwapState.OFFERED.value,
        offered_at=now,
        state_at=now,
    )
    refused = OfferedAlready("This is on offer already. Withdraw that offer, or offer another part")
    with refusing_overlap(refused), session.begin_nested():
        session.add(row)
        session.flush()
    _note(session, "swap_offered", row, by=by, now=now)
    return row


def take(session: Session, *, swap_id: int, taker_id: int, zone: ZoneInfo, by: int | None, now: datetime) -> SwapRow:
    """Want an offer; a supervisor decides. Working-time rules and leave are checked now, and again on approval.

    Raises SwapNotFound, SwapRefused or RuleStandsAgainst.
    """
    taker = _person(session, taker_id)
    row = _locked(session, swap_id)
    part = _still_there(row, now=now)
    if row.owner_id == taker_id:
        raise OwnOffer("This is your own offer. Withdraw it if you want to keep the shift")
    state = move(SwapState(row.state), SwapEvent.TAKE)
    check_person(taker, part, zone)
    accept(session, person=taker, span=part, reason="", zone=zone, by=by, now=now)
    _refuse_overlap(session, taker_id, part)
    row.taker_id = taker_id
    _set(session, row, state, "swap_taken", by=by, now=now)
    return row


def refuse(session: Session, *, swap_id: int, by: int | None, now: datetime) -> SwapRow:
    """Say no to whoever took it; the offer stands. Raises SwapNotFound or NotNow."""
    row = _locked(session, swap_id)
    state = move(SwapState(row.state), SwapEvent.REFUSE)
    row.taker_id = None
    _set(session, row, state, "swap_refused", by=by, now=now)
    return row


def approve(
    session: Session, *, swap_id: int, reason: str = "", zone: ZoneInfo, by: int | None, now: datetime
) -> SwapRow:
    """Say yes: the part changes hands, the rest stays with its owner. The database decides when two act at once.

    Raises SwapNotFound, SwapRefused, RuleStandsAgainst or AlreadyOnShift.
    """
    row = _locked_with_people(session, swap_id)
    state = move(SwapState(row.state), SwapEvent.APPROVE)
    part = _still_there(row, now=now)
    taker = row.taker
    if taker is None:
        raise NotNow("Nobody has taken this offer yet")
    check_person(taker, part, zone)
    accept(session, person=taker, span=part, reason=reason, zone=zone, by=by, now=now)
    shift = row.shift
    before, row.before = shift.as_shift(), shift.during
    pieces = swapped(before, part, by=taker.id)
    with one_shift_at_once(session, taker):
        row.made = cut(session, shift, pieces, by=by, now=now)
    _set(session, row, state, "swap_approved", by=by, now=now)
    tell_changed(session, [before], pieces, reason=f"rota_swap:{row.id}.approved", zone=zone, now=now)
    return row


def withdraw(
    session: Session,
    *,
    swap_id: int,
    owner_id: int | None = None,
    reason: str = "",
    zone: ZoneInfo | None = None,
    by: int | None,
    now: datetime,
) -> SwapRow:
    """Take an offer back. After approval only a supervisor can (`owner_id` None), and the shift is exactly as before;
    whoever has it back is judged again, and `reason` overrides a rule.

    Raises SwapNotFound, SwapRefused, RuleStandsAgainst or AlreadyOnShift.
    """
    row = _locked_with_people(session, swap_id)
    if owner_id is not None and row.owner_id != owner_id:
        raise SwapNotFound("This offer is not yours")
    was = SwapState(row.state)
    state = move(was, SwapEvent.WITHDRAW)
    if was is SwapState.APPROVED:
        if owner_id is not None:
            raise NotNow("This swap is approved already. Ask a supervisor to put it back")
        _put_back(session, row, reason=reason, zone=zone or ZoneInfo(row.shift.zone), by=by, now=now)
    _set(session, row, state, "swap_withdrawn", by=by, now=now)
    return row


def open_shift(
    session: Session, *, span: Span, skill: Skill | None = None, zone: ZoneInfo, by: int | None, now: datetime
) -> OpenShiftRow:
    """Put up a shift that eligible people can take. Raises a ShiftRefused."""
    check_new(span, zone=zone, now=now)
    row = OpenShiftRow(
        during=range_of(span),
        skill=skill.value if skill else None,
        state=OpenShiftState.OPEN.value,
        opened_at=now,
        opened_by=by,
    )
    session.add(row)
    session.flush()
    _note_open(session, "open_shift_added", row, by=by, now=now)
    return row


def take_open(
    session: Session, *, open_shift_id: int, taker_id: int, zone: ZoneInfo, by: int | None, now: datetime
) -> ShiftRow:
    """Take an open shift: it is a published shift from now on. Of two who take it at once exactly one has it.

    Raises SwapNotFound, SwapRefused, RuleStandsAgainst or another ShiftRefused.
    """
    row = queries.lock_open_shift(session, open_shift_id=open_shift_id)
    if row is None:
        raise SwapNotFound("There is no such open shift")
    if row.state != OpenShiftState.OPEN.value:
        raise NotNow("Somebody has taken this shift already, or it is not needed any more. Look for another one")
    person = _person(session, taker_id)
    if row.skill and row.skill not in person.skills:
        raise LacksSkill("This shift needs a training that is not on your list. Ask a supervisor if that is wrong")
    shift = add_shift(session, counsellor_id=taker_id, span=row.span(), zone=zone, by=by, now=now)
    row.state, row.shift_id = OpenShiftState.TAKEN.value, shift.id
    session.flush()
    _note_open(session, "open_shift_taken", row, was=OpenShiftState.OPEN.value, by=by, now=now)
    return shift


def close_open(session: Session, *, open_shift_id: int, by: int | None, now: datetime) -> None:
    """It is not needed any more. Raises SwapNotFound or NotNow."""
    row = queries.lock_open_shift(session, open_shift_id=open_shift_id)
    if row is None:
        raise SwapNotFound("There is no such open shift")
    if row.state != OpenShiftState.OPEN.value:
        raise NotNow("Somebody has taken this shift already")
    row.state = OpenShiftState.CLOSED.value
    session.flush()
    _note_open(session, "open_shift_closed", row, was=OpenShiftState.OPEN.value, by=by, now=now)


def _locked(session: Session, swap_id: int) -> SwapRow:
    row = queries.lock_swap(session, swap_id=swap_id)
    if row is None:
        raise SwapNotFound("There is no such offer")
    return row


def _locked_with_people(session: Session, swap_id: int) -> SwapRow:
    """The people first, as everywhere; whoever took it since is another offer than the one that was decided about."""
    owner_id, taker_id = queries.swap_people(session, swap_id=swap_id)
    queries.lock_counsellors(session, ids=[person for person in (owner_id, taker_id) if person is not None])
    row = _locked(session, swap_id)
    if row.taker_id != taker_id:
        raise NotNow("Somebody has answered this offer meanwhile. Look at it again")
    return row


def _still_there(row: SwapRow, *, now: datetime) -> Span:
    """What of the shift is on offer, wherever the shift is now. Raises NotNow when nothing is."""
    shift = row.shift
    is_there = shift.state == ShiftState.PUBLISHED.value and shift.counsellor_id == row.owner_id
    part = part_of(shift.span(), span_of(row.part) if row.part else None) if is_there else None
    if part is None or part.starts_at <= now:
        raise NotNow("This offer is over: its shift has begun or is gone")
    return part


def _person(session: Session, counsellor_id: int) -> CounsellorRow:
    person = queries.lock_counsellors(session, ids=[counsellor_id]).get(counsellor_id)
    if person is None:
        raise CounsellorNotFound("There is no such counsellor")
    return person


def _refuse_overlap(session: Session, counsellor_id: int, span: Span) -> None:
    own = queries.spans_of(session, counsellor_ids=[counsellor_id], around=span)
    if own.get(counsellor_id):
        raise SwapRefused("You have a shift at that time already")


def _put_back(session: Session, row: SwapRow, *, reason: str, zone: ZoneInfo, by: int | None, now: datetime) -> None:
    """Make the one shift out of its pieces again. Raises NotNow when one of them has changed since, or has begun."""
    if row.before is None or row.taker_id is None:
        raise NotNow("This swap is from before it could be put back. Change the shifts by hand")
    before = Shift(row.owner_id, span_of(row.before))
    part = part_of(before.span, span_of(row.part) if row.part else None) or before.span
    rows = list(queries.lock_shifts(session, shift_ids=[row.shift_id, *row.made]).values())
    pieces = [piece.as_shift() for piece in rows if piece.state == ShiftState.PUBLISHED.value]
    made = swapped(before, part, by=row.taker_id)
    if sorted(pieces, key=lambda piece: piece.span) != made or before.span.starts_at <= now:
        raise NotNow("One of these shifts has begun or has changed since. Change the shifts by hand")
    ids = [piece.id for piece in rows]
    accept(session, person=row.owner, span=before.span, besides=ids, reason=reason, zone=zone, by=by, now=now)
    for each in queries.break_rows(session, shift_ids=row.made):
        each.shift_id = row.shift_id
    for piece in rows:
        if piece.id != row.shift_id:
            cut(session, piece, [], by=by, now=now)
    shift = next(piece for piece in rows if piece.id == row.shift_id)
    with one_shift_at_once(session, row.owner):
        cut(session, shift, [before], by=by, now=now)
    tell_changed(session, made, [before], reason=f"rota_swap:{row.id}.put_back", zone=zone, now=now)


def _set(session: Session, row: SwapRow, state: SwapState, action: str, *, by: int | None, now: datetime) -> None:
    was = row.state
    row.state, row.state_at = state.value, now
    session.flush()
    _note(session, action, row, was=was, by=by, now=now)


def _note(
    session: Session, action: str, row: SwapRow, *, was: str | None = None, by: int | None, now: datetime
) -> None:
    offer = {"shift_id": row.shift_id, "owner_id": row.owner_id, "taker_id": row.taker_id}
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="swap",
        subject_id=row.id,
        before=offer | {"state": was} if was else None,
        after=offer | {"state": row.state},
        now=now,
    )


def _note_open(
    session: Session, action: str, row: OpenShiftRow, *, was: str | None = None, by: int | None, now: datetime
) -> None:
    span = row.span()
    times = {"starts_at": span.starts_at.isoformat(), "ends_at": span.ends_at.isoformat()}
    note(
        session,
        actor_id=by,
        action=action,
        subject_kind="open_shift",
        subject_id=row.id,
        before=times | {"state": was} if was else None,
        after=times | {"state": row.state, "shift_id": row.shift_id},
        now=now,
    )

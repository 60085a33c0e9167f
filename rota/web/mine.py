"""A counsellor's own planning: offer and take shifts, ask for leave, and the address of their calendar feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import Role
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.phone import Phone
from foundation.web.times import date_in_words, service_zone
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.phone_check import Checked
from rota.domain.shifts import ShiftRefused, Span
from rota.domain.swaps import SwapState, part_entered, part_of
from rota.domain.wording import CHECKED, finding_words, hours_words, skills_words, span_words
from rota.models import CounsellorRow, LeaveRow, LeaveState, OpenShiftRow, SwapRow, span_of
from rota.operations import feed, ladder, leave, phone_check, swaps
from rota.operations.judge import judge
from rota.operations.shifts import ShiftChangedMeanwhile
from rota.web import wording
from rota.web.forms import read_day, read_time
from rota.web.my_weeks import my_weeks

mine = Blueprint("mine", __name__, template_folder="templates", url_prefix="/staff/rota/mine")
guard(mine, Role.COUNSELLOR)

PLACES = frozenset({"phone", "shift", "swap", "part_shift", "part_starts", "first_day", "last_day"})
"""What a refusal can point at on the page; anything else is about taking a shift."""
AHEAD = timedelta(weeks=8)  # how far shifts can be offered
SICK_AHEAD = timedelta(days=7)  # nobody knows today that they will be ill in a month: that is leave


@dataclass(frozen=True, slots=True)
class OwnShift:
    """One of my shifts that are not over, and what became of offering it."""

    id: int
    version: int
    words: str
    is_now: bool
    offers: tuple[OwnOffer, ...]
    can_be_sick: bool


@dataclass(frozen=True, slots=True)
class OwnOffer:
    """A shift of mine, or a part of it, that is on offer."""

    id: int
    words: str


@dataclass(frozen=True, slots=True)
class MyPhone:
    """My telephone, and what came of checking it."""

    ends_in: str
    is_checked: bool
    is_ringing: bool
    said: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that I can take, or why I cannot."""

    id: int
    words: str
    why_not: str


@dataclass(frozen=True, slots=True)
class LeaveLine:
    """One application for leave."""

    id: int
    words: str
    state: str
    can_withdraw: bool


@mine.get("")
def page() -> ResponseReturnValue:
    """Everything that a counsellor can plan."""
    return _page({})


@mine.post("/offers")
def offer() -> ResponseReturnValue:
    """Offer one of my shifts. Field: `shift`."""
    return _do(
        lambda session, me, now: swaps.offer(
            session, shift_id=_number("shift"), owner_id=me.id, by=me.staff_id, now=now
        ),
        wording.OFFERED,
    )


@mine.post("/offers/parts")
def offer_part() -> ResponseReturnValue:
    """Offer a part of one of my shifts. Fields: `part_shift`, `part_starts`, `part_ends`."""
    starts, ends = read_time(request.form.get("part_starts", "")), read_time(request.form.get("part_ends", ""))
    if not _number("part_shift"):
        return _page({"part_shift": wording.CHOOSE_MY_SHIFT})
    if starts is None or ends is None:
        return _page({"part_starts": wording.ENTER_A_PART})

    def offer_it(session: Session, me: CounsellorRow, now: datetime) -> None:
        shift = queries.planned_shift(session, shift_id=_number("part_shift"))
        if shift is None or shift.counsellor_id != me.id:
            raise swaps.SwapNotFound("This shift is not one of yours any more")
        part = part_entered(shift.span, starts, ends, service_zone())
        swaps.offer(session, shift_id=shift.id, owner_id=me.id, part=part, by=me.staff_id, now=now)

    return _do(offer_it, wording.OFFERED, instead="part_starts")


@mine.post("/sickness")
def sick() -> ResponseReturnValue:
    """I am ill: take me off a shift and ask others. Field: `sick_shift` (id and version, as 12.1)."""
    shift_id, _, version = request.form.get("sick_shift", "").partition(".")
    if not (shift_id.isdecimal() and version.isdecimal()):
        return _page({"shift": wording.CHOOSE_MY_SHIFT})
    return _do(
        lambda session, me, now: ladder.call_sick(
            session,
            shift_id=int(shift_id),
            version=int(version),
            owner_id=me.id,
            by=me.staff_id,
            zone=service_zone(),
            now=now,
        ),
        wording.CALLED_IN_SICK,
    )


@mine.post("/offers/<int:swap_id>/taking")
def take(swap_id: int) -> ResponseReturnValue:
    """Want a colleague's shift."""
    return _do(
        lambda session, me, now: swaps.take(
            session, swap_id=swap_id, taker_id=me.id, zone=service_zone(), by=me.staff_id, now=now
        ),
        wording.TAKEN,
    )


@mine.post("/offers/<int:swap_id>/withdrawal")
def withdraw(swap_id: int) -> ResponseReturnValue:
    """Take my offer back."""
    return _do(
        lambda session, me, now: swaps.withdraw(session, swap_id=swap_id, owner_id=me.id, by=me.staff_id, now=now),
        wording.OFFER_WITHDRAWN,
    )


@mine.post("/open-shifts/<int:open_shift_id>/taking")
def take_open(open_shift_id: int) -> ResponseReturnValue:
    """Take a shift that nobody has."""
    return _do(
        lambda session, me, now: swaps.take_open(
            session, open_shift_id=open_shift_id, taker_id=me.id, zone=service_zone(), by=me.staff_id, now=now
        ),
        wording.OPEN_TAKEN,
    )


@mine.post("/leave")
def ask_for_leave() -> ResponseReturnValue:
    """Ask for days off. Fields: `first_day`, `last_day`."""
    first, last = read_day(request.form.get("first_day", "")), read_day(request.form.get("last_day", ""))
    if first is None or last is None:
        errors = {"first_day": wording.ENTER_A_FIRST_DAY} if first is None else {}
        return _page(errors | ({"last_day": wording.ENTER_A_LAST} if last is None else {}))
    return _do(
        lambda session, me, now: leave.ask(
            session,
            counsellor_id=me.id,
            first_day=first,
            last_day=last,
            by=me.staff_id,
            today=now.astimezone(service_zone()).date(),
            now=now,
        ),
        wording.LEAVE_ASKED,
    )


@mine.post("/leave/<int:leave_id>/withdrawal")
def withdraw_leave(leave_id: int) -> ResponseReturnValue:
    """I do not want it any more."""
    return _do(
        lambda session, me, now: leave.withdraw(
            session, leave_id=leave_id, counsellor_id=me.id, by=me.staff_id, now=now
        ),
        wording.LEAVE_WITHDRAWN,
    )


@mine.post("/feed")
def renew_feed() -> ResponseReturnValue:
    """A new address for my calendar; it is shown once, because we keep only its digest."""
    with transaction() as session:
        me = _me(session)
        token = feed.renew(session, counsellor_id=me.id, by=me.staff_id, now=clock.now())
    address = current_app.config["PUBLIC_BASE_URL"] + url_for("feeds.feed", token=token)
    return _page({}, feed_address=address)


@mine.post("/phone-check")
def check_phone() -> ResponseReturnValue:
    """Ring my telephone and ask me for a key press."""
    return _do(
        lambda session, me, now: phone_check.begin_check(session, counsellor_id=me.id, by=me.staff_id, now=now),
        wording.PHONE_IS_RUNG,
    )


@mine.get("/phone")
def phone() -> ResponseReturnValue:
    """Whether my telephone is checked; the page fetches it again while it rings."""
    with transaction() as session:
        return render_template("rota/parts/my_phone.html", phone=_phone(session, _me(session)))


@mine.post("/feed/end")
def end_feed() -> ResponseReturnValue:
    """My calendar has no address any more."""
    return _do(
        lambda session, me, now: feed.end(session, counsellor_id=me.id, by=me.staff_id, now=now), wording.FEED_ENDED
    )


def _do(
    act: Callable[[Session, CounsellorRow, datetime], object], done: str, *, instead: str = "swap"
) -> ResponseReturnValue:
    """Do one thing as the counsellor who is signed in, or show the page again with what to change.

    `instead`: where a refusal is shown that points at nothing on the page.
    """
    try:
        with transaction() as session:
            act(session, _me(session), clock.now())
    except ShiftRefused as refused:
        is_there = refused.field in PLACES and refused.field != "swap"
        said = wording.refused_words(refused, next_step=wording.NOT_THIS_ONE)
        return _page({refused.field if is_there else instead: said})
    except ShiftChangedMeanwhile as changed:
        return _page({"shift": str(changed)})
    flash(done)
    return redirect(url_for("mine.page"), HTTPStatus.SEE_OTHER)


def _me(session: Session) -> CounsellorRow:
    return queries.counsellor_of(session, staff_id=current_staff().id) or abort(HTTPStatus.FORBIDDEN)


def _number(name: str) -> int:
    return request.form.get(name, 0, type=int)


def _page(errors: dict[str, str], feed_address: str = "") -> ResponseReturnValue:
    now, zone = clock.now(), service_zone()
    with transaction() as session:
        me = _me(session)
        on_offer = queries.swaps_on_offer(session)
        own = _own(session, me, on_offer, now, zone)
        shown = render_template(
            "rota/mine.html",
            errors=errors,
            values=request.form,
            shifts=own,
            part_choices=[(str(shift.id), shift.words) for shift in own],
            offers=[_offer(session, me, row, zone) for row in on_offer if _is_for(row, me, now)],
            open_shifts=[_open(session, me, row, zone) for row in queries.open_shifts(session, now=now)],
            leave=[_leave(row) for row in _my_leave(session, me, now, zone)],
            weeks=my_weeks(session, me, now=now, zone=zone),
            phone=_phone(session, me),
            feed_address=feed_address,
            has_feed=me.feed_digest is not None,
        )
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK


def _own(session: Session, me: CounsellorRow, on_offer: list[SwapRow], now: datetime, zone: ZoneInfo) -> list[OwnShift]:
    offers: dict[int, list[OwnOffer]] = {}
    for row in on_offer:
        if row.owner_id == me.id:
            offers.setdefault(row.shift_id, []).append(_own_offer(row, zone))
    return [
        OwnShift(
            shift.id,
            shift.version,
            span_words(shift.span, zone),
            is_now=shift.starts_at <= now,
            offers=tuple(offers.get(shift.id, ())),
            can_be_sick=shift.starts_at <= now + SICK_AHEAD,
        )
        for shift in queries.rostered(session, start=now, end=now + AHEAD, counsellor_id=me.id)
    ]


def _own_offer(row: SwapRow, zone: ZoneInfo) -> OwnOffer:
    part = part_of(row.shift.span(), span_of(row.part)) if row.part else None
    state = wording.OFFER_STATES[SwapState(row.state)]
    return OwnOffer(row.id, f"{state}: {hours_words(part, zone)}" if part else state)


def _phone(session: Session, me: CounsellorRow) -> MyPhone:
    last = queries.last_phone_check(session, counsellor_id=me.id)
    said = CHECKED[Checked(last.result) if last.result else None] if last else ""
    is_open = last is not None and last.ended_at is None
    return MyPhone(Phone(me.phone).masked, me.phone_verified_at is not None, is_open, said)


def _part(row: SwapRow) -> Span | None:
    return part_of(row.shift.span(), span_of(row.part) if row.part else None)


def _is_for(row: SwapRow, me: CounsellorRow, now: datetime) -> bool:
    part = _part(row)
    return row.owner_id != me.id and row.state == SwapState.OFFERED.value and bool(part and part.starts_at > now)


def _offer(session: Session, me: CounsellorRow, row: SwapRow, zone: ZoneInfo) -> Offer:
    part = _part(row) or row.shift.span()
    words = f"{row.owner.staff.name}: {span_words(part, zone)}"
    return Offer(row.id, words, _why_not(session, me, part, zone))


def _open(session: Session, me: CounsellorRow, row: OpenShiftRow, zone: ZoneInfo) -> Offer:
    lacks = row.skill is not None and row.skill not in me.skills
    why = wording.NEEDS_TRAINING.format(skill=skills_words([Skill(row.skill)])) if lacks and row.skill else ""
    return Offer(row.id, span_words(row.span(), zone), why or _why_not(session, me, row.span(), zone))


def _why_not(session: Session, me: CounsellorRow, span: Span, zone: ZoneInfo) -> str:
    """The first rule that stands against it, in words; empty when none does."""
    against = judge(session, person=me, span=span, zone=zone).against
    return finding_words(against[0], queries.limits_at(session, me.site), zone) if against else ""


def _my_leave(session: Session, me: CounsellorRow, now: datetime, zone: ZoneInfo) -> list[LeaveRow]:
    return queries.leave_of(session, counsellor_id=me.id, since=now.astimezone(zone).date())


def _leave(row: LeaveRow) -> LeaveLine:
    state = LeaveState(row.state)
    words = date_in_words(row.first_day)
    if row.last_day != row.first_day:
        words += f" to {date_in_words(row.last_day)}"
    is_open = state in (LeaveState.ASKED, LeaveState.APPROVED)
    return LeaveLine(row.id, words, wording.LEAVE_STATES[state], is_open)

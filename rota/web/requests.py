"""What waits for a supervisor: leave and swaps to decide, somebody ill, open shifts; and who could cover a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from foundation.web.times import date_in_words, service_zone
from rota import queries
from rota.domain.counsellor import Skill
from rota.domain.rules import Limits, Rule, Site
from rota.domain.shifts import Shift, ShiftRefused, Span, entered
from rota.domain.swaps import SwapState, part_of
from rota.domain.wording import SKILLS, finding_words, gap_words, length_words, span_words
from rota.models import CoverRequestRow, LadderState, SwapRow, span_of
from rota.operations import ladder, leave, swaps
from rota.operations.judge import Candidate, who_could_cover
from rota.operations.shifts import ShiftChangedMeanwhile
from rota.web import wording
from rota.web.forms import LONGEST_REASON, read_day, read_time
from rota.web.week import gap_of, week_of

requests = Blueprint("rota_requests", __name__, template_folder="templates", url_prefix="/staff/rota/requests")
guard(requests, *PLANNERS)

PLACES = frozenset({"leave", "swap", "shift", "day", "starts", "ends"})
"""What a refusal can point at on the page; anything else is about a swap."""
AHEAD = timedelta(weeks=8)  # how far gaps are looked for
DAY = timedelta(days=1)
LATELY = timedelta(days=2)  # how long an answered request for cover is shown
SOON = timedelta(days=7)  # whose shift begins within this can be called in sick here
MOST_GAPS = 20  # shown at once; the coverage page has them all


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to decide, or to know."""

    id: int
    words: str
    state: str = ""
    version: int = 0
    can: bool = True


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """Somebody who could cover, or why not."""

    id: int
    name: str
    lately: str
    blocked: str
    advice: str
    can_with_reason: bool


@requests.get("")
def page() -> ResponseReturnValue:
    """Everything that waits."""
    return _page({})


@requests.post("/leave/<int:leave_id>")
def decide_leave(leave_id: int) -> ResponseReturnValue:
    """Field: `answer` (yes or no)."""
    if request.form.get("answer") == "yes":
        return _do(lambda session, by, now: _approve_leave(session, leave_id, by, now), "")
    return _do(lambda session, by, now: leave.refuse(
        session, leave_id=leave_id, zone=service_zone(), by=by, now=now), wording.LEAVE_REFUSED)  # fmt: skip


@requests.post("/swaps/<int:swap_id>")
def decide_swap(swap_id: int) -> ResponseReturnValue:
    """Field: `answer` (yes or no)."""
    if request.form.get("answer") == "yes":
        reason = request.form.get("reason", "")[:LONGEST_REASON]
        return _do(lambda session, by, now: _approve_swap(session, swap_id, reason, by, now), "")
    return _do(lambda session, by, now: swaps.refuse(session, swap_id=swap_id, by=by, now=now), wording.SWAP_REFUSED)


@requests.post("/swaps/<int:swap_id>/putting-back")
def put_back(swap_id: int) -> ResponseReturnValue:
    """Make an approved swap as if it had never been. Field: `reason`, when a rule stands against it."""
    reason = request.form.get("reason", "")[:LONGEST_REASON]
    return _do(lambda session, by, now: swaps.withdraw(
        session, swap_id=swap_id, reason=reason, zone=service_zone(), by=by, now=now), wording.PUT_BACK)  # fmt: skip


@requests.post("/sick")
def sick() -> ResponseReturnValue:
    """Somebody is ill: take them off and ask others. Fields: `shift` (id and version, as 12.1)."""
    shift_id, _, version = request.form.get("shift", "").partition(".")
    if not (shift_id.isdecimal() and version.isdecimal()):
        return _page({"shift": wording.CHOOSE_A_SHIFT})
    return _do(lambda session, by, now: ladder.call_sick(
        session, shift_id=int(shift_id), version=int(version), by=by, now=now, zone=service_zone()),
        wording.ASKING)  # fmt: skip


@requests.post("/cover/<int:request_id>/call-off")
def call_off(request_id: int) -> ResponseReturnValue:
    """Ask nobody else."""
    return _do(lambda session, by, now: ladder.call_off(
        session, request_id=request_id, by=by, zone=service_zone(), now=now), wording.CALLED_OFF)  # fmt: skip


@requests.post("/open-shifts")
def add_open() -> ResponseReturnValue:
    """Put up a shift that eligible people can take. Fields: `day`, `starts`, `ends`, `skill`."""
    span, errors = _typed(request.form)
    if span is None:
        return _page(errors)
    skill = request.form.get("skill", "")
    return _do(lambda session, by, now: swaps.open_shift(
        session, span=span, skill=Skill(skill) if skill in set(Skill) else None, zone=service_zone(), by=by, now=now,
    ), wording.OPENED)  # fmt: skip


@requests.post("/open-shifts/<int:open_shift_id>/closing")
def close_open(open_shift_id: int) -> ResponseReturnValue:
    """It is not needed any more."""
    return _do(
        lambda session, by, now: swaps.close_open(session, open_shift_id=open_shift_id, by=by, now=now), wording.CLOSED
    )


def _approve_leave(session: Session, leave_id: int, by: int, now: datetime) -> str:
    """Say yes, and to whoever decided: what is vacated, and the gaps that are there now because of it."""
    zone = service_zone()
    vacated = leave.approve(session, leave_id=leave_id, zone=zone, by=by, now=now)
    missing: list[str] = []
    lacking = queries.without_their_break(session, shifts=_beside(session, leave_id, vacated))
    for span in vacated:
        found = queries.coverage(session, start=span.starts_at, end=span.ends_at, zone=zone)
        missing += [gap_words(gap, zone) for gap in found.gaps]
    return wording.leave_approved(vacated, missing, zone) + wording.lacking_breaks(lacking, zone)


def _beside(session: Session, leave_id: int, vacated: Sequence[Span]) -> list[Shift]:
    """What is left of shifts that leave took a part of."""
    row = queries.lock_leave(session, leave_id=leave_id)
    if row is None or not vacated:
        return []
    around = Span(vacated[0].starts_at - DAY, vacated[-1].ends_at + DAY)
    own = queries.spans_of(session, counsellor_ids=[row.counsellor_id], around=around)
    edges = {edge for span in vacated for edge in (span.starts_at, span.ends_at)}
    left = (span for span in own.get(row.counsellor_id, []) if edges & {span.starts_at, span.ends_at})
    return [Shift(row.counsellor_id, span) for span in left]


def _approve_swap(session: Session, swap_id: int, reason: str, by: int, now: datetime) -> str:
    """Say yes, and to whoever decided: which of the pieces is due a break that it has not."""
    zone = service_zone()
    row = swaps.approve(session, swap_id=swap_id, reason=reason, zone=zone, by=by, now=now)
    pieces = queries.shift_rows(session, ids=[row.shift_id, *row.made]).values()
    lacking = queries.without_their_break(session, shifts=[piece.as_shift() for piece in pieces])
    return wording.SWAP_APPROVED + wording.lacking_breaks(lacking, zone)


def _do(act: Callable[[Session, int, datetime], object], done: str) -> ResponseReturnValue:
    """Do one thing, or show the page again with what to change; without words of its own, what came of it is said."""
    try:
        with transaction() as session:
            came = act(session, current_staff().id, clock.now())
    except ShiftRefused as refused:
        said = wording.refused_words(refused, next_step=wording.OR_AGAINST_THE_RULE)
        return _page({refused.field if refused.field in PLACES else "swap": said})
    except ShiftChangedMeanwhile as changed:
        return _page({"shift": str(changed)})
    flash(done or str(came))
    return redirect(url_for("rota_requests.page"), HTTPStatus.SEE_OTHER)


def _typed(values: Mapping[str, str]) -> tuple[Span | None, dict[str, str]]:
    """The time that somebody typed, or what to change, by field."""
    day, starts, ends = (
        read_day(values.get("day", "")), read_time(values.get("starts", "")), read_time(values.get("ends", ""))
    )  # fmt: skip
    if day is None or starts is None or ends is None:
        said = {"day": (day, wording.ENTER_A_DAY), "starts": (starts, wording.ENTER_A_START),
                "ends": (ends, wording.ENTER_AN_END)}  # fmt: skip
        return None, {field: words for field, (value, words) in said.items() if value is None}
    try:
        return entered(day, starts, ends, service_zone()), {}
    except ShiftRefused as refused:
        return None, {refused.field: str(refused)}


def _page(errors: dict[str, str]) -> ResponseReturnValue:
    now, zone = clock.now(), service_zone()
    values = request.form if request.method == "POST" else request.args
    span, asked_wrongly = _typed(values) if values.get("day") else (None, {})
    with transaction() as session:
        coming = queries.rostered(session, start=now, end=now + SOON)
        coverage = queries.coverage(session, start=now.replace(second=0, microsecond=0), end=now + AHEAD, zone=zone)
        candidates = who_could_cover(session, span=span, skill=_skill(values), zone=zone, now=now) if span else []
        in_force = queries.limits(session)
        shown = render_template(
            "rota/requests.html",
            errors=errors | asked_wrongly,
            values=values,
            leave=[
                Line(row.id, f"{row.counsellor.staff.name}: {date_in_words(row.first_day)} to "
                             f"{date_in_words(row.last_day)}")
                for row in queries.leave_to_decide(session)
            ],
            swaps=[_swap(row, zone) for row in queries.swaps_on_offer(session)],
            coming=[(f"{shift.id}.{shift.version}", f"{shift.name}, {span_words(shift.span, zone)}")
                    for shift in coming],
            cover=[_cover(session, row, zone) for row in queries.cover_requests(session, since=now - LATELY)],
            open_shifts=[Line(row.id, span_words(row.span(), zone)) for row in queries.open_shifts(session, now=now)],
            gaps=[gap_of(gap, zone, now=now) for gap in coverage.gaps[:MOST_GAPS]],
            done=[_swapped(row, zone) for row in queries.swaps_to_put_back(session, now=now)],
            gap_count=len(coverage.gaps),
            skills=[("", "Nothing special"), *((skill.value, SKILLS[skill].capitalize()) for skill in Skill)],
            asked_for=span_words(span, zone) if span else "",
            candidates=[_candidate(one, in_force, zone) for one in candidates],
            form=_form(values, span, zone),
        )  # fmt: skip
    return shown, HTTPStatus.UNPROCESSABLE_ENTITY if errors or asked_wrongly else HTTPStatus.OK


def _skill(values: Mapping[str, str]) -> Skill | None:
    return Skill(values["skill"]) if values.get("skill") in set(Skill) else None


def _swap(row: SwapRow, zone: ZoneInfo) -> Line:
    part = part_of(row.shift.span(), span_of(row.part) if row.part else None) or row.shift.span()
    to = f" to {row.taker.staff.name}" if row.taker else ""
    words = f"{row.owner.staff.name}{to}: {span_words(part, zone)}"
    return Line(row.id, words, wording.OFFER_STATES[SwapState(row.state)], can=row.state == SwapState.TAKEN.value)


def _swapped(row: SwapRow, zone: ZoneInfo) -> Line:
    """A swap that was approved and can still be put back."""
    before = span_of(row.before) if row.before else row.shift.span()
    part = part_of(before, span_of(row.part) if row.part else None) or before
    to = f" to {row.taker.staff.name}" if row.taker else ""
    return Line(row.id, f"{row.owner.staff.name}{to}: {span_words(part, zone)}")


def _form(values: Mapping[str, str], span: Span | None, zone: ZoneInfo) -> Mapping[str, str]:
    """What is sent when somebody is given the time that was asked about."""
    if span is None:
        return {}
    starts, ends = span.starts_at.astimezone(zone), span.ends_at.astimezone(zone)
    times = {"day": starts.date().isoformat(), "starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}"}
    return times | {"week": week_of(starts.date(), zone).name, "skill": values.get("skill", "")}


def _candidate(one: Candidate, in_force: Mapping[Site, Limits], zone: ZoneInfo) -> CandidateLine:
    needs_reason = one.blocked is not None and one.blocked.rule is not Rule.ONE_AT_A_TIME
    return CandidateLine(
        one.counsellor_id,
        one.name,
        length_words(one.lately),
        _blocked(one, in_force, zone),
        finding_words(one.advice, in_force[one.site], zone) if one.advice else "",
        can_with_reason=needs_reason and not one.will_have_left,
    )


def _cover(session: Session, row: CoverRequestRow, zone: ZoneInfo) -> Line:
    asked = ", ".join(
        f"{ask.counsellor.staff.name} ({wording.ANSWERS[ask.answer or '']})" for ask in row.asks
    ) or wording.NOBODY_ASKED  # fmt: skip
    absent = queries.find_counsellor(session, counsellor_id=row.absent_id)
    name = absent.staff.name if absent else ""
    state = LadderState(row.state)
    words = f"{span_words(row.span(), zone)}, instead of {name}. Asked: {asked}."
    return Line(row.id, words, wording.LADDER[state], can=state is LadderState.ASKING)


def _blocked(one: Candidate, in_force: Mapping[Site, Limits], zone: ZoneInfo) -> str:
    """The first rule that stands against somebody; empty when they can."""
    if one.blocked is not None:
        return finding_words(one.blocked, in_force[one.site], zone)
    if one.will_have_left:
        return wording.WILL_HAVE_LEFT
    if not one.is_verified:
        return wording.PHONE_NOT_CHECKED
    return wording.NOT_TRAINED.format(skill=SKILLS[one.lacks]) if one.lacks else ""

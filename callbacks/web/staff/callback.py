"""One request, for whoever holds or held it and for supervisors: what is known, and the forms that move it on."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from accounts.domain.roles import PLANNERS
from accounts.web.guard import guard, only
from callbacks import queries
from callbacks.domain.codes import (
    BlockedFor,
    BlockReason,
    CaseOutcome,
    ContactOutcome,
    HoldReason,
    ReferralType,
    UrgencyReason,
)
from callbacks.domain.lifecycle import IllegalMove, Status
from callbacks.domain.safe_contact import MessageRule
from callbacks.domain.triage import Urgency
from callbacks.domain.window import WindowClosed
from callbacks.models import AttemptRow, CallbackRow
from callbacks.operations import supervise
from callbacks.operations.agree_plan import NotOnTheTeam, agree, end
from callbacks.operations.block import block, unblock
from callbacks.operations.finish_call import AlreadyRecorded, CallNotOver, finish_call
from callbacks.operations.hold_records import hold, lift
from callbacks.operations.record_outcome import NothingOwed
from callbacks.operations.refer import refer
from callbacks.operations.save_draft import drafted, save_draft
from callbacks.operations.supervise import NoRingsLeft, NumberBarred, OutcomeOwed
from callbacks.operations.triage_by_hand import ReasonNeeded, change_urgency
from callbacks.web.staff import callback_view, forms, why_view, wording
from callbacks.web.staff.brief import brief_of
from callbacks.web.staff.forms import NotUnderstood
from callbacks.web.staff.viewer import Viewer, viewer
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone

staff_callback = Blueprint(
    "staff_callback", __name__, template_folder="../templates", url_prefix="/staff/callbacks/<reference>"
)
guard(staff_callback)

Errors = Mapping[str, str]


@staff_callback.get("")
def page(reference: str) -> ResponseReturnValue:
    """Everything about it; the journal says who looked."""
    return _page(reference)


@staff_callback.get("/live")
def live(reference: str) -> ResponseReturnValue:
    """Where it stands."""
    now = clock.now()
    with transaction() as session:
        callback = viewer(session).find(session, reference)
        state = callback_view.state_of(session, callback, now=now)
        reference = callback.reference
    return render_template("staff/parts/state.html", state=state, reference=reference)


@staff_callback.get("/why")
@only(*PLANNERS)
def why(reference: str) -> ResponseReturnValue:
    """Why nobody rings at this moment."""
    now = clock.now()
    with transaction() as session:
        callback = viewer(session).find(session, reference)
        shown = why_view.why(session, callback, zone=service_zone(), now=now)
    return render_template("staff/why.html", why=shown)


@staff_callback.get("/outcome")
def outcome(reference: str) -> ResponseReturnValue:
    """The form for what came of the call; it can be filled in while the call goes on."""
    return _outcome_page(reference, {}, {}, HTTPStatus.OK)


@staff_callback.post("/outcome")
def record(reference: str) -> ResponseReturnValue:
    """Record what came of the call, with a referral if one was made."""
    now = clock.now()
    try:
        entry = forms.read_outcome(request.form)
        with transaction() as session:
            me = viewer(session)
            me.find(session, reference)
            callback = finish_call(
                session,
                attempt_id=entry.attempt_id,
                author=me.author(),
                outcome=entry.outcome,
                referral=entry.referral,
                stays_away=entry.stays_away,
                zone=service_zone(),
                now=now,
            )
            status, is_counsellor = Status(callback.status), me.counsellor_id is not None
    except NotUnderstood as refused:
        return _outcome_page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except CallNotOver:
        return _outcome_page(reference, request.form, {"contact": wording.CALL_NOT_OVER}, HTTPStatus.CONFLICT)
    flash(wording.SAVED_NEXT.get(status, wording.SAVED))
    if entry.stays_away:
        flash(wording.STAYING_AWAY)
    return redirect(url_for("console.page"), HTTPStatus.SEE_OTHER) if is_counsellor else _back_to(reference)


@staff_callback.post("/draft")
def draft(reference: str) -> ResponseReturnValue:
    """Keep what is filled in so far. The page saves by itself, too, and then wants no other page."""
    is_by_itself = request.headers.get("X-Fragment") == "yes"
    try:
        attempt_id, fields = forms.read_draft(request.form)
        with transaction() as session:
            me = viewer(session)
            me.find(session, reference)
            save_draft(session, attempt_id=attempt_id, author=me.author(), fields=fields)
    except NotUnderstood as refused:
        return _outcome_page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    if is_by_itself:
        return "", HTTPStatus.NO_CONTENT
    flash(wording.DRAFT_SAVED)
    return redirect(url_for("staff_callback.outcome", reference=reference), HTTPStatus.SEE_OTHER)


@staff_callback.post("/referrals")
def add_referral(reference: str) -> ResponseReturnValue:
    """Another referral, later."""
    try:
        made = forms.read_referral(request.form)
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    with transaction() as session:
        me = viewer(session)
        refer(
            session,
            callback_id=me.find(session, reference).id,
            kind=made.kind,
            provider=made.provider,
            consent_given=made.consent_given,
            note=made.note,
            staff_id=me.staff_id,
            now=clock.now(),
        )
    flash(wording.REFERRAL_SAVED)
    return _back_to(reference)


@staff_callback.post("/release")
@only(*PLANNERS)
def release(reference: str) -> ResponseReturnValue:
    """A supervisor puts it back in the queue."""
    try:
        with transaction() as session:
            me = viewer(session)
            callback = me.find(session, reference)
            supervise.release(
                session, callback_id=callback.id, staff_id=me.staff_id, zone=service_zone(), now=clock.now()
            )
    except (IllegalMove, NoRingsLeft, NumberBarred, OutcomeOwed, WindowClosed) as refused:
        return _page(reference, {}, {"release": wording.REFUSED_DECISIONS[type(refused)]}, HTTPStatus.CONFLICT)
    flash(wording.RELEASED)
    return _back_to(reference)


@staff_callback.post("/closing")
@only(*PLANNERS)
def close(reference: str) -> ResponseReturnValue:
    """A supervisor closes it with an outcome."""
    try:
        case = forms.read_closing(request.form)
        with transaction() as session:
            me = viewer(session)
            callback = me.find(session, reference)
            supervise.close(session, callback_id=callback.id, case=case, staff_id=me.staff_id, now=clock.now())
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except (IllegalMove, OutcomeOwed) as refused:
        errors = {"closing": wording.REFUSED_DECISIONS[type(refused)]}
        return _page(reference, request.form, errors, HTTPStatus.CONFLICT)
    flash(wording.CLOSED)
    return _back_to(reference)


@staff_callback.post("/helped")
@only(*PLANNERS)
def close_helped(reference: str) -> ResponseReturnValue:
    """A supervisor closes a request that waits: its visitor was helped in another way."""
    try:
        case = forms.read_closing(request.form)
        with transaction() as session:
            me = viewer(session)
            found = me.find(session, reference)
            supervise.close_waiting(session, callback_id=found.id, case=case, staff_id=me.staff_id, now=clock.now())
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except (IllegalMove, OutcomeOwed) as refused:
        return _page(reference, {}, {"helped": wording.REFUSED_DECISIONS[type(refused)]}, HTTPStatus.CONFLICT)
    flash(wording.CLOSED)
    return _back_to(reference)


@staff_callback.post("/urgency")
@only(*PLANNERS)
def set_urgency(reference: str) -> ResponseReturnValue:
    """A supervisor raises or lowers the urgency."""
    try:
        urgency, reason = forms.read_urgency(request.form)
        with transaction() as session:
            me = viewer(session)
            callback = me.find(session, reference)
            change_urgency(
                session,
                callback_id=callback.id,
                urgency=urgency,
                reason=reason,
                staff_id=me.staff_id,
                now=clock.now(),
            )
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except ReasonNeeded:
        errors = {"reason": wording.REASON_NEEDED}
        return _page(reference, request.form, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except IllegalMove:
        return _page(reference, request.form, {"urgency": wording.MOVED_ON}, HTTPStatus.CONFLICT)
    flash(wording.URGENCY_SAVED.format(urgency=wording.URGENCY[urgency].lower()))
    return _back_to(reference)


@staff_callback.post("/block")
@only(*PLANNERS)
def block_number(reference: str) -> ResponseReturnValue:
    """A supervisor blocks the number, for whoever asks."""
    try:
        because, lasts = forms.read_block(request.form)
        with transaction() as session:
            me = viewer(session)
            callback = me.find(session, reference)
            block(session, callback, because=because, lasts=lasts, staff_id=me.staff_id, now=clock.now())
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(wording.NUMBER_BLOCKED)
    return _back_to(reference)


@staff_callback.post("/unblock")
@only(*PLANNERS)
def unblock_number(reference: str) -> ResponseReturnValue:
    """A supervisor lifts the block."""
    with transaction() as session:
        me = viewer(session)
        unblock(session, me.find(session, reference), staff_id=me.staff_id, now=clock.now())
    flash(wording.NUMBER_UNBLOCKED)
    return _back_to(reference)


@staff_callback.post("/plan")
@only(*PLANNERS)
def agree_plan(reference: str) -> ResponseReturnValue:
    """A supervisor notes what was agreed with somebody who asks very often."""
    try:
        agreed, note = forms.read_plan(request.form)
        with transaction() as session:
            me = viewer(session)
            found = me.find(session, reference)
            agree(session, found, agreed=agreed, note=note, staff_id=me.staff_id, now=clock.now())
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    except NotOnTheTeam:
        errors = {"plan_counsellor": wording.CHOOSE_PLAN}
        return _page(reference, request.form, errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(wording.PLAN_AGREED)
    return _back_to(reference)


@staff_callback.post("/plan-over")
@only(*PLANNERS)
def end_plan(reference: str) -> ResponseReturnValue:
    """A supervisor ends it."""
    with transaction() as session:
        me = viewer(session)
        end(session, me.find(session, reference), staff_id=me.staff_id, now=clock.now())
    flash(wording.PLAN_ENDED)
    return _back_to(reference)


@staff_callback.post("/keep")
@only(*PLANNERS)
def keep(reference: str) -> ResponseReturnValue:
    """A supervisor has it kept for the law."""
    try:
        because = forms.read_hold(request.form)
        with transaction() as session:
            me = viewer(session)
            hold(session, me.find(session, reference), because=because, staff_id=me.staff_id, now=clock.now())
    except NotUnderstood as refused:
        return _page(reference, request.form, refused.errors, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(wording.KEPT)
    return _back_to(reference)


@staff_callback.post("/keep-no-longer")
@only(*PLANNERS)
def keep_no_longer(reference: str) -> ResponseReturnValue:
    """A supervisor lifts the hold."""
    with transaction() as session:
        me = viewer(session)
        lift(session, me.find(session, reference), staff_id=me.staff_id, now=clock.now())
    flash(wording.KEPT_NO_LONGER)
    return _back_to(reference)


def _page(
    reference: str,
    values: Mapping[str, Any] | None = None,
    errors: Errors | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        me = viewer(session)
        callback = me.open(session, reference, now=now)
        shown = callback_view.dossier(session, callback, me, now=now)
    page = render_template(
        "staff/callback.html",
        it=shown,
        values=values or {},
        errors=errors or {},
        choices=_CHOICES,
        sees_all=me.sees_all,
        is_counsellor=me.counsellor_id is not None,
    )
    return make_response(page, status)


def _outcome_page(reference: str, values: Mapping[str, Any], errors: Errors, status: HTTPStatus) -> ResponseReturnValue:
    now = clock.now()
    with transaction() as session:
        me = viewer(session)
        callback = me.open(session, reference, now=now)
        attempt = _attempt_to_finish(session, callback, me)
        state = callback_view.state_of(session, callback, now=now)
        allowed = queries.contact_in_force(session, callback)
        brief = brief_of(callback, allowed=allowed, my_first_name=me.first_name, now=now)
        is_own = attempt.counsellor_id == me.counsellor_id
    page = render_template(
        "staff/outcome.html",
        state=state,
        brief=brief,
        reference=callback.reference,
        attempt=attempt.id,
        is_own=is_own,
        contacts=_contact_choices(may_leave_voicemail=allowed.voicemail is not MessageRule.NO),
        values=values or drafted(attempt),
        errors=errors,
        choices=_CHOICES,
    )
    return make_response(page, status)


def _attempt_to_finish(session: Session, callback: CallbackRow, me: Viewer) -> AttemptRow:
    """The call under way, or the latest one whose outcome is owed. Raises NothingOwed, AlreadyRecorded."""
    attempt = queries.open_attempt(session, callback.id) or queries.owing_attempt(session, callback.id)
    if attempt is not None and (me.sees_all or attempt.counsellor_id == me.counsellor_id):
        return attempt
    said = [row for row in queries.attempts(session, callback.id) if row.owes_outcome and row.contact_outcome]
    raise AlreadyRecorded if said else NothingOwed


def _back_to(reference: str) -> ResponseReturnValue:
    return redirect(url_for("staff_callback.page", reference=reference), HTTPStatus.SEE_OTHER)


def _contact_choices(*, may_leave_voicemail: bool) -> list[tuple[str, str, str]]:
    follows = dict(wording.FOLLOWS)
    if not may_leave_voicemail:
        follows[ContactOutcome.VOICEMAIL_LEFT] = wording.NO_VOICEMAIL
    return [(code, code.label, follows.get(code, "")) for code in forms.CONTACT_CHOICES]


_CHOICES = {
    "cases": [("", "It stays open"), *((case.value, case.label) for case in forms.CASE_CHOICES)],
    "closings": [("", "Choose how it ended"), *((case.value, case.label) for case in CaseOutcome)],
    "kinds": [("", "No referral"), *((kind.value, kind.label) for kind in ReferralType)],
    "urgencies": [(urgency.value, wording.URGENCY[urgency]) for urgency in Urgency],
    "plan_hours": [(value, words) for value, (words, _) in wording.PLAN_HOURS.items()],
    "hold_reasons": [("", "Choose why"), *((reason.value, reason.label) for reason in HoldReason)],
    "block_reasons": [("", "Choose why"), *((reason.value, reason.label) for reason in BlockReason)],
    "block_lasts": [(lasts.value, lasts.label) for lasts in BlockedFor],
    "reasons": [("", "No reason needed to raise it"), *((reason.value, reason.label) for reason in UrgencyReason)],
}
"""The lists of the forms."""

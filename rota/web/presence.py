"""A counsellor says whether they are ready; the queue page has the buttons."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, abort, flash, redirect, request
from flask.typing import ResponseReturnValue

from accounts.domain.roles import Role
from accounts.web.guard import current_staff, guard
from foundation import clock
from foundation.database import transaction
from rota import queries
from rota.domain.presence import PresenceState
from rota.operations import presence as operations
from rota.web.wording import CHOOSE_WHAT_YOU_ARE

presence = Blueprint("presence", __name__, url_prefix="/staff/presence")
guard(presence, Role.COUNSELLOR)

LONGEST_REASON = 100  # characters; a few words for colleagues, not a diary
BACK_TO = ("/staff/queue", "/staff/rota")
"""The pages that have the buttons; the first is where it goes when none is named."""


@presence.post("")
def change() -> ResponseReturnValue:
    """Fields: `state` (available or away), `reason` (optional, with away), `next` (one of BACK_TO)."""
    now, state = clock.now(), request.form.get("state", "")
    with transaction() as session:
        me = queries.counsellor_of(session, staff_id=current_staff().id)
        if me is None:
            abort(HTTPStatus.FORBIDDEN)
        if state == PresenceState.AVAILABLE:
            operations.set_available(session, counsellor_id=me.id, by=current_staff().id, now=now)
        elif state == PresenceState.AWAY:
            reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
            operations.set_away(session, counsellor_id=me.id, reason=reason, by=current_staff().id, now=now)
        else:
            flash(CHOOSE_WHAT_YOU_ARE, "problem")
    wanted = request.form.get("next", "")
    return redirect(wanted if wanted in BACK_TO else BACK_TO[0], HTTPStatus.SEE_OTHER)

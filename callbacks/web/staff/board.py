"""The supervisor's live board: who is on, who waits, who talks, and what needs a person."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import guard
from callbacks.operations.open_callback import NoSuchCallback
from callbacks.web.staff import board_view, wording
from callbacks.web.staff.viewer import viewer
from foundation import clock
from foundation.database import transaction
from foundation.web.times import service_zone

board = Blueprint("board", __name__, template_folder="../templates", url_prefix="/staff/board")
guard(board, *PLANNERS)


@board.get("")
def page() -> ResponseReturnValue:
    """Everything at once."""
    return _page(typed="", errors={})


@board.get("/live")
def live() -> ResponseReturnValue:
    """Everything but the cover."""
    now = clock.now()
    with transaction() as session:
        shown = board_view.board(session, zone=service_zone(), now=now)
    return render_template("staff/parts/board.html", board=shown)


@board.get("/cover")
def cover() -> ResponseReturnValue:
    """Whether enough people are on, now and next."""
    now = clock.now()
    with transaction() as session:
        shown = board_view.cover(session, zone=service_zone(), now=now)
    return render_template("staff/parts/cover.html", cover=shown)


@board.get("/find")
def find() -> ResponseReturnValue:
    """A request by its reference, which people quote when they ring."""
    typed = request.args.get("reference", "")
    try:
        with transaction() as session:
            reference = viewer(session).find(session, typed).reference
    except NoSuchCallback:
        return _page(typed=typed, errors={"reference": wording.ENTER_REFERENCE}), HTTPStatus.NOT_FOUND
    return redirect(url_for("staff_callback.page", reference=reference), HTTPStatus.SEE_OTHER)


def _page(*, typed: str, errors: dict[str, str]) -> str:
    now, zone = clock.now(), service_zone()
    with transaction() as session:
        shown = board_view.board(session, zone=zone, now=now)
        covered = board_view.cover(session, zone=zone, now=now)
    return render_template("staff/board.html", board=shown, cover=covered, typed=typed, errors=errors)

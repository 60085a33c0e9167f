"""The way to every report, and how the requests of the last days stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import guard
from callbacks import queries
from callbacks.domain.lifecycle import Status
from callbacks.web.staff import wording
from foundation import clock
from foundation.database import transaction

reports = Blueprint("reports", __name__, template_folder="../templates", url_prefix="/staff/reports")
guard(reports, *PLANNERS)

DAYS: Final = (1, 7, 28)


@dataclass(frozen=True, slots=True)
class StatusLine:
    """How many requests of each period stand in one state."""

    words: str
    counts: tuple[int, ...]


@reports.get("")
def page() -> ResponseReturnValue:
    """What can be reported, and the requests by how they stand now."""
    now = clock.now()
    with transaction() as session:
        found = [queries.counts_by_status(session, since=now - timedelta(days=days)) for days in DAYS]
    lines = [
        StatusLine(wording.STATUS[status], tuple(counts.get(status, 0) for counts in found))
        for status in Status
        if any(counts.get(status) for counts in found)
    ]
    totals = tuple(sum(counts.values()) for counts in found)
    return render_template("staff/reports.html", lines=lines, totals=totals, days=DAYS)

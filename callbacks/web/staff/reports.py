"""The way to every report, and how the requests of the last days stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from accounts.domain.roles import PLANNERS
from accounts.web.guard import guard
from callbacks import queries
from callbacks.domain.lifecycle import Status
from callbacks.domain.score import GOOD_FROM, GOOD_UNTIL, Score, score
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


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """One figure about promises, for each period."""

    words: str
    figures: tuple[str, ...]


@reports.get("")
def page() -> ResponseReturnValue:
    """What can be reported, and the requests by how they stand now."""
    now = clock.now()
    with transaction() as session:
        found = [queries.counts_by_status(session, since=now - timedelta(days=days)) for days in DAYS]
        scores = [score(queries.promised_since(session, now - timedelta(days=days)), now=now) for days in DAYS]
    lines = [
        StatusLine(wording.STATUS[status], tuple(counts.get(status, 0) for counts in found))
        for status in Status
        if any(counts.get(status) for counts in found)
    ]
    totals = tuple(sum(counts.values()) for counts in found)
    return render_template(
        "staff/reports.html", lines=lines, totals=totals, days=DAYS, promises=_promise_lines(scores), good=_GOOD
    )


_GOOD: Final = f"{GOOD_FROM:.0%} to {GOOD_UNTIL:.0%}"


def _promise_lines(scores: Sequence[Score]) -> list[PromiseLine]:
    if not any(one.kept or one.broken or one.void or one.pending for one in scores):
        return []
    return [
        PromiseLine("Kept", tuple(_share(one) for one in scores)),
        PromiseLine("Rung too late, or never", tuple(str(one.broken) for one in scores)),
        PromiseLine("Closed before the time came", tuple(str(one.void) for one in scores)),
        PromiseLine("Still to come", tuple(str(one.pending) for one in scores)),
        PromiseLine("Half were rung before this, half after", tuple(_off_by(one) for one in scores)),
    ]


def _share(one: Score) -> str:
    return "–" if one.share_kept is None else f"{one.kept} of {one.kept + one.broken}, {one.share_kept:.0%}"


def _off_by(one: Score) -> str:
    """In minutes from the middle of what was promised."""
    if one.off_by is None:
        return "–"
    minutes = round(one.off_by.total_seconds() / 60)
    if minutes == 0:
        return "the middle of the range"
    return f"{abs(minutes)} min {'after' if minutes > 0 else 'before'} the middle"

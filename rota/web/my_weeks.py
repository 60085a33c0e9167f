"""A counsellor's own hours, week by week, beside what their contract says or what they offered as a volunteer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.resolution import resolve
from rota.domain.rules import Terms
from rota.domain.shifts import Shift
from rota.domain.wording import length_words
from rota.models import CounsellorRow
from rota.web import wording
from rota.web.week import week_of

BACK, AHEAD = 3, 4  # weeks before and after this one: long enough to see what is owed, short enough to read


@dataclass(frozen=True, slots=True)
class MyWeek:
    """One week of mine."""

    title: str
    hours: str
    compared: str
    """How that is beside the contract or the cap; empty when there is neither."""
    is_this: bool
    overtime: str = ""
    """What of it was after shifts; empty when nothing was."""


def my_weeks(session: Session, me: CounsellorRow, *, now: datetime, zone: ZoneInfo) -> list[MyWeek]:
    """The weeks around this one, earliest first."""
    this = week_of(now.astimezone(zone).date(), zone)
    weeks = [this.moved(number) for number in range(-BACK, AHEAD + 1)]
    start, end = weeks[0].starts_at, weeks[-1].ends_at
    shifts = queries.published_shifts(session, start=start, end=end, counsellor_ids=[me.id])
    worked_on = queries.overtime(session, start=start, end=end).get(me.id, [])
    shifts += [Shift(me.id, span) for span in worked_on]
    terms = me.as_terms()
    found = []
    for week in weeks:
        spans = resolve(shifts, start=week.starts_at, end=week.ends_at)
        worked = sum((span.ends_at - span.starts_at for span in spans), timedelta())
        is_mine = me.joined_on <= week.days[-1] and (me.left_on is None or week.monday < me.left_on)
        compared = _compared(worked, terms) if is_mine else wording.NOT_HERE_THEN
        after = sum(
            (part.length for span in worked_on if (part := span.clipped(week.starts_at, week.ends_at))), timedelta()
        )
        found.append(
            MyWeek(
                week.title,
                length_words(worked),
                compared,
                is_this=week.monday == this.monday,
                overtime=length_words(after) if after else "",
            )
        )
    return found


def _compared(worked: timedelta, terms: Terms) -> str:
    """Like "2 h more than your contract"."""
    if terms.contract is not None:
        return _beside(worked, terms.contract, wording.BESIDE_CONTRACT)
    if terms.cap is not None and worked > terms.cap:
        return wording.BESIDE_CAP["more"].format(by=length_words(worked - terms.cap))
    return wording.BESIDE_CAP["within"].format(by=length_words(terms.cap)) if terms.cap is not None else ""


def _beside(worked: timedelta, contract: timedelta, words: dict[str, str]) -> str:
    if worked == contract:
        return words["same"]
    return words["more" if worked > contract else "less"].format(by=length_words(abs(worked - contract)))

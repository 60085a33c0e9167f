"""The form of one shift, as the coverage page and a draft show it: what it starts with, and what stands against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from rota import queries
from rota.domain.shifts import ShiftRefused, Span, instant_of
from rota.domain.wording import hours_words, skills_words
from rota.queries import PlannedShift
from rota.web.forms import NotUnderstood
from rota.web.week import day_title
from rota.web.wording import refused_words


@dataclass(frozen=True, slots=True)
class ShiftForm:
    """The form for a new shift (`shift_id` None) or for changing one, as it is shown."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    shift_id: int | None = None
    title: str = ""
    verdict: Sequence[tuple[str, str]] = ()
    """What saving it would come to, when that was asked first: a kind of badge, and words."""
    needs_reason: bool = False
    line_id: int | None = None
    """Of a draft: the planned shift that is to be changed."""


def form_for(shift: PlannedShift, zone: ZoneInfo, errors: Mapping[str, str] | None = None) -> ShiftForm:
    """The form for changing a shift, as the shift is now."""
    values = values_of(shift.counsellor_id, shift.span, zone) | {"version": str(shift.version)}
    return ShiftForm(values, errors or {}, shift.id, title_of(shift, zone))


def values_of(counsellor_id: int, span: Span, zone: ZoneInfo) -> dict[str, str]:
    """A person and a time as the form's fields hold them."""
    starts, ends = span.starts_at.astimezone(zone), span.ends_at.astimezone(zone)
    return {
        "counsellor": str(counsellor_id),
        "day": starts.date().isoformat(),
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "last_day": ends.date().isoformat() if starts.time() == ends.time() else "",
    }


def title_of(shift: PlannedShift, zone: ZoneInfo) -> str:
    """Whose shift it is, and when."""
    return f"{shift.name}, {day_title(shift.starts_at.astimezone(zone).date())}, {hours_words(shift.span, zone)}"


def inside(span: Span, wall: time, zone: ZoneInfo) -> datetime:
    """The instant inside a shift at which the wall shows this time; one outside it, when there is none."""
    days = [span.starts_at.astimezone(zone).date() + timedelta(days=number) for number in range(2)]
    moments = [instant_of(day, wall, zone) for day in days]
    return next((moment for moment in moments if span.starts_at < moment < span.ends_at), moments[0])


def errors_of(refused: NotUnderstood | ShiftRefused) -> Mapping[str, str]:
    """What to change, by field."""
    return refused.errors if isinstance(refused, NotUnderstood) else {refused.field: refused_words(refused)}


def choices_of_people(session: Session, today: date) -> list[tuple[str, str]]:
    """Everybody who can be chosen, with what they are trained for."""
    people = [(row, skills_words(row.as_counsellor().skills)) for row in queries.team(session, today=today)]
    return [(str(row.id), f"{row.staff.name} ({skills})" if skills else row.staff.name) for row, skills in people]

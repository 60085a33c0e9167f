"""What the forms of patterns take: lines of a grid, how turns go round, and who takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time

from werkzeug.datastructures import MultiDict

from rota.domain.patterns import Turn
from rota.domain.typed import read_day, read_number, read_time
from rota.operations.patterns import Turns
from rota.web import wording
from rota.web.forms import NotUnderstood


@dataclass(frozen=True, slots=True)
class SlotsEntry:
    """Lines of a grid as somebody typed them."""

    counsellor_id: int
    week: int
    """From 1, as people count."""
    weekdays: frozenset[int]
    starts: time
    ends: time


def read_slots(form: MultiDict[str, str]) -> SlotsEntry:
    """Raises NotUnderstood."""
    counsellor_id, week = read_number(form.get("counsellor", "")), read_number(form.get("week", "1"))
    starts, ends = read_time(form.get("starts", "")), read_time(form.get("ends", ""))
    if counsellor_id is None or week is None or starts is None or ends is None:
        said = {
            "counsellor": (counsellor_id, wording.CHOOSE_A_COUNSELLOR),
            "week": (week, wording.ENTER_A_WEEK),
            "starts": (starts, wording.ENTER_A_START),
            "ends": (ends, wording.ENTER_AN_END),
        }
        raise NotUnderstood({field: sentence for field, (value, sentence) in said.items() if value is None})
    return SlotsEntry(counsellor_id, week, _weekdays(form), starts, ends)


def read_rotation(form: MultiDict[str, str]) -> tuple[date, Turns]:
    """The first day of a rotation, and how it goes round. Raises NotUnderstood."""
    first_day, interval = read_day(form.get("first_day", "")), read_number(form.get("interval", "1"))
    starts, ends = read_time(form.get("starts", "")), read_time(form.get("ends", ""))
    turn = Turn(form["turn"]) if form.get("turn") in set(Turn) else None
    if first_day is None or interval is None or starts is None or ends is None or turn is None:
        said = {
            "first_day": (first_day, wording.ENTER_A_FIRST_TURN),
            "starts": (starts, wording.ENTER_A_START),
            "ends": (ends, wording.ENTER_AN_END),
            "turn": (turn, wording.CHOOSE_A_TURN),
            "interval": (interval, wording.ENTER_AN_INTERVAL),
        }
        raise NotUnderstood({field: sentence for field, (value, sentence) in said.items() if value is None})
    return first_day, Turns(starts, ends, turn, interval, _weekdays(form))


def read_groups(typed: str, by_name: Mapping[str, list[int]]) -> list[list[int]]:
    """Who takes turns: a turn on each line, the names of those who work together with commas. Raises NotUnderstood."""
    lines = [[name.strip() for name in line.split(",") if name.strip()] for line in typed.splitlines()]
    groups = [line for line in lines if line]
    if not groups:
        raise NotUnderstood({"people": wording.ENTER_PEOPLE})
    unknown = [name for group in groups for name in group if len(by_name.get(name.casefold(), [])) != 1]
    if unknown:
        raise NotUnderstood({"people": wording.nobody_called(unknown)})
    return [[by_name[name.casefold()][0] for name in group] for group in groups]


def _weekdays(form: MultiDict[str, str]) -> frozenset[int]:
    return frozenset(number for number in range(7) if str(number) in form.getlist("weekdays"))

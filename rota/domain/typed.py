"""Days, times and hours as people type them, in forms and in files."""

from __future__ import annotations

import re
from datetime import date, datetime, time

_TIME = re.compile(r"([01]?[0-9]|2[0-3])(?:[:.]?([0-5][0-9])(?::00)?)?")
_DAY_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d %B %Y", "%d %b %Y")  # what browsers send, and what people type
_HOURS = re.compile(r"([0-9]{1,3})(?:([.,])([0-9]{1,2})|:([0-5][0-9]))?")


def read_day(typed: str) -> date | None:
    """A day, or None when it is not one."""
    for layout in _DAY_FORMATS:
        try:
            return datetime.strptime(typed.strip(), layout).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def read_time(typed: str) -> time | None:
    """A wall time such as 14:00, 14.00, 1400 or 14, or None when it is not one."""
    found = _TIME.fullmatch(typed.strip())
    return time(int(found[1]), int(found[2] or 0)) if found else None


def read_hours(typed: str) -> int | None:
    """A length such as 37.5, 37:30 or 37, in minutes, or None when it is not one."""
    found = _HOURS.fullmatch(typed.strip())
    if not found:
        return None
    part = round(float(f"0.{found[3]}") * 60) if found[2] else int(found[4] or 0)
    return int(found[1]) * 60 + part


def read_number(typed: str) -> int | None:
    """A whole number, or None when it is not one."""
    return int(typed.strip()) if re.fullmatch(r"[0-9]{1,9}", typed.strip()) else None

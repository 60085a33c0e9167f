"""A supervisor has rung another help line, or read about it where it comes from: its number, on this day."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from accounts.operations import journal
from callbacks.models import HelpLineCheckRow
from foundation.web import help_lines
from foundation.web.help_lines import HelpLine

SHORT: Final = 3  # digits of 999 and 111: numbers of the state, which nobody puts right by hand
_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){2,14}")


class How(StrEnum):
    """How a line was checked."""

    RUNG = "rung"
    """Somebody rang it, and it was answered."""
    READ = "read"
    """Somebody read its number where it comes from."""


class NoSuchLine(Exception):
    """No page names this line."""


class NotANumber(Exception):
    """What was given is no telephone number of the United Kingdom; nothing was changed."""


class NumberIsFixed(Exception):
    """999 and 111 stay what they are; nothing was changed."""


def find(key: str) -> HelpLine:
    """The line, as it was last found. Raises NoSuchLine."""
    for line in help_lines.every_line():
        if line.key == key:
            return line
    raise NoSuchLine


def check_help_line(
    session: Session, *, key: str, number: str, how: How, staff_id: int, zone: ZoneInfo, now: datetime
) -> None:
    """Note the check; from now on pages show this number. Raises NoSuchLine, NotANumber, NumberIsFixed."""
    line, number = find(key), " ".join(number.split())
    dial = _dialled(number)
    if dial != line.dial and len(line.dial) <= SHORT:
        raise NumberIsFixed
    given = {
        "number": number,
        "dial": dial,
        "how": how,
        "checked_on": now.astimezone(zone).date(),
        "checked_by": staff_id,
    }
    row = insert(HelpLineCheckRow).values(line=key, **given)
    session.execute(row.on_conflict_do_update(index_elements=[HelpLineCheckRow.line], set_=given))
    before, after = {"number": line.number}, {"number": number, "how": how}
    journal.note(
        session,
        actor_id=staff_id,
        action="help_line_checked",
        subject_kind="help_line",
        subject_id=key,
        before=before,
        after=after,
        now=now,
    )


def _dialled(number: str) -> str:
    """The digits of a number as people write it. Raises NotANumber."""
    if not _NUMBER.fullmatch(number) or not number.isascii():
        raise NotANumber
    return re.sub(r"\D", "", number)

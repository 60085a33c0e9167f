"""Questions about the help lines of other people."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import StaffRow
from callbacks.models import HelpLineCheckRow
from foundation.web.help_lines import Check

_HOW_CHECKED = {"rung": "rang it", "read": "read it where it comes from"}


def help_line_checks(session: Session) -> dict[str, Check]:
    """The last check of each help line, by the line's key."""
    question = select(HelpLineCheckRow, StaffRow.name).join(StaffRow, StaffRow.id == HelpLineCheckRow.checked_by)
    return {
        row.line: Check(row.number, row.dial, row.checked_on, f"{name} {_HOW_CHECKED[row.how]}")
        for row, name in session.execute(question)
    }

"""How long what we know of a visitor is kept once their request is closed, and why it may be kept for longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """How long after it was closed a request names its visitor, by what came of it; the organisation decides."""

    unreached: timedelta
    """Nobody was reached, or it was withdrawn."""
    talked: timedelta
    """The two talked."""
    referred: timedelta
    """A referral was made, or a safeguarding concern raised: the record may protect somebody."""
    call_records: timedelta
    """What the telephone company, and our own tables of its messages, keep of calls and texts."""

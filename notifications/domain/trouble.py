"""What can be wrong with the service itself, how it is told, and when dialling pauses because of it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Trouble(StrEnum):
    """One thing that is wrong. The docstring is what the board says while it lasts."""

    DIALLING_FAILS = "dialling_fails"
    """Calls cannot be placed. Requests are kept, and one call at a time is tried until it works again."""
    WEBHOOKS_REFUSED = "webhooks_refused"
    """Messages that claim to come from the telephone company were refused: their signature is wrong."""
    REQUESTS_UNACCOUNTED = "requests_unaccounted"
    """A request is neither open with a deadline nor closed with a reason. Call a developer."""
    STARVING = "starving"
    """Somebody waits although a counsellor who could ring them is free."""


WORDS: dict[Trouble, str] = {
    Trouble.DIALLING_FAILS: (
        "Calls cannot be placed. Every request is kept, and one call at a time is tried until it works again. "
        "Check the telephone company’s status page and our account there."
    ),
    Trouble.WEBHOOKS_REFUSED: (
        "Messages that claim to come from the telephone company were refused, because their signature is wrong. "
        "If calls do not progress, run preflight: the public address or the account’s token has changed."
    ),
    Trouble.REQUESTS_UNACCOUNTED: (
        "A request is neither open with a deadline nor closed with a reason. Call a developer now."
    ),
    Trouble.STARVING: "Somebody waits although a counsellor who could ring them is free. See why nobody rings.",
}
"""What the board says while a trouble lasts."""

PAUSES_AFTER = 5
"""So many failures without one call that got through, and dialling pauses: it is not the one number."""

LONGEST_PAUSE = timedelta(seconds=30)
"""How long at most until the next call is tried; a call waits for two minutes before it goes back to matching."""

REFUSALS_PASS_AFTER = timedelta(minutes=10)
"""So long without another refused message, and the trouble is over."""


def pause_after(failures: int, *, dice: float) -> timedelta:
    """How long nobody dials after so many failures: twice as long each time, `dice` (0 to 1) spreads it by half."""
    return min(LONGEST_PAUSE, timedelta(seconds=0.5 * 2 ** min(failures, 8))) * (0.5 + dice / 2)

"""What can be wrong with the service itself, how it is told, and when dialling pauses because of it."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Trouble(StrEnum):
    """One thing that is wrong. The docstring is what the board says while it lasts."""

    EMERGENCY_WAITS = "emergency_waits"
    """Somebody in an emergency waits, and their request could be given to nobody."""
    DIALLING_FAILS = "dialling_fails"
    """Calls cannot be placed. Requests are kept, and one call at a time is tried until it works again."""
    WEBHOOKS_REFUSED = "webhooks_refused"
    """Messages that claim to come from the telephone company were refused: their signature is wrong."""
    REQUESTS_UNACCOUNTED = "requests_unaccounted"
    """A request is neither open with a deadline nor closed with a reason. Call a developer."""
    STARVING = "starving"
    """Somebody waits although a counsellor who could ring them is free."""
    NOBODY_ON = "nobody_on"
    """Somebody may be rung now, and nobody is on shift."""
    BLOCKED = "blocked"
    """Somebody may be rung now, and a rule keeps everybody who is on shift from ringing them."""
    COUNSELLOR_SILENT = "counsellor_silent"
    """A counsellor on shift does not take the calls that they are offered."""
    NUMBER_FAILS = "number_fails"
    """A counsellor's telephone cannot be connected."""
    ANSWERS_DROP = "answers_drop"
    """Far fewer visitors answer than usual: our number may be shown as spam."""
    SPENDING = "spending"
    """Requests come in a flood, or more went out in a day than the budget allows."""
    SETTLING_FAILS = "settling_fails"
    """A call cannot be asked about, so that nobody knows how it stands."""
    ORPHANS = "orphans"
    """A call from our number belonged to no request, and was ended."""
    CREDENTIALS_REFUSED = "credentials_refused"
    """The telephone company refuses our account: its token is wrong or it is suspended."""
    TEXTS_FAIL = "texts_fail"
    """Texts cannot be sent."""
    ALARM_UNHEARD = "alarm_unheard"
    """Nobody could be told of a trouble."""
    RECORDS_REMAIN = "records_remain"
    """What the telephone company keeps of calls and texts could not be deleted when it was due."""


WORDS: dict[Trouble, str] = {
    Trouble.EMERGENCY_WAITS: (
        "Somebody in an emergency waits, and their request could be given to nobody. It stands first below. "
        "Find somebody who can ring now, or ring them yourself."
    ),
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
    Trouble.NOBODY_ON: "Somebody waits to be rung and nobody is on shift. Find cover, or ring them yourself.",
    Trouble.BLOCKED: (
        "Somebody waits to be rung, and a rule keeps everybody on shift from ringing them. See why nobody rings."
    ),
    Trouble.COUNSELLOR_SILENT: (
        "A counsellor on shift does not take the calls that they are offered, and is offered no more. "
        "Ask whether they are well, and whether they can go on."
    ),
    Trouble.NUMBER_FAILS: (
        "A counsellor’s telephone cannot be connected. Check their number on the team page with them."
    ),
    Trouble.ANSWERS_DROP: (
        "Far fewer visitors answer than usual. Our number may be shown to them as spam: ring a mobile from it, "
        "and ask the telephone company."
    ),
    Trouble.SPENDING: (
        "Requests come in a flood, or more calls and texts went out in a day than the budget allows. Those that look "
        "made by a machine wait for a supervisor; everybody else’s go on. Look at what came in, and raise the budget "
        "if it is real."
    ),
    Trouble.SETTLING_FAILS: (
        "The telephone company does not say how a call stands. Nobody is rung again before it is known. "
        "Check the company’s status page."
    ),
    Trouble.ORPHANS: "A call from our number belonged to no request, and was ended. Call a developer.",
    Trouble.CREDENTIALS_REFUSED: (
        "The telephone company refuses our account: its token has changed, or the account is suspended. "
        "Nothing is rung or texted before that is put right. Run preflight."
    ),
    Trouble.TEXTS_FAIL: "Texts cannot be sent. Calls go on. Check the telephone company’s status page.",
    Trouble.ALARM_UNHEARD: (
        "Nobody could be told that something is wrong: the text to the lead on call failed and there is no other way, "
        "or it failed too. Tell them yourself."
    ),
    Trouble.RECORDS_REMAIN: (
        "What the telephone company keeps of old calls and texts could not be deleted when it was due. "
        "It is tried again every hour; see the log."
    ),
}
"""What the board says while a trouble lasts."""

EACH_IS_TOLD = frozenset({Trouble.EMERGENCY_WAITS})
"""Of these, each new case is told, though an older one lasts and was heard of."""

NOBODY_IS_RUNG = frozenset({Trouble.DIALLING_FAILS, Trouble.CREDENTIALS_REFUSED})
"""While one of these lasts nobody can be rung, and no visitor is told a time."""

PAUSES_AFTER = 5
"""So many failures without one call that got through, and dialling pauses: it is not the one number."""

LONGEST_PAUSE = timedelta(seconds=30)
"""How long at most until the next call is tried; a call waits for two minutes before it goes back to matching."""

UNHEARD_AFTER = timedelta(minutes=5, seconds=30)
"""So long without anybody having heard of a trouble, and that is a trouble of its own. A text of which nothing more is
heard than that it was sent counts after five minutes (`operations.alarm`)."""

IN_DOUBT_AFTER = 2
"""So many questions about one call in a row that the telephone company did not answer, and people are told."""

ORPHANS_PASS_AFTER = timedelta(hours=1)
"""So long without another call that no table knew of, and the trouble is over."""

PASSES_AFTER: dict[Trouble, timedelta] = {
    Trouble.WEBHOOKS_REFUSED: timedelta(minutes=10),
    Trouble.DIALLING_FAILS: timedelta(minutes=10),
}
"""So long without another refused message, or another call that could not be placed, and the trouble is over."""


def pause_after(failures: int, *, dice: float) -> timedelta:
    """How long nobody dials after so many failures: twice as long each time, `dice` (0 to 1) spreads it by half."""
    return min(LONGEST_PAUSE, timedelta(seconds=0.5 * 2 ** min(failures, 8))) * (0.5 + dice / 2)

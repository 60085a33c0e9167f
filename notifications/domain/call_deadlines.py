"""How long a call may stay in each state, how long telephones ring, and when the telephone company is asked again."""

from __future__ import annotations

from datetime import timedelta

from notifications.domain.call import FINAL, GREETING_S, CallState

COUNSELLOR_RINGS_S = 20
"""Seconds a counsellor's telephone rings before the next one is tried."""

VISITOR_RINGS_S = 25
"""Seconds a visitor's telephone rings; Ofcom's yardstick is at least 15."""

TALK_LIMIT_S = 5_400
"""The provider ends a call after ninety minutes: no forgotten line stays open all night."""

QUEUES_AT_MOST_S = 20
"""Seconds a call may wait its turn at the telephone company: its reason, or the counsellor, may be gone by then."""

DEADLINES: dict[CallState, timedelta] = {
    CallState.PLACING: timedelta(seconds=15),  # our HTTP time-out is 10 s
    CallState.UNKNOWN: timedelta(seconds=15),  # looked for at 15, 60 and 120 s before it counts as lost
    CallState.PLACED: timedelta(seconds=QUEUES_AT_MOST_S),  # then one look shows whether it still waits its turn
    CallState.RINGING: timedelta(seconds=COUNSELLOR_RINGS_S + 15),  # the provider may add 5 s
    CallState.PROMPTED: timedelta(seconds=60),
    CallState.CONNECTING: timedelta(seconds=VISITOR_RINGS_S + 15),
    CallState.VISITOR_RINGING: timedelta(seconds=VISITOR_RINGS_S + 15),
    CallState.VISITOR_ANSWERED: timedelta(seconds=GREETING_S + 2),  # then one look shows whether the two are talking
    CallState.BRIDGED: timedelta(seconds=60),  # asked about every minute: a lost ending frees the counsellor within one
    CallState.CLOSING: timedelta(seconds=5),
}
"""How long a state may last before the provider is asked. A waiting call has its own time after which it is dropped."""

OWNERS: dict[CallState, str] = {
    state: "the dialler" if state is CallState.WAITING else "the reconciler"
    for state in CallState
    if state not in FINAL
}
"""Who acts when the deadline of a state passes."""

LEG_ENDS_WITHIN = timedelta(seconds=30)
"""So long after a call is over, word has come that each of its legs is; else the provider is asked about the leg."""

SWEPT_EVERY = timedelta(seconds=10)
"""How often the provider is asked for our latest calls, in one request, while calls are being placed."""

SWEPT_FULLY_EVERY = timedelta(minutes=1)
"""How often it is asked for all that are under way, however old; while the fate of one is unknown, every time."""

CALLS_LAST = timedelta(seconds=TALK_LIMIT_S) + timedelta(minutes=10)
"""So long after the last call was placed, none can be under way any more."""

STOPS_AGAIN_AFTER = timedelta(seconds=2)
"""A call that must stop and still stands is stopped again after this long, then after twice as long each time."""

ASKS_AGAIN_AFTER = timedelta(seconds=5)
"""When the provider does not answer about a call, it is asked again after this long, then twice as long each time."""

LONGEST_WAIT = timedelta(minutes=1)
"""How long at most until the provider is asked about an overdue call again."""


def ask_again_after(times: int, *, is_stopping: bool) -> timedelta:
    """How long to leave a call alone that was asked about in vain so many times."""
    first = STOPS_AGAIN_AFTER if is_stopping else ASKS_AGAIN_AFTER
    return min(LONGEST_WAIT, first * float(2 ** min(times, 6)))

"""The life of a request: in which state it may be, and which event moves it to which other.

The twelve states are those of the service's code list and correspond to FHIR Task statuses. `docs/lifecycle.md` is
generated from this table.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where a request stands."""

    SUBMITTED = "submitted"
    """Received; not yet triaged. Never outlives the transaction that stores it."""
    QUEUED = "queued"
    """Waiting to be called."""
    ASSIGNED = "assigned"
    """Given to a counsellor, whose telephone we are ringing."""
    IN_CALL = "in_call"
    """A counsellor took it: the visitor is being rung, spoken to, or the outcome is awaited."""
    RETRY_DUE = "retry_due"
    """Not reached; we will try again at a safe time."""
    NEEDS_REVIEW = "needs_review"
    """A supervisor decides what comes next."""
    COMPLETED = "completed"
    """Finished, with an outcome."""
    CLOSED_NO_CONTACT = "closed_no_contact"
    """Closed after every allowed attempt: we could not reach the person."""
    WITHDRAWN = "withdrawn"
    """Cancelled by the person."""
    REJECTED = "rejected"
    """Not accepted: duplicate, spam or out of scope."""
    EXPIRED = "expired"
    """Ran out of time before any attempt: a failure of the service."""
    ERASED = "erased"
    """Erased on request; only anonymous counts remain."""


class Event(StrEnum):
    """What can happen to a request."""

    ACCEPT = "accept"
    """Triage gave it an urgency."""
    HOLD = "hold"
    """A person must look at it first."""
    REFUSE = "refuse"
    """It is spam, a duplicate or out of scope."""
    MATCH = "match"
    """A free counsellor was found."""
    CONNECT = "connect"
    """The counsellor pressed 1; the visitor is about to be rung."""
    COUNSELLOR_MISSED = "counsellor_missed"
    """The counsellor did not take the call."""
    NOT_REACHED = "not_reached"
    """The visitor was not reached and may be tried again."""
    GIVE_UP = "give_up"
    """Every allowed attempt was made."""
    CONCLUDE = "conclude"
    """The counsellor recorded a case outcome."""
    RELEASE = "release"
    """A supervisor puts it back in the queue."""
    REOPEN = "reopen"
    """A closed request needs another look."""
    DENY = "deny"
    """The owner of the number said that they did not ask for a call."""
    WITHDRAW = "withdraw"
    """The person cancelled it."""
    RUN_OUT = "run_out"
    """Its time passed before anybody was rung."""
    ERASE = "erase"
    """The person asked us to forget them."""


class IllegalMove(Exception):
    """The event cannot happen to a request in this state; nothing was changed."""


S, E = Status, Event

MOVES: dict[tuple[Status, Event], Status] = {
    (S.SUBMITTED, E.ACCEPT): S.QUEUED,
    (S.SUBMITTED, E.HOLD): S.NEEDS_REVIEW,
    (S.SUBMITTED, E.REFUSE): S.REJECTED,
    (S.SUBMITTED, E.WITHDRAW): S.WITHDRAWN,
    (S.QUEUED, E.MATCH): S.ASSIGNED,
    (S.QUEUED, E.HOLD): S.NEEDS_REVIEW,
    (S.QUEUED, E.DENY): S.CLOSED_NO_CONTACT,
    (S.QUEUED, E.WITHDRAW): S.WITHDRAWN,
    (S.QUEUED, E.RUN_OUT): S.EXPIRED,
    (S.ASSIGNED, E.CONNECT): S.IN_CALL,
    (S.ASSIGNED, E.COUNSELLOR_MISSED): S.QUEUED,
    (S.ASSIGNED, E.HOLD): S.NEEDS_REVIEW,
    (S.ASSIGNED, E.DENY): S.CLOSED_NO_CONTACT,
    (S.ASSIGNED, E.WITHDRAW): S.WITHDRAWN,
    (S.IN_CALL, E.NOT_REACHED): S.RETRY_DUE,
    (S.IN_CALL, E.HOLD): S.NEEDS_REVIEW,
    (S.IN_CALL, E.CONCLUDE): S.COMPLETED,
    (S.IN_CALL, E.GIVE_UP): S.CLOSED_NO_CONTACT,
    (S.IN_CALL, E.DENY): S.CLOSED_NO_CONTACT,
    (S.IN_CALL, E.WITHDRAW): S.WITHDRAWN,
    (S.RETRY_DUE, E.MATCH): S.ASSIGNED,
    (S.RETRY_DUE, E.HOLD): S.NEEDS_REVIEW,
    (S.RETRY_DUE, E.GIVE_UP): S.CLOSED_NO_CONTACT,
    (S.RETRY_DUE, E.DENY): S.CLOSED_NO_CONTACT,
    (S.RETRY_DUE, E.WITHDRAW): S.WITHDRAWN,
    (S.NEEDS_REVIEW, E.RELEASE): S.QUEUED,
    (S.NEEDS_REVIEW, E.MATCH): S.ASSIGNED,
    (S.NEEDS_REVIEW, E.CONCLUDE): S.COMPLETED,
    (S.NEEDS_REVIEW, E.GIVE_UP): S.CLOSED_NO_CONTACT,
    (S.NEEDS_REVIEW, E.REFUSE): S.REJECTED,
    (S.NEEDS_REVIEW, E.DENY): S.CLOSED_NO_CONTACT,
    (S.NEEDS_REVIEW, E.WITHDRAW): S.WITHDRAWN,
    (S.COMPLETED, E.REOPEN): S.NEEDS_REVIEW,
    (S.CLOSED_NO_CONTACT, E.REOPEN): S.NEEDS_REVIEW,
    (S.REJECTED, E.REOPEN): S.NEEDS_REVIEW,
    (S.EXPIRED, E.REOPEN): S.NEEDS_REVIEW,
    (S.COMPLETED, E.ERASE): S.ERASED,
    (S.CLOSED_NO_CONTACT, E.ERASE): S.ERASED,
    (S.REJECTED, E.ERASE): S.ERASED,
    (S.EXPIRED, E.ERASE): S.ERASED,
    (S.WITHDRAWN, E.ERASE): S.ERASED,
}

CLOSED = frozenset({S.COMPLETED, S.CLOSED_NO_CONTACT, S.WITHDRAWN, S.REJECTED, S.EXPIRED, S.ERASED})
"""Nobody will be rung for a request in one of these states."""

WAITING = frozenset({S.QUEUED, S.RETRY_DUE})
"""A request in one of these states may be matched once it is due."""

OWNERS: dict[Status, str] = {
    S.SUBMITTED: "the transaction that stores it",
    S.QUEUED: "matching, until the last safe time is over",
    S.ASSIGNED: "the call to the counsellor, which has its own deadline",
    S.IN_CALL: "the call, then the counsellor who owes an outcome",
    S.RETRY_DUE: "matching, until the last safe time is over",
    S.NEEDS_REVIEW: "the supervisor on duty",
}
"""Who looks after each state that is not final; every one also has a deadline, `due_by`."""


def move(status: Status, event: Event) -> Status:
    """The state that follows. Raises IllegalMove when the table has no such move."""
    try:
        return MOVES[status, event]
    except KeyError:
        raise IllegalMove(f"cannot {event} a {status} callback") from None


def can(status: Status, event: Event) -> bool:
    """Whether the table has such a move."""
    return (status, event) in MOVES

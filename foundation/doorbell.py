"""Redis as a doorbell: it says "look at the table", never what to do or for whom.

A bell names a kind of waiting row. Ringing enqueues one argument-less RQ job, at most one at a time for each bell.
A bell that cannot be rung, or is lost with Redis, costs a second: the timekeeper looks at the same tables and rings.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import redis
import structlog
from rq import Queue
from sqlalchemy.orm import Session

log = structlog.get_logger()

Answer = Callable[[], None]


class Bell(StrEnum):
    """What may be waiting."""

    MATCH = "match"
    """Requests that are due and counsellors who are free."""
    DIAL = "dial"
    """Calls that were decided and not yet placed."""
    TEXT = "text"
    """Texts that were decided and not yet sent."""
    SETTLE = "settle"
    """Calls and texts whose deadline has passed: ask the provider what became of them."""
    SWEEP = "sweep"
    """Calls from our number that no table knows of."""
    DEADLINES = "deadlines"
    """Requests whose deadline has passed."""
    ROTA = "rota"
    """Colleagues who are to be asked for cover, and the look over the rota once a minute."""
    TIDY = "tidy"
    """What has been kept for as long as it was needed."""


QUEUES: dict[Bell, str] = {
    Bell.MATCH: "calls",
    Bell.DIAL: "calls",
    Bell.SETTLE: "calls",
    Bell.SWEEP: "calls",
    Bell.TEXT: "texts",
    Bell.DEADLINES: "upkeep",
    Bell.TIDY: "upkeep",
    Bell.ROTA: "texts",
}
"""The queue of each bell; workers empty them in the order calls, texts, upkeep."""

QUEUE_ORDER = ("calls", "texts", "upkeep")

_RUNG_FOR_MS = 3_000  # a job that no worker took within this time may be rung for again
_JOB_TIMEOUT_S = 60  # no job may hold a worker longer; each leaves its rows in a state that the next run finishes

_answers: dict[Bell, Answer] = {}


class _Door:
    """The Redis connection of this process."""

    connection: redis.Redis | None = None


def hang(connection: redis.Redis) -> None:
    """Use this Redis connection from now on."""
    _Door.connection = connection


def connection() -> redis.Redis:
    """The Redis connection in use; RuntimeError before `hang`."""
    if _Door.connection is None:
        raise RuntimeError("no Redis connection is in use: call foundation.doorbell.hang first")
    return _Door.connection


def answers(bell: Bell) -> Callable[[Answer], Answer]:
    """Mark the job that answers a bell."""

    def mark(job: Answer) -> Answer:
        _answers[bell] = job
        return job

    return mark


def answer_of(bell: Bell) -> Answer:
    """The job that answers a bell; KeyError when its module has not been imported."""
    return _answers[bell]


def _mark(bell: Bell) -> str:
    return f"ringback:rung:{bell}"


def ring(bell: Bell) -> bool:
    """Ring now. False when Redis is away (logged: the timekeeper rings again)."""
    try:
        door = connection()
        if not door.set(_mark(bell), "1", nx=True, px=_RUNG_FOR_MS):
            return True
        Queue(QUEUES[bell], connection=door).enqueue(
            _answers[bell], job_timeout=_JOB_TIMEOUT_S, result_ttl=0, failure_ttl=86_400
        )
    except redis.RedisError as error:
        log.warning("doorbell_not_rung", bell=str(bell), because=type(error).__name__)
        return False
    return True


def answering(bell: Bell) -> None:
    """Say that the job has begun, so that whoever comes after it may ring again."""
    try:
        connection().delete(_mark(bell))
    except redis.RedisError as error:
        log.warning("doorbell_not_silenced", bell=str(bell), because=type(error).__name__)


def ring_after_commit(session: Session, bell: Bell) -> None:
    """Ring once the transaction at hand is committed; nothing rings when it is rolled back."""
    session.info.setdefault("bells", set()).add(bell)


def forget_bells(session: Session) -> None:
    """Drop what was to ring after a commit that did not happen."""
    session.info.pop("bells", None)


def ring_for(session: Session) -> None:
    """Ring what the committed transaction asked for; called by the one committer."""
    for bell in sorted(session.info.pop("bells", set())):
        ring(bell)

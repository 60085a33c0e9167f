"""The commands of the house as a whole: the worker, the timekeeper and its periodic work, a demonstration, preflight.

Each room has commands of its own in its `cli`; these need several rooms, and `app.py` offers them all.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import click
import redis
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from redis.client import Pipeline
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import configure_mappers

import callbacks.jobs
import notifications.jobs  # noqa: F401 - its jobs answer bells
import rota.jobs  # noqa: F401 - likewise
from callbacks import queries as callback_queries
from foundation import clock, doorbell
from foundation.database import db, transaction
from foundation.doorbell import Bell
from foundation.web import health, help_lines
from notifications import queries as notification_queries
from notifications.telephony import signature
from notifications.telephony.port import ProviderUnavailable
from rota import queries as rota_queries
from rota.operations.demo import load_demo

log = structlog.get_logger()

BEATS_EVERY_S = 45  # a health check asks whether there was one within two minutes


def _beat() -> None:
    """Show that this process works: only where something asks for it, because nothing else reads the file."""
    if file := current_app.config["PULSE_FILE"]:
        Path(file).touch()


class _Worker(SimpleWorker):
    """A worker that runs each job in an application context of its own, so that no session outlives a job.

    It does not fork: our jobs are short, carry nothing, and leave rows that the next run finishes.
    """

    app: Flask

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Tell Redis, and whoever looks after this process, that it works."""
        super().heartbeat(timeout, pipeline)
        _beat()

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run one job."""
        with self.app.app_context():
            return bool(super().perform_job(job, queue, execution))


@click.command("work")
@click.option("--burst", is_flag=True, help="Stop when nothing waits.")
@with_appcontext
def work(burst: bool) -> None:
    """Answer the doorbell: match, dial, text, settle. Run as many as you like, on any host."""
    configure_mappers()
    while True:
        try:
            _work_until_told(burst=burst)
            return
        except redis.ConnectionError as error:
            log.warning("worker_waits", because=type(error).__name__)
            _beat()  # it works as far as that can be: no restart brings Redis back
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # RQ's own handlers belong to the worker that is gone
            time.sleep(TICK_S)


def _work_until_told(*, burst: bool) -> None:
    """Work until the process is told to stop. Raises redis.ConnectionError when Redis goes away and stays away."""
    door = redis.Redis.from_url(current_app.config["RATELIMIT_STORAGE_URI"])  # waits for work without a time-out
    queues = [Queue(name, connection=door) for name in doorbell.QUEUE_ORDER]
    worker = _Worker(queues, connection=door, worker_ttl=BEATS_EVERY_S + 15)  # RQ waits 15 s less than that
    worker.app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - the documented way
    worker.work(burst=burst, with_scheduler=False, logging_level="WARNING")


Waits = Callable[..., bool]

PERIODIC: tuple[tuple[Bell, Waits], ...] = (
    (Bell.SETTLE, notification_queries.is_anything_overdue),
    (Bell.SWEEP, notification_queries.is_sweep_due),
    (Bell.DIAL, notification_queries.is_call_waiting),
    (Bell.DEADLINES, callback_queries.is_anything_overdue),
    (Bell.MATCH, callback_queries.is_anybody_waiting),
    (Bell.TEXT, notification_queries.is_text_waiting),
    (Bell.ROTA, rota_queries.is_rota_work_due),
    (Bell.TIDY, callback_queries.is_tidying_due),
)
"""What the timekeeper looks for in the tables, and the bell it rings when it finds it."""

TICK_S = 1.0
"""A lost bell costs at most this long."""

WATCHES_EVERY = timedelta(seconds=15)
"""How often the timekeeper looks at the service as a whole: whoever is on call hears of a trouble within a minute."""

LOOKS_AT_ALL_EVERY = timedelta(minutes=10)
"""How often it goes through all that was ever done, too, and not only what is open or has happened lately."""

_TIMEKEEPER = 7_283_000  # the advisory lock that lets one timekeeper act
_FROZEN_AFTER = "10s"  # whoever holds the lock and says nothing for so long has lost it: the next one acts


def tick(*, now: datetime) -> list[Bell]:
    """Look at the tables once and ring for what waits; the bells that were rung."""
    with transaction() as session:
        waiting = [bell for bell, waits in PERIODIC if waits(session, now=now)]
    return [bell for bell in waiting if doorbell.ring(bell)]


def _keeps_the_lock(connection: Connection) -> bool:
    return bool(connection.scalar(select(func.pg_try_advisory_lock(_TIMEKEEPER))))


@click.command("keep-time")
@with_appcontext
def keep_time() -> None:
    """Ring the doorbell for whatever is due. Run two for safety: a database lock lets one act."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            _keep_time_until(stop)
        except DBAPIError as error:
            log.warning("timekeeper_waits", because=type(error).__name__)
            _beat()
            db.session.remove()
            stop.wait(clock.real_seconds(TICK_S))


def _keep_time_until(stop: threading.Event) -> None:
    """Act while this process holds the lock; ends with DBAPIError when the database goes away."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"set idle_session_timeout = '{_FROZEN_AFTER}'"))
        while not stop.is_set():
            _beat()
            if _keeps_the_lock(connection):
                log.info("timekeeper_acts")
                break
            stop.wait(clock.real_seconds(TICK_S))
        watched_at, looked_at_all_at = clock.now(), None
        while not stop.wait(clock.real_seconds(TICK_S)):
            connection.scalar(select(1))  # the lock ends with this connection: no connection, no acting
            tick(now=clock.now())
            _beat()
            if clock.now() - watched_at >= WATCHES_EVERY:
                watched_at = clock.now()
                is_thorough = looked_at_all_at is None or watched_at - looked_at_all_at >= LOOKS_AT_ALL_EVERY
                callbacks.jobs.watch_over_everything(is_thorough=is_thorough)
                looked_at_all_at = watched_at if is_thorough else looked_at_all_at
            db.session.remove()


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Load demo data for the current two weeks; safe to run twice."""
    if not current_app.config["DRAMA_ALLOWED"]:
        raise click.ClickException("demo data is for demonstrations: set RINGBACK_DEMO=1 if this is one")
    with transaction() as session:
        people = load_demo(session, now=clock.now(), zone=current_app.config["ZONE"])
    for line in people:
        click.echo(line)


def _schema() -> str | None:
    state = health.database_state()
    if state == "unreachable":
        return "nobody answers at DATABASE_URL"
    return None if state == "ready" else f"the {state}: run db upgrade"


def _redis() -> str | None:
    return None if health.door_state() == "ready" else "Redis does not answer at REDIS_URL"


def _provider() -> str | None:
    try:
        current_app.extensions["telephony"].check_account()
    except ProviderUnavailable as away:
        return f"the telephone company does not accept us: {away}"
    return None


def _webhooks() -> str | None:
    """Sign a request as the provider would, and send it to the public address."""
    base, token = current_app.config["PUBLIC_BASE_URL"], current_app.config["TWILIO_AUTH_TOKEN"]
    try:
        status = signature.round_trip(auth_token=token, url=f"{base}/webhooks/twilio/voice/fallback")
    except ConnectionError:
        return f"PUBLIC_BASE_URL {base} does not answer, so the telephone company cannot reach us"
    if status == HTTPStatus.FORBIDDEN:
        return f"webhooks are refused: is PUBLIC_BASE_URL {base} exactly the address the telephone company uses?"
    return None if status == HTTPStatus.OK else f"the webhook address answered {status}"


def _cover() -> str | None:
    now = clock.now()
    with transaction() as session:
        covered = rota_queries.covered(session, start=now, end=now + timedelta(hours=24))
    hours = 24 - sum((span.ends_at - span.starts_at).total_seconds() for span in covered) / 3600
    return None if hours < 1 / 60 else f"nobody is on the rota for {hours:.1f} of the next 24 hours"


def _help_lines() -> str | None:
    with transaction() as session:
        help_lines.hear_checks(callback_queries.help_line_checks(session))
    old = help_lines.stale(help_lines.every_line(), today=clock.now().date())
    return f"check these numbers again, and their dates: {', '.join(line.name for line in old)}" if old else None


def _conservation() -> str | None:
    with transaction() as session:
        missing = callback_queries.unaccounted_for(session)
    return f"nowhere, or gone: {missing} of the requests that were ever received" if missing else None


def _on_call() -> str | None:
    if current_app.config["ON_CALL_PHONE"] or current_app.config["ALARM_WEBHOOK_URL"]:
        return None
    return "nobody is told when the service is in trouble: set ON_CALL_PHONE, ALARM_WEBHOOK_URL, or both"


def _proxies() -> str | None:
    if not current_app.config["PUBLIC_BASE_URL"].startswith("https://") or current_app.config["TRUSTED_PROXIES"]:
        return None
    return (
        "PUBLIC_BASE_URL is https, so a proxy stands in front, and TRUSTED_PROXIES is 0: all visitors seem to come "
        "from one address and would soon be turned away. Set TRUSTED_PROXIES=1"
    )


CHECKS: tuple[tuple[str, Callable[[], str | None]], ...] = (
    ("Database and schema", _schema),
    ("Redis", _redis),
    ("Telephone account", _provider),
    ("Webhook address and signature", _webhooks),
    ("Whom the limits count", _proxies),
    ("Cover in the next 24 hours", _cover),
    ("Help lines that pages show", _help_lines),
    ("Every request is accounted for", _conservation),
    ("Somebody is told of trouble", _on_call),
)
"""What `preflight` looks at: each says None, or what is wrong and what to do."""


def _found(check: Callable[[], str | None]) -> str | None:
    try:
        return check()
    except DBAPIError as error:
        return f"could not be looked at: the database answered with {type(error).__name__}"


@click.command("preflight")
@with_appcontext
def preflight() -> None:
    """Check everything that must be right before going live; exit status 1 when something is not."""
    wrong = 0
    for name, check in CHECKS:
        problem = _found(check)
        click.echo(f"{'ok   ' if problem is None else 'WRONG'}  {name}" + (f": {problem}" if problem else ""))
        wrong += problem is not None
    if wrong:
        raise SystemExit(1)


def commands() -> list[click.Command]:
    """What `flask --app app` offers besides the commands of the rooms."""
    return [work, keep_time, demo, preflight]

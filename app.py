"""The composition root: reads the environment, joins the rooms, names the periodic jobs and offers the commands.

Nothing imports this module. The one arrow against the import order is drawn here, in `join_the_rooms`.
"""

from __future__ import annotations

import os
import re
import signal
import threading
import time
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import click
import redis
import structlog
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate import Migrate
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from redis.client import Pipeline
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

import accounts.web
import callbacks.jobs
import callbacks.web
import notifications.jobs
import notifications.web
import rota.jobs
import rota.web
from accounts.cli import commands as accounts_commands
from callbacks import queries as callback_queries
from callbacks.cli import commands as callbacks_commands
from callbacks.domain.keeping import Kept
from callbacks.operations.follow_call import CallFollower
from foundation import clock, doorbell, logs, phone, sealed
from foundation.database import be_impatient, db, transaction
from foundation.doorbell import Bell
from foundation.phone import Phone
from foundation.web import health, help_lines
from foundation.web.frame import init_frame
from notifications import queries as notification_queries
from notifications.cli import commands as notifications_commands
from notifications.operations import arrow
from notifications.telephony import signature
from notifications.telephony.port import ProviderUnavailable
from notifications.telephony.twilio import Twilio, TwilioAccount
from rota import queries as rota_queries
from rota.cli import commands as rota_commands
from rota.operations.demo import load_demo
from rota.operations.follow import RotaFollower


def _list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


CommaSeparated = Annotated[list[str], BeforeValidator(_list)]


class Settings(BaseModel):
    """The environment, read once at start; names and meanings are the contract's."""

    DATABASE_URL: str = Field(pattern=r"^postgres(ql)?://")
    REDIS_URL: str = Field(pattern=r"^(rediss?|unix)://")
    SECRET_KEY: str = Field(min_length=32)
    SECRET_KEY_FALLBACKS: CommaSeparated = []
    FIELD_KEYS: CommaSeparated = Field(min_length=1)
    PUBLIC_BASE_URL: str = Field(pattern=r"^https?://[^/]+$")
    TWILIO_ACCOUNT_SID: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    TWILIO_AUTH_TOKEN: str = Field(min_length=16)
    TWILIO_AUTH_TOKEN_FALLBACKS: CommaSeparated = []
    TWILIO_CALLER_ID: str = Field(pattern=r"^\+[0-9]{8,15}$")
    TWILIO_MESSAGING_SERVICE_SID: str = Field("", pattern=r"^(MG[0-9a-f]{32})?$")
    TWILIO_SMS_FROM: str = ""
    TWILIO_API_BASE_URL: str = Field("", pattern=r"^(https?://[^/]+)?$")
    TWILIO_CALLS_PER_SECOND: float = Field(1.0, gt=0, le=1000)
    SERVICE_NAME: str = Field("Callback service", min_length=1, max_length=60)
    SERVICE_TIMEZONE: str = "Europe/London"
    EMBED_ORIGINS: CommaSeparated = []
    API_KEYS: CommaSeparated = []
    RINGBACK_DEMO: bool = False
    RATE_LIMITS: bool = True
    TRUSTED_PROXIES: int = Field(0, ge=0, le=5)
    REHEARSAL_CLOCK: str = ""
    ON_CALL_PHONE: str = ""
    ALARM_WEBHOOK_URL: str = Field("", pattern=r"^(https?://.+)?$")
    VISITORS_PRESS_A_KEY: bool = False
    BUDGET_PER_DAY: int = Field(3000, ge=1)
    KEEP_UNREACHED_DAYS: int = Field(30, ge=1)
    KEEP_TALKED_DAYS: int = Field(182, ge=1)
    KEEP_REFERRED_DAYS: int = Field(2557, ge=1)
    KEEP_CALL_RECORDS_DAYS: int = Field(30, ge=2)
    PULSE_FILE: str = ""
    TWILIO_FALLBACK_URL: str = Field("", pattern=r"^(https?://.+)?$")

    @field_validator("SERVICE_TIMEZONE")
    @classmethod
    def _a_known_zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("is not a time zone name such as Europe/London")
        return value

    @field_validator("REHEARSAL_CLOCK")
    @classmethod
    def _only_in_rehearsals(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("RINGBACK_DEMO"):
            raise ValueError("is for rehearsals: a service that rings people keeps real time. Remove it")
        return value

    @field_validator("ON_CALL_PHONE")
    @classmethod
    def _a_mobile(cls, value: str) -> str:
        if not value:
            return value
        try:
            number = phone.parse(value, drama_allowed=True)
        except phone.NumberNotAllowed as refused:
            raise ValueError(refused.detail) from None
        if not number.is_mobile:
            raise ValueError("is not a mobile number: only those get texts")
        return number.e164

    @field_validator("EMBED_ORIGINS")
    @classmethod
    def _whole_origins(cls, value: list[str]) -> list[str]:
        if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]+)?", origin) for origin in value):
            raise ValueError("must hold origins such as https://www.example.org, without a path")
        return value

    @field_validator("API_KEYS")
    @classmethod
    def _long_secrets(cls, value: list[str]) -> list[str]:
        if not all(re.fullmatch(r"[\w.-]{1,40}:\S{32,}", key) for key in value):
            raise ValueError("must hold keys as name:secret, the secret at least 32 characters long")
        return value

    @field_validator("FIELD_KEYS")
    @classmethod
    def _usable_keys(cls, value: list[str]) -> list[str]:
        sealed.use_keys(value)
        return value


class BadEnvironment(SystemExit):
    """A setting is missing or malformed; the process stops with one line that says which and why."""


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment, `NAME_FILE` pointing to a file that holds the secret. Raises BadEnvironment."""
    given: dict[str, Any] = {}
    for name in Settings.model_fields:
        if file := environ.get(f"{name}_FILE"):
            try:
                given[name] = Path(file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise BadEnvironment(f"{name}_FILE: cannot read {file}: {error.strerror}") from None
        elif environ.get(name):
            given[name] = environ[name]
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]  # never echo a secret
        why = "is not set" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ").rstrip(".")
        raise BadEnvironment(f"{first['loc'][0]}: {why}. See the table of settings in docs/operations.md") from None


log = structlog.get_logger()

_DATABASE = "postgresql+psycopg://"
_STATEMENT_MS = 10_000  # a page that takes longer has lost its reader; a job tries again
_LOCK_MS = 5_000
_CONNECT_S = 5
_GONE_MS = 10_000  # a host that vanished sends not even a refusal: give its connections up after this time


def _engine_options() -> dict[str, Any]:
    """A connection is checked before use, never waits for ever, and speaks UTC."""
    limits = f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_LOCK_MS} -c timezone=UTC"
    return {
        "pool_pre_ping": True,
        "hide_parameters": True,  # an error message must not quote a row
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 5,
        "pool_recycle": 1800,
        "connect_args": {
            "connect_timeout": _CONNECT_S,
            "options": limits,
            "tcp_user_timeout": _GONE_MS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    }


def _configure(app: Flask, settings: Settings) -> None:
    _, _, address = settings.DATABASE_URL.partition("://")
    app.config.from_mapping(
        SECRET_KEY=settings.SECRET_KEY,
        SECRET_KEY_FALLBACKS=settings.SECRET_KEY_FALLBACKS,
        SQLALCHEMY_DATABASE_URI=_DATABASE + address,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(),
        PUBLIC_BASE_URL=settings.PUBLIC_BASE_URL,
        TWILIO_AUTH_TOKEN=settings.TWILIO_AUTH_TOKEN,
        TWILIO_AUTH_TOKEN_FALLBACKS=settings.TWILIO_AUTH_TOKEN_FALLBACKS,
        TWILIO_CALLER_ID=settings.TWILIO_CALLER_ID,
        CALLS_PER_SECOND=settings.TWILIO_CALLS_PER_SECOND,
        ON_CALL_PHONE=Phone(settings.ON_CALL_PHONE) if settings.ON_CALL_PHONE else None,
        ALARM_WEBHOOK_URL=settings.ALARM_WEBHOOK_URL,
        VISITORS_PRESS_A_KEY=settings.VISITORS_PRESS_A_KEY,
        BUDGET_PER_DAY=settings.BUDGET_PER_DAY,
        KEPT=Kept(
            unreached=timedelta(days=settings.KEEP_UNREACHED_DAYS),
            talked=timedelta(days=settings.KEEP_TALKED_DAYS),
            referred=timedelta(days=settings.KEEP_REFERRED_DAYS),
            call_records=timedelta(days=settings.KEEP_CALL_RECORDS_DAYS),
        ),
        SERVICE_NAME=settings.SERVICE_NAME,
        SERVICE_TIMEZONE=settings.SERVICE_TIMEZONE,
        ZONE=zoneinfo.ZoneInfo(settings.SERVICE_TIMEZONE),
        EMBED_ORIGINS=settings.EMBED_ORIGINS,
        API_KEYS=dict(key.split(":", 1) for key in settings.API_KEYS),
        DRAMA_ALLOWED=settings.RINGBACK_DEMO,
        RATELIMIT_STORAGE_URI=settings.REDIS_URL,
        RATELIMIT_ENABLED=settings.RATE_LIMITS,
        SPARES_LOOPBACK=settings.RINGBACK_DEMO,
        TRUSTED_PROXIES=settings.TRUSTED_PROXIES,
        PULSE_FILE=settings.PULSE_FILE,
    )


def _telephony(settings: Settings) -> Twilio:
    """The telephone provider: Twilio, or whatever answers at TWILIO_API_BASE_URL."""
    if settings.TWILIO_MESSAGING_SERVICE_SID:
        sender = {"messaging_service_sid": settings.TWILIO_MESSAGING_SERVICE_SID}
    else:
        sender = {"from_": settings.TWILIO_SMS_FROM or settings.TWILIO_CALLER_ID}
    return Twilio(
        TwilioAccount(
            account_sid=settings.TWILIO_ACCOUNT_SID,
            auth_token=settings.TWILIO_AUTH_TOKEN,
            caller_id=settings.TWILIO_CALLER_ID,
            text_sender=sender,
            public_base_url=settings.PUBLIC_BASE_URL,
            api_base_url=settings.TWILIO_API_BASE_URL,
            fallback_url=settings.TWILIO_FALLBACK_URL,
        )
    )


def join_the_rooms(app: Flask) -> None:
    """Register what each room offers, and draw the one arrow against the imports."""
    accounts.web.init_accounts(app)
    for room in (callbacks.web, rota.web, accounts.web, notifications.web):
        for blueprint in room.blueprints():
            app.register_blueprint(blueprint)
    callbacks.web.init_problems(app)
    callbacks.web.init_help_lines(app)
    rota.web.init_problems(app)
    zone: zoneinfo.ZoneInfo = app.config["ZONE"]
    of_the_rota = RotaFollower(
        zone=zone, then=CallFollower(zone=zone, screens_everybody=app.config["VISITORS_PRESS_A_KEY"])
    )  # the rota's own texts; the rest is callbacks'
    arrow.draw(of_the_rota, listener=of_the_rota)  # what becomes of a call or text is told to whoever ordered it


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The application, from the environment. Raises BadEnvironment, which ends the process with one line."""
    settings = read_settings(os.environ if environ is None else environ)
    if settings.REHEARSAL_CLOCK:
        clock.rehearse(Path(settings.REHEARSAL_CLOCK))
    logs.configure()
    app = Flask("app", static_folder=None)
    _configure(app, settings)
    if settings.TRUSTED_PROXIES:  # the address of a visitor, for limits; webhook signatures never look at it
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.TRUSTED_PROXIES, x_proto=settings.TRUSTED_PROXIES)  # type: ignore[method-assign]  # Flask's documented way
    db.init_app(app)
    be_impatient(app)
    Migrate(app, db, compare_type=True)
    doorbell.hang(redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1))
    app.extensions["telephony"] = _telephony(settings)
    init_frame(app)
    join_the_rooms(app)
    app.register_blueprint(health.health)
    for command in (
        *accounts_commands(),
        *callbacks_commands(),
        *rota_commands(),
        *notifications_commands(),
        work,
        keep_time,
        demo,
        preflight,
    ):
        app.cli.add_command(command)
    return app


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

_TIMEKEEPER = 7_283_000  # the advisory lock that lets one timekeeper act


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
        while not stop.is_set():
            _beat()
            if _keeps_the_lock(connection):
                log.info("timekeeper_acts")
                break
            stop.wait(clock.real_seconds(TICK_S))
        watched_at = clock.now()
        while not stop.wait(clock.real_seconds(TICK_S)):
            connection.scalar(select(1))  # the lock ends with this connection: no connection, no acting
            tick(now=clock.now())
            _beat()
            if clock.now() - watched_at >= WATCHES_EVERY:
                watched_at = clock.now()
                callbacks.jobs.watch_over_everything()
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
    return None if health.database_state() == "ready" else f"the database is {health.database_state()}: run db upgrade"


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


@click.command("preflight")
@with_appcontext
def preflight() -> None:
    """Check everything that must be right before going live; exit status 1 when something is not."""
    wrong = 0
    for name, check in CHECKS:
        problem = check()
        click.echo(f"{'ok   ' if problem is None else 'WRONG'}  {name}" + (f": {problem}" if problem else ""))
        wrong += problem is not None
    if wrong:
        raise SystemExit(1)

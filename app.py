"""The composition root: reads the environment, joins the rooms and offers the commands.

Nothing imports this module. The one arrow against the import order is drawn here, in `join_the_rooms`.
"""

from __future__ import annotations

import os
import re
import zoneinfo
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import redis
from flask import Flask
from flask_migrate import Migrate
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from werkzeug.middleware.proxy_fix import ProxyFix

import accounts.web
import callbacks.web
import notifications.web
import rota.web
from accounts.cli import commands as accounts_commands
from callbacks.cli import commands as callbacks_commands
from callbacks.domain.keeping import Kept
from callbacks.operations.follow_call import CallFollower
from commands import commands as house_commands
from foundation import clock, doorbell, logs, phone, sealed
from foundation.database import be_impatient, db
from foundation.phone import Phone
from foundation.web import health
from foundation.web.frame import init_frame
from notifications.cli import commands as notifications_commands
from notifications.operations import arrow
from notifications.telephony.twilio import Twilio, TwilioAccount
from rota.cli import commands as rota_commands
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


_DATABASE = "postgresql+psycopg://"
_STATEMENT_MS = 10_000  # a page that takes longer has lost its reader; a job tries again
_LOCK_MS = 5_000
_FROZEN_MS = 15_000  # whoever is frozen in the middle of its work must not hold rows for as long as it sleeps
_CONNECT_S = 5
_GONE_MS = 10_000  # a host that vanished sends not even a refusal: give its connections up after this time


def _engine_options() -> dict[str, Any]:
    """A connection is checked before use, never waits for ever, and speaks UTC."""
    limits = f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_LOCK_MS} -c timezone=UTC"
    limits += f" -c idle_in_transaction_session_timeout={_FROZEN_MS}"
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
        *house_commands(),
    ):
        app.cli.add_command(command)
    return app

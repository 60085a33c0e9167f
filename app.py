"""The composition root: reads the environment, joins the rooms, names the periodic jobs and offers the commands.

Nothing imports this module. The one arrow against the import order is drawn here, in `join_the_rooms`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import redis
from flask import Flask
from flask_migrate import Migrate
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator

from foundation import doorbell, sealed
from foundation.database import db


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
    TWILIO_CALLER_ID: str = Field(pattern=r"^\+[0-9]{8,15}$")
    TWILIO_MESSAGING_SERVICE_SID: str = Field("", pattern=r"^(MG[0-9a-f]{32})?$")
    TWILIO_SMS_FROM: str = ""
    TWILIO_API_BASE_URL: str = Field("", pattern=r"^(https?://[^/]+)?$")
    TWILIO_CALLS_PER_SECOND: float = Field(1.0, gt=0, le=1000)
    SERVICE_NAME: str = Field("Callback service", min_length=1, max_length=60)
    SERVICE_TIMEZONE: str = "Europe/London"
    RINGBACK_DEMO: bool = False
    RATE_LIMITS: bool = True

    @field_validator("SERVICE_TIMEZONE")
    @classmethod
    def _a_known_zone(cls, value: str) -> str:
        import zoneinfo  # noqa: PLC0415 - only needed at start

        if value not in zoneinfo.available_timezones():
            raise ValueError("is not a time zone name such as Europe/London")
        return value

    @field_validator("FIELD_KEYS")
    @classmethod
    def _usable_keys(cls, value: list[str]) -> list[str]:
        sealed.use_keys(value)
        return value


class BadEnvironment(SystemExit):
    """A setting is missing or malformed; the process stops with one line that says which and why."""


def read_settings(environ: dict[str, str]) -> Settings:
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
        why = "is not set" if first["type"] == "missing" else first["msg"]
        raise BadEnvironment(f"{first['loc'][0]}: {why}. See the table of settings in docs/operations.md") from None

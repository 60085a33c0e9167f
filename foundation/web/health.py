"""Whether this process is alive, and whether it can do its work."""

from __future__ import annotations

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from foundation import doorbell
from foundation.database import transaction

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="alive")


def schema_head() -> str | None:
    """The newest migration in the code."""
    config = Config()
    config.set_main_option("script_location", current_app.extensions["migrate"].directory)
    return ScriptDirectory.from_config(config).get_current_head()


def database_state() -> str:
    """Say “ready”, or what is the matter with the database."""
    try:
        with transaction() as session:
            version = session.scalar(text("select version_num from alembic_version"))
    except SQLAlchemyError:
        return "unreachable"
    return "ready" if version == schema_head() else "schema is not at head"


def door_state() -> str:
    """Say “ready”, or what is the matter with Redis."""
    try:
        doorbell.connection().ping()
    except redis.RedisError:
        return "unreachable"
    return "ready"


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database is reachable with its schema at head, and Redis answers."""
    parts = {"database": database_state(), "redis": door_state()}
    is_ready = set(parts.values()) == {"ready"}
    return jsonify(status="ready" if is_ready else "not ready", **parts), 200 if is_ready else 503

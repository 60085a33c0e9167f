"""The yardstick: a bare Flask view in the same stack that does one durable INSERT and nothing else."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, jsonify, request
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, insert

from foundation.database import db, transaction

kept = Table(
    "bare_request", MetaData(), Column("id", BigInteger, primary_key=True), Column("body", Text, nullable=False)
)


def create_app() -> Flask:
    """One table, one view, one INSERT, one commit; the product's own session and pool."""
    app = Flask("bare")
    _, _, address = os.environ["DATABASE_URL"].partition("://")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"postgresql+psycopg://{address}"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 10, "max_overflow": 10, "pool_pre_ping": True}
    db.init_app(app)

    @app.get("/")
    def alive() -> str:
        return "ok"

    @app.post("/")
    def keep() -> tuple[Any, int]:
        with transaction() as session:
            made = session.scalar(insert(kept).values(body=request.get_data(as_text=True)).returning(kept.c.id))
        return jsonify(id=made), 201

    return app

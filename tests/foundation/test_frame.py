"""What every answer has in common, on an application that has nothing else."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.testing import capture_logs

from foundation.web.assets import read_assets, smaller
from foundation.web.frame import init_frame
from foundation.web.help_lines import ALL, CHECKED_EVERY, stale
from foundation.web.problems import Problem, register

SECRET = "07700 900982"


class TooWet(Exception):
    """A refusal of a package that this test makes up."""


def raising(error: Exception) -> str:
    raise error


@pytest.fixture
def bare() -> FlaskClient:
    """An application of nothing but the frame."""
    app = Flask("bare", static_folder=None)
    app.config.update(
        SERVICE_NAME="The Example Line", PUBLIC_BASE_URL="https://example.org", ZONE=ZoneInfo("Europe/London")
    )
    init_frame(app)
    register(app, {TooWet: Problem(409, "too_wet", "It rains", "It rains too much.", "Wait.")})
    page = "{% extends 'public.html' %}{% block title %}A page{% endblock %}{% block content %}" + "word " * 300
    app.add_url_rule("/page", "page", lambda: render_template_string(page + "{% endblock %}"))
    app.add_url_rule("/api/wet", "wet", lambda: raising(TooWet()))
    app.add_url_rule("/wet", "wet_page", lambda: raising(TooWet()))
    app.add_url_rule("/bug", "bug", lambda: raising(ValueError(SECRET)))
    app.add_url_rule("/staff/bug", "staff_bug", lambda: raising(ValueError(SECRET)))
    for number, error in enumerate((OperationalError("", None, Exception()), InterfaceError("", None, Exception()))):
        app.add_url_rule(
            f"/away/{number}", f"away{number}", lambda error=error: raising(error), methods=["GET", "POST"]
        )
    app.add_url_rule("/away/2", "away2", lambda: raising(PoolTimeout()), methods=["GET", "POST"])
    return app.test_client()


def test_a_refusal_has_the_same_words_for_a_program_and_a_person(bare: FlaskClient) -> None:
    program, person = bare.get("/api/wet"), bare.get("/wet")

    assert program.mimetype == "application/problem+json"
    assert program.get_json() == {
        "type": "urn:ringback:problem:too_wet",
        "title": "It rains",
        "status": 409,
        "detail": "It rains too much.",
        "code": "too_wet",
        "next": "Wait.",
        "errors": [],
    }
    assert person.status_code == 409
    assert "It rains too much." in person.text


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_database_that_is_away_loses_nothing_and_says_when_to_come_back(bare: FlaskClient, number: int) -> None:
    answer = bare.post(f"/away/{number}")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "Nothing was lost" in answer.text


@pytest.mark.parametrize("number", [0, 1, 2])
def test_whoever_only_reads_is_not_told_that_something_was_not_saved(bare: FlaskClient, number: int) -> None:
    person = bare.get(f"/away/{number}")
    program = bare.get(f"/away/{number}", headers={"Accept": "application/json"}).get_json()

    assert (person.status_code, person.headers["Retry-After"]) == (503, "60")
    assert "We cannot show that just now" in person.text
    assert "Open it again in a minute" in person.text
    assert "save" not in person.text
    assert (program["status"], program["code"]) == (503, "not_read")


@pytest.mark.parametrize("path", ["/bug", "/staff/bug"])
def test_what_nobody_foresaw_is_logged_without_its_words(bare: FlaskClient, path: str) -> None:
    with capture_logs() as logs:
        answer = bare.get(path)

    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert [entry["kind"] for entry in logs] == ["ValueError"]
    assert SECRET not in repr(logs)


def test_a_page_is_compressed_and_complete(bare: FlaskClient) -> None:
    answer = bare.get("/page", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Vary"] == "Accept-Encoding"
    page = gzip.decompress(answer.data).decode()
    assert "<style>:root{" in page
    assert 'rel="stylesheet"' not in page


def test_an_asset_is_kept_for_a_year_under_its_own_address(bare: FlaskClient) -> None:
    asset = read_assets()["app.css"]

    now, before = bare.get(f"/assets/{asset.digest}/app.css"), bare.get("/assets/0123/app.css")

    assert "immutable" in now.headers["Cache-Control"]
    assert before.headers["Cache-Control"] == "no-cache"
    assert now.data == before.data == asset.body
    assert bare.get("/assets/0123/nothing.css").status_code == 404


def test_https_is_remembered(bare: FlaskClient) -> None:
    assert "max-age=31536000" in bare.get("/page").headers["Strict-Transport-Security"]


def test_a_smaller_style_sheet_means_the_same() -> None:
    css = "/* why */ a > b , c:hover { width: calc(1rem + 2px); margin: 0 auto; }\n@media print { p { x: y } }"

    assert smaller(css) == "a>b,c:hover{width:calc(1rem + 2px);margin:0 auto}@media print{p{x:y}}"


def test_help_lines_that_nobody_checked_for_a_quarter_are_named() -> None:
    checked = max(line.checked_on for line in ALL)

    assert stale(ALL, today=checked + CHECKED_EVERY) == [line for line in ALL if line.checked_on < checked]
    assert stale(ALL, today=checked + CHECKED_EVERY + timedelta(days=1)) == list(ALL)
    assert stale(ALL, today=date(2026, 11, 27)) == []

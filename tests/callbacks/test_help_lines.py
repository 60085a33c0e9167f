"""The help lines of other people: when each was checked and by whom, and a number that is put right on every page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import text

from foundation.database import db, transaction
from foundation.web import help_lines
from foundation.web.help_lines import ALL, GROUPS, HELP_NOW, READ
from tests.callbacks.desk import Desk, summary, words
from tests.conftest import Clock
from tests.rota.planning import Browser

PAGE = "/staff/help-lines"


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Iterator[Desk]:
    yield Desk(app, a_clock)
    help_lines.hear_checks({})


@pytest.fixture
def supervisor(desk: Desk) -> Browser:
    return desk.supervisor()


def check(supervisor: Browser, key: str, number: str, how: str = "rung") -> str:
    answer = supervisor.send(f"{PAGE}/{key}", page=f"{PAGE}/{key}", number=number, how=how)
    return answer.text if answer.status_code == 422 else ""


def shown(app: Flask, path: str = "/elsewhere") -> dict[str, str]:
    """What a page of the visitor dials, by the number that it shows."""
    page = html.fromstring(app.test_client().get(path).text)
    return {
        str(link.text_content()): str(link.get("href")) for link in page.cssselect("a[href^='tel:'], a[href^='sms:']")
    }


def test_every_line_says_when_and_how_it_was_checked_and_that_nobody_has_rung_it(supervisor: Browser) -> None:
    page = words(supervisor.get(PAGE).text)

    assert [line.name for line in ALL if line.name not in page] == []
    assert f"24 November 2026: {READ}" in page
    assert page.count("nobody has rung it") == len(ALL)


def test_whoever_rings_a_line_is_named_with_the_day_and_the_board_names_it_no_more(
    desk: Desk, supervisor: Browser
) -> None:
    desk.clock.on(days=120)
    supervisor = desk.sign_in("supervisor@example.org")
    before = words(supervisor.get("/staff/board").text)
    for line in ALL:
        check(supervisor, line.key, line.dial)

    after = words(supervisor.get("/staff/board").text)

    assert "Nobody has checked these help lines" in before
    assert "Nobody has checked these help lines" not in after
    assert words(supervisor.get(PAGE).text).count("Sue supervisor rang it") == len(ALL)
    assert len(desk.journal("help_line_checked")) == len(ALL)


def test_a_number_that_has_changed_is_right_on_every_page_at_once_here_and_within_two_minutes_elsewhere(
    app: Flask, desk: Desk, supervisor: Browser
) -> None:
    check(supervisor, "samaritans", "116  321")
    here = shown(app, "/"), shown(app)
    help_lines.hear_checks({})  # as in another process, which has not heard of it
    first = shown(app, "/")
    desk.clock.on(minutes=1)
    app.test_client().get("/").close()

    assert [one["116 321"] for one in here] == ["tel:116321"] * 2
    assert "116 321" not in first
    assert shown(app, "/")["116 321"] == "tel:116321"


def test_a_line_that_dials_the_same_is_written_as_before_in_every_language(app: Flask, supervisor: Browser) -> None:
    check(supervisor, "111", "111")

    assert shown(app, "/")["111, option 2"] == "tel:111"


@pytest.mark.parametrize(
    ("key", "number", "how", "sentence"),
    [
        ("samaritans", "", "rung", "Enter the number as people read it out, such as 116 123"),
        ("samaritans", "call us", "rung", "Enter the number as people read it out, such as 116 123"),
        ("samaritans", "１１６ １２３", "rung", "Enter the number as people read it out, such as 116 123"),
        ("samaritans", "1" * 40, "rung", "Enter the number as people read it out, such as 116 123"),
        ("samaritans", "116 123", "", "Choose how you know"),
        ("999", "0800 999 999", "rung", "This number never changes. If it has, tell the developers"),
        ("111", "112", "read", "This number never changes. If it has, tell the developers"),
    ],
)
def test_a_number_that_cannot_be_is_refused_and_nothing_changes(
    app: Flask, supervisor: Browser, key: str, number: str, how: str, sentence: str
) -> None:
    before = shown(app)

    refused = check(supervisor, key, number, how)

    assert summary(refused) == [sentence]
    assert f'value="{number}"' in refused
    assert shown(app) == before


def test_a_line_that_no_page_names_is_not_found(supervisor: Browser) -> None:
    assert supervisor.get(f"{PAGE}/nobody").status_code == 404


def test_counsellors_do_not_change_help_lines(desk: Desk) -> None:
    assert desk.counsellor().get(PAGE).status_code == 403


def test_a_database_that_cannot_be_asked_leaves_the_numbers_as_they_are(
    app: Flask, desk: Desk, supervisor: Browser
) -> None:
    check(supervisor, "samaritans", "116 321")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("alter table help_line_check rename to elsewhere"))
    desk.clock.on(minutes=5)
    try:
        app.test_client().get("/").close()
        found = shown(app, "/")
    finally:
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("alter table elsewhere rename to help_line_check"))

    assert found["116 321"] == "tel:116321"


def test_a_release_that_knows_better_than_an_old_check_wins(app: Flask, desk: Desk, supervisor: Browser) -> None:
    check(supervisor, "samaritans", "116 321")
    with app.app_context(), transaction() as session:
        session.execute(text("update help_line_check set checked_on = '2026-01-01'"))
    desk.clock.on(minutes=1)
    app.test_client().get("/").close()

    assert "116 321" not in shown(app, "/")


def test_the_page_of_other_lines_has_each_nation_families_and_a_way_without_a_voice(client: FlaskClient) -> None:
    page = words(client.get("/elsewhere").text)

    for nation in ("England", "Scotland", "Wales", "Northern Ireland"):
        assert f"in {nation}" in page
    assert "85258" in page
    assert "Relay UK" in page
    assert {title for title, _ in GROUPS} <= set(html.fromstring(client.get("/elsewhere").text).xpath("//h2/text()"))
    assert all(line in ALL for line in HELP_NOW)


def test_every_line_has_a_key_of_its_own_and_dials_what_it_says() -> None:
    assert len({line.key for line in ALL}) == len(ALL)
    for line in ALL:
        assert line.dial.isdecimal()
        assert "".join(filter(str.isdecimal, line.number)) in (line.dial, f"{line.dial}2")  # "111, option 2"

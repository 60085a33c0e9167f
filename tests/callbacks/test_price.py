"""What a wish about the counsellor costs: shown before it is chosen, and true of the times that are offered then."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select

from callbacks.models import CallbackRow
from foundation.database import transaction
from rota.domain.counsellor import Skill
from rota.models import CounsellorRow
from tests.callbacks.test_visitor_pages import fill_in
from tests.conftest import Clock
from tests.rota.planning import Team, hours


@pytest.fixture
def team(app: Flask, a_clock: Clock) -> Team:
    """Two men now and all week; two women from tomorrow on, one of whom works with young people."""
    team = Team(app)
    men = [team.counsellor("Ben Example"), team.counsellor("Dan Example")]
    women = [team.counsellor("Ana Example"), team.counsellor("Eve Example", *Skill)]
    for person in men:
        team.shift(person, hours(-1, 23))
    for person in women:
        team.shift(person, hours(30, 40))
    with app.app_context(), transaction() as session:
        for row in session.scalars(select(CounsellorRow)):
            row.gender = "female" if row.id in women else "male"
    return team


def test_each_wish_shows_its_price(client: FlaskClient, team: Team) -> None:
    fill_in(client, until="/who")

    page = client.get("/who").text

    assert page.count("Likely today between") == 2  # anyone, and only a man
    assert page.count("Not in the next 24 hours") == 1
    assert page.count("You do not wait longer for this") == 2


def test_each_language_shows_its_price(app: Flask, client: FlaskClient, team: Team) -> None:
    with app.app_context(), transaction() as session:
        for row in session.scalars(select(CounsellorRow).where(CounsellorRow.gender == "female")):
            row.languages = ["en", "cy"]
    fill_in(client, until="/who")

    page = html.fromstring(client.get("/who").text)

    hints = {box.get("value"): str(box.xpath("string(..)")) for box in page.cssselect("input[name=language]")}
    assert "Likely today between" in hints["en"]
    assert "Not in the next 24 hours" in hints["cy"]  # both women are on from tomorrow


def test_whoever_wants_only_a_woman_is_offered_her_hours_and_no_others(client: FlaskClient, team: Team) -> None:
    fill_in(client, until="/who")
    client.post("/who", data={"counsellor": "only_woman"})

    page = client.get("/time").text

    assert "As soon as possible" not in page
    assert "18:00 to 19:00" in page  # tomorrow, when both women are on
    assert "14:00 to 15:00" not in page  # today, when only men are


def test_the_wish_is_kept_with_the_request(app: Flask, client: FlaskClient, team: Team) -> None:
    fill_in(client, until="/who")
    client.post("/who", data={"counsellor": "woman"})
    for path, fields in (("/time", {"when": "asap"}), ("/agree", {"agree": "yes"}), ("/check", {})):
        client.post(path, data=fields)

    with app.app_context(), transaction() as session:
        row = session.scalars(select(CallbackRow)).one()
        assert (row.gender_value, row.gender_strength) == ("female", "prefer")


def test_a_young_person_is_offered_only_hours_of_those_who_may_ring_them(client: FlaskClient, team: Team) -> None:
    fill_in(client, until="/more")
    client.post("/more", data={"ask": "yes"})
    for part, answers in ((1, {}), (2, {}), (3, {"under_18": "yes"})):
        client.post(f"/more/{part}", data=answers)

    page = client.get("/who").text

    assert "Likely today" not in page


def test_another_wish_asks_for_the_time_again(client: FlaskClient, team: Team) -> None:
    fill_in(client)

    led_to = client.post("/who", data={"counsellor": "only_woman"}).headers["Location"]

    assert led_to == "/time"


def test_times_on_their_own_page_are_of_those_who_may_ring_them(app: Flask, client: FlaskClient, team: Team) -> None:
    fill_in(client, until="/who")
    client.post("/who", data={"counsellor": "only_man"})
    for path, fields in (("/time", {"when": "asap"}), ("/agree", {"agree": "yes"}), ("/check", {})):
        client.post(path, data=fields)
    with app.app_context(), transaction() as session:
        token = session.scalars(select(CallbackRow)).one().token

    page = client.get(f"/c/{token}/time").text

    assert "14:00 to 15:00" in page
    assert "20:00 to 21:00" in page
    assert page.count("18:00 to 19:00") == 1  # today, not tomorrow, when only women are on

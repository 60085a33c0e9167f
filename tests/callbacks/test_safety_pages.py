"""The questions about safety: asked only of whoever said yes, never scored, and 999 before anything else."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from callbacks.domain.lifecycle import Status
from callbacks.domain.safe_contact import MessageRule, ThirdParty
from callbacks.models import CallbackRow
from foundation.database import transaction
from rota.domain.counsellor import Skill
from tests.rota.planning import Team

pytestmark = pytest.mark.usefixtures("a_rota")

BEFORE: tuple[tuple[str, dict[str, str]], ...] = (
    ("/", {"name": "Sam"}),
    ("/contact", {"voicemail": "neutral_message", "sms": "neutral_message", "third_party": "ask_for_name_only"}),
    ("/number", {"phone": "07700 900 982"}),
)
PARTS = {"danger": 1, "health": 2, "about": 3}
"""The pages about safety by their addresses, which a browser's history keeps."""
AFTER: tuple[tuple[str, dict[str, str]], ...] = (
    ("/who", {"counsellor": "any"}),
    ("/time", {"when": "asap"}),
    ("/agree", {"agree": "yes"}),
)


def asked(app: Flask, client: FlaskClient, **answers: dict[str, object]) -> tuple[CallbackRow, str]:
    """A request with these answers on the pages about safety; the row and the confirmation."""
    for path, fields in (*BEFORE, ("/more", {"ask": "yes"})):
        client.post(path, data=fields)
    for part in ("danger", "health", "about"):
        assert client.post(f"/more/{PARTS[part]}", data=answers.get(part, {})).status_code == 303
    for path, fields in AFTER:
        client.post(path, data=fields)
    confirmed = client.post("/check", follow_redirects=True)
    with app.app_context(), transaction() as session:
        row = session.scalars(select(CallbackRow)).one()
        session.expunge(row)
        return row, confirmed.text


def test_whoever_wants_no_questions_is_asked_none_and_is_rung_all_the_same(app: Flask, client: FlaskClient) -> None:
    for path, fields in BEFORE:
        client.post(path, data=fields)

    assert client.post("/more", data={"ask": "no"}).headers["Location"] == "/who"


def test_a_question_that_is_left_out_says_nothing(app: Flask, client: FlaskClient) -> None:
    row, page = asked(app, client)

    assert (row.flags, row.substances, row.urgency, row.triage_rules) == ({}, [], "routine", ["T15"])
    assert "Until we ring" not in page


def test_danger_leads_to_999_before_anything_is_sent_and_a_number_can_still_be_left(
    app: Flask, client: FlaskClient
) -> None:
    for path, fields in (*BEFORE, ("/more", {"ask": "yes"})):
        client.post(path, data=fields)

    led_to = client.post("/more/1", data={"overdose_now": "yes"}).headers["Location"]
    page = client.get(led_to)

    assert led_to == "/now"
    assert "Ring 999 now" in page.text
    assert "Alcohol with GHB" in page.text
    assert 'href="/more/2"' in page.text
    with app.app_context(), transaction() as session:
        assert session.scalars(select(CallbackRow)).all() == []


def test_an_emergency_is_stored_as_one_and_shown_no_wait_instead_of_999(app: Flask, client: FlaskClient) -> None:
    row, page = asked(app, client, danger={"overdose_now": "yes"}, health={"substances": ["ghb_gbl", "alcohol"]})

    assert (row.urgency, row.triage_rules) == ("emergency", ["T02"])
    assert "ring 999 now" in page


def test_a_dangerous_sign_that_comes_up_on_the_second_page_leads_to_999_too(client: FlaskClient) -> None:
    for path, fields in (*BEFORE, ("/more", {"ask": "yes"}), ("/more/1", {})):
        client.post(path, data=fields)

    answer = client.post("/more/2", data={"withdrawal_red_flag": ["hallucination", "none"]})

    assert answer.headers["Location"] == "/now"


def test_thoughts_of_suicide_are_never_scored_and_show_where_to_talk_now(app: Flask, client: FlaskClient) -> None:
    row, page = asked(app, client, danger={"suicidal_thoughts": "yes"})

    assert (row.urgency, row.triage_rules, row.wants_review) == ("very_urgent", ["T05"], True)
    assert "SHOUT to 85258" in page


def test_not_sure_counts_one_level_below_yes_and_asks_for_a_look(app: Flask, client: FlaskClient) -> None:
    row, _ = asked(app, client, danger={"immediate_danger": "not_sure"})

    assert (row.urgency, row.triage_rules, row.wants_review) == ("very_urgent", ["T14"], True)


def test_stopping_suddenly_is_warned_of_without_naming_what(app: Flask, client: FlaskClient) -> None:
    row, page = asked(app, client, health={"substances": ["alcohol"], "stopped_suddenly": "yes"})

    assert row.triage_rules == ["T06"]
    assert "Do not stop suddenly" in page
    assert "lcohol" not in page


def test_unsafe_at_home_makes_everything_strict_and_is_not_mentioned_on_the_page(
    app: Flask, client: FlaskClient
) -> None:
    row, page = asked(app, client, about={"unsafe_at_home": "yes"})

    assert (row.voicemail, row.sms) == (MessageRule.NO, MessageRule.NO)
    assert row.third_party == ThirdParty.SAY_WRONG_NUMBER
    assert "omestic" not in page


def test_somebody_under_18_is_told_of_childline_and_rung_by_who_can(app: Flask, client: FlaskClient) -> None:
    Team(app, made=7).counsellor("Yan Example", Skill.YOUNG_PEOPLE)
    row, page = asked(app, client, about={"under_18": "yes"})

    assert (row.urgency, row.needs_skills, row.status) == ("urgent", ["young_people"], Status.QUEUED)
    assert "0800 1111" in page


def test_answers_that_are_on_no_list_count_as_none(app: Flask, client: FlaskClient) -> None:
    row, _ = asked(
        app,
        client,
        danger={"immediate_danger": "perhaps"},
        health={"substances": ["moonshine"], "bladder_red_flag": "x"},
    )

    assert (row.flags, row.substances) == ({}, [])


def test_the_answers_are_there_again_on_the_way_back(client: FlaskClient) -> None:
    for path, fields in (*BEFORE, ("/more", {"ask": "yes"}), ("/more/1", {"suicidal_thoughts": "no"})):
        client.post(path, data=fields)
    client.post("/more/2", data={"withdrawal_red_flag": ["none"], "substances": ["ketamine"]})

    danger, health = client.get("/more/1").text, client.get("/more/2").text

    assert danger.count(" checked") == 1
    assert health.count(" checked") == 2


def test_changing_ones_mind_about_questions_takes_the_answers_back(app: Flask, client: FlaskClient) -> None:
    for path, fields in (*BEFORE, ("/more", {"ask": "yes"}), ("/more/1", {"immediate_danger": "yes"})):
        client.post(path, data=fields)
    client.post("/more", data={"ask": "no"})
    for path, fields in AFTER:
        client.post(path, data=fields)
    client.post("/check")

    with app.app_context(), transaction() as session:
        assert session.scalars(select(CallbackRow)).one().flags == {}

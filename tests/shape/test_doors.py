"""Every address of the product, and who may open it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

OPEN_TO_EVERYBODY = {
    # the visitor's journey: one question a page
    "/", "/tips", "/number", "/time", "/times", "/contact", "/agree", "/more", "/more/…", "/who",
    "/check", "/now", "/done", "/keep", "/leave", "/leave/forget", "/finished", "/elsewhere",
    # the visitor's own page, which its token opens
    "/c/<token>", "/c/<token>/cancel", "/c/<token>/contact", "/c/<token>/number", "/c/<token>/time",
    "/c/<token>/times", "/c/<token>/call.ics", "/c/<token>/erase", "/c/<token>/open",
    # the programs that ask for visitors
    "/api/v1/availability", "/api/v1/callbacks", "/api/v1/callbacks/<token>", "/api/v1/openapi.json",
    # a counsellor's calendar, which its token opens
    "/feeds/<token>.ics",
    # what pages are made of, and whether we are well
    "/assets/<digest>/<name>", "/embed.js", "/demo/article", "/healthz", "/readyz",
}  # fmt: skip

OPEN_TO_MONITORING = {"/metrics"}
"""Counts, for whoever may read them; tested where they are made."""

DOOR = {"/staff/sign-in", "/staff/sign-out"}
"""The only pages for staff that answer a stranger otherwise: who is not in has nothing to sign out of."""


def rules(app: Flask, place: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(place)]


def public(app: Flask) -> set[str]:
    """The addresses outside the closed places; the parts of the visitor's questions count as one."""
    found = {rule.rule for rule in rules(app, "/") if not rule.rule.startswith(("/staff/", "/webhooks/"))}
    return {re.sub(r"^/more/.+", "/more/…", address) for address in found}


def an_example(rule: Rule) -> str:
    """An address that the rule fits."""
    return re.sub(r"<[^>]+>", "AAAAAAA", re.sub(r"<int:\w+>", "1", rule.rule))


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_whatever_is_open_to_everybody_is_meant_to_be(app: Flask) -> None:
    assert public(app) == OPEN_TO_EVERYBODY | OPEN_TO_MONITORING


def test_every_page_for_staff_sends_a_stranger_to_the_door(app: Flask, client: FlaskClient) -> None:
    opened = []
    for rule in rules(app, "/staff"):
        if rule.rule in DOOR:
            continue
        for method in methods(rule):
            answer = client.open(an_example(rule), method=method)
            if answer.status_code != 302 or "/staff/sign-in" not in answer.headers["Location"]:
                opened.append((method, rule.rule, answer.status_code))

    assert len(rules(app, "/staff")) > 10
    assert opened == []


def test_every_webhook_refuses_what_is_not_signed(app: Flask, client: FlaskClient) -> None:
    answers = {
        (method, rule.rule): client.open(an_example(rule), method=method, data={"CallSid": "CA1"}).status_code
        for rule in rules(app, "/webhooks")
        for method in methods(rule)
    }

    assert len(answers) >= 9
    assert set(answers.values()) == {403}
    assert {method for method, _ in answers} == {"POST"}


def test_the_public_the_staff_and_the_telephone_company_share_no_blueprint(app: Flask) -> None:
    def blueprints(places: list[Rule]) -> set[str]:
        return {rule.endpoint.partition(".")[0] for rule in places}

    staff, webhooks = blueprints(rules(app, "/staff")), blueprints(rules(app, "/webhooks"))
    others = blueprints([rule for rule in rules(app, "/") if not rule.rule.startswith(("/staff", "/webhooks"))])

    assert not staff & webhooks
    assert not (staff | webhooks) & others


@pytest.mark.parametrize("address", ["/staff", "/staff/", "/staff/nothing-is-here", "/static/x", "/console"])
def test_there_is_no_way_round_the_doors(client: FlaskClient, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code in (302, 308, 404)
    if answer.status_code == 302:
        assert "/staff/sign-in" in answer.headers["Location"]

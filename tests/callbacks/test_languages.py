"""The visitor's pages in another language than English: all of each page, with the answers kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from babel.support import NullTranslations
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from callbacks.domain.asking import CONSENT_VERSION
from foundation import language
from foundation.database import transaction
from rota.models import CounsellorRow
from tests.callbacks.test_visitor_pages import ANSWERS, SAFE, fill_in, kept, own_page, title

pytestmark = pytest.mark.usefixtures("a_rota")

VISITORS = ("/", "/contact", "/number", "/more", "/more/1", "/more/2", "/more/3", "/who", "/time", "/times", "/agree",
            "/check", "/now", "/tips", "/elsewhere", "/finished", "/nothing")  # fmt: skip
OWN = ("", "/time", "/times", "/number", "/contact", "/cancel", "/erase")


class Strange(NullTranslations):
    """A language in which every sentence that was meant for translation is seen to have been translated."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    ugettext = gettext


@pytest.fixture
def arabic() -> Iterator[str]:
    """A language that is written from right to left, with a catalogue that leaves nothing out."""
    code = "ar"
    language.add(code, Strange())
    yield code
    language.take_away(code)


def bare(page: str) -> list[str]:
    """English words on a page that did not go through the catalogue."""
    tree = html.fromstring(page)
    for hidden in tree.xpath("//style|//script|//*[contains(@class,'tongues')]|//*[contains(@class,'name')]"):
        hidden.drop_tree()
    said = [*tree.itertext(), *tree.xpath("//@aria-label"), *tree.xpath("//@title"), *tree.xpath("//@alt")]
    text = " ".join(said)
    while (without := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = without
    return re.findall(r"[A-Za-z]{2,}", text)


def every_page(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every page with a way to it, and every mistake, in the language of the client."""
    fill_in(client)
    client.post("/more", data={"ask": "yes"})
    client.post("/contact", data=SAFE | {"safe_word": "boiler", "phone_owner": "shared", "not_after": "2026-11-30"})
    for part in (1, 2, 3):
        client.post(f"/more/{part}", data={"suicidal_thoughts": "yes", "stopped_suddenly": "yes", "injecting": "yes"})
    for path in VISITORS:
        yield path, client.get(path).text
    for path, _ in ANSWERS:
        if path != "/more":
            yield f"{path}, wrong", client.post(path, data={"name": "x" * 290}, follow_redirects=True).text
    yield "/times, wrong", client.post("/times", data={"others": ["x"]}, follow_redirects=True).text
    for wrong in ("999", "+33 1 23 45 67 89", "0909 879 0000", "7" * 70, "07700"):
        yield f"/number, {wrong}", client.post("/number", data={"phone": wrong}, follow_redirects=True).text
    yield "/done", client.post("/check", follow_redirects=True).text
    found = re.search(r'href="(/c/[^"/]+)"', client.get("/done").text)
    assert found is not None
    for path in OWN:
        yield f"own{path}", client.get(found[1] + path).text
    for path in ("/time", "/number", "/contact"):
        yield f"own{path}, wrong", client.post(found[1] + path, data={}, follow_redirects=True).text
    client.post(f"{found[1]}/cancel")
    yield "own, cancelled", client.get(found[1]).text
    client.post(f"{found[1]}/erase")
    yield "own, erased", client.get(found[1]).text
    client.get("/leave")
    yield "own, left", client.get(found[1]).text
    yield "start again", client.get("/number").text


def test_nothing_on_any_page_is_left_in_english(client: FlaskClient, arabic: str) -> None:
    client.get(f"/?lang={arabic}")

    left = {name: words for name, page in every_page(client) if (words := set(bare(page)) - {"Sam", "Samaritans"})}

    assert {name: words for name, words in left.items() if not all(map(is_no_word, words))} == {}


def is_no_word(found: str) -> bool:
    """A reference such as "7KQX2BD", or part of one."""
    return found.isupper()


def test_every_page_says_its_language_and_its_direction(client: FlaskClient, arabic: str) -> None:
    client.get(f"/?lang={arabic}")

    assert {re.search(r'<html lang="ar" dir="rtl">', page) is not None for _, page in every_page(client)} == {True}


def test_every_page_is_there_in_welsh(client: FlaskClient) -> None:
    client.get("/?lang=cy")

    pages = dict(every_page(client))

    assert all('<html lang="cy" dir="ltr">' in page for page in pages.values())
    assert all("Gadael y dudalen hon" in page for page in pages.values())
    assert "Byddwn ni’n eich ffonio chi heddiw rhwng" in pages["/done"]
    assert "Rhowch rif ffôn yn y DU" in pages["/number, 07700"]


def test_the_switch_keeps_the_answers_and_leaves_no_trace_in_the_address(client: FlaskClient) -> None:
    fill_in(client, until="/time")

    switched = client.get("/tips?lang=cy")
    page = client.get("/number").text

    assert (switched.status_code, switched.headers["Location"]) == (303, "/tips")
    assert "07700 900 982" in page
    assert "Pa rif ddylen ni ei ffonio?" in page
    assert 'href="?lang=en"' in client.get("/tips").text
    assert 'form="answers" name="speak" value="en"' in page


def test_switching_the_language_of_a_page_keeps_what_was_typed_there_and_judges_nothing(client: FlaskClient) -> None:
    fill_in(client, until="/number")

    switched = client.post("/number", data={"phone": "07700", "speak": "cy"})
    page = client.get("/number").text

    assert (switched.status_code, switched.headers["Location"]) == (303, "/number")
    assert '<html lang="cy"' in page
    assert 'value="07700"' in page
    assert "Gwall" not in page
    assert client.get("/time").headers["Location"] == "/number"  # nothing was taken


def test_every_answer_of_every_page_outlives_the_switch(app: Flask, client: FlaskClient) -> None:
    speaks_welsh(app)
    typed: dict[str, dict[str, Any]] = {
        "/": {"name": "Zebedee"},
        "/contact": {**SAFE, "sms": "neutral_message", "safe_word": "boiler"},
        "/more/1": {"suicidal_thoughts": "not_sure"},
        "/more/2": {"substances": ["alcohol", "ketamine"], "withdrawal_red_flag": ["fit"]},
        "/more/3": {"pregnant": "yes"},
        "/who": {"counsellor": "only_woman", "language": "cy"},
        "/agree": {"agree": "yes"},
    }
    fill_in(client)
    client.post("/more", data={"ask": "yes"})
    for path, answers in typed.items():
        client.post(path, data=answers | {"speak": "cy"})
        page = html.fromstring(client.get(path).text)
        chosen = {(it.get("name"), it.get("value")) for it in page.cssselect("[checked], input[type=text]")}
        assert set(MultiDict(answers).items(multi=True)) <= chosen, path
        client.post(path, data=answers)
        client.post("/time", data={"when": "asap"})


def test_a_page_without_a_form_switches_by_a_plain_link(client: FlaskClient) -> None:
    for path in ("/tips", "/nothing", "/finished"):
        page = client.get(path).text

        assert 'href="?lang=cy"' in page
        assert 'name="speak"' not in page


def test_the_browsers_own_wish_counts_until_somebody_uses_the_switch(client: FlaskClient) -> None:
    wish = {"Accept-Language": "cy-GB,en;q=0.5"}

    at_first = client.get("/", headers=wish)
    client.get("/?lang=en")

    assert title(at_first) == "Gofyn am alwad"
    assert title(client.get("/", headers=wish)) == "Ask for a call"


def test_staff_pages_stay_english(client: FlaskClient) -> None:
    client.get("/?lang=cy")

    assert '<html lang="en-GB" dir="ltr">' in client.get("/staff/sign-in").text


def test_one_visitors_language_is_not_the_next_ones(app: Flask, client: FlaskClient) -> None:
    client.get("/", headers={"Accept-Language": "cy"})

    assert language.present() == "en"
    assert title(app.test_client().get("/")) == "Ask for a call"


def test_the_language_of_the_pages_is_kept_with_the_request_and_met_again_on_another_device(
    app: Flask, client: FlaskClient
) -> None:
    client.get("/?lang=cy")
    page = own_page(client)

    assert kept(app)[0].locale == "cy"
    assert title(app.test_client().get(page)) == "Eich galwad"


def test_a_call_in_welsh_can_be_asked_for_when_somebody_speaks_it(app: Flask, client: FlaskClient) -> None:
    fill_in(client, until="/who")
    nobody = client.get("/who").text
    speaks_welsh(app)
    somebody = client.get("/who").text
    client.post("/who", data={"counsellor": "any", "language": "cy"})
    for path, answers in ANSWERS[5:]:
        client.post(path, data=answers)
    checked = client.get("/check").text
    client.post("/check")

    assert "In which language" not in nobody
    assert re.findall(r'name="language" value="(\w+)"', somebody) == ["en", "cy"]
    assert "Cymraeg</dd>" in checked
    assert kept(app)[0].language == "cy"


def test_a_language_that_nobody_speaks_is_asked_again(app: Flask, client: FlaskClient) -> None:
    fill_in(client, until="/who")
    speaks_welsh(app)

    answer = client.post("/who", data={"counsellor": "any", "language": "pl"}, follow_redirects=True)

    assert answer.text.count("Choose the language to speak in") == 2


def test_another_language_asks_for_the_time_again(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    speaks_welsh(app)

    assert client.post("/who", data={"counsellor": "any", "language": "cy"}).headers["Location"] == "/time"


def speaks_welsh(app: Flask) -> None:
    """One of those on shift speaks Welsh as well."""
    with app.app_context(), transaction() as session:
        session.scalars(select(CounsellorRow).order_by(CounsellorRow.id).limit(1)).one().languages = ["cy", "en"]


def test_the_api_refuses_in_the_language_that_was_asked_for(client: FlaskClient) -> None:
    consent = {"version": CONSENT_VERSION, "given": True}
    by_header = client.post(
        "/api/v1/callbacks", json={"phone": "07", "consent": consent}, headers={"Accept-Language": "cy"}
    ).get_json()
    by_body = client.post("/api/v1/callbacks", json={"phone": "07", "consent": consent, "locale": "cy-GB"}).get_json()

    assert by_header["title"] == by_body["title"] == "Mae angen cywiro rhywbeth"
    assert by_header["errors"][0]["detail"].startswith("Rhowch rif ffôn yn y DU")
    assert by_header["code"] == "not_accepted"
    assert json.dumps(by_body, ensure_ascii=False).count("Rhowch rif") == 2

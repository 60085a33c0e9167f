"""The visitor's pages over real tables, without a browser: the order, the errors, the cookie, and one request only."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from callbacks.domain.safe_contact import MessageRule, ThirdParty
from callbacks.models import CallbackRow
from callbacks.web.draft import KEPT_FOR_S, new_draft
from foundation.database import transaction
from tests.conftest import NOON, Clock

pytestmark = pytest.mark.usefixtures("a_rota")

SAFE = {"voicemail": "no", "sms": "no", "third_party": "ask_for_name_only"}
ANSWERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/", {"name": "Sam"}),
    ("/contact", SAFE),
    ("/number", {"phone": "07700 900 982"}),
    ("/more", {"ask": "no"}),
    ("/who", {"counsellor": "any"}),
    ("/time", {"when": "asap"}),
    ("/agree", {"agree": "yes"}),
)


def title(answer: TestResponse) -> str:
    found = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
    assert found is not None
    return found.group(1).strip()


def fill_in(client: FlaskClient, *, until: str = "/check") -> None:
    for path, answers in ANSWERS:
        if path == until:
            return
        assert client.post(path, data=answers).status_code == 303


def kept(app: Flask) -> list[CallbackRow]:
    with app.app_context(), transaction() as session:
        return list(session.scalars(select(CallbackRow)))


def test_each_answer_leads_to_the_next_page_and_the_last_to_a_confirmation(app: Flask, client: FlaskClient) -> None:
    led_to = [client.post(path, data=answers).headers["Location"] for path, answers in ANSWERS]
    confirmed = client.post("/check", follow_redirects=True)

    assert led_to == ["/contact", "/number", "/more", "/who", "/time", "/agree", "/check"]
    assert "<h1>We have your request</h1>" in confirmed.text
    [row] = kept(app)
    assert row.reference in confirmed.text
    assert "between 12:" in confirmed.text
    assert (row.name, row.phone, row.voicemail, row.sms) == ("Sam", "+447700900982", MessageRule.NO, MessageRule.NO)


def test_f17_a_double_click_a_reload_and_a_second_tab_are_one_request(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    other_tab = app.test_client()
    cookie = client.get_cookie("draft")
    assert cookie is not None
    other_tab.set_cookie("draft", cookie.value)

    first, again = client.post("/check", follow_redirects=True), other_tab.post("/check", follow_redirects=True)
    reloaded = client.get("/done")

    assert len(kept(app)) == 1
    reference = kept(app)[0].reference
    assert all(reference in page.text for page in (first, again, reloaded))


def test_going_back_after_asking_leads_to_the_confirmation(client: FlaskClient) -> None:
    fill_in(client)
    client.post("/check")

    assert client.get("/number").headers["Location"] == "/done"
    assert client.post("/time", data={"when": "asap"}).headers["Location"] == "/done"
    assert "You have asked for a call already" in client.get("/").text


def test_changing_one_answer_comes_straight_back_to_the_check(client: FlaskClient) -> None:
    fill_in(client)

    answer = client.post("/number", data={"phone": "01632 960 001"})

    assert answer.headers["Location"] == "/check"
    assert "01632 960 001" in client.get("/check").text


@pytest.mark.parametrize(
    ("path", "answers", "sentence", "kept_text"),
    [
        ("/", {"name": "x" * 81}, "Use 80 characters or fewer", "x" * 81),
        ("/contact", {}, "Choose if we may leave a message", ""),
        ("/number", {"phone": ""}, "Enter a UK phone number", ""),
        ("/number", {"phone": "+33 1 23 45 67 89"}, "We can only ring UK numbers", "+33 1 23 45 67 89"),
        ("/who", {}, "Choose who you would like to talk to", ""),
        ("/time", {}, "Choose when we should ring you", ""),
        ("/time", {"when": "2020-01-01T10:00:00+00:00/2020-01-01T11:00:00+00:00"}, "That time has just gone", ""),
        ("/time", {"when": "../../etc/passwd"}, "Choose when we should ring you", ""),
        ("/agree", {}, "Tick the box", ""),
    ],
)
def test_a_mistake_is_said_twice_and_nothing_is_cleared(
    client: FlaskClient, path: str, answers: dict[str, str], sentence: str, kept_text: str
) -> None:
    fill_in(client, until=path)

    answer = client.post(path, data=answers, follow_redirects=True)

    assert (answer.status_code, answer.request.path) == (200, path)
    assert title(answer).startswith("Error: ")
    assert answer.text.count(sentence) >= 2
    assert kept_text in answer.text


@pytest.mark.parametrize("path", ["/", "/contact", "/number", "/who", "/time", "/times", "/agree"])
def test_a_page_that_is_refused_leads_back_to_its_address_so_that_back_and_reload_send_nothing(
    client: FlaskClient, path: str
) -> None:
    fill_in(client)

    refused = client.post(path, data={"name": "x" * 81, "others": "x"})
    shown = [title(client.get(path)) for _ in range(2)]

    assert (refused.status_code, refused.headers["Location"].removesuffix("?again=")) == (303, path)
    assert shown == ["Error: Ask for a call"] * 2


def test_a_page_that_is_put_right_is_wrong_no_more_and_what_waits_in_a_second_tab_still_waits(
    client: FlaskClient,
) -> None:
    fill_in(client)
    client.post("/contact", data={})
    client.post("/number", data={"phone": "07700"})
    both = [title(client.get(path)) for path in ("/contact", "/number")]
    client.post("/number", data={"phone": "01632 960 001"})

    assert both == ["Error: Ask for a call"] * 2
    assert title(client.get("/number")) == "Ask for a call"
    assert title(client.get("/contact")) == "Error: Ask for a call"


def test_the_oldest_of_many_refused_pages_goes_when_a_cookie_is_full(client: FlaskClient) -> None:
    fill_in(client)
    for path in ("/contact", "/number", "/who", "/agree", "/time"):
        client.post(path, data={"phone": "9" * 200, "safe_word": "x" * 200, "counsellor": "y" * 200, "more": "z" * 200})

    cookie = client.get_cookie("unsent")
    assert cookie is not None
    assert len(cookie.value) < 4000
    assert title(client.get("/time")) == "Error: Ask for a call"
    assert title(client.get("/contact")) == "Ask for a call"


def test_nothing_waits_any_more_once_the_call_is_asked_for(client: FlaskClient) -> None:
    fill_in(client)
    client.post("/contact", data={})
    client.post("/check")

    assert client.get_cookie("unsent") is None


@pytest.mark.parametrize("path", ["/tips", "/elsewhere"])
def test_whoever_looks_beside_the_way_comes_back_to_where_they_were(client: FlaskClient, path: str) -> None:
    def back() -> str:
        found = re.search(r'class="back"><a href="([^"]+)"', client.get(path).text)
        assert found is not None
        return found[1]

    at_first = back()
    fill_in(client, until="/number")
    half_way = back()
    fill_in(client)
    client.post("/check")

    assert (at_first, half_way, back()) == ("/", "/number", "/done")


def test_the_confirmation_says_how_to_leave_nothing_on_a_device_that_others_use(client: FlaskClient) -> None:
    fill_in(client)
    done = client.post("/check", follow_redirects=True).text
    client.get("/leave")

    assert "If others use this device, press “Leave this page”" in done
    assert "You have asked for a call already" not in client.get("/").text
    assert "Let us start again" in client.get("/done").text


def test_what_was_refused_on_one_page_is_not_shown_on_another(client: FlaskClient) -> None:
    fill_in(client)
    client.post("/number", data={"phone": "999"})

    assert title(client.get("/contact")) == "Ask for a call"
    assert title(client.get("/number")) == "Error: Ask for a call"


@pytest.mark.parametrize("letter", ["x", "€", "🙂", "<"])
def test_what_is_much_too_long_is_shown_in_part_and_says_so(client: FlaskClient, letter: str) -> None:
    answer = client.post("/", data={"name": f"Sam{letter * 5000}"})
    cookie = client.get_cookie("unsent")
    page = client.get("/")

    assert answer.status_code == 303
    assert cookie is not None
    assert len(cookie.value) < 4000
    assert title(page).startswith("Error: ")
    assert "We show only the first part of it" in page.text
    assert 'value="Sam' in page.text


def test_many_fields_that_nobody_asked_for_do_not_make_the_cookie_too_large(client: FlaskClient) -> None:
    fill_in(client)
    strange = {f"field-{n}": "x" * 300 for n in range(150)}

    client.post("/number", data={"phone": "999"} | strange)

    cookie = client.get_cookie("unsent")
    assert cookie is not None
    assert len(cookie.value) < 4000
    assert 'value="999"' in client.get("/number").text


def test_a_typed_answer_waits_for_ten_minutes_and_leaving_takes_it_away(
    client: FlaskClient, environment: dict[str, str]
) -> None:
    fill_in(client)
    client.post("/number", data={"phone": "999"})
    cookie = client.get_cookie("unsent")
    assert cookie is not None
    opens = Fernet(environment["FIELD_KEYS"])
    old = opens.encrypt_at_time(opens.decrypt(cookie.value.encode()), int(time.time()) - 605)
    client.set_cookie("unsent", old.decode())
    later = client.get("/number").text
    client.post("/number", data={"phone": "999"})
    client.get("/leave")

    assert 'value="07700 900 982"' in later
    assert client.get_cookie("unsent") is None


@pytest.mark.parametrize("value", ["x", "gAAAAA", ""])
def test_a_strange_cookie_of_typed_answers_means_nothing(client: FlaskClient, value: str) -> None:
    fill_in(client)
    client.set_cookie("unsent", value)

    assert title(client.get("/number")) == "Ask for a call"


def test_whoever_keeps_no_cookies_is_told_so_at_the_first_mistake(app: Flask) -> None:
    stranger = app.test_client(use_cookies=False)

    led_to = stranger.post("/", data={"name": "x" * 81}).headers["Location"]

    assert "Your browser may be set to refuse cookies" in stranger.get(led_to).text


def test_on_their_own_page_a_mistake_is_said_even_where_no_cookies_are_kept(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    stranger = app.test_client(use_cookies=False)

    answer = stranger.post(f"{page}/number", data={"phone": "999"})

    assert answer.status_code == 422
    assert title(answer).startswith("Error: ")
    assert 'value="999"' in answer.text


def test_an_answer_that_comes_after_the_hour_leads_to_a_page_that_can_be_reloaded(client: FlaskClient) -> None:
    client.set_cookie("draft", "from-before")

    answer = client.post("/number", data={"phone": "07700 900 982"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/number")
    assert "You were away for a while" in client.get("/number").text


def test_every_page_with_answers_says_how_long_they_are_kept_and_can_begin_the_hour_anew(
    client: FlaskClient, environment: dict[str, str]
) -> None:
    fill_in(client)
    cookie = client.get_cookie("draft")
    assert cookie is not None
    opens = Fernet(environment["FIELD_KEYS"])
    nearly_over = int(time.time()) - KEPT_FOR_S + 60
    client.set_cookie("draft", opens.encrypt_at_time(opens.decrypt(cookie.value.encode()), nearly_over).decode())

    kept_on = client.post("/keep")
    again = client.get_cookie("draft")

    assert kept_on.status_code == 204
    assert again is not None
    assert opens.extract_timestamp(again.value.encode()) > nearly_over + 1000
    for path, _ in ANSWERS:
        assert "Your answers stay in this browser for an hour" in client.get(path).text
    assert "Your answers stay" not in client.get("/tips").text


def test_there_is_nothing_to_keep_without_answers(client: FlaskClient) -> None:
    assert client.post("/keep").status_code == 410
    assert client.get_cookie("draft") is None


def test_a_page_left_out_is_asked_first(client: FlaskClient) -> None:
    client.post("/", data={"name": ""})

    assert client.get("/check").headers["Location"] == "/contact"
    assert client.post("/check").headers["Location"] == "/contact"


@pytest.mark.parametrize(("name", "preset"), [("Sam", "ask_for_name_only"), ("", "say_wrong_number")])
def test_what_is_safe_begins_with_the_strictest_answers(client: FlaskClient, name: str, preset: str) -> None:
    client.post("/", data={"name": name})
    page = client.get("/contact").text

    chosen = set(re.findall(r'name="(\w+)" value="(\w*)"[^>]* checked', page))

    assert {("voicemail", "no"), ("sms", "no"), ("third_party", preset)} <= chosen


def test_without_a_name_nobody_is_asked_for_by_name(client: FlaskClient) -> None:
    client.post("/", data={"name": " \u200b "})

    assert "Ask for me by name" not in client.get("/contact").text
    assert client.post("/contact", data=SAFE).headers["Location"] == "/contact"
    assert client.post("/contact", data=SAFE | {"third_party": "hang_up"}).headers["Location"] == "/number"


def test_taking_the_name_back_asks_again_what_to_do_when_someone_else_answers(client: FlaskClient) -> None:
    fill_in(client)

    assert client.post("/", data={"name": ""}).headers["Location"] == "/contact"


def test_what_is_safe_is_kept_as_it_was_chosen(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    client.post("/contact", data=SAFE | {"sms": "neutral_message", "third_party": "hang_up"})
    client.post("/check")

    [row] = kept(app)
    assert (row.sms, row.third_party) == (MessageRule.NEUTRAL_MESSAGE, ThirdParty.HANG_UP)


def test_more_that_keeps_them_safe_is_kept_and_the_safe_word_shown_nowhere(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    more = {"safe_word": "blue  boiler", "phone_owner": "shared", "not_after": "2026-11-26"}
    client.post("/contact", data=SAFE | more)
    checked, done = client.get("/check"), client.post("/check", follow_redirects=True)

    [row] = kept(app)
    own = client.get(f"/c/{row.token}/contact")
    assert (row.safe_word, row.phone_owner) == ("blue boiler", "shared")
    assert row.do_not_contact_after == datetime(2026, 11, 27, tzinfo=UTC)
    for page in (checked, done, own):
        assert "boiler" not in page.text
        assert "I share it" in page.text
    assert "Thursday 26 November" in checked.text


def test_on_their_own_page_an_empty_safe_word_leaves_the_one_they_gave(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    client.post("/contact", data=SAFE | {"safe_word": "boiler"})
    client.post("/check")
    own = f"/c/{kept(app)[0].token}/contact"

    client.post(own, data=SAFE | {"safe_word": ""})
    first = kept(app)[0].safe_word
    client.post(own, data=SAFE | {"safe_word": "kettle"})

    assert (first, kept(app)[0].safe_word) == ("boiler", "kettle")


def test_a_last_day_that_leaves_no_time_to_ring_is_refused(app: Flask, client: FlaskClient) -> None:
    fill_in(client, until="/time")
    client.post("/time", data={"when": f"{day_after(NOON)}T10:00:00+00:00/{day_after(NOON)}T11:00:00+00:00"})
    client.post("/agree", data={"agree": "yes"})
    client.post("/check")
    [row] = kept(app)

    own = f"/c/{row.token}/contact"
    answer = client.post(own, data=SAFE | {"not_after": NOON.date().isoformat()}, follow_redirects=True)

    assert title(answer).startswith("Error: ")
    assert answer.text.count("Choose a later day, or cancel the call") == 2
    assert kept(app)[0].do_not_contact_after is None


def day_after(moment: datetime) -> str:
    return (moment + timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize("more", [{"safe_word": "x" * 41}, {"phone_owner": "mars"}, {"not_after": "2020-01-01"}])
def test_a_mistake_in_what_may_be_left_out_is_said_and_opened(client: FlaskClient, more: dict[str, str]) -> None:
    fill_in(client, until="/contact")

    answer = client.post("/contact", data=SAFE | more, follow_redirects=True)

    assert title(answer).startswith("Error: ")
    assert '<details class="more" open>' in answer.text


def test_a_time_that_is_gone_by_now_is_asked_again(client: FlaskClient, a_clock: Clock) -> None:
    fill_in(client)
    slot = re.findall(r'name="when" value="([^"]+/[^"]+)"', client.get("/time").text)[0]
    client.post("/time", data={"when": slot})
    a_clock.on(hours=5)

    answer = client.post("/check")

    assert answer.headers["Location"] == "/time"
    page = client.get("/time")
    assert "That time has just gone" in page.text
    assert title(page).startswith("Error: ")
    assert client.post("/time", data={"when": "asap"}).headers["Location"] == "/check"


@pytest.mark.parametrize("path", ["/contact", "/number", "/time", "/agree", "/check", "/done"])
def test_without_a_cookie_the_page_says_so_kindly(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 400
    assert "Let us start again" in answer.text


@pytest.mark.parametrize("cookie", ["", "x", "gAAAAA", "gAAAAABm" + "A" * 80])
def test_a_cookie_that_is_none_of_ours_starts_again(client: FlaskClient, cookie: str) -> None:
    client.set_cookie("draft", cookie)

    assert client.get("/number").status_code == 400
    assert client.get("/").status_code == 200


def test_answers_cannot_be_read_after_an_hour(client: FlaskClient, environment: dict[str, str]) -> None:
    then = int(time.time()) - KEPT_FOR_S - 5
    old = Fernet(environment["FIELD_KEYS"]).encrypt_at_time(new_draft().as_json().encode(), then)
    client.set_cookie("draft", old.decode())

    answer = client.get("/contact")

    assert answer.status_code == 400
    assert "You were away for a while" in answer.text


def test_a_draft_of_another_release_starts_again(client: FlaskClient, environment: dict[str, str]) -> None:
    strange = json.loads(new_draft().as_json()) | {"shoe_size": 9}
    client.set_cookie("draft", Fernet(environment["FIELD_KEYS"]).encrypt(json.dumps(strange).encode()).decode())

    assert client.get("/contact").status_code == 400


def test_the_cookie_says_nothing_and_ends_with_the_browser(client: FlaskClient) -> None:
    answer = client.post("/", data={"name": "Zebedee"})

    set_cookie = answer.headers["Set-Cookie"]
    assert "Zebedee" not in set_cookie
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie
    assert "Max-Age" not in set_cookie
    assert "Expires" not in set_cookie


def test_leaving_drops_the_answers_and_goes_somewhere_dull(client: FlaskClient) -> None:
    fill_in(client)

    answer = client.get("/leave")

    assert (answer.status_code, answer.headers["Location"]) == (302, "https://www.bbc.co.uk/weather")
    assert client.get_cookie("draft") is None


def test_back_after_leaving_shows_nothing_of_the_call_until_somebody_opens_it(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    client.get("/leave")

    backs = [client.get(f"{page}{part}") for part in ("", "/time", "/contact", "/cancel", "/erase", "/call.ics")]
    unknown = client.get("/c/nothing-has-this-token")
    opened = client.post(f"{page}/open", follow_redirects=True)

    assert {back.text.replace(page, "") for back in backs} == {unknown.text.replace("/c/nothing-has-this-token", "")}
    assert "call" not in backs[0].text.split("<main")[1].lower()
    assert kept(app)[0].reference in opened.text
    assert client.get_cookie("left") is None


def test_the_mark_of_having_left_says_nothing_and_goes_by_itself(client: FlaskClient) -> None:
    marks = [line for line in client.get("/leave").headers.getlist("Set-Cookie") if line.startswith("left=")]

    assert len(marks) == 1
    assert marks[0].startswith("left=1; ")
    assert "Max-Age=1800" in marks[0]


def test_another_tab_that_changed_the_answers_is_noticed_before_anything_is_sent(
    app: Flask, client: FlaskClient
) -> None:
    fill_in(client)
    seen = re.search(r'name="answers" value="(\w+)"', client.get("/check").text)
    assert seen is not None
    client.post("/number", data={"phone": "01632 960 001"})

    stale = client.post("/check", data={"answers": seen[1]}, follow_redirects=True)
    shown = re.search(r'name="answers" value="(\w+)"', stale.text)

    assert "Your answers have changed" in stale.text
    assert "01632 960 001" in stale.text
    assert kept(app) == []
    assert shown is not None
    assert client.post("/check", data={"answers": shown[1]}).headers["Location"] == "/done"


def test_every_page_shown_begins_the_hour_anew(client: FlaskClient, environment: dict[str, str]) -> None:
    fill_in(client, until="/time")
    cookie = client.get_cookie("draft")
    assert cookie is not None
    text = Fernet(environment["FIELD_KEYS"]).decrypt(cookie.value.encode())
    nearly_over = int(time.time()) - KEPT_FOR_S + 60
    client.set_cookie("draft", Fernet(environment["FIELD_KEYS"]).encrypt_at_time(text, nearly_over).decode())

    client.get("/time")

    again = client.get_cookie("draft")
    assert again is not None
    assert Fernet(environment["FIELD_KEYS"]).extract_timestamp(again.value.encode()) > nearly_over + 1000


def own_page(client: FlaskClient) -> str:
    fill_in(client)
    found = re.search(r'href="(/c/[^"/]+)"', client.post("/check", follow_redirects=True).text)
    assert found is not None
    return found.group(1)


def test_the_own_page_needs_nothing_but_its_address(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)

    seen = app.test_client().get(page)

    assert "We will ring you today between" in seen.text
    assert "ends in 982" in seen.text
    assert "07700" not in seen.text


def test_time_number_and_permissions_can_be_changed_there(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    slot = re.findall(r'name="when" value="([^"]+/[^"]+)"', client.get(f"{page}/time").text)[4]

    for path, answers in (
        ("time", {"when": slot}),
        ("number", {"phone": "01632 960123"}),
        ("contact", SAFE | {"voicemail": "neutral_message"}),
    ):
        assert client.post(f"{page}/{path}", data=answers).headers["Location"] == page

    [row] = kept(app)
    assert (row.phone, row.voicemail) == ("+441632960123", MessageRule.NEUTRAL_MESSAGE)
    assert row.wanted_from is not None
    assert row.wanted_from.isoformat() == slot.split("/")[0]


def test_a_mistake_on_the_own_page_changes_nothing(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)

    answers = [client.post(f"{page}/{path}", data={}, follow_redirects=True) for path in ("time", "number", "contact")]

    assert [answer.request.path for answer in answers] == [f"{page}/{path}" for path in ("time", "number", "contact")]
    assert {title(answer) for answer in answers} == {"Error: Your call"}
    assert kept(app)[0].phone == "+447700900982"


def test_cancelling_asks_once_and_then_is_done(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)

    asked = client.get(f"{page}/cancel")
    done = client.post(f"{page}/cancel", follow_redirects=True)
    again = client.post(f"{page}/cancel", follow_redirects=True)

    assert "Cancel the call?" in asked.text
    assert "Your call is cancelled" in done.text
    assert "Your call is cancelled" in again.text
    assert kept(app)[0].status == "withdrawn"
    assert "Your call is cancelled" in client.get("/done").text


@pytest.mark.parametrize("path", ["", "/time", "/number", "/contact", "/cancel"])
def test_an_unknown_own_page_says_the_same_everywhere(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/c/nothing-has-this-token{path}")

    assert answer.status_code == 404
    assert "We could not find that page" in answer.text


@pytest.mark.parametrize("path", ["/", "/tips", "/nothing", "/c/x", "/leave"])
def test_no_page_is_kept_framed_or_given_away(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy  # a demonstration frames itself; see test_embedding for live use
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/contact", "/number", "/time", "/agree", "/check", "/tips", "/nothing"])
def test_help_and_the_way_out_are_on_every_page(client: FlaskClient, path: str) -> None:
    fill_in(client)

    page = client.get(path).text

    assert page.count('href="/leave"') == 2
    assert page.index('href="tel:999"') < page.index('href="tel:111"') < page.index('href="tel:116123"')
    assert page.index("Help right now") < page.index("<main")


def test_the_emergency_notice_is_on_every_page_that_a_visitor_can_see(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    with_answers = _public_pages(app, client, token="nothing-has-this-token")
    client.post("/check")
    [row] = kept(app)
    with_a_request = _public_pages(app, client, token=row.token)

    for shown in (with_answers, with_a_request):
        assert [path for path, page in shown.items() if 'href="tel:999"' not in page] == []
    assert {"/", "/check", "/time"} <= set(with_answers)
    assert {"/done", "/c", "/c/time", "/c/cancel", "/c/erase"} <= set(with_a_request)


def _public_pages(app: Flask, client: FlaskClient, *, token: str) -> dict[str, str]:
    """Every page that somebody without a sign-in can look at, by its address without the token."""
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/staff", "/static", "/api", "/feeds", "/demo")):
            continue
        if rule.arguments - {"token"} or rule.rule == "/leave":  # it leads away, and forgets the answers
            continue
        answer = client.get(rule.rule.replace("<token>", token))
        if answer.mimetype == "text/html" and answer.status_code not in (302, 303):
            found[rule.rule.replace("/<token>", "")] = answer.text
    return found


REVEALING = re.compile(
    "addict|drug|drink|alcohol|rehab|help|line|danger|emergenc|health|private|safe|counsel|erase|crisis|question|suicid"
)


def test_titles_and_addresses_give_nothing_away_on_any_page(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("visitor.", "own_page."))]
    addresses = [rule.rule for rule in rules if "GET" in (rule.methods or ())]
    answers = {address: client.get(address.replace("/c/<token>", page)) for address in addresses if address != "/leave"}
    titles = {title(answer) for answer in answers.values() if answer.mimetype == "text/html" and answer.text}

    assert len(addresses) > 20
    assert [address for address in addresses if REVEALING.search(address) and address != "/c/<token>/erase"] == []
    assert {one for one in titles if one != "Redirecting..."} == {"Ask for a call", "Your call"}

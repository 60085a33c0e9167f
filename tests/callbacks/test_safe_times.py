"""Until when, and at which other times, a call is safe: as it is asked, shown, kept and changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from callbacks.domain.window import Asap, Span
from callbacks.web import safe_times
from rota.domain.shifts import Span as Shift
from tests.callbacks.test_visitor_pages import SAFE, fill_in, kept, own_page
from tests.conftest import NOON, Clock
from tests.rota.planning import Team

pytestmark = pytest.mark.usefixtures("a_rota")

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)


def hour(starts_at: datetime) -> str:
    """The value of an offered hour."""
    return f"{starts_at.isoformat()}/{(starts_at + HOUR).isoformat()}"


def test_the_check_page_says_every_time_at_which_we_may_ring(client: FlaskClient) -> None:
    fill_in(client)

    page = client.get("/check").text

    assert "today between 12:00 and 21:00; tomorrow between 08:00 and 12:00" in page


def test_only_until_an_hour_from_now_is_kept_and_shown(app: Flask, client: FlaskClient) -> None:
    fill_in(client, until="/time")
    offered = re.findall(r'name="until" value="([^"]+)"', client.get("/time").text)
    client.post("/time", data={"when": "asap", "until": offered[0]})
    client.post("/agree", data={"agree": "yes"})
    checked = client.get("/check").text
    done = client.post("/check", follow_redirects=True).text

    [row] = kept(app)
    assert offered == ["2026-11-24T13:00:00+00:00", "2026-11-24T14:00:00+00:00", "2026-11-25T00:00:00+00:00"]
    assert row.never_after == NOON + HOUR
    assert "today between 12:00 and 13:00</dd>" in checked
    assert "today between 12:00 and 13:00</dd>" in done


@pytest.mark.parametrize(
    ("hour_of_day", "words"),
    [
        (3, "Until 05:00, then from 08:00 until today at 21:00"),
        (7, "Until today at 21:00"),
        (12, "Until 21:00, then from 08:00 until tomorrow at 12:00"),
        (20, "Until 22:00, then from 08:00 until tomorrow at 20:00"),
    ],
)
def test_what_all_day_means_is_said_to_the_minute_at_night_too(hour_of_day: int, words: str) -> None:
    asked_at = NOON.replace(hour=hour_of_day)

    assert safe_times.until_when("", zone=LONDON, now=asked_at)[0][1] == words


def test_an_end_that_has_come_meanwhile_asks_for_the_time_again(client: FlaskClient, a_clock: Clock) -> None:
    fill_in(client, until="/time")
    client.post("/time", data={"when": "asap", "until": (NOON + HOUR).isoformat()})
    client.post("/agree", data={"agree": "yes"})
    a_clock.on(minutes=61)

    assert client.post("/check").headers["Location"] == "/time"


@pytest.mark.parametrize(
    "until", ["x", "2026-11-24T11:00:00+00:00", "2026-11-24T13:00:00", "2027-11-24T13:00:00+00:00"]
)
def test_an_end_that_cannot_be_is_asked_again(client: FlaskClient, until: str) -> None:
    fill_in(client, until="/time")

    answer = client.post("/time", data={"when": "asap", "until": until}, follow_redirects=True)

    assert answer.request.path == "/time"
    assert answer.text.count("Choose until when it is safe to ring") == 2


def test_the_chosen_end_is_still_chosen_when_the_page_is_opened_again_later(
    client: FlaskClient, a_clock: Clock
) -> None:
    fill_in(client, until="/time")
    client.post("/time", data={"when": "asap", "until": (NOON + HOUR).isoformat()})
    a_clock.on(minutes=10)

    page = html.fromstring(client.get("/time").text)

    [chosen] = page.cssselect("[name=until][checked]")
    assert chosen.get("value") == "2026-11-24T13:00:00+00:00"
    assert page.cssselect(f"label[for={chosen.get('id')}]")[0].text == "Only until 13:00"


def test_an_end_that_has_come_meanwhile_is_not_chosen_any_more_and_something_always_is(
    client: FlaskClient, a_clock: Clock
) -> None:
    fill_in(client, until="/time")
    client.post("/time", data={"when": "asap", "until": (NOON + HOUR).isoformat()})
    a_clock.on(hours=2)

    [chosen] = html.fromstring(client.get("/time").text).cssselect("[name=until][checked]")
    assert chosen.get("value") == ""


def test_up_to_three_other_times_can_be_ticked_and_only_after_the_chosen_one(app: Flask, client: FlaskClient) -> None:
    fill_in(client)
    client.post("/time", data={"when": hour(NOON + 3 * HOUR)})
    offered = re.findall(r'name="others" value="([^"]+)"', client.get("/times").text)
    too_many = client.post("/times", data={"others": offered[:4]}, follow_redirects=True)
    led_to = client.post("/times", data={"others": offered[:3]}).headers["Location"]
    client.post("/check")

    [row] = kept(app)
    assert offered[0] == hour(NOON + 4 * HOUR)
    assert too_many.text.count("Choose three times at most") == 2
    assert led_to == "/check"
    assert [span.starts_at for span in row.as_wanted().safe_times] == [NOON + n * HOUR for n in (4, 5, 6)]
    assert row.next_try_at == NOON + 3 * HOUR


def test_other_times_on_the_own_page_are_allowed_and_taken_back(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    tomorrow = hour(NOON + 33 * HOUR)

    client.post(f"{page}/times", data={"others": [tomorrow]})
    wider = kept(app)[0]
    shown = client.get(page).text
    client.post(f"{page}/times", data={})

    assert wider.never_after == NOON + 34 * HOUR
    assert "tomorrow between 21:00 and 22:00" in shown
    assert kept(app)[0].never_after == NOON + 9 * HOUR


def test_moving_the_time_keeps_the_other_times(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    client.post(f"{page}/time", data={"when": hour(NOON + 3 * HOUR)})
    client.post(f"{page}/times", data={"others": [hour(NOON + 30 * HOUR)]})
    client.post(f"{page}/time", data={"when": hour(NOON + 5 * HOUR)})

    [row] = kept(app)
    assert [span.starts_at for span in row.as_wanted().safe_times] == [NOON + 30 * HOUR]
    assert (row.next_try_at, row.never_after) == (NOON + 5 * HOUR, NOON + 31 * HOUR)


def test_an_end_chosen_on_the_own_page_is_the_end(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)

    client.post(f"{page}/time", data={"when": "asap", "until": (NOON + 2 * HOUR).isoformat()})

    assert kept(app)[0].never_after == NOON + 2 * HOUR
    assert 'value="2026-11-24T14:00:00+00:00" checked' in client.get(f"{page}/time").text


def test_who_turns_out_to_be_under_18_chooses_the_time_again(client: FlaskClient) -> None:
    fill_in(client)
    client.post("/more", data={"ask": "yes"})
    for part in (1, 2):
        client.post(f"/more/{part}")

    answer = client.post("/more/3", data={"under_18": "yes"})

    assert answer.headers["Location"] == "/time"


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (datetime(2026, 10, 24, 12, tzinfo=UTC), "The clocks go back this night, so one hour comes twice."),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), "The clocks go forward this night, so one hour is missing."),
    ],
)
def test_the_nights_on_which_the_clocks_change_are_explained(
    app: Flask, client: FlaskClient, a_clock: Clock, day: datetime, sentence: str
) -> None:
    a_clock.to(day)
    fill_in_from_a_rota_at(app, client, day)

    page = client.get("/time").text
    hours = re.findall(r"</span>(\d\d:\d\d to \d\d:\d\d[^<]*)</label>", page)

    assert sentence in page
    if day.month == 10:
        assert "01:00 to 02:00 (before the clocks go back)" in hours
        assert "01:00 to 02:00 (after the clocks go back)" in hours
    else:
        assert not [one for one in hours[:20] if one.startswith("01:")]


def fill_in_from_a_rota_at(app: Flask, client: FlaskClient, day: datetime) -> None:
    """People on shift for two days from then, and the answers up to the time."""
    team = Team(app, made=3)
    for name in ("Dee Example", "Eve Example"):
        person = team.counsellor(name)
        for start in (day, day + timedelta(days=1)):
            team.shift(person, Shift(start, start + timedelta(days=1)))
    fill_in(client, until="/time")


def test_spans_run_over_midnight_and_the_hour_that_comes_twice() -> None:
    evening = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)

    options = safe_times.until_when("", zone=LONDON, now=evening)
    found = safe_times.chosen(Asap(), until=options[2][0], others=(), zone=LONDON, now=evening)

    assert [option[1] for option in options[1:]] == [
        "Only until 00:30",
        "Only until 01:30 (before the clocks go back)",
    ]
    assert found == (Span(evening, evening + 2 * HOUR),)


def test_the_rest_of_the_answers_stay_when_the_safe_times_change(app: Flask, client: FlaskClient) -> None:
    page = own_page(client)
    client.post(f"{page}/contact", data=SAFE | {"voicemail": "neutral_message"})

    client.post(f"{page}/times", data={"others": [hour(NOON + 30 * HOUR)]})

    assert kept(app)[0].voicemail == "neutral_message"

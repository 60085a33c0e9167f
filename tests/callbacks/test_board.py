"""The supervisor's live board: who is on, who waits, whether we keep our word, and what needs a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, render_template
from lxml import html

from accounts.domain.roles import Role
from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.attempts import ReviewReason
from callbacks.domain.codes import CaseOutcome
from callbacks.domain.lifecycle import Event
from callbacks.domain.window import Span
from callbacks.models import CallbackRow
from callbacks.operations.follow_call import REVIEW_WITHIN
from callbacks.operations.supervise import close
from callbacks.web.staff.board_view import Cover, alarm
from callbacks.web.staff.brief import Tag
from foundation.database import transaction
from notifications.domain.leg import LegStatus
from notifications.domain.trouble import WORDS, Trouble
from notifications.operations import trouble
from rota.operations.presence import set_away
from tests.callbacks.desk import Desk, words
from tests.conftest import NOON, Clock
from tests.rota.planning import Browser, hours

ONLY_A_WOMAN = GenderWish(Gender.FEMALE, Strength.ONLY)


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


@pytest.fixture
def supervisor(desk: Desk) -> Browser:
    return desk.supervisor()


def live(browser: Browser) -> str:
    """What the live part says now, on one line."""
    return words(browser.get("/staff/board/live").text)


def row(browser: Browser, reference: str) -> str:
    """The first line of the board about a request or a person."""
    lines = html.fromstring(browser.get("/staff/board").text).cssselect(".board tbody tr")
    said = (" ".join(" ".join(cell.text_content() for cell in line).split()) for line in lines)
    return next(line for line in said if reference in line)


def held(desk: Desk, reference: str, reason: ReviewReason = ReviewReason.FLAGGED) -> int:
    """Put a request on the supervisor's list; its id."""
    with desk.app.app_context(), transaction() as session:
        callback = session.merge(desk.row(reference))
        callback.move(Event.HOLD, due_by=desk.clock.at + REVIEW_WITHIN, now=desk.clock.at)
        callback.review_reason = reason
        return callback.id


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
def test_supervisors_and_administrators_open_the_board(desk: Desk, role: Role) -> None:
    answer = desk.supervisor(role).get("/staff/board")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/staff/board", "/staff/board/live"])
def test_counsellors_and_strangers_do_not_open_the_board(desk: Desk, app: Flask, address: str) -> None:
    counsellor = desk.counsellor()

    assert counsellor.get(address).status_code == 403
    assert app.test_client().get(address).status_code == 302


def test_an_empty_board_says_so_in_words(supervisor: Browser) -> None:
    page = words(supervisor.get("/staff/board").text)

    assert "Nobody waits." in page
    assert "Nobody is on shift." in page
    assert "Every call has its outcome." in page


def test_whoever_waits_is_on_the_board_with_a_link_and_the_promise(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    reference = desk.ask()

    page = supervisor.get("/staff/board").text

    assert f'href="/staff/callbacks/{reference}"' in page
    assert "Routine" in row(supervisor, reference)
    assert "today between" in row(supervisor, reference)


def test_a_promise_is_late_once_its_time_is_over(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    reference = desk.ask()
    before = row(supervisor, reference)

    desk.clock.on(hours=3)

    assert "Late" not in before
    assert "Late" in row(supervisor, reference)


def test_nothing_on_the_board_says_who_a_visitor_is(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    talked = desk.talked(name="Wilhelmina", message="Please be discreet")
    waiting = desk.ask(name="Wilhelmina", message="Please be discreet")

    page = supervisor.get("/staff/board").text

    assert talked in page
    assert waiting in page
    assert "Wilhelmina" not in page
    assert "discreet" not in page
    assert "7009009" not in page.replace(" ", "")


def test_a_counsellor_on_shift_is_shown_with_what_they_do_and_until_when(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    person = row(supervisor, "Ana Example")

    assert person.split()[:3] == ["Ana", "Example", "Available"]
    assert "18:00" in person


def test_a_call_is_followed_from_the_counsellors_telephone_to_the_talk(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.ring(reference)
    while_ringing = live(supervisor)
    desk.take(reference)
    after_press = live(supervisor)

    assert "Counsellor’s telephone rings" in while_ringing
    assert "Counsellor pressed 1" in after_press
    assert "1 in a call" in after_press


def test_an_outcome_that_nobody_gave_stays_on_the_board(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.talked()

    desk.clock.on(minutes=20)

    assert "1 outcome" in live(supervisor)
    assert row(supervisor, reference).split()[:3] == [reference, "Ana", "Example"]
    assert "20 minutes" in row(supervisor, reference)


def test_a_request_in_review_says_why_and_when_it_is_late(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    reference = desk.ask()
    held(desk, reference, ReviewReason.NOT_THE_PERSON)
    at_first = row(supervisor, reference)

    desk.clock.on(hours=4, minutes=1)

    assert "1 for you to decide" in live(supervisor)
    assert "1 later than promised" in live(supervisor)
    assert "Late" not in at_first
    assert "Late" in row(supervisor, reference)


def test_a_request_closed_lately_says_what_came_of_it(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    reference = desk.ask()
    callback_id = held(desk, reference)
    with desk.app.app_context(), transaction() as session:
        close(session, callback_id=callback_id, case=CaseOutcome.OUT_OF_SCOPE, staff_id=1, now=desk.clock.at)

    assert CaseOutcome.OUT_OF_SCOPE.label in row(supervisor, reference)


def test_what_was_closed_a_day_ago_is_gone_from_the_board(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    reference = desk.ask()
    callback_id = held(desk, reference)
    with desk.app.app_context(), transaction() as session:
        close(session, callback_id=callback_id, case=CaseOutcome.SPAM, staff_id=1, now=desk.clock.at)

    desk.clock.on(days=1)

    assert reference not in supervisor.get("/staff/board").text


def test_somebody_who_waits_while_somebody_is_free_is_told_of_with_the_rule(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    desk.knows_everything()
    desk.ask(gender=ONLY_A_WOMAN)
    at_once = live(supervisor)

    desk.clock.on(seconds=61)

    assert "Somebody waits and somebody is free" not in at_once
    assert "Somebody waits and somebody is free" in live(supervisor)
    assert "Ana Example: they asked to speak only to a woman, or only to a man" in live(supervisor)


def test_what_is_wrong_with_the_service_stands_on_the_board_with_since_when_and_why(
    desk: Desk, supervisor: Browser
) -> None:
    with desk.app.app_context(), transaction() as session:
        for kind in Trouble:
            trouble.begin(session, kind, because="It is known why.", now=desk.clock())
        desk.clock.on(minutes=5)
        trouble.begin(session, Trouble.DIALLING_FAILS, now=desk.clock())

    board = words(supervisor.get("/staff/board").text)

    assert [kind for kind in Trouble if f"Since 12:00: {WORDS[kind]}" not in board] == []
    assert f"{WORDS[Trouble.BLOCKED]} It is known why." in board


def test_nobody_starves_while_everybody_is_away(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    desk.ask()

    desk.clock.on(minutes=10)

    assert "Somebody waits and somebody is free" not in live(supervisor)


def test_a_reason_for_being_away_is_on_the_board(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    with desk.app.app_context(), transaction() as session:
        set_away(session, counsellor_id=1, reason="Lunch", by=None, now=desk.clock.at)

    assert "Away Lunch" in row(supervisor, "Ana Example")


def test_gaps_now_and_in_the_coming_day_are_told_in_words(desk: Desk, supervisor: Browser) -> None:
    ana = desk.team.counsellor("Ana Example")
    ben = desk.team.counsellor("Ben Example")
    desk.team.need(2)
    desk.team.shift(ana, hours(-1, 24))
    desk.team.shift(ben, hours(2, 24))

    page = words(supervisor.get("/staff/board").text)

    assert "12:00 to 14:00: only 1 on, 2 needed" in page


def test_a_day_that_is_fully_covered_has_no_gaps(desk: Desk, supervisor: Browser) -> None:
    for name in ("Ana Example", "Ben Example"):
        desk.team.shift(desk.team.counsellor(name), hours(0, 25))

    assert "No gaps in the next 24 hours." in words(supervisor.get("/staff/board").text)


def test_a_visitor_who_was_not_reached_waits_for_the_next_try(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    desk.match()
    desk.take(reference)
    desk.hang_up(reference, LegStatus.NO_ANSWER, talked_s=0)

    assert "12:30" in row(supervisor, reference)


def test_every_gap_of_the_day_is_told_however_many_there_are(desk: Desk, supervisor: Browser) -> None:
    desk.team.need(2)
    for name in ("Ana Example", "Ben Example"):
        person = desk.team.counsellor(name)
        for start in range(1, 24, 4):
            desk.team.shift(person, hours(start, start + 2))

    assert "7 gaps in the next 24 hours" in words(supervisor.get("/staff/board").text)


def test_the_end_of_the_safe_time_is_on_the_board(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_available=False)
    safe = (Span(NOON, NOON + timedelta(hours=3)), Span(NOON + timedelta(hours=5), NOON + timedelta(hours=6)))
    reference = desk.ask(safe_times=safe)
    in_time = row(supervisor, reference)

    desk.clock.on(hours=4)

    assert "15:00" in in_time
    assert "not a safe time now" in row(supervisor, reference)


def test_whoever_talks_on_after_their_shift_stays_on_the_board(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(shift=hours(-2, 1))
    reference = desk.ask()
    desk.match()
    desk.take(reference)

    desk.clock.on(hours=2)

    assert "shift is over" in row(supervisor, "Ana Example Available")


@pytest.mark.parametrize(("count", "said"), [(0, ""), (1, "One request is neither"), (3, "3 requests are neither")])
def test_a_request_that_is_unaccounted_for_is_an_alarm(app: Flask, count: int, said: str) -> None:
    cover = Cover(Tag("Covered now", "good"), (), alarm(count))

    with app.test_request_context():
        page = words(render_template("staff/parts/cover.html", cover=cover))

    assert ("A request may be lost." in page) == bool(count)
    assert said in page


def test_looking_changes_nothing(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    before = _state(desk.row(reference))

    supervisor.get("/staff/board")
    supervisor.get("/staff/board/live")

    assert _state(desk.row(reference)) == before


def _state(callback: CallbackRow) -> tuple[object, ...]:
    return callback.status, callback.status_at, callback.next_try_at, callback.counsellor_id

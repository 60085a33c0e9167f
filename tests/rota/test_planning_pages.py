"""What counsellors plan for themselves, and what waits for a supervisor, in a browser without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from icalendar import Calendar

from accounts.domain.roles import Role
from tests.rota.planning import Browser, Team, hours

MINE, REQUESTS = "/staff/rota/mine", "/staff/rota/requests"


def test_a_shift_goes_from_one_to_another_over_the_pages(team: Team, signed_in: Callable[..., Browser]) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    owner, taker = signed_in(email="ana@example.org"), signed_in(email="ben@example.org")
    supervisor = signed_in()

    owner.send(f"{MINE}/offers", page=MINE, shift=shift)
    offered = taker.get(MINE).text
    taker.send(f"{MINE}/offers/1/taking", page=MINE)
    waiting = supervisor.get(REQUESTS).text
    supervisor.send(f"{REQUESTS}/swaps/1", page=REQUESTS, answer="yes")

    assert "Ana Example: Wednesday 25 November, 08:00 to 16:00" in offered
    assert "Ana Example to Ben Example: Wednesday 25 November" in waiting
    assert "You have no shifts" in owner.get(MINE).text
    assert "Wednesday 25 November, 08:00 to 16:00" in taker.get(MINE).text


def test_what_somebody_may_not_take_says_why_and_has_no_button(team: Team, signed_in: Callable[..., Browser]) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    team.shift(ben, hours(10, 16))
    owner, taker = signed_in(email="ana@example.org"), signed_in(email="ben@example.org")

    owner.send(f"{MINE}/offers", page=MINE, shift=shift)
    page = taker.get(MINE).text
    refused = taker.send(f"{MINE}/offers/1/taking", page=MINE)

    assert "Not for you: Only 4 h of rest, 11 h needed" in page
    assert "/offers/1/taking" not in page
    assert refused.status_code == 422
    assert "Only 4 h of rest" in refused.text
    assert "Take another one, or ask a supervisor" in refused.text


def test_a_swap_that_a_rule_stands_against_says_how_it_can_be_approved_all_the_same(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana, ben = team.counsellor("Ana Example"), team.counsellor("Ben Example")
    shift = team.shift(ana, hours(20, 28))
    owner, taker, supervisor = signed_in(email="ana@example.org"), signed_in(email="ben@example.org"), signed_in()
    owner.send(f"{MINE}/offers", page=MINE, shift=shift)
    taker.send(f"{MINE}/offers/1/taking", page=MINE)
    team.shift(ben, hours(10, 16))

    refused = supervisor.send(f"{REQUESTS}/swaps/1", page=REQUESTS, answer="yes")

    assert refused.status_code == 422
    assert "do it against the rule, with a reason, with the button beside it" in refused.text
    assert "Approve against a rule" in refused.text


def test_leave_is_asked_for_and_approved(team: Team, signed_in: Callable[..., Browser]) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(20, 28))
    person, supervisor = signed_in(email="ana@example.org"), signed_in()

    wrong = person.send(f"{MINE}/leave", page=MINE, first_day="2026-11-26", last_day="2026-11-25")
    person.send(f"{MINE}/leave", page=MINE, first_day="2026-11-25", last_day="2026-11-26")
    supervisor.send(f"{REQUESTS}/leave/1", page=REQUESTS, answer="yes")

    page = person.get(MINE).text
    assert "Enter a later last day" in wrong.text
    assert "Approved" in page
    assert "You have no shifts" in page


def test_a_calendar_address_is_shown_once_and_works(
    team: Team, client: FlaskClient, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor("Ana Example")
    team.shift(ana, hours(20, 28))
    person = signed_in(email="ana@example.org")

    shown = person.send(f"{MINE}/feed", page=MINE).text
    address = re.search(r"(/feeds/[^<]+\.ics)", shown)

    assert address
    assert address[1] not in person.get(MINE).text
    assert len(Calendar.from_ical(client.get(address[1]).data).subcomponents) == 1


def test_a_supervisor_sees_who_could_cover_and_puts_the_time_up_as_an_open_shift(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    team.shift(ana, hours(20, 28))
    supervisor, taker = signed_in(), signed_in(email="ben@example.org")
    when = {"day": "2026-11-25", "starts": "09:00", "ends": "13:00"}

    ranked = supervisor.get(f"{REQUESTS}?day=2026-11-25&starts=09:00&ends=13:00").text
    wrong = supervisor.get(f"{REQUESTS}?day=2026-11-25&starts=09:00&ends=09:00")
    supervisor.send(f"{REQUESTS}/open-shifts", page=REQUESTS, **when)
    taker.send(f"{MINE}/open-shifts/1/taking", page=MINE)

    assert ranked.index("Ben Example") < ranked.index("Two shifts at once")
    assert wrong.status_code == 422
    assert "Wednesday 25 November, 09:00 to 13:00" in taker.get(MINE).text


def test_somebody_who_is_ill_is_taken_off_and_the_page_says_who_was_asked(
    team: Team, signed_in: Callable[..., Browser]
) -> None:
    ana = team.counsellor("Ana Example")
    team.counsellor("Ben Example")
    shift = team.shift(ana, hours(2, 8))
    supervisor = signed_in()

    nobody = supervisor.send(f"{REQUESTS}/sick", page=REQUESTS, shift="")
    supervisor.send(f"{REQUESTS}/sick", page=REQUESTS, shift=f"{shift}.1")
    page = supervisor.get(REQUESTS).text

    assert "Choose a shift" in nobody.text
    assert "instead of Ana Example. Asked: Ben Example (no answer yet)" in page


def test_the_pages_are_for_those_they_are_for(team: Team, signed_in: Callable[..., Browser]) -> None:
    team.counsellor("Ana Example")
    person, admin = signed_in(email="ana@example.org"), signed_in(Role.ADMIN)

    assert person.get(REQUESTS).status_code == 403
    assert admin.get(MINE).status_code == 403
    assert admin.get(REQUESTS).status_code == 200

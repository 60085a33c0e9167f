"""“Why did nobody ring?”: for any request, the first rule in its way, and in the way of each counsellor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from lxml import html

from accounts.domain.roles import Role
from callbacks.domain.absence import Absence
from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.lifecycle import Event
from callbacks.domain.matching import Block
from callbacks.domain.window import Span
from callbacks.operations.withdraw import withdraw
from callbacks.web.staff import wording
from foundation.database import transaction
from notifications.domain.trouble import WORDS, Trouble
from notifications.operations import trouble
from rota.domain.presence import PresenceState
from rota.models import PresenceRow
from tests.callbacks.desk import Desk, words
from tests.conftest import NOON, Clock
from tests.rota.planning import Browser, hours


@pytest.fixture
def desk(app: Flask, a_clock: Clock) -> Desk:
    return Desk(app, a_clock)


@pytest.fixture
def supervisor(desk: Desk) -> Browser:
    return desk.supervisor()


def page(browser: Browser, reference: str) -> str:
    answer = browser.get(f"/staff/callbacks/{reference}/why")
    assert answer.status_code == 200, answer.text
    return answer.text


def of_request(browser: Browser, reference: str) -> str:
    """What stands in the way of the request itself."""
    found = html.fromstring(page(browser, reference)).cssselect("main section")
    return " ".join(found[0].text_content().split())


def of_people(browser: Browser, reference: str) -> dict[str, str]:
    """The first rule by counsellor."""
    lines = html.fromstring(page(browser, reference)).cssselect("tbody tr")
    return {line[0].text_content().strip(): line[1].text_content().strip() for line in lines}


def become(desk: Desk, counsellor_id: int, state: PresenceState) -> None:
    with desk.app.app_context(), transaction() as session:
        session.get_one(PresenceRow, counsellor_id).state = state


def test_every_rule_has_its_words() -> None:
    assert set(wording.BLOCKS) == set(Block)
    assert set(wording.ABSENCES) == set(Absence)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMIN])
def test_supervisors_and_administrators_may_ask(desk: Desk, role: Role) -> None:
    desk.counsellor()

    assert page(desk.supervisor(role), desk.ask())


def test_a_counsellor_may_not_ask_about_their_colleagues_even_for_a_request_of_their_own(desk: Desk) -> None:
    counsellor = desk.counsellor()
    reference = desk.ask()
    desk.match()

    assert counsellor.get(f"/staff/callbacks/{reference}").status_code == 200
    assert counsellor.get(f"/staff/callbacks/{reference}/why").status_code == 403


def test_a_reference_that_nobody_has_is_not_found(supervisor: Browser) -> None:
    assert supervisor.get("/staff/callbacks/NNNNNNN/why").status_code == 404


def test_somebody_who_is_free_could_ring_now(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    assert of_people(supervisor, desk.ask()) == {"Ana Example": wording.COULD_RING}


def test_whoever_is_not_on_shift_is_said_to_be_so(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(shift=hours(5, 9))

    answer = words(page(supervisor, desk.ask()))

    assert "Ana Example" in answer
    assert wording.ABSENCES[Absence.NOT_ON_SHIFT] in answer
    assert wording.COULD_RING not in answer


def test_the_last_minutes_of_a_shift_are_no_time_to_begin_a_call(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(shift=hours(-8, 4 / 60))

    assert of_people(supervisor, desk.ask()) == {"Ana Example": wording.ABSENCES[Absence.LAST_MINUTES]}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (PresenceState.AWAY, Absence.AWAY),
        (PresenceState.WRAPPING_UP, Absence.WRAPPING_UP),
        (PresenceState.NOT_RESPONDING, Absence.NOT_RESPONDING),
    ],
)
def test_whoever_is_not_ready_is_said_to_be_so(
    desk: Desk, supervisor: Browser, state: PresenceState, why: Absence
) -> None:
    desk.counsellor()
    become(desk, 1, state)

    assert of_people(supervisor, desk.ask()) == {"Ana Example": wording.ABSENCES[why]}


def test_a_telephone_that_nobody_checked_is_not_rung(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(is_verified=False)

    assert of_people(supervisor, desk.ask()) == {"Ana Example": wording.ABSENCES[Absence.PHONE_NOT_CHECKED]}


def test_whoever_has_a_call_cannot_take_another(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    desk.ask()
    desk.match()

    assert of_people(supervisor, desk.ask()) == {"Ana Example": wording.BLOCKS[Block.TAKEN]}


def test_a_missing_skill_is_named(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    reference = desk.ask(flags={"under_18": "yes"})

    assert of_people(supervisor, reference) == {"Ana Example": wording.BLOCKS[Block.SKILL]}
    assert "young people" in words(page(supervisor, reference))


def test_a_missing_language_is_named(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    reference = desk.ask(language="pl")

    assert of_people(supervisor, reference) == {"Ana Example": wording.BLOCKS[Block.LANGUAGE]}
    assert "Polish" in words(page(supervisor, reference))


def test_only_a_woman_keeps_everybody_else_from_ringing(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    reference = desk.ask(gender=GenderWish(Gender.FEMALE, Strength.ONLY))

    assert of_people(supervisor, reference) == {"Ana Example": wording.BLOCKS[Block.GENDER]}


def test_a_mere_preference_keeps_nobody_from_ringing(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    reference = desk.ask(gender=GenderWish(Gender.FEMALE, Strength.PREFER))

    assert of_people(supervisor, reference) == {"Ana Example": wording.COULD_RING}


def test_whoever_passed_it_on_is_not_asked_again_so_soon(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor("Ana Example")
    reference = desk.ask()
    desk.match()
    desk.pass_on(reference)
    desk.clock.on(minutes=1)  # by then the line of whoever passed it on is free again
    desk.counsellor("Ben Example")

    assert of_people(supervisor, reference)["Ana Example"] == wording.BLOCKS[Block.EXCLUDED]
    assert of_people(supervisor, reference)["Ben Example"] == wording.COULD_RING
    assert "Counsellor did not take it" in words(page(supervisor, reference))


def test_whoever_gets_a_more_urgent_request_is_not_free_for_this_one(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    later = desk.ask()
    desk.ask(flags={"suicidal_thoughts": "yes"})

    assert of_people(supervisor, later) == {"Ana Example": wording.BLOCKS[Block.OUTRANKED]}
    assert "1 goes before it." in of_request(supervisor, later)


def test_nothing_stands_in_the_way_of_a_request_that_is_due(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    assert "Nothing: it is due" in of_request(supervisor, desk.ask())


def test_the_answer_at_a_glance_is_that_nobody_is_on_shift(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor(shift=hours(5, 9))

    assert wording.NOBODY_ON in of_request(supervisor, desk.ask())


def test_the_answer_at_a_glance_is_how_many_each_rule_keeps_from_it(desk: Desk, supervisor: Browser) -> None:
    for name in ("Ana Example", "Ben Example", "Cat Example"):
        desk.counsellor(name)
    desk.knows_everything()
    become(desk, 3, PresenceState.AWAY)

    answer = of_request(supervisor, desk.ask(language="pl"))

    assert "Nobody on shift can ring now (does not speak the language: 2; away: 1)." in answer


def test_the_answer_at_a_glance_is_that_somebody_could_ring_and_what_to_look_at(
    desk: Desk, supervisor: Browser
) -> None:
    desk.counsellor("Ana Example")
    reference = desk.ask()

    one = of_request(supervisor, reference)
    desk.counsellor("Ben Example")

    assert wording.SOMEBODY_COULD in one
    assert wording.SOME_COULD.format(count=2) in of_request(supervisor, reference)


def test_while_nobody_at_all_can_be_rung_that_is_said_first(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    with desk.app.app_context(), transaction() as session:
        for kind in (Trouble.DIALLING_FAILS, Trouble.TEXTS_FAIL):
            trouble.begin(session, kind, now=desk.clock())

    answer = of_request(supervisor, reference)

    assert answer.index(WORDS[Trouble.DIALLING_FAILS]) < answer.index("Nothing: it is due")
    assert WORDS[Trouble.TEXTS_FAIL] not in answer


def test_a_request_for_later_is_not_due_yet(desk: Desk, supervisor: Browser) -> None:
    for name in ("Ana Example", "Ben Example"):
        desk.counsellor(name)

    reference = desk.ask(when=Span(NOON + timedelta(hours=3), NOON + timedelta(hours=4)))

    assert "Not due until 15:00." in of_request(supervisor, reference)


def test_a_time_that_is_not_safe_is_told_with_its_end(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    safe = (Span(NOON, NOON + timedelta(hours=1)), Span(NOON + timedelta(hours=4), NOON + timedelta(hours=5)))
    reference = desk.ask(safe_times=safe)

    desk.clock.on(hours=2)

    assert "until 16:00" in of_request(supervisor, reference)


def test_another_request_for_the_same_number_is_named_as_the_reason(desk: Desk, supervisor: Browser) -> None:
    for name in ("Ana Example", "Ben Example"):
        desk.counsellor(name)
    first = desk.ask()
    desk.match()
    second = desk.ask()
    with desk.app.app_context(), transaction() as session:
        number = desk.row(first)
        other = session.merge(desk.row(second))
        other.phone, other.phone_digest = number.phone, number.phone_digest

    assert wording.BLOCKS[Block.NUMBER_BUSY] in of_request(supervisor, second)


def test_a_request_that_is_being_rung_says_so(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    desk.match()

    assert "Nothing" not in of_request(supervisor, reference)


def test_a_request_in_review_says_that_a_person_decides(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    with desk.app.app_context(), transaction() as session:
        callback = session.merge(desk.row(reference))
        callback.move(Event.HOLD, due_by=callback.never_after, now=NOON)
        callback.review_reason = "not_the_person"

    assert "Nothing: it is due" not in of_request(supervisor, reference)
    assert "somebody else answered" in of_request(supervisor, reference).lower()


def test_a_request_that_was_cancelled_is_closed(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()
    reference = desk.ask()
    with desk.app.app_context(), transaction() as session:
        withdraw(session, token=desk.row(reference).token, now=NOON)

    assert "cancelled" in of_request(supervisor, reference).lower()


def test_the_answer_holds_nothing_that_says_who_the_visitor_is(desk: Desk, supervisor: Browser) -> None:
    desk.counsellor()

    answer = page(supervisor, desk.ask(name="Wilhelmina", message="Please be discreet"))

    assert "Wilhelmina" not in answer
    assert "discreet" not in answer
    assert "7009009" not in answer.replace(" ", "")

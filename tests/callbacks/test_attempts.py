"""What follows a ring that did not lead to a conversation."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.attempts import GAP, MOST_RINGS, GiveUp, Next, Review, ReviewReason, TryAgain, after
from callbacks.domain.codes import ENDS_CASE, USES_NO_ATTEMPT, ContactOutcome
from callbacks.domain.window import Asap, Span, Wanted, may_ring
from tests.conftest import NOON

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TODAY_AND_TOMORROW = Wanted(
    asked_at=NOON, when=Asap(), safe_times=(Span(NOON, NOON + 2 * HOUR), Span(NOON + DAY, NOON + DAY + HOUR))
)
C = ContactOutcome


def follows(
    outcome: ContactOutcome, *, rings_made: int = 1, unsure: int = 0, wanted: Wanted = TODAY_AND_TOMORROW
) -> Next:
    return after(outcome, rings_made=rings_made, unsure=unsure, wanted=wanted, now=NOON, zone=LONDON)


TOMORROW = TryAgain(NOON + DAY)
IN_HALF_AN_HOUR = TryAgain(NOON + GAP)

FIRST_RING: dict[ContactOutcome, Next] = {
    C.NO_ANSWER: IN_HALF_AN_HOUR,
    C.ENGAGED: IN_HALF_AN_HOUR,
    C.VOICEMAIL_LEFT: IN_HALF_AN_HOUR,
    C.VOICEMAIL_REACHED_NONE_LEFT: IN_HALF_AN_HOUR,
    C.VERIFICATION_FAILED: IN_HALF_AN_HOUR,
    C.CALL_DROPPED: IN_HALF_AN_HOUR,
    C.ANSWERED_NOT_SAFE: TOMORROW,  # the present window has shown itself unsafe
    C.ANSWERED_OTHER_PERSON: TOMORROW,
    C.TECHNICAL_FAILURE: TryAgain(NOON, goes_first=True),  # our failure: at once, and before others
    C.COUNSELLOR_UNAVAILABLE: TryAgain(NOON, goes_first=True),
    C.WITHHELD_BLOCKED: Review(ReviewReason.NUMBER_FAILS),
    C.NUMBER_INVALID: Review(ReviewReason.NUMBER_FAILS),
    C.NUMBER_WRONG: Review(ReviewReason.NUMBER_FAILS),
    C.ABUSIVE_OR_HOAX: Review(ReviewReason.NUMBER_FAILS),
    C.EMERGENCY_TRANSFERRED: Review(ReviewReason.FLAGGED),
}


@pytest.mark.parametrize("outcome", FIRST_RING)
def test_after_the_first_ring(outcome: ContactOutcome) -> None:
    assert follows(outcome) == FIRST_RING[outcome]


def test_every_outcome_without_a_conversation_is_decided_upon() -> None:
    assert set(FIRST_RING) == set(ContactOutcome) - {C.ANSWERED_RIGHT_PERSON}


@pytest.mark.parametrize("outcome", [C.NO_ANSWER, C.ENGAGED, C.VOICEMAIL_LEFT, C.CALL_DROPPED])
def test_the_fourth_ring_is_the_last(outcome: ContactOutcome) -> None:
    assert follows(outcome, rings_made=3) == IN_HALF_AN_HOUR
    assert follows(outcome, rings_made=4) == GiveUp()


def test_a_last_ring_that_failed_on_our_side_is_not_the_visitors_silence() -> None:
    assert follows(C.TECHNICAL_FAILURE, rings_made=4) == Review(ReviewReason.OUR_FAILURE)


@pytest.mark.parametrize("outcome", [C.ANSWERED_OTHER_PERSON, C.VERIFICATION_FAILED])
def test_after_somebody_else_answered_twice_a_supervisor_decides(outcome: ContactOutcome) -> None:
    assert follows(outcome, rings_made=2, unsure=2) == Review(ReviewReason.NOT_THE_PERSON)


def test_when_no_safe_time_is_left_and_rings_are_a_supervisor_decides() -> None:
    last_minutes = Wanted(asked_at=NOON, when=Span(NOON - HOUR, NOON + GAP))

    assert follows(C.NO_ANSWER, wanted=last_minutes) == Review(ReviewReason.SAFE_TIMES_OVER)
    assert follows(C.ANSWERED_NOT_SAFE, wanted=last_minutes) == Review(ReviewReason.SAFE_TIMES_OVER)


def test_a_retry_at_night_waits_for_the_morning() -> None:
    at_night = NOON + timedelta(hours=10, minutes=45)  # 22:45, rung once within the two hours that were asked for
    wanted = Wanted(asked_at=at_night - timedelta(minutes=100), when=Asap())

    step = after(C.NO_ANSWER, rings_made=1, unsure=0, wanted=wanted, now=at_night, zone=LONDON)

    assert step == TryAgain(NOON + timedelta(hours=20))  # 08:00


outcomes = st.sampled_from(sorted(set(ContactOutcome) - {C.ANSWERED_RIGHT_PERSON}))


@given(outcomes, st.integers(1, MOST_RINGS), st.integers(0, 4), st.integers(0, 60 * 30))
def test_no_step_ever_rings_once_more_than_allowed_or_outside_safe_times(
    outcome: ContactOutcome, rings_made: int, unsure: int, minutes: int
) -> None:
    now = NOON + timedelta(minutes=minutes)

    step = after(outcome, rings_made=rings_made, unsure=unsure, wanted=TODAY_AND_TOMORROW, now=now, zone=LONDON)

    if isinstance(step, TryAgain):
        assert rings_made < MOST_RINGS
        assert outcome not in ENDS_CASE
        assert may_ring(TODAY_AND_TOMORROW, now=step.at, zone=LONDON)
        assert step.at >= now if outcome in USES_NO_ATTEMPT else step.at > now
        assert step.goes_first is (outcome in USES_NO_ATTEMPT)

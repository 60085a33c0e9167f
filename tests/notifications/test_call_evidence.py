"""However the news of a call comes in, late, doubled, out of order or not at all, it ends in the same state."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app import WATCHES_EVERY
from callbacks import queries as callbacks
from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.operations.ask import ask
from callbacks.operations.match import match_waiting
from foundation.phone import Phone
from notifications import queries
from notifications.domain.call import (
    DEADLINES,
    FINAL,
    NO_REASON,
    RANKS,
    RULES,
    CallState,
    Evidence,
    Leg,
    LegStatus,
    Press,
    advance,
    rank,
    standing,
)
from notifications.domain.trouble import Trouble
from notifications.models import CallRow
from notifications.operations import hear, order, place, settle
from notifications.telephony.port import CallOrder
from notifications.telephony.twilio import ANSWERS_WITHIN_S, TIMEOUT_S
from tests.notifications.story import (
    COUNSELLOR,
    LEG_IDS,
    STORIES,
    VISITOR,
    Asks,
    News,
    Question,
    Step,
    Story,
    at,
    is_possible,
)
from tests.rota.planning import LONDON

# -- the rules alone, on a row that no database holds ----------------------------------------------------------------


def a_call() -> CallRow:
    """A call that was just handed over."""
    return CallRow(id=uuid4(), state=CallState.PLACING, handed_over_at=at(0), dial_bridged=False)


def add(call: CallRow, step: Step, *, now: datetime) -> None:
    """Add to what is known of a call, and bring its state up to it."""
    if isinstance(step, News):
        call.leg(step.role).hear(
            step.status, duration_s=step.duration_s, at=at(step.second), sip_code=step.sip_code, now=now
        )
    elif step.asks is Asks.ANSWER:
        call.leg(COUNSELLOR).hear(LegStatus.IN_PROGRESS, at=now, now=now)
        call.prompted_at = call.prompted_at or now
    elif step.asks is Asks.ACCEPT:
        call.press = Press.TOOK if step.digits == "1" else Press.PASSED
    elif step.asks is Asks.HELLO:
        call.leg(VISITOR).hear(LegStatus.IN_PROGRESS, at=now, now=now)
        call.greeted_at = call.greeted_at or now
    elif step.asks is Asks.STOP:
        call.cancelled_at = now
    else:
        call.leg(VISITOR).hear(step.status, duration_s=step.duration_s, at=now, now=now)
        call.dial_over_at = now
        call.dial_bridged = call.dial_bridged or step.was_bridged
    call.taken_on_at = call.taken_on_at or now
    call.state = advance(CallState(call.state), call.evidence())


def after(steps: list[Step]) -> list[CallState]:
    """The states that a call goes through when it hears of these steps, a second apart."""
    call, states = a_call(), []
    for number, step in enumerate(steps):
        add(call, step, now=at(100 + number))
        states.append(CallState(call.state))
    return states


@st.composite
def tellings(draw: st.DrawFn, story: Story) -> list[Step]:
    """The steps of a story as they may reach us: news late, doubled and in any order."""
    arrivals: list[tuple[float, int, Step]] = []
    for number, step in enumerate(story.steps):
        arrivals.append((float(number), number, step))
        if isinstance(step, News):
            times = 1 + draw(st.booleans())
            delays = [draw(st.sampled_from([0.0, 0.5, 1.5, 2.5, 4.5, 8.5, 20.5])) for _ in range(times)]
            arrivals[-1:] = [(number + delay, number, step) for delay in delays]
    return [step for _, _, step in sorted(arrivals, key=lambda arrival: arrival[:2])]


@pytest.mark.parametrize("name", STORIES)
def test_a_story_told_as_it_happens_ends_as_it_should(name: str) -> None:
    assert after(list(STORIES[name].steps))[-1] is STORIES[name].ends


@given(st.sampled_from(sorted(STORIES)), st.data())
def test_f04_f05_late_doubled_and_disordered_news_end_in_the_same_state(name: str, data: st.DataObject) -> None:
    told = data.draw(tellings(STORIES[name]))

    states = after(told)

    assert is_possible(told, STORIES[name])
    assert states[-1] is STORIES[name].ends
    assert [rank(state) for state in states] == sorted(rank(state) for state in states)


SHORT = [name for name, story in STORIES.items() if len(story.steps) <= 6]


@pytest.mark.parametrize("name", SHORT)
def test_every_order_of_a_short_story_ends_in_the_same_state(name: str) -> None:
    story = STORIES[name]

    possible = [steps for steps in permutations(story.steps) if is_possible(steps, story)]

    assert len(possible) > 1
    assert {after(list(steps))[-1] for steps in possible} == {story.ends}


def test_the_stories_end_in_every_state_that_news_can_lead_to() -> None:
    not_by_news = {CallState.WITHHELD, CallState.REFUSED, CallState.LOST}
    of_a_check = {CallState.CONFIRMED}  # of a telephone: it rings no visitor, and has tests of its own

    assert {story.ends for story in STORIES.values()} == FINAL - not_by_news - of_a_check


# -- any evidence whatever -------------------------------------------------------------------------------------------

legs = st.builds(
    Leg,
    status=st.none() | st.sampled_from(LegStatus),
    answered=st.booleans(),
    duration_s=st.integers(0, 100),
    ended_at=st.none() | st.integers(0, 9).map(at),
    sip_code=st.sampled_from([None, NO_REASON, "200", "404", "486", "503"]),
)
evidence = st.builds(
    Evidence,
    handed_over=st.booleans(),
    no_word=st.booleans(),
    taken_on=st.booleans(),
    withheld=st.none() | st.just("closed"),
    refused=st.none() | st.just("13224"),
    turned_away=st.none() | st.just("21215"),
    never_sent=st.booleans(),
    cancelled=st.booleans(),
    prompted=st.booleans(),
    press=st.none() | st.sampled_from(Press),
    greeted=st.booleans(),
    talking=st.booleans(),
    dial_over=st.booleans(),
    dial_bridged=st.booleans(),
    counsellor=legs,
    visitor=legs,
)


@given(evidence, st.sampled_from(CallState))
def test_a_state_is_never_followed_by_a_lower_one_and_a_final_one_never_at_all(
    known: Evidence, before: CallState
) -> None:
    reached = advance(before, known)

    assert rank(reached) >= rank(before)
    assert reached is before or before not in FINAL


@given(evidence)
def test_any_evidence_shows_a_state_that_is_final_or_has_a_deadline(known: Evidence) -> None:
    state = standing(known)

    assert state in FINAL or state in DEADLINES or state is CallState.WAITING


@given(evidence)
def test_nothing_shows_the_visitor_as_rung_before_the_counsellor_pressed_1(known: Evidence) -> None:
    theirs = {CallState.CONNECTING, CallState.VISITOR_RINGING, CallState.VISITOR_ANSWERED, CallState.BRIDGED}
    ended = {CallState.BUSY, CallState.NO_ANSWER, CallState.VISITOR_FAILED, CallState.HUNG_UP, CallState.FINISHED}

    if known.press is not Press.TOOK:
        assert standing(known) not in theirs | ended


def test_every_state_is_shown_by_some_rule() -> None:
    assert {rule.state for rule in RULES} == set(CallState)


words = st.lists(st.tuples(st.sampled_from(LegStatus), st.integers(0, 90), st.integers(0, 9)), max_size=8)


@given(words)
def test_a_leg_only_rises(heard: list[tuple[LegStatus, int, int]]) -> None:
    leg = Leg()

    for status, duration_s, second in heard:
        before, leg = leg, leg.heard(status, duration_s=duration_s, at=at(second))

        assert leg.rank == max(before.rank, RANKS[status])
        assert leg.duration_s >= before.duration_s
        assert leg.answered >= before.answered
        assert (leg.ended_at is not None) == leg.ended


@given(words, st.randoms())
def test_how_far_a_leg_got_does_not_depend_on_the_order_of_its_news(
    heard: list[tuple[LegStatus, int, int]], dice: object
) -> None:
    def told(order: list[tuple[LegStatus, int, int]]) -> tuple[int, bool, int]:
        leg = Leg()
        for status, duration_s, second in order:
            leg = leg.heard(status, duration_s=duration_s, at=at(second))
        return leg.rank, leg.answered, leg.duration_s

    shuffled = list(heard)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random

    assert told(shuffled) == told(heard)


# -- real rows, and the reconciler for what never came ---------------------------------------------------------------


def a_call_that_was_placed(session: Session) -> CallRow:
    """A request that was matched, whose call the dialler has handed over; nothing is committed."""
    wanted = Ask(phone=Phone("+447700900982"), consent_version=CONSENT_VERSION)
    ask(session, wanted, idempotency=None, zone=LONDON, now=at(0))
    match_waiting(session, zone=LONDON, now=at(0))
    claimed = place.claim_call(session, now=at(0))
    assert isinstance(claimed, CallOrder)
    call = queries.lock_call(session, claimed.call_id)
    assert call is not None
    return call


def tell(session: Session, call: CallRow, step: Step, *, heard_at: datetime | None = None) -> None:
    """Let one step reach us, at the very second at which it happens if nothing else is said."""
    now = heard_at or at(step.second)
    if isinstance(step, News):
        hear.leg_status(
            session,
            call_id=call.id,
            role=step.role,
            provider_id=LEG_IDS[step.role],
            status=step.status,
            duration_s=step.duration_s,
            sip_code=step.sip_code,
            at=at(step.second),
            now=now,
        )
    elif step.asks is Asks.ANSWER:
        hear.counsellor_answered(session, call_id=call.id, provider_id=LEG_IDS[COUNSELLOR], now=now)
    elif step.asks is Asks.ACCEPT:
        leg = LEG_IDS[COUNSELLOR]
        hear.counsellor_pressed(session, call_id=call.id, provider_id=leg, digits=step.digits, now=now)
    elif step.asks is Asks.HELLO:
        hear.visitor_answered(session, call_id=call.id, provider_id=LEG_IDS[VISITOR], now=now)
    elif step.asks is Asks.STOP:
        with suppress(order.StillTalking):  # then whoever cancels is told that the two talk on
            order.cancel_call(session, call_id=call.id, now=now)
    else:
        hear.dial_over(
            session,
            call_id=call.id,
            visitor_leg_id=LEG_IDS[VISITOR],
            status=step.status,
            duration_s=step.duration_s,
            bridged=step.was_bridged,
            is_back=True,
            now=now,
        )


def reconcile(session: Session, call: CallRow, story: Story, *, looks: int = 8) -> None:
    """Ask about the call at each of its deadlines, long after everything is over."""
    now = at(200)
    for _ in range(looks):
        if call.ended_at is not None:
            return
        assert call.deadline_at is not None, f"{call.state} has no deadline"
        now = max(now, call.deadline_at)
        asked = settle.question(session, call_id=call.id, now=now)
        if asked is None:
            continue
        ours, theirs = story.record(COUNSELLOR), story.record(VISITOR)
        if asked.ask is settle.Ask.FIND:
            records = settle.Records(found=(ours,) if ours else ())
        else:
            records = settle.Records(counsellor=ours, visitor=theirs)
        settle.answered(session, asked=asked, records=records, now=now)
        now += timedelta(seconds=1)


def losses(story: Story) -> dict[str, list[Step]]:
    """What is lost on its way to us, by what it is."""
    done: list[Step] = [step for step in story.steps if isinstance(step, Question) and step.asks is Asks.DONE]
    return {
        "all news": list(story.news),
        "all news, and what came back": [*story.news, *done],
        "news of the counsellor": [step for step in story.news if step.role == COUNSELLOR],
        "the endings": [step for step in story.news if RANKS[step.status] >= RANKS[LegStatus.CANCELED]],
    }


@pytest.mark.usefixtures("a_rota")
@pytest.mark.parametrize("name", STORIES)
def test_f06_what_never_came_is_found_in_the_providers_records(app: Flask, session: Session, name: str) -> None:
    story, ended, should = STORIES[name], {}, {}

    for what, lost in losses(story).items():
        call = a_call_that_was_placed(session)
        if what == "all news":
            place.call_outcome_unknown(session, call_id=call.id, now=at(0))  # the 201 was lost too
        else:
            place.call_accepted(session, call_id=call.id, provider_id=LEG_IDS[COUNSELLOR], now=at(0))
        for step in story.steps:
            if step not in lost:
                tell(session, call, step)
        reconcile(session, call, story)
        ended[what], should[what] = CallState(call.state), story.ends_without(lost)
        session.rollback()

    assert ended == should


@pytest.mark.usefixtures("a_rota")
@pytest.mark.parametrize("told_first", ["the way back", "the news"])
def test_when_the_counsellors_line_went_first_the_visitor_did_not_decline(
    app: Flask, session: Session, told_first: str
) -> None:
    story = STORIES["the counsellor hangs up while it rings"]
    call = a_call_that_was_placed(session)
    endings, before = story.steps[-2:], story.steps[:-2]

    def way_back() -> None:  # the company asks what to do next although nobody is there to do it with
        hear.dial_over(
            session,
            call_id=call.id,
            visitor_leg_id=LEG_IDS[VISITOR],
            status=LegStatus.NO_ANSWER,
            duration_s=0,
            bridged=False,
            is_back=False,
            now=at(18),
        )

    for step in before:
        tell(session, call, step)
    if told_first == "the way back":
        way_back()
    for step in endings:
        tell(session, call, step)
    if told_first == "the news":
        way_back()

    assert call.state == CallState.ABANDONED
    session.rollback()


@pytest.mark.usefixtures("a_rota")
def test_f38_a_company_that_says_nothing_at_all_is_noticed_within_a_minute_though_only_one_call_waits(
    app: Flask, session: Session
) -> None:
    call, now = a_call_that_was_placed(session), at(TIMEOUT_S)
    place.call_outcome_unknown(session, call_id=call.id, now=now)

    while not queries.troubles(session):
        assert call.deadline_at is not None
        now = max(now, call.deadline_at)
        assert settle.question(session, call_id=call.id, now=now)
        now += timedelta(seconds=ANSWERS_WITHIN_S)
        settle.no_answer(session, call_id=call.id, now=now)

    assert [row.kind for row in queries.troubles(session)] == [Trouble.SETTLING_FAILS]
    assert now - at(0) <= timedelta(minutes=1) - WATCHES_EVERY  # the timekeeper may have looked just before
    session.rollback()


# -- any of it lost, doubled and in any order, and then the records ----------------------------------------------------


def losable(story: Story) -> list[Step]:
    """What may never reach us: any news, and word that the counsellor's leg came back."""
    return [step for step in story.steps if isinstance(step, News) or step.asks is Asks.DONE]


@st.composite
def any_telling(draw: st.DrawFn, story: Story) -> tuple[list[Step], list[Step]]:
    """The steps of a story as they may reach us, some lost, some doubled, in any possible order; and what was lost.

    Questions keep their turn, because the company waits for each answer; a question may be asked again later.
    """
    lost = draw(st.lists(st.sampled_from(losable(story)), unique=True))
    left = [step for step in story.steps if step not in lost]
    told: list[Step] = []
    while left:
        upto = next((number for number, step in enumerate(left) if isinstance(step, Question)), len(left) - 1)
        told.append(left.pop(draw(st.integers(0, upto))))
    for step in draw(st.lists(st.sampled_from(told), max_size=4)) if told else []:
        told.insert(draw(st.integers(told.index(step) + 1, len(told))), step)
    return told, lost


def hear_all(session: Session, call: CallRow, told: list[Step]) -> list[CallState]:
    """Let the steps reach us in this order, each no sooner than it happened; the states that the call goes through."""
    states, second = [CallState(call.state)], 0.0
    for step in told:
        second = max(second, step.second)
        tell(session, call, step, heard_at=at(second))
        states.append(CallState(call.state))
    return states


@pytest.mark.usefixtures("a_rota")
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(STORIES)), st.booleans(), st.data())
def test_f04_f05_f06_whatever_is_lost_doubled_or_late_the_records_lead_to_the_same_end(
    app: Flask, session: Session, name: str, answer_came: bool, data: st.DataObject
) -> None:
    story = STORIES[name]
    told, lost = data.draw(any_telling(story))
    session.rollback()  # what an example that failed has left
    call = a_call_that_was_placed(session)
    if answer_came:
        place.call_accepted(session, call_id=call.id, provider_id=LEG_IDS[COUNSELLOR], now=at(0))
    else:
        place.call_outcome_unknown(session, call_id=call.id, now=at(0))

    states = hear_all(session, call, told)
    reconcile(session, call, story)
    ended, attempt = CallState(call.state), callbacks.attempt_of_call(session, call.id)

    heard_of = Story(tuple(step for step in story.steps if step not in lost), story.ends)
    assert is_possible([step for number, step in enumerate(told) if step not in told[:number]], heard_of)
    assert [rank(state) for state in states] == sorted(rank(state) for state in states)
    assert ended is story.ends_without(lost)
    assert attempt is not None
    assert attempt.result == ended
    session.rollback()

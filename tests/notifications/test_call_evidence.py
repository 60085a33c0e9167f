"""However the news of a call comes in, late, doubled, out of order or not at all, it ends in the same state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from callbacks import queries as callbacks
from callbacks.domain.asking import CONSENT_VERSION, Ask
from callbacks.operations.ask import ask
from callbacks.operations.match import match_waiting
from commands import WATCHES_EVERY
from foundation.phone import Phone
from notifications import queries
from notifications.domain.call import FINAL, RULES, CallState, Evidence, Press, advance, rank, standing
from notifications.domain.call_deadlines import DEADLINES
from notifications.domain.leg import NO_REASON, RANKS, Leg, LegStatus
from notifications.domain.trouble import Trouble
from notifications.models import CallRow
from notifications.operations import hear, order, place, settle
from notifications.telephony.port import CallOrder
from notifications.telephony.twilio import ANSWERS_WITHIN_S, TIMEOUT_S
from rota.operations.phone_check import begin_check
from rota.operations.presence import set_away
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

# -- the rules alone ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a call after some steps, and the state that it is in."""

    known: Evidence = field(default_factory=lambda: Evidence(handed_over=True))
    state: CallState = CallState.PLACING

    def then(self, step: Step, *, is_check: bool = False) -> Told:
        """After one more step, which may have been heard before."""
        return self.knowing(learnt(self.known, step, is_check=is_check))

    def knowing(self, known: Evidence) -> Told:
        return Told(known, advance(self.state, known))


def learnt(known: Evidence, step: Step, *, is_check: bool) -> Evidence:
    """What is known after one more step."""
    known = known.merged(taken_on=True)
    if isinstance(step, News):
        leg = known.counsellor if step.role == COUNSELLOR else known.visitor
        heard = leg.heard(step.status, duration_s=step.duration_s, at=at(step.second), sip_code=step.sip_code)
        return known.merged(**{step.role: heard})
    return _asked(known, step, is_check=is_check)


def _asked(known: Evidence, step: Question, *, is_check: bool) -> Evidence:  # noqa: PLR0911 - one for each question
    now = at(step.second)
    match step.asks:
        case Asks.ANSWER:
            return known.merged(counsellor=known.counsellor.heard(LegStatus.IN_PROGRESS, at=now), prompted=True)
        case Asks.ACCEPT if known.cancelled:
            return known
        case Asks.ACCEPT if step.digits == "1":
            return known.merged(press=Press.CONFIRMED if is_check else Press.TOOK)
        case Asks.ACCEPT:
            return known.merged(press=Press.PASSED)
        case Asks.HELLO:
            return known.merged(visitor=known.visitor.heard(LegStatus.IN_PROGRESS, at=now), greeted=True)
        case Asks.KEY:
            return known.merged(denied=True)
        case Asks.STOP:
            return known.merged(cancelled=True)
        case Asks.DONE:
            back = known.visitor.heard(step.status, duration_s=step.duration_s, at=now)
            over = known.merged(visitor=back, dial_over=True) if step.is_back else known
            return over.merged(dial_bridged=known.dial_bridged or step.was_bridged)


def settled(told: Told, story: Story) -> Told:
    """After a look at the telephone company's own records, when everything is over."""
    known = told.known
    for role in (COUNSELLOR, VISITOR):
        leg, record = known.counsellor if role == COUNSELLOR else known.visitor, story.record(role)
        if record is not None and record.status is not None:
            reason = NO_REASON if record.status is LegStatus.FAILED else None
            seen = leg.heard(record.status, duration_s=record.duration_s, at=record.ended_at, sip_code=reason)
            known = known.merged(**{role: seen})
    return told.knowing(known)


def after(story: Story, steps: Sequence[Step]) -> list[CallState]:
    """The states that a call goes through when it hears of these steps."""
    told, states = Told(), []
    for step in steps:
        told = told.then(step, is_check=story.is_check)
        states.append(told.state)
    return states


Heard = frozenset[int]


def ways(story: Story, *, never: Sequence[Step] = ()) -> Iterator[tuple[Heard, Told]]:
    """Every point that can be reached by hearing these steps in any possible order, doubled or not, or not at all.

    Each comes once, however many ways lead to it: a story of twelve steps has millions of orders, and few points.
    Yields the numbers of the steps that were heard, and what is known then. `never`: questions that are never asked.
    """
    numbers = [number for number, step in enumerate(story.steps) if step not in never]
    questions = [number for number in numbers if isinstance(story.steps[number], Question)]
    start: tuple[Heard, Told] = (frozenset(), Told())
    seen, edge = {start}, [start]
    while edge:
        heard, told = edge.pop()
        yield heard, told
        upto = min((number for number in questions if number not in heard), default=len(story.steps))
        for number in (number for number in numbers if number <= upto):
            after_it = told.then(story.steps[number], is_check=story.is_check)
            assert rank(after_it.state) >= rank(told.state)
            point = (heard | {number}, after_it)
            if point not in seen:
                seen.add(point)
                edge.append(point)


@pytest.mark.parametrize("name", STORIES)
def test_f04_f05_every_order_of_all_that_happens_however_often_it_is_heard_ends_in_the_same_state(name: str) -> None:
    story = STORIES[name]

    ends = {told.state for heard, told in ways(story) if len(heard) == len(story.steps)}

    assert ends == {story.ends}


@pytest.mark.parametrize("name", STORIES)
def test_f06_whatever_is_never_heard_the_records_lead_to_the_same_end_from_every_point(name: str) -> None:
    story = STORIES[name]
    way_back = [step for step in story.losable if isinstance(step, Question)]
    otherwise, points = [], 0

    for never in [[], way_back][: 1 + len(way_back)]:
        needed = {n for n, step in enumerate(story.steps) if isinstance(step, Question) and step not in never}
        for heard, told in ways(story, never=never):
            lost = [step for number, step in enumerate(story.steps) if number not in heard]
            points += needed <= heard
            if needed <= heard and settled(told, story).state is not story.ends_without(lost):
                otherwise.append((lost, settled(told, story).state))

    assert otherwise == []
    assert points > len(story.losable)


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
    assert after(STORIES[name], STORIES[name].steps)[-1] is STORIES[name].ends


@given(st.sampled_from(sorted(STORIES)), st.data())
def test_f04_f05_late_doubled_and_disordered_news_end_in_the_same_state(name: str, data: st.DataObject) -> None:
    told = data.draw(tellings(STORIES[name]))

    states = after(STORIES[name], told)

    assert is_possible(told, STORIES[name])
    assert states[-1] is STORIES[name].ends
    assert [rank(state) for state in states] == sorted(rank(state) for state in states)


def test_the_stories_end_in_every_state_that_news_can_lead_to() -> None:
    not_by_news = {CallState.WITHHELD, CallState.REFUSED, CallState.LOST}

    assert {story.ends for story in STORIES.values()} == FINAL - not_by_news


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
    denied=st.booleans(),
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


@given(evidence)
def test_whoever_says_that_it_is_not_for_them_is_never_shown_as_connected(known: Evidence) -> None:
    assert standing(known.merged(denied=True)) not in (CallState.BRIDGED, CallState.FINISHED)


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


@pytest.mark.parametrize("inferred", [LegStatus.CANCELED, LegStatus.FAILED, LegStatus.BUSY, LegStatus.NO_ANSWER])
def test_a_leg_that_is_known_to_have_been_answered_is_not_over_otherwise(inferred: LegStatus) -> None:
    leg = Leg().heard(inferred, at=at(1)).heard(LegStatus.COMPLETED, duration_s=9, at=at(2))

    assert (leg.status, leg.ended_at, leg.heard(inferred, at=at(3)).status) == ("completed", at(2), "completed")


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


def a_call_that_was_placed(session: Session, story: Story | None = None) -> CallRow:
    """A request that was matched, or a check, whose call the dialler has handed over; nothing is committed."""
    if story is not None and story.is_check:
        set_away(session, counsellor_id=1, by=None, now=at(0))
        begin_check(session, counsellor_id=1, by=None, now=at(0))
        return handed_over(session)
    wanted = Ask(phone=Phone("+447700900982"), consent_version=CONSENT_VERSION)
    ask(session, wanted, idempotency=None, zone=LONDON, now=at(0))
    match_waiting(session, zone=LONDON, now=at(0))
    return handed_over(session)


def handed_over(session: Session) -> CallRow:
    """The one call that waits."""
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
    elif step.asks is Asks.KEY:
        hear.visitor_pressed(session, call_id=call.id, provider_id=LEG_IDS[VISITOR], digits="9", now=now)
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
            is_back=step.is_back,
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
        "all news, and what came back": [*story.news, *done],
        "the endings": [step for step in story.news if RANKS[step.status] >= RANKS[LegStatus.CANCELED]],
    }


@pytest.mark.usefixtures("a_rota")
@pytest.mark.parametrize("name", STORIES)
def test_f06_what_never_came_is_found_in_the_providers_records(app: Flask, session: Session, name: str) -> None:
    story, ended, should = STORIES[name], {}, {}

    for what, lost in losses(story).items():
        call = a_call_that_was_placed(session, story)
        if what.startswith("all news"):
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


@pytest.mark.usefixtures("a_rota")
def test_f06_two_workers_do_not_ask_about_one_call_at_once(app: Flask, session: Session) -> None:
    call = a_call_that_was_placed(session)
    place.call_accepted(session, call_id=call.id, provider_id=LEG_IDS[COUNSELLOR], now=at(0))
    assert call.deadline_at is not None
    overdue = call.deadline_at

    asked = [settle.question(session, call_id=call.id, now=overdue) for _ in range(2)]

    assert [one is not None for one in asked] == [True, False]
    session.rollback()


# -- any of it lost, doubled and in any order, and then the records ----------------------------------------------------


@st.composite
def any_telling(draw: st.DrawFn, story: Story) -> tuple[list[Step], list[Step]]:
    """The steps of a story as they may reach us, some lost, some doubled, in any possible order; and what was lost.

    Questions keep their turn, because the company waits for each answer; a question may be asked again later.
    """
    lost = draw(st.lists(st.sampled_from(story.losable), unique=True))
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
    call = a_call_that_was_placed(session, story)
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
    assert story.is_check or (attempt is not None and attempt.result == ended)
    assert all(leg.ended_at or leg.deadline_at for leg in call.legs if leg.provider_id)
    session.rollback()

"""Who rings whom: each rule that keeps a pair apart, the order of service, and the sentence that says why."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.asking import Gender, GenderWish, Strength
from callbacks.domain.matching import AGEING, Block, Free, Plan, Waiting, blocked_by, level, match, order
from callbacks.domain.triage import Urgency
from tests.conftest import NOON

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

ONLY_A_WOMAN = GenderWish(Gender.FEMALE, Strength.ONLY)
RATHER_A_WOMAN = GenderWish(Gender.FEMALE, Strength.PREFER)


def a_request(callback_id: int = 1, **facts: Any) -> Waiting:
    """A routine request that may be rung now."""
    usual: dict[str, Any] = {
        "urgency": Urgency.ROUTINE,
        "asked_at": NOON,
        "due_at": NOON,
        "safe_until": NOON + HOUR,
    }
    return Waiting(callback_id, **(usual | facts))


def a_counsellor(counsellor_id: int = 1, **facts: Any) -> Free:
    """Somebody without special abilities, who has been free for an hour."""
    usual: dict[str, Any] = {
        "skills": frozenset(),
        "languages": frozenset({"en"}),
        "gender": None,
        "free_since": NOON - HOUR,
    }
    return Free(counsellor_id, **(usual | facts))


def pairs(plan: Plan) -> dict[int, int]:
    return {made.callback_id: made.counsellor_id for made in plan.matches}


# -- what keeps a pair apart -----------------------------------------------------------------------------------------

BLOCKS: dict[Block, tuple[Waiting, Free]] = {
    Block.TAKEN: (a_request(), a_counsellor(has_call=True)),
    Block.SKILL: (a_request(needs=frozenset({"young_people"})), a_counsellor(skills=frozenset({"crisis"}))),
    Block.LANGUAGE: (a_request(language="cy"), a_counsellor(languages=frozenset({"en", "pl"}))),
    Block.GENDER: (a_request(gender=ONLY_A_WOMAN), a_counsellor(gender="male")),
    Block.NAMED: (a_request(named=2), a_counsellor(1)),
    Block.EXCLUDED: (a_request(excluded=frozenset({1})), a_counsellor(1)),
}


@pytest.mark.parametrize("block", BLOCKS)
def test_each_rule_keeps_a_pair_apart_and_is_named(block: Block) -> None:
    request, counsellor = BLOCKS[block]

    plan = match([request], [counsellor], now=NOON)

    assert plan.matches == ()
    assert plan.blocked == {(1, 1): block}


NOT_READY: dict[Block, Waiting] = {
    Block.NOT_DUE: a_request(due_at=NOON + MINUTE),
    Block.OUTSIDE_SAFE_TIMES: a_request(safe_until=None),
    Block.NUMBER_BUSY: a_request(line=b"a line that rings"),
}


@pytest.mark.parametrize("block", NOT_READY)
def test_each_reason_to_ring_nobody_at_this_moment_is_named(block: Block) -> None:
    plan = match([NOT_READY[block]], [a_counsellor()], rung={b"a line that rings"}, now=NOON)

    assert (plan.matches, plan.not_ready) == ((), {1: block})


def test_a_safe_time_that_ends_now_is_over() -> None:
    plan = match([a_request(safe_until=NOON)], [a_counsellor()], now=NOON)

    assert plan.not_ready == {1: Block.OUTSIDE_SAFE_TIMES}


def test_two_requests_for_one_telephone_never_ring_it_at_once() -> None:
    requests = [a_request(1, line=b"shared"), a_request(2, line=b"shared"), a_request(3, line=b"another")]

    plan = match(requests, [a_counsellor(n) for n in (1, 2, 3)], now=NOON)

    assert set(pairs(plan)) == {1, 3}
    assert plan.not_ready == {2: Block.NUMBER_BUSY}


def test_whoever_goes_to_a_request_that_comes_first_is_named_as_outranked() -> None:
    plan = match([a_request(1, urgency=Urgency.URGENT), a_request(2)], [a_counsellor()], now=NOON)

    assert pairs(plan) == {1: 1}
    assert plan.blocked == {(2, 1): Block.OUTRANKED}


def test_every_block_is_shown_by_a_test_above() -> None:
    assert set(BLOCKS) | set(NOT_READY) | {Block.OUTRANKED} == set(Block)


def test_the_rules_are_asked_in_their_order() -> None:
    wants_everything = a_request(
        needs=frozenset({"crisis"}), language="cy", gender=ONLY_A_WOMAN, excluded=frozenset({1})
    )
    improving: list[dict[str, Any]] = [
        {"has_call": True},
        {"has_call": False},
        {"skills": frozenset({"crisis"})},
        {"languages": frozenset({"cy"})},
        {"gender": "female"},
        {"counsellor_id": 2},
    ]

    found, counsellor = [], a_counsellor(1)
    for better in improving:
        counsellor = replace(counsellor, **better)
        found.append(blocked_by(wants_everything, counsellor))

    assert found == [Block.TAKEN, Block.SKILL, Block.LANGUAGE, Block.GENDER, Block.EXCLUDED, None]


# -- wishes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["male", None])
def test_f35_nobody_is_put_in_the_place_of_the_only_one_wished_for(other: str | None) -> None:
    plan = match([a_request(gender=ONLY_A_WOMAN)], [a_counsellor(n, gender=other) for n in (1, 2, 3)], now=NOON)

    assert plan.matches == ()
    assert set(plan.blocked.values()) == {Block.GENDER}


def test_a_preference_is_met_when_it_can_be_and_never_delays_a_call() -> None:
    man = a_counsellor(1, gender="male", free_since=NOON - 5 * HOUR)
    woman = a_counsellor(2, gender="female", skills=frozenset({"crisis", "family"}), free_since=NOON)

    both_free = match([a_request(gender=RATHER_A_WOMAN)], [man, woman], now=NOON)
    man_free = match([a_request(gender=RATHER_A_WOMAN)], [man], now=NOON)

    assert pairs(both_free) == {1: 2}
    assert pairs(man_free) == {1: 1}


def test_rare_abilities_are_spared_for_those_who_need_them() -> None:
    all_rounder = a_counsellor(1, skills=frozenset({"crisis", "young_people"}), free_since=NOON - 9 * HOUR)
    speaks_welsh = a_counsellor(2, languages=frozenset({"en", "cy"}), free_since=NOON - 8 * HOUR)
    plain = a_counsellor(3, free_since=NOON)

    plan = match([a_request()], [all_rounder, speaks_welsh, plain], now=NOON)

    assert pairs(plan) == {1: 3}


def test_of_equals_the_one_who_has_rested_longest_is_asked() -> None:
    plan = match(
        [a_request()],
        [a_counsellor(1, free_since=NOON), a_counsellor(2, free_since=NOON - HOUR), a_counsellor(3, free_since=NOON)],
        now=NOON,
    )

    assert pairs(plan) == {1: 2}


# -- who comes first -------------------------------------------------------------------------------------------------

SERVED_FIRST: dict[str, tuple[Waiting, Waiting]] = {
    # the first of each pair goes first, though it asked later
    "more urgent": (a_request(2, urgency=Urgency.URGENT), a_request(1, asked_at=NOON - HOUR)),
    "we failed them": (a_request(2, goes_first=True), a_request(1, asked_at=NOON - HOUR)),
    "promised sooner": (
        a_request(2, promised_until=NOON + MINUTE),
        a_request(1, asked_at=NOON - HOUR, promised_until=NOON + 2 * MINUTE),
    ),
    "safe for less long": (
        a_request(2, safe_until=NOON + MINUTE),
        a_request(1, asked_at=NOON - HOUR, safe_until=NOON + HOUR),
    ),
    "waited longer": (a_request(2, asked_at=NOON - HOUR), a_request(1)),
    "an emergency, whatever anybody's age": (
        a_request(2, urgency=Urgency.EMERGENCY),
        a_request(1, urgency=Urgency.VERY_URGENT, asked_at=NOON - timedelta(days=3), goes_first=True),
    ),
    "aged past the more urgent": (
        a_request(2, asked_at=NOON - 2 * AGEING, safe_until=NOON + MINUTE),
        a_request(1, urgency=Urgency.URGENT, asked_at=NOON - MINUTE),
    ),
}


@pytest.mark.parametrize("why", SERVED_FIRST)
def test_the_last_free_counsellor_goes_to_whoever_comes_first(why: str) -> None:
    first, second = SERVED_FIRST[why]

    plan = match([second, first], [a_counsellor()], now=NOON)

    assert pairs(plan) == {first.callback_id: 1}


@pytest.mark.parametrize(
    ("urgency", "hours", "rank"),
    [
        (Urgency.ROUTINE, 0, 3),
        (Urgency.ROUTINE, 3.99, 3),
        (Urgency.ROUTINE, 4, 2),
        (Urgency.ROUTINE, 8, 1),
        (Urgency.ROUTINE, 400, 1),
        (Urgency.URGENT, 4, 1),
        (Urgency.EMERGENCY, 0, 0),
        (Urgency.EMERGENCY, 40, 0),
    ],
)
def test_f34_waiting_lifts_a_request_by_a_level_every_four_hours_but_never_to_an_emergency(
    urgency: Urgency, hours: float, rank: int
) -> None:
    assert level(a_request(urgency=urgency, asked_at=NOON - hours * HOUR), NOON) == rank


# -- the sentence ----------------------------------------------------------------------------------------------------

SENTENCES: dict[str, tuple[Waiting, list[Free], str]] = {
    "the only one": (
        a_request(asked_at=NOON - MINUTE),
        [a_counsellor()],
        (
            "This request is routine and has waited 1 minute, and of those free they are the only one and have "
            "had no call for 60 minutes."
        ),
    ),
    "everything at once": (
        a_request(
            urgency=Urgency.VERY_URGENT,
            asked_at=NOON - 25 * MINUTE,
            goes_first=True,
            needs=frozenset({"young_people"}),
            language="cy",
            gender=ONLY_A_WOMAN,
        ),
        [
            a_counsellor(n, skills=frozenset({"young_people"}), languages=frozenset({"en", "cy"}), gender="female")
            for n in (1, 2)
        ],
        (
            "This request is very urgent and has waited 25 minutes, it goes first because an earlier call "
            "failed on our side, the counsellor has the skill it needs (young people), they speak the language "
            "asked for, the wish about the counsellor's gender is met, and of those free they are the best fit "
            "of 2 and have had no call for 60 minutes."
        ),
    ),
    "a preference that could not be met": (
        a_request(gender=RATHER_A_WOMAN),
        [a_counsellor(gender="male")],
        (
            "This request is routine and has just come in, nobody free met the wish about gender, and of "
            "those free they are the only one and have had no call for 60 minutes."
        ),
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_each_match_says_why_in_one_sentence(case: str) -> None:
    request, free, sentence = SENTENCES[case]

    [made] = match([request], free, now=NOON).matches

    assert made.reason == sentence


# -- whatever waits, whoever is free ---------------------------------------------------------------------------------

SKILLS = ("crisis", "young_people", "family")
LANGUAGES = ("en", "cy", "pl")
wishes = st.none() | st.builds(GenderWish, st.sampled_from(Gender), st.sampled_from(Strength))


@st.composite
def requests_waiting(draw: st.DrawFn) -> list[Waiting]:
    return [
        a_request(
            number,
            urgency=draw(st.sampled_from(Urgency)),
            asked_at=NOON - draw(st.integers(0, 1000)) * MINUTE,
            due_at=NOON + draw(st.integers(-5, 1)) * MINUTE,
            safe_until=draw(st.none() | st.integers(-1, 90).map(lambda m: NOON + m * MINUTE)),
            needs=draw(st.frozensets(st.sampled_from(SKILLS), max_size=1)),
            language=draw(st.sampled_from(LANGUAGES)),
            gender=draw(wishes),
            excluded=draw(st.frozensets(st.integers(1, 5), max_size=2)),
            line=draw(st.none() | st.sampled_from([b"one", b"two", b"three"])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


@st.composite
def counsellors_free(draw: st.DrawFn) -> list[Free]:
    return [
        a_counsellor(
            number,
            skills=draw(st.frozensets(st.sampled_from(SKILLS))),
            languages=draw(st.frozensets(st.sampled_from(LANGUAGES), min_size=1)),
            gender=draw(st.sampled_from(["female", "male", None])),
            free_since=NOON - draw(st.integers(0, 300)) * MINUTE,
            has_call=draw(st.booleans()),
        )
        for number in range(1, draw(st.integers(1, 5)))
    ]


@given(requests_waiting(), counsellors_free())
def test_every_pair_that_was_made_is_allowed_and_nobody_is_in_two(requests: list[Waiting], free: list[Free]) -> None:
    plan = match(requests, free, rung={b"three"}, now=NOON)

    asked, asking = {each.callback_id: each for each in requests}, {each.counsellor_id: each for each in free}
    made = [(asked[each.callback_id], asking[each.counsellor_id]) for each in plan.matches]
    lines = [request.line for request, _ in made if request.line is not None]
    assert len({counsellor.counsellor_id for _, counsellor in made}) == len(made)
    assert len(set(lines)) == len(lines)
    assert b"three" not in lines
    for request, counsellor in made:
        assert blocked_by(request, counsellor) is None
        assert request.due_at <= NOON
        assert request.safe_until is not None
        assert request.safe_until > NOON


@given(requests_waiting(), counsellors_free())
def test_f33_for_every_pair_that_was_not_made_the_reason_is_kept(requests: list[Waiting], free: list[Free]) -> None:
    plan = match(requests, free, now=NOON)

    served = pairs(plan)
    for request in requests:
        if request.callback_id in served or request.callback_id in plan.not_ready:
            continue
        assert {key for key in plan.blocked if key[0] == request.callback_id} == {
            (request.callback_id, counsellor.counsellor_id) for counsellor in free
        }


@given(requests_waiting(), counsellors_free(), st.randoms())
def test_the_same_people_are_matched_whatever_order_they_are_listed_in(
    requests: list[Waiting], free: list[Free], dice: random.Random
) -> None:
    before = match(requests, free, now=NOON)

    dice.shuffle(requests)
    dice.shuffle(free)

    assert match(requests, free, now=NOON) == before


@given(requests_waiting(), counsellors_free())
def test_nobody_waits_while_somebody_who_could_take_them_is_given_to_a_later_one(
    requests: list[Waiting], free: list[Free]
) -> None:
    plan = match(requests, free, now=NOON)

    by_id = {each.callback_id: each for each in requests}
    for (callback_id, counsellor_id), block in plan.blocked.items():
        if block is Block.OUTRANKED:
            [winner] = [each for each in plan.matches if each.counsellor_id == counsellor_id]
            assert order(by_id[winner.callback_id], NOON) < order(by_id[callback_id], NOON)

"""A request's life: the table of moves, what is final, and the page that is written from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain import lifecycle_in_words
from callbacks.domain.lifecycle import CLOSED, MOVES, OWNERS, WAITING, Event, IllegalMove, Status, can, move
from callbacks.models import CallbackRow
from notifications.domain import call, call_deadlines, text
from notifications.domain.call import CallState
from notifications.domain.text import TextState
from tests.conftest import NOON

DOCS = Path(__file__).parents[2] / "docs"

events = st.lists(st.sampled_from(Event), max_size=30)


def reachable() -> set[Status]:
    """Every state that a request can come to, from its first on."""
    found, edge = {Status.SUBMITTED}, [Status.SUBMITTED]
    while edge:
        here = edge.pop()
        onward = {after for (before, _), after in MOVES.items() if before is here} - found
        found |= onward
        edge += onward
    return found


def test_every_state_that_is_not_final_has_somebody_who_looks_after_it() -> None:
    assert set(OWNERS) == set(Status) - CLOSED
    assert all(OWNERS.values())


def test_every_state_can_be_reached_and_every_event_happens_somewhere() -> None:
    assert reachable() == set(Status)
    assert {event for _, event in MOVES} == set(Event)


@pytest.mark.parametrize("status", sorted(set(Status) - CLOSED))
def test_a_request_can_always_be_withdrawn_until_it_is_over(status: Status) -> None:
    assert move(status, Event.WITHDRAW) is Status.WITHDRAWN


def test_nothing_brings_back_what_was_erased_or_withdrawn() -> None:
    assert [event for event in Event if can(Status.ERASED, event)] == []
    assert [event for event in Event if can(Status.WITHDRAWN, event)] == [Event.ERASE]


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_a_closed_request_is_never_given_to_a_counsellor(status: Status) -> None:
    rings = {Status.ASSIGNED, Status.IN_CALL} | WAITING

    assert not rings & {after for (before, _), after in MOVES.items() if before is status}


def test_only_a_counsellor_who_took_the_call_brings_it_to_the_visitor() -> None:
    assert {(s, e) for (s, e), after in MOVES.items() if after is Status.IN_CALL} == {(Status.ASSIGNED, Event.CONNECT)}


def test_a_request_ends_well_only_by_an_outcome_that_somebody_recorded() -> None:
    assert {event for (_, event), after in MOVES.items() if after is Status.COMPLETED} == {Event.CONCLUDE}


def test_an_event_that_cannot_happen_says_so() -> None:
    with pytest.raises(IllegalMove, match="cannot connect a queued callback"):
        move(Status.QUEUED, Event.CONNECT)


@given(events)
def test_whatever_happens_an_open_row_has_a_deadline_and_a_closed_one_does_not(happened: list[Event]) -> None:
    row = CallbackRow(status=Status.SUBMITTED, status_at=NOON, due_by=NOON, closed_at=None)

    for event in happened:
        before = Status(row.status)
        if can(before, event):
            row.move(event, due_by=NOON, now=NOON)
        else:
            with pytest.raises(IllegalMove):
                row.move(event, due_by=NOON, now=NOON)
            assert row.status == before

        assert (row.due_by is None) == (row.closed_at is not None) == (row.status in CLOSED)


@pytest.mark.parametrize("members", [Status, Event, CallState, TextState])
def test_every_state_and_event_has_a_sentence(members: type[Status]) -> None:
    said = lifecycle_in_words.meanings(members)

    assert set(said) == set(members)
    assert all(words.endswith((".", "!")) for words in said.values())


def test_every_state_of_a_call_that_is_not_final_has_a_deadline_and_an_owner() -> None:
    open_states = set(CallState) - call.FINAL

    assert set(call_deadlines.OWNERS) == open_states
    assert set(call_deadlines.DEADLINES) == open_states - {
        CallState.WAITING
    }  # which has `give_up_at` from its first day on


def test_every_state_of_a_text_that_is_not_final_has_a_deadline() -> None:
    assert set(text.DEADLINES) == set(TextState) - text.FINAL - {TextState.WAITING}  # as above


def test_the_documentation_is_what_the_tables_say() -> None:
    written = (DOCS / "lifecycle.md").read_text(encoding="utf-8")

    assert written == lifecycle_in_words.document(), "write it again: flask --app app callbacks lifecycle"


def test_the_command_prints_the_documentation(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["callbacks", "lifecycle"])

    assert said.output == lifecycle_in_words.document()

"""`docs/lifecycle.md`, written from the tables: the life of a request, of the call that serves it, and of a text."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from textwrap import dedent

from callbacks.domain import lifecycle
from callbacks.domain.lifecycle import CLOSED, MOVES, OWNERS, Event, Status
from notifications.domain import call, call_deadlines, text
from notifications.domain.call import CallState
from notifications.domain.text import TextState

_COMMAND = "flask --app app callbacks lifecycle"
_ABOUT_REQUESTS = (
    "A request in {waiting} may be given to a counsellor once it is due. Every state that is not final has somebody "
    "who looks after it, and a deadline (`due_by`) after which they are told or it moves by itself."
)
_ABOUT_CALLS = (
    "A call rings the counsellor, asks for a key press, and only then rings the visitor. News of it may come late, "
    "doubled, out of order or never, so nothing reacts to a message: each adds to what is known, and the state is the "
    "first rule that holds of it. A state is never followed by one further up in this table, and a final one is never "
    "followed at all."
)
_ABOUT_ATTEMPTS_AND_LEGS = (
    "An attempt is open for as long as its call is: it has no deadline of its own, and ends with the call's final "
    "state. If the two talked, or the visitor hung up, its counsellor owes an outcome, and the request's `due_by` sees "
    "to that.\n\n"
    "A leg of an open call is looked after with the call. One that has outlived its call, as far as we know, is asked "
    "about after {lasts}, and then every {again}, until word of its end has come."
)


def meanings(members: type[StrEnum]) -> dict[str, str]:
    """The sentence that stands under each member of an enum, by value; Python itself does not keep it."""
    body = ast.parse(dedent(inspect.getsource(members))).body[0]
    if not isinstance(body, ast.ClassDef):
        raise TypeError(f"{members} is not a class")
    found: dict[str, str] = {}
    name = None
    for line in body.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            name = line.targets[0].id
        elif isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and name is not None:
            found[str(members[name])] = " ".join(str(line.value.value).split())
            name = None
    return found


def _table(*head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _code(word: str) -> str:
    return f"`{word}`"


def _seconds(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes:g} min" if minutes >= 1 else f"{span.total_seconds():g} s"


def _statuses() -> str:
    words = meanings(Status)
    rows = [
        (_code(status), words[status], "final" if status in CLOSED else OWNERS[status])  # a closed one has no owner
        for status in Status
    ]
    return _table("State", "Meaning", "Who looks after it", rows=rows)


def _events() -> str:
    words = meanings(Event)
    return _table("Event", "Meaning", rows=[(_code(event), words[event]) for event in Event])


def _moves() -> str:
    rows = [(_code(status), _code(event), _code(after)) for (status, event), after in MOVES.items()]
    return _table("State", "Event", "Next state", rows=rows)


def _picture() -> str:
    arrows = [f"    {status} --> {after}: {event}" for (status, event), after in MOVES.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> submitted", *arrows, "```"])


def _call_states() -> str:
    words = meanings(CallState)
    rows = []
    for state in sorted(CallState, key=call.rank):
        limit = call_deadlines.DEADLINES.get(state)
        lasts = "final" if state in call.FINAL else _seconds(limit) if limit else "the time after which it is dropped"
        rows.append((_code(state), words[state], lasts, call_deadlines.OWNERS.get(state, "")))
    return _table("State", "Meaning", "Lasts at most", "Then", rows=rows)


def _call_rules() -> str:
    rows = [(str(number), rule.words, _code(rule.state)) for number, rule in enumerate(call.RULES, 1)]
    return _table("", "When", "The call is", rows=rows)


def _text_states() -> str:
    words = meanings(TextState)
    rows = []
    for state in TextState:
        limit = text.DEADLINES.get(state)
        lasts = "final" if state in text.FINAL else _seconds(limit) if limit else "the time after which it is dropped"
        rows.append((_code(state), words[state], lasts))
    return _table("State", "Meaning", "Lasts at most", rows=rows)


def document() -> str:
    """The whole of `docs/lifecycle.md`."""
    waiting = " and ".join(_code(status) for status in sorted(lifecycle.WAITING))
    parts = [
        "# Lifecycles",
        f"Written by `{_COMMAND}` from the tables that the service runs on; a test fails when the two differ.",
        "## A request",
        _ABOUT_REQUESTS.format(waiting=waiting),
        _picture(),
        _statuses(),
        "### What can happen",
        _events(),
        "### What follows",
        "Anything that is not in this table is refused and changes nothing.",
        _moves(),
        "## A call",
        _ABOUT_CALLS,
        _call_states(),
        "### Which state it is",
        _call_rules(),
        "## An attempt, and a leg",
        _ABOUT_ATTEMPTS_AND_LEGS.format(
            lasts=_seconds(call_deadlines.LEG_ENDS_WITHIN), again=_seconds(call_deadlines.LONGEST_WAIT)
        ),
        "## A text",
        "Never sent twice: when no answer comes, it counts as lost.",
        _text_states(),
    ]
    return "\n\n".join(parts) + "\n"

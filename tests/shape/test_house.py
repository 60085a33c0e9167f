"""What must be true of the code as a whole, read from the code itself."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import commands
from foundation import doorbell
from foundation.doorbell import QUEUE_ORDER, QUEUES, Bell
from foundation.phone import Phone
from tests.shape.source import JOINS, PROJECT, ROOMS, Module, modules, spelt

TEMPLATES = sorted(path for room in ROOMS for path in (PROJECT / room).rglob("*.html"))


def where(found: Sequence[tuple[Module, ast.AST]]) -> list[str]:
    return [f"{module.place}:{getattr(node, 'lineno', '?')}" for module, node in found]


# -- one committer, one clock, one gate ------------------------------------------------------------------------------


def test_only_one_file_commits_or_rolls_back() -> None:
    """Flask-Security's own views commit through the datastore it was given: the one exception, and not our code."""
    found = {
        module.place
        for module in modules()
        for node in ast.walk(module.tree())
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
    }

    assert found == {"foundation/database.py"}


READS_TIME = re.compile(r"^(datetime|date)\.(now|utcnow|today)$|^(datetime\.)?datetime\.now$|^time\.time(_ns)?$")


def test_only_one_file_reads_the_time() -> None:
    found = {module.place for module in modules() for call in module.calls() if READS_TIME.match(spelt(call.func))}

    assert found == {"foundation/clock.py"}


def test_below_the_edges_nobody_asks_what_time_it_is() -> None:
    edges = re.compile(r"^\w+/(web/|jobs\.py|cli\.py)")
    found = {
        module.place
        for module in modules("callbacks", "rota", "accounts", "notifications")
        if not edges.match(module.place)
        for call in module.calls()
        if spelt(call.func) in ("clock.now", "now")
    }

    assert found == set()


def test_operations_queries_and_domain_never_open_a_transaction() -> None:
    inner = re.compile(r"^\w+/(operations/|domain/|(queries|models)[./])")
    found = {
        module.place
        for module in modules()
        if inner.match(module.place)
        for call in module.calls()
        if spelt(call.func).rpartition(".")[2] == "transaction"
    }

    assert found == set()


def test_only_the_gate_makes_a_permit() -> None:
    found = {
        module.place
        for module in modules()
        for call in module.calls()
        if spelt(call.func).rpartition(".")[2] == "Permit"
    }

    assert found == {"notifications/operations/gate.py"}


def test_only_the_jobs_that_hold_an_order_talk_to_the_telephone_company() -> None:
    """No transaction is open there, and every order carries the gate's permit."""
    asks = {"place_call", "send_text"}
    found = {
        module.place
        for module in modules()
        for call in module.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in asks
    }

    assert found == {"notifications/jobs.py"}


def assigners(attribute: str, *rooms: str) -> set[str]:
    """The files of these rooms that assign to an attribute of this name."""
    return {
        module.place
        for module in modules(*rooms)
        for node in ast.walk(module.tree())
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
        for each in (target.elts if isinstance(target, ast.Tuple) else [target])
        if isinstance(each, ast.Attribute) and each.attr == attribute
    }


def test_a_call_moves_only_by_what_is_known_of_it_and_a_request_only_by_its_table() -> None:
    """`place` puts back what never left the building, and moves texts, which have a table of their own."""
    assert assigners("state", "notifications") == {
        "notifications/operations/follow.py",
        "notifications/operations/place.py",
    }
    assert assigners("status", "callbacks") == {"callbacks/models/requests.py"}
    assert assigners("result", "callbacks") == {"callbacks/operations/follow_call.py"}


# -- jobs and bells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bell", list(Bell))
def test_every_bell_has_a_job_that_takes_nothing_a_queue_and_a_periodic_look(bell: Bell) -> None:
    job = doorbell.answer_of(bell)

    assert not inspect.signature(job).parameters
    assert QUEUES[bell] in QUEUE_ORDER
    assert bell in {rung for rung, _ in commands.PERIODIC}


def test_every_queue_is_used_and_emptied() -> None:
    assert set(QUEUES.values()) == set(QUEUE_ORDER)


def test_nothing_is_put_into_a_queue_but_by_the_doorbell() -> None:
    found = {
        module.place
        for module in modules()
        for call in module.calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr.startswith("enqueue")
    }

    assert found == {"foundation/doorbell.py"}


# -- nothing personal ------------------------------------------------------------------------------------------------

SAYS_NOTHING = {"because", "bell", "endpoint", "requests", "kind", "at", "call", "text", "level"}
"""What a log line may hold besides its event: words of ours, counts, places in the code, ids that only a database
can turn into a person."""


def log_calls() -> list[tuple[Module, ast.Call]]:
    level = re.compile(r"^(log|logger|\w*_log)\.(debug|info|warning|error|exception|critical)$")
    return [(module, call) for module in modules() for call in module.calls() if level.match(spelt(call.func))]


def test_a_log_line_is_a_fixed_word_and_facts_that_name_nobody() -> None:
    wrong = [
        (module, call)
        for module, call in log_calls()
        if not (
            len(call.args) == 1
            and isinstance(call.args[0], ast.Constant)
            and re.fullmatch(r"[a-z_]+", str(call.args[0].value))
            and {keyword.arg for keyword in call.keywords} <= SAYS_NOTHING
        )
    ]

    assert len(log_calls()) >= 10
    assert where(wrong) == []


def test_nothing_is_logged_but_through_structlog() -> None:
    found = {module.place for module in modules() if "logging" in module.imports()}

    assert found <= {"foundation/logs.py", "foundation/supervisor.py", "foundation/one_machine.py"}


def test_a_number_shows_only_its_end_when_it_is_printed() -> None:
    phone = Phone("+447700900982")

    shown = {repr(phone), str(phone), f"{phone}", f"{phone!r}", repr([phone]), "%s" % phone}  # noqa: UP031 - a way to print

    assert not [each for each in shown if "7700900" in each]
    assert all("982" in each for each in shown)


# -- rooms -----------------------------------------------------------------------------------------------------------

PROGRAMS = {"embedded", "one_machine", "supervisor", "child_process"}
"""They start servers and processes on one machine: programs of their own, which no room may import (a contract)."""

COMPOSED = {"logs", "web.frame", "web.health"}
"""Joined to the application once, in app.py, which is not a room."""


def foundation_modules() -> list[str]:
    named = [module.name.removeprefix("foundation.") for module in modules("foundation")]
    return [name for name in named if name not in {"foundation", "web"} | PROGRAMS | COMPOSED]


@pytest.mark.parametrize("name", foundation_modules())
def test_what_is_in_the_foundation_carries_at_least_two_rooms(name: str) -> None:
    """Else it belongs into the one room that uses it. What the frame itself stands on carries every room."""
    full = f"foundation.{name}"
    frame = {module.name for module in modules("foundation") if full in module.imports()}
    users = {module.package for module in modules() if full in module.imports()} - {"foundation"}

    assert len(users) >= 2 or frame & {"foundation.web.frame", "foundation.database"}


@pytest.mark.parametrize("name", sorted(PROGRAMS | COMPOSED))
def test_what_no_room_uses_is_there_for_a_program(name: str) -> None:
    full = f"foundation.{name}"
    everything = modules(*ROOMS, *JOINS, "tests", "benchmarks")

    assert any(full in module.imports() for module in everything if module.name != full)


def test_every_module_opens_with_a_sentence() -> None:
    silent = [module.place for module in modules() if module.text.strip() and not ast.get_docstring(module.tree())]

    assert silent == []


def test_nothing_is_imported_half_way_through() -> None:
    inside = [
        (module, node)
        for module in modules()
        for function in ast.walk(module.tree())
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert where(inside) == []


def test_no_room_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "helpers", "common", "misc", "manager", "service", "services"}

    assert not [module.place for module in modules() if drawers & set(Path(module.place).with_suffix("").parts)]


# -- pages -----------------------------------------------------------------------------------------------------------

ALLOWED_INLINE = {"foundation/web/templates/public.html": ["<style>{{ page_css }}</style>"]}
"""The public frame's own style, which the content security policy names by its digest: one request for a page."""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_page_holds_no_script_or_style_of_its_own(template: Path) -> None:
    place, text = str(template.relative_to(PROJECT)), template.read_text(encoding="utf-8")

    inline = re.findall(r"<style.*?</style>", text, re.DOTALL)
    scripts = [script for script in re.findall(r"<script[^>]*>", text) if "src=" not in script]
    attributes = re.findall(r"<[^>]*\s(?:style|on[a-z]+)=", text)

    assert inline == ALLOWED_INLINE.get(place, [])
    assert (scripts, attributes) == ([], [])


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_page_trusts_no_words_but_its_own(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)

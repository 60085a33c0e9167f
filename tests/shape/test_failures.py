"""Each failure that callbacks have to survive has a test with its number in the name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache

import pytest

from tests.shape.source import PROJECT

FAILURES: dict[int, str] = {
    1: "two counsellors press 1 within the same moment",
    2: "two workers pick the same request",
    3: "a worker dies between the call that was taken on and its id",
    4: "a status report arrives twice",
    5: "reports arrive out of order",
    6: "a report never arrives",
    7: "we are away when the telephone company asks what to say",
    8: "the visitor's answerphone answers",
    9: "a call-screening assistant or a member of the family answers",
    10: "the counsellor's own answerphone answers",
    11: "the counsellor's number is invalid, busy or off",
    12: "nobody is on shift, or nobody who may ring",
    13: "the counsellor hangs up before the visitor answers",
    14: "the counsellor's line goes as the visitor answers",
    15: "the visitor withdraws while the counsellor is dialled",
    16: "the visitor cancels by the link while we dial",
    17: "the visitor asks twice, in two tabs, with a double click",
    18: "the visitor rings us while we are about to ring them",
    19: "two people in one house ask with one number",
    20: "somebody asks with a stranger's number",
    21: "a machine asks ten thousand times for dear or foreign numbers",
    22: "many ask for one number, to pester it",
    23: "somebody asks very often",
    24: "STOP comes by text",
    25: "a text does not arrive, or would go to a landline",
    26: "the safe time ends while a retry waits",
    27: "the clock is changed that night, or it is a bank holiday",
    28: "a shift goes from ten at night to six in the morning",
    29: "a shift ends during an offer or a call",
    30: "the rota is changed while promises depend on it",
    31: "the counsellor's computer sleeps while they hold a request",
    32: "a counsellor ignores what they are offered",
    33: "somebody waits while a counsellor is free",
    34: "urgent and new against calm and old",
    35: "a woman was asked for, and only men are on",
    36: "Redis is flushed",
    37: "the database fails over, or is locked for long",
    38: "the telephone company is away, limits us, or its token was rotated",
    39: "lists are behind the truth",
    40: "our number is taken for spam",
    41: "signatures cannot be checked behind a proxy that is set wrongly",
    42: "a crash comes between what was said and what was kept",
    43: "what is old is to be forgotten while a request is open or held",
    44: "nobody writes down what came of a call",
}

NOT_TESTED_HERE: dict[int, str] = {}
"""Failures without a test, each with the reason. There is none."""


@cache
def numbered() -> Counter[int]:
    """How many test functions have each number in their names."""
    names = (
        node.name
        for path in (PROJECT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )
    return Counter(int(number) for name in names for number in re.findall(r"_f(\d\d)(?=_)", name))


@pytest.mark.parametrize("number", FAILURES, ids=lambda number: f"F{number}")
def test_a_failure_has_a_test_with_its_number(number: int) -> None:
    assert numbered()[number] or number in NOT_TESTED_HERE, FAILURES[number]


def test_no_test_has_the_number_of_a_failure_that_is_not_there() -> None:
    assert numbered().keys() <= FAILURES.keys()
    assert not NOT_TESTED_HERE.keys() & numbered().keys()

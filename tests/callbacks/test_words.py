"""The words of the visitor's pages: plain enough for a reader of ten, and kind about people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from foundation.language import FOLDER
from foundation.web.help_lines import ALL

HOUSE = Path(__file__).parents[2]

UNKIND = re.compile(
    r"\b(addict(s|ed|ion)?|alcoholics?|junk(ie|y)s?|abus(e|er|ers|ing)|substance|habit|users?|clean|dirty|suffer\w*|victims?"
    r"|mentally ill|sorry to|invalid|illegal|failed|must not)\b",
    re.IGNORECASE,
)
"""Words that blame, name people by what they take, or scold."""

UNKIND_IN_WELSH = re.compile(
    r"\b(caethion|caeth|alcoholig(ion)?|camddefnyddiwr|dioddef\w*|dioddefwyr|budr|glân)\b", re.IGNORECASE
)

HARDEST = 11.0
"""The age at which the hardest page may be read; the aim of the NHS is 9 to 11."""

FOR_PROGRAMS = re.compile(
    r"JSON|header|\bkey\b|signature|body|offset|field|quotation|kilobytes|wording|characters?\b|2026-"
)
"""Sentences of the API, which developers read."""

VOWELS = re.compile(r"[aeiouy]+")


def sentences() -> dict[str, str]:
    """Every sentence for visitors with its Welsh one, but those for developers."""
    with (FOLDER / "cy" / "LC_MESSAGES" / "messages.po").open("rb") as lines:
        found = {str(message.id): str(message.string) for message in read_po(lines, locale="cy") if message.id}
    theirs = {line.name for line in ALL}  # what other people call their own services
    ours = {english: welsh for english, welsh in found.items() if english not in theirs}
    return {english: welsh for english, welsh in ours.items() if not FOR_PROGRAMS.search(english)}


def syllables(word: str) -> int:
    """About how many there are: groups of vowels, less a silent e at the end."""
    groups = len(VOWELS.findall(word))
    return max(1, groups - (word.endswith("e") and not word.endswith("le") and groups > 1))


def reading_age(text: str) -> float:
    """The age of a reader by Flesch and Kincaid: the school year of the United States, and five."""
    said = [part for part in re.split(r"[.!?:]+(?:\s|$)", text) if re.search(r"[A-Za-z]", part)]
    words = re.findall(r"[a-z’']+", text.lower())
    year = 0.39 * len(words) / len(said) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    return year + 5


def whole(english: list[str]) -> str:
    """Sentences one after the other; those without a full stop get one."""
    plain = (re.sub(r"%\(\w+\)s|\{\w+\}", "this", one) for one in english)
    return " ".join(one if one.endswith((".", "?", ":")) else f"{one}." for one in plain)


def test_the_pages_as_a_whole_can_be_read_at_ten() -> None:
    assert reading_age(whole([one for one in sentences() if one.count(" ") >= 3])) <= 10


def test_no_long_passage_is_harder_than_the_aim() -> None:
    long = [one for one in sentences() if one.count(" ") >= 12]

    assert {one: round(age, 1) for one in long if (age := reading_age(whole([one]))) > HARDEST + 2} == {}


def test_no_sentence_is_longer_than_twenty_five_words() -> None:
    parts = [part for one in sentences() for part in re.split(r"(?<=[.!?:;])\s", one)]

    assert [part for part in parts if len(part.split()) > 25] == []


@pytest.mark.parametrize("place", [0, 1])
def test_nothing_is_said_that_blames_or_names_people_by_what_they_take(place: int) -> None:
    unkind = (UNKIND, UNKIND_IN_WELSH)[place]

    assert [pair for pair in sentences().items() if unkind.search(pair[place])] == []


PERSON_LAST = re.compile(
    r"\b(addict(s|ed)?|alcoholics?|junk(ie|y)s?|(ab)?users?|clean|dirty|habit|suffer\w*|victims?|mentally ill)\b",
    re.IGNORECASE,
)
"""Words for people that staff are not to read either."""


def on_pages(template: Path) -> str:
    """What a template says, without its tags and its code."""
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]+>", " ", template.read_text(), flags=re.DOTALL)


def test_staff_pages_and_the_sample_article_put_the_person_first_too() -> None:
    templates = [
        path for room in ("callbacks", "rota", "accounts", "foundation") for path in (HOUSE / room).rglob("*.html")
    ]
    said = {str(path.relative_to(HOUSE)): on_pages(path) for path in templates}

    assert len(said) > 60
    assert {name: found[0] for name, text in said.items() if (found := PERSON_LAST.search(text))} == {}


def test_the_sample_article_can_be_read_at_ten() -> None:
    article = on_pages(HOUSE / "callbacks" / "web" / "templates" / "demo" / "article.html")

    assert reading_age(article) <= 10

"""Languages: every sentence for visitors has a translation, and the language of the moment is the right one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from foundation import language
from foundation.language import FOLDER, said, speaking
from foundation.web.help_lines import help_now
from foundation.web.times import between, date_in_words, day_name, hours, near_day
from tests.conftest import NOON

HOUSE = Path(__file__).parents[2]
ROOMS = ("callbacks", "notifications", "foundation")
CODES = [code for code in language.languages() if code != language.ENGLISH]
LONDON = ZoneInfo("Europe/London")


def sentences() -> set[str]:
    """Every sentence in the code that is marked for translation, by the rules that `make words` uses."""
    mappings = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = {mapping["method"] for mapping in mappings}
    assert methods == {"python", "jinja2"}
    found = (
        message
        for room in ROOMS
        for _, _, message, _, _ in extract_from_dir(
            HOUSE / room,
            method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")],
            keywords={"_": None, "said": None, "mark": None},
        )
    )
    return {message for message in found if isinstance(message, str)}


def catalogue(code: str) -> Catalog:
    with (FOLDER / code / "LC_MESSAGES" / "messages.po").open("rb") as lines:
        return read_po(lines, locale=code)


def places(sentence: str) -> set[str]:
    """The values that a sentence names."""
    named = set(re.findall(r"%\((\w+)\)s", sentence))
    return named | {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_welsh_is_among_the_languages_and_named_in_its_own_words() -> None:
    assert [(one.code, one.name, one.direction) for one in language.languages().values()][:2] == [
        ("en", "English", "ltr"),
        ("cy", "Cymraeg", "ltr"),
    ]


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_has_a_translation_and_none_is_left_over(code: str) -> None:
    there = {message.id: message for message in catalogue(code) if message.id}

    assert sentences() - set(there) == set()
    assert set(there) - sentences() == set()
    assert [key for key, message in there.items() if not message.string or message.fuzzy] == []


@pytest.mark.parametrize("code", CODES)
def test_a_translation_names_the_same_values_and_the_same_numbers(code: str) -> None:
    wrong = [
        message.id
        for message in catalogue(code)
        if message.id
        and (
            places(str(message.id)) != places(str(message.string))
            or sorted(re.findall(r"\d{2,}", str(message.id))) != sorted(re.findall(r"\d{2,}", str(message.string)))
        )
    ]

    assert wrong == []


def test_a_language_that_we_do_not_have_is_english() -> None:
    with speaking("xx"):
        assert said("today") == "today"


@pytest.mark.parametrize(
    ("tags", "code"), [(["cy-GB"], "cy"), (["fr", "cy"], "cy"), (["en-US", "cy"], "en"), (["fr"], None), ([""], None)]
)
def test_the_first_wish_that_can_be_met_counts(tags: list[str], code: str | None) -> None:
    assert language.best(tags) == code


@pytest.fixture
def welsh() -> Iterator[None]:
    with speaking("cy"):
        yield


def test_days_and_times_are_welsh_in_welsh(welsh: None) -> None:
    thursday, later = NOON + timedelta(days=2), NOON + timedelta(hours=1)

    assert date_in_words(date(2026, 11, 26)) == "Dydd Iau 26 Tachwedd"
    assert day_name(thursday, zone=LONDON, now=NOON) == "ddydd Iau 26 Tachwedd"
    assert near_day(date(2026, 11, 24), today=date(2026, 11, 24)) == "Heddiw, dydd Mawrth 24 Tachwedd"
    assert between(NOON, later, zone=LONDON, now=NOON) == "heddiw rhwng 12:00 a 13:00"
    night = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert hours(night, night + timedelta(hours=1), zone=LONDON) == "01:00 tan 02:00 (cyn i’r clociau fynd yn ôl)"


def test_in_welsh_a_line_that_speaks_it_comes_right_after_999() -> None:
    assert [line.dial for line in help_now("cy")][:2] == ["999", "0800132737"]
    assert [line.dial for line in help_now("en")] == ["999", "111", "116123"]

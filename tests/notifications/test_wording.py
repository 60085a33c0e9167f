"""Every sentence that leaves the building: discreet, short enough, and in letters that every telephone shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.triage import Urgency
from foundation.language import languages, said, speaking
from notifications.domain import wording

LONDON = ZoneInfo("Europe/London")

GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38, without the characters that cost two."""

INDISCREET = re.compile(
    r"addict|drug|alcohol|drink|substance|helpline|counsel|therap|treatment|recover|rehab|detox|crisis|support line"
    r"|example line|ringback|https?:|www\.|\.org|\.uk|nhs",
    re.IGNORECASE,
)

A_DAY = timedelta(days=1)
A_YEAR = [datetime(2026, 1, 1, 19, 0, tzinfo=UTC) + timedelta(days=day) for day in range(365)]


def longest(text: Callable[[datetime], str]) -> str:
    """The longest that a text can be on any day of a year."""
    return max((text(day) for day in A_YEAR), key=len)


def _confirmation(day: datetime) -> str:
    return wording.text_confirmation(from_=day, until=day + timedelta(hours=1), zone=LONDON, now=A_YEAR[0] - A_DAY)


def _later(day: datetime) -> str:
    likely = day, day + timedelta(hours=1)
    return wording.text_later(likely=likely, zone=LONDON, now=A_YEAR[0] - A_DAY)


WITH_A_DAY = {"TEXT_CONFIRMATION": _confirmation, "TEXT_LATER_LIKELY": _later}
"""Templates with gaps, and what fills them."""
TO_STAFF = frozenset({"TEXT_OUTCOME_OWED", "ALARM"})
TEMPLATES = sorted(name for name in dir(wording) if name.startswith("TEXT_") or name == "ALARM")


def texts(template: str) -> dict[str, str]:
    """The longest that a text can be, in each language in which it is sent."""
    found = {}
    for code in ["en"] if template in TO_STAFF else languages():
        with speaking(code):
            fill = WITH_A_DAY.get(template)
            found[code] = longest(fill) if fill else said(getattr(wording, template))
    return found


HEARD_BY_ANYBODY = {
    name: getattr(wording, name)
    for name in dir(wording)
    if name.isupper() and not name.startswith("TEXT_") and isinstance(getattr(wording, name), str)
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_fits_into_one_segment_of_the_gsm_alphabet_in_every_language(template: str) -> None:
    found = texts(template)

    assert {code: len(text) for code, text in found.items() if len(text) > 160} == {}
    assert {code: set(text) - GSM for code, text in found.items() if not set(text) <= GSM} == {}
    assert [code for code, text in found.items() if "{" in text] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_says_nothing_that_a_glance_at_a_locked_screen_may_not_see_in_any_language(template: str) -> None:
    assert [text for text in texts(template).values() if INDISCREET.search(text)] == []
    assert [text for text in texts(template).values() if INDISCREET_IN_WELSH.search(text)] == []


def test_every_text_to_a_visitor_is_in_every_language() -> None:
    for template in set(TEMPLATES) - TO_STAFF:
        found = list(texts(template).values())
        assert len(set(found)) == len(found) == len(languages()), template


INDISCREET_IN_WELSH = re.compile(
    r"caeth|cyffur|alcohol|yfed|llinell gymorth|cwnsel|therap|triniaeth|gwella|adsef|dadwenwyn|argyfwng|cymorth",
    re.IGNORECASE,
)
HEARD_BY_VISITORS = [name for name in HEARD_BY_ANYBODY if name.startswith("VISITOR_")]


def test_in_welsh_a_day_is_named_as_it_is_said() -> None:
    a_wednesday = datetime(2026, 7, 29, 17, 0, tzinfo=UTC)
    with speaking("cy"):
        confirmation = _confirmation(a_wednesday)

    assert "ddydd Mercher 29 Gorffennaf rhwng 18:00 a 19:00" in confirmation


def test_in_welsh_too_what_is_heard_gives_nobody_away_and_is_short() -> None:
    with speaking("cy"):
        heard = {name: said(HEARD_BY_ANYBODY[name]) for name in HEARD_BY_VISITORS if "{" not in HEARD_BY_ANYBODY[name]}

    then = heard["VISITOR_CONNECTING"], heard["VISITOR_CUT_OFF"]
    spoken_first = *(heard["VISITOR_GREETING"] + words for words in then), heard["VISITOR_SCREENING"]
    assert max(map(len, spoken_first)) <= 75  # as long as the English ones, within a syllable or two
    assert [words for words in heard.values() if INDISCREET_IN_WELSH.search(words) or INDISCREET.search(words)] == []


def test_the_confirmation_tells_the_time_on_the_wall() -> None:
    in_summer = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)

    text = wording.text_confirmation(
        from_=in_summer, until=in_summer + timedelta(minutes=30), zone=LONDON, now=in_summer
    )

    assert "between 13:00 and 13:30" in text


@pytest.mark.parametrize("sentence", HEARD_BY_ANYBODY)
def test_what_a_family_or_an_answerphone_may_hear_gives_nobody_away(sentence: str) -> None:
    heard = HEARD_BY_ANYBODY[sentence]

    assert not INDISCREET.search(heard)
    assert "{" not in heard


def test_the_prompt_says_which_key_does_what_and_nothing_about_anybody() -> None:
    assert "Press 1 to take it, or 2 to pass it on" in wording.COUNSELLOR_PROMPT
    assert not re.search(r"urgen|name|number|visitor|wait(ed|s) for", wording.COUNSELLOR_PROMPT)


def test_the_greeting_is_over_before_two_sentences_of_a_stranger_would_be() -> None:
    then = max(wording.VISITOR_CONNECTING, wording.VISITOR_CUT_OFF, key=len)
    longest = max(len(wording.VISITOR_GREETING + then), len(wording.VISITOR_SCREENING))

    assert longest <= 70  # four seconds, and `GREETING_S` has as many for a key


@given(st.text(max_size=80), st.sampled_from(Urgency), st.sampled_from(["en", "cy", "pl"]))
def test_the_whisper_tells_the_counsellor_what_they_need_for_the_first_sentence(
    name: str, urgency: Urgency, language: str
) -> None:
    heard = wording.whisper(name=name, urgency=urgency, language=language)

    assert (f"called {name}." in heard) is bool(name)
    assert urgency.replace("_", " ") in heard
    assert ("other than English" in heard) is (language != "en")

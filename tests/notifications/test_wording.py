"""Every sentence that leaves the building: discreet, short enough, and in letters that every telephone shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.domain.triage import Urgency
from foundation.language import said, speaking
from notifications.domain import wording
from tests.conftest import NOON

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

LONGEST = wording.text_confirmation(from_=NOON, until=NOON + timedelta(hours=1), zone=LONDON, now=NOON)
TEXTS = {
    "confirmation": LONGEST,
    "later": wording.TEXT_LATER,
    "later, and when": wording.text_later(
        likely=(NOON + timedelta(days=1), NOON + timedelta(days=1, hours=1)), zone=LONDON, now=NOON
    ),
    "cut off": wording.TEXT_CUT_OFF,
    "tried": wording.TEXT_TRIED,
    "tried, and no safe time is left": wording.TEXT_TRIED_NEW_TIME,
    "tried for the last time": wording.TEXT_TRIED_LAST,
    "to a counsellor who owes an outcome": wording.TEXT_OUTCOME_OWED,
}

HEARD_BY_ANYBODY = {
    name: getattr(wording, name)
    for name in dir(wording)
    if name.isupper() and not name.startswith("TEXT_") and isinstance(getattr(wording, name), str)
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_fits_into_one_segment_of_the_gsm_alphabet(text: str) -> None:
    assert len(TEXTS[text]) <= 160
    assert set(TEXTS[text]) <= GSM


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_says_nothing_that_a_glance_at_a_locked_screen_may_not_see(text: str) -> None:
    assert not INDISCREET.search(TEXTS[text])


INDISCREET_IN_WELSH = re.compile(
    r"caeth|cyffur|alcohol|yfed|llinell gymorth|cwnsel|therap|triniaeth|gwella|adsef|dadwenwyn|argyfwng|cymorth",
    re.IGNORECASE,
)
HEARD_BY_VISITORS = [name for name in HEARD_BY_ANYBODY if name.startswith("VISITOR_")]
LONGEST_DAY = datetime(2026, 7, 29, 17, 0, tzinfo=UTC)
"""A Wednesday in July: the longest names of a day and a month in Welsh."""


def test_in_welsh_too_a_text_is_one_segment_and_discreet() -> None:
    with speaking("cy"):
        later = LONGEST_DAY + timedelta(hours=1)
        confirmation = wording.text_confirmation(from_=LONGEST_DAY, until=later, zone=LONDON, now=NOON)
        likely = wording.text_later(likely=(LONGEST_DAY, later), zone=LONDON, now=NOON)
        after_a_ring = [wording.TEXT_TRIED, wording.TEXT_TRIED_NEW_TIME, wording.TEXT_TRIED_LAST]
        texts = [confirmation, likely, *map(said, [wording.TEXT_LATER, wording.TEXT_CUT_OFF, *after_a_ring])]

    assert "ddydd Mercher 29 Gorffennaf rhwng 18:00 a 19:00" in confirmation
    assert [text for text in texts if len(text) > 160 or not set(text) <= GSM] == []
    assert [text for text in texts if INDISCREET_IN_WELSH.search(text) or INDISCREET.search(text)] == []


def test_in_welsh_too_what_is_heard_gives_nobody_away_and_is_short() -> None:
    with speaking("cy"):
        heard = {name: said(HEARD_BY_ANYBODY[name]) for name in HEARD_BY_VISITORS if "{" not in HEARD_BY_ANYBODY[name]}

    then = heard["VISITOR_CONNECTING"], heard["VISITOR_CUT_OFF"]
    spoken_first = *(heard["VISITOR_GREETING"] + words for words in then), heard["VISITOR_SCREENING"]
    assert max(map(len, spoken_first)) <= 75  # as long as the English ones, within a syllable or two
    assert [words for words in heard.values() if INDISCREET_IN_WELSH.search(words) or INDISCREET.search(words)] == []


def test_every_text_that_there_is_is_looked_at_here() -> None:
    assert len([name for name in dir(wording) if name.startswith("TEXT_")]) == len(TEXTS)


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

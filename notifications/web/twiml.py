"""Instructions for one step of a call, as TwiML: pure functions from what is to happen to a document.

Every Gather has an action and a verb after it, every Dial an action, a caller id and limits; nothing is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from foundation.phone import Phone
from notifications.domain.call_deadlines import TALK_LIMIT_S, VISITOR_RINGS_S

_VOICES: Final[dict[str, dict[str, str]]] = {
    "en": {"language": "en-GB"},
    "cy": {"language": "cy-GB", "voice": "Polly.Gwyneth"},  # the only voice there that speaks Welsh
}
"""How the telephone company is told to speak a language; one that it does not speak is read in English."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # may stand in no document
_GREETING_WAITS_S = 1  # somebody is waiting to speak
_SCREENING_WAITS_S = 4  # long enough to take the telephone from the ear; with the words, within `GREETING_S`
_PROMPT_WAITS_S = 8  # long enough to put down a cup; short enough that the visitor does not wait for nobody


def _response() -> Element:
    return Element("Response")


def spoken() -> tuple[str, ...]:
    """The languages that the telephone company can speak, English first."""
    return tuple(_VOICES)


def speaks(language: str) -> str:
    """The language itself when the telephone company can speak it, else English."""
    return language if language in _VOICES else "en"


def _say(parent: Element, words: str, language: str = "en") -> None:
    SubElement(parent, "Say", _VOICES[language]).text = _NOT_XML.sub(" ", words)


def _document(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")


def say_and_hang_up(words: str, *, language: str = "en") -> str:
    """Say a sentence and end the call."""
    response = _response()
    _say(response, words, language)
    SubElement(response, "Hangup")
    return _document(response)


def say_in_turn_and_hang_up(sentences: Mapping[str, str]) -> str:
    """Say a sentence in one language after the other, and end the call."""
    response = _response()
    for language, words in sentences.items():
        _say(response, words, language)
    SubElement(response, "Hangup")
    return _document(response)


def hang_up() -> str:
    """End the call without a word."""
    response = _response()
    SubElement(response, "Hangup")
    return _document(response)


def ask_for_a_key(*, prompt: str, no_key: str, action: str) -> str:
    """Ask for one key; silence is reported too, and then the call ends."""
    response = _response()
    gather = SubElement(
        response,
        "Gather",
        input="dtmf",
        numDigits="1",
        timeout=str(_PROMPT_WAITS_S),
        action=action,
        method="POST",
        actionOnEmptyResult="true",
    )
    _say(gather, prompt)
    _say(response, no_key)
    SubElement(response, "Hangup")
    return _document(response)


def ring_the_visitor(*, whisper: str, visitor: Phone, caller_id: str, greeting: str, status: str, action: str) -> str:
    """Whisper to the counsellor, then ring the visitor, who hears a greeting before the two are connected."""
    response = _response()
    _say(response, whisper)
    dial = SubElement(
        response,
        "Dial",
        callerId=caller_id,
        timeout=str(VISITOR_RINGS_S),
        timeLimit=str(TALK_LIMIT_S),
        action=action,
        method="POST",
        hangupOnStar="true",
    )
    SubElement(
        dial,
        "Number",
        url=greeting,
        method="POST",
        statusCallback=status,
        statusCallbackMethod="POST",
        statusCallbackEvent="initiated ringing answered completed",
    ).text = visitor.e164
    return _document(response)


def greet(words: str, *, then: str, action: str, language: str = "en") -> str:
    """What the visitor hears before the two are connected: no key is needed, but one can be pressed."""
    response = _gather(words, action=action, waits_s=_GREETING_WAITS_S, language=language)
    _say(response, then, language)
    return _document(response)


def screen(words: str, *, action: str, language: str = "en") -> str:
    """Connect only whoever presses a key; whoever does not hears no more."""
    response = _gather(words, action=action, waits_s=_SCREENING_WAITS_S, language=language)
    SubElement(response, "Hangup")
    return _document(response)


def connect(words: str = "", *, language: str = "en") -> str:
    """The two are connected, after these words if there are any."""
    response = _response()
    if words:
        _say(response, words, language)
    return _document(response)


def _gather(words: str, *, action: str, waits_s: int, language: str) -> Element:
    """Ask for one key; silence goes on with what follows."""
    response = _response()
    asked = SubElement(
        response, "Gather", input="dtmf", numDigits="1", timeout=str(waits_s), action=action, method="POST"
    )
    _say(asked, words, language)
    return response


def reply() -> str:
    """No answer to a text: the provider answers STOP and HELP itself."""
    return _document(_response())

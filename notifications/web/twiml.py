"""Instructions for one step of a call, as TwiML: pure functions from what is to happen to a document.

Every Gather has an action and a verb after it, every Dial an action, a caller id and limits; nothing is recorded.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring

from foundation.phone import Phone
from notifications.domain.call import TALK_LIMIT_S, VISITOR_RINGS_S

_LANGUAGE = "en-GB"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # may stand in no document
_GREETING_WAITS_S = 1  # somebody is waiting to speak
_SCREENING_WAITS_S = 4  # long enough to take the telephone from the ear; with the words, within `GREETING_S`
_PROMPT_WAITS_S = 8  # long enough to put down a cup; short enough that the visitor does not wait for nobody


def _response() -> Element:
    return Element("Response")


def _say(parent: Element, words: str) -> None:
    SubElement(parent, "Say", language=_LANGUAGE).text = _NOT_XML.sub(" ", words)


def _document(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")


def say_and_hang_up(words: str) -> str:
    """Say a sentence and end the call."""
    response = _response()
    _say(response, words)
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


def greet(words: str, *, then: str, action: str) -> str:
    """What the visitor hears before the two are connected: no key is needed, but one can be pressed."""
    response = _gather(words, action=action, waits_s=_GREETING_WAITS_S)
    _say(response, then)
    return _document(response)


def screen(words: str, *, action: str) -> str:
    """Connect only whoever presses a key; whoever does not hears no more."""
    response = _gather(words, action=action, waits_s=_SCREENING_WAITS_S)
    SubElement(response, "Hangup")
    return _document(response)


def connect() -> str:
    """Nothing more to say: the two are connected."""
    return _document(_response())


def _gather(words: str, *, action: str, waits_s: int) -> Element:
    """Ask for one key; silence goes on with what follows."""
    response = _response()
    asked = SubElement(
        response, "Gather", input="dtmf", numDigits="1", timeout=str(waits_s), action=action, method="POST"
    )
    _say(asked, words)
    return response


def reply() -> str:
    """No answer to a text: the provider answers STOP and HELP itself."""
    return _document(_response())

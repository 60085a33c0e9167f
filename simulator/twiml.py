"""TwiML documents: from XML to the verbs that the interpreter carries out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree

SPEECH_CHARACTERS_PER_S = 15.0  # about 150 words a minute
SHORTEST_SPEECH_S = 0.5
PLAY_S = 3.0  # we never fetch the sound; three seconds stand for any
CONTENT_TYPES = frozenset({"text/xml", "application/xml", "text/html"})


class BadDocument(Exception):
    """TwiML that Twilio would refuse: ``code`` is 12100 (not XML), 12200 (not TwiML) or 12300 (content type)."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Say:
    words: str
    loop: int = 1

    @property
    def seconds(self) -> float:
        return max(len(self.words) / SPEECH_CHARACTERS_PER_S, SHORTEST_SPEECH_S)


@dataclass(frozen=True, kw_only=True)
class Play:
    url: str
    loop: int = 1

    @property
    def seconds(self) -> float:
        return PLAY_S


@dataclass(frozen=True, kw_only=True)
class Pause:
    seconds: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Gather:
    prompt: tuple[Say | Play | Pause, ...] = ()
    num_digits: int | None = None
    timeout_s: float = 5.0
    finish_on_key: str = "#"
    action: str | None = None
    method: str = "POST"
    posts_empty_result: bool = False


@dataclass(frozen=True, kw_only=True)
class Number:
    number: str
    url: str | None = None
    method: str = "POST"
    status_callback: str | None = None
    status_callback_method: str = "POST"
    status_callback_events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, kw_only=True)
class Room:
    """`<Conference>`."""

    name: str
    starts_on_enter: bool = True
    ends_on_exit: bool = False
    status_callback: str | None = None
    status_callback_method: str = "POST"
    status_callback_events: frozenset[str] = frozenset()
    label: str | None = None
    max_participants: int = 250
    is_muted: bool = False
    coaches: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dial:
    numbers: tuple[Number, ...] = ()
    room: Room | None = None
    is_sequential: bool = False
    timeout_s: float = 30.0
    time_limit_s: float = 14_400.0
    caller_id: str | None = None
    action: str | None = None
    method: str = "POST"
    hangs_up_on_star: bool = False


@dataclass(frozen=True, kw_only=True)
class Redirect:
    url: str
    method: str = "POST"


@dataclass(frozen=True, kw_only=True)
class Hangup:
    pass


@dataclass(frozen=True, kw_only=True)
class Reject:
    reason: str = "rejected"


@dataclass(frozen=True, kw_only=True)
class Record:
    """Understood so that it can be refused: nothing is ever recorded here."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """`<Message>` in answer to a text, `<Sms>` within a call."""

    body: str
    to: str | None = None
    sender: str | None = None


Verb = Say | Play | Pause | Gather | Dial | Redirect | Hangup | Reject | Record | Message


@dataclass(frozen=True, kw_only=True)
class Document:
    verbs: tuple[Verb, ...]
    warnings: tuple[str, ...] = ()
    asks_to_record: tuple[str, ...] = ()


@dataclass
class _Findings:
    warnings: list[str] = field(default_factory=list)
    asks_to_record: list[str] = field(default_factory=list)


def parse(text: str, *, content_type: str = "text/xml") -> Document:
    """Read one document; raises BadDocument. What is odd but harmless stands in ``warnings``."""
    if content_type not in CONTENT_TYPES:
        raise BadDocument(12300, f"content type {content_type} is not TwiML")
    if "<!DOCTYPE" in text:
        raise BadDocument(12100, "a TwiML document has no DOCTYPE")
    try:
        root = ElementTree.fromstring(text.strip().encode())
    except ElementTree.ParseError as error:
        raise BadDocument(12100, f"not XML: {error}") from None
    if root.tag != "Response":
        raise BadDocument(12200, f"the document is a {root.tag}, not a Response")
    findings = _Findings()
    verbs = tuple(_verb(element, findings) for element in root)
    return Document(verbs=verbs, warnings=tuple(findings.warnings), asks_to_record=tuple(findings.asks_to_record))


def _verb(element: ElementTree.Element, findings: _Findings) -> Verb:
    read = _READERS.get(element.tag)
    if read is None:
        raise BadDocument(12200, f"{element.tag} is not a verb this network knows")
    _look_over(element, findings)
    return read(element, findings)


def _look_over(element: ElementTree.Element, findings: _Findings) -> None:
    known = _ATTRIBUTES[element.tag]
    for name in element.attrib:
        if name not in known:
            findings.warnings.append(f"{element.tag} has no attribute {name}")
    if element.get("record", "do-not-record") not in ("do-not-record", "false"):
        findings.asks_to_record.append(f"{element.tag} record={element.get('record')}")


def _say(element: ElementTree.Element, findings: _Findings) -> Say:
    words = " ".join("".join(element.itertext()).split())
    return Say(words=words, loop=_whole(element, "loop", 1))


def _play(element: ElementTree.Element, findings: _Findings) -> Play:
    return Play(url=_text(element), loop=_whole(element, "loop", 1))


def _pause(element: ElementTree.Element, findings: _Findings) -> Pause:
    return Pause(seconds=float(_whole(element, "length", 1)))


def _gather(element: ElementTree.Element, findings: _Findings) -> Gather:
    prompt: list[Say | Play | Pause] = []
    for child in element:
        verb = _verb(child, findings)
        if not isinstance(verb, Say | Play | Pause):
            raise BadDocument(12200, f"{child.tag} may not stand within Gather")
        prompt.append(verb)
    return Gather(
        prompt=tuple(prompt),
        num_digits=_whole(element, "numDigits", 0) or None,
        timeout_s=float(_whole(element, "timeout", 5)),
        finish_on_key=element.get("finishOnKey", "#"),
        action=element.get("action"),
        method=_method(element, "method"),
        posts_empty_result=_flag(element, "actionOnEmptyResult"),
    )


def _dial(element: ElementTree.Element, findings: _Findings) -> Dial:
    numbers: list[Number] = []
    room: Room | None = None
    if _text(element):
        numbers.append(Number(number=_text(element)))
    for child in element:
        if child.tag not in ("Number", "Conference"):
            raise BadDocument(12200, f"{child.tag} cannot be dialled on this network")
        _look_over(child, findings)
        if child.tag == "Number":
            numbers.append(_number(child))
        else:
            room = _room(child)
    return Dial(
        numbers=tuple(numbers),
        room=room,
        is_sequential=_flag(element, "sequential"),
        timeout_s=float(_whole(element, "timeout", 30)),
        time_limit_s=float(_whole(element, "timeLimit", 14_400)),
        caller_id=element.get("callerId"),
        action=element.get("action"),
        method=_method(element, "method"),
        hangs_up_on_star=_flag(element, "hangupOnStar"),
    )


def _number(element: ElementTree.Element) -> Number:
    return Number(
        number=_text(element),
        url=element.get("url"),
        method=_method(element, "method"),
        status_callback=element.get("statusCallback"),
        status_callback_method=_method(element, "statusCallbackMethod"),
        status_callback_events=frozenset(element.get("statusCallbackEvent", "completed").split()),
    )


def _room(element: ElementTree.Element) -> Room:
    return Room(
        name=_text(element),
        starts_on_enter=_flag(element, "startConferenceOnEnter", default=True),
        ends_on_exit=_flag(element, "endConferenceOnExit"),
        status_callback=element.get("statusCallback"),
        status_callback_method=_method(element, "statusCallbackMethod"),
        status_callback_events=frozenset(element.get("statusCallbackEvent", "").split()),
        label=element.get("participantLabel"),
        max_participants=_whole(element, "maxParticipants", 250),
        is_muted=_flag(element, "muted"),
        coaches=element.get("coach"),
    )


def _redirect(element: ElementTree.Element, findings: _Findings) -> Redirect:
    return Redirect(url=_text(element), method=_method(element, "method"))


def _hangup(element: ElementTree.Element, findings: _Findings) -> Hangup:
    return Hangup()


def _reject(element: ElementTree.Element, findings: _Findings) -> Reject:
    return Reject(reason=element.get("reason", "rejected"))


def _record(element: ElementTree.Element, findings: _Findings) -> Record:
    findings.asks_to_record.append(element.tag)
    return Record()


def _message(element: ElementTree.Element, findings: _Findings) -> Message:
    body = element.find("Body")
    return Message(
        body=_text(element) if body is None else _text(body), to=element.get("to"), sender=element.get("from")
    )


_READERS: dict[str, Callable[[ElementTree.Element, _Findings], Verb]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "Dial": _dial,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Leave": _hangup,
    "Reject": _reject,
    "Record": _record,
    "Message": _message,
    "Sms": _message,
}

# The attributes of Twilio's TwiML schema for what is understood here.
_ATTRIBUTES = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "Say": "voice language loop rate pitch volume",
        "Play": "loop digits",
        "Pause": "length",
        "Gather": "input action method timeout speechTimeout maxSpeechTime finishOnKey numDigits partialResultCallback"
        " partialResultCallbackMethod language hints bargeIn debug actionOnEmptyResult speechModel enhanced"
        " profanityFilter dtmfDetection grammar grammarUrl secure",
        "Dial": "action method timeout hangupOnStar hangupOn timeLimit callerId record trim recordingStatusCallback"
        " recordingStatusCallbackMethod recordingStatusCallbackEvent recordingTrack answerOnBridge ringTone"
        " sequential referUrl referMethod events sim ifMachine recordingChannels",
        "Number": "sendDigits url method statusCallback statusCallbackMethod statusCallbackEvent byoc machineDetection"
        " machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold"
        " machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod action",
        "Conference": "muted beep startConferenceOnEnter endConferenceOnExit waitUrl waitMethod maxParticipants"
        " record region coach trim statusCallback statusCallbackMethod statusCallbackEvent participantLabel"
        " jitterBufferSize recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"
        " recordingTrack eventCallbackUrl whisper",
        "Redirect": "method",
        "Hangup": "",
        "Leave": "",
        "Reject": "reason",
        "Record": "action method timeout finishOnKey maxLength playBeep trim recordingStatusCallback"
        " recordingStatusCallbackMethod recordingStatusCallbackEvent transcribe transcribeCallback",
        "Message": "to from action method statusCallback",
        "Sms": "to from action method statusCallback",
    }.items()
}


def _text(element: ElementTree.Element) -> str:
    return (element.text or "").strip()


def _whole(element: ElementTree.Element, name: str, default: int) -> int:
    text = element.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise BadDocument(12200, f"{element.tag} {name}={text!r} is not a whole number")
    return int(text)


def _flag(element: ElementTree.Element, name: str, *, default: bool = False) -> bool:
    text = element.get(name)
    return default if text is None else text.lower() == "true"


def _method(element: ElementTree.Element, name: str) -> str:
    return "GET" if element.get(name, "POST").upper() == "GET" else "POST"

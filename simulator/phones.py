"""Handsets: every E.164 number is one, with a state, a memory of what it heard, and perhaps a habit."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from simulator.calls import Call, CallStatus, Direction
from simulator.clock import Clock, iso_8601
from simulator.habits import VOICEMAIL_LISTENS_S, Habit, PicksUp, Verdict

REMEMBERED = 200  # sentences and texts kept per handset; the log has all of them
REPLY_AFTER_S = 1.0


class State(StrEnum):
    IDLE = "idle"
    RINGING = "ringing"
    IN_CALL = "in_call"


class Line(Protocol):
    """What a handset can do to the network."""

    def pick_up(self, call: Call) -> None: ...
    def press(self, call: Call, keys: str) -> None: ...
    def put_down(self, call: Call) -> None: ...
    def speak(self, call: Call, words: str) -> None: ...
    def text_from(self, number: str, to: str, body: str) -> None: ...


class NotPossible(Exception):
    """The handset is not in a state for that (nothing rings, nobody is on the line)."""


@dataclass(frozen=True, slots=True)
class Heard:
    at: float
    kind: str  # line: spoken by the network; person: spoken by the other party; note: anything else
    words: str

    def as_json(self) -> dict[str, Any]:
        return {"at": iso_8601(self.at), "kind": self.kind, "words": self.words}


@dataclass(frozen=True, slots=True)
class TextLine:
    at: float
    sent_by_handset: bool
    other: str
    body: str
    is_read_aloud: bool  # a landline: the carrier's voice reads it to whoever picks up

    def as_json(self) -> dict[str, Any]:
        return {
            "at": iso_8601(self.at),
            "direction": "sent" if self.sent_by_handset else "received",
            "other": self.other,
            "body": self.body,
            "read_aloud": self.is_read_aloud,
        }


class Handset:
    """One telephone. Habits act through timers, a person through `answer`, `press` and `hang_up`."""

    def __init__(self, number: str, *, clock: Clock, line: Line, default_habit: Habit) -> None:
        self.number = number
        self.label = ""
        self.call: Call | None = None
        self.heard: deque[Heard] = deque(maxlen=REMEMBERED)
        self.texts: deque[TextLine] = deque(maxlen=REMEMBERED)
        self.last_active_at = 0.0
        self._clock = clock
        self._line = line
        self._default_habit = default_habit
        self._habits: deque[Habit] = deque()
        self._habit = default_habit  # of the call in hand
        self._gathers = 0
        self._has_replied = False

    @property
    def state(self) -> State:
        if self.call is None:
            return State.IDLE
        return State.IN_CALL if self.call.answered_at is not None else State.RINGING

    @property
    def habit(self) -> Habit:
        """The habit for the next call."""
        return self._habits[0] if self._habits else self._default_habit

    @property
    def habits(self) -> list[Habit]:
        return list(self._habits)

    @property
    def sounds_like(self) -> Verdict:
        """What answering machine detection would take the answerer of the call in hand for."""
        return self._habit.verdict

    def adopt(self, habits: list[Habit]) -> None:
        self._habits = deque(habits)
        self._has_replied = False

    # What the network tells the handset.

    def takes(self, call: Call) -> CallStatus | None:
        """A call arrives: None if the handset will ring, otherwise how the call ends without ringing."""
        if self.call is not None:
            return CallStatus.BUSY
        self._habit = self._habits.popleft() if len(self._habits) > 1 else self.habit
        self._gathers = 0
        if self._habit.picks_up is PicksUp.UNREACHABLE:
            call.sip_code = self._habit.sip_code
            return CallStatus.FAILED
        if self._habit.picks_up is PicksUp.BUSY and not self._habit.after_s:
            return CallStatus.BUSY
        self.heard.clear()
        return None

    def calls_out(self, call: Call) -> None:
        """The person behind this handset, which is idle, rings the customer."""
        self._habit, self._gathers = self.habit, 0
        self.heard.clear()
        self.call = call
        self._touch()

    def rings(self, call: Call) -> None:
        self.call = call
        self._touch()
        if self._habit.answers:
            self._after(self._habit.answers_after_s, call, self._answer_by_habit)
        elif self._habit.picks_up is PicksUp.BUSY:
            self._after(self._habit.answers_after_s, call, self._line.put_down)

    def connected_to_line(self, call: Call) -> None:
        self._touch()
        hang_up_s = self._habit.hangs_up_after_s
        if self._habit.picks_up is PicksUp.VOICEMAIL and hang_up_s is None:
            hang_up_s = VOICEMAIL_LISTENS_S
        if hang_up_s is not None:
            self._after(hang_up_s, call, self._line.put_down)

    def is_asked_for_keys(self, call: Call, prompt: str) -> None:
        """A Gather begins; each with the right prompt takes the next of the habit's ``presses``."""
        if self._habit.press_at is not None and not re.search(self._habit.press_at, prompt, re.IGNORECASE):
            return
        turn, self._gathers = self._gathers, self._gathers + 1
        if self._habit.picks_up is PicksUp.PERSON and turn < len(self._habit.presses) and self._habit.presses[turn]:
            keys = self._habit.presses[turn]
            self._after(self._habit.press_after_s, call, lambda call: self._line.press(call, keys))

    def bridged(self, call: Call) -> None:
        self.hear("note", "You are connected.")
        if self._habit.picks_up is PicksUp.VOICEMAIL:
            self._line.speak(call, f"{self._habit.greeting} (beep)")
        if self._habit.talks_for_s is not None:
            self._after(self._habit.talks_for_s, call, self._line.put_down)

    def released(self, call: Call) -> None:
        if self.call is call:
            self.call = None
            self._touch()
            self.hear("note", "The call has ended.")

    def hear(self, kind: str, words: str) -> None:
        self.heard.append(Heard(self._clock.now(), kind, words))

    def gets_text(self, sender: str, body: str, *, is_read_aloud: bool) -> None:
        self._touch()
        self.texts.append(TextLine(self._clock.now(), False, sender, body, is_read_aloud))
        reply = self.habit.replies
        if reply and not self._has_replied:
            self._has_replied = True
            self._clock.later(REPLY_AFTER_S, lambda: self.send_text(sender, reply))

    # What the person does.

    def answer(self) -> None:
        if self.call is None or self.state is not State.RINGING or self.call.direction is Direction.INBOUND:
            raise NotPossible("nothing rings at this handset")
        self._line.pick_up(self.call)

    def press(self, keys: str) -> None:
        if self.call is None or self.state is not State.IN_CALL:
            raise NotPossible("there is no call at this handset")
        self._line.press(self.call, keys)

    def hang_up(self) -> None:
        if self.call is None:
            raise NotPossible("there is no call at this handset")
        self._line.put_down(self.call)

    def speak(self, words: str) -> None:
        if self.call is None or self.state is not State.IN_CALL:
            raise NotPossible("there is no call at this handset")
        self._line.speak(self.call, words)

    def send_text(self, to: str, body: str) -> None:
        self._touch()
        self.texts.append(TextLine(self._clock.now(), True, to, body, False))
        self._line.text_from(self.number, to, body)

    @property
    def last_sender(self) -> str | None:
        """Who texted or rang last: where a text from this handset goes if nobody says where."""
        for text in reversed(self.texts):
            return text.other
        return self.call.line_number if self.call else None

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "label": self.label,
            "state": self.state,
            "call": None if self.call is None else _call_as_json(self.call),
            "hears": [heard.as_json() for heard in self.heard],
            "texts": [text.as_json() for text in self.texts],
            "habits": [habit.as_json() for habit in self._habits],
        }

    def _answer_by_habit(self, call: Call) -> None:
        if call.answered_at is None:
            self._line.pick_up(call)

    def _after(self, seconds: float, call: Call, act: Callable[[Call], None]) -> None:
        """Do something later, unless the call is over by then."""

        def due() -> None:
            if call.is_live and self.call is call:
                act(call)

        call.timers.append(self._clock.later(seconds, due))

    def _touch(self) -> None:
        self.last_active_at = self._clock.now()


def _call_as_json(call: Call) -> dict[str, Any]:
    """The call at a handset; ``caller_id`` is the number its display shows."""
    return {
        **call.as_json(),
        "caller_id": call.line_number,
        "sound": call.sound,
        "since": iso_8601(call.updated_at),
    }


class Phones:
    """All handsets by number; a number becomes one when it is first named."""

    def __init__(self, *, clock: Clock, line: Line, default_habit: Habit) -> None:
        self._clock = clock
        self._line = line
        self._default_habit = default_habit
        self._handsets: dict[str, Handset] = {}

    def at(self, number: str) -> Handset:
        if number not in self._handsets:
            self._handsets[number] = Handset(
                number, clock=self._clock, line=self._line, default_habit=self._default_habit
            )
        return self._handsets[number]

    def label_of(self, number: str) -> str:
        """The name given to a number; empty if it has none."""
        handset = self._handsets.get(number)
        return handset.label if handset else ""

    def all(self) -> list[Handset]:
        return list(self._handsets.values())

    def clear(self) -> None:
        """Forget everything but the labels that people gave."""
        labels = {handset.number: handset.label for handset in self._handsets.values() if handset.label}
        self._handsets.clear()
        for number, label in labels.items():
            self.at(number).label = label

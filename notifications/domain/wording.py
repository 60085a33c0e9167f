"""Every sentence that we speak or text. None names the service, a substance, a reason or a counsellor's surname.

Texts are in the GSM alphabet and at most 160 characters: one segment. They hold no brand and no link that shows one.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from foundation.language import mark, said
from foundation.web.times import date_of

COUNSELLOR_PROMPT = "Hello. A callback is waiting. Press 1 to take it, or 2 to pass it on."
"""Voicemail and family may hear this, so it says nothing about anybody."""
COUNSELLOR_NO_KEY = "No key was pressed. Goodbye."
COUNSELLOR_PASSED = "Thank you. It goes to somebody else."
COUNSELLOR_TOO_LATE = "It is no longer needed. Thank you. Goodbye."
COUNSELLOR_TAKEN = "It is taken already. Thank you. Goodbye."
"""Short: whoever hears one of these is free again within three seconds."""
VISITOR_GREETING = mark("Hello. If this call is not for you, press 9.")
VISITOR_CONNECTING = mark("One moment, please.")
"""Whoever or whatever answers the visitor's telephone hears these and nothing more before the counsellor speaks.

They do not say that anybody asked for a call: a partner and an answerphone hear it too.
"""
VISITOR_CUT_OFF = mark("Sorry, we were cut off.")
"""In place of the moment, when our line went just after they answered, and we ring again."""
VISITOR_SCREENING = mark("Hello. To take this call, press 1. If it is not for you, press 9.")
"""Where the visitor said "hang up if somebody else answers": whoever does not know to press 1 hears no more than this,
and neither does an answerphone."""
VISITOR_DENIED = mark("Thank you. You will not be rung again. Goodbye.")
SAID_NOT_THEM = "Whoever answered says that the call is not for them. There is nothing for you to record. Goodbye."
VISITOR_BUSY = "The line is engaged. Your screen says what follows. Goodbye."
VISITOR_NO_ANSWER = "There is no answer. Your screen says what follows. Goodbye."
VISITOR_FAILED = "The number could not be connected. Goodbye."
CALL_OVER = "The call has ended. Please record what happened. Goodbye."
INBOUND_GREETING = mark(
    "Hello. Thank you for ringing. This line only makes calls that people have asked for. "
    "If somebody is in danger, hang up and dial 999. Goodbye."
)
FALLBACK_APOLOGY = mark("Sorry, we could not connect this call. We will try again. Goodbye.")
"""Spoken in every language that we have, one after the other: nothing says which one this person understands."""
PHONE_CHECK_PROMPT = "Hello. This is a check of your telephone. Press 1 to confirm it."
PHONE_CHECK_DONE = "Thank you. Your telephone is confirmed. Goodbye."
PHONE_CHECK_NOT_DONE = "Your telephone is not confirmed. Goodbye."

TEXT_CONFIRMATION = mark(
    "Hello, you asked for a call. It should come {day} between {from_} and {until}. This is an automatic text."
    " Not for you? Reply NOT ME."
)
TEXT_LATER = mark(
    "Hello, you asked for a call. It may be later than we said, and we are sorry. Your page offers other times. "
    "This is an automatic text."
)
TEXT_LATER_LIKELY = mark(
    "Hello, you asked for a call. It may be later than we said: {day} between {from_} and {until}. We are sorry. "
    "This is an automatic text."
)
TEXT_CUT_OFF = mark(
    "Hello, you asked for a call. We were cut off, and we are sorry. We will ring again as soon as we can. "
    "This is an automatic text."
)
"""Our line went just after they answered, and nobody has rung them again within half a minute."""
TEXT_TRIED = mark(
    "Hello, you asked for a call. We rang and will try again at your next time. This is an automatic text."
)
TEXT_TRIED_NEW_TIME = mark(
    "Hello, you asked for a call. We rang and did not reach you. To be rung again, choose another time on your page. "
    "This is an automatic text."
)
"""No safe time is left, so nobody rings again before they choose one."""
TEXT_TRIED_LAST = mark("Hello, you asked for a call. We rang and could not reach you. You can ask again at any time.")


TEXT_OUTCOME_OWED = "Please write down what came of your last call, or tell your supervisor. This is an automatic text."
"""To a counsellor, some time after a call."""

ALARM = "Callback service: something needs the person on call. Please look at the board."
"""To the lead on call. It says no more, because it is read on a locked screen."""


def whisper(*, name: str, urgency: str, language: str) -> str:
    """What the counsellor hears after pressing 1, before the visitor's telephone rings."""
    called = f"They like to be called {name}." if name else "They gave no name."
    spoken = "" if language == "en" else " They asked for a language other than English: see your screen."
    return f"Thank you. {called} Urgency: {urgency.replace('_', ' ')}.{spoken} Ringing them now."


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%H:%M")


def text_confirmation(*, from_: datetime, until: datetime, zone: ZoneInfo, now: datetime) -> str:
    """The text that confirms a request, with the day in words, in the language of the moment."""
    day = _day(from_, zone, now)
    return said(TEXT_CONFIRMATION, day=day, from_=_clock(from_, zone), until=_clock(until, zone))


def text_later(*, likely: tuple[datetime, datetime] | None, zone: ZoneInfo, now: datetime) -> str:
    """The text that says that the call may come later than we said, in the language of the moment."""
    if likely is None:
        return said(TEXT_LATER)
    from_, until = likely
    return said(TEXT_LATER_LIKELY, day=_day(from_, zone, now), from_=_clock(from_, zone), until=_clock(until, zone))


def _day(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    day = moment.astimezone(zone).date()
    is_today = day == now.astimezone(zone).date()
    return said("today") if is_today else said("on {date}", date=date_of(day))

"""What a visitor allows us to do and say, and the verdict on doing it now.

Defaults are the strictest: no voicemail, no text, ask for the name only. "No" is an instruction, not a preference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from callbacks.domain.codes import PhoneOwner
from callbacks.domain.lifecycle import Status
from callbacks.domain.window import Wanted, may_ring


class MessageRule(StrEnum):
    """What may be left behind, on an answerphone or as a text."""

    NO = "no"
    """Nothing at all."""
    NEUTRAL_MESSAGE = "neutral_message"
    """A sentence that names nobody and nothing."""
    MESSAGE_WITH_NAME = "message_with_name"
    """The same, with the caller's first name."""


class ThirdParty(StrEnum):
    """What to do when somebody else answers."""

    HANG_UP = "hang_up"
    """Say nothing and hang up."""
    SAY_WRONG_NUMBER = "say_wrong_number"
    """Apologise for a wrong number."""
    ASK_FOR_NAME_ONLY = "ask_for_name_only"
    """Ask for the person by the name they gave, and say nothing else."""


class CallerId(StrEnum):
    """Whether our number is shown."""

    SHOW_NUMBER = "show_number"
    """The visitor sees the number that the confirmation page told them."""
    HIDE_NUMBER = "hide_number"
    """Withheld. Twilio shows a number of ours or does not connect, so no page offers this and the API refuses it."""


@dataclass(frozen=True, slots=True)
class SafeContact:
    """One visitor's permissions."""

    voicemail: MessageRule = MessageRule.NO
    sms: MessageRule = MessageRule.NO
    third_party: ThirdParty = ThirdParty.ASK_FOR_NAME_ONLY
    caller_id: CallerId = CallerId.SHOW_NUMBER
    safe_word: str | None = None
    """Asked for before anything is said; read by nobody but the counsellor who is ringing."""
    do_not_contact_after: datetime | None = None
    phone_owner: PhoneOwner | None = None

    def strictest_with(self, other: SafeContact) -> SafeContact:
        """The stricter of two sets of permissions, answer by answer (two requests for one number).

        A last day ends only the request that named it: else whoever knows a number could stop somebody else's call.
        """
        return replace(
            self,
            voicemail=min(self.voicemail, other.voicemail, key=list(MessageRule).index),
            sms=min(self.sms, other.sms, key=list(MessageRule).index),
            third_party=min(self.third_party, other.third_party, key=list(ThirdParty).index),
            caller_id=max(self.caller_id, other.caller_id, key=list(CallerId).index),
        )

    def for_name(self, name: str) -> SafeContact:
        """Whoever gave no name cannot be asked for by name: then it was a wrong number."""
        if name or self.third_party is not ThirdParty.ASK_FOR_NAME_ONLY:
            return self
        return replace(self, third_party=ThirdParty.SAY_WRONG_NUMBER)

    def made_strict(self) -> SafeContact:
        """The permissions of somebody who is not safe at home (rule T11). Our number, which names nobody, is shown."""
        return replace(
            self,
            voicemail=MessageRule.NO,
            sms=MessageRule.NO,
            third_party=ThirdParty.SAY_WRONG_NUMBER,
        )


class Refused(StrEnum):
    """Why a visitor's telephone must not ring, or must not receive a text, at this moment."""

    CLOSED = "closed"
    """The request is withdrawn, finished, refused or erased."""
    NOT_THEM = "not_them"
    """The owner of the number said to whoever asks from there: I did not ask for this call."""
    BLOCKED = "blocked"
    """A supervisor has blocked the number, for whoever asks."""
    OUTSIDE_SAFE_TIMES = "outside_safe_times"
    """Not now: outside the times that the visitor allowed."""
    NO_TEXTS = "no_texts"
    """The visitor did not allow texts."""
    LANDLINE = "landline"
    """A text to a landline is read aloud by a machine."""


CALLABLE = frozenset({Status.ASSIGNED, Status.IN_CALL})
"""A visitor is rung only for a request that a counsellor holds."""


def may_call(
    *, status: Status, barred: Refused | None, wanted: Wanted, now: datetime, zone: ZoneInfo
) -> Refused | None:
    """None when the visitor may be rung at this moment, else the reason why not.

    `barred`: why the number is rung for nobody, or not for whoever asked (`queries.barred`); None when it is not.
    """
    if status not in CALLABLE:
        return Refused.CLOSED
    if barred is not None:
        return barred
    if not may_ring(wanted, now=now, zone=zone):
        return Refused.OUTSIDE_SAFE_TIMES
    return None


def may_text(
    *,
    closed: bool,
    barred: Refused | None,
    contact: SafeContact,
    is_mobile: bool,
    wanted: Wanted,
    now: datetime,
    zone: ZoneInfo,
) -> Refused | None:
    """None when the visitor may be sent a text at this moment, else the reason why not.

    A text is seen by whoever looks at the telephone, so it comes only at times at which we may ring.
    """
    if closed:
        return Refused.CLOSED
    if barred is not None:
        return barred
    if contact.sms is MessageRule.NO:
        return Refused.NO_TEXTS
    if not is_mobile:
        return Refused.LANDLINE
    if not may_ring(wanted, now=now, zone=zone):
        return Refused.OUTSIDE_SAFE_TIMES
    return None

"""Conferences: rooms in which several calls hear each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import urljoin

from simulator.calls import Call, Sound
from simulator.clock import Clock, Signal, rfc_2822
from simulator.interpreter import wait
from simulator.trace import Trace
from simulator.twiml import Room
from simulator.webhooks import Courier, Kind, Webhook


class ConferenceStatus(StrEnum):
    INIT = "init"  # somebody waits, nobody may talk yet
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"


@dataclass(eq=False, kw_only=True)
class Participant:
    call: Call
    room: Room
    joined_at: float


@dataclass(eq=False, kw_only=True)
class Conference:
    sid: str
    account_sid: str
    name: str
    room: Room  # as the first participant named it; only its status callback counts
    base: str
    created_at: float
    updated_at: float
    status: ConferenceStatus = ConferenceStatus.INIT
    ended_because: str | None = None
    ended_by: str | None = None
    sequence: int = 0
    participants: list[Participant] = field(default_factory=list)
    closed: Signal = field(default_factory=Signal)


class Ears(Protocol):
    """What a conference asks of the network."""

    def new_sid(self, prefix: str) -> str: ...
    def set_sound(self, call: Call, sound: Sound) -> None: ...
    def tell(self, call: Call, words: str) -> None: ...
    def bridged(self, call: Call) -> None: ...


class Conferences:
    def __init__(self, *, clock: Clock, trace: Trace, courier: Courier, ears: Ears) -> None:
        self._clock = clock
        self._trace = trace
        self._courier = courier
        self._ears = ears
        self.by_sid: dict[str, Conference] = {}

    async def meet(self, call: Call, room: Room, base: str) -> float:
        """Stay in the room until it closes; the seconds spent in it. Raises CallOver when the call ends."""
        conference = self._open(call, room, base)
        if len(conference.participants) >= room.max_participants:
            self._trace.note("dial refused", call=call.sid, code=13255, why="the conference is full")
            return 0.0
        participant = Participant(call=call, room=room, joined_at=self._clock.now())
        conference.participants.append(participant)
        self._note(conference, "join", participant)
        self._settle(conference)
        try:
            await wait(self._clock, call, None, conference.closed)
        finally:
            self._leave(conference, participant)
        return self._clock.now() - participant.joined_at

    def close(self, conference: Conference, *, because: str, by: str | None = None) -> None:
        if conference.status is ConferenceStatus.COMPLETED:
            return
        conference.status = ConferenceStatus.COMPLETED
        conference.updated_at = self._clock.now()
        conference.ended_because, conference.ended_by = because, by
        self._note(conference, "end")
        conference.closed.set()

    def others(self, call: Call) -> list[Call]:
        """Who hears what is said on a call in a conference that has started."""
        for conference in self.by_sid.values():
            present = [participant.call for participant in conference.participants]
            if call in present and conference.status is ConferenceStatus.IN_PROGRESS:
                return [other for other in present if other is not call]
        return []

    def _open(self, call: Call, room: Room, base: str) -> Conference:
        for conference in self.by_sid.values():
            if conference.name == room.name and conference.status is not ConferenceStatus.COMPLETED:
                return conference
        conference = Conference(
            sid=self._ears.new_sid("CF"),
            account_sid=call.account_sid,
            name=room.name,
            room=room,
            base=base,
            created_at=self._clock.now(),
            updated_at=self._clock.now(),
        )
        self.by_sid[conference.sid] = conference
        return conference

    def _settle(self, conference: Conference) -> None:
        """Start the talk when two are there and one of them may start it; until then there is music."""
        present = conference.participants
        may_start = len(present) > 1 and any(participant.room.starts_on_enter for participant in present)
        if conference.status is ConferenceStatus.INIT and may_start:
            conference.status = ConferenceStatus.IN_PROGRESS
            conference.updated_at = self._clock.now()
            self._note(conference, "start")
        is_talk = conference.status is ConferenceStatus.IN_PROGRESS and len(present) > 1
        for participant in present:
            call = participant.call
            if is_talk and call.sound is not Sound.BRIDGE:
                self._ears.bridged(call)
            elif not is_talk and call.sound is not Sound.MUSIC:
                self._ears.tell(call, "(music)")
            self._ears.set_sound(call, Sound.BRIDGE if is_talk else Sound.MUSIC)

    def _leave(self, conference: Conference, participant: Participant) -> None:
        conference.participants.remove(participant)
        self._note(conference, "leave", participant)
        if participant.room.ends_on_exit:
            because = "participant-with-end-conference-on-exit-left"
            self.close(conference, because=because, by=participant.call.sid)
        elif not conference.participants:
            self.close(conference, because="last-participant-left", by=participant.call.sid)
        else:
            self._settle(conference)

    def _note(self, conference: Conference, event: str, participant: Participant | None = None) -> None:
        call = participant.call if participant else None
        self._trace.note(
            "conference", conference=conference.sid, name=conference.name, event=event, call=call.sid if call else None
        )
        callback = conference.room.status_callback
        if not callback or event not in conference.room.status_callback_events:
            return
        fields = {
            "ConferenceSid": conference.sid,
            "FriendlyName": conference.name,
            "AccountSid": conference.account_sid,
            "StatusCallbackEvent": f"participant-{event}" if call else f"conference-{event}",
            "SequenceNumber": str(conference.sequence),
            "Timestamp": rfc_2822(self._clock.now()),
        }
        if participant is not None:
            fields["CallSid"] = participant.call.sid
            if participant.room.label:
                fields["ParticipantLabel"] = participant.room.label
        elif event == "end":
            fields["ReasonConferenceEnded"] = conference.ended_because or ""
        conference.sequence += 1
        self._courier.report(
            Webhook(
                kind=Kind.CONFERENCE,
                url=urljoin(conference.base, callback),
                method=conference.room.status_callback_method,
                fields=fields,
                about=conference.sid,
            )
        )

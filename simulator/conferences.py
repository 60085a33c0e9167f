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
    asked_at: float
    updated_at: float
    is_here: bool = False  # until then their telephone is being rung
    is_muted: bool = False
    is_held: bool = False
    coaches: str | None = None  # the one whom alone they speak to
    ends_on_exit: bool = False
    sent_away: Signal = field(default_factory=Signal)

    def may_speak_to(self, other: Participant) -> bool:
        """Whether the other hears what this one says."""
        is_heard = not (self.is_muted or self.is_held or other.is_held)
        return is_heard and self.coaches in (None, other.call.sid)


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
    invited: list[Participant] = field(default_factory=list)  # being rung for it
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
        conference = self.open(room, base, account_sid=call.account_sid)
        participant = self._invited(conference, call) or self._participant(call, room)
        if len(conference.participants) >= room.max_participants:
            self._trace.note("dial refused", call=call.sid, code=13255, why="the conference is full")
            return 0.0
        joined_at = self._clock.now()
        participant.is_here, participant.updated_at = True, joined_at
        conference.participants.append(participant)
        self._note(conference, "join", participant)
        self._settle(conference)
        try:
            await wait(self._clock, call, None, conference.closed, participant.sent_away)
        finally:
            self._leave(conference, participant)
        return self._clock.now() - joined_at

    def invite(self, conference: Conference, call: Call, room: Room) -> Participant:
        """Somebody is rung for this conference, and joins it when they answer."""
        participant = self._participant(call, room)
        conference.invited.append(participant)
        return participant

    def not_reached(self, call: Call) -> None:
        """A call is over: whoever was rung for a conference with it does not come any more."""
        for conference in self.by_sid.values():
            if self._invited(conference, call) and not (conference.participants or conference.invited):
                self.close(conference, because="last-participant-left", by=call.sid)

    def change(
        self,
        conference: Conference,
        participant: Participant,
        *,
        muted: bool | None = None,
        held: bool | None = None,
        ends_on_exit: bool | None = None,
        coaches: str | None = None,
    ) -> None:
        """Mute somebody, put them on hold, say whom they coach; what is None stays as it is."""
        if muted is not None and muted is not participant.is_muted:
            participant.is_muted = muted
            self._note(conference, "mute" if muted else "unmute", participant)
        if held is not None and held is not participant.is_held:
            participant.is_held = held
            self._note(conference, "hold" if held else "unhold", participant)
        if ends_on_exit is not None:
            participant.ends_on_exit = ends_on_exit
        if coaches is not None:
            participant.coaches = coaches or None
        participant.updated_at = self._clock.now()
        self._settle(conference)

    def announce(self, listeners: list[Participant], url: str) -> None:
        """Play something to these people."""
        for participant in listeners:
            self._ears.tell(participant.call, f"(plays {url})")

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
            speaker = next((one for one in conference.participants if one.call is call), None)
            if speaker is not None and conference.status is ConferenceStatus.IN_PROGRESS:
                others = [one for one in conference.participants if one is not speaker]
                return [other.call for other in others if speaker.may_speak_to(other)]
        return []

    def open(self, room: Room, base: str, *, account_sid: str) -> Conference:
        """The conference of this name that is not over, or a new one."""
        for conference in self.by_sid.values():
            if conference.name == room.name and conference.status is not ConferenceStatus.COMPLETED:
                return conference
        conference = Conference(
            sid=self._ears.new_sid("CF"),
            account_sid=account_sid,
            name=room.name,
            room=room,
            base=base,
            created_at=self._clock.now(),
            updated_at=self._clock.now(),
        )
        self.by_sid[conference.sid] = conference
        return conference

    def _participant(self, call: Call, room: Room) -> Participant:
        now = self._clock.now()
        return Participant(
            call=call,
            room=room,
            asked_at=now,
            updated_at=now,
            is_muted=room.is_muted,
            coaches=room.coaches,
            ends_on_exit=room.ends_on_exit,
        )

    def _invited(self, conference: Conference, call: Call) -> Participant | None:
        """Whoever was rung with this call, who is taken off the list."""
        found = next((one for one in conference.invited if one.call is call), None)
        if found is not None:
            conference.invited.remove(found)
        return found

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
            call, talks = participant.call, is_talk and not participant.is_held
            if talks and call.sound is not Sound.BRIDGE:
                self._ears.bridged(call)
            elif not talks and call.sound is not Sound.MUSIC:
                self._ears.tell(call, "(music)")
            self._ears.set_sound(call, Sound.BRIDGE if talks else Sound.MUSIC)

    def _leave(self, conference: Conference, participant: Participant) -> None:
        conference.participants.remove(participant)
        self._note(conference, "leave", participant)
        how = "kicked" if participant.sent_away.happened else "left"
        if participant.ends_on_exit:
            because = f"participant-with-end-conference-on-exit-{how}"
            self.close(conference, because=because, by=participant.call.sid)
        elif not (conference.participants or conference.invited):
            self.close(conference, because=f"last-participant-{how}", by=participant.call.sid)
        else:
            self._settle(conference)

    def _note(self, conference: Conference, event: str, participant: Participant | None = None) -> None:
        call = participant.call if participant else None
        self._trace.note(
            "conference", conference=conference.sid, name=conference.name, event=event, call=call.sid if call else None
        )
        callback = conference.room.status_callback
        if not callback or event.removeprefix("un") not in conference.room.status_callback_events:
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

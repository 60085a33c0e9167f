"""Resources: calls, messages and conferences as Twilio shows them in JSON."""

from __future__ import annotations

from typing import Any

from simulator.calls import Call, CallStatus
from simulator.clock import rfc_2822
from simulator.conferences import Conference, Participant
from simulator.habits import Verdict
from simulator.texts import Text, TextStatus, segments

API_VERSION = "2010-04-01"


def account_path(account_sid: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}"


def _date(moment: float | None) -> str | None:
    return None if moment is None else rfc_2822(moment)


def _answered_by(call: Call) -> str | None:
    if call.answered_by is None:
        return None
    return "human" if call.answered_by == Verdict.HUMAN else "machine"


def shown_status(call: Call) -> str:
    """The REST API knows no ``initiated``."""
    return CallStatus.QUEUED.value if call.status is CallStatus.INITIATED else call.status.value


def call_as_json(call: Call) -> dict[str, Any]:
    path = f"{account_path(call.account_sid)}/Calls/{call.sid}"
    was_answered = call.answered_at is not None and call.ended_at is not None
    parts = ("Notifications", "Recordings", "Payments", "Events", "Siprec", "Streams", "UserDefinedMessages")
    return {
        "sid": call.sid,
        "date_created": rfc_2822(call.created_at),
        "date_updated": rfc_2822(call.updated_at),
        "parent_call_sid": call.parent.sid if call.parent else None,
        "account_sid": call.account_sid,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.sender,
        "from_formatted": call.sender,
        "phone_number_sid": None,
        "status": shown_status(call),
        "start_time": _date(call.dialled_at),
        "end_time": _date(call.ended_at),
        "duration": str(call.duration_s) if was_answered else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction.value,
        "answered_by": _answered_by(call),
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(call.queue_ms),
        "trunk_sid": None,
        "uri": f"{path}.json",
        "subresource_uris": {part.lower(): f"{path}/{part}.json" for part in parts},
    }


def text_as_json(text: Text) -> dict[str, Any]:
    path = f"{account_path(text.account_sid)}/Messages/{text.sid}"
    is_unassigned = text.status is TextStatus.ACCEPTED  # the messaging service has not chosen a sender yet
    return {
        "body": text.body,
        "num_segments": "0" if is_unassigned else str(segments(text.body)),
        "direction": text.direction,
        "from": None if is_unassigned else text.sender,
        "to": text.to,
        "date_updated": rfc_2822(text.updated_at),
        "price": None,
        "error_message": text.error_message,
        "uri": f"{path}.json",
        "account_sid": text.account_sid,
        "num_media": "0",
        "status": text.status.value,
        "messaging_service_sid": text.messaging_service_sid,
        "sid": text.sid,
        "date_sent": _date(text.sent_at),
        "date_created": rfc_2822(text.created_at),
        "error_code": text.error_code,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "subresource_uris": {"media": f"{path}/Media.json"},
    }


def conference_as_json(conference: Conference) -> dict[str, Any]:
    path = f"{account_path(conference.account_sid)}/Conferences/{conference.sid}"
    return {
        "account_sid": conference.account_sid,
        "date_created": rfc_2822(conference.created_at),
        "date_updated": rfc_2822(conference.updated_at),
        "api_version": API_VERSION,
        "friendly_name": conference.name,
        "region": "ie1",
        "sid": conference.sid,
        "status": conference.status.value,
        "uri": f"{path}.json",
        "subresource_uris": {"participants": f"{path}/Participants.json"},
        **(
            {
                "reason_conference_ended": conference.ended_because,
                "call_sid_ending_conference": conference.ended_by,
            }
            if conference.ended_because
            else {}
        ),
    }


_STAGES = {
    CallStatus.QUEUED: "queued",
    CallStatus.INITIATED: "connecting",
    CallStatus.RINGING: "ringing",
    CallStatus.IN_PROGRESS: "connecting",
    CallStatus.COMPLETED: "complete",
}


def _stage(participant: Participant) -> str:
    """How far somebody is who was rung for a conference."""
    return "connected" if participant.is_here else _STAGES.get(participant.call.status, "failed")


def participant_as_json(conference: Conference, participant: Participant) -> dict[str, Any]:
    call = participant.call
    path = f"{account_path(conference.account_sid)}/Conferences/{conference.sid}/Participants/{call.sid}"
    return {
        "account_sid": conference.account_sid,
        "call_sid": call.sid,
        "label": participant.room.label,
        "call_sid_to_coach": participant.coaches,
        "coaching": participant.coaches is not None,
        "conference_sid": conference.sid,
        "date_created": rfc_2822(participant.asked_at),
        "date_updated": rfc_2822(participant.updated_at),
        "end_conference_on_exit": participant.ends_on_exit,
        "muted": participant.is_muted,
        "hold": participant.is_held,
        "start_conference_on_enter": participant.room.starts_on_enter,
        "status": _stage(participant),
        "queue_time": str(call.queue_ms),
        "uri": f"{path}.json",
    }

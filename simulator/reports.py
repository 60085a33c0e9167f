"""Reports: what the network tells the customer about a call, in Twilio's parameters."""

from __future__ import annotations

from simulator.calls import TERMINAL, Call, CallStatus
from simulator.clock import Clock, rfc_2822
from simulator.faults import Faults
from simulator.habits import Verdict
from simulator.webhooks import Courier, Kind, Webhook

API_VERSION = "2010-04-01"
LATE_REPORT_S = 1.0  # how long `callback_after_action` keeps a child's last report back

EVENTS = {
    CallStatus.INITIATED: "initiated",
    CallStatus.RINGING: "ringing",
    CallStatus.IN_PROGRESS: "answered",
    **dict.fromkeys(TERMINAL, "completed"),
}

# Twilio adds parameters without notice; a customer must sign and accept them all.
UNANNOUNCED = {"StirStatus": "B", "AddedWithoutNotice": "it's & <new> £"}


def voice_fields(call: Call) -> dict[str, str]:
    """The parameters of every webhook about a call."""
    fields = {
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call.sender,
        "To": call.to,
        "Caller": call.sender,
        "Called": call.to,
        "CallStatus": call.status.value,
        "ApiVersion": API_VERSION,
        "Direction": call.direction.value,
    }
    if call.parent is not None:
        fields["ParentCallSid"] = call.parent.sid
    if call.answered_by is not None:
        fields["AnsweredBy"] = call.answered_by
    return fields


def status_fields(call: Call, *, at: float) -> dict[str, str]:
    """The parameters of a status callback; a finished call also has its durations and the SIP answer."""
    fields = voice_fields(call) | UNANNOUNCED
    fields["CallbackSource"] = "call-progress-events"
    fields["SequenceNumber"] = str(call.sequence)
    fields["Timestamp"] = rfc_2822(at)
    if call.status in TERMINAL:
        fields["CallDuration"] = str(call.duration_s)
        fields["Duration"] = str(-(-call.duration_s // 60))  # minutes, begun ones count
        fields["SipResponseCode"] = str(call.sip_code)
    return fields


class Reports:
    """Sends each change of a call's status to whoever subscribed to it."""

    def __init__(self, *, clock: Clock, courier: Courier, faults: Faults) -> None:
        self._clock = clock
        self._courier = courier
        self._faults = faults

    def tell(self, call: Call) -> None:
        subscription = call.subscription
        if subscription is None or EVENTS[call.status] not in subscription.events:
            return
        webhook = Webhook(
            kind=Kind.STATUS,
            url=subscription.url,
            method=subscription.method,
            fields=status_fields(call, at=self._clock.now()),
            about=call.sid,
        )
        call.sequence += 1
        is_kept_back = self._faults.network.callback_after_action and call.is_child and not call.is_live
        self._courier.report(webhook, later_s=LATE_REPORT_S if is_kept_back else 0.0, delivered=call.reported)

    def tell_verdict(self, call: Call, verdict: Verdict, *, after_s: float) -> None:
        """Post the verdict of asynchronous answering machine detection."""
        detection = call.order.detection
        if detection is None or detection.callback is None:
            return
        fields = {
            "CallSid": call.sid,
            "AccountSid": call.account_sid,
            "AnsweredBy": verdict.value,
            "MachineDetectionDuration": str(round(after_s * 1000)),
        }
        callback = detection.callback
        self._courier.report(
            Webhook(kind=Kind.AMD, url=callback.url, method=callback.method, fields=fields, about=call.sid)
        )

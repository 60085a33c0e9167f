"""A callback from the first ring to the last word."""

from __future__ import annotations

from twilio.rest import Client

from tests.simulator.stage import ASHA, ROBIN, Customer, Simulator, ring


def test_a_callback_connects_the_counsellor_who_presses_1_with_the_visitor(
    simulator: Simulator, twilio: Client, helpline: Customer
) -> None:
    simulator.habit(ASHA, {"picks_up": "person", "presses": ["1"]})
    simulator.habit(ROBIN, {"picks_up": "person", "after_s": 4, "talks_for_s": 60})

    sid = ring(twilio, helpline)
    simulator.advance(120)

    done = helpline.at("/done")[0].fields
    assert (done["DialCallStatus"], done["DialCallDuration"], done["DialBridged"]) == ("completed", "64", "true")
    assert twilio.calls(sid).fetch().status == "completed"
    assert simulator.broken() == set()

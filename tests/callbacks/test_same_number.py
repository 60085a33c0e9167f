"""Two open requests for one number, which may be one person's, or not."""

from datetime import timedelta

from flask import Flask

from callbacks.domain.safe_contact import MessageRule, SafeContact
from foundation.phone import Phone
from tests.callbacks.desk import Desk
from tests.conftest import Clock

THEIRS = Phone("+447700900555")


def test_whoever_knows_a_number_cannot_stop_the_call_that_its_owner_asked_for(app: Flask, a_clock: Clock) -> None:
    desk = Desk(app, a_clock)
    wanted = desk.ask(phone=THEIRS, safe_contact=SafeContact(sms=MessageRule.NEUTRAL_MESSAGE))

    meddling = desk.ask(phone=THEIRS, safe_contact=SafeContact(do_not_contact_after=a_clock.at + timedelta(minutes=1)))

    assert desk.row(wanted).do_not_contact_after is None
    assert desk.row(wanted).status == "queued"
    assert desk.row(meddling).status == "needs_review"
    assert desk.row(wanted).sms == MessageRule.NO

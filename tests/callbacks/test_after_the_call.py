"""What a visitor reads between the end of the conversation and what the counsellor writes down."""

from flask import Flask
from flask.testing import FlaskClient

from tests.callbacks.desk import Desk, words
from tests.conftest import Clock


def test_after_the_conversation_the_visitor_is_not_told_that_it_goes_on(
    app: Flask, client: FlaskClient, a_clock: Clock
) -> None:
    desk = Desk(app, a_clock)
    desk.counsellor()
    reference = desk.talked()
    token = desk.row(reference).token

    page = words(client.get(f"/c/{token}").text)
    answer = client.get(f"/api/v1/callbacks/{token}").get_json()

    assert "Your call is over" in page
    assert "Cancel" not in page
    assert not answer["can_withdraw"]
